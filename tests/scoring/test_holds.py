"""Cases: how each may end, what hangs on it, and false alarms told only from enough closed flags."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.flags import CATALOGUE, SUBJECTS
from scoring.holds import (
    BORNE_OUT,
    DISPOSITIONS,
    FOUND,
    HIGH,
    INNOCENT,
    SEVERITIES,
    UNCLEAR,
    Closed,
    dispositions_of,
    false_alarms,
    found_by_default,
    is_adverse,
    severity,
)


def closed(innocent=0, borne_out=0, unclear=0, code="copied_text"):
    made = ((INNOCENT, innocent), (BORNE_OUT, borne_out), (UNCLEAR, unclear))
    return [Closed(code, (found,)) for found, count in made for _ in range(count)]


class TestHowACaseMayEnd:
    def test_evidence_can_be_rejected_and_a_person_cannot(self):
        assert "reject" in dispositions_of("copied_text", "pair", stops=True)
        for subject in ("rater", "rater_pair", "school"):
            assert "reject" not in dispositions_of("severe_rater", subject, stops=True)

    def test_the_chair_rules_only_on_what_is_stopped(self):
        assert "adjudicate" in dispositions_of("copied_reads", "rater_pair", stops=True)
        assert "adjudicate" not in dispositions_of("severe_rater", "rater", stops=False)

    def test_recalled_reads_end_by_being_read_again(self):
        assert dispositions_of("recalled_reads", "rater", stops=True) == ("certify",)

    @given(st.sampled_from(sorted(CATALOGUE)), st.sampled_from(SUBJECTS), st.booleans())
    def test_every_case_can_end_in_favour(self, code, subject, stops):
        known = dispositions_of(code, subject, stops=stops)
        assert known[0] == "certify"
        assert set(known) <= set(DISPOSITIONS)

    def test_to_throw_a_raters_work_away_goes_against_the_rater(self):
        assert is_adverse("re_rate", "rater")
        assert is_adverse("re_rate", "rater_pair")
        assert not is_adverse("re_rate", "piece")
        assert not is_adverse("certify", "rater")

    def test_to_differ_from_others_is_no_fault(self):
        assert found_by_default("certify", "rater") == UNCLEAR
        assert found_by_default("re_rate", "rater") == BORNE_OUT
        assert found_by_default("reject", "pair") == BORNE_OUT
        assert found_by_default("re_rate", "pair") == UNCLEAR


class TestSeverity:
    @pytest.mark.parametrize("code", CATALOGUE)
    def test_a_case_that_stops_a_result_is_never_lighter_than_one_that_does_not(self, code):
        stopping, asking = severity(code, stops=True), severity(code, stops=False)
        assert SEVERITIES.index(stopping) <= SEVERITIES.index(asking)
        assert asking != HIGH


class TestFalseAlarms:
    def test_are_not_told_from_too_few(self):
        (made,) = false_alarms(closed(innocent=4, borne_out=5, unclear=6), 10)
        assert (made.known, made.share, made.lo, made.hi) == (9, None, None, None)
        assert made.unclear == 6

    def test_none_of_ten_still_allows_three_in_ten(self):
        """Clopper and Pearson at 0 of 10: the upper end is 1 - .025^(1/10) = .3085."""
        (made,) = false_alarms(closed(borne_out=10), 10)
        assert (made.share, made.lo) == (0.0, 0.0)
        assert made.hi == pytest.approx(0.3085, abs=5e-5)

    def test_a_flag_is_borne_out_if_one_of_its_cases_is(self):
        (made,) = false_alarms([Closed("copied_text", (INNOCENT, BORNE_OUT))], 1)
        assert (made.borne_out, made.innocent) == (1, 0)

    def test_one_case_left_open_leaves_the_flag_open(self):
        (made,) = false_alarms([Closed("copied_text", (INNOCENT, UNCLEAR))], 1)
        assert (made.unclear, made.known, made.share) == (1, 0, None)

    def test_come_kind_by_kind_in_the_order_of_the_catalogue(self):
        mixed = [*closed(1, code="fast_rater"), *closed(1, code="copied_text")]
        assert [each.code for each in false_alarms(mixed, 1)] == ["copied_text", "fast_rater"]

    @given(st.lists(st.lists(st.sampled_from(FOUND), min_size=1, max_size=3), max_size=30))
    def test_every_flag_is_counted_once(self, flags):
        made = false_alarms([Closed("copied_text", tuple(each)) for each in flags], 1)
        assert sum(m.known + m.unclear for m in made) == len(flags)
        for each in made:
            if each.share is not None:
                assert 0 <= each.lo <= each.share <= each.hi <= 1
