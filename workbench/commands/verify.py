"""``workbench verify``: does a result sheet say what its ledger proves? Offline."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.commands.printing import json_option
from workbench.commands.reporting import existing_file
from workbench.commands.verify_lines import Asked, answer
from workbench.context import Context


@click.command()
@click.argument("files", nargs=-1, required=True, type=existing_file)
@click.option("--trust", type=existing_file, help="学校或县里另外给的公钥文件 / public keys")
@click.option(
    "--ledger",
    "ledgers",
    multiple=True,
    type=existing_file,
    help="手头的台账文件，用于查此后有无更正 / ledger at hand, for what came later",
)
@json_option
@click.pass_context
def command(
    ctx: click.Context,
    files: tuple[Path, ...],
    trust: Path | None,
    ledgers: tuple[Path, ...],
    as_json: bool,
) -> None:
    """核验结果单（docx、xlsx、pdf，或照片、扫描件），无须联网。 / Verify result sheets, offline."""
    context: Context = ctx.obj
    said, fine = answer(Asked(context.folder, files, trust, ledgers, as_json))
    click.echo(said)
    ctx.exit(0 if fine else 1)
