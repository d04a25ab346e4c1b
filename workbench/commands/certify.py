"""``workbench certify``: one person proposes results, another approves and they are posted."""

from __future__ import annotations

import click

from workbench.commands.reporting import school_option
from workbench.context import Context
from workbench.messages import text

_CAUSES = ("wrong_person", "wrong_result", "withdrawn", "procedure")


@click.command()
@click.option("--propose", is_flag=True, help="提出 / propose what may be certified")
@click.option("--approve", "proposal", metavar="ID", help="批准并写入台账 / approve and post")
@click.option(
    "--void",
    "seqs",
    type=int,
    multiple=True,
    help="提出撤销第几条，可多次给出 / propose to void entries, by number",
)
@click.option(
    "--record",
    is_flag=True,
    help="提出记入公示、县复核、暂缓处置 / propose to record what went before",
)
@click.option("--cause", type=click.Choice(_CAUSES), help="撤销的事由 / why it is void")
@click.option("--reason", default="", help="撤销理由，随记录保存 / reason for voiding, kept")
@click.option(
    "--accept-clock",
    is_flag=True,
    help="时钟早于末条时仍写入并注明 / post though the clock is behind",
)
@school_option
@click.pass_context
def command(
    ctx: click.Context,
    propose: bool,
    proposal: str | None,
    record: bool,
    seqs: tuple[int, ...],
    cause: str | None,
    reason: str,
    accept_clock: bool,
    schools: tuple[str, ...],
) -> None:
    """认定：--propose 提出，另一人 --approve ID 批准。 / Certify: one proposes, another approves."""
    if propose + record + (proposal is not None) + bool(seqs) != 1:
        raise click.UsageError("--propose | --record | --void N --school S | --approve ID", ctx)
    context: Context = ctx.obj
    if seqs:
        _void(ctx, schools, seqs, cause or "", reason)
    elif proposal is None:
        _propose(context, schools, record=record)
    else:
        _approve(context, proposal, accept_clock)


def _void(
    ctx: click.Context, schools: tuple[str, ...], seqs: tuple[int, ...], cause: str, reason: str
) -> None:
    from workbench.services.ledger_acts import propose_void
    from workbench.services.schools import find_schools

    context: Context = ctx.obj
    workspace, act = context.workspace(), context.act(reason)
    chosen = find_schools(workspace, schools)
    if len(chosen) != 1:
        raise click.UsageError("--void N --school S", ctx)
    made = propose_void(workspace, chosen[0], list(seqs), cause, act)
    told = {"proposal": made.proposal_id, "school": made.school_id, "count": made.results}
    click.echo(text("certify.void_proposed", **told))


def _propose(context: Context, schools: tuple[str, ...], *, record: bool) -> None:
    from workbench.services.certification import propose, propose_procedure
    from workbench.services.schools import find_schools

    workspace = context.workspace()
    make = propose_procedure if record else propose
    for made in make(workspace, find_schools(workspace, schools), context.act()):
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


def _approve(context: Context, proposal: str, accept_clock: bool) -> None:
    from workbench.commands.phrases import ask_passphrase
    from workbench.services.certification import approve, school_of

    workspace, act = context.workspace(), context.act()
    phrase = ask_passphrase(workspace, school_of(workspace, proposal))
    made = approve(workspace, proposal, act, context.fresh, phrase, accept_clock=accept_clock)
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
