"""How commands print: rows as JSON, rows as a table, faults of files."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

import click

from workbench.messages import text

if TYPE_CHECKING:  # tables load it, which verifying a sheet does without
    from rich.console import Console

json_option = click.option("--json", "as_json", is_flag=True, help="机器可读 / machine-readable")
_WIDTH = 140  # where the output is no terminal


def print_json(rows: object) -> None:
    """Print rows as one JSON document."""
    click.echo(json.dumps(rows, ensure_ascii=False, indent=2))


def console() -> Console:
    """Console on the present standard output; wide where that is a file or a pipe."""
    from rich.console import Console

    plain = Console(highlight=False)
    return plain if plain.is_terminal else Console(highlight=False, width=_WIDTH)


def print_table(headings: Sequence[str], rows: Iterable[Sequence[Any]], unbroken: int = 1) -> None:
    """Print rows under headings; what stands in a cell is never read as markup.

    The first ``unbroken`` columns, which name the row, stay on one line.
    """
    from rich import box
    from rich.table import Table
    from rich.text import Text

    table = Table(box=box.SIMPLE_HEAD, pad_edge=False)
    for number, heading in enumerate(headings):
        table.add_column(heading, overflow="fold", no_wrap=number < unbroken)
    for row in rows:
        table.add_row(*(Text(str(cell)) for cell in row))
    console().print(table)


def print_faults(rows: Sequence[dict[str, Any]]) -> None:
    """Print the faults of files, or that there are none."""
    if not rows:
        click.echo(text("fault.none"))
        return
    headings = [text(f"fault.column.{name}") for name in ("file", "key", "message", "remedy")]
    shown = ([row["file"], _place(row), row["message"], row["remedy"]] for row in rows)
    print_table(headings, shown, unbroken=0)
    click.echo(text("fault.count", count=len(rows)))


def print_changes(rows: Sequence[dict[str, Any]]) -> None:
    """Print what changed from one thing to another, or that nothing did."""
    if not rows:
        click.echo(text("catalogue.same"))
        return
    print_table(
        [text(f"catalogue.column.{name}") for name in ("key", "change", "before", "after")],
        (
            [
                row["key"],
                text(f"catalogue.change.{row['change']}"),
                "" if row["change"] == "added" else written(row["before"]),
                "" if row["change"] == "removed" else written(row["after"]),
            ]
            for row in rows
        ),
    )


def _place(row: dict[str, Any]) -> str:
    return f"{row['key']} ({row['subject']})" if row["subject"] else row["key"]


def written(value: object) -> str:
    """Write a value in the language of the run: yes or no, none, a list joined."""
    if value is None:
        return text("catalogue.nothing")
    if isinstance(value, bool):
        return text("catalogue.yes") if value else text("catalogue.no")
    if isinstance(value, list) and all(isinstance(part, str) for part in value):
        return text("catalogue.and").join(value)
    if isinstance(value, list | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
