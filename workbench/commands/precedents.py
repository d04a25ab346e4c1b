"""``workbench precedents``: list and search precedents, and take packs of them in and out."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.commands.printing import json_option, print_json, print_table
from workbench.commands.reporting import existing_file, new_file
from workbench.context import Context
from workbench.messages import text

if TYPE_CHECKING:
    from collections.abc import Sequence

    from workbench.services.precedents import Precedent

_HEADS = ("id", "criterion", "ruling", "year", "standing", "words")
_competency = click.option("--competency", default="", help="能力点 / competency")
_criterion = click.option("--criterion", default="", help="指标 / criterion")
_year = click.option("--year", default=0, help="年份 / year")
_all = click.option(
    "--all", "everything", is_flag=True, help="也列已撤下和旧版指标的 / ended and older ones too"
)


@click.group()
def command() -> None:
    """判例：列出、查找、导出、导入。 / Precedents: list, search, export, import."""


@command.command("list")
@_competency
@_criterion
@_year
@_all
@json_option
@click.pass_obj
def list_(
    context: Context, competency: str, criterion: str, year: int, everything: bool, as_json: bool
) -> None:
    """列出判例，新的在前。 / List precedents, the newest first."""
    _show(context, "", (competency, criterion, year), everything=everything, as_json=as_json)


@command.command()
@click.argument("words")
@_competency
@_criterion
@_year
@_all
@json_option
@click.pass_obj
def search(
    context: Context,
    words: str,
    competency: str,
    criterion: str,
    year: int,
    everything: bool,
    as_json: bool,
) -> None:
    """查找判例，两个字即可。 / Find precedents; two characters are enough."""
    _show(context, words, (competency, criterion, year), everything=everything, as_json=as_json)


@command.command()
@click.argument("file", type=new_file)
@click.option("--unpublished", is_flag=True, help="含仅一校可见的 / those of one school too")
@click.pass_obj
def export(context: Context, file: Path, unpublished: bool) -> None:
    """导出判例包。 / Write a pack."""
    from workbench.services.precedent_packs import export_precedents

    count = export_precedents(
        context.workspace(), file, context.act(), context.fresh, all_that_stand=unpublished
    )
    click.echo(text("precedents.exported", count=count, file=file))


@command.command("import")
@click.argument("file", type=existing_file)
@click.pass_context
def import_(ctx: click.Context, file: Path) -> None:
    """导入判例包。 / Take a pack in."""
    from workbench.services.precedent_packs import import_precedents

    context: Context = ctx.obj
    made = import_precedents(context.workspace(), file, context.act())
    for said in (*made.refused, *made.conflicts):
        click.echo(said)
    counts = {"taken": made.taken, "known": made.known, "older": made.older}
    click.echo(text("precedents.taken", place=made.place, refused=len(made.refused), **counts))
    key = text("precedents.sealed", key=made.key) if made.key else text("precedents.unsealed")
    click.echo(key)
    ctx.exit(1 if made.refused or made.conflicts else 0)


def _show(
    context: Context,
    words: str,
    filters: tuple[str, str, int],
    *,
    everything: bool,
    as_json: bool,
) -> None:
    from workbench.services.precedent_search import Query, search_all

    competency, criterion, year = filters
    query = Query(words, competency, criterion, None, year, everything)
    rows = search_all(context.workspace(), query)
    if as_json:
        print_json([row.as_json() for row in rows])
    elif rows:
        _print(rows)
    else:
        click.echo(text("precedents.none"))


def _print(rows: Sequence[Precedent]) -> None:
    heads = [text(f"precedents.column_{name}") for name in _HEADS]
    print_table(
        heads,
        (
            [
                row.precedent_id,
                row.criterion_id,
                text(f"precedents.{'met' if row.met else 'unmet'}"),
                row.year,
                text(f"precedents.standing.{row.ended or row.standing}"),
                row.words,
            ]
            for row in rows
        ),
    )
    click.echo(text("precedents.found", count=len(rows)))
