"""``workbench certificates``: result sheets, made from ledger entries."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import click

from workbench.commands.reporting import folder, progress, school_option
from workbench.context import Context
from workbench.messages import text

_FORMATS = ("docx", "xlsx", "pdf")


@click.command()
@click.option("--out", required=True, type=folder, help="写到哪个文件夹 / folder to write to")
@school_option
@click.option(
    "--format", "formats", multiple=True, type=click.Choice(_FORMATS), help="默认三种 / all three"
)
@click.pass_obj
def command(
    context: Context, out: Path, schools: tuple[str, ...], formats: tuple[str, ...]
) -> None:
    """结果单：由台账生成汇总表和每位教师的结果单。 / Result sheets, made from the ledger."""
    from workbench.services.certificates import count_certificates, write_certificates
    from workbench.services.schools import find_schools

    workspace = context.workspace()
    chosen = find_schools(workspace, schools) or None
    kinds = formats or _FORMATS
    total = count_certificates(workspace, chosen) * len(kinds)
    done = count(1)
    with progress(text("certificates.writing")) as tick:
        written = write_certificates(
            workspace, out, context.today(), chosen, kinds, lambda _: tick(next(done), total)
        )
    click.echo(text("certificates.written", count=len(written), folder=out))
    click.echo(text("certificates.keys", file=out / "trusted.pub"))
