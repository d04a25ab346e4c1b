"""``workbench certificates``: result sheets, made from ledger entries."""

from __future__ import annotations

from itertools import count
from pathlib import Path

import click

from workbench.commands.reporting import existing_file, folder, progress, school_option
from workbench.context import Context
from workbench.messages import text
from workbench.services.sheet_extras import Extras

_FORMATS = ("docx", "xlsx", "pdf")


@click.command()
@click.option("--out", type=folder, help="写到哪个文件夹 / folder to write to")
@school_option
@click.option(
    "--format", "formats", multiple=True, type=click.Choice(_FORMATS), help="默认三种 / all three"
)
@click.option("--appendix", is_flag=True, help="另附评定依据附页 / with what decided each result")
@click.option("--county", is_flag=True, help="另附全县汇总表 / with the summary of the county")
@click.option(
    "--stamped",
    "scans",
    multiple=True,
    type=existing_file,
    help="存档盖章后的扫描件，先核验二维码 / keep scans of stamped sheets",
)
@click.pass_obj
def command(
    context: Context,
    out: Path | None,
    schools: tuple[str, ...],
    formats: tuple[str, ...],
    appendix: bool,
    county: bool,
    scans: tuple[Path, ...],
) -> None:
    """结果单：由台账生成汇总表和每位教师的结果单。 / Result sheets, made from the ledger."""
    if out is None and not scans:
        raise click.UsageError("--out DIR")
    for scan in scans:
        _keep(context, scan)
    if out is not None:
        extras = Extras(appendix=appendix, county=county)
        _write(context, out, schools, formats or _FORMATS, extras)


def _write(
    context: Context,
    out: Path,
    schools: tuple[str, ...],
    formats: tuple[str, ...],
    extras: Extras,
) -> None:
    from workbench.services.certificates import count_certificates, issue_certificates
    from workbench.services.schools import find_schools

    workspace = context.workspace()
    chosen = find_schools(workspace, schools) or None
    total = count_certificates(workspace, chosen, extras) * len(formats)
    done = count(1)
    act = context.act(actor=context.founder)  # printing needs no name, but says which account did
    with progress(text("certificates.writing")) as tick:
        written = issue_certificates(
            workspace, out, act, chosen, formats, lambda _: tick(next(done), total), extras
        )
    click.echo(text("certificates.written", count=len(written), folder=out))
    click.echo(text("certificates.keys", file=out / "trusted.pub"))


def _keep(context: Context, scan: Path) -> None:
    from workbench.services.stamped_scans import keep_stamped

    found = keep_stamped(context.workspace(), scan, context.act())
    click.echo(text("certificates.kept", file=scan.name, origin=found.origin))
    for sentence in (*(fault.sentence for fault in found.faults), *found.proven):
        click.echo("  " + sentence)
