"""``workbench blind``: make the masked copies raters are shown."""

from __future__ import annotations

import sys

import click

from workbench.commands.printing import json_option, print_json, print_table
from workbench.commands.reporting import progress
from workbench.context import Context
from workbench.messages import text


@click.command()
@click.option("--again", is_flag=True, help="全部重做 / make all of them anew")
@click.option(
    "--piece", "pieces", multiple=True, help="只做这件证据，可重复 / of this piece only, repeatable"
)
@json_option
@click.pass_obj
def command(context: Context, again: bool, pieces: tuple[str, ...], as_json: bool) -> None:
    """生成评审员看到的遮盖副本。 / Make the masked copies raters see."""
    from workbench.services.blinding import make_blind_copies

    with progress(text("blind.making")) as tick:
        report = make_blind_copies(
            context.workspace(), context.act(), tick, again=again, pieces=pieces or None
        )
    told = report.as_json()
    if as_json:
        print_json([told])
    elif not report.files:
        click.echo(text("blind.nothing"))
    else:
        click.echo(text("blind.made", made=report.made, covered=sum(report.covered.values())))
        for label, count in sorted(report.labels.items()):
            click.echo(f"  {text(f'viewer.label.{label}')}  {count}")
        if report.without_office:
            click.echo(text("blind.without_office", count=report.without_office))
        if report.failed:
            click.echo(text("blind.failed", count=len(report.failed)))
            heads = [text("column.piece"), text("column.file"), text("blind.code")]
            print_table(heads, ([r["piece"], r["file"], r["code"]] for r in report.failed))
        if report.leaks:
            click.echo(text("blind.leaks", count=len(report.leaks)))
            heads = [text("column.piece"), text("column.file"), text("blind.kinds")]
            print_table(heads, ([r["piece"], r["file"], _kinds(r["kinds"])] for r in report.leaks))
    if not report.sound:
        sys.exit(1)


def _kinds(kinds: dict[str, int]) -> str:
    return "、".join(f"{text(f'blind.kind.{kind}')} {count}" for kind, count in kinds.items())
