"""``workbench analyse``: compute analyses anew and store them, as the pages show them."""

from __future__ import annotations

import click

from workbench.commands.reporting import progress
from workbench.context import Context
from workbench.messages import text


@click.command()
@click.argument("kinds", nargs=-1)
@click.pass_context
def command(ctx: click.Context, kinds: tuple[str, ...]) -> None:
    """重新计算并保存统计分析：agreement、effects、facets 等；不写则全部。

    Compute analyses anew and store them; all of them where none is named.
    """
    from workbench.services.analysing import analyse_kinds

    context: Context = ctx.obj
    with progress(text("analyses.computing")) as tick:
        found = analyse_kinds(context.workspace(), kinds, context.act(), tick)
    for name, refused in found.items():
        kind = text(f"analyses.kind.{name}")
        key = "analyses.refused" if refused else "analyses.stored"
        click.echo(text(key, kind=kind, why=refused))
    ctx.exit(1 if any(found.values()) else 0)
