"""Certification 认定 as people look at it: who proposed what, what stands, whether it verifies."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from models.accounts import roles_held
from models.ledger.verifying import latest_checkpoint
from models.store import Row, Store
from workbench.errors import InputError
from workbench.exports.sheets import safe_name
from workbench.messages import text
from workbench.services.certifiable import Prospect, prospects
from workbench.services.identities import identities, short_code
from workbench.services.keys import is_locked
from workbench.services.ledgers import ledgers, show, verify
from workbench.services.proposals import is_posted
from workbench.services.reach import may_name, schools_seen
from workbench.services.roles import ALLOWED, may_see, same_person, scope_of
from workbench.services.schools import schools_without_ledger
from workbench.services.workspace import Workspace

REASONS = ("held", "no_level", "not_published", "not_checked", "voided")
_RESULTS = ("result", "supersede")


@dataclass(frozen=True)
class LedgerState:
    """What verifying one school's ledger found, in words.

    ``first_fault`` and ``faults`` are sentences, empty where nothing is wrong; ``as_of`` is the
    time of the last checkpoint that verified (UTC).
    """

    school_id: str
    school: str
    ok: bool
    checked: int
    first_fault: str
    faults: tuple[str, ...]
    as_of: str


def school_prospects(workspace: Workspace, person_id: str) -> list[Row]:
    """One row a school one sees: ``ready``, ``posted``, and a count for each of ``REASONS``.

    Raises
    ------
    RefusedError
        If the person may not see certification.
    """
    found = prospects(workspace, person_id)
    with workspace.store() as store:
        names = {row["school_id"]: row["name"] for row in store.where("school")}
    return [
        _prospect_row(each, names) for each in found if each.ready or each.posted or each.refused
    ]


def proposals(workspace: Workspace, person_id: str) -> list[Row]:
    """Proposals of the schools one sees, newest first: by whom, when, how many results.

    ``state`` is ``waiting``, ``approved``, or ``unposted`` where an approval was cut short before
    the ledger was written, which approving again makes good; ``may_approve`` says whether this
    person may approve it, ``own`` whether they proposed it, and ``locked`` whether the ledger's
    key asks for a passphrase.

    Raises
    ------
    RefusedError
        If the person may not see certification.
    """
    with workspace.store() as store:
        schools = schools_seen(store, person_id, "certify.show")
        approvals = {row["proposal_id"]: row for row in store.where("approval")}
        people = {row["person_id"]: row["name"] for row in store.where("person")}
        made = []
        for row in store.where("proposal"):
            if row["school_id"] not in schools:
                continue
            proposed = _line(store, row["tx"])
            given = approvals.get(row["proposal_id"])
            approved = _line(store, given["tx"]) if given else None
            own = same_person(store, proposed["actor"], person_id)
            made.append(
                {
                    "proposal_id": row["proposal_id"],
                    "school_id": row["school_id"],
                    "school": schools[row["school_id"]],
                    "results": len(json.loads(row["content"])),
                    "proposed_by": people.get(proposed["actor"], proposed["actor"]),
                    "proposed_at": proposed["at"],
                    "approved_by": people.get(approved["actor"], approved["actor"])
                    if approved
                    else "",
                    "approved_at": approved["at"] if approved else "",
                    "state": _state(workspace, row) if approved else "waiting",
                    "own": own,
                    "locked": is_locked(workspace, row["school_id"]),
                    "may_approve": not own and _may_approve(store, person_id, row["school_id"]),
                }
            )
    return made[::-1]


def proposed_results(workspace: Workspace, person_id: str, proposal_id: str) -> list[Row]:
    """What a proposal would write: kind, and of results subject, competency, level or reason, attempt.

    Raises
    ------
    InputError
        If there is no such proposal among those one sees.
    RefusedError
        If the person may not see certification.
    """
    with workspace.store() as store:
        seen = schools_seen(store, person_id, "certify.show")
        found = store.one("proposal", proposal_id=proposal_id)
        if found is None or found["school_id"] not in seen:
            raise InputError(
                f"there is no proposal {proposal_id}.", key="certify.unknown", proposal=proposal_id
            )
        named = _naming(store, person_id)
    drafts = json.loads(found["content"])
    return [{"kind": draft["kind"], **_result(workspace, draft, named)} for draft in drafts]


def ledger_entries(workspace: Workspace, person_id: str, school_id: str) -> list[Row]:
    """Entries of a school's ledger, newest first; names where the person may know them.

    Empty where nothing has been certified.

    Raises
    ------
    RefusedError
        If the person may not see the ledger of that school.
    LedgerError
        If the file cannot be read.
    """
    with workspace.store() as store:
        may_see(store, person_id, "ledger.show", school_id)
        named = _naming(store, person_id)
    if not workspace.ledger_path(school_id).exists():
        return []
    return [
        {
            "seq": entry["seq"],
            "kind": entry["kind"],
            "posted_at": entry["posted_at"],
            **_result(workspace, entry if entry["kind"] in _RESULTS else {}, named),
        }
        for entry in show(workspace, school_id)
    ][::-1]


def verify_ledgers(workspace: Workspace, person_id: str) -> list[LedgerState]:
    """Verify the ledgers of the schools one sees against the keys kept beside them.

    A ledger that is gone though results were certified is a fault of its own.

    Raises
    ------
    RefusedError
        If the person may not see ledgers.
    """
    with workspace.store() as store:
        names = schools_seen(store, person_id, "ledger.show")
    lost = [
        _lost(school_id, names[school_id]) for school_id in schools_without_ledger(workspace, names)
    ]
    found = []
    for each in verify(workspace, names) if names else ():
        told = each.found
        faults = tuple(_fault(fault.seq, fault.code) for fault in told.faults)
        first = faults[0] if faults else ""
        name = names[each.school_id]
        found.append(
            LedgerState(each.school_id, name, told.ok, told.checked, first, faults, told.as_of)
        )
    return [*lost, *found]


def last_checkpoints(workspace: Workspace, person_id: str) -> list[Row]:
    """Last signed checkpoint of each ledger one sees: school, number of entries, its text.

    Raises
    ------
    RefusedError
        If the person may not see ledgers.
    LedgerError
        If a ledger cannot be read.
    """
    with workspace.store() as store:
        names = schools_seen(store, person_id, "ledger.show")
    made = []
    for school_id, path in (ledgers(workspace, names) if names else {}).items():
        note = latest_checkpoint(path)
        size = note.splitlines()[1] if len(note.splitlines()) > 1 else ""
        made.append(
            {"school_id": school_id, "school": names[school_id], "entries": size, "note": note}
        )
    return made


def write_checkpoint(workspace: Workspace, person_id: str, school_id: str) -> str:
    """Write a ledger's last checkpoint for ``/download/checkpoints``; its name there.

    Raises
    ------
    RefusedError
        If the person may not have it.
    InputError
        If the school has no ledger yet.
    """
    with workspace.store() as store:
        may_see(store, person_id, "download.checkpoints", school_id)
    row = next(
        (r for r in last_checkpoints(workspace, person_id) if r["school_id"] == school_id), None
    )
    if row is None:
        raise InputError(
            f"school {school_id} has no ledger yet.", key="certify.no_ledger", school=school_id
        )
    folder = workspace.exports / "checkpoints" / row["school"]
    folder.mkdir(parents=True, exist_ok=True)
    words = text("page_certification.checkpoint_file", school=row["school"], entries=row["entries"])
    name = f"{safe_name(words)}.checkpoint"
    (folder / name).write_text(row["note"], encoding="utf-8")
    return f"{row['school']}/{name}"


def _prospect_row(found: Prospect, names: dict[str, str]) -> Row:
    reasons = {reason: found.refused.get(reason, 0) for reason in REASONS}
    return {
        "school_id": found.school_id,
        "school": names[found.school_id],
        "ready": found.ready,
        "posted": found.posted,
        **reasons,
    }


def _may_approve(store: Store, person_id: str, school_id: str) -> bool:
    person = store.one("person", person_id=person_id)
    held = roles_held(store, person_id) if person else ()
    fitting = [role for role in ALLOWED["certify.approve"] if role in held]
    return any(scope_of(store, person, role) in (None, school_id) for role in fitting if person)


def _line(store: Store, tx: int) -> Row:
    return store.where("audit_log", seq=tx)[0]


def _state(workspace: Workspace, proposal: Row) -> str:
    return "approved" if is_posted(workspace, proposal) else "unposted"


def _naming(store: Store, person_id: str) -> Callable[[str], str]:
    """Names behind pseudonyms, for who may know them; the pseudonym for the others."""
    if not may_name(store, person_id):
        return short_code
    people = {pseudonym: person.name for pseudonym, person in identities(store).values()}
    return lambda pseudonym: people.get(pseudonym, pseudonym)


def _result(workspace: Workspace, said: dict[str, Any], named: Callable[[str], str]) -> Row:
    code = str(said.get("competency", ""))
    return {
        "subject": named(str(said["subject"])) if "subject" in said else "",
        "competency": code,
        "competency_name": workspace.rubrics[code].name_zh if code else "",
        "level": said.get("level", ""),
        "reason_none": said.get("reason_none", ""),
        "attempt": said.get("attempt"),
        "supersedes": said.get("supersedes"),
        "is_result": bool(said),
    }


def _fault(seq: int | None, code: str) -> str:
    words = text(f"ledger.fault.{code}")
    return words if seq is None else text("ledger.at", seq=seq, what=words)


def _lost(school_id: str, name: str) -> LedgerState:
    words = text("ledgers.lost", school=name)
    return LedgerState(school_id, name, False, 0, words, (words,), "")
