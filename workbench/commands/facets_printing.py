"""How ``workbench facets`` prints: the decision and what to do first, then the tables."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import click

from workbench.commands.reporting import print_columns
from workbench.messages import has, text

_RATERS = "rater severity se zero infit outfit n_ratings note"
_ROUND_RATERS = "rater severity se zero pass_rate infit outfit n_ratings note"
_CRITERIA = "criterion difficulty se infit outfit n_ratings"
_THRESHOLDS = "threshold_of level threshold se"
_UNEXPECTED = "person criterion rater given expected"
_INTERACTIONS = "rater part effect se q n_pieces"
_MOST = 10
"""Unexpected ratings and interactions shown; the rest is in the JSON."""

_MOST_CRITERIA, _HARDEST = 40, 15
"""Criteria up to which all are shown, and how many where there are more."""

_FDR = 0.05


def print_facets(found: Mapping[str, Any]) -> None:
    """Print a report of ``facets``, of a table, of marks or of a workspace."""
    click.echo(text(f"facets.decision.{found['decision']}"))
    click.echo(found["next_action"])
    if not found["raters"]:
        return
    click.echo(_head(found))
    of_round = any(row.get("pass_rate_change") is not None for row in found["raters"])
    held = found.get("anchored", ())
    alone = len(found["panels"]) < 2
    rows = (_rater(row, held, alone=alone) for row in found["raters"])
    print_columns((_ROUND_RATERS if of_round else _RATERS).split(), rows)
    _print_criteria(found["criteria"])
    _print_part("thresholds", _THRESHOLDS, map(_threshold, found["thresholds"]))
    _print_part("unexpected", _UNEXPECTED, map(_unexpected, found["unexpected"][:_MOST]))
    told = [row for row in found["interactions"] if row["q"] is not None and row["q"] <= _FDR]
    _print_part("interactions", _INTERACTIONS, map(_interaction, told[:_MOST]))
    click.echo(_summary(found))
    click.echo(text("facets.more", persons=len(found["persons"])))


def _print_criteria(rows: Sequence[Mapping[str, Any]]) -> None:
    """Print all criteria of a table; of the hundreds of a round the hardest."""
    if len(rows) <= _MOST_CRITERIA:
        print_columns(_CRITERIA.split(), map(_numbers, rows))
        return
    hardest = sorted(rows, key=lambda row: -row["difficulty"])[:_HARDEST]
    click.echo(text("facets.hardest", shown=_HARDEST, count=len(rows)))
    print_columns(_CRITERIA.split(), map(_numbers, hardest))


def _print_part(name: str, columns: str, rows: Iterable[Mapping[str, Any]]) -> None:
    listed = list(rows)
    if listed:
        click.echo(text(f"facets.part.{name}"))
        print_columns(columns.split(), listed)


def _head(found: Mapping[str, Any]) -> str:
    """Name the model and the estimator, and what they were given."""
    method = found.get("method", "mml")
    said = text(
        "facets.head",
        model=text(f"facets.model.{found.get('model', 'marks')}"),
        method=text(f"facets.method.{method}"),
        raters=len(found["raters"]),
        criteria=len(found["criteria"]),
        persons=len(found["persons"]),
    )
    if method == "jmle":
        said += "\n" + text("facets.compatibility", factor=f"{found['shrinkage']:.3f}")
    return said


def _rater(row: Mapping[str, Any], held: Iterable[str], *, alone: bool) -> dict[str, Any]:
    """Row of a rater; where there is one panel only, the own panel is everybody."""
    notes = [text("facets.note.extreme")] if row.get("extreme") else []
    notes += [text("facets.note.anchored")] if row["rater"] in held else []
    for kind in ("infit", "outfit"):
        low, high = row.get(f"{kind}_lo"), row.get(f"{kind}_hi")
        if low is not None and row[kind] < low:
            notes.append(text(f"facets.note.{kind}_low"))
        if high is not None and row[kind] > high:
            notes.append(text(f"facets.note.{kind}_high"))
    against = row.get("zero", "all")
    zero = f"facets.zero.{'all' if alone and against == 'own_panel' else against}"
    return _numbers(row) | {
        "zero": text(zero) if has(zero) else "",
        "pass_rate": _change(row),
        "note": "\n".join(notes),
    }


def _change(row: Mapping[str, Any]) -> str:
    if row.get("pass_rate_change") is None:
        return ""
    low, high = sorted((row["pass_rate_change_lo"], row["pass_rate_change_hi"]))
    return f"{row['pass_rate_change']:+.1%} ({low:+.1%} … {high:+.1%})"


def _threshold(row: Mapping[str, Any]) -> dict[str, Any]:
    return _numbers(row) | {
        "threshold_of": row["criterion"] or text("facets.all_criteria"),
        "level": row["level"],
    }


def _unexpected(row: Mapping[str, Any]) -> dict[str, Any]:
    """Ratings of a table have a residual, marks the chance they had."""
    if "chance" in row:
        given, expected = row["met"], text("facets.chance", share=f"{row['chance']:.1%}")
    else:
        given, expected = row["level"], _number(row["expected"])
    return {**row, "given": given, "expected": expected}


def _interaction(row: Mapping[str, Any]) -> dict[str, Any]:
    """Name the fields of a table's interactions and of a round's alike."""
    return {
        "rater": row["rater"],
        "part": row.get("part") or row["with"],
        "effect": _number(row.get("effect", row.get("bias"))),
        "se": _number(row["se"]),
        "q": f"{row['q']:.3f}",
        "n_pieces": row.get("persons", row.get("n_reads")),
    }


def _summary(found: Mapping[str, Any]) -> str:
    lines = [
        text(
            "facets.summary",
            separation=_number(found["separation"]),
            strata=_number(found["strata"]),
            reliability=_number(found["reliability"]),
            person_sd=_number(found["person_sd"]),
        )
    ]
    if found["halo_sd"] is not None:
        lines.append(text("facets.halo", halo_sd=_number(found["halo_sd"])))
    agreed = found["agreement"]
    if agreed and agreed["observed"] is not None:
        lines.append(
            text(
                "facets.agreement",
                pairs=agreed["pairs"],
                observed=f"{agreed['observed']:.1%}",
                expected=f"{agreed['expected']:.1%}",
            )
        )
    return "\n".join(lines)


def _numbers(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = {
        key: _number(value) if isinstance(value, float) else value for key, value in row.items()
    }
    return shown | {"n_ratings": row.get("n")}


def _number(value: float | None) -> str:
    return text("agreement.undefined") if value is None else f"{value:.2f}"
