"""Patterns of counts: the same units told apart whichever way is quick for them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.coefficients import patterns as module
from scoring.coefficients.chance_corrected import krippendorff_alpha
from scoring.coefficients.patterns import patterns_of, sample_of
from scoring.coefficients.weights import scale_of
from scoring.tables import RatingCodes

THREE = scale_of(["0", "1", "2"])


def codes_of(rows, n_levels=3, cluster=None) -> RatingCodes:
    """Codes from units × raters, None for no rating; every unit needs one."""
    cells = [(u, r, v) for u, row in enumerate(rows) for r, v in enumerate(row) if v is not None]
    unit, rater, level = np.array(cells, dtype=np.int64).T
    own = np.arange(len(rows)) if cluster is None else np.array(cluster)
    names = tuple(f"r{k}" for k in range(len(rows[0])))
    return RatingCodes(unit, rater, level, own, names, n_levels)


tables = st.lists(
    st.lists(st.sampled_from([None, 0, 1, 2]), min_size=3, max_size=3).filter(
        lambda row: any(v is not None for v in row)
    ),
    min_size=1,
    max_size=12,
)


def told(patterns) -> list[tuple[tuple[float, ...], int]]:
    return sorted(zip(map(tuple, patterns.counts.tolist()), patterns.times.tolist(), strict=True))


@given(tables)
def test_patterns_are_the_counts_of_each_unit_with_how_many_are_alike(rows):
    expected: dict[tuple[float, ...], int] = {}
    for row in rows:
        counts = tuple(float(row.count(level)) for level in range(3))
        expected[counts] = expected.get(counts, 0) + 1
    assert told(patterns_of(codes_of(rows), THREE)) == sorted(expected.items())


@given(tables)
def test_a_scale_too_wide_for_one_number_gives_the_same_patterns(rows):
    wide = scale_of([str(k) for k in range(80)])
    found = patterns_of(codes_of(rows, 80), wide)
    known = told(patterns_of(codes_of(rows), THREE))
    assert [(counts[:3], times) for counts, times in told(found)] == known
    assert not found.counts[:, 3:].any()
    for unit, row in enumerate(rows):
        assert found.counts[found.of_unit[unit], :3].tolist() == [
            row.count(level) for level in range(3)
        ]


@given(st.lists(st.tuples(*[st.sampled_from([None, 0, 1, 2])] * 2).filter(any), min_size=1))
def test_two_raters_keep_who_gave_what(rows):
    if all(row[k] is None for row in rows for k in (0,)) or all(row[1] is None for row in rows):
        return
    found = patterns_of(codes_of(rows), THREE)
    table = sample_of(codes_of(rows), THREE).total()["cells"][0]
    both = [row for row in rows if None not in row]
    seen = np.zeros((3, 3))
    for one, other in both:
        seen[one, other] += 1
    assert table.tolist() in (seen.tolist(), seen.T.tolist())
    assert found.times.sum() == len(rows)


@pytest.mark.parametrize("cluster", [None, [0, 0, 1, 1, 2, 2]])
def test_what_is_left_without_a_cluster_is_what_the_others_add_up_to(cluster):
    rows = [[0, 1, 2], [0, 0, None], [1, 1, 1], [2, None, 1], [0, 0, 0], [2, 2, None]]
    sample = sample_of(codes_of(rows, cluster=cluster), THREE)
    total, each, left = sample.total(), sample.each(), sample.left_out()
    for name in ("paired", "shares", "agree:quadratic", "apart:ratio", "coincidences", "hits"):
        assert np.allclose(left[name] + each[name], total[name])
        assert np.allclose(np.tensordot(sample.times, each[name], 1), total[name][0])


def test_alpha_of_a_wide_scale_needs_no_matrix_for_each_pattern(monkeypatch):
    rows = [[0, 1, 2], [0, 0, None], [1, 1, 1], [2, None, 1], [0, 0, 0]]
    sample = sample_of(codes_of(rows), THREE)
    drawn = np.array([[1.0, 2, 0, 1, 1], [0, 1, 1, 2, 1]])
    narrow = krippendorff_alpha(sample.weighted(drawn), "ordinal")
    monkeypatch.setattr(module, "_WIDE", 1)
    assert krippendorff_alpha(sample.weighted(drawn), "ordinal") == pytest.approx(narrow)


def test_clusters_of_many_patterns_are_kept_without_their_zeros(monkeypatch):
    rng = np.random.default_rng(1)
    rows = rng.integers(0, 3, (40, 3)).tolist()
    codes = codes_of(rows, cluster=np.repeat(np.arange(10), 4))
    drawn = rng.integers(0, 3, (5, 10)).astype(float)
    dense = sample_of(codes, THREE)
    monkeypatch.setattr(module, "_DENSE", 1)
    sparse = sample_of(codes, THREE)
    assert not isinstance(sparse.members, np.ndarray)
    for name in ("paired", "agree:linear", "coincidences"):
        assert np.allclose(sparse.weighted(drawn)[name], dense.weighted(drawn)[name])
        assert np.allclose(sparse.left_out()[name], dense.left_out()[name])
