"""``workbench feedback``: notes to teachers, and the chair's own words on a criterion."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import folder, print_columns, school_option
from workbench.context import Context
from workbench.messages import text


@click.group(invoke_without_command=True)
@click.option("--out", type=folder, help="写到哪个文件夹 / folder to write to")
@school_option
@click.pass_context
def command(ctx: click.Context, out: Path | None, schools: tuple[str, ...]) -> None:
    """反馈单：写出每份应发的反馈单。 / Feedback: write every note that is due."""
    if ctx.invoked_subcommand is not None:
        return
    if out is None:
        raise click.UsageError("--out DIR", ctx)
    from workbench.services.feedback_notes import write_feedback
    from workbench.services.schools import find_schools

    context: Context = ctx.obj
    workspace = context.workspace()
    chosen = find_schools(workspace, schools)
    written = write_feedback(workspace, out, context.today(), chosen)
    click.echo(text("feedback_notes.written", count=len(written), folder=out))


@command.command()
@school_option
@json_option
@click.pass_obj
def give(context: Context, schools: tuple[str, ...], as_json: bool) -> None:
    """登记反馈单已送达，补测期限自当日起算。 / Record that notes were handed over; time runs from today."""
    from workbench.services.resubmission import give_feedback
    from workbench.services.schools import find_schools

    workspace = context.workspace()
    given = give_feedback(workspace, find_schools(workspace, schools), context.act())
    if as_json:
        print_json([each.as_json() for each in given])
        return
    click.echo(text("feedback_notes.given", count=len(given)))
    if not given:
        return
    print_columns(
        ("teacher_id", "competency", "slot", "until"),
        (
            {
                "teacher_id": each.teacher_id,
                "competency": each.competency,
                "slot": text("catalogue.and").join(each.slots) or "—",
                "until": each.until or "—",
            }
            for each in given
        ),
    )


@command.command()
@click.argument("piece")
@click.argument("criterion")
@click.option("--words", required=True, help="给教师的说明，不写评审员姓名 / names no reviewer")
@click.option("--place", default="", help="在证据中的位置 / where in the evidence")
@click.pass_obj
def reason(context: Context, piece: str, criterion: str, words: str, place: str) -> None:
    """登记评审组长对某条指标的说明。 / Keep the chair's words on a criterion."""
    from workbench.services.feedback import add_reason

    add_reason(context.workspace(), piece, criterion, words, place, context.act())
    click.echo(text("feedback_notes.reason_kept", piece=piece, criterion=criterion))
