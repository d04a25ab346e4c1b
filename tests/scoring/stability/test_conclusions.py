"""Conclusions in every draw, held against the gate's conclusion of one teacher."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models.records import CompetencyResult, ReasonNone, TeacherFacts
from rubrics.levels import LEVELS
from rubrics.rubric import Rubric
from scoring.gate import TeacherRule, teacher_result
from scoring.stability.conclusions import Points, conclusions

results_of_teacher = st.lists(st.integers(-1, 2), min_size=1, max_size=4).filter(
    lambda levels: any(level >= 0 for level in levels)
)


@given(
    st.lists(results_of_teacher, min_size=1, max_size=4),
    st.sampled_from(["all_points_pass", "count_points_pass"]),
    st.integers(1, 3),
)
def test_a_conclusion_is_that_of_the_gate(teachers, aggregation, required):
    decided = [(n, level) for n, levels in enumerate(teachers) for level in levels if level >= 0]
    teacher, levels = map(np.array, zip(*decided, strict=True))
    undecided = np.array([sum(level < 0 for level in levels) for levels in teachers])
    points = Points(required, aggregation == "all_points_pass")
    found = conclusions(levels[None, :].astype(np.int8), teacher, undecided, points)[0]
    expected = [of_gate(each, TeacherRule(aggregation, required)) for each in teachers]
    assert [None if level < 0 else LEVELS[level] for level in found] == expected


def of_gate(levels, rule):
    names = [f"A{n}" for n in range(len(levels))]
    chosen = [Rubric(name, "1", *[""] * 10, ()) for name in names]
    made = {
        name: CompetencyResult(LEVELS[level], None)
        if level >= 0
        else CompetencyResult(None, ReasonNone.MISSING_EVIDENCE)
        for name, level in zip(names, levels, strict=True)
    }
    return teacher_result(chosen, made, TeacherFacts(), rule).level
