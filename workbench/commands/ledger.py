"""``workbench ledger``: verify, show and checkpoint the ledgers; and the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import (
    existing_file,
    folder,
    level_words,
    moment_words,
    print_columns,
    progress,
    school_option,
    subject_words,
)
from workbench.context import Context
from workbench.messages import text

if TYPE_CHECKING:
    from workbench.services.ledgers import SchoolVerification

_ENTRY = ("seq", "kind", "subject", "competency", "level", "attempt", "posted_at")
_UNSOUND = {True: "ledgers.unsound", False: "ledgers.unsound_whole"}
_AUDIT = ("seq", "at", "actor", "role", "action", "object", "reason")


@click.group()
def command() -> None:
    """台账：核验、查看、留存检查点。 / Ledgers: verify, show, checkpoint."""


@command.command()
@school_option
@click.option("--trust", type=existing_file, help="外部公钥文件 / public keys from outside")
@click.option(
    "--kept",
    multiple=True,
    type=existing_file,
    help="他处保存的检查点 / checkpoints kept elsewhere",
)
@json_option
@click.pass_context
def verify(
    ctx: click.Context,
    schools: tuple[str, ...],
    trust: Path | None,
    kept: tuple[Path, ...],
    as_json: bool,
) -> None:
    """核验台账；有错时指出第一条错误条目。 / Verify; the first wrong entry is named."""
    from workbench.services import ledgers
    from workbench.services.schools import find_schools, schools_without_ledger
    from workbench.services.trust import keys_of_file

    workspace = ctx.obj.workspace()
    chosen = find_schools(workspace, schools) or None
    trusted = keys_of_file(trust) if trust else None
    notes = [path.read_bytes() for path in kept]
    with progress(text("ledgers.verifying")) as tick:
        found = ledgers.verify(workspace, chosen, trusted, notes, tick)
    lost = schools_without_ledger(workspace, chosen)
    if as_json:
        print_json([*map(_as_json, found), *map(_lost, lost)])
    else:
        for school in lost:
            click.echo(text("ledgers.lost", school=school))
        _print(found, outside=trust is not None, anchored=bool(kept), lost=bool(lost))
    ctx.exit(1 if lost or not all(each.found.ok for each in found) else 0)


@command.command()
@click.argument("school")
@json_option
@click.pass_obj
def show(context: Context, school: str, as_json: bool) -> None:
    """查看一所学校的台账条目。 / Every entry of a school's ledger."""
    from workbench.services import ledgers
    from workbench.services.schools import find_schools

    workspace = context.workspace()
    (school_id,) = find_schools(workspace, [school])
    entries = ledgers.show(workspace, school_id)
    if as_json:
        print_json(entries)
        return
    print_columns(_ENTRY, map(_entry, entries))


@command.command()
@click.option("--out", required=True, type=folder, help="写到哪个文件夹 / folder, kept elsewhere")
@school_option
@click.pass_obj
def checkpoint(context: Context, out: Path, schools: tuple[str, ...]) -> None:
    """写出各台账最新的已签检查点，请另处保存。 / Write the last signed checkpoints."""
    from workbench.services import ledgers
    from workbench.services.schools import find_schools

    workspace = context.workspace()
    written = ledgers.checkpoints(workspace, out, find_schools(workspace, schools) or None)
    for path in written:
        click.echo(str(path))
    click.echo(text("ledgers.checkpoints" if written else "ledgers.none", count=len(written)))


@command.command()
@json_option
@click.pass_context
def audit(ctx: click.Context, as_json: bool) -> None:
    """操作日志，并核对其前后相连。 / The audit log, and whether its chain holds."""
    from workbench.services import ledgers

    rows, faults = ledgers.audit_log(ctx.obj.workspace())
    if as_json:
        print_json([{**row, "sound": row["seq"] not in faults} for row in rows])
    else:
        print_columns(_AUDIT, ({**row, "at": moment_words(row["at"])} for row in rows))
        click.echo(
            text("ledgers.audit_fault", seq=faults[0]) if faults else text("ledgers.audit_sound")
        )
    ctx.exit(1 if faults else 0)


def _as_json(each: SchoolVerification) -> dict[str, Any]:
    return {"school": each.school_id, **each.found.as_json()}


def _lost(school: str) -> dict[str, Any]:
    """Object of a ledger that is gone, with the keys of one that was verified."""
    fault = {"seq": None, "code": "lost", "sentence": text("ledgers.lost", school=school)}
    found = {"ok": False, "checked": 0, "first_fault": None, "faults": [fault], "as_of": ""}
    return {"school": school, **found}


def _print(found: list[SchoolVerification], *, outside: bool, anchored: bool, lost: bool) -> None:
    for each in found:
        told = each.found
        key = "ledgers.sound" if told.ok else _UNSOUND[bool(told.as_of)]
        click.echo(
            text(key, school=each.school_id, count=told.checked, as_of=moment_words(told.as_of))
        )
        for fault in told.faults:
            click.echo("  " + _fault(fault.seq, fault.code))
    if not found:
        if not lost:
            click.echo(text("ledgers.none"))
        return
    if not outside:
        click.echo(text("ledgers.own_keys"))
    if not anchored:
        click.echo(text("ledger.unanchored"))


def _fault(seq: int | None, code: str) -> str:
    words = text(f"ledger.fault.{code}")
    return words if seq is None else text("ledger.at", seq=seq, what=words)


def _entry(entry: dict[str, Any]) -> dict[str, Any]:
    shown = {name: entry.get(name, "") for name in _ENTRY}
    is_result = entry["kind"] in ("result", "supersede")
    return {
        **shown,
        "kind": text(f"ledger.kind.{entry['kind']}"),
        "competency": subject_words(str(shown["competency"])) if is_result else "",
        "level": level_words(shown["level"]),
        "posted_at": moment_words(str(shown["posted_at"])),
    }
