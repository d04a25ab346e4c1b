"""Decision studies: coefficients of the published table, replication by its definition."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from scoring.generalizability.decision_study import (
    components_of,
    decision_study,
    error_variances,
    midpoints,
    replication,
)
from scoring.generalizability.designs import read_study
from scoring.generalizability.mean_squares import Components

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "generalizability.json").read_text("utf-8")
)
CASES = {case["id"]: case for case in GOLDEN["cases"]}


def study_of(name):
    case = CASES[name]
    names = {
        "task": "criterion_id",
        "criterion": "criterion_id",
        "rater": "rater_id",
        "score": "level",
    }
    return read_study(pd.DataFrame(case["rows"], columns=case["columns"]).rename(columns=names))


def plan_of(name, raters, criteria=1):
    study = study_of(name)
    return decision_study(study, components_of(study), [raters], [criteria], [0.0])[0]


@pytest.mark.parametrize(
    "expected", CASES["brennan_2001_table_3.2"]["d_study_from_anova_ems"], ids=str
)
def test_nested_plans_have_the_errors_and_coefficients_of_the_table(expected):
    found = plan_of("brennan_2001_table_3.2", expected["n_rater_per_task"], expected["n_task"])
    assert found.relative_error == pytest.approx(expected["rel_error"], abs=1e-7)
    assert found.absolute_error == pytest.approx(expected["abs_error"], abs=1e-7)
    assert found.g_coefficient == pytest.approx(expected["g_coefficient"], abs=1e-7)
    assert found.phi == pytest.approx(expected["phi"], abs=1e-7)


@pytest.mark.parametrize(
    ("name", "key", "bar"),
    [
        ("p_x_r_balanced_public", "d_study_from_anova_ems", 1e-7),
        ("p_x_r_sparse_public", "d_study_from_reml", 1e-5),
    ],
)
def test_crossed_plans_have_the_coefficients_of_the_table(name, key, bar):
    for expected in CASES[name][key]:
        found = plan_of(name, expected["n_rater"])
        assert found.g_coefficient == pytest.approx(expected["g_coefficient"], abs=bar)
        assert found.phi == pytest.approx(expected["phi"], abs=bar)


def test_three_facets_divide_each_variance_by_what_is_averaged():
    variance = {
        "person": 1.0, "rater": 0.6, "criterion": 0.8, "person:rater": 0.4,
        "person:criterion": 0.2, "rater:criterion": 0.12, "residual": 0.24,
    }  # fmt: skip
    relative, absolute = error_variances("p_r_c", Components(variance, {}, "ems", 0.0), 2, 4)
    assert relative == pytest.approx(0.4 / 2 + 0.2 / 4 + 0.24 / 8)
    assert absolute == pytest.approx(relative + 0.6 / 2 + 0.8 / 4 + 0.12 / 8)


def test_replication_is_the_share_of_pairs_of_draws_on_the_same_side():
    study = study_of("austria_writing1_p_r_c")
    components = components_of(study)
    cuts = midpoints(study.score)
    rng = np.random.default_rng(1)
    v, count = components.variance, 400_000
    true = components.mean + rng.standard_normal(count) * np.sqrt(
        v["person"] + v["person:criterion"] / 5
    )
    error = v["rater"] / 2 + v["person:rater"] / 2 + (v["rater:criterion"] + v["residual"]) / 10
    one, other = (
        np.digitize(true + np.sqrt(error) * rng.standard_normal(count), cuts) for _ in range(2)
    )
    assert replication(study, components, 2, 5, cuts) == pytest.approx(
        (one == other).mean(), abs=0.003
    )


def test_more_raters_repeat_more_and_a_cut_out_of_reach_is_always_repeated():
    study = study_of("p_x_r_sparse_public")
    plans = decision_study(study, components_of(study), [1, 2, 3, 8], [1], midpoints(study.score))
    shares = [plan.replication for plan in plans]
    assert shares == sorted(shares)
    assert shares[0] < shares[-1] < 1
    assert replication(study, components_of(study), 1, 1, [1e6]) == pytest.approx(1.0)


def test_hours_are_reads_by_their_minutes():
    study = study_of("p_x_r_sparse_public")
    found = decision_study(study, components_of(study), [3], [1], [2.0], minutes=10.0)[0]
    assert found.reads == 3
    assert found.hours == pytest.approx(80 * 3 * 10 / 60)
    assert decision_study(study, components_of(study), [3], [1], [2.0])[0].hours is None
