"""Printing the impact of a policy or rubric, for the commands that ask for it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import click

from workbench.commands.printing import print_json
from workbench.commands.reporting import print_columns, subject_words
from workbench.messages import has, text

if TYPE_CHECKING:
    from workbench.services.impact import Impact

_COLUMNS = ("school_id", "teacher_id", "competency", "before", "after")


def print_impacts(impacts: Sequence[Impact], as_json: bool) -> None:
    """Print round by round how many results would change, and which."""
    if as_json:
        print_json([row for each in impacts for row in each.as_json()])
        return
    for each in impacts:
        told = {"round": each.round_name, "count": len(each.rows), "results": each.results}
        click.echo(text("impact.round", **told))
        rows = [
            {
                **row,
                "competency": subject_words(row["competency"]),
                "before": outcome_words(row["before"]),
                "after": outcome_words(row["after"]),
            }
            for row in each.rows
        ]
        if rows:
            print_columns(_COLUMNS, rows)


def outcome_words(outcome: str) -> str:
    """Level, or the reason there is none, in the language of the run."""
    key = f"level.{outcome}"
    return text(key if has(key) else f"reason_none.{outcome}")
