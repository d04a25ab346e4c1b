"""``workbench roster``: import schools, teachers and raters, and show how many there are."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, print_columns
from workbench.context import Context
from workbench.messages import text

_COLUMNS = ("school_id", "school", "teachers", "raters", "pieces", "window")


@click.group()
def command() -> None:
    """名册：导入学校、教师和评审员。 / Roster: schools, teachers and reviewers."""


@command.command("import")
@click.argument("file", type=existing_file)
@click.option("--school", default="", help="名册未写学校时所属的学校 / school where no column says")
@click.pass_context
def import_(ctx: click.Context, file: Path, school: str) -> None:
    """导入名册。 / Import a roster."""
    from workbench.services import roster

    context: Context = ctx.obj
    report = roster.import_roster(
        context.workspace(), file, context.act(), context.fresh, school=school
    )
    for sheet, remark in report.faults:
        click.echo(text("roster_report.line", sheet=sheet, sentence=remark.sentence()))
    for sheet in report.skipped:
        click.echo(text("roster_report.skipped", sheet=sheet))
    click.echo(
        text(
            "roster_report.taken",
            schools=report.schools,
            teachers=report.teachers,
            raters=report.raters,
        )
    )
    ctx.exit(int(any(remark.severity == "reject" for _, remark in report.faults)))


@command.command()
@json_option
@click.pass_obj
def show(context: Context, as_json: bool) -> None:
    """各校人数、证据数和提交窗口。 / People, pieces and window of each school."""
    from workbench.services.schools import school_rows

    rows = school_rows(context.workspace())
    if as_json:
        print_json(rows)
        return
    print_columns(_COLUMNS, ({**row, "window": text(f"window.{row['window']}")} for row in rows))
