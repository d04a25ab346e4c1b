"""``workbench certify``: one person proposes results, another approves and they are posted."""

from __future__ import annotations

import click

from workbench.commands.reporting import school_option
from workbench.context import Context
from workbench.messages import text


@click.command()
@click.option("--propose", is_flag=True, help="提出 / propose what may be certified")
@click.option("--approve", "proposal", metavar="ID", help="批准并写入台账 / approve and post")
@school_option
@click.pass_context
def command(
    ctx: click.Context, propose: bool, proposal: str | None, schools: tuple[str, ...]
) -> None:
    """认定：--propose 提出，另一人 --approve ID 批准。 / Certify: one proposes, another approves."""
    if propose == (proposal is not None):
        raise click.UsageError("--propose | --approve ID", ctx)
    context: Context = ctx.obj
    if proposal is None:
        _propose(context, schools)
    else:
        _approve(context, proposal)


def _propose(context: Context, schools: tuple[str, ...]) -> None:
    from workbench.services.certification import propose
    from workbench.services.schools import find_schools

    workspace = context.workspace()
    for made in propose(workspace, find_schools(workspace, schools), context.act()):
        click.echo(
            text(
                "certify.proposed",
                proposal=made.proposal_id,
                school=made.school_id,
                results=made.results,
            )
        )
        for reason, count in made.refused.items():
            click.echo(text(f"certify.refused.{reason}", count=count))


def _approve(context: Context, proposal: str) -> None:
    from workbench.services.certification import approve

    made = approve(context.workspace(), proposal, context.act(), context.fresh)
    click.echo(
        text(
            "certify.posted",
            proposal=made.proposal_id,
            school=made.school_id,
            count=len(made.seqs),
            first=min(made.seqs, default=0),
            last=max(made.seqs, default=0),
        )
    )
    click.echo(text("certify.keep_checkpoint"))
    click.echo(made.checkpoint)
