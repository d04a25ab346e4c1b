"""``workbench init``: make the workspace of a new round."""

from __future__ import annotations

from pathlib import Path

import click

from workbench.context import Context
from workbench.messages import text


@click.command()
@click.option(
    "--policy",
    default="",
    help="政策包名称或文件，默认 national-2.0，或沿用上一批次 / name of a pack, or a file",
)
@click.option("--round", "round_name", default="", help="批次名称 / name of the round")
@click.option("--place", default="", help="县或学校的名称 / county or school")
@click.option(
    "--from",
    "last",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="上一批次的工作区，沿用人员、学时、待重测、指纹、标准件和判例 / workspace of the last round",
)
@click.pass_obj
def command(context: Context, policy: str, round_name: str, place: str, last: Path | None) -> None:
    """新建一个批次的工作区。 / Make the workspace of a new round."""
    from workbench.services.workspace import create

    if last is not None:
        _succeed(context, last, policy, round_name, place)
        return
    made = create(
        context.folder,
        policy or "national-2.0",
        round_name or text("init.round", year=context.today().year),
        place or text("init.place"),
        context.act(actor=context.founder),
        context.fresh,
    )
    click.echo(
        text(
            "init.made",
            folder=made.folder,
            round=made.round_name,
            place=made.place,
            policy=made.settings["policy"],
        )
    )


def _succeed(context: Context, last: Path, policy: str, round_name: str, place: str) -> None:
    """Make the round from the last one and say what came along."""
    from workbench.services.succession import succeed
    from workbench.services.workspace import Workspace

    made = succeed(
        Workspace(last),
        context.folder,
        round_name or text("init.round", year=context.today().year),
        context.act(actor=context.founder),
        context.fresh,
        policy,
        place,
    )
    opened = made.workspace
    told = {"folder": opened.folder, "round": opened.round_name, "place": opened.place}
    click.echo(text("init.made", **told, policy=opened.settings["policy"]))
    counts = {"schools": made.schools, "teachers": made.teachers, "people": made.people}
    click.echo(text("init.carried", **counts, prints=made.prints, seeds=made.seeds))
    if made.precedents:
        click.echo(text("precedents.carried", count=made.precedents))
    for outcome, count in made.retests.items():
        named = f"level.{outcome}" if outcome == "fail" else f"reason_none.{outcome}"
        click.echo(text("init.retests", outcome=text(named), count=count))
    for sentence in made.refused:
        click.echo(sentence)
    if made.dates_cleared:
        click.echo(text("init.dates"))
    click.echo(text("init.passwords"))
