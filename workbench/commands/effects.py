"""``workbench effects``: who marks more severely or more leniently than those who read the same."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.commands.agreement import policy_at_hand, seed_option
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, print_columns
from workbench.context import Context
from workbench.messages import text

Rows = list[dict[str, Any]]


@click.command()
@click.argument("file", required=False, type=existing_file)
@seed_option
@json_option
@click.pass_obj
def command(context: Context, file: Path | None, random_seed: int, as_json: bool) -> None:
    """严格度：由初评得出；或任一打点表（piece、rater、criterion、met）。

    Severity, from the blind reads or from any table of marks.
    """
    findings, severities = _compute(context, file, random_seed)
    if as_json:
        print_json(findings)
        return
    print_columns(
        ("rater", "severity", "se", "adjusted", "n_reads", "panel"), map(_told, severities)
    )
    minimum = policy_at_hand(context)["flag.severe_rater.min_reads"]
    for finding in findings:
        sentence = _sentence(finding, minimum)
        if sentence:
            click.echo(sentence)


def _compute(context: Context, file: Path | None, random_seed: int) -> tuple[Rows, Rows]:
    from workbench.services import effects

    if file is None:
        from workbench.services.panel import panel_findings

        workspace = context.workspace()
        return panel_findings(workspace, random_seed), effects.severity_rows(workspace)
    from workbench.services.tables import marks_of_table

    marks = marks_of_table(file)
    found = effects.findings_of_table(marks, policy_at_hand(context), random_seed)
    return found, effects.severity_rows_of_table(marks)


def _sentence(finding: dict[str, Any], minimum: int) -> str:
    """What a finding says, the raters named in front where the sentence does not."""
    from workbench.services.effects import sentence_of

    who = text("catalogue.and").join(finding["ids"])
    if not finding["minimum_met"]:
        told = text("effects.too_few", n=finding["n"], minimum=minimum)
        return text("finding.of", who=who, sentence=told)
    sentence = sentence_of(finding)
    return (
        sentence
        if finding["flagged"] or not sentence
        else text("finding.of", who=who, sentence=sentence)
    )


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """One rater as the table shows it; positive is harsher."""
    error = row["se"]
    return {
        **row,
        "rater": row["rater_id"],
        "severity": f"{row['severity']:+.1%}",
        "adjusted": "" if row["adjusted"] is None else f"{row['adjusted']:+.1%}",
        "se": "" if error is None else f"{error:.1%}",
    }
