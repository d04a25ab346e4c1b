"""Certificates 结果单: made from ledger entries and their proofs, never from working tables."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path

from models.ledger.notes import parse_checkpoint, parse_note
from models.ledger.verifying import current_results, latest_checkpoint, proofs_for
from models.store import Act, Row, Store
from rubrics.canonical import Json, canonical_json
from workbench.context import CHINA
from workbench.errors import InputError, RefusedError
from workbench.exports.appendix_layout import place_key
from workbench.exports.payload import (
    APPENDIX,
    SCHOOL,
    TEACHER,
    NamedPolicy,
    SheetPayload,
    for_county,
    for_teacher,
    proven,
)
from workbench.exports.sheets import FORMATS, write_sheets
from workbench.services.desk_anchors import deciding_anchors, places_in_words
from workbench.services.identities import identities, school_label
from workbench.services.keys import trusted_keys
from workbench.services.ledgers import ledgers
from workbench.services.reach import act_for, sheets_of_schools
from workbench.services.sheet_extras import PLAIN, Extras
from workbench.services.workspace import Workspace


def write_certificates(
    workspace: Workspace,
    out: Path,
    issued_on: date,
    school_ids: list[str] | None = None,
    formats: Sequence[str] = FORMATS,
    on_written: Callable[[Path], None] | None = None,
    extras: Extras = PLAIN,
) -> list[Path]:
    """Write the school summary and every teacher's sheet of each school.

    Beside the sheets lie the public keys of the ledgers, for whoever verifies.

    Raises
    ------
    RefusedError
        If nothing has been certified yet.
    """
    written: list[Path] = []
    made: list[SheetPayload] = []
    kinds = (TEACHER, APPENDIX) if extras.appendix else (TEACHER,)
    with workspace.store() as store:
        for school_id, path in ledgers(workspace, school_ids).items():
            payload = school_payload(store, workspace, school_id, path, issued_on)
            if not payload.entries:  # everybody was erased
                continue
            sheets = [payload]
            for who in payload.people:
                own = (for_teacher(payload, who, kind) for kind in kinds)
                sheets += [_with_places(store, each) for each in own]
            folder = out / school_label(store, school_id)
            written += write_sheets(sheets, folder, formats, on_written)
            made.append(payload)
    if made and extras.county:
        written += write_sheets([for_county(made)], out, formats, on_written)
    if not written:
        raise RefusedError(
            "nothing has been certified yet, so there is nothing to print.",
            key="certificates.nothing",
        )
    keys = out / "trusted.pub"
    keys.write_text("\n".join(trusted_keys(workspace)) + "\n", encoding="utf-8")
    return written


def _with_places(store: Store, sheet: SheetPayload) -> SheetPayload:
    """An appendix with the places in the evidence that the readers named; other sheets as they are."""
    if sheet.kind != APPENDIX:
        return sheet
    places = {
        place_key(one.seq, criterion): places_in_words(anchors, "zh")
        for one in sheet.entries
        for decider in one.record.get("decided_by", ())
        for criterion in decider["criteria"]
        if (anchors := deciding_anchors(store, decider["piece"], criterion, 0))
    }
    return replace(sheet, places=places)


def issue_certificates(
    workspace: Workspace,
    out: Path,
    act: Act,
    school_ids: list[str] | None = None,
    formats: Sequence[str] = FORMATS,
    on_written: Callable[[Path], None] | None = None,
    extras: Extras = PLAIN,
) -> list[Path]:
    """Write the sheets as :func:`write_certificates`, and put on record that they were issued.

    Sheets of a ledger as it stood are issued once; every later time is a
    further copy, numbered in ``sheet_issue``.

    Raises
    ------
    RefusedError
        If the actor may not, or nothing has been certified yet.
    """
    with workspace.store() as store:
        act, schools = act_for(store, act, "certificates.issue", school_ids or [])
    day = act.at.astimezone(CHINA).date()
    written = write_certificates(workspace, out, day, schools, formats, on_written, extras)
    with workspace.store() as store:
        for school_id, path in ledgers(workspace, schools).items():
            _record_issue(store, school_id, path, formats, act)
    return written


def _record_issue(
    store: Store, school_id: str, path: Path, formats: Sequence[str], act: Act
) -> None:
    head = parse_checkpoint(parse_note(latest_checkpoint(path)).text)
    subjects = {str(result["subject"]) for result in current_results(path)}
    with store.transaction(act, "certificates.issue", f"{school_id} {head.size}") as tx:
        before = store.where("sheet_issue", school_id=school_id, root=head.root.hex())
        row = {
            "school_id": school_id,
            "ledger_size": head.size,
            "root": head.root.hex(),
            "sheets": 1 + len(subjects),
            "formats": " ".join(formats),
            "copy": 1 + len(before),
        }
        tx.insert("sheet_issue", [row])


def issues(workspace: Workspace, person_id: str) -> list[Row]:
    """Issues of sheets of the schools one sees, newest first, with who made them and when.

    Raises
    ------
    RefusedError
        If the person may not have result sheets.
    """
    with workspace.store() as store:
        found = sheets_of_schools(store, person_id, "sheet_issue", "certificates.issue")
        told = ("ledger_size", "sheets", "formats", "copy")
        return [{**{key: row[key] for key in told}, **line} for row, line in found]


def count_certificates(
    workspace: Workspace, school_ids: list[str] | None = None, extras: Extras = PLAIN
) -> int:
    """How many sheets there will be, school summaries included."""
    with workspace.store() as store:
        known = {pseudonym for pseudonym, _ in identities(store).values()}
    total, each = int(extras.county), 2 if extras.appendix else 1
    for path in ledgers(workspace, school_ids).values():
        named = {str(result["subject"]) for result in current_results(path)} & known
        total += (1 + each * len(named)) if named else 0
    return total


def school_payload(
    store: Store, workspace: Workspace, school_id: str, path: Path, issued_on: date
) -> SheetPayload:
    """Everything a school's sheets say, with the proof of each entry under one checkpoint."""
    standing = sorted(current_results(path), key=lambda result: int(str(result["seq"])))
    people = dict(identities(store).values())
    standing = [result for result in standing if str(result["subject"]) in people]  # not the erased
    named = {str(result["subject"]) for result in standing}
    seqs = [int(str(result["seq"])) for result in standing]
    checkpoint = latest_checkpoint(path)
    school = school_label(store, school_id)
    return SheetPayload(
        kind=SCHOOL,
        round=workspace.round_name,
        county=workspace.place,
        school=school,
        policies=_policies_of(workspace, standing),
        rubric_set=workspace.rubrics.set_id,
        origin=checkpoint.splitlines()[0],
        checkpoint=checkpoint,
        entries=tuple(proven(made) for made in proofs_for(path, seqs)),
        people={who: person for who, person in people.items() if who in named},
        issued_on=issued_on.isoformat(),
        round_id=workspace.round_name,
        school_id=school,
        rubrics=tuple(
            canonical_json(rubric.canonical()).decode()
            for rubric in workspace.rubrics_by({str(r["rubric"]) for r in standing} - {""})
        ),
    )


def _policies_of(
    workspace: Workspace, standing: Sequence[Mapping[str, Json]]
) -> tuple[NamedPolicy, ...]:
    """Policies the entries were made under, as the round keeps them; InputError where one is gone."""
    kept = workspace.policies
    digests = list(dict.fromkeys(str(result["policy"]) for result in standing))
    gone = [digest for digest in digests if digest not in kept]
    if gone:
        raise InputError(
            f"the ledger names policy {gone[0][:12]}, whose text is not in {workspace.folder}. "
            "Restore the folder `policies` from a backup.",
            key="certificates.no_policy",
            digest=gone[0][:12],
            folder=str(workspace.folder),
        )
    packs = (kept[digest] for digest in digests)
    return tuple(NamedPolicy(pack.pack_id, pack.name_zh, pack.digest) for pack in packs)
