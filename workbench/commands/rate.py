"""``workbench rate``: take in marks, and hand them out again."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, new_file, print_columns
from workbench.context import Context
from workbench.messages import text

if TYPE_CHECKING:
    from workbench.services.rating import ReadReport


@click.group()
def command() -> None:
    """评阅：导入、导出打点。 / Marks: import and export."""


@command.command("import")
@click.argument("file", type=existing_file)
@click.option("--reason", default="", help="改动已有打点时必填 / needed to replace marks")
@json_option
@click.pass_context
def import_(ctx: click.Context, file: Path, reason: str, as_json: bool) -> None:
    """导入打点；每次评阅整份收下或整份退回。 / Import marks; each read whole or not at all."""
    from workbench.services.rating import import_ratings

    context: Context = ctx.obj
    report = import_ratings(context.workspace(), file, context.act(reason), context.fresh)
    if as_json:
        print_json(_as_json(report))
    else:
        _print(report)
    faulty = any(remark.severity == "reject" for remark in report.table_faults)
    ctx.exit(1 if report.refused or faulty else 0)


@command.command("export")
@click.argument("file", type=new_file)
@click.pass_obj
def export_(context: Context, file: Path) -> None:
    """导出现行打点（证据用盲评编号）。 / Export the marks that stand, by blind code."""
    from workbench.services.rating import export_ratings

    click.echo(text("rating.exported", count=export_ratings(context.workspace(), file), file=file))


def _refused(report: ReadReport) -> list[dict[str, Any]]:
    from workbench.services.intake_lines import said

    return [
        {
            "rows": list(read.rows),
            "piece": read.piece,
            "rater": read.rater,
            "codes": [remark.code for remark in read.remarks],
            "reason": said(read.remarks),
        }
        for read in report.refused
    ]


def _as_json(report: ReadReport) -> dict[str, Any]:
    return {
        "new": report.new,
        "unchanged": report.unchanged,
        "by_round": dict(report.by_round or {}),
        "refused": _refused(report),
        "faults": [remark.sentence() for remark in report.table_faults],
    }


def _print(report: ReadReport) -> None:
    for remark in report.table_faults:
        click.echo(remark.sentence())
    if report.refused:
        rows = [{**row, "rows": _span(row["rows"])} for row in _refused(report)]
        print_columns(("rows", "piece", "rater", "reason"), rows)
    click.echo(
        text(
            "rating.taken",
            new=report.new,
            unchanged=report.unchanged,
            refused=len(report.refused),
        )
    )
    for name, count in (report.by_round or {}).items():
        click.echo(text("rating.by_round", round=text(f"round.{name}"), count=count))


def _span(rows: list[int]) -> str:
    return str(rows[0]) if len(rows) == 1 else f"{min(rows)}–{max(rows)}"
