"""Intraclass correlations: published tables, worked ones, and designs with gaps."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.coefficients.incomplete_icc import icc_of_incomplete
from scoring.coefficients.intraclass import FORMS, icc_of_complete, mean_squares
from scoring.coefficients.ranks import kendall_w
from scoring.coefficients.rater_components import components
from scoring.tables import RatingCodes

SHROUT_FLEISS_1979 = [
    [9, 2, 5, 8], [6, 1, 3, 2], [8, 4, 6, 8], [7, 1, 2, 6], [10, 5, 6, 9], [6, 2, 4, 7],
]  # fmt: skip
TEN = np.arange(11, dtype=float)


def codes_of(rows) -> RatingCodes:
    cells = [(u, r, v) for u, row in enumerate(rows) for r, v in enumerate(row) if v is not None]
    unit, rater, level = np.array(cells, dtype=np.int64).T
    names = tuple(f"r{k}" for k in range(len(rows[0])))
    return RatingCodes(unit, rater, level, np.arange(len(rows)), names, 11)


def test_mean_squares_are_those_of_the_published_table():
    # Shrout and Fleiss (1979), table 3: BMS 11.24, JMS 32.49, WMS 6.26, EMS 1.02.
    found = mean_squares(codes_of(SHROUT_FLEISS_1979), TEN)
    assert round(found.units, 2) == 11.24
    assert round(found.raters, 2) == 32.49
    assert round(found.within, 2) == 6.26
    assert round(found.residual, 2) == 1.02


def test_bounds_are_those_of_mcgraw_and_wong():
    # R psych 2.2.9 and R irr 0.84.1 on the same table.
    found = {one.name: one for one in icc_of_complete(codes_of(SHROUT_FLEISS_1979), TEN, 0.95)}
    assert tuple(found) == FORMS
    known = {
        "ICC(1,1)": (-0.1329323249, 0.7225600623),
        "ICC(2,1)": (0.0187865134, 0.7610843696),
        "ICC(1,k)": (-0.8844421552, 0.9124154203),
    }
    for name, ends in known.items():
        assert (found[name].lo, found[name].hi) == pytest.approx(ends, abs=1e-9)


def test_raters_who_differ_by_a_constant_keep_the_order_and_lose_the_number():
    found = {
        one.name: one.value for one in icc_of_complete(codes_of([[0, 2], [1, 3], [4, 6]]), TEN, 0.9)
    }
    assert found["ICC(3,1)"] == pytest.approx(1.0)  # sums of squares end in a last bit of their own
    # Units vary by 13/3, raters by 2 (= 6/3), no residual: 13/3 / (13/3 + 2).
    assert found["ICC(2,1)"] == pytest.approx(13 / 19)


def test_numbers_that_never_differ_have_no_correlation():
    flat = codes_of([[3, 3], [3, 3], [3, 3]])
    assert all(np.isnan(one.value) for one in icc_of_complete(flat, TEN, 0.95))
    gaps = codes_of([[3, 3], [3, None], [3, 3]])
    assert all(np.isnan(one.value) for one in icc_of_incomplete(gaps, TEN))


@settings(max_examples=10, deadline=None)
@given(st.integers(0, 10_000))
def test_on_a_complete_table_variance_components_are_those_of_the_mean_squares(seed):
    """Balanced and none at the boundary, REML is the analysis of variance (Searle 1992)."""
    rng = np.random.default_rng(seed)
    seen = rng.normal(0, 2, (12, 1)) + rng.normal(0, 1, (1, 4)) + rng.normal(0, 1, (12, 4))
    codes = codes_of(np.clip(np.round(seen + 5), 0, 10).astype(int).tolist())
    squares = mean_squares(codes, TEN)
    if min(squares.units, squares.raters) <= 1.05 * squares.residual:
        return
    found = components(codes, TEN)
    assert found.residual == pytest.approx(squares.residual, rel=1e-3)
    assert found.units == pytest.approx((squares.units - squares.residual) / 4, rel=2e-3)
    assert found.raters == pytest.approx((squares.raters - squares.residual) / 12, rel=2e-2)


def test_leaving_units_out_gives_nearly_the_bounds_of_f_where_both_hold():
    rng = np.random.default_rng(4)
    seen = rng.normal(0, 2, (60, 1)) + rng.normal(0, 1, (1, 4)) + rng.normal(0, 1.5, (60, 4))
    codes = codes_of(np.clip(np.round(seen + 5), 0, 10).astype(int).tolist())
    by_f = {one.name: one for one in icc_of_complete(codes, TEN, 0.95)}
    left_out = {one.name: one for one in icc_of_incomplete(codes, TEN, 0.95)}
    # (3,·) asks of the raters nothing but order, so that holding them fixed is no difference.
    for name in ("ICC(3,1)", "ICC(3,k)"):
        assert left_out[name].value == pytest.approx(by_f[name].value, abs=1e-3)
        assert left_out[name].lo == pytest.approx(by_f[name].lo, abs=0.05)
        assert left_out[name].hi == pytest.approx(by_f[name].hi, abs=0.05)


def with_gaps(rng, n_units, severity, each):
    """Units of variance 1, residual of variance 1, in tenths; each read by some of the raters."""
    n_raters = len(severity)
    unit = np.repeat(np.arange(n_units), each)
    rater = np.concatenate([rng.permutation(n_raters)[:each] for _ in range(n_units)])
    exact = rng.standard_normal(n_units)[unit] + severity[rater] + rng.standard_normal(len(unit))
    level = np.clip(np.round(50 + 10 * exact), 0, 100).astype(np.int64)
    names = tuple(f"r{k}" for k in range(n_raters))
    return RatingCodes(unit, rater, level, np.arange(n_units), names, 101)


def test_a_component_at_nothing_leaves_no_interval():
    rng = np.random.default_rng(5)
    codes = with_gaps(rng, 40, np.zeros(6), 2)
    noise = RatingCodes(
        codes.unit, codes.rater, rng.integers(40, 60, len(codes.unit)), codes.cluster,
        codes.raters, 101,
    )  # fmt: skip
    found = icc_of_incomplete(noise, np.arange(101.0), 0.95)
    assert components(noise, np.arange(101.0)).raters == 0
    assert all(form.lo is None for form in found)
    flat = icc_of_incomplete(codes_of([[3, 3], [3, None], [3, 3]]), TEN, 0.95)
    assert all(form.lo is None for form in flat)


@pytest.mark.slow
def test_nineteen_of_twenty_intervals_of_tables_with_gaps_hold_the_truth():
    """Panels drawn anew for each table, so that no panel's luck decides."""
    rng = np.random.default_rng(1)
    held: dict[str, list[bool]] = {"ICC(2,1)": [], "ICC(3,1)": []}
    for _ in range(300):
        severity = 0.5 * rng.standard_normal(8)
        # Of this panel: units 1, residual 1, raters as they are.
        truth = {"ICC(2,1)": 1 / (2 + severity.var(ddof=1)), "ICC(3,1)": 0.5}
        for form in icc_of_incomplete(with_gaps(rng, 60, severity, 3), np.arange(101.0), 0.95):
            if form.name in truth and form.lo is not None:
                held[form.name].append(form.lo <= truth[form.name] <= form.hi)
    for name, each in held.items():
        assert len(each) > 280, name  # the rest have a component at nothing, and no interval
        # Nominal .95: three standard errors of so many tables are .038.
        assert abs(np.mean(each) - 0.95) < 3 * np.sqrt(0.95 * 0.05 / len(each)), name


