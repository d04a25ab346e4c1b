"""``workbench similarity``: which evidence has content in common; and forms to leave out of it."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.commands.intake import register
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, print_columns
from workbench.context import Context
from workbench.messages import text

_KEYS = "kind a b teacher_a teacher_b share longest_run distance tier cluster".split()


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """相似比对：列出内容相同的证据。 / Similarity: pieces with content in common."""
    if ctx.invoked_subcommand is not None:
        return
    from workbench.services.pairs import pair_rows

    rows = pair_rows(ctx.obj.workspace())
    if as_json:
        print_json([{key: row[key] for key in _KEYS} for row in rows])
    elif rows:
        shown = (
            {
                **row,
                "kind": text(f"similarity.kind.{row['kind']}"),
                "tier": text(f"similarity.tier.{row['tier']}"),
            }
            for row in rows
        )
        print_columns(("tier", "kind", "sentence"), shown)
    else:
        click.echo(text("similarity.nothing"))


@command.command("register")
@click.argument("files", nargs=-1, required=True, type=existing_file)
@click.pass_obj
def register_(context: Context, files: tuple[Path, ...]) -> None:
    """登记空白表格，比对时除外。 / Register blank forms, to be left out of the comparison."""
    register(context, files)
