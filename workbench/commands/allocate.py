"""``workbench allocate``: who reads what, checked before anybody reads."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.commands.printing import json_option, print_json, print_table
from workbench.context import Context
from workbench.messages import text

if TYPE_CHECKING:
    from workbench.services.assignments import Prepared

_COLUMNS = ("rater", "held", "new", "load", "network")
_MOST_SHOWN = 20


@click.command()
@click.option("--check", is_flag=True, help="只预检，不写入 / plan and check, write nothing")
@click.option("--seed", required=True, help="随机种子，决定搭配和顺序 / of pairs and orders")
@json_option
@click.pass_context
def command(ctx: click.Context, check: bool, seed: str, as_json: bool) -> None:
    """分派：回避、均衡、连通，先预检后分派。 / Plan the blind reads, check them, give them out."""
    from workbench.services.assignments import allocate_reads, plan_reads

    context: Context = ctx.obj
    workspace = context.workspace()
    made = plan_reads(workspace, seed) if check else allocate_reads(workspace, seed, context.act())
    if as_json:
        print_json(made.as_json())
    else:
        _print(made, check=check)
    ctx.exit(0 if made.sound else 1)


def _print(made: Prepared, *, check: bool) -> None:
    headings = [text(f"allocate.column.{name}") for name in _COLUMNS]
    print_table(headings, ([row[name] or "" for name in _COLUMNS] for row in made.raters()))
    key = "allocate.planned" if check else "allocate.given_out"
    click.echo(text(key, pieces=len(made.rounds), reads=made.reads))
    for reason, count in made.left_out.items():
        click.echo(text("allocate.left_out", count=count, reason=text(f"reason_none.{reason}")))
    _print_networks(made)
    _print_short(made)


def _print_networks(made: Prepared) -> None:
    if made.plan.connected:
        click.echo(text("allocate.connected"))
        return
    click.echo(text("allocate.apart", count=len(made.plan.networks)))
    for number, names in enumerate(made.plan.networks, 1):
        click.echo(text("allocate.network", number=number, raters="、".join(names)))


def _print_short(made: Prepared) -> None:
    if not made.short:
        click.echo(text("allocate.whole"))
        return
    click.echo(text("allocate.short", count=len(made.short)))
    for each in made.short[:_MOST_SHOWN]:
        joint = text("allocate.joint")
        why = joint.join(
            text(f"allocate.barred.{cause}", count=count) for cause, count in each.barred.items()
        )
        told = {"piece": each.piece_id, "needed": each.needed, "eligible": each.eligible}
        click.echo(text("allocate.short_piece", why=why, **told))
    click.echo(text("allocate.relax"))
