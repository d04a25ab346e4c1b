"""``workbench supervision``: the county reads a sample again, and accepts or sends back a school."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import new_file, print_columns, reason_option
from workbench.context import Context
from workbench.messages import text

_COLUMNS = (
    *("school_id", "sampled", "reread", "same", "lowered", "raised", "lowered_share"),
    *("over_limit", "decision"),
)


@click.group()
def command() -> None:
    """县复核：抽样、比对、接受或发回。 / The county's check."""


@command.command()
@click.option("--seed", required=True, help="随机种子，与样本一同公布 / published with the sample")
@click.option("--out", type=new_file, help="复核打点表（.csv） / empty ratings file")
@json_option
@click.pass_obj
def sample(context: Context, seed: str, out: Path | None, as_json: bool) -> None:
    """按政策的比例和下限抽取样本。 / Draw the sample at the policy's rate and minima."""
    from workbench.services import supervision
    from workbench.services.rating_template import write_template

    workspace = context.workspace()
    drawn = supervision.sample(workspace, seed, context.act())
    rows = [{"school_id": d.school_id, "piece": d.piece_id, "why": d.why} for d in drawn]
    if out is not None:
        write_template(workspace, [d.piece_id for d in drawn], "county", out)
    if as_json:
        print_json(rows)
        return
    shown = ({**row, "why": text(f"supervision.why.{row['why']}")} for row in rows)
    print_columns(("school_id", "piece", "why"), shown)
    click.echo(text("supervision.sampled", count=len(rows), seed=seed))
    if out is not None:
        click.echo(text("supervision.template", file=out))


@command.command()
@json_option
@click.pass_obj
def compare(context: Context, as_json: bool) -> None:
    """县评等级与学校等级比对。 / The county's levels beside each school's own."""
    from workbench.services import supervision

    rows = supervision.compare(context.workspace())
    if as_json:
        print_json(rows)
    elif rows:
        print_columns(_COLUMNS, map(_told, rows))
    else:
        click.echo(text("supervision.no_sample"))


@command.command()
@click.argument("school")
@reason_option
@click.pass_obj
def accept(context: Context, school: str, reason: str) -> None:
    """接受一所学校的结果。 / Accept a school's results."""
    _decide(context, school, "accept", reason)


@command.command()
@click.argument("school")
@reason_option
@click.pass_obj
def reopen(context: Context, school: str, reason: str) -> None:
    """发回：县评与校评不同的证据重新评阅。 / Send back: pieces that differ are read again."""
    _decide(context, school, "reopen", reason)


def _decide(context: Context, school: str, decision: str, reason: str) -> None:
    from workbench.services import supervision
    from workbench.services.schools import find_schools

    workspace = context.workspace()
    (school_id,) = find_schools(workspace, [school])
    pieces = supervision.decide(workspace, school_id, decision, reason, context.act(reason))
    click.echo(text(f"supervision.decided.{decision}", school=school_id, count=len(pieces)))


def _told(row: dict[str, Any]) -> dict[str, Any]:
    share = row["lowered_share"]
    return {
        **row,
        "lowered_share": "" if share is None else f"{share:.0%}",
        "over_limit": text("catalogue.yes") if row["over_limit"] else "",
        "decision": text(f"supervision.decision.{row['decision'] or 'none'}"),
    }
