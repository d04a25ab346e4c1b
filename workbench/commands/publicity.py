"""``workbench publicity``: show results before they are certified, and answer objections."""

from __future__ import annotations

from typing import Any

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import (
    print_columns,
    reason_option,
    school_option,
    subject_words,
)
from workbench.context import Context
from workbench.messages import sentence, text

_COLUMNS = ("publication_id", "school_id", "opened_on", "closes_on", "results", "state")


@click.group()
def command() -> None:
    """公示与异议。 / Publicity and objections."""


@command.command("open")
@school_option
@click.pass_obj
def open_(context: Context, schools: tuple[str, ...]) -> None:
    """公示尚未公示的等级。 / Publish every level not published yet."""
    from workbench.services.publicity import open_publicity
    from workbench.services.schools import find_schools

    workspace = context.workspace()
    opened = open_publicity(workspace, find_schools(workspace, schools), context.act())
    for each in opened:
        click.echo(
            text(
                "publicity.opened",
                publication=each.publication_id,
                school=each.school_id,
                results=each.results,
                closes_on=each.closes_on,
            )
        )
        if each.assumed:
            click.echo(text("publicity.assumed"))
    if not opened:
        click.echo(text("publicity.nothing"))


@command.command("object")
@click.argument("teacher")
@click.argument("competency")
@click.option("--by", "raised_by", required=True, help="提出人编号 / id of who objects")
@click.option("--words", required=True, help="异议理由 / grounds")
@click.pass_obj
def object_(context: Context, teacher: str, competency: str, raised_by: str, words: str) -> None:
    """登记异议；对结论有异议，能力点写“结论”。 / Record an objection; COMPETENCY may be ``conclusion``."""
    from workbench.services.publicity import object_to

    code = "" if competency in _conclusions() else competency
    made = object_to(context.workspace(), teacher, code, raised_by, words, context.act())
    click.echo(text("publicity.objected", objection=made))


@command.command()
@click.argument("objection", metavar="ID")
@click.argument("given", metavar="stands|re_read", type=click.Choice(("stands", "re_read")))
@reason_option
@click.pass_obj
def answer(context: Context, objection: str, given: str, reason: str) -> None:
    """答复异议：维持，或由其他评审员重新评阅。 / Answer: the result stands, or is read again."""
    from workbench.services import publicity

    act = context.act(reason)
    pieces = publicity.answer(context.workspace(), objection, given, reason, act)
    click.echo(text(f"publicity.answered.{given}", objection=objection, count=len(pieces)))


@command.command()
@click.argument("objection", metavar="ID")
@click.option("--by", "raised_by", required=True, help="申诉人编号 / id of who appeals")
@click.option("--words", required=True, help="申诉理由 / grounds")
@click.pass_obj
def appeal(context: Context, objection: str, raised_by: str, words: str) -> None:
    """对异议的答复申诉，由评阅组重新评阅。 / Appeal against an answer: a panel reads again."""
    from workbench.services import appeals

    workspace = context.workspace()
    made, pieces = appeals.appeal(workspace, objection, raised_by, words, context.act())
    panel = workspace.policy["publicity.appeal_panel_min"]
    click.echo(text("publicity.appealed", objection=made, count=len(pieces), panel=panel))


@command.command()
@school_option
@click.pass_obj
def close(context: Context, schools: tuple[str, ...]) -> None:
    """结束期满且异议已答复的公示。 / End publicities whose time has passed."""
    from workbench.services.publicity import close_publicity
    from workbench.services.schools import find_schools

    workspace = context.workspace()
    closed = close_publicity(workspace, find_schools(workspace, schools), context.act())
    click.echo(text("publicity.closed", publications=text("catalogue.and").join(closed)))


@command.command("list")
@json_option
@click.pass_obj
def list_(context: Context, as_json: bool) -> None:
    """列出公示和异议。 / List publicities and objections."""
    from workbench.services.objections import overturned_words
    from workbench.services.publicity import list_publicity

    rows = list_publicity(context.workspace())
    if as_json:
        print_json(rows)
        return
    if not rows:
        click.echo(text("publicity.none"))
        return
    print_columns(
        _COLUMNS, ({**row, "state": text(f"publicity.state.{row['state']}")} for row in rows)
    )
    objections = [_objection(each) for row in rows for each in row["objections"]]
    if objections:
        columns = ("objection_id", "teacher_id", "competency", "words", "answer", "outcome")
        print_columns(columns, objections)
        click.echo(overturned_words(each["outcome"] for row in rows for each in row["objections"]))


def _objection(row: dict[str, Any]) -> dict[str, Any]:
    return {
        **row,
        "competency": subject_words(row["competency"]),
        "answer": text(f"publicity.answer.{row['answer'] or 'none'}"),
        "outcome": text(f"publicity.outcome.{row['outcome']}"),
    }


def _conclusions() -> set[str]:
    return {"", *(sentence(language, "results.conclusion") for language in ("zh", "en"))}
