"""``workbench verify``: does a result sheet say what its ledger proves? Offline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, moment_words
from workbench.context import Context
from workbench.messages import text

if TYPE_CHECKING:
    from workbench.services.verdict import Report


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
    from workbench.services.trust import keys_of_file, keys_of_folder, ledgers_of_folder
    from workbench.services.verification import verify_sheet

    context: Context = ctx.obj
    keys = keys_of_file(trust) if trust else keys_of_folder(context.folder)
    at_hand = ledgers or ledgers_of_folder(context.folder)
    reports = {file: verify_sheet(file, keys, at_hand) for file in files}
    if as_json:
        print_json([{"file": str(file), **each.as_json()} for file, each in reports.items()])
    else:
        if keys and trust is None:
            click.echo(text("sheets.own_keys", folder=context.folder))
        for file, report in reports.items():
            _print(file, report)
    ctx.exit(0 if all(report.ok for report in reports.values()) else 1)


def _print(file: Path, report: Report) -> None:
    key = "proven" if report.ok else "not_proven"
    if report.ok:
        key = "paper" if report.proven else "standing" if report.ledger_as_of else key
    click.echo(
        text(
            f"sheets.{key}",
            file=file.name,
            checked=report.checked,
            as_of=moment_words(report.as_of),
            origin=report.origin,
            ledger_as_of=moment_words(report.ledger_as_of),
        )
    )
    for sentence in (*(fault.sentence for fault in report.faults), *report.proven):
        click.echo("  " + sentence)
    for stated in report.stated if report.ok else ():
        click.echo("  " + stated)
