"""``workbench facets``: severity, difficulty and ability of the round, or of any table."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.commands.agreement import policy_at_hand, seed_option
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, folder, print_columns, progress
from workbench.context import Context
from workbench.errors import InputError
from workbench.messages import text

_RATERS = ("rater", "severity", "se", "infit", "outfit", "n_ratings", "note")
_CRITERIA = ("criterion", "difficulty", "se", "infit", "outfit", "n_ratings")


@click.command()
@click.argument("file", required=False, type=existing_file)
@click.option(
    "--model",
    type=click.Choice(["rsm", "pcm", "marks"]),
    help="rsm 各指标共用阈值；pcm 各指标自有阈值；marks 打点（工作区）/ thresholds, or marks",
)
@click.option(
    "--method",
    type=click.Choice(["mml", "jmle"]),
    default="mml",
    show_default=True,
    help="jmle 只供与其他软件对照 / for comparison only",
)
@click.option("--scale", default="", help="由低到高，用逗号分开 / lowest first, with commas")
@click.option("--anchor", type=existing_file, help="固定值：facet,id,value / values held fixed")
@click.option("--draws", type=click.IntRange(0), help="模拟次数 / simulations for limits of fit")
@click.option("--penalty", is_flag=True, help="评得少的评审员向均值收缩 / shrink raters with few")
@click.option("--free-weights", is_flag=True, help="能力分布不设为正态 / abilities not normal")
@click.option(
    "--across-subsets",
    is_flag=True,
    help="不相连的子集也比较（假定对象相当）/ assume alike persons",
)
@click.option(
    "--export", "out", type=folder, help="另存供他人复算的文件 / files to rerun elsewhere"
)
@seed_option
@json_option
@click.pass_obj
def command(
    context: Context,
    file: Path | None,
    model: str | None,
    method: str,
    scale: str,
    anchor: Path | None,
    draws: int | None,
    penalty: bool,
    free_weights: bool,
    across_subsets: bool,
    out: Path | None,
    random_seed: int,
    as_json: bool,
) -> None:
    """侧面模型：评审员严格度、指标难度和能力，排除彼此的影响。

    The facets model: severity, difficulty and ability, each freed of the others. Of a
    workspace it is stored where ``--as`` says by whom.
    """
    if file is None or model == "marks":
        found = _of_marks(context, file, draws, random_seed)
    else:
        from workbench.services.facets import Choices

        levels = tuple(filter(None, (part.strip() for part in scale.replace("，", ",").split(","))))
        choices = Choices(
            "pcm" if model == "pcm" else "rsm", "jmle" if method == "jmle" else "mml", levels,
            anchor, draws, penalty, free_weights, across_subsets,
        )  # fmt: skip
        found = _of_table(context, file, random_seed, choices, out)
    if as_json:
        print_json(found)
    else:
        _print(found)
    if found["decision"] == "blocked":
        raise click.exceptions.Exit(1)


def _of_table(
    context: Context, file: Path, random_seed: int, choices: Any, out: Path | None
) -> dict[str, Any]:
    from workbench.services.facets import facets_of_file
    from workbench.services.facets_files import export_facets

    with progress(text("facets.simulating")) as tick:
        found = facets_of_file(file, policy_at_hand(context), random_seed, choices, tick)
    if out is not None:
        for path in export_facets(file, found, choices.scale, out, random_seed):
            click.echo(text("facets.exported", file=path.name), err=True)
    return found


def _of_marks(
    context: Context, file: Path | None, draws: int | None, random_seed: int
) -> dict[str, Any]:
    if file is not None:
        raise InputError(
            "the marks model is fitted on the workspace. Leave the file out, or fit it with rsm.",
            key="facets.marks_of_file",
        )
    from workbench.services.analyses import analyse
    from workbench.services.facets_analysis import KIND, facets_analysis

    workspace = context.workspace()
    made: dict[str, Any] = analyse(
        workspace,
        KIND,
        lambda scope: facets_analysis(workspace, scope, random_seed, draws),
        context.act() if context.asserted else None,
        parameters={} if draws is None else {"fit_draws": draws},
        random_seed=random_seed,
    )
    return made


def _print(found: dict[str, Any]) -> None:
    """Show the decision and what to do first, then the tables."""
    click.echo(text(f"facets.decision.{found['decision']}"))
    click.echo(found["next_action"])
    print_columns(_RATERS, map(_rater, found["raters"]))
    print_columns(_CRITERIA, map(_numbers, found["criteria"]))
    click.echo(
        text(
            "facets.summary",
            separation=_number(found["separation"]),
            reliability=_number(found["reliability"]),
            person_sd=_number(found["person_sd"]),
        )
    )


def _rater(row: dict[str, Any]) -> dict[str, Any]:
    notes = [text("facets.note.extreme")] if row.get("extreme") else []
    for kind in ("infit", "outfit"):
        low, high = row.get(f"{kind}_lo"), row.get(f"{kind}_hi")
        if low is not None and row[kind] < low:
            notes.append(text(f"facets.note.{kind}_low"))
        if high is not None and row[kind] > high:
            notes.append(text(f"facets.note.{kind}_high"))
    return _numbers(row) | {"note": "\n".join(notes)}


def _numbers(row: dict[str, Any]) -> dict[str, Any]:
    shown = {
        key: _number(value) if isinstance(value, float) else value for key, value in row.items()
    }
    return shown | {"n_ratings": row["n"]}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"