@pytest.mark.slow
def test_components_come_back_from_a_design_with_gaps():
    rng = np.random.default_rng(11)
    n_units, n_raters = 20_000, 60
    unit = np.repeat(np.arange(n_units), 3)
    rater = np.concatenate([rng.choice(n_raters, 3, replace=False) for _ in range(n_units)])
    kept = rng.random(len(unit)) < 0.9
    unit, rater = np.unique(unit[kept], return_inverse=True)[1], rater[kept]
    severity = rng.normal(0, 8, n_raters)
    exact = rng.normal(0, 10, n_units)[unit] + severity[rater] + rng.normal(0, 6, len(unit))
    values = np.arange(-100.0, 101.0)
    level = np.clip(np.round(exact), -100, 100).astype(np.int64) + 100
    codes = RatingCodes(
        unit, rater, level, np.arange(unit.max() + 1), tuple(map(str, range(n_raters))), 201
    )
    found = components(codes, values)
    assert found.units == pytest.approx(100, rel=0.03)
    assert found.residual == pytest.approx(36, rel=0.03)
    assert found.raters == pytest.approx(severity.var(ddof=1), rel=0.03)


def test_kendalls_w_worked_with_ties():
    # Ranks 1, 2.5, 2.5 and 1, 2, 3: sums 2, 4.5, 5.5. Σ R² = 54.5; T = 2³ - 2 = 6.
    # (12 · 54.5 - 3 · 4 · 3 · 16) / (4 · 3 · 8 - 2 · 6) = 78 / 84; without ties 78 / 96.
    corrected, plain = kendall_w(codes_of([[1, 1], [5, 2], [5, 3]]))
    assert (corrected[0], plain[0]) == (pytest.approx(78 / 84), pytest.approx(78 / 96))


def test_a_unit_drawn_twice_counts_as_two_tied_units():
    rows = [[1, 1], [5, 2], [3, 3], [4, 4]]
    twice = kendall_w(codes_of([*rows, rows[1]]))
    drawn = kendall_w(codes_of(rows), np.array([[1.0, 2, 1, 1]]))
    assert (drawn[0][0], drawn[1][0]) == (pytest.approx(twice[0][0]), pytest.approx(twice[1][0]))


def test_raters_who_put_all_units_level_have_no_concordance():
    assert np.isnan(kendall_w(codes_of([[1, 2], [1, 2]]))[0][0])
