"""``workbench pii``: what is kept of people, handing it out, erasing it, and retention."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import new_file, print_columns, reason_option
from workbench.context import Context
from workbench.messages import text

if TYPE_CHECKING:
    from workbench.services.retention import Due

_REASONS = ("request", "retention", "wrong_person")


@click.group()
def command() -> None:
    """个人信息：留有什么、交给本人、删除、到期清理。 / Personal data: kept, exported, erased, due."""


@command.command()
@json_option
@click.pass_obj
def report(context: Context, as_json: bool) -> None:
    """各校留有哪些个人信息，多少人。 / What is kept of people, by school and kind."""
    from workbench.services.personal_data import report as kept

    rows = kept(context.workspace())
    if as_json:
        print_json(rows)
        return
    shown = [{**row, "kind": text(f"pii.kind.{row['kind']}")} for row in rows]
    print_columns(("school", "kind", "rows", "people"), shown)
    click.echo(text("pii.ledger"))
    click.echo(text("pii.stays"))


@command.command()
@click.argument("teacher")
@click.option("--out", type=new_file, required=True, help="写到哪个文件（JSON） / file to write")
@click.pass_obj
def export(context: Context, teacher: str, out: Path) -> None:
    """把一位教师的全部信息写成文件，交给本人。 / Write all that is kept of a teacher."""
    from workbench.services.personal_data import export as all_of

    told = all_of(context.workspace(), teacher, context.act())
    out.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    click.echo(text("pii.exported", file=out))


@command.command()
@click.argument("teacher")
@click.option(
    "--because",
    type=click.Choice(_REASONS),
    default="request",
    show_default=True,
    help="写入台账的理由代码 / code of the reason in the ledger",
)
@reason_option
@click.option("--dry-run", is_flag=True, help="只列出将删除的内容 / only say what would go")
@json_option
@click.pass_obj
def erase(
    context: Context, teacher: str, because: str, reason: str, dry_run: bool, as_json: bool
) -> None:
    """删除一位教师的个人信息；台账先写入告知，须两人经手。 / Erase a teacher; two people's hands."""
    from workbench.services.personal_data import erase_person

    made = erase_person(context.workspace(), teacher, because, context.act(reason), dry_run=dry_run)
    if as_json:
        print_json([{**vars(made)}])
        return
    shown = [
        {"kind": text(f"pii.kind.{table}"), "rows": count}
        for table, count in made.rows.items()
        if count
    ]
    shown.append({"kind": text("pii.kind.files"), "rows": made.files})
    print_columns(("kind", "rows"), shown)
    click.echo(text(f"pii.{made.state}", proposal=made.proposal_id))


@command.command()
@click.option("--apply", "applied", is_flag=True, help="删除到期的文件 / delete what is due")
@click.option("--yes", is_flag=True, help="不再询问 / without asking")
@json_option
@click.pass_obj
def retention(context: Context, applied: bool, yes: bool, as_json: bool) -> None:
    """保存期限：哪些到期，确认后清理。 / What is due by the policy; deletes it once confirmed."""
    from workbench.services.retention import BY_HAND, apply_retention
    from workbench.services.retention import retention as table

    workspace = context.workspace()
    rows = table(workspace, context.today())
    due = [row.kind for row in rows if row.is_due and row.kind not in BY_HAND]
    if applied and due:
        if not yes:
            files = sum(row.files for row in rows if row.kind in due)
            click.confirm(text("pii.sure", count=files), abort=True, err=True)
        rows = apply_retention(workspace, due, context.act())
    if as_json:
        print_json([vars(row) for row in rows])
        return
    print_columns(("kind", "kept_for", "keep_until", "files"), [_shown(row) for row in rows])
    click.echo(text("pii.applied" if applied and due else "pii.due" if due else "pii.nothing_due"))


def _shown(row: Due) -> dict[str, object]:
    unit = text(f"pii.{row.unit}")
    due = row.due_on or text("pii.each_its_own" if row.unit == "days" else "pii.not_begun")
    return {
        "kind": text(f"pii.kind.{row.kind}"),
        "kept_for": f"{row.keep} {unit}",
        "keep_until": due,
        "files": f"{row.files} ({row.bytes / 2**20:.1f} MiB)" if row.files else "",
    }
