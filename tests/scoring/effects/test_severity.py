"""Severity: worked differences, recovery, false alarms, pairs of small panels."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.effects.severity import Thresholds, severity, severity_findings
from scoring.errors import ScoringError

COLUMNS = ["piece_id", "criterion_id", "rater_id", "met"]
USUAL = Thresholds()


def marks(*reads: tuple[str, str, str]) -> pd.DataFrame:
    """Marks from (piece, rater, '110'), one digit a criterion."""
    rows = [
        (piece, f"c{k}", rater, int(met))
        for piece, rater, digits in reads
        for k, met in enumerate(digits)
    ]
    return pd.DataFrame(rows, columns=COLUMNS)


def simulated(rng, severities, pieces=160, criteria=5, readers=2, groups=((),)) -> pd.DataFrame:
    """Marks whose chance of being met is a piece's own less the rater's severity.

    Readers of a piece are drawn from one group of raters, all by default.
    """
    severities = np.asarray(severities)
    rows = []
    for piece in range(pieces):
        group = groups[piece % len(groups)] or range(len(severities))
        chance = np.clip(rng.uniform(0.3, 0.7) + rng.uniform(-0.1, 0.1, criteria), 0, 1)
        for rater in rng.choice(list(group), size=readers, replace=False):
            met = rng.random(criteria) < chance - severities[rater]
            rows += [(f"p{piece:04d}", f"c{k}", f"r{rater}", int(m)) for k, m in enumerate(met)]
    return pd.DataFrame(rows, columns=COLUMNS)


def test_severity_is_the_mean_over_reads_of_what_co_raters_found_met_beyond_own():
    found = severity(
        marks(
            ("p1", "a", "00"), ("p1", "b", "11"), ("p1", "c", "10"),
            ("p2", "a", "10"), ("p2", "b", "11"),
            ("p3", "a", "11"),
        )
    ).set_index("rater_id")  # fmt: skip
    # a: p1 co-raters' mean .75 less own 0; p2 1 less .5; p3 has no co-rater.
    assert found.loc["a", "severity"] == pytest.approx((0.75 + 0.5) / 2)
    # b: p1 (0 + .5) / 2 - 1 = -.75; p2 .5 - 1.
    assert found.loc["b", "severity"] == pytest.approx((-0.75 - 0.5) / 2)
    assert found.loc["a", ["n_reads", "n_marks"]].tolist() == [2, 4]
    # SD of (.75, .5) is .25 / √2; over √2 reads: .125.
    assert found.loc["a", "se"] == pytest.approx(0.125)
    assert np.isnan(found.loc["c", "se"])


def test_only_criteria_two_raters_marked_are_compared():
    found = severity(marks(("p", "a", "01"), ("p", "b", "1"))).set_index("rater_id")
    assert found.loc["a", "severity"] == 1.0
    assert found.loc["a", "n_marks"] == 1


def test_who_was_read_with_a_harsh_partner_is_not_mild_once_that_is_taken_out():
    # b always reads with harsh a; c, d, e also meet a and each other, and agree.
    reads = []
    for k in range(20):
        reads += [(f"ab{k}", "a", "0"), (f"ab{k}", "b", "1")]
        for one, other in (("a", "c"), ("a", "d"), ("c", "d"), ("d", "e"), ("c", "e")):
            piece = f"{one}{other}{k}"
            reads += [(piece, one, "0" if one == "a" else "1"), (piece, other, "1")]
    found = severity(marks(*reads)).set_index("rater_id")
    assert found.loc["b", "severity"] == -1.0
    assert found.loc["b", "adjusted"] == pytest.approx(-0.25)  # less than four others, one at 1
    assert found.loc["a", "adjusted"] == pytest.approx(1.0)


def test_where_everybody_meets_everybody_alike_nothing_is_taken_out():
    rng = np.random.default_rng(3)
    frame = simulated(rng, [0.2, 0, -0.1, 0], pieces=40, readers=4)
    found = severity(frame)
    assert found["adjusted"].to_numpy() == pytest.approx(found["severity"].to_numpy())


def test_panels_are_what_shared_pieces_link():
    found = severity(
        marks(
            ("p1", "a", "1"), ("p1", "b", "0"), ("p2", "b", "1"), ("p2", "c", "0"),
            ("p3", "d", "1"), ("p3", "e", "0"), ("p4", "c", "1"), ("p4", "d", "") ,
        )
    )  # fmt: skip
    assert found["panel"].tolist() == [0, 0, 0, 1, 1]
    assert found["panel_size"].tolist() == [3, 3, 3, 2, 2]


def test_severities_come_back_within_their_stated_error():
    rng = np.random.default_rng(11)
    planted = np.array([0.2, 0.1, 0.05, 0, 0, -0.05, -0.1, -0.15])
    truth = planted - (planted.sum() - planted) / (len(planted) - 1)
    z = []
    for _ in range(30):
        found = severity(simulated(rng, planted))
        # Where partners are drawn by chance, their mean severity is that of all others.
        z += ((found["adjusted"] - truth) / found["se"]).tolist()
    assert abs(np.mean(z)) < 0.2
    assert np.mean(np.abs(z) < 1.96) == pytest.approx(0.95, abs=0.04)


def test_a_planted_severe_rater_is_flagged_and_the_others_are_not():
    frame = simulated(np.random.default_rng(5), [0.3, 0, 0, 0, 0, 0, 0, 0])
    found = severity_findings(frame, USUAL, random_seed=1)
    assert [one.ids for one in found if one.flagged] == [("r0",)]
    planted = found[0]
    assert (planted.code, planted.subject) == ("severe_rater", "rater")
    assert planted.effect == pytest.approx(0.3, abs=2.5 * planted.effect / planted.statistic)
    assert planted.p <= planted.q <= 0.05


def test_a_planted_lenient_rater_has_the_other_code():
    frame = simulated(np.random.default_rng(6), [-0.3, 0, 0, 0, 0, 0])
    flagged = [one for one in severity_findings(frame, USUAL, 1) if one.flagged]
    assert [(one.code, one.ids) for one in flagged] == [("lenient_rater", ("r0",))]
    assert flagged[0].effect < 0


def test_a_significant_difference_below_the_minimum_effect_is_no_finding():
    frame = simulated(np.random.default_rng(7), [0.1, 0, 0, 0, 0], pieces=900)
    first = severity_findings(frame, USUAL, 1)[0]
    assert first.q < 0.05
    assert not first.flagged
    assert severity_findings(frame, Thresholds(min_effect=0.05), 1)[0].flagged


def test_with_too_few_reads_nothing_is_said_but_the_minimum():
    frame = simulated(np.random.default_rng(8), [0.3, 0, 0, 0, 0], pieces=30)
    for one in severity_findings(frame, USUAL, 1):
        if one.n < 15:
            assert not one.minimum_met
            assert {one.effect, one.statistic, one.p, one.q, one.detectable} == {None}
            assert not one.flagged
    assert any(one.n < 15 for one in severity_findings(frame, USUAL, 1))


@pytest.mark.slow
def test_without_differences_few_families_show_a_flag():
    rng = np.random.default_rng(9)
    always = Thresholds(min_effect=0.0)
    alarms = sum(
        any(one.flagged for one in severity_findings(simulated(rng, [0.0] * 6, 60, 4), always, 1))
        for _ in range(60)
    )
    # At most q = .05 of families: 3 of 60, and 8 with chance .007 in a binomial.
    assert alarms <= 7


@pytest.mark.slow
def test_the_detectable_effect_is_found_about_eight_times_in_ten():
    rng = np.random.default_rng(10)
    frames = [simulated(rng, [0.21, 0, 0, 0, 0, 0], pieces=96) for _ in range(60)]
    firsts = [severity_findings(frame, USUAL, 1)[0] for frame in frames]
    assert np.mean([one.detectable for one in firsts]) == pytest.approx(0.21, abs=0.01)
    # .8 give or take three standard errors of 60 simulated rounds.
    assert np.mean([one.flagged for one in firsts]) == pytest.approx(0.8, abs=0.155)


def test_in_small_unlinked_panels_the_subject_is_the_pair():
    groups = ((0, 1, 2), (3, 4, 5), (6, 7, 8))
    frame = simulated(np.random.default_rng(12), [0.35] + [0.0] * 8, 270, groups=groups)
    found = severity_findings(frame, USUAL, random_seed=1)
    assert {one.subject for one in found} == {"rater_pair"}
    assert len(found) == 9
    flagged = [one.ids for one in found if one.flagged]
    assert flagged == [("r0", "r1"), ("r0", "r2")]  # the one who finds less met first
    assert all(one.code == "severe_rater" for one in found)


def test_pieces_that_all_read_turn_three_panels_into_one():
    groups = ((0, 1, 2), (3, 4, 5), (6, 7, 8))
    rng = np.random.default_rng(13)
    own = simulated(rng, [0.35] + [0.0] * 8, 270, groups=groups)
    seeds = simulated(rng, [0.35] + [0.0] * 8, 10, readers=9)
    frame = pd.concat([own, seeds.assign(piece_id="seed " + seeds["piece_id"])])
    found = severity_findings(frame, USUAL, random_seed=1)
    assert [(one.subject, one.ids) for one in found if one.flagged] == [("rater", ("r0",))]


@settings(max_examples=20, deadline=None)
@given(st.permutations(range(5)), st.integers(0, 5))
def test_names_and_order_move_nothing(names, seed):
    rng = np.random.default_rng(seed)
    frame = simulated(rng, [0.2, 0, 0, 0, -0.1], pieces=45, criteria=3)
    before = severity_findings(frame, USUAL, 1)
    renamed = frame.assign(rater_id=[f"r{names[int(r[1:])]}" for r in frame["rater_id"]])
    after = severity_findings(renamed.sample(frac=1, random_state=seed), USUAL, 1)
    moved = {one.ids[0]: one for one in after}
    for one in before:
        other = moved[f"r{names[int(one.ids[0][1:])]}"]
        assert (one.n, one.flagged, one.code) == (other.n, other.flagged, other.code)
        assert (one.effect, one.p, one.q) == pytest.approx((other.effect, other.p, other.q))


@pytest.mark.parametrize(
    ("frame", "message"),
    [
        (marks(("p1", "a", "1"), ("p2", "b", "1")), "severity is unknown"),
        (marks(("p1", "a", "1"), ("p1", "a", "1")), "second"),
        (
            marks(("p1", "a", "2"), ("p1", "b", "1")),
            "mark 2 of rater a on criterion c0 of piece p1",
        ),
        (marks(("p1", "a", "1")).drop(columns="met"), "met missing"),
    ],
)
def test_marks_that_cannot_be_used_are_named(frame, message):
    with pytest.raises(ScoringError, match=message):
        severity(frame)


def test_the_frame_given_is_left_as_it_was():
    frame = marks(("p1", "a", "1"), ("p1", "b", "0"))
    before = frame.copy()
    severity(frame)
    pd.testing.assert_frame_equal(frame, before)
