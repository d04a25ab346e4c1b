"""Files for outsiders: no names, the same data in each, and the results they should find."""

from __future__ import annotations

import csv
import io

import numpy as np
import pandas as pd
import pytest

from scoring.facets.coding import read_facets
from scoring.facets.scale_model import ScaleModel
from workbench.exports.facets_files import disguise, facets_files

NAMES = ("张三", "李四", "王五", "赵六")


@pytest.fixture
def ratings():
    rng = np.random.default_rng(4)
    cells = [
        (f"teacher-{person:02d}", criterion, rater, str(level))
        for person in range(30)
        for rater in NAMES
        for criterion, level in zip("ab", rng.integers(0, 3, 2), strict=True)
    ]
    return read_facets(pd.DataFrame(cells, columns=["person", "criterion_id", "rater_id", "level"]))


def report(ratings, model="rsm"):
    fit = ScaleModel().fit(ratings)
    raters = [
        {"rater": name, "severity": value, "se": 0.1, "infit": 1.0, "outfit": 1.0}
        for name, value in zip(ratings.raters, fit.severity_, strict=True)
    ]
    return {
        "model": model, "deviance": fit.deviance_, "person_sd": fit.person_sd_, "raters": raters,
        "criteria": [], "thresholds": [], "persons": [],
    }  # fmt: skip


def table(words):
    return list(csv.DictReader(io.StringIO(words)))


def test_no_name_of_a_person_or_rater_is_in_any_file(ratings):
    for words in facets_files(ratings, report(ratings), 1).values():
        assert not any(name in words for name in (*NAMES, "teacher-"))


def test_fitting_the_exported_ratings_gives_the_expected_results(ratings):
    files = facets_files(ratings, report(ratings), 1)
    names = {"criterion": "criterion_id", "rater": "rater_id", "score": "level"}
    again = read_facets(
        pd.read_csv(io.StringIO(files["ratings.csv"]), dtype=str).rename(columns=names)
    )
    fit = ScaleModel().fit(again)
    expected = {
        row["element"]: float(row["measure"])
        for row in table(files["expected.csv"])
        if row["facet"] == "rater"
    }
    for name, severity in zip(again.raters, fit.severity_, strict=True):
        assert severity == pytest.approx(expected[name], abs=6e-5)


def test_the_specification_holds_every_rating_once_by_place(ratings):
    files = facets_files(ratings, report(ratings), 1)
    head, data = files["facets.txt"].split("Data =\n")
    labels = {}
    for block in head.split("Labels =\n")[1].split("*\n")[:3]:
        title, *lines = block.strip().split("\n")
        labels[title.split(", ")[1]] = dict(line.split("=") for line in lines)
    rows = [line.split(",") for line in data.strip().split("\n")]
    told = sorted(
        (labels["Persons"][a], labels["Raters"][b], labels["Criteria"][c], k) for a, b, c, k in rows
    )
    assert told == sorted(tuple(row.values()) for row in table(files["ratings.csv"]))


@pytest.mark.parametrize(
    ("model", "line", "formula"),
    [
        ("rsm", "Model = ?,?,?,R2", "~ item + rater + step"),
        ("pcm", "Model = ?,?,#,R2", "~ item + item:step + rater"),
    ],
)
def test_each_program_is_told_the_model(ratings, model, line, formula):
    files = facets_files(ratings, report(ratings, model), 1)
    assert line in files["facets.txt"].splitlines()
    assert formula in files["tam.R"]
    assert f'model = "{model.upper()}"' in files["mfrmr.R"]


def test_codes_are_shuffled_and_another_seed_shuffles_anew(ratings):
    one, other = disguise(ratings, 1), disguise(ratings, 2)
    assert sorted(one.persons) == sorted(other.persons)
    assert one.persons != other.persons
    assert list(one.persons) != sorted(one.persons)
