"""``workbench schools``: schools beside the county, of a workspace or of any table of marks."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench.commands.agreement import policy_at_hand
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import existing_file
from workbench.context import Context
from workbench.messages import text


@click.command()
@click.argument("file", required=False, type=existing_file)
@click.option("--pieces", "pieces_file", type=existing_file, help="piece、school、person、why")
@click.option(
    "--raters",
    "raters_file",
    type=existing_file,
    help="rater、school；县里的人不作本校评审 / rater, school",
)
@click.option("--seeds", "seeds_file", type=existing_file, help="piece、criterion、met")
@click.option(
    "--met-from", type=float, help="各指标为分数时，从几分起算达到 / least score that is met"
)
@click.option("--splits", is_flag=True, help="改列偏高的构成 / list what rates are made of")
@json_option
@click.pass_obj
def command(
    context: Context,
    file: Path | None,
    pieces_file: Path | None,
    raters_file: Path | None,
    seeds_file: Path | None,
    met_from: float | None,
    splits: bool,
    as_json: bool,
) -> None:
    """各校与全县：漏斗、县复评差距、门槛聚集、标准件宽严；或任一打点表。

    Schools beside the county, of a workspace or of any table of marks with its pieces.
    """
    if file is None:
        made = _of_workspace(context)
    else:
        if pieces_file is None:
            raise click.UsageError(text("schools.pieces_needed"))
        made = _of_table(context, (file, pieces_file, raters_file, seeds_file), met_from)
    if as_json:
        print_json(made["splits"] if splits else made["findings"])
        return
    from workbench.services.school_sentences import sentences_of

    for sentence in sentences_of(made, names=_names(context) if file is None else {}):
        click.echo(sentence)


def _of_workspace(context: Context) -> dict[str, Any]:
    from workbench.services.analyses import analyse
    from workbench.services.school_effects import schools_analysis

    workspace = context.workspace()
    made: dict[str, Any] = analyse(
        workspace,
        "schools",
        lambda scope: schools_analysis(workspace, scope),
        context.act() if context.asserted else None,
    )
    return made


def _of_table(
    context: Context, files: tuple[Path, Path, Path | None, Path | None], met_from: float | None
) -> dict[str, Any]:
    from workbench.services.school_effects import schools_of_table, without_outsiders
    from workbench.services.school_tables import marks_for_schools
    from workbench.services.table_columns import must_share, rows_beside

    marks, pieces, raters, seeds = files
    owned = rows_beside(pieces, ("piece", "school"))
    found = marks_for_schools(marks, met_from)
    known = rows_beside(seeds, ("piece",)) if seeds else []
    there = {str(row["piece_id"]) for row in found if "piece_id" in row}
    for path, rows in ((pieces, owned), (seeds, known)):
        if path is not None and there:
            must_share(rows, "piece", there, path)
    if raters is not None:
        crew = rows_beside(raters, ("rater", "school"))
        must_share(crew, "rater", {str(row.get("rater_id", "")) for row in found}, raters)
        found = without_outsiders(found, owned, crew)
    return schools_of_table(found, owned, known, policy_at_hand(context))


def _names(context: Context) -> dict[str, str]:
    from workbench.services.schools import school_rows

    return {row["school_id"]: row["school"] for row in school_rows(context.workspace())}
