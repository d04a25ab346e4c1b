"""``workbench flags``: look at everything for reasons to look closer, and list them."""

from __future__ import annotations

import click

from workbench import messages
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import print_columns
from workbench.context import Context
from workbench.messages import text


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """异常标记：查找并列出；标记本身不改变任何结果。 / Flags: look and list; a flag changes nothing."""
    if ctx.invoked_subcommand is not None:
        return
    from workbench.services.flags import raise_flags

    context: Context = ctx.obj
    raised = raise_flags(context.workspace(), context.act())
    if not as_json:
        click.echo(text("flags.raised", new=raised.new, holds=len(raised.holds)))
    _list(ctx, as_json)


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """只列出已有的标记。 / Only list the flags there are."""
    _list(ctx, as_json)


def _list(ctx: click.Context, as_json: bool) -> None:
    """List recorded flags; exit 1 where there are any."""
    from workbench.services.flags import list_flags

    rows = list_flags(ctx.obj.workspace())
    if as_json:
        print_json(rows)
    elif rows:
        shown = (
            {
                "flag": text(f"flag.{row['code']}.name"),
                "tier": text(f"tier.{row['tier']}"),
                "sentence": row[f"sentence_{messages.language()}"],
                "state": text(f"flags.state.{row['state']}"),
            }
            for row in rows
        )
        print_columns(("flag", "tier", "sentence", "state"), shown)
    else:
        click.echo(text("flags.none"))
    ctx.exit(1 if rows else 0)
