"""``workbench effects``: whose marking departs from that of those who read the same, and how."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from workbench.commands.agreement import policy_at_hand, seed_option
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file, print_columns
from workbench.context import Context
from workbench.messages import text

Rows = list[dict[str, Any]]
Sentence = Callable[[Mapping[str, Any]], str]


@click.command()
@click.argument("file", required=False, type=existing_file)
@click.option(
    "--pieces", type=existing_file, help="piece、school、department、chars / what pieces are"
)
@click.option("--raters", type=existing_file, help="rater、school、department / who raters are")
@click.option("--seeds", type=existing_file, help="piece、criterion、met / experts' marks on seeds")
@seed_option
@json_option
@click.pass_obj
def command(
    context: Context,
    file: Path | None,
    pieces: Path | None,
    raters: Path | None,
    seeds: Path | None,
    random_seed: int,
    as_json: bool,
) -> None:
    """评审员效应：由初评得出；或任一打点表（piece、rater、criterion、met），或每条指标一列的分数表。

    Effects of raters, from the blind reads or from any table: marks, or scores
    with one column a criterion. Of a workspace they are stored where ``--as``
    says by whom.
    """
    findings, severities, sentence_of = _compute(
        context, file, (pieces, raters, seeds), random_seed
    )
    if as_json:
        print_json(findings)
        return
    print_columns(
        ("rater", "severity", "se", "adjusted", "n_reads", "panel"), map(_told, severities)
    )
    minimum = policy_at_hand(context)["flag.severe_rater.min_reads"]
    for sentence in _sentences(findings, minimum, sentence_of):
        click.echo(sentence)


def _compute(
    context: Context, file: Path | None, beside: Sequence[Path | None], random_seed: int
) -> tuple[Rows, Rows, Sentence]:
    from workbench.services import effects

    if file is None:
        return (*_of_workspace(context, random_seed), effects.sentence_of)
    from workbench.services.effects_files import read_files

    read = read_files(file, *beside)
    policy = policy_at_hand(context)
    if read.criteria:
        _say_columns(read.criteria, read.left_out)
    if read.scores is not None:
        found = effects.findings_of_scores(read.scores, policy, random_seed, read.beside)
        rows = effects.severity_rows_of_scores(read.scores)
        return found, rows, effects.sentence_of_scores
    found = effects.findings_of_table(read.marks, policy, random_seed, read.beside)
    return found, effects.severity_rows_of_table(read.marks), effects.sentence_of


def _say_columns(criteria: Sequence[str], left_out: Sequence[str]) -> None:
    """Say on the error stream which columns were taken for criteria."""
    comma = text("catalogue.and")
    click.echo(text("effects.columns", columns=comma.join(criteria)), err=True)
    if left_out:
        click.echo(text("effects.left_out", columns=comma.join(left_out)), err=True)


def _of_workspace(context: Context, random_seed: int) -> tuple[Rows, Rows]:
    from workbench.services.analyses import analyse
    from workbench.services.panel import effects_analysis

    workspace = context.workspace()
    made = analyse(
        workspace,
        "effects",
        lambda scope: effects_analysis(workspace, scope, random_seed),
        context.act() if context.asserted else None,
        random_seed=random_seed,
    )
    return made["findings"], made["severities"]


def _sentences(findings: Rows, minimum: int, sentence_of: Sentence) -> Iterator[str]:
    """What was found, then of whom nothing can be said and what would have been found."""
    yield from (sentence_of(each) for each in findings if each["flagged"])
    for each in findings:
        if each["flagged"] or each["code"] not in ("severe_rater", "lenient_rater"):
            continue
        told = sentence_of(each)
        if not each["minimum_met"]:
            told = text("effects.too_few", n=each["n"], minimum=minimum)
        if told:
            who = text("catalogue.and").join(each["ids"])
            yield text("finding.of", who=who, sentence=told)


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
