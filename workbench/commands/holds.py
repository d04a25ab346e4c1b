"""``workbench holds``: the cases that stop a result: see them, record replies, decide them."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.commands.printing import json_option, print_json, print_table
from workbench.commands.reporting import existing_file, print_columns, reason_option
from workbench.context import Context
from workbench.messages import text
from workbench.moments import moment_words

if TYPE_CHECKING:
    from workbench.services.exhibits import Exhibits

_DISPOSITIONS = ("certify", "re_rate", "adjudicate", "reject")
_COLUMNS = ("hold_id", "flag", "about", "raised_by", "due_on", "assignee", "replies", "state")
_FOUND = ("borne_out", "innocent", "unclear")


@click.group()
def command() -> None:
    """暂缓：查看、答复和处置个案。 / Holds: look at, answer and decide cases."""


@command.command("list")
@click.option("--open", "open_only", is_flag=True, help="只列未处置的 / only open ones")
@json_option
@click.pass_context
def list_(ctx: click.Context, open_only: bool, as_json: bool) -> None:
    """列出个案；有未处置的，退出码为 1。 / List cases; exit 1 where any is open."""
    from workbench.services.holds import list_holds

    cases = list_holds(ctx.obj.workspace(), open_only=open_only)
    if as_json:
        print_json(cases)
    elif cases:
        print_columns(_COLUMNS, map(_row, cases))
    else:
        click.echo(text("holds.none"))
    ctx.exit(1 if any(case["state"] == "open" for case in cases) else 0)


@command.command()
@click.argument("hold_id", metavar="ID")
@json_option
@click.pass_obj
def show(context: Context, hold_id: str, as_json: bool) -> None:
    """查看一件个案：材料、应先排除的原因、答复和有权处置的人。 / Show a case with its exhibits."""
    from workbench.services.exhibits import exhibits_of
    from workbench.services.holds import show_hold

    workspace = context.workspace()
    case = show_hold(workspace, hold_id)
    if as_json:
        print_json(case)
        return
    _print_case(case, exhibits_of(workspace, case))


@command.command()
@click.argument("hold_id", metavar="ID")
@click.option("--party", required=True, help="答复人编号 / id of who answers")
@click.option("--words", required=True, help="答复内容 / the reply")
@click.option("--scan", type=existing_file, help="签字页扫描件 / scan of the signed page")
@click.pass_obj
def reply(context: Context, hold_id: str, party: str, words: str, scan: Path | None) -> None:
    """代为登记教师或评审员的答复。 / Record the reply of the teacher or reviewer."""
    from workbench.services import holds, scans

    workspace, act = context.workspace(), context.act()
    digest = scans.keep_scan(workspace, scan) if scan else ""
    holds.reply(workspace, hold_id, party, words, digest, act)
    click.echo(text("holds.replied", hold=hold_id))


@command.command()
@click.argument("hold_id", metavar="ID")
@click.argument("disposition", type=click.Choice(_DISPOSITIONS))
@click.option(
    "--found",
    type=click.Choice(_FOUND),
    default=None,
    help="查明的情况：属实、有正当原因、未能查明 / what looking came to",
)
@reason_option
@click.pass_obj
def resolve(
    context: Context, hold_id: str, disposition: str, found: str | None, reason: str
) -> None:
    """处置个案；不利的处置须两人。 / Decide a case; an adverse decision takes two people."""
    from workbench.services import holds

    workspace, act = context.workspace(), context.act(reason)
    made = holds.resolve(workspace, hold_id, disposition, reason, act, found or "")
    words = text(f"disposition.{made.disposition}")
    click.echo(text(f"holds.{made.state}", hold=hold_id, disposition=words))
    if made.reopened:
        click.echo(text("holds.reopened", pieces=text("catalogue.and").join(made.reopened)))


@command.command("open")
@click.argument("flag_id", metavar="FLAG")
@reason_option
@click.pass_obj
def open_(context: Context, flag_id: str, reason: str) -> None:
    """由一个标记立案；立案的人不能处置。 / Open the cases of a flag; who opens one cannot decide it."""
    from workbench.services.flags import open_case

    made = open_case(context.workspace(), flag_id, context.act(reason))
    click.echo(text("page_holds.opened", holds=text("catalogue.and").join(made)))


@command.command()
@click.argument("hold_id", metavar="ID")
@click.argument("person_id", metavar="PERSON")
@click.pass_obj
def assign(context: Context, hold_id: str, person_id: str) -> None:
    """指定承办人。 / Name who handles a case."""
    from workbench.services import holds

    holds.assign(context.workspace(), hold_id, person_id, context.act())
    click.echo(text("page_holds.assigned", hold=hold_id, name=person_id))


def _row(case: dict[str, Any]) -> dict[str, Any]:
    replies = sum(event["kind"] == "reply" for event in case["events"])
    return {
        **case,
        "flag": text(f"flag.{case['code']}.name"),
        "about": text("catalogue.and").join(_about(case)),
        "replies": replies,
        "state": text(f"holds.state.{case['state']}"),
    }


def _about(case: dict[str, Any]) -> list[str]:
    """Submissions of a case about evidence; else the raters or schools its flag names."""
    flag = case["flag"]
    if flag and flag["subject"] not in ("piece", "pair"):
        named: list[str] = flag["ids"]
        return named
    stopped: list[str] = case["submissions"]
    return stopped


def _print_case(case: dict[str, Any], exhibits: Exhibits) -> None:
    joint = text("catalogue.and")
    flag = text(f"flag.{case['code']}.name")
    click.echo(f"{case['hold_id']}  {flag}")
    if exhibits.sentence:
        click.echo(exhibits.sentence)
    click.echo(text("holds.innocent", words=exhibits.innocent))
    if case["submissions"]:
        click.echo(text("holds.submissions", submissions=joint.join(case["submissions"])))
    for piece, label in exhibits.pieces.items():
        click.echo(text("holds.piece", piece=piece, label=label))
    _print_exhibits(exhibits)
    click.echo(text("holds.due", day=case["due_on"]))
    for event in case["events"]:
        click.echo(_event(event))
    if case["state"] == "open":
        _print_deciders(exhibits)


def _print_exhibits(exhibits: Exhibits) -> None:
    if exhibits.passages:
        click.echo(text("holds.beside", count=len(exhibits.passages)))
        print_table(list(exhibits.pieces.values()), exhibits.passages, unbroken=0)
    elif exhibits.shown:
        click.echo(text("holds.shared", shown=text("catalogue.and").join(exhibits.shown)))


def _print_deciders(exhibits: Exhibits) -> None:
    joint = text("catalogue.and")
    roles = joint.join(text(f"role.{role}") for role in exhibits.roles)
    click.echo(text("holds.may_decide", roles=roles, not_by=exhibits.not_by))
    if exhibits.needs_two:
        words = joint.join(text(f"disposition.{each}") for each in exhibits.needs_two)
        click.echo(text("holds.needs_two", dispositions=words))


def _event(event: dict[str, Any]) -> str:
    given = event["disposition"]
    return text(
        f"holds.event.{event['kind']}",
        at=moment_words(event["at"]),
        actor=event["actor"],
        party=event["party"],
        disposition=text(f"disposition.{given}") if given else "",
        words=event["words"],
    )
