"""``workbench rubrics``: list, show, check and compare rubrics."""

from __future__ import annotations

from pathlib import Path

import click

from rubrics.rubric import Slot
from workbench import messages
from workbench.commands.impacts import print_impacts
from workbench.commands.printing import (
    json_option,
    print_changes,
    print_faults,
    print_json,
    print_table,
    written,
)
from workbench.commands.reporting import existing_file, reason_option
from workbench.context import Context
from workbench.messages import text
from workbench.services import catalogue


@click.group()
def command() -> None:
    """量规：列出、查看、检查、比较。 / Rubrics: list, show, check, compare."""


@command.command("list")
@click.option("--set", "set_id", default="", help="micro_competencies | leadership")
@json_option
def list_(set_id: str, as_json: bool) -> None:
    """列出随产品提供的量规。 / List the shipped rubrics."""
    rows = catalogue.rubric_rows(set_id)
    if as_json:
        print_json(rows)
        return
    zh = messages.language() == "zh"
    names = ("competency", "name", "dimension", "environment", "slots", "criteria", "version")
    print_table(
        [text(f"rubrics.column.{name}") for name in (*names, "digest")],
        (
            [
                row["competency"],
                row["name_zh"] if zh else row["name_en"],
                row["dimension_zh"] if zh else row["dimension"],
                row["environment_zh"] if zh else row["environment"],
                row["slots"],
                row["criteria"],
                row["version"],
                row["digest"][:12],
            ]
            for row in rows
        ),
    )


@command.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """查看一份量规：代码、全称或文件。 / Show a rubric: code, full name or file."""
    rubric = catalogue.find_rubric(name)
    if as_json:
        print_json(catalogue.criterion_rows(rubric))
        return
    zh = messages.language() == "zh"
    click.echo(f"{rubric.competency}  {rubric.name_zh if zh else rubric.name_en}")
    click.echo(
        text(
            "rubrics.head",
            dimension=rubric.dimension_zh if zh else rubric.dimension_en,
            environment=rubric.environment_zh if zh else rubric.environment_en,
            version=rubric.version,
            digest=rubric.digest[:12],
        )
    )
    click.echo(rubric.question_zh if zh else rubric.question_en)
    for slot in rubric.slots:
        _show_slot(slot, zh)


def _show_slot(slot: Slot, zh: bool) -> None:
    core = text("rubrics.core") if slot.core else text("rubrics.not_core")
    click.echo(f"\n{slot.slot_id}  {slot.name_zh if zh else slot.name_en}")
    kind = text(f"rubrics.kind.{slot.kind}")
    click.echo(text("rubrics.slot", core=core, kind=kind, accepts=written(list(slot.accepts))))
    limits = [
        text(f"rubrics.limit.{name}", value=f"{limit.value:g}")
        + text("rubrics.official" if limit.official else "rubrics.derived")
        for name, limit in slot.limits.items()
    ]
    if limits:
        click.echo(text("rubrics.limits", limits=written(limits)))
    print_table(
        [text(f"rubrics.column.{column}") for column in ("criterion", "level", "text")],
        (
            [
                criterion.criterion_id,
                text(f"rubrics.level.{criterion.level.value}"),
                criterion.text_zh if zh else criterion.text_en,
            ]
            for criterion in slot.criteria
        ),
    )


@command.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@json_option
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """检查量规文件或文件夹，一次列出全部错误。 / Check files or folders; every fault at once."""
    rows = catalogue.fault_rows(catalogue.check_rubrics(files))
    (print_json if as_json else print_faults)(rows)
    ctx.exit(1 if rows else 0)


@command.command()
@click.argument("before")
@click.argument("after")
@json_option
def diff(before: str, after: str, as_json: bool) -> None:
    """比较两份量规的含义。 / Compare what two rubrics mean."""
    rows = catalogue.rubric_changes(before, after)
    (print_json if as_json else print_changes)(rows)


@command.command()
@click.argument("name", metavar="FILE")
@json_option
@click.pass_obj
def impact(context: Context, name: str, as_json: bool) -> None:
    """试算：改用这份量规，谁的结果会变（本批次和上一批次）。 / Whose results a rubric would change."""
    from workbench.services.impact import rubric_impact

    impacts = rubric_impact(context.workspace(), catalogue.find_rubric(name))
    print_impacts(impacts, as_json)


@command.command()
@click.argument("file", type=existing_file)
@reason_option
@click.pass_obj
def adopt(context: Context, file: Path, reason: str) -> None:
    """改用一份量规；已按原量规打点的能力点不能改。 / Judge a competency by this rubric from now on."""
    from workbench.services.impact import adopt_rubric

    impacts = adopt_rubric(context.workspace(), file, context.act(reason))
    click.echo(text("impact.rubric_adopted", file=file.name))
    print_impacts(impacts[:1], False)
