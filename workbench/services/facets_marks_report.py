"""Tables of a fitted marks model: flat objects, the decision and what to do first before them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from rubrics.policy_pack import PolicyPack
from scoring.discovery import benjamini_hochberg
from scoring.facets.connectedness import WeakLink, connectedness
from scoring.facets.fit_statistics import separation
from scoring.facets.marks_coding import IntArray, MarkCodes
from scoring.facets.marks_fit import FitStatistics, Residuals, interactions
from scoring.facets.marks_model import MarksModel
from scoring.facets.marks_panels import Severities
from scoring.facets.readiness import Readiness, Reason
from workbench.messages import language, text

EXPERT = "*"
"""Rater that stands for the experts' marks on seeds; no person has this id."""

_SURPRISES = 20  # marks a person will look at
_SURPRISING = 0.05  # chance of the mark given

Changes = Sequence[Sequence[float]]


def marks_report(decided: Readiness, content: Mapping[str, Any]) -> dict[str, Any]:
    """Every key of ``facets --json`` on marks, the decision first; what was not computed empty or None."""
    first = decided.reasons[0] if decided.reasons else None
    empty: dict[str, Any] = {
        "subsets": 0, "weak_links": [], "raters": [], "criteria": [], "thresholds": [], "persons": [],
        "deviance": None, "person_sd": None, "teacher_sd": None, "piece_sd": None,
        "halo_sd": None, "separation": None, "strata": None, "reliability": None,
        "agreement": None, "iterations": 0, "panels": [], "interactions": [], "unexpected": [],
    }  # fmt: skip
    return {
        "decision": decided.decision,
        "next_action": _next_action(first),
        "reasons": [{"code": reason.code, "ids": list(reason.ids)} for reason in decided.reasons],
        **empty,
        **content,
    }


def _next_action(reason: Reason | None) -> str:
    if reason is None:
        return text("facets_of_marks.next.none")
    key = f"facets_of_marks.next.{reason.code}"
    shown = reason.ids[:5] + (("…",) if len(reason.ids) > 5 else ())
    names = ("、" if language() == "zh" else ", ").join(shown)
    return text(key, ids=names, n=len(reason.ids))


def summary(model: MarksModel, severities: Severities) -> dict[str, Any]:
    """Deviance, spreads, and how far raters differ beyond their errors; the experts and extremes left out."""
    judged = [
        place
        for place, rater in enumerate(model.raters_)
        if rater != EXPERT and rater not in model.extreme_raters_
    ]
    apart = separation(severities.value[judged], severities.se[judged])
    agreed = model.exact_agreement(without=EXPERT)
    return {
        "subsets": int(severities.network.max()) + 1,
        "deviance": model.deviance_,
        "person_sd": float(np.hypot(model.teacher_sd_, model.piece_sd_)),
        "teacher_sd": model.teacher_sd_,
        "piece_sd": model.piece_sd_,
        "halo_sd": model.halo_sd_,
        "separation": known(apart.separation),
        "strata": known(apart.strata),
        "reliability": known(apart.reliability),
        "agreement": {
            "pairs": agreed.pairs,
            "observed": known(agreed.observed),
            "expected": known(agreed.expected),
        },
        "iterations": model.iterations_,
    }


def links_of_marks(codes: MarkCodes, weak: int) -> tuple[WeakLink, ...]:
    """Links of at most ``weak`` pieces that alone hold two groups of raters together."""
    return connectedness(
        codes.read_piece, codes.read_rater, len(codes.pieces), len(codes.raters), weak
    ).weak_links


def link_rows(codes: MarkCodes, links: Sequence[WeakLink]) -> list[dict[str, Any]]:
    """One object a weak link: raters of its smaller part, of the rest, and the pieces that join them."""
    return [
        {
            "raters": [codes.raters[code] for code in link.raters],
            "others": [codes.raters[code] for code in link.others],
            "persons": [codes.pieces[code] for code in link.persons],
        }
        for link in links
    ]


