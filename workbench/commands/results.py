"""``workbench results``: the level of each competency and teacher, or why there is none."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import (
    existing_file,
    level_words,
    new_file,
    print_columns,
    school_option,
    subject_words,
)
from workbench.context import Context
from workbench.messages import text

if TYPE_CHECKING:
    from workbench.services.results import ResultRow


@click.group(invoke_without_command=True)
@school_option
@json_option
@click.pass_context
def command(ctx: click.Context, schools: tuple[str, ...], as_json: bool) -> None:
    """结果：等级，或暂无等级的原因。 / Results: levels, or why there is none."""
    if ctx.invoked_subcommand is not None:
        return
    from workbench.services.results import results
    from workbench.services.schools import find_schools
    from workbench.services.stability import with_flip_risk

    workspace = ctx.obj.workspace()
    chosen = find_schools(workspace, schools)
    rows = [row for row in results(workspace) if not chosen or row.school_id in chosen]
    rows = with_flip_risk(workspace, rows)
    if as_json:
        print_json([row.as_json() for row in rows])
        return
    print_columns(
        ("teacher_id", "competency", "level", "flip_risk", "why"),
        (
            {
                "teacher_id": row.teacher_id,
                "competency": subject_words(row.competency),
                "level": level_words(row.level) or text(f"reason_none.{row.reason_none}"),
                "flip_risk": "" if row.flip_risk is None else f"{row.flip_risk:.0%}",
                "why": _why(row),
            }
            for row in rows
        ),
    )
    for reason in _reasons(rows):
        click.echo(text("results.no_flip_risk", reason=reason))


@command.command()
@click.argument("portal", type=existing_file)
@click.option("--out", required=True, type=new_file, help="写到哪个文件 / the copy to write")
@click.option("--overwrite", is_flag=True, help="替换已有结果 / replace cells that say otherwise")
@click.option("--force", is_flag=True, help="允许覆盖文件 / replace an existing file")
@click.pass_context
def fill(ctx: click.Context, portal: Path, out: Path, overwrite: bool, force: bool) -> None:
    """把结果填入平台导出的表格（另存一份）。 / Fill results into a copy of a portal's sheet."""
    from workbench.services import portal as service

    context: Context = ctx.obj
    report = service.fill(context.workspace(), portal, out, overwrite=overwrite, force=force)
    for line in report.lines:
        if line.state not in ("filled", "unchanged"):
            click.echo(line.sentence())
    for result in report.unplaced:
        click.echo(text("results.unplaced", teacher=result.teacher_id, school=result.school))
    click.echo(
        text(
            "results.filled",
            filled=report.count("filled"),
            unchanged=report.count("unchanged"),
            file=out,
        )
    )
    left = [each for each in report.lines if each.state in ("ambiguous", "conflict", "occupied")]
    ctx.exit(1 if left or report.unplaced else 0)


def _reasons(rows: list[ResultRow]) -> list[str]:
    """Why some results have no flip risk, each reason once; without a level nobody expects one."""
    from workbench.services.stability import NO_LEVEL, reason_words

    found = dict.fromkeys(row.flip_risk_reason for row in rows if row.flip_risk_reason)
    return [reason_words(reason) for reason in found if reason != NO_LEVEL]


def _why(row: ResultRow) -> str:
    """What decided a result, or what keeps it: one line each."""
    lines = [_decider(each.slot_id, each.cause, each.criteria) for each in row.decided_by]
    listed = {each.slot_id for each in row.decided_by if each.cause == "missing"}
    missing = [slot for slot in row.missing if slot not in listed]
    if missing:
        lines.append(text("results.missing", slots=text("catalogue.and").join(missing)))
    if row.held:
        lines.append(text("results.held", holds=text("catalogue.and").join(row.held)))
    lines += [
        text(
            f"results.condition.{_STATE[each.met]}",
            condition=text(f"condition.{each.code}"),
            value=_condition_words(each.code, each.value),
            required=_condition_words(each.code, each.required),
        )
        for each in row.conditions
        if each.met is not True
    ]
    return "\n".join(lines)


_STATE = {False: "not_met", None: "unknown"}


def _decider(slot: str, cause: str, criteria: tuple[str, ...]) -> str:
    joint = text("catalogue.and")
    return text(f"results.decided.{cause}", slot=slot, criteria=joint.join(criteria))


def _condition_words(code: str, value: str) -> str:
    """Value of a condition in words; numbers as they are."""
    if not value:
        return text("condition.not_recorded")
    if code == "online_study":
        return text(f"condition.{value}")
    if code == "environment":
        words = (text(f"condition.environments.{part}") for part in _parts(value))
        return text("catalogue.and").join(words)
    return value


def _parts(value: str) -> list[str]:
    return [part for part in value.replace(":", ",").split(",") if part]
