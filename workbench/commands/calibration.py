"""``workbench calibration``: packs of seed pieces in and out, and where raters stand."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import print_columns, progress
from workbench.context import Context
from workbench.messages import text

_COLUMNS = ("rater_id", "state", "test", "seeds", "score", "recalled")


@click.group()
def command() -> None:
    """校准：标准件包的导入、导出，评审员的校准状态。 / Seed packs in and out; where raters stand."""


@command.command("import")
@click.argument("package", type=click.Path(exists=True, path_type=Path))
@click.pass_context
def import_(ctx: click.Context, package: Path) -> None:
    """导入标准件包：清单、文件和专家打点。 / Take in a pack: manifest, files, experts' marks."""
    from workbench.services.calibration_packs import import_pack

    context: Context = ctx.obj
    with progress(text("intake_report.reading")) as tick:
        made = import_pack(context.workspace(), package, context.act(), context.fresh, tick)
    for said in made.refused:
        click.echo(said)
    key = "seed_pack.known" if made.known else "seed_pack.imported"
    click.echo(text(key, pack=made.pack_id, pieces=made.pieces, refused=len(made.refused)))
    ctx.exit(1 if made.refused else 0)


@command.command()
@click.argument("folder", type=click.Path(file_okay=False, path_type=Path))
@click.pass_obj
def export(context: Context, folder: Path) -> None:
    """导出标准件包，供下一批次或其他县使用。 / Write a pack for the next round or another county."""
    from workbench.services.calibration_packs import export_pack

    pieces = export_pack(context.workspace(), folder, context.act())
    click.echo(text("seed_pack.exported", pieces=pieces, folder=folder))


@command.command()
@json_option
@click.pass_obj
def status(context: Context, as_json: bool) -> None:
    """列出各评审员的校准状态。 / List where raters stand."""
    from workbench.services.calibration_views import standings

    rows = standings(context.workspace())
    if as_json:
        print_json(rows)
        return
    shown = [
        {
            **row,
            "state": text(f"calibration.state.{row['state']}"),
            "test": f"{row['test_right']}/{row['test_read']}",
            "seeds": f"{row['seeds_right']}/{row['seeds_read']}",
            "score": f"{row['score']:.2f}/{row['limit']:g}",
        }
        for row in rows
    ]
    print_columns(_COLUMNS, shown)