def rater_rows(
    model: MarksModel, severities: Severities, fit: FitStatistics, changes: Changes
) -> list[dict[str, Any]]:
    """One object a rater, the experts left out.

    ``changes`` holds the change of the pass rate and its ends of each rater; empty where
    no gate is known (a table of marks) or no result is whole.
    """
    counts = model.codes.marks_by_rater()
    reads = np.bincount(model.codes.read_rater, minlength=len(counts))
    rows = []
    for place, rater in enumerate(model.raters_):
        if rater == EXPERT:
            continue
        row = {
            "rater": rater,
            "severity": float(severities.value[place]),
            "se": float(severities.se[place]),
            "shrunken": float(severities.shrunken[place]),
            "zero": severities.zero[place],
            "subset": int(severities.network[place]),
            "infit": known(fit.infit[place]),
            "outfit": known(fit.outfit[place]),
            "n": int(counts[place]),
            "n_reads": int(reads[place]),
            "extreme": rater in model.extreme_raters_,
        }
        for name, limits in (("infit", fit.infit_limits), ("outfit", fit.outfit_limits)):
            ends = (None, None) if limits is None else limits[:, place].tolist()
            row |= {f"{name}_lo": ends[0], f"{name}_hi": ends[1]}
        keys = ("pass_rate_change", "pass_rate_change_lo", "pass_rate_change_hi")
        row |= dict(zip(keys, changes[place] if changes else (None,) * 3, strict=True))
        rows.append(row)
    return rows


def criterion_rows(model: MarksModel) -> list[dict[str, Any]]:
    """One object a criterion."""
    fit = model.criterion_fit()
    counts = model.codes.marks_by_criterion()
    met = model.codes.met_by_criterion()
    return [
        {
            "criterion": criterion,
            "difficulty": float(model.difficulty_[place]),
            "se": float(model.difficulty_se_[place]),
            "infit": known(fit.infit[place]),
            "outfit": known(fit.outfit[place]),
            "n": int(counts[place]),
            "met_share": float(met[place] / counts[place]),
            "extreme": criterion in model.extreme_criteria_,
        }
        for place, criterion in enumerate(model.criteria_)
    ]


def person_rows(model: MarksModel) -> list[dict[str, Any]]:
    """One object a piece."""
    measures = model.pieces()
    names = ("eap", "eap_sd", "wle", "wle_se")
    columns = [[known(value) for value in getattr(measures, name)] for name in names]
    rows = zip(model.pieces_, *columns, strict=True)
    return [dict(zip(("person", *names), row, strict=True)) for row in rows]


def interaction_rows(
    codes: MarkCodes, found: Residuals, school_of: Mapping[str, str], policy: PolicyPack
) -> list[dict[str, Any]]:
    """Cells past the false-discovery rate: rater × school of the piece, rater × criterion."""
    schools = sorted(set(school_of.values()))
    number = {name: place for place, name in enumerate(schools)}
    of_piece = np.array([number.get(school_of.get(piece, ""), -1) for piece in codes.pieces])
    of_mark: IntArray = of_piece[codes.read_piece[codes.mark_read]]
    kinds: tuple[tuple[str, IntArray, Sequence[str]], ...] = (
        ("school", of_mark, schools),
        ("criterion", codes.mark_criterion, codes.criteria),
    )
    rows = []
    for kind, group_of_mark, names in kinds:
        cells = interactions(codes, found, group_of_mark)
        told = np.flatnonzero(
            (cells.n_reads >= policy["flag.severe_rater.min_reads"]) & (cells.se > 0)
        )
        q = benjamini_hochberg(cells.p[told].tolist())
        rows += [
            {
                "kind": kind,
                "rater": codes.raters[cells.rater[cell]],
                "with": names[cells.group[cell]],
                "bias": float(cells.bias[cell]),
                "se": float(cells.se[cell]),
                "p": float(cells.p[cell]),
                "q": float(at),
                "n_reads": int(cells.n_reads[cell]),
            }
            for cell, at in zip(told, q, strict=True)
            if at <= policy["facets.interaction_q"]
        ]
    return rows


def unexpected_rows(codes: MarkCodes, found: Residuals) -> list[dict[str, Any]]:
    """Marks that had the least chance, least first."""
    chance = 1 - np.abs(found.residual)
    least = np.argsort(chance, kind="stable")[:_SURPRISES]
    return [
        {
            "person": codes.pieces[codes.read_piece[codes.mark_read[mark]]],
            "criterion": codes.criteria[codes.mark_criterion[mark]],
            "rater": codes.raters[codes.read_rater[codes.mark_read[mark]]],
            "met": int(codes.met[mark]),
            "chance": float(chance[mark]),
        }
        for mark in least
        if chance[mark] < _SURPRISING
    ]


def known(value: float) -> float | None:
    """Give a number, or None where it is not known."""
    return None if np.isnan(value) else float(value)
