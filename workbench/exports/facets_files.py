"""Files with which outsiders fit the facets model again: marks without names, programs' own input, results.

FACETS takes the specification with the data in it; the R scripts read the table.
Codes stand for persons and raters in shuffled order, so that a list of names does not
give them away.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from scoring.facets.coding import FacetRatings

_TAM = """# Needs the R package TAM. Severities are expected in expected.csv (facet "rater").
library(TAM)
long <- read.csv("ratings.csv")
wide <- reshape(long, idvar = c("person", "rater"), timevar = "criterion", direction = "wide")
items <- grep("^score", names(wide))
names(wide)[items] <- sub("score.", "", names(wide)[items], fixed = TRUE)
fit <- tam.mml.mfr(resp = wide[, items, drop = FALSE],
                   facets = wide[, "rater", drop = FALSE], pid = wide$person,
                   formulaA = {formula},
                   control = list(nodes = seq(-8, 8, len = 41), conv = 1e-5))
print(fit$xsi.facets)
cat("deviance", fit$deviance, "person variance", fit$variance, "\\n")
"""
_MFRMR = """# Needs the R package mfrmr. Its marginal fit holds the person SD at 1, so severities come out
# nearer to 0 than in expected.csv; order and fit compare, sizes do not.
library(mfrmr)
long <- read.csv("ratings.csv")
fit <- fit_mfrm(long, person = "person", facets = c("rater", "criterion"), score = "score",
                method = "MML", model = "{model}"{step_facet})
print(summary(fit))
"""


@dataclass(frozen=True)
class Disguise:
    """Codes of persons and raters; criteria keep their names."""

    persons: tuple[str, ...]
    raters: tuple[str, ...]


def disguise(ratings: FacetRatings, random_seed: int) -> Disguise:
    """Draw codes: P0001 … and R01 … in shuffled order."""
    rng = np.random.default_rng(random_seed)
    return Disguise(_codes("P", len(ratings.persons), rng), _codes("R", len(ratings.raters), rng))


def facets_files(
    ratings: FacetRatings, report: Mapping[str, Any], random_seed: int
) -> dict[str, str]:
    """Texts of all files by name.

    Parameters
    ----------
    ratings : the table as it was fitted
    report : of the fit, as ``facets --json``; gives what others should find
    random_seed : of the order of the codes; keep it to yourself, it undoes them

    Returns
    -------
    dict
        ``ratings.csv``, ``facets.txt``, ``tam.R``, ``mfrmr.R`` and ``expected.csv``.
    """
    hidden = disguise(ratings, random_seed)
    pcm = report["model"] == "pcm"
    formula = "~ item + item:step + rater" if pcm else "~ item + rater + step"
    if len(ratings.levels) == 2:
        formula = "~ item + rater"  # two levels have one threshold, the difficulty
    step_facet = ',\n                step_facet = "criterion"' if pcm else ""
    return {
        "ratings.csv": _table(("person", "rater", "criterion", "score"), _rows(ratings, hidden)),
        "facets.txt": _specification(ratings, hidden, pcm=pcm),
        "tam.R": _TAM.format(formula=formula),
        "mfrmr.R": _MFRMR.format(model="PCM" if pcm else "RSM", step_facet=step_facet),
        "expected.csv": _table(
            ("facet", "element", "measure", "se", "infit", "outfit"),
            _expected(ratings, hidden, report),
        ),
    }


def severities_file(
    raters: Sequence[str], hidden: Disguise, rows: Sequence[Mapping[str, Any]]
) -> str:
    """Severities of the round's own model by code, for those who fit its halo too.

    Parameters
    ----------
    raters : names, in the order of the codes of ``hidden``
    rows : ``raters`` of the analysis ``facets``
    """
    code = dict(zip(raters, hidden.raters, strict=True))
    names = ("severity", "se", "pass_rate_change", "infit", "outfit")
    told = sorted(
        (code[row["rater"]], row["zero"], row["n"], *_numbers(row, *names))
        for row in rows
        if row["rater"] in code
    )
    return _table(("rater", "zero", "marks", *names), told)


def _codes(letter: str, count: int, rng: np.random.Generator) -> tuple[str, ...]:
    width = max(2, len(str(count)))
    return tuple(f"{letter}{place + 1:0{width}d}" for place in rng.permutation(count))


def _rows(ratings: FacetRatings, hidden: Disguise) -> list[Sequence[object]]:
    """Ratings by code, in the order of the codes, so that the order of the table tells nothing."""
    rows = [
        (hidden.persons[person], hidden.raters[rater], ratings.criteria[criterion], int(level))
        for person, rater, criterion, level in zip(
            ratings.person, ratings.rater, ratings.criterion, ratings.level, strict=True
        )
    ]
    return [list(row) for row in sorted(rows)]


def _specification(ratings: FacetRatings, hidden: Disguise, *, pcm: bool) -> str:
    """Specification of FACETS; ``#`` gives every criterion its own thresholds."""
    person, rater = _places(hidden.persons), _places(hidden.raters)
    head = [
        "Title = Evidence Workbench, facets model",
        "Facets = 3 ; persons, raters, criteria",
        "Positive = 1 ; harsher raters and harder criteria have higher measures",
        "Noncentered = 1",
        f"Model = ?,?,{'#' if pcm else '?'},R{len(ratings.levels) - 1}",
        "Labels =",
    ]
    for number, (facet, names) in enumerate(
        (
            ("Persons", sorted(hidden.persons)),
            ("Raters", sorted(hidden.raters)),
            ("Criteria", list(ratings.criteria)),
        ),
        1,
    ):
        head.append(f"{number}, {facet}")
        head += [f"{place}={name}" for place, name in enumerate(names, 1)]
        head.append("*")
    rows = sorted(
        zip(
            person[ratings.person], rater[ratings.rater], ratings.criterion + 1, ratings.level,
            strict=True,
        )
    )  # fmt: skip
    data = [",".join(str(int(value)) for value in row) for row in rows]
    return "\n".join([*head, "Data =", *data, ""])


