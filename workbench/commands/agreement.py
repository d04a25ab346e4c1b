"""``workbench agreement``: how far the panel, or any table of ratings, agrees."""

from __future__ import annotations

import re
from math import isnan
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, print_columns, progress
from workbench.context import Context
from workbench.messages import has, text

if TYPE_CHECKING:
    from rubrics.policy_pack import PolicyPack

DEFAULT_POLICY = "national-2.0"
"""Policy for a table that belongs to no workspace."""

_COLUMNS = ("group", "coefficient", "weights", "value", "interval", "n_units", "n_raters", "note")
_file = click.argument("file", required=False, type=existing_file)
seed_option = click.option(
    "--seed", "random_seed", default=1, show_default=True, help="随机种子 / random seed"
)


@click.command()
@_file
@click.option(
    "--by", multiple=True, help="school|competency|slot|rater|rater_pair，或表中一列 / or a column"
)
@click.option("--marks", is_flag=True, help="比较打点而非等级 / compare marks, not levels")
@click.option("--scale", default="", help="由低到高，用逗号分开 / lowest first, with commas")
@click.option(
    "--weights", default="", help="只算这些加权，用逗号分开；仅用于表 / of a FILE, only these"
)
@click.option(
    "--draws", type=click.IntRange(0, 100_000), help="重抽次数，0 为公式；仅用于表 / 0: formulas"
)
@click.option(
    "--two-way", "sample_raters", is_flag=True, help="评审员也重抽；仅用于表 / draw raters too"
)
@seed_option
@json_option
@click.pass_obj
def command(
    context: Context,
    file: Path | None,
    by: tuple[str, ...],
    marks: bool,
    scale: str,
    weights: str,
    draws: int | None,
    sample_raters: bool,
    random_seed: int,
    as_json: bool,
) -> None:
    """一致性：前两次初评；或任一评定表（unit、rater、level）。

    Agreement of the first two blind reads, or of any table of ratings. Of a workspace it is
    stored where ``--as`` says by whom.
    """
    if file is None:
        rows = _of_workspace(context, by, marks, random_seed)
    else:
        asked = {
            "scale": _listed(scale),
            "weights": _listed(weights),
            "draws": draws,
            "sample_raters": sample_raters,
        }
        rows = _of_table(file, policy_at_hand(context), by, marks, random_seed, asked)
    if as_json:
        print_json(rows)
    else:
        print_columns(_COLUMNS, map(_told, rows))


def policy_at_hand(context: Context) -> PolicyPack:
    """Policy of the workspace, or the national one where there is none."""
    from workbench.services.catalogue import find_policy

    return context.workspace().policy if context.has_workspace() else find_policy(DEFAULT_POLICY)


def _listed(words: str) -> list[str]:
    """Words between commas; a comma in brackets belongs to its word, as in ICC(2,1)."""
    parts = re.split(r",(?![^(]*\))", words.replace("，", ","))
    return [each.strip() for each in parts if each.strip()]


def _of_workspace(
    context: Context, by: tuple[str, ...], marks: bool, random_seed: int
) -> list[dict[str, Any]]:
    from workbench.services.analyses import analyse
    from workbench.services.panel import agreement_analysis

    workspace = context.workspace()
    with progress(text("analyses.computing")) as tick:
        made = analyse(
            workspace,
            "agreement",
            lambda scope: agreement_analysis(
                workspace, scope, random_seed, by, of_marks=marks, tick=tick
            ),
            context.act() if context.asserted else None,
            parameters={"by": list(by), "of_marks": marks},
            random_seed=random_seed,
        )
    rows: list[dict[str, Any]] = made["coefficients"]
    return rows


def _of_table(
    file: Path,
    policy: PolicyPack,
    by: tuple[str, ...],
    marks: bool,
    random_seed: int,
    asked: dict[str, Any],
) -> list[dict[str, Any]]:
    from workbench.services.agreement import agreement_of_table
    from workbench.services.effects import mark_agreement_of_table
    from workbench.services.tables import marks_of_table, rows_of_table

    if marks:
        return mark_agreement_of_table(marks_of_table(file), policy, random_seed, by)
    with progress(text("analyses.computing")) as tick:
        rows = rows_of_table(file)
        return agreement_of_table(rows, policy, random_seed, by=by, tick=tick, **asked)


def _told(row: dict[str, Any]) -> dict[str, str]:
    """One coefficient as the table shows it."""
    from workbench.services.agreement import explain_note

    return {
        "group": _group(row),
        "coefficient": _coefficient(row),
        "weights": _named("weights", row["weights"]),
        "value": _number(row["value"]),
        "interval": _interval(row),
        "n_units": row["n_units"],
        "n_raters": row["n_raters"],
        "note": "\n".join(explain_note(row["note"])),
    }


def _coefficient(row: dict[str, Any]) -> str:
    category = str(row["weights"])
    words = text(f"level.{category}") if has(f"level.{category}") else _named("weights", category)
    key = f"agreement.coefficient.{row['coefficient']}"
    weighted = f"{key}_weighted"
    equals_only = category == "identity" or not has(weighted)
    return text(key if equals_only else weighted, category=words)


def _group(row: dict[str, Any]) -> str:
    return f"{_named('by', row['by'])} {row['group']}".strip()


def _named(kind: str, name: object) -> str:
    key = f"agreement.{kind}.{name}"
    if has(key):
        return text(key)
    return text(f"level.{name}") if has(f"level.{name}") else str(name)


def _interval(row: dict[str, Any]) -> str:
    low, high = row["lo"], row["hi"]
    if not _known(low) or not _known(high):
        return ""
    return f"{_number(low)} … {_number(high)}"


def _number(value: float | None) -> str:
    return f"{value:.3f}" if _known(value) else text("agreement.undefined")


def _known(value: float | None) -> bool:
    return value is not None and not isnan(value)
