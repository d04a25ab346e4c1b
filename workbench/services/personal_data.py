"""Personal data: what is kept of whom, handed out to the person, and erased with two people's hands.

The ledger holds pseudonyms and salted commitments only. Erasing drops the salt
and everything that names the person, after an ``erase_notice`` stands in the
ledger: the ledger still verifies, and so does a sheet in the person's hand.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from models.erasing import Traces, clear_desk, desk_traces, erase, erased, traces
from models.erasing_reasons import fixed_reasons, reasons_about
from models.ledger.reading import read_entries
from models.people import schools_of_round, teachers_of_round
from models.precedents import forget_terms, indexed_of_teacher
from models.store import Act, Row, Store
from rubrics.canonical import Json
from workbench.errors import InputError, RefusedError
from workbench.exports.sheets import safe_name
from workbench.services.film_strips import strip_path
from workbench.services.identities import identities, school_label
from workbench.services.ledger_acts import propose_erase_notice
from workbench.services.precedents import terms_of
from workbench.services.proposals import drafts_of
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace

ERASE_REASONS = ("request", "retention", "wrong_person")
_HANDED_OUT = ("certificates", "feedback")


@dataclass(frozen=True)
class Erasure:
    """What erasing a teacher does, or did.

    ``state`` is ``planned`` (nothing was done), ``proposed`` (a second person
    has to approve the notice ``proposal_id``), or ``done``.
    """

    teacher_id: str
    state: str
    rows: dict[str, int]
    files: int
    proposal_id: str = ""


def find_teacher(store: Store, word: str) -> Row:
    """Teacher of the round by id, or by a teacher number or name that one alone has.

    Raises
    ------
    InputError
        If nobody, or more than one, is meant.
    """
    rows = teachers_of_round(store)
    for key in ("teacher_id", "teacher_no", "name"):
        found = [row for row in rows if row[key] == word]
        if len(found) > 1:
            ids = ", ".join(row["teacher_id"] for row in found)
            raise InputError(
                f"several teachers are meant ({ids}). Name one by its id.",
                key="pii.ambiguous",
                ids=ids,
            )
        if found:
            return found[0]
    raise InputError(
        "there is no such teacher in this workspace; see `workbench roster show`.",
        key="pii.unknown",
    )


def report(workspace: Workspace) -> list[Row]:
    """What is kept of people: one row a school and kind of data, with how many rows and people.

    Without a school at the end: ``erasure``, people erased; ``audit_reason``, reasons of the
    audit log taken with them; ``audit_fixed``, reasons written before they could be taken,
    which stay whomever they name.
    """
    with workspace.store() as store:
        kept: dict[tuple[str, str], tuple[int, int]] = {}
        for teacher in teachers_of_round(store):
            for table, count in traces(store, teacher["teacher_id"]).rows.items():
                rows, people = kept.get((teacher["school_id"], table), (0, 0))
                kept[teacher["school_id"], table] = (rows + count, people + (count > 0))
        names = {row["school_id"]: row["name"] for row in schools_of_round(store)}
        gone = len(erased(store))
        fixed, blanked = fixed_reasons(store), store.where("audit_redaction")
    made: list[Row] = [
        {"school": names[school_id], "kind": table, "rows": rows, "people": people}
        for (school_id, table), (rows, people) in sorted(kept.items())
        if rows
    ]
    people = len({row["teacher_id"] for row in blanked})
    return [
        *made,
        {"school": "", "kind": "erasure", "rows": gone, "people": gone},
        {"school": "", "kind": "audit_reason", "rows": len(blanked), "people": people},
        {"school": "", "kind": "audit_fixed", "rows": fixed, "people": 0},
    ]


def export(workspace: Workspace, word: str, act: Act) -> dict[str, Json]:
    """Everything kept of one teacher, for that teacher (PIPL art. 45); the handing out is logged.

    Comments of raters are in it without the raters' names.

    Raises
    ------
    InputError
        If nobody, or more than one, is meant.
    RefusedError
        If the actor may not.
    """
    with workspace.store() as store:
        teacher = find_teacher(store, word)
        act = authorise(store, act, "pii.export", teacher["school_id"])
        with store.transaction(act, "pii.export", teacher["teacher_id"]):
            pass
        pseudonym, who = identities(store)[teacher["teacher_id"]]
        return {
            "teacher_id": teacher["teacher_id"],
            "teacher_no": who.teacher_no,
            "name": who.name,
            "school": school_label(store, teacher["school_id"]),
            "pseudonym": pseudonym,
            "salt": who.salt,
            "commitment": who.commitment,
            "facts": _rows(store, "teacher_fact", ("name", "value"), teacher),
            "intake": _rows(store, "intake_line", ("item", "file", "verdict", "code"), teacher),
            "evidence": list(_evidence(store, teacher["teacher_id"])),
            "objections": _rows(store, "objection", ("objection_id", "words"), teacher),
            "ledger": [*_spoken_of(workspace, teacher["school_id"], pseudonym)],
        }


def erase_person(
    workspace: Workspace, word: str, reason: str, act: Act, *, dry_run: bool = False
) -> Erasure:
    """Erase a teacher: plan it, propose the notice in the ledger, or, once that stands, do it.

    Calling it again after the second person has approved the notice erases. A
    teacher the ledger never spoke of is erased at once.

    Parameters
    ----------
    workspace : Workspace
    word : str
        Teacher's id, number or name.
    reason : str
        One of ``ERASE_REASONS``; the words are the act's.
    act : Act
    dry_run : bool
        Only say what would go.

    Raises
    ------
    InputError
        If the teacher or the reason is not known.
    RefusedError
        If the actor may not, or a case about the teacher is open.
    """
    if reason not in ERASE_REASONS or not act.reason.strip():
        known = ", ".join(ERASE_REASONS)
        raise InputError(
            f"erasing needs a reason, one of {known}, and its words.", key="pii.reason", known=known
        )
    with workspace.store() as store:
        teacher = find_teacher(store, word)
        teacher_id, school_id = teacher["teacher_id"], teacher["school_id"]
        act = authorise(store, act, "pii.erase", school_id)
        found = _found(workspace, store, teacher)
        if dry_run:
            return Erasure(teacher_id, "planned", found.rows, len(found.files))
        _refuse_open_case(store, teacher_id)
        noticed = any(entry["kind"] == "erase_notice" for entry in found.spoken)
        due = bool(found.spoken) and not noticed
        waiting = _waiting(store, school_id, found.pseudonym) if due else ""
    if due and not waiting:
        made = propose_erase_notice(workspace, school_id, found.pseudonym, reason, act)
        waiting = made.proposal_id
    if due:
        return Erasure(teacher_id, "proposed", found.rows, len(found.files), waiting)
    for path in found.files:  # before the rows that say whose they are
        path.unlink(missing_ok=True)
    with workspace.store() as store, workspace.desk() as desk:
        clear_desk(store, desk, teacher_id)
        with store.transaction(act, "pii.erase", teacher_id) as tx:
            indexed = indexed_of_teacher(store, teacher_id)
            forget_terms(tx, [(row, terms_of(row["content"])) for row in indexed])
            # Looked for anew: this act, and the proposal, have reasons of their own.
            erase(tx, teacher_id, found.pseudonym, reason, reasons_about(store, teacher_id))
        store.forget_deleted()
    return Erasure(teacher_id, "done", found.rows, len(found.files))


@dataclass(frozen=True)
class _Found:
    """What there is of a teacher: rows by table, files, and what the ledger says."""

    pseudonym: str
    rows: dict[str, int]
    files: list[Path]
    spoken: list[dict[str, Json]]


def _found(workspace: Workspace, store: Store, teacher: Row) -> _Found:
    teacher_id = teacher["teacher_id"]
    pseudonym = identities(store)[teacher_id][0]
    spoken = _spoken_of(workspace, teacher["school_id"], pseudonym)
    kept = traces(store, teacher_id)
    with workspace.desk() as desk:
        drafts = sum(desk_traces(store, desk, teacher_id).values())
    reasons = reasons_about(store, teacher_id)
    told = {"draft": drafts, "audit_reason": len(reasons.taken), "audit_fixed": len(reasons.fixed)}
    files = _files(workspace, store, teacher, kept, spoken)
    return _Found(pseudonym, {**kept.rows, **told}, files, spoken)


def _files(
    workspace: Workspace,
    store: Store,
    teacher: Row,
    found: Traces,
    spoken: list[dict[str, Json]],
) -> list[Path]:
    """Files that show the teacher: own originals and copies, sheets, notes and scans handed in or out."""
    scans = _own_scans(store, teacher, spoken)
    wanted = [workspace.evidence.path(sha256) for sha256 in (*found.originals, *scans)]
    wanted += [workspace.folder / "blind" / s[:2] / s[2:4] / s for s in found.copies]
    wanted += [workspace.folder / "converted" / s[:2] / f"{s}.pdf" for s in found.originals]
    wanted += [strip_path(workspace, s) for s in found.originals]
    school = school_label(store, teacher["school_id"])
    marks = [safe_name(f"_{teacher['teacher_no']}_{teacher['name']}")]
    for kind in _HANDED_OUT:
        folder = workspace.exports / kind
        inside = folder.rglob("*") if folder.is_dir() else ()
        named = [path for path in inside if any(mark in path.name for mark in marks)]
        wanted += named
        wanted += [*(folder / school).glob("*.zip")] if named else []  # packed sheets hold them too
    return [path for path in wanted if path.is_file()]


def _own_scans(store: Store, teacher: Row, spoken: list[dict[str, Json]]) -> list[str]:
    """Scans of the teacher's stamped sheets, and of replies signed in cases about the teacher alone."""
    own = {int(str(entry["seq"])) for entry in spoken}
    stamped = store.where("stamped_scan", school_id=teacher["school_id"])
    found = [row["sha256"] for row in stamped if set(json.loads(row["entries"])) <= own]
    replies = store.rows(
        "SELECT scan FROM hold_event JOIN hold_submission USING (hold_id) "
        "JOIN submission USING (submission_id) WHERE scan <> '' GROUP BY event_id "
        "HAVING min(teacher_id = :teacher) = 1",
        {"teacher": teacher["teacher_id"]},
    )
    return [*found, *(str(row["scan"]) for row in replies)]


