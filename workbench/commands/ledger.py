"""``workbench ledger``: verify, show and checkpoint the ledgers; and the audit log."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from workbench.commands.phrases import ask_passphrase
from workbench.commands.printing import json_option, print_json
from workbench.commands.reporting import (
    existing_file,
    folder,
    level_words,
    print_columns,
    progress,
    reason_option,
    school_option,
    subject_words,
)
from workbench.context import Context
from workbench.messages import text
from workbench.moments import moment_words

if TYPE_CHECKING:
    from workbench.services.ledgers import SchoolVerification

_ENTRY = ("seq", "kind", "subject", "competency", "level", "attempt", "posted_at")
_UNSOUND = {True: "ledgers.unsound", False: "ledgers.unsound_whole"}
_locked = click.option(
    "--locked", is_flag=True, help="密钥用口令保护，届时输入 / the key has a passphrase, asked for"
)
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
@click.option(
    "--since", type=click.IntRange(min=0), help="见证方已见到的条数 / entries the witness has seen"
)
@click.pass_obj
def checkpoint(context: Context, out: Path, schools: tuple[str, ...], since: int | None) -> None:
    """写出各台账最新的已签检查点和见证请求。 / Write the last checkpoints, and requests to a witness."""
    from workbench.services import ledgers
    from workbench.services.schools import find_schools
    from workbench.services.witnessed import requests

    workspace = context.workspace()
    chosen = find_schools(workspace, schools) or None
    written = ledgers.checkpoints(workspace, out, chosen)
    for path in (*written, *requests(workspace, out, chosen, since)):
        click.echo(str(path))
    click.echo(text("ledgers.checkpoints" if written else "ledgers.none", count=len(written)))


@command.command()
@click.argument("files", nargs=-1, type=existing_file)
@click.option("--witness", type=existing_file, help="见证方公钥文件 / public key of the witness")
@school_option
@json_option
@click.pass_obj
def witnessed(
    context: Context,
    files: tuple[Path, ...],
    witness: Path | None,
    schools: tuple[str, ...],
    as_json: bool,
) -> None:
    """收下见证方加签的检查点；不给文件则看见证到哪里。 / Take in cosigned checkpoints, or show them."""
    from dataclasses import asdict

    from workbench.services.schools import find_schools
    from workbench.services.trust import keys_of_file
    from workbench.services.witnessed import take_in, trust_witness
    from workbench.services.witnessed import witnessed as seen

    workspace = context.workspace()
    if witness:
        trust_witness(workspace, keys_of_file(witness), context.act())
    for path in files:
        take_in(workspace, path.read_bytes(), context.act())
    found = seen(workspace, context.now(), find_schools(workspace, schools) or None)
    if as_json:
        print_json([{**asdict(each), "sentence": each.sentence} for each in found])
        return
    for each in found:
        click.echo(text("witness.school", school=each.school_id, sentence=each.sentence))


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


@command.group()
def key() -> None:
    """台账密钥：加口令、更换、吊销、续立。 / Keys: lock, rotate, revoke, continue after a loss."""


@key.command()
@click.argument("school")
@click.pass_obj
def lock(context: Context, school: str) -> None:
    """给密钥加口令或换口令；口令不保存。 / Protect a key with a passphrase; it is not kept."""
    from workbench.services.keys import lock_key
    from workbench.services.schools import find_schools

    workspace, act = context.workspace(), context.act()
    (school_id,) = find_schools(workspace, [school])
    old = ask_passphrase(workspace, school_id)
    lock_key(workspace, school_id, act, old, _new_phrase())
    click.echo(text("ledger_key.locked", school=school_id))


@key.command()
@click.argument("school")
@reason_option
@_locked
@click.pass_obj
def rotate(context: Context, school: str, reason: str, locked: bool) -> None:
    """提出更换密钥，须另一人批准。 / Propose a new key; another person approves it."""
    from workbench.services.ledger_acts import propose_rotation
    from workbench.services.schools import find_schools

    workspace, act = context.workspace(), context.act(reason)
    (school_id,) = find_schools(workspace, [school])
    phrase = _new_phrase() if locked else None
    made = propose_rotation(workspace, school_id, act, context.fresh, phrase)
    click.echo(text("ledger_key.proposed", proposal=made.proposal_id, school=school_id))


@key.command()
@click.argument("school")
@click.argument("statement", type=existing_file)
@reason_option
@click.pass_obj
def revoke(context: Context, school: str, statement: Path, reason: str) -> None:
    """凭县里的签名声明提出吊销密钥；台账随之关闭。 / Propose to revoke a key; it closes the ledger."""
    from workbench.services.ledger_acts import propose_revocation
    from workbench.services.schools import find_schools

    workspace, act = context.workspace(), context.act(reason)
    (school_id,) = find_schools(workspace, [school])
    made = propose_revocation(workspace, school_id, statement.read_bytes(), act)
    click.echo(text("ledger_key.proposed", proposal=made.proposal_id, school=school_id))


@key.command("continue")
@click.argument("school")
@click.option("--statement", type=existing_file, help="县里的签名声明 / the county's statement")
@reason_option
@_locked
@click.pass_obj
def continue_(
    context: Context, school: str, statement: Path | None, reason: str, locked: bool
) -> None:
    """密钥遗失或被吊销后续立台账：先出新公钥，再凭县里声明续立。 / Continue after a key was lost."""
    from workbench.services.certification import continue_ledger
    from workbench.services.ledger_acts import prepare_continuation
    from workbench.services.schools import find_schools

    workspace, act = context.workspace(), context.act(reason)
    (school_id,) = find_schools(workspace, [school])
    if statement is None:
        phrase = _new_phrase() if locked else None
        new = prepare_continuation(workspace, school_id, act, context.fresh, phrase)
        click.echo(text("ledger_key.prepared", school=school_id, key=new))
        return
    phrase = click.prompt(text("ledger_key.phrase"), hide_input=True) if locked else None
    made = continue_ledger(workspace, school_id, statement.read_bytes(), act, phrase)
    click.echo(text("ledger_key.continued", school=school_id))
    click.echo(made.checkpoint)


def _new_phrase() -> str:
    phrase: str = click.prompt(
        text("ledger_key.new_phrase"), hide_input=True, confirmation_prompt=True
    )
    return phrase


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