def _places(codes: Sequence[str]) -> NDArray[np.int64]:
    """Place of each code in their order, from 1."""
    made = np.empty(len(codes), np.int64)
    made[np.argsort(np.array(codes))] = np.arange(1, len(codes) + 1)
    return made


def _expected(
    ratings: FacetRatings, hidden: Disguise, report: Mapping[str, Any]
) -> list[Sequence[object]]:
    """What others should find, to four decimals."""
    code = dict(zip(ratings.raters, hidden.raters, strict=True))
    person = dict(zip(ratings.persons, hidden.persons, strict=True))
    rows: list[Sequence[object]] = [
        ("summary", "deviance", _round(report["deviance"]), "", "", ""),
        ("summary", "person_sd", _round(report["person_sd"]), "", "", ""),
    ]
    rows += sorted(
        ("rater", code[row["rater"]], *_numbers(row, "severity", "se", "infit", "outfit"))
        for row in report["raters"]
    )
    rows += [
        ("criterion", row["criterion"], *_numbers(row, "difficulty", "se", "infit", "outfit"))
        for row in report["criteria"]
    ]
    rows += [
        (f"step {row['criterion'] or ''}".strip(), row["level"], *_numbers(row, "threshold", "se"))
        for row in report["thresholds"]
    ]
    rows += sorted(
        ("person (WLE)", person[row["person"]], *_numbers(row, "wle", "wle_se"))
        for row in report["persons"]
    )
    return rows


def _numbers(row: Mapping[str, Any], *names: str) -> list[object]:
    return [_round(row[name]) for name in names]


def _round(value: float | None) -> object:
    return "" if value is None else f"{value:.4f}"


def _table(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    into = io.StringIO()
    writer = csv.writer(into, lineterminator="\n")
    writer.writerow(header)
    writer.writerows(rows)
    return into.getvalue()
