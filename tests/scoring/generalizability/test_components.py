"""Variance components: published tables, lme4, and what they were made from."""

import json
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import ScoringError
from scoring.generalizability.absorbing import absorb
from scoring.generalizability.designs import COMPONENTS, read_study
from scoring.generalizability.mean_squares import by_mean_squares, mean_squares
from scoring.generalizability.reml import by_restricted_likelihood, deviance_at

GOLDEN = json.loads(
    (Path(__file__).parents[1] / "golden" / "generalizability.json").read_text("utf-8")
)
CASES = {case["id"]: case for case in GOLDEN["cases"]}
BALANCED = [name for name, case in CASES.items() if "anova_ems" in case]
OURS = {
    "task": "criterion",
    "rater_in_task": "rater:criterion",
    "person_task": "person:criterion",
    "rater:task": "rater:criterion",
    "person:task": "person:criterion",
    "Residual": "residual",
}


def study_of(case):
    names = {
        "task": "criterion_id",
        "criterion": "criterion_id",
        "rater": "rater_id",
        "score": "level",
    }
    return read_study(pd.DataFrame(case["rows"], columns=case["columns"]).rename(columns=names))


def named(values):
    return {OURS.get(name, name): value for name, value in values.items()}


@pytest.mark.parametrize("name", BALANCED)
def test_mean_squares_and_components_are_those_of_the_published_tables(name):
    study = study_of(CASES[name])
    squares = {name: square for name, (square, _) in mean_squares(study).items()}
    assert squares == pytest.approx(named(CASES[name]["anova_mean_squares"]), rel=1e-7)
    found = by_mean_squares(study)
    assert found.variance == pytest.approx(named(CASES[name]["anova_ems"]), rel=1e-6)


@pytest.mark.parametrize("name", CASES)
def test_restricted_likelihood_gives_the_components_of_lme4(name):
    peer = named(CASES[name]["lme4_reml"])
    study = study_of(CASES[name])
    found = by_restricted_likelihood(study)
    # lme4 stops within 6e-4 of the optimum (seen where mean squares are exact): so near, and
    # never at a lower deviance than ours.
    assert found.variance == pytest.approx(peer, rel=1e-3)
    assert found.variance["person"] == pytest.approx(peer["person"], rel=1e-3)
    blocks = absorb(study)
    ours, theirs = (
        deviance_at(blocks, np.array([values[each] for each in blocks.names]), values["residual"])
        for values in (found.variance, peer)
    )
    assert ours <= theirs + 1e-9


@pytest.mark.parametrize("name", CASES)
def test_components_are_those_of_the_r_package_gtheory_too(name):
    peer = CASES[name]["gtheory"]
    theirs = named(dict(zip(peer["source"], peer["var"], strict=True)))
    found = by_restricted_likelihood(study_of(CASES[name]))
    assert found.variance == pytest.approx(theirs, rel=1e-3)


@pytest.mark.parametrize("name", BALANCED)
def test_both_methods_agree_on_balanced_tables_with_positive_components(name):
    study = study_of(CASES[name])
    likelihood, squares = by_restricted_likelihood(study), by_mean_squares(study)
    assert likelihood.variance == pytest.approx(squares.variance, rel=1e-6)
    assert likelihood.mean == pytest.approx(squares.mean)


def dense_deviance(study, variance):
    """REML deviance by its definition: −2 log of the restricted likelihood with V written out."""
    covariance = np.eye(len(study.score)) * variance["residual"]
    for name in COMPONENTS[study.design]:
        codes = study.codes(name)
        covariance += variance[name] * (codes[:, None] == codes)
    ones = np.ones(len(study.score))
    inverse = np.linalg.inv(covariance)
    information = ones @ inverse @ ones
    left = study.score - (ones @ inverse @ study.score) / information
    free = len(study.score) - 1
    constants = free * np.log(2 * np.pi)
    return (
        np.linalg.slogdet(covariance)[1] + np.log(information) + left @ inverse @ left + constants
    )


@st.composite
def sparse_tables(draw):
    """Tables of three designs with scores missing here and there."""
    rng = np.random.default_rng(draw(st.integers(0, 10_000)))
    persons, raters, criteria = 8, 4, draw(st.sampled_from([1, 3]))
    nested = draw(st.booleans()) and criteria > 1
    rows = [
        (p, r + 10 * c * nested, c, float(rng.integers(0, 5)))
        for p in range(persons)
        for r in range(raters)
        for c in range(criteria)
        if rng.random() < 0.8
    ]
    columns = ["person", "rater_id", "criterion_id", "level"]
    table = pd.DataFrame(rows, columns=columns)
    return table.drop(columns="criterion_id") if criteria == 1 else table


