"""``workbench close``: what has to be done before the round ends; pass lines in writing, close, reopen."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import print_columns, reason_option
from workbench.context import Context
from workbench.messages import text

if TYPE_CHECKING:
    from workbench.services.close_out import Line

_COLUMNS = ("line", "state", "open", "of", "note")


@click.group()
def command() -> None:
    """结项：逐条核对，放行，结项，重新打开。 / Close-out: check, pass lines, close, reopen."""


@command.command("list")
@click.option("--open", "open_only", is_flag=True, help="只列未完成的 / only what is open")
@json_option
@click.pass_context
def list_(ctx: click.Context, open_only: bool, as_json: bool) -> None:
    """列出结项清单；有未完成的条目，退出码为 1。 / List the lines; exit 1 where any is open."""
    from workbench.services.close_out import OPEN, close_out, closed_words

    found = close_out(ctx.obj.workspace(), ctx.obj.now())
    lines = [line for line in found.lines if not open_only or line.state == OPEN]
    if as_json:
        print_json([line.as_json() for line in lines])
    else:
        print_columns(_COLUMNS, map(_row, lines))
        click.echo(closed_words(found) or text("closing.count", open=len(found.open_lines)))
    ctx.exit(1 if found.open_lines else 0)


@command.command()
@click.argument("line", metavar="LINE")
@reason_option
@click.pass_obj
def waive(context: Context, line: str, reason: str) -> None:
    """写明理由放行一条现在未完成的事项。 / Pass what stands open under a line, with a reason."""
    from workbench.services import close_out

    made = close_out.waive(context.workspace(), line, context.act(reason))
    click.echo(text("closing.waived_now", line=text(f"closing.line.{made.code}"), open=made.open))


@command.command("round")
@click.option("--reason", default="", help="说明，随记录保存 / remark, kept")
@click.pass_obj
def round_(context: Context, reason: str) -> None:
    """结项；此后会改变本批次的操作一律拒绝。 / Close the round; what would change it is refused."""
    from workbench.services.close_out import close_round

    close_round(context.workspace(), context.act(reason))
    click.echo(text("closing.done", round=context.workspace().round_name))


@command.command()
@reason_option
@click.pass_obj
def reopen(context: Context, reason: str) -> None:
    """重新打开已结项的批次。 / Reopen a closed round."""
    from workbench.services.close_out import reopen_round

    reopen_round(context.workspace(), context.act(reason))
    click.echo(text("closing.reopened_now", round=context.workspace().round_name))


def _row(line: Line) -> dict[str, Any]:
    return {
        "line": f"{line.code}  {text(f'closing.line.{line.code}')}",
        "state": text(f"closing.state.{line.state}"),
        "open": line.open,
        "of": line.of,
        "note": line.words or "、".join(line.ids[:3]),
    }
