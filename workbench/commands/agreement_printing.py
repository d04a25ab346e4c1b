"""How ``workbench agreement`` prints: a table of coefficients, then what its letters and numbers say."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import isnan
from typing import Any

import click

from workbench.commands.reporting import print_columns
from workbench.messages import has, text

_COLUMNS = ("group", "coefficient", "weights", "value", "interval", "n_units", "n_raters", "note")
RANGE = "leave_one_rater_out"
"""The one pair of bounds that has no stated coverage."""


def print_agreement(rows: Sequence[Mapping[str, Any]], level: float, clusters: str) -> None:
    """Print coefficients; methods of intervals by letter, remarks by number, each said once below.

    Parameters
    ----------
    level : coverage of the intervals, as a share
    clusters : column of what the intervals take for independent; empty for units
    """
    methods: dict[str, str] = {}
    remarks: dict[str, str] = {}
    print_columns(_COLUMNS, [_told(row, methods, remarks) for row in rows])
    for kind, letter in methods.items():
        method = text(f"agreement.interval.{kind}")
        named = "range" if kind == RANGE else "method"
        click.echo(text(f"agreement.{named}", letter=letter, method=method, level=f"{level:.0%}"))
    if methods:
        by = text("agreement.clusters" if clusters else "agreement.units", column=clusters)
        click.echo(by)
    for note, number in remarks.items():
        click.echo(f"[{number}] {_sentence(note)}")
    if any("units2plus" in row["coefficient"] for row in rows):
        click.echo(text("agreement.conventions"))


def _told(
    row: Mapping[str, Any], methods: dict[str, str], remarks: dict[str, str]
) -> dict[str, Any]:
    """One coefficient as the table shows it; letters and numbers are given as they come up."""
    numbers = [
        remarks.setdefault(part, str(len(remarks) + 1))
        for part in filter(None, row["note"].split(";"))
    ]
    return {
        "group": f"{_named('by', row['by'])} {row['group']}".strip(),
        "coefficient": _coefficient(row),
        "weights": _named("weights", row["weights"]),
        "value": _number(row["value"]),
        "interval": _interval(row, methods),
        "n_units": row["n_units"],
        "n_raters": row["n_raters"],
        "note": "".join(f"[{number}]" for number in numbers),
    }


def _sentence(note: str) -> str:
    from workbench.services.agreement import explain_note

    return " ".join(explain_note(note))


def _coefficient(row: Mapping[str, Any]) -> str:
    category = str(row["weights"])
    words = text(f"level.{category}") if has(f"level.{category}") else _named("weights", category)
    key = f"agreement.coefficient.{row['coefficient']}"
    weighted = f"{key}_weighted"
    equals_only = category == "identity" or not has(weighted)
    return text(key if equals_only else weighted, category=words)


def _named(kind: str, name: object) -> str:
    key = f"agreement.{kind}.{name}"
    if has(key):
        return text(key)
    return text(f"level.{name}") if has(f"level.{name}") else str(name)


def _interval(row: Mapping[str, Any], methods: dict[str, str]) -> str:
    low, high = row["lo"], row["hi"]
    if not _known(low) or not _known(high):
        return ""
    letter = methods.setdefault(row["interval"], chr(ord("a") + len(methods)))
    return f"{_number(low)} … {_number(high)} {letter}"


def _number(value: float | None) -> str:
    return text("agreement.undefined") if value is None or isnan(value) else f"{value:.3f}"


def _known(value: float | None) -> bool:
    return value is not None and not isnan(value)