@given(sparse_tables(), st.integers(0, 10_000))
@settings(max_examples=40, deadline=None)
def test_the_absorbed_deviance_is_that_of_the_whole_covariance_matrix(table, seed):
    study = read_study(table)
    blocks = absorb(study)
    variance = np.random.default_rng(seed).uniform(0, 2, len(blocks.names))
    variance[seed % len(variance)] = 0.0
    by_name = dict(zip(blocks.names, variance, strict=True)) | {"residual": 0.7}
    assert deviance_at(blocks, variance, 0.7) == pytest.approx(
        dense_deviance(study, by_name), rel=1e-9
    )


@given(sparse_tables(), st.randoms(use_true_random=False))
@settings(max_examples=15, deadline=None)
def test_names_and_order_of_rows_move_nothing(table, rng):
    order = rng.sample(range(len(table)), len(table))
    renamed = table.iloc[order].assign(
        person=[f"t{(7 * p) % 8}" for p in table["person"].iloc[order]]
    )
    one, other = (
        deviance_at(
            absorb(read_study(each)), np.full(len(absorb(read_study(each)).names), 0.4), 1.0
        )
        for each in (table, renamed)
    )
    assert one == pytest.approx(other, rel=1e-12)


@pytest.mark.slow
@pytest.mark.parametrize("criteria", [1, 4])
def test_the_variances_scores_were_made_with_come_back_within_their_errors(criteria):
    rng = np.random.default_rng(criteria)
    truth = {"person": 1.0, "residual": 0.5}
    far = []
    for _ in range(30):
        found = by_restricted_likelihood(read_study(made_table(rng, criteria)))
        for name in ("person", "residual"):
            far.append((found.variance[name] - truth[name]) / found.se[name])
    # 60 standardised errors: their mean within 3/√60, their spread near 1.
    assert abs(np.mean(far)) < 3 / np.sqrt(len(far))
    assert 0.75 < np.std(far) < 1.3


def made_table(rng, criteria, persons=120, raters=12):
    """Three of the raters score each person; effects are normal."""
    person, severe = rng.standard_normal(persons), np.sqrt(0.3) * rng.standard_normal(raters)
    rows = []
    for p in range(persons):
        for r in rng.permutation(raters)[:3]:
            own = np.sqrt(0.2) * rng.standard_normal() * (criteria > 1)
            error = np.sqrt(0.5) * rng.standard_normal(criteria)
            rows += [(p, r, c, person[p] + severe[r] + own + error[c]) for c in range(criteria)]
    table = pd.DataFrame(rows, columns=["person", "rater_id", "criterion_id", "level"])
    return table if criteria > 1 else table.drop(columns="criterion_id")


def small(**columns):
    made = {"person": [1, 1, 2, 2], "rater_id": ["a", "b", "a", "b"], "level": [1.0, 2, 3, 3]}
    return pd.DataFrame(made | columns)


def test_a_negative_component_is_left_negative_by_mean_squares_and_nought_by_likelihood():
    # Levels 1 2 / 3 3 / 2 1 have rater means 2 and 2: MS_r = 0, less than chance would give.
    table = pd.DataFrame(
        [(1, "a", 1), (1, "b", 2), (2, "a", 3), (2, "b", 3), (3, "a", 2), (3, "b", 1)],
        columns=["person", "rater_id", "level"],
    )
    study = read_study(table)
    # Residuals ∓.5 ±.5 0 0 ±.5 ∓.5: SS 1, df 2, MS .5; σ²_r = (0 − .5)/3.
    assert by_mean_squares(study).variance["rater"] == pytest.approx(-1 / 6)
    found = by_restricted_likelihood(study)
    assert found.variance["rater"] == 0.0
    assert found.se["rater"] is None


def test_designs_are_seen_from_the_table():
    crossed = small(criterion_id=["k", "k", "k", "k"])
    assert read_study(crossed).design == "p_r"
    assert study_of(CASES["brennan_2001_table_3.2"]).design == "p_rt"
    assert study_of(CASES["austria_writing1_p_r_c"]).design == "p_r_c"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        (small().drop(columns="rater_id"), "rater missing"),
        (small(level=[1, 2, "good", 3]), "level 'good' of person 2 by rater a is no number"),
        (small(rater_id=["a", "a", "a", "b"]), "person 1 has two scores by rater a"),
        (small(person=[1, 1, 1, 1], rater_id=list("abcd")), "1 person in the table"),
        (small(rater_id=["a", None, "a", "b"]), "row 2 has no rater"),
        (small(person=[1, 2, 3, 4], rater_id=list("abab")), "cannot be told apart"),
    ],
)
def test_a_table_nothing_can_be_told_from_is_refused_with_the_row(table, words):
    with pytest.raises(ScoringError, match=words):
        read_study(table)


def test_scores_that_never_differ_have_no_variance_to_share():
    study = read_study(small(level=[2, 2, 2, 2]))
    with pytest.raises(ScoringError, match="all 4 are 2"):
        by_restricted_likelihood(study)
