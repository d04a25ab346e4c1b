"""``workbench facets``: severity, difficulty and ability of the round, or of any table."""

from __future__ import annotations

import secrets
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import click

from workbench.commands.agreement import policy_at_hand, seed_option
from workbench.commands.facets_printing import print_facets
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, folder, progress
from workbench.context import Context
from workbench.errors import InputError
from workbench.messages import text


@click.command()
@click.argument("file", required=False, type=existing_file)
@click.option(
    "--model",
    type=click.Choice(["rsm", "pcm", "marks"]),
    help="rsm 各指标共用阈值；pcm 各指标自有阈值；marks 打点 / thresholds, or marks met and not",
)
@click.option(
    "--method",
    type=click.Choice(["mml", "jmle"]),
    default="mml",
    show_default=True,
    help="jmle 只供与其他软件对照 / for comparison only",
)
@click.option("--scale", default="", help="由低到高，用逗号分开 / lowest first, with commas")
@click.option(
    "--anchor",
    type=existing_file,
    help="固定值：facet,id,value；打点模型：专家打点 piece,criterion,met / held fixed, or experts",
)
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
    held = {"--penalty": penalty, "--free-weights": free_weights}
    if file is None or model == "marks":
        more = {
            "--method jmle": method == "jmle",
            "--scale": scale,
            "--across-subsets": across_subsets,
            "--model": file is None and model not in (None, "marks"),
            "--anchor": file is None and anchor,
        }
        _refuse(held | more, "facets.not_for_marks")
    elif method == "jmle":
        _refuse(held | {"--anchor": anchor}, "facets.not_for_joint")
    if file is None:
        found = _of_round(context, draws, random_seed, out)
    elif model == "marks":
        found = _of_marks(context, file, draws, random_seed, anchor, out)
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
        print_facets(found)
    if found["decision"] == "blocked":
        raise click.exceptions.Exit(1)


def _refuse(options: Mapping[str, object], key: str) -> None:
    """Refuse options given that say nothing to a model, rather than pass them over."""
    given = [name for name, value in options.items() if value]
    if given:
        raise InputError(
            f"{', '.join(given)}: not for this model or method ({key}). The model of marks has "
            "two levels and a normal ability; the joint fit estimates everything freely. Leave "
            "the option out, or fit a FILE with rsm or pcm by mml.",
            key=key,
            options=", ".join(given),
        )


def _of_table(
    context: Context, file: Path, random_seed: int, choices: Any, out: Path | None
) -> dict[str, Any]:
    from workbench.services.facets import facets_of_file
    from workbench.services.facets_files import export_facets

    with progress(text("facets.simulating")) as tick:
        found = facets_of_file(file, policy_at_hand(context), random_seed, choices, tick)
    if out is not None:
        _tell_written(export_facets(file, found, choices.scale, out, secrets.randbits(64)))
    return found


def _of_marks(
    context: Context,
    file: Path,
    draws: int | None,
    random_seed: int,
    experts: Path | None,
    out: Path | None,
) -> dict[str, Any]:
    from workbench.services.facets_of_mark_table import facets_of_mark_file, write_rerun_of_file

    policy = policy_at_hand(context)
    found = facets_of_mark_file(file, policy, random_seed, draws, experts)
    if out is not None:
        _tell_written(write_rerun_of_file(file, found, policy, out, secrets.randbits(64)))
    return found


def _of_round(
    context: Context, draws: int | None, random_seed: int, out: Path | None
) -> dict[str, Any]:
    from workbench.services.analyses import analyse
    from workbench.services.facets_analysis import KIND, facets_analysis
    from workbench.services.facets_rerun import write_rerun

    workspace = context.workspace()
    made: dict[str, Any] = analyse(
        workspace,
        KIND,
        lambda scope: facets_analysis(workspace, scope, random_seed, draws),
        context.act() if context.asserted else None,
        parameters={} if draws is None else {"fit_draws": draws},
        random_seed=random_seed,
    )
    if out is not None:
        _tell_written(write_rerun(workspace, made, out, secrets.randbits(64)))
    return made


def _tell_written(paths: list[Path]) -> None:
    for path in paths:
        click.echo(text("facets.exported", file=path.name), err=True)
