"""``workbench policies``: list, show, check and compare policy packs."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import click

from workbench import messages
from workbench.commands.impacts import print_impacts
from workbench.commands.printing import (
    json_option,
    print_changes,
    print_faults,
    print_json,
    print_table,
    written,
)
from workbench.commands.reporting import reason_option
from workbench.context import Context
from workbench.messages import text
from workbench.services import catalogue


@click.group()
def command() -> None:
    """政策包：列出、查看、检查、比较。 / Policy packs: list, show, check, compare."""


@command.command("list")
@json_option
def list_(as_json: bool) -> None:
    """列出随产品提供的政策包。 / List the shipped packs."""
    rows = catalogue.policy_rows()
    if as_json:
        print_json(rows)
        return
    columns = (
        "policy",
        "name",
        "issuer",
        "document_no",
        "issued",
        "inherits",
        "own_rules",
        "digest",
    )
    shown = (
        {**row, "name": row[f"name_{messages.language()}"], "digest": row["digest"][:12]}
        for row in rows
    )
    print_table(
        [text(f"policies.column.{column}") for column in columns],
        ([row[column] for column in columns] for row in shown),
    )


@command.command()
@click.argument("name")
@json_option
def show(name: str, as_json: bool) -> None:
    """查看一个政策包的全部规则：名称或文件。 / Show every rule of a pack: name or file."""
    pack = catalogue.find_policy(name)
    rows = catalogue.rule_rows(pack)
    if as_json:
        print_json(rows)
        return
    title = pack.name_zh if messages.language() == "zh" else pack.name_en
    issued = " ".join(part for part in (pack.issuer, pack.document_no, pack.issued) if part)
    click.echo(f"{pack.pack_id}  {title}")
    click.echo(text("policies.head", issued=issued, digest=pack.digest[:12]))
    print_table(
        [
            text(f"policies.column.{c}")
            for c in ("rule", "value", "unit", "source", "pack", "about")
        ],
        (
            [
                row["key"],
                written(row["value"]),
                text(f"policies.unit.{row['unit']}"),
                _source(row["source"]),
                row["pack"],
                _about(row),
            ]
            for row in rows
        ),
    )


def _about(row: dict[str, Any]) -> str:
    """Name of a rule, and its note, which is written in the pack's own language."""
    name: str = row[f"name_{messages.language()}"]
    return f"{name}\n{row['note']}" if row["note"] else name


def _source(source: str) -> str:
    """Sources that are words of the product in the language of the run; documents as they are."""
    key = f"policies.source.{source}"
    return text(key) if messages.has(key) else source


@command.command()
@click.argument("files", nargs=-1, required=True, type=click.Path(exists=True, path_type=Path))
@json_option
@click.pass_context
def check(ctx: click.Context, files: tuple[Path, ...], as_json: bool) -> None:
    """检查政策包文件，一次列出全部错误。 / Check pack files; every fault at once."""
    rows = catalogue.fault_rows(catalogue.check_policies(files))
    (print_json if as_json else print_faults)(rows)
    ctx.exit(1 if rows else 0)


@command.command()
@click.argument("before")
@click.argument("after")
@json_option
def diff(before: str, after: str, as_json: bool) -> None:
    """比较两个政策包的规则。 / Compare the rules of two packs."""
    rows = catalogue.policy_changes(before, after)
    (print_json if as_json else print_changes)(rows)


@command.command()
@click.argument("name", metavar="FILE")
@json_option
@click.pass_obj
def impact(context: Context, name: str, as_json: bool) -> None:
    """试算：改用这个政策包，谁的结果会变（本批次和上一批次）。 / Whose results a pack would change."""
    from workbench.services.impact import policy_impact

    impacts = policy_impact(context.workspace(), catalogue.find_policy(name))
    print_impacts(impacts, as_json)


@command.command()
@click.argument("name", metavar="FILE")
@reason_option
@click.pass_obj
def adopt(context: Context, name: str, reason: str) -> None:
    """改用政策包；打点不变，结果按新政策重新合成。 / Hold the round to this pack from now on."""
    from workbench.services.impact import adopt_policy

    pack, impacts = adopt_policy(context.workspace(), name, context.act(reason))
    click.echo(text("impact.adopted", pack=pack.pack_id, digest=pack.digest[:12]))
    print_impacts(impacts[:1], False)
