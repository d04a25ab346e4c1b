"""``workbench flags``: look at everything for reasons to look closer, list them, and what each means."""

from __future__ import annotations

from dataclasses import asdict
from typing import Any

import click

from workbench import messages
from workbench.commands.agreement import policy_at_hand
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import print_columns
from workbench.context import Context
from workbench.messages import has, text


@click.group(invoke_without_command=True)
@json_option
@click.pass_context
def command(ctx: click.Context, as_json: bool) -> None:
    """异常标记：查找并列出；标记本身不改变任何结果。 / Flags: look and list; a flag changes nothing."""
    if ctx.invoked_subcommand is not None:
        return
    from workbench.services.flags import raise_flags

    context: Context = ctx.obj
    raised = raise_flags(context.workspace(), context.act())
    if not as_json:
        from workbench.services.looks import limits_said

        click.echo(text("flags.raised", new=raised.new, holds=len(raised.holds)))
        click.echo(text(f"flags.moment.{raised.gate}"))
        for sentence in limits_said(raised.told):
            click.echo(sentence)
    _list(ctx, as_json)


@command.command("list")
@json_option
@click.pass_context
def list_(ctx: click.Context, as_json: bool) -> None:
    """只列出已有的标记。 / Only list the flags there are."""
    _list(ctx, as_json)


@command.command()
@json_option
@click.pass_obj
def catalogue(context: Context, as_json: bool) -> None:
    """每类标记：比什么、最低数据量、界限及其来源。 / Each kind of flag with its thresholds and sources."""
    from workbench.services.flag_catalogue import catalogue_rows

    rows = catalogue_rows(policy_at_hand(context))
    if as_json:
        print_json(rows)
        return
    for row in rows:
        click.echo(f"{row['code']}  {row['name']}（{row['subject_said']}）")
        click.echo(text("flags.compared", words=row["statistic"]))
        for rule in (*row["minimum"], *row["thresholds"]):
            click.echo(text("flags.rule", **_worded(rule)))
        click.echo(text("holds.innocent", words=row["innocent"]))


@command.command()
@json_option
@click.pass_context
def alarms(ctx: click.Context, as_json: bool) -> None:
    """已办结个案中的误报率，按标记类别。 / False-alarm rate of each kind of flag, from closed cases."""
    from workbench.services.case_queue import alarm_rates

    found = alarm_rates(ctx.obj.workspace())
    rows = [{**asdict(each), "known": each.known} for each in found]
    if as_json:
        print_json(rows)
    elif rows:
        columns = ("flag", "known", "innocent", "borne_out", "unclear", "false_alarm")
        print_columns(columns, map(_alarm, rows))
    else:
        click.echo(text("page_holds.no_alarms"))


def _worded(rule: dict[str, Any]) -> dict[str, Any]:
    unit, source = f"policies.unit.{rule['unit']}", f"policies.source.{rule['source']}"
    said = text(source) if has(source) else rule["source"]
    value = text("flags.not_set") if rule["value"] == "" else rule["value"]
    return {**rule, "value": value, "unit": text(unit), "source": said}


def _alarm(row: dict[str, Any]) -> dict[str, Any]:
    share = text("drawing.too_few") if row["share"] is None else f"{row['share']:.0%}"
    return {**row, "flag": text(f"flag.{row['code']}.name"), "false_alarm": share}


def _list(ctx: click.Context, as_json: bool) -> None:
    """List recorded flags; exit 1 where there are any."""
    from workbench.services.flags import list_flags, tier_said

    rows = list_flags(ctx.obj.workspace())
    if as_json:
        print_json(rows)
    elif rows:
        shown = (
            {
                "flag_id": row["flag_id"],
                "flag": text(f"flag.{row['code']}.name"),
                "tier": tier_said(str(row["code"]), str(row["tier"])),
                "sentence": row[f"sentence_{messages.language()}"],
                "state": text(f"flags.state.{row['state']}"),
            }
            for row in rows
        )
        print_columns(("flag_id", "flag", "tier", "sentence", "state"), shown)
    else:
        click.echo(text("flags.none"))
    ctx.exit(1 if rows else 0)
