"""What went before certification, as entries: publicity, county check, holds, what was adopted.

Results name these by identifier and digest; recorded as entries of their own they
carry a time and two approvers, and an auditor sees which of them stood when.
"""

from __future__ import annotations

from collections.abc import Iterator

from models.cases import holds
from models.ledger.reading import read_entries
from models.store import Row, Store
from rubrics.canonical import Json, digest, exact
from workbench.services.entries import Drafting, Records
from workbench.services.identities import school_label
from workbench.services.proposals import Draft
from workbench.services.workspace import Workspace

_IDENTIFIED_BY = {
    "publicity": "publicity",
    "county_confirm": "county_check",
    "hold_release": "hold",
}
"""Field of each kind that says which one it records."""

POLICY = "policy"
RUBRIC = "rubric"
PROCEDURE_KINDS = (*_IDENTIFIED_BY, POLICY, RUBRIC)


def procedure_drafts(records: Records, school_id: str, compared: list[Row]) -> list[Draft]:
    """Drafts of what is settled for a school and not in its ledger yet.

    Parameters
    ----------
    records : Records
    school_id : str
    compared : list of Row
        What the county's re-reads gave, from ``supervision.compare``.
    """
    drafting = Drafting(records, school_id)
    place: Draft = {
        "round": records.workspace.round_name,
        "school": school_label(records.store, school_id),
    }
    made = [
        *_publicities(records.store, drafting, school_id),
        *_county(drafting, school_id, compared),
        *_holds(records.store, school_id),
    ]
    path = records.workspace.ledger_path(school_id)
    said = list(read_entries(path)) if path.exists() else []
    recorded = {_named(entry) for entry in said}
    adopted = [*_policy(records.workspace, said), *_rubrics(records.workspace, said)]
    made = [draft for draft in made if _named(draft) not in recorded]
    return [{**place, **draft} for draft in (*adopted, *made)]


def _policy(workspace: Workspace, said: list[dict[str, Json]]) -> list[Draft]:
    """Draft of the policy in force where the ledger names another one last."""
    pack = workspace.policy
    named = [e["policy"] for e in said if e["kind"] in ("key", POLICY) and e["policy"]]
    if not named or named[-1] == pack.digest:
        return []  # the genesis of a new ledger will name it
    return [{"kind": POLICY, "policy": pack.digest, "pack": pack.pack_id}]


def _rubrics(workspace: Workspace, said: list[dict[str, Json]]) -> Iterator[Draft]:
    """Drafts of the rubrics adopted since the round began that the ledger does not name last."""
    if workspace.rubrics.digest == workspace.first_rubrics.digest:
        return
    last = {e["competency"]: str(e["rubric"]) for e in said if e["kind"] == RUBRIC}
    for first in workspace.first_rubrics:
        code = first.competency
        before, now = last.get(code, first.digest), workspace.rubrics[code].digest
        if now != before:
            yield {"kind": RUBRIC, "competency": code, "rubric": now, "replaces": before}


def _publicities(store: Store, drafting: Drafting, school_id: str) -> list[Draft]:
    ended = {row["publication_id"]: row for row in store.where("publication_end")}
    return [
        {
            "kind": "publicity",
            "publicity": drafting.publicity_document(row["publication_id"]),
            "opened_at": _at(store, row),
            "closed_at": _at(store, ended[row["publication_id"]]),
            "objections": len(store.where("objection", publication_id=row["publication_id"])),
        }
        for row in store.where("publication", school_id=school_id)
        if row["publication_id"] in ended
    ]


def _county(drafting: Drafting, school_id: str, compared: list[Row]) -> list[Draft]:
    own = [row for row in compared if row["school_id"] == school_id]
    if not own or own[0]["decision"] != "accept" or drafting.county_check is None:
        return []
    told = own[0]
    return [
        {
            "kind": "county_confirm",
            "county_check": drafting.county_check,
            "sampled": told["sampled"],
            "differing": told["lowered"] + told["raised"],
        }
    ]


def _holds(store: Store, school_id: str) -> list[Draft]:
    teachers = {row["teacher_id"] for row in store.where("teacher", school_id=school_id)}
    own = {
        row["submission_id"] for row in store.where("submission") if row["teacher_id"] in teachers
    }
    made = []
    for case in holds(store):
        ended = [event for event in case["events"] if event["kind"] == "resolution"]
        if ended and own & set(case["submissions"]):
            flag = case["flag"]
            made.append(_release(case, ended[0], digest(exact(flag["exhibit"])) if flag else ""))
    return made


def _release(case: Row, resolution: Row, exhibits: str) -> Draft:
    return {
        "kind": "hold_release",
        "hold": case["hold_id"],
        "disposition": resolution["disposition"],
        "flag": case["code"],
        "exhibits": exhibits,
        "reason": "resolved",
        "reason_digest": digest(resolution["words"]),
    }


def _named(draft: Draft) -> tuple[Json, Json]:
    """Kind and identifier of what an entry records; other kinds are all the same here."""
    kind = draft["kind"]
    said = draft.get(_IDENTIFIED_BY.get(str(kind), ""))
    return kind, said["id"] if isinstance(said, dict) else str(said)


def _at(store: Store, row: Row) -> str:
    return str(store.where("audit_log", seq=row["tx"])[0]["at"])