def _refuse_open_case(store: Store, teacher_id: str) -> None:
    found = store.rows(
        "SELECT hold_id FROM hold_submission JOIN submission USING (submission_id) "
        "WHERE teacher_id = :teacher AND hold_id NOT IN "
        "(SELECT hold_id FROM hold_event WHERE kind = 'resolution')",
        {"teacher": teacher_id},
    )
    if found:
        hold = str(found[0]["hold_id"])
        raise RefusedError(
            f"case {hold} about this teacher is open. Resolve it first.",
            key="pii.open_case",
            hold=hold,
        )


def _waiting(store: Store, school_id: str, pseudonym: str) -> str:
    """Proposal of a notice about this person that waits for its second hand; empty where none."""
    approved = {row["proposal_id"] for row in store.where("approval")}
    for row in store.where("proposal", school_id=school_id):
        said = [(d["kind"], d.get("subject")) for d in drafts_of(row)]
        if row["proposal_id"] not in approved and ("erase_notice", pseudonym) in said:
            return str(row["proposal_id"])
    return ""


def _spoken_of(workspace: Workspace, school_id: str, pseudonym: str) -> list[dict[str, Json]]:
    path = workspace.ledger_path(school_id)
    said = read_entries(path) if path.exists() else iter(())
    return [entry for entry in said if entry.get("subject") == pseudonym]


def _rows(store: Store, table: str, columns: tuple[str, ...], teacher: Row) -> list[Json]:
    found = store.where(table, teacher_id=teacher["teacher_id"])
    return [{column: row[column] for column in columns} for row in found]


def _evidence(store: Store, teacher_id: str) -> Iterator[Json]:
    """Pieces handed in: their files, and the comments of raters without their names."""
    pieces = store.rows(
        "SELECT * FROM piece JOIN submission USING (submission_id) WHERE teacher_id = :teacher",
        {"teacher": teacher_id},
    )
    for piece in pieces:
        files = store.where("evidence_file", piece_id=piece["piece_id"])
        reads = store.where("read", piece_id=piece["piece_id"])
        yield {
            "competency": piece["competency"],
            "attempt": piece["attempt"],
            "slot": piece["slot_id"],
            "files": [
                {
                    **{key: row[key] for key in ("path", "sha256", "submitted_at")},
                    "stated": json.loads(row["stated"]),
                }
                for row in files
            ],
            "comments": [row["comment"] for row in reads if row["comment"]],
        }
