"""What a plan will be able to tell: errors of severities, schools that compare, people and hours it takes."""

import numpy as np
import pandas as pd
import pytest

from scoring.allocation import Need, Terms, allocate
from scoring.allocation_proof import Spread, school_links, severity_errors
from scoring.allocation_staffing import forecast, full_loads, staffing
from scoring.facets.marks_model import MarksModel

FLAT = Spread(ability_sd=1e3, halo_sd=0.0, met_share=0.5, explained=0.0)
"""Nothing known of pieces, no halo: a read of four marks has weight 4 × .25 = 1."""


def test_two_readers_of_n_common_pieces_have_the_error_of_half_a_difference():
    # the difference of two severities has variance 2/n; each is half of it from their mean
    panels = {f"p{n}": ("a", "b") for n in range(8)}
    errors = severity_errors(panels, dict.fromkeys(panels, 4), FLAT)
    assert errors["a"] == pytest.approx(np.sqrt(2 / 8) / 2, rel=1e-4)
    assert errors["b"] == pytest.approx(errors["a"])


def test_a_chain_tells_less_of_its_ends_than_of_its_middle():
    # a–b and b–c, one piece each: Laplacian [[.5,-.5,0],[-.5,1,-.5],[0,-.5,.5]], its
    # pseudo-inverse has the diagonal 10/9, 4/9, 10/9
    panels = {"p": ("a", "b"), "q": ("b", "c")}
    errors = severity_errors(panels, {"p": 4, "q": 4}, FLAT)
    assert [errors[r] ** 2 for r in "abc"] == pytest.approx([10 / 9, 4 / 9, 10 / 9], rel=1e-4)


def test_who_shares_no_piece_has_no_error_rather_than_nought():
    errors = severity_errors({"p": ("a", "b"), "q": ("c",)}, {"p": 4, "q": 4}, Spread())
    assert errors["c"] is None
    assert errors["a"] is not None


def test_seeds_compare_those_who_share_no_piece():
    panels, marks = {"p": ("a",), "q": ("b",)}, {"p": 4, "q": 4}
    errors = severity_errors(panels, marks, FLAT, {"a": 10, "b": 10})
    # each anchored by ten reads of weight 1; centred on their mean: variance (1/10) / 2
    assert errors["a"] == pytest.approx(np.sqrt(1 / 20), rel=1e-3)


def invented_round(seed):
    """A planned round of 80 pieces and 5 readers, read with known severities."""
    rng = np.random.default_rng(seed)
    raters = [f"r{n}" for n in range(5)]
    plan = allocate([Need(f"p{n:03d}", 2) for n in range(80)], raters, str(seed))
    severity = dict(zip(raters, rng.normal(0, 0.5, 5), strict=True))
    difficulty, rows = rng.normal(-0.5, 1, 5), []
    for piece, readers in plan.panels.items():
        ability = rng.normal(0, 1.1)
        for rater in readers:
            logit = ability + rng.normal(0, 0.6) - severity[rater] - difficulty
            met = rng.random(5) < 1 / (1 + np.exp(-logit))
            rows += [(piece, f"c{n}", rater, int(m)) for n, m in enumerate(met)]
    return plan, pd.DataFrame(rows, columns=["piece_id", "criterion_id", "rater_id", "met"])


def test_the_error_told_before_is_about_the_error_the_model_finds_after():
    told, found = [], []
    for seed in range(1, 7):
        plan, marks = invented_round(seed)
        fitted = MarksModel().fit(marks)
        spread = Spread(met_share=float(marks["met"].mean()))
        errors = severity_errors(plan.panels, dict.fromkeys(plan.panels, 5), spread)
        told += [errors[rater] for rater in fitted.raters_]
        found += list(fitted.severity_se_)
    assert np.mean(told) == pytest.approx(np.mean(found), rel=0.15)


def test_schools_compare_through_common_pieces_only():
    together = {f"p{n}": ("a1", "b1") for n in range(50)}
    apart = {f"p{n}": ("a1", "a2") for n in range(50)} | {"q": ("b1", "b2")}
    school = {"a1": "甲", "a2": "甲", "b1": "乙", "b2": "乙"}
    joined = school_links(together, dict.fromkeys(together, 5), school, Spread(), 0.3)
    assert [(each.school, each.comparable) for each in joined] == [("乙", True), ("甲", True)]
    divided = school_links(apart, dict.fromkeys(apart, 5), school, Spread(), 0.3)
    assert [(each.se, each.comparable) for each in divided] == [(None, False), (None, False)]


def test_too_few_common_pieces_link_schools_and_do_not_compare_them():
    panels = {f"p{n}": ("a1", "a2") for n in range(50)} | {"q": ("a1", "b1")}
    school = {"a1": "甲", "a2": "甲", "b1": "乙"}
    first, second = school_links(panels, dict.fromkeys(panels, 5), school, Spread(), 0.3)
    assert first.se == pytest.approx(second.se)
    assert first.se > 0.3
    assert not first.comparable


def test_the_smallest_staffing_counts_who_is_lacking_for_the_worst_piece():
    needs = [Need("p1", 2, frozenset({"a", "b"})), Need("p2", 2), Need("p3", 1, held=("a",))]
    found = staffing(needs, ["a", "b", "c"], 2, third=True)
    # p1: of two reads one is lacking, with a third two
    assert (found.now, found.most_a_piece) == (3, 3)
    assert (found.borrow, found.borrow_for_third) == (1, 2)


def test_borrowing_as_many_as_it_says_is_enough_and_one_fewer_is_not():
    needs = [Need(f"p{n}", 2, frozenset({"a", "b"} if n == 0 else ())) for n in range(5)]
    lacking = staffing(needs, ["a", "b"], 2, third=False).borrow
    outside = [f"x{n}" for n in range(lacking)]
    assert allocate(needs, ["a", "b", *outside], "s").whole
    assert not allocate(needs, ["a", "b", *outside[:-1]], "s").whole


def test_who_takes_nothing_on_is_not_counted_among_the_staff():
    found = staffing([Need("p", 2)], ["a", "b"], 2, third=False, terms={"b": Terms(0)})
    assert (found.now, found.borrow) == (1, 1)


def test_the_forecast_counts_third_reads_in():
    work = forecast(200, 100, 0.5, 6)
    assert (work.reads, work.third_reads, work.hours) == (200, 50, 25)


def test_loads_of_unequal_shares_are_held_against_each_other_as_full_ones():
    terms = {"a": Terms(0.5), "c": Terms(0)}
    plan = allocate([Need(f"p{n}", 1) for n in range(9)], ["a", "b", "c"], "s", terms=terms)
    assert full_loads(plan, terms) == {"a": 6.0, "b": 6.0}
