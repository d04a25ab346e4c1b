"""A passage two texts share is no copy where the county quotes such, and is listed for what it is."""

from __future__ import annotations

import numpy as np
import pytest

from scoring.similarity.fingerprints import fingerprint
from scoring.similarity.pairs import LOOK, PASSAGE, STRONG, Pair, clustered
from scoring.similarity.quoted import met_by_two
from scoring.similarity.text import TextRow, compare_texts
from scoring.similarity.traditional import TRADITIONAL

SIGNS = sorted({chr(code) for code in range(0x4E00, 0x5A00)} - set(TRADITIONAL))


def words(seed, count):
    return "".join(np.random.default_rng(seed).choice(SIGNS, count))


def county(met_by, also=()):
    """One text a teacher, one teacher a school: each passage of 150 stands in so many of them."""
    texts = {}
    for number, readers in enumerate(met_by):
        passage = words(10_000 + number, 150)
        for _ in range(readers):
            own = len(texts)
            texts[f"p{own:03}"] = words(own, 600) + passage + words(5_000 + own, 600)
    texts |= dict(also)
    return [
        TextRow(piece, f"t{piece}", fingerprint(text), (f"s{at}", f"subject {at % 3}", "A1"))
        for at, (piece, text) in enumerate(texts.items())
    ]


def tiers(rows):
    return {(pair.a, pair.b): pair.tier for pair in compare_texts(rows).pairs}


class TestTheCountysOwnEvidence:
    def test_where_nobody_else_quotes_a_passage_of_two_is_to_be_looked_at(self):
        assert tiers(county([2])) == {("p000", "p001"): LOOK}

    def test_where_passages_of_that_length_meet_three_it_is_of_unknown_origin(self):
        # Six that met three and none that met four: 3/4 * 6 * 5 = 22 are to be expected of two.
        found = tiers(county([2, *[3] * 6]))
        assert found[("p000", "p001")] == PASSAGE
        assert set(found.values()) == {PASSAGE}

    def test_a_longer_passage_than_any_quoted_is_still_a_copy(self):
        lifted = words(77, 260)
        copies = {"q1": words(91, 900) + lifted, "q2": lifted + words(92, 900)}
        found = tiers(county([3] * 6, copies.items()))
        assert found[("q1", "q2")] == STRONG

    def test_a_section_torn_into_cells_is_longer_than_what_is_quoted_all_the_same(self):
        cells = [words(200 + at, 30) for at in range(12)]
        label = ["环节时长教师活动", "评价要点"]  # of two forms, so that no cell stands as far on
        one, two = ("".join(name + cell for cell in cells) for name in label)
        copies = {"q1": words(91, 1500) + one, "q2": two + words(92, 1500)}
        assert tiers(county([3] * 6, copies.items()))[("q1", "q2")] == STRONG

    def test_a_whole_copy_is_strong_whatever_is_quoted(self):
        copies = {"q1": words(91, 900), "q2": words(91, 900)}
        assert tiers(county([3] * 6, copies.items()))[("q1", "q2")] == STRONG

    def test_teachers_of_one_school_who_share_a_passage_are_no_readers_of_a_book(self):
        rows = [
            TextRow(row.piece_id, row.teacher_id, row.fingerprint, ("one school", *row.stratum[1:]))
            for row in county([2, *[3] * 6])
        ]
        assert tiers(rows)[("p000", "p001")] == LOOK

    def test_where_nobody_told_the_schools_every_teacher_is_a_reader_by_himself(self):
        rows = [
            TextRow(row.piece_id, row.teacher_id, row.fingerprint) for row in county([2, *[3] * 6])
        ]
        assert tiers(rows)[("p000", "p001")] == PASSAGE

    def test_the_length_up_to_which_it_quotes_is_told(self):
        told = compare_texts(county([2, *[3] * 6])).calibration
        assert 150 <= told.quoted_run <= 150 + 2 * 8  # grams that reach over the ends may agree


@pytest.mark.parametrize(
    ("three", "four", "two"),
    [
        (6, 0, 22.5),  # 3/4 * 6 * 5 / 1
        (4, 2, 3.0),  # 3/4 * 4 * 3 / 3
        (1, 0, 0.0),  # one alone may be a text that was copied twice
        (0, 5, 0.0),
    ],
)
def test_passages_that_met_two_follow_from_those_that_met_three_and_four(three, four, two):
    assert met_by_two(three, four) == pytest.approx(two)


def test_the_bound_holds_where_passages_are_quoted_at_one_rate():
    # Poisson counts of mean 2: of 10,000 passages 2,707 meet two, 1,804 three, 902 four.
    met = np.bincount(np.random.default_rng(1).poisson(2.0, 10_000), minlength=5)
    assert met_by_two(met[3], met[4]) == pytest.approx(met[2], rel=0.1)


def test_the_bound_stays_below_where_some_are_quoted_more_than_others():
    rates = np.random.default_rng(2).gamma(0.8, 2.0, 20_000)
    met = np.bincount(np.random.default_rng(3).poisson(rates), minlength=5)
    assert 0.3 * met[2] < met_by_two(met[3], met[4]) < met[2]


def test_a_passage_links_no_copies():
    pairs = [
        Pair("text", "p1", "p2", "t1", "t2", tier=STRONG),
        Pair("text", "p2", "p3", "t2", "t3", tier=PASSAGE),
        Pair("text", "p3", "p4", "t3", "t4", tier=LOOK),
        Pair("text", "p5", "p6", "t5", "t6", tier=PASSAGE),
    ]
    found = {(pair.a, pair.b): pair.cluster for pair in clustered(pairs)}
    assert found == {("p1", "p2"): 1, ("p3", "p4"): 2, ("p2", "p3"): 3, ("p5", "p6"): 4}
