"""``workbench intake``: draft a manifest, check or import a package, forms, and the window."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, new_file, print_columns, progress
from workbench.context import Context
from workbench.messages import text

if TYPE_CHECKING:
    from workbench.services.intake_report import Report

_package = click.argument("package", type=click.Path(exists=True, path_type=Path))
_report = click.option(
    "--report", "report_file", type=new_file, help="另存为 .csv 或 .json / write as .csv or .json"
)


class ImportingGroup(click.Group):
    """A group whose first word may be a package: ``intake PACKAGE`` imports it."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Put ``import`` in front where the first word is no command and asks for no help."""
        if args and args[0] not in self.commands and args[0] not in ctx.help_option_names:
            args = ["import", *args]
        return super().parse_args(ctx, args)


@click.group(cls=ImportingGroup)
def command() -> None:
    """收件：intake 证据包 即为导入。 / Intake: ``intake PACKAGE`` imports it."""


@command.command()
@click.argument("source", metavar="FOLDER", type=click.Path(exists=True, path_type=Path))
@click.option("--roster", type=existing_file, help="平台名册 / roster as the portal gives it")
@click.option("--out", type=new_file, help="默认 FOLDER/manifest.xlsx / .xlsx or .csv")
@click.option("--force", is_flag=True, help="允许覆盖 / replace an existing file")
def draft(source: Path, roster: Path | None, out: Path | None, force: bool) -> None:
    """由文件夹和文件名拟一份清单，并列出疑问。 / Propose a manifest, with its doubts."""
    from workbench.services import drafting

    report = drafting.draft(source, out or source / "manifest.xlsx", roster, force=force)
    for sentence in report.sentences:
        click.echo(sentence)
    click.echo(
        text(
            "intake_report.drafted",
            file=report.path,
            lines=report.lines,
            doubts=len(report.sentences),
        )
    )


@command.command()
@_package
@_report
@json_option
@click.pass_context
def check(ctx: click.Context, package: Path, report_file: Path | None, as_json: bool) -> None:
    """预检证据包，不写入任何内容。 / Look a package over; nothing is written."""
    from workbench.services.intake import check_package

    context: Context = ctx.obj
    with progress(text("intake_report.reading")) as tick:
        report = check_package(context.workspace(), package, tick, context.today())
    _tell(ctx, report, report_file, as_json, "checked")


@command.command("import")
@_package
@_report
@json_option
@click.pass_context
def import_(ctx: click.Context, package: Path, report_file: Path | None, as_json: bool) -> None:
    """导入证据包；重复导入不改变任何内容。 / Import a package; doing it twice changes nothing."""
    from workbench.services.intake import import_package

    context: Context = ctx.obj
    workspace, act = context.workspace(), context.act()
    with progress(text("intake_report.reading")) as tick:
        report = import_package(workspace, package, act, context.fresh, tick)
    _tell(ctx, report, report_file, as_json, "imported")


@command.command()
@click.argument("files", nargs=-1, required=True, type=existing_file)
@click.pass_obj
def form(context: Context, files: tuple[Path, ...]) -> None:
    """登记空白表格，其文字不算任何人的。 / Register blank forms, whose words are nobody's own."""
    register(context, files)


@command.command()
@click.argument("school")
@click.option("--notice", "state", flag_value="noticed", help="已告知截止 / notice given")
@click.option("--close", "state", flag_value="closed", help="关闭，缺件按不合格 / close for good")
@click.option("--reopen", "state", flag_value="reopened", help="重新开放 / open again")
@click.pass_context
def window(ctx: click.Context, school: str, state: str | None) -> None:
    """告知、关闭或重新开放一校的提交窗口。 / Notice, close or reopen a school's window."""
    from workbench.services.windows import set_window

    if state is None:
        raise click.UsageError("--notice | --close | --reopen", ctx)
    context: Context = ctx.obj
    school_id = set_window(context.workspace(), school, state, context.act())
    click.echo(text(f"window.now_{state}", school=school_id))


def register(context: Context, files: tuple[Path, ...], kind: str = "form") -> None:
    """Register blank forms or public quotations and say how many were new."""
    from workbench.services.intake import register_forms

    new = register_forms(context.workspace(), files, context.act(), kind)
    click.echo(text("intake_report.forms", new=new, known=len(files) - new))


def _tell(
    ctx: click.Context, report: Report, report_file: Path | None, as_json: bool, done: str
) -> None:
    """Print or write a report; exit 1 where something was refused or is missing."""
    from workbench.services.intake_lines import report_rows, write_report

    if report_file is not None:
        write_report(report, report_file)
    if as_json:
        print_json(report_rows(report))
    else:
        _print(report, done)
    refused = report.counts["reject"] or any(r.severity == "reject" for r in report.table_faults)
    ctx.exit(1 if refused or report.missing else 0)


def _print(report: Report, done: str) -> None:
    from workbench.services.intake_lines import report_rows

    rows = [
        {**row, "verdict": text(f"intake_report.verdict.{row['verdict']}")}
        for row in report_rows(report)
        if row["verdict"] != "accept"
    ]
    if rows:
        print_columns(("item", "teacher_id", "slot", "file", "verdict", "reason"), rows)
    for remark in report.table_faults:
        click.echo(remark.sentence())
    for teacher, competency, slot in report.missing:
        click.echo(text("intake_report.missing", teacher=teacher, competency=competency, slot=slot))
    if report.unknown_columns:
        columns = text("catalogue.and").join(report.unknown_columns)
        click.echo(text("intake_report.unknown_columns", columns=columns))
    counts = {name: report.counts[name] for name in ("accept", "warn", "reject")}
    click.echo(text(f"intake_report.{done}", new=report.new_files, **counts))
