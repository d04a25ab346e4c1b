"""Rounds whose criteria have few marks: severity from plain differences, the rest not told."""

from benchmarks.effects import thresholds
from benchmarks.invented_marks import Shape, invented_marks
from models.frames import PIECE, RATER
from scoring.effects.round_of_marks import Circumstances, effects_of_marks

SPARSE = Shape(teachers=40, slots=60, severity_sd=0.0, difficulty=-1.0)


def test_what_cannot_be_expected_of_a_read_is_too_few_data_and_honest_raters_stay_unnamed():
    marks, _ = invented_marks(SPARSE, 4)
    reads = marks[[PIECE, RATER]].drop_duplicates()
    found = effects_of_marks(marks, reads, Circumstances(), thresholds(), 4)
    modelled = [one for one in found if one.code in ("erratic_rater", "halo_rater", "flat_rater")]
    assert len(modelled) == 3 * SPARSE.raters
    assert not any(one.minimum_met or one.flagged for one in modelled)
    severity = [one for one in found if one.code in ("severe_rater", "lenient_rater")]
    assert {one.ids[0] for one in severity if one.minimum_met} == set(marks[RATER].astype(str))
    assert not any(one.flagged for one in severity)
