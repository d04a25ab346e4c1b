"""``workbench similarity``: which evidence has content in common, and what to leave out of it."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.commands.intake import register
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, new_file, print_columns
from workbench.context import Context
from workbench.messages import text

_KEYS = "kind a b teacher_a teacher_b share longest_run distance tier cluster".split()
_GAP_KEYS = "item reason sentence".split()


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """相似比对：列出内容相同的证据。 / Similarity: pieces with content in common."""
    if ctx.invoked_subcommand is not None:
        return
    from workbench.services.pairs import similarity_report

    report = similarity_report(ctx.obj.workspace())
    if as_json:
        print_json([{key: row[key] for key in _KEYS} for row in report.pairs])
    elif report.pairs:
        shown = (
            {
                **row,
                "kind": text(f"similarity.kind.{row['kind']}"),
                "tier": text(f"similarity.tier.{row['tier']}"),
            }
            for row in report.pairs
        )
        print_columns(("tier", "kind", "sentence"), shown)
    else:
        click.echo(text("similarity.nothing"))
    for remark in report.remarks:  # beside the pairs, so that nothing passes in silence
        click.echo(remark, err=as_json)


@command.command("gaps")
@json_option
@click.pass_obj
def gaps(context: Context, as_json: bool) -> None:
    """未比对的证据及原因。 / Pieces that were not compared, and why."""
    from workbench.services.pairs import similarity_report

    report = similarity_report(context.workspace())
    if as_json:
        print_json([{key: row[key] for key in _GAP_KEYS} for row in report.gaps])
    elif report.gaps:
        print_columns(("item", "sentence"), report.gaps)
    else:
        click.echo(text("similarity.no_gap"))


@command.command("register")
@click.argument("files", nargs=-1, required=True, type=existing_file)
@click.option(
    "--quotation",
    "kind",
    flag_value="quotation",
    help="公共引文（教材、课标、文件） / public quotations, not forms",
)
@click.pass_obj
def register_(context: Context, files: tuple[Path, ...], kind: str | None) -> None:
    """登记空白表格或公共引文，比对时除外。 / Register forms or quotations, to be left out."""
    register(context, files, kind or "form")


@command.command("export")
@click.argument("file", type=new_file)
@click.pass_obj
def export(context: Context, file: Path) -> None:
    """写出本批次指纹，供以后批次比对。 / Write this round's fingerprints for later rounds."""
    from workbench.services.similarity import export_fingerprints

    click.echo(text("similarity.exported", count=export_fingerprints(context.workspace(), file)))


@command.command("import")
@click.argument("file", type=existing_file)
@click.pass_obj
def import_(context: Context, file: Path) -> None:
    """取入往届或外县指纹，一并比对。 / Take in fingerprints of another round or place."""
    from workbench.services.earlier_rounds import import_prints

    source, new = import_prints(context.workspace(), file, context.act())
    click.echo(text("similarity.imported", source=source, count=new))
