"""``workbench generalizability``: what repeats with other raters, and what more of them would buy."""

from __future__ import annotations

from math import isnan
from pathlib import Path
from typing import Any

import click

from workbench.commands.agreement import seed_option
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, print_columns
from workbench.context import Context
from workbench.errors import InputError
from workbench.messages import text

_PLANS = ("readers", "criteria", "replication", "reads", "hours", "phi", "g_coefficient")
_COMPONENTS = ("component", "variance", "se", "share", "note")


@click.command()
@click.argument("file", required=False, type=existing_file)
@click.option(
    "--design",
    type=click.Choice(["p_r", "p_r_c", "p_rt"]),
    help="p×r、p×r×c、p×(r:t)；不写则由表看出 / seen from the table if left out",
)
@click.option("--scale", default="", help="等级由低到高，用逗号分开 / levels, lowest first")
@click.option("--raters", default="", help="试算的评审员人数，如 1,2,3 / numbers of raters to try")
@click.option("--criteria", default="", help="试算的指标数 / numbers of criteria to try")
@click.option(
    "--cuts", default="", help="平均分的分界，如 0.5,1.5 / means where the decision changes"
)
@click.option("--minutes", type=float, help="每次评阅分钟数 / minutes of one read")
@click.option(
    "--across-subsets",
    is_flag=True,
    help="评审员分成不相连的组也计算（假定各组对象相当）/ assume alike persons",
)
@seed_option
@json_option
@click.pass_obj
def command(
    context: Context,
    file: Path | None,
    design: str | None,
    scale: str,
    raters: str,
    criteria: str,
    cuts: str,
    minutes: float | None,
    across_subsets: bool,
    random_seed: int,
    as_json: bool,
) -> None:
    """概化：换评审员能否重复，多几人值多少；本批次，或任一表（person、rater、level，可有 criterion）。

    What would repeat with other raters, of the round or of any table of scores. Of a
    workspace it is stored where ``--as`` says by whom.
    """
    if file is None:
        found = _of_round(context, random_seed)
    else:
        asked: dict[str, Any] = {
            "across_subsets": across_subsets,
            "raters": [int(each) for each in _numbers("--raters", raters, whole=True)],
            "criteria": [int(each) for each in _numbers("--criteria", criteria, whole=True)],
            "cuts": _numbers("--cuts", cuts),
        }
        found = _of_table(file, design or "", _parts(scale), minutes, asked)
    if as_json:
        print_json(found)
    else:
        _print(found)


def _of_round(context: Context, random_seed: int) -> dict[str, Any]:
    from workbench.services.analyses import analyse
    from workbench.services.generalizability import generalizability_of_workspace

    workspace = context.workspace()
    made: dict[str, Any] = analyse(
        workspace,
        "generalizability",
        lambda scope: generalizability_of_workspace(workspace, scope, random_seed),
        context.act() if context.asserted else None,
        random_seed=random_seed,
    )
    return made


def _of_table(
    file: Path, design: str, scale: list[str], minutes: float | None, asked: dict[str, Any]
) -> dict[str, Any]:
    from workbench.services.facets_rows import ratings_of_table
    from workbench.services.generalizability import generalizability_of_table

    given = {name: values for name, values in asked.items() if values}
    table = ratings_of_table(file)
    return generalizability_of_table(table, design=design, scale=scale, minutes=minutes, **given)


def _parts(words: str) -> list[str]:
    return [each.strip() for each in words.replace("，", ",").split(",") if each.strip()]


def _numbers(option: str, words: str, *, whole: bool = False) -> list[float]:
    """Read the numbers of an option; InputError for what is none, or no number to plan with."""
    try:
        found = [float(each) for each in _parts(words)]
    except ValueError:
        found = [0.0] if whole else [float("nan")]
    if any(isnan(each) or (whole and (each < 1 or not each.is_integer())) for each in found):
        raise InputError(
            f"{option} {words}: numbers with commas were expected"
            f"{', whole and from 1 up' if whole else ''}. Write for example {option} 1,2,3.",
            key="generalizability.no_numbers",
            option=option,
            came=words,
        )
    return found


def _print(found: dict[str, Any]) -> None:
    """Print the plans first: what would repeat and what it takes; then where scores differ."""
    click.echo(text("generalizability.head", **_head(found)))
    print_columns(_PLANS, map(_plan, found["plans"]))
    click.echo(text("generalizability.components"))
    print_columns(_COMPONENTS, map(_component, found["components"]))
    for row in found["components"]:
        if row["note"]:
            name = text(f"generalizability.component.{row['component'].replace(':', '_')}")
            click.echo(text(f"generalizability.note.{row['note']}", component=name))


def _head(found: dict[str, Any]) -> dict[str, Any]:
    names = ("n_scores", "n_persons", "n_raters", "n_criteria")
    return {
        **{name: found[name] for name in names},
        "design": text(f"generalizability.design.{found['design']}"),
        "method": text(f"generalizability.method.{found['method']}"),
    }


def _plan(row: dict[str, Any]) -> dict[str, Any]:
    hours = row["hours"]
    return {
        **row,
        "readers": row["raters"],
        "replication": f"{row['replication']:.1%}",
        "reads": f"{row['reads']:.3g}",
        "hours": "" if hours is None else f"{hours:,.1f}",
        "phi": _three(row["phi"]),
        "g_coefficient": _three(row["g_coefficient"]),
    }


def _component(row: dict[str, Any]) -> dict[str, Any]:
    return {
        "component": text(f"generalizability.component.{row['component'].replace(':', '_')}"),
        "variance": f"{row['variance']:.4f}",
        "se": "" if row["se"] is None else f"{row['se']:.4f}",
        "share": "" if row["share"] is None else f"{row['share']:.1%}",
        "note": text(f"generalizability.mark.{row['note']}") if row["note"] else "",
    }


def _three(value: float | None) -> str:
    return text("agreement.undefined") if value is None else f"{value:.3f}"
