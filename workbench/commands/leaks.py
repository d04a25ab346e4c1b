"""``workbench leaks``: look through the masked copies for what still tells whose they are."""

from __future__ import annotations

import sys

import click

from workbench.commands.printing import json_option, print_json, print_table
from workbench.commands.reporting import progress
from workbench.context import Context
from workbench.messages import text

_COLUMNS = ("piece_id", "file", "seen", "where", "kind", "excerpt", "remedy")


@click.command()
@click.option("--all", "everything", is_flag=True, help="也列仅原件里有的 / those of originals too")
@json_option
@click.pass_obj
def command(context: Context, everything: bool, as_json: bool) -> None:
    """检查遮盖副本是否还认得出作者。 / See whether masked copies still tell their authors."""
    from workbench.services.leak_scan import as_rows, scan

    with progress(text("leaks.scanning")) as tick:
        report = scan(context.workspace(), context.act(), tick)
    rows = [row for row in as_rows(report) if everything or row["seen"] != "original"]
    if as_json:
        print_json(rows)
    else:
        if rows:
            heads = [text(f"leaks.column.{name}") for name in _COLUMNS]
            print_table(heads, ([_cell(name, row[name]) for name in _COLUMNS] for row in rows))
        counts = {"open": len(report.open), "original": report.counts.get("original", 0)}
        click.echo(text("leaks.done", files=report.files, blank=report.blank, **counts))
        click.echo(text("leaks.pictures"))
        if report.uncopied:
            click.echo(text("leaks.uncopied", count=report.uncopied))
        if report.unread:
            click.echo(text("leaks.unread", count=len(report.unread)))
    if report.open:
        sys.exit(1)


def _cell(name: str, value: str) -> str:
    return text(f"leaks.{name}.{value}") if name in ("seen", "where", "kind", "remedy") else value
