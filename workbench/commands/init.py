"""``workbench init``: make the workspace of a new round."""

from __future__ import annotations

import click

from workbench.context import Context
from workbench.messages import text


@click.command()
@click.option(
    "--policy",
    default="national-2.0",
    show_default=True,
    help="政策包名称或文件 / name of a policy pack, or a file",
)
@click.option("--round", "round_name", default="", help="批次名称 / name of the round")
@click.option("--place", default="", help="县或学校的名称 / county or school")
@click.pass_obj
def command(context: Context, policy: str, round_name: str, place: str) -> None:
    """新建一个批次的工作区。 / Make the workspace of a new round."""
    from workbench.services.workspace import create

    made = create(
        context.folder,
        policy,
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
