"""Severities are told against the strongest zero their links allow, and no stronger."""

import numpy as np
import pandas as pd
import pytest

from benchmarks.invented_marks import Shape, invented_marks
from models.frames import PIECE, RATER, TEACHER
from scoring.facets.marks_model import MarksModel
from scoring.facets.marks_panels import EXPERT, OWN_PANEL, ROUND, compare, shrink

SEVERITY = np.array([0.6, 0.2, -0.2, -0.6])
APART = np.array([0, 0, 1, 1])


def test_panels_well_linked_are_told_against_the_mean_of_the_round():
    found = compare(SEVERITY, 0.01 * np.eye(4), ["A", "A", "B", "B"], np.zeros(4, int), 0.3)
    assert found.zero == (ROUND,) * 4
    assert found.value == pytest.approx(SEVERITY)
    # the offset of A is .4 − (−.4); its variance .01 · (¼·2 + ¼·2)
    assert [panel.offset for panel in found.panels] == pytest.approx([0.8, -0.8])
    assert [panel.se for panel in found.panels] == pytest.approx([0.1, 0.1])


def test_panels_weakly_linked_are_told_against_their_own_mean():
    found = compare(SEVERITY, 0.5 * np.eye(4), ["A", "A", "B", "B"], np.zeros(4, int), 0.3)
    assert found.zero == (OWN_PANEL,) * 4
    assert found.value == pytest.approx([0.2, -0.2, 0.2, -0.2])
    assert found.se == pytest.approx([0.5] * 4)  # √(.5 · (¼ + ¼))


def test_panels_not_linked_at_all_are_never_compared_however_small_their_errors():
    found = compare(SEVERITY, 1e-6 * np.eye(4), ["A", "A", "B", "B"], APART, 0.3)
    assert found.zero == (OWN_PANEL,) * 4
    assert [panel.offset for panel in found.panels] == [None, None]


def test_the_experts_are_the_zero_where_the_offset_from_them_is_known():
    severity = np.append(SEVERITY, -0.5)
    panels = ["A", "A", "B", "B", ""]
    near = compare(severity, 0.01 * np.eye(5), panels, np.zeros(5, int), 0.3, expert=4)
    assert near.zero == (EXPERT,) * 5
    assert near.value == pytest.approx([1.1, 0.7, 0.3, -0.1, 0.0])
    vague = np.diag([0.01] * 4 + [0.2])
    far = compare(severity, vague, panels, np.zeros(5, int), 0.3, expert=4)
    assert far.zero == (ROUND,) * 4 + (EXPERT,)
    assert len(far.panels) == 2  # experts are no panel


def test_shrinking_pulls_the_least_known_most_and_follows_the_spread():
    value, errors = np.array([1.0, 1.0, -1.0, -1.0]), np.array([0.04, 1.0, 0.04, 1.0])
    found = shrink(value, np.diag(errors))
    assert 0.9 < found[0] < 1 and found[1] < 0.75
    # τ² of greatest likelihood solves Σ 1/(τ²+v) = Σ s²/(τ²+v)²; s²(τ²+v)⁻¹ gives it back
    tau = errors * found / (value - found)
    weight = 1 / (tau[0] + errors)
    assert tau == pytest.approx(np.full(4, tau[0]))
    assert weight.sum() == pytest.approx((value**2 * weight**2).sum(), rel=1e-3)


def test_without_a_spread_beyond_error_all_shrink_to_nought():
    found = shrink(np.array([0.1, -0.1, 0.1, -0.1]), np.eye(4))
    assert np.abs(found).max() < 1e-3


def two_schools(seeds):
    """Two panels of five that share no piece but the seeds."""
    parts = []
    for number, school in enumerate("AB"):
        marks, _ = invented_marks(Shape(teachers=40, raters=5, seeds=seeds), 10 + number)
        names = {c: marks[c].astype(str) for c in (PIECE, RATER, TEACHER)}
        own = names[PIECE].where(names[PIECE].str.startswith("q"), school + names[PIECE])
        owner = (school + names[TEACHER]).where(marks[TEACHER].notna())
        parts.append(marks.assign(**{PIECE: own, RATER: school + names[RATER], TEACHER: owner}))
    both = pd.concat(parts, ignore_index=True)
    return MarksModel().fit(both), sorted({p for p in both[PIECE] if p.startswith("q")})


def test_seeds_make_schools_comparable_and_without_them_they_are_not():
    linked, seeds = two_schools(20)
    found = linked.severities(linking=seeds)
    assert set(found.zero) == {ROUND}
    assert len(found.panels) == 2
    apart, _ = two_schools(0)
    found = apart.severities()
    assert set(found.zero) == {OWN_PANEL}
    assert sorted(set(found.network)) == [0, 1]


def test_panels_can_be_named_by_school():
    model, _ = two_schools(20)
    found = model.severities({rater: rater[0] for rater in model.raters_})
    assert [(panel.panel, panel.n_raters) for panel in found.panels] == [("A", 5), ("B", 5)]
