"""``workbench agreement``: how far the panel, or any table of ratings, agrees."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.commands.agreement_printing import print_agreement
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, progress
from workbench.context import Context
from workbench.errors import InputError
from workbench.messages import text

if TYPE_CHECKING:
    from rubrics.policy_pack import PolicyPack
    from workbench.services.agreement_weights import Disagreements

DEFAULT_POLICY = "national-2.0"
"""Policy for a table that belongs to no workspace."""

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
@click.option(
    "--scale", default="", help="由低到高，用逗号分开；仅用于表 / lowest first, of a FILE"
)
@click.option(
    "--weights",
    default="",
    help="只算这些加权，用逗号分开；也可以是自定权重的方表文件 / only these, or a square table of your own",
)
@click.option(
    "--cluster",
    default="",
    help="相互独立的单位所在的列，unit 为每个单元；仅用于表 / column of what is independent",
)
@click.option("--draws", type=click.IntRange(0, 100_000), help="重抽次数，0 为公式 / 0: formulas")
@click.option("--two-way", "sample_raters", is_flag=True, help="评审员也重抽 / draw raters too")
@click.option(
    "--latent",
    is_flag=True,
    help="另附各人与潜在等级（Dawid–Skene）的符合率，仅供比较 / compare with latent levels",
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
    cluster: str,
    draws: int | None,
    sample_raters: bool,
    latent: bool,
    random_seed: int,
    as_json: bool,
) -> None:
    """一致性：前两次初评；或任一评定表（unit、rater、level）。

    Agreement of the first two blind reads, or of any table of ratings. Of a workspace it is
    stored where ``--as`` says by whom.
    """
    asked = _Asked(
        by, marks, _listed(scale), _listed(weights), cluster, draws, sample_raters, latent
    )
    policy = policy_at_hand(context)
    if file is None:
        rows, clusters = _of_workspace(context, asked, random_seed)
    else:
        rows, clusters = _of_table(file, policy, asked, random_seed)
    if as_json:
        print_json(rows)
    else:
        print_agreement(rows, float(policy["agreement.level"]), clusters)


@dataclass(frozen=True)
class _Asked:
    """What the options say."""

    by: tuple[str, ...]
    marks: bool
    scale: list[str]
    weights: list[str]
    cluster: str
    draws: int | None
    sample_raters: bool
    latent: bool

    def refuse(self, **useless: object) -> None:
        """Refuse options that say nothing here, rather than pass them over."""
        given = ", ".join(f"--{name.replace('_', '-')}" for name, came in useless.items() if came)
        if given:
            raise InputError(
                f"{given}: only for a FILE of ratings (unit, rater, level), as levels and teachers "
                "of a workspace and marks are known. Leave it out, or give such a file.",
                key="agreement.only_of_file",
                options=given,
            )


def policy_at_hand(context: Context) -> PolicyPack:
    """Policy of the workspace, or the national one where there is none."""
    from workbench.services.catalogue import find_policy

    return context.workspace().policy if context.has_workspace() else find_policy(DEFAULT_POLICY)


def _listed(words: str) -> list[str]:
    """Words between commas; a comma in brackets belongs to its word, as in ICC(2,1)."""
    parts = re.split(r",(?![^(]*\))", words.replace("，", ","))
    return [each.strip() for each in parts if each.strip()]


def _of_workspace(
    context: Context, asked: _Asked, random_seed: int
) -> tuple[list[dict[str, Any]], str]:
    from workbench.services.analyses import analyse
    from workbench.services.panel import agreement_analysis

    asked.refuse(scale=asked.scale, cluster=asked.cluster, latent=asked.latent)
    workspace = context.workspace()
    more: dict[str, Any] = {} if asked.draws is None else {"draws": asked.draws}
    more |= {"weights": asked.weights} if asked.weights else {}
    more |= {"sample_raters": True} if asked.sample_raters else {}
    with progress(text("analyses.computing")) as tick:
        made = analyse(
            workspace,
            "agreement",
            lambda scope: agreement_analysis(
                workspace, scope, random_seed, asked.by, of_marks=asked.marks, tick=tick, **more
            ),
            context.act() if context.asserted else None,
            parameters={"by": list(asked.by), "of_marks": asked.marks, **more},
            random_seed=random_seed,
        )
    rows: list[dict[str, Any]] = made["coefficients"]
    return rows, text("agreement.by_school_or_teacher")


def _of_table(
    file: Path, policy: PolicyPack, asked: _Asked, random_seed: int
) -> tuple[list[dict[str, Any]], str]:
    from workbench.services.agreement import agreement_of_table, clusters_of
    from workbench.services.effects import mark_agreement_of_table
    from workbench.services.tables import marks_of_table, rows_of_table

    if asked.marks:
        asked.refuse(
            scale=asked.scale, weights=asked.weights, cluster=asked.cluster,
            draws=asked.draws is not None, two_way=asked.sample_raters, latent=asked.latent,
        )  # fmt: skip
        marks = marks_of_table(file)
        return mark_agreement_of_table(marks, policy, random_seed, asked.by), "piece"
    names, own = _weights(asked.weights)
    with progress(text("analyses.computing")) as tick:
        rows = rows_of_table(file)
        found = agreement_of_table(
            rows, policy, random_seed, scale=asked.scale, by=asked.by, clusters=asked.cluster,
            weights=names, disagreements=own, draws=asked.draws, sample_raters=asked.sample_raters,
            latent=asked.latent, tick=tick,
        )  # fmt: skip
    return found, clusters_of(rows[0] if rows else (), asked.cluster) or ""


def _weights(words: list[str]) -> tuple[list[str], Disagreements | None]:
    """Names of weightings, and the table of one's own where one of the words is a file."""
    from workbench.services.agreement_weights import OWN, disagreements_of_file

    files = [word for word in words if Path(word).suffix.lower() in (".csv", ".xlsx")]
    if not files:
        return words, None
    path = Path(files[0])
    if len(files) > 1 or not path.is_file():
        raise InputError(
            f"--weights {', '.join(files)}: one file that is there was expected. Name a square "
            "table (csv or xlsx) of how far levels are apart.",
            key="agreement.own_file",
            came=", ".join(files),
        )
    names = [word for word in words if word not in files]
    return [*names, OWN], disagreements_of_file(path)
