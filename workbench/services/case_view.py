"""Cases as a person sees them: the list, one case with its exhibits, and what may be done with it."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from models.accounts import roles_held
from models.cases import holds as recorded_holds
from models.store import Act, Row, Store
from models.submissions import blank_forms, extracts, files_by_piece, owned_pieces
from rubrics.errors import WorkbenchError
from workbench.errors import RefusedError
from workbench.messages import explain, text
from workbench.readers.masking import Mask, discovered
from workbench.services.case_text import Stretch, beside, covered
from workbench.services.exhibits import Exhibits, exhibits_of
from workbench.services.flags import RATER_CODES
from workbench.services.holds import ADVERSE, may_resolve, reply, show_hold
from workbench.services.mask_words import SURNAMES_KNOWN, MaskWords
from workbench.services.roles import ALLOWED, same_person
from workbench.services.scans import keep_scan
from workbench.services.scopes import seen_school
from workbench.services.workspace import Workspace

WITH_TEXTS = ("copied_text", "shared_author", "shared_revisions", "unfilled_template")
"""Flags whose pieces are read as text; the others are looked at as pages, pictures or films."""


@dataclass(frozen=True)
class CasePiece:
    """One piece of a case; ``own`` says that the held submission handed it in."""

    piece_id: str
    label: str
    teacher_id: str
    school_id: str
    own: bool
    submitted_on: str


@dataclass(frozen=True)
class CaseView:
    """One case as a person sees it.

    ``texts`` are the stretches of each piece, in the order of ``pieces``, empty
    where there is nothing to read; names and schools in them are covered.
    ``parties`` may answer: identifier and label.
    ``proposals`` are adverse decisions that wait for a second person.
    ``refusals`` says per disposition why this person may not decide so; a
    disposition that is not in it may be chosen. ``may_reply`` is whether the
    person may record an answer.
    """

    case: Row
    exhibits: Exhibits
    pieces: tuple[CasePiece, ...]
    texts: tuple[tuple[Stretch, ...], ...]
    parties: tuple[tuple[str, str], ...]
    proposals: tuple[Row, ...]
    refusals: dict[str, str]
    may_reply: bool
    overdue: bool


def case_rows(workspace: Workspace, person_id: str, on: date) -> list[Row]:
    """Every case a person may see: one row a case, open ones first, the nearest due date first.

    ``overdue`` is true for an open case whose due date has passed on the day given.

    Raises
    ------
    RefusedError
        If the person may see none.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "holds.show")
        owners = _owners(store)
        rows = [_case_row(case, owners, on) for case in recorded_holds(store)]
    seen = [row for row in rows if scope is None or scope in row["school_ids"]]
    return sorted(seen, key=lambda row: (row["state"] != "open", row["due_on"], row["hold_id"]))


def case_view(workspace: Workspace, person_id: str, hold_id: str, on: date) -> CaseView:
    """Gather one case in the language of the run.

    Raises
    ------
    InputError
        If there is none of that id.
    RefusedError
        If the person may not see it.
    """
    case = show_hold(workspace, hold_id)
    exhibits = exhibits_of(workspace, case)
    with workspace.store() as store:
        scope = seen_school(store, person_id, "holds.show")
        owners = _owners(store)
        row = _case_row(case, owners, on)
        if scope is not None and scope not in row["school_ids"]:
            raise RefusedError(
                f"hold {hold_id} is about another school.",
                key="out_of_scope",
                action="holds.show",
                school=row["school"],
            )
        pieces = _pieces(store, case, exhibits)
        held = roles_held(store, person_id)
        is_open = case["state"] == "open"
        return CaseView(
            case,
            exhibits,
            pieces,
            _texts(store, case["code"], pieces),
            _parties(store, case, owners),
            tuple(_waiting_proposals(case)),
            _refusals(workspace, store, case, person_id, on) if is_open else {},
            is_open and any(role in held for role in ALLOWED["hold.reply"]),
            row["overdue"],
        )


def reply_with_scan(
    workspace: Workspace,
    hold_id: str,
    party: str,
    words: str,
    scan: tuple[str, bytes] | None,
    act: Act,
) -> None:
    """Record an answer with the scan of its signed page, given as name and content.

    Raises
    ------
    InputError, RefusedError
        As ``scans.keep_scan`` and ``holds.reply``.
    """
    digest = ""
    if scan is not None:
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / Path(scan[0]).name
            path.write_bytes(scan[1])
            digest = keep_scan(workspace, path)
    reply(workspace, hold_id, party, words, digest, act)


def _owners(store: Store) -> dict[str, Row]:
    """Teacher and school of each submission that has a piece."""
    return {row["submission_id"]: row for row in owned_pieces(store)}


def _case_row(case: Row, owners: dict[str, Row], on: date) -> Row:
    own = [owners[each] for each in case["submissions"] if each in owners]
    is_open = case["state"] == "open"
    return {
        "hold_id": case["hold_id"],
        "code": case["code"],
        "school": "、".join(dict.fromkeys(row["school_name"] for row in own)),
        "school_ids": {row["school_id"] for row in own},
        "teacher": "、".join(dict.fromkeys(row["teacher_no"] or row["teacher_id"] for row in own)),
        "competency": "、".join(dict.fromkeys(row["competency"] for row in own)),
        "raised_at": case["at"],
        "due_on": case["due_on"],
        "overdue": is_open and date.fromisoformat(case["due_on"]) < on,
        "replies": sum(event["kind"] == "reply" for event in case["events"]),
        "proposed": is_open and any(_waiting_proposals(case)),
        "state": case["state"],
    }


def _pieces(store: Store, case: Row, exhibits: Exhibits) -> tuple[CasePiece, ...]:
    """Pieces of a case, those of the held submission first."""
    owned = {row["piece_id"]: row for row in owned_pieces(store)}
    files = files_by_piece(store)
    found = []
    for piece_id, label in exhibits.pieces.items():
        row = owned[piece_id]
        days = [file["submitted_at"][:10] for file in files.get(piece_id, ())]
        own = row["submission_id"] in case["submissions"]
        found.append(
            CasePiece(
                piece_id, label, row["teacher_id"], row["school_id"], own, max(days, default="")
            )
        )
    return tuple(sorted(found, key=lambda piece: not piece.own))


def _texts(
    store: Store, code: str, pieces: tuple[CasePiece, ...]
) -> tuple[tuple[Stretch, ...], ...]:
    if code not in WITH_TEXTS or not 1 <= len(pieces) <= 2:
        return ()
    facts, files = extracts(store), files_by_piece(store)
    texts = [
        "\n".join(
            facts.get(file["sha256"], {}).get("text", "") for file in files.get(each.piece_id, ())
        )
        for each in pieces
    ]
    if not any(texts):
        return ()
    forms = [str(form["text"]) for form in blank_forms(store)]
    both = beside(texts[0], texts[-1] if len(texts) == 2 else "", forms)
    mask = _mask(store, pieces, texts)
    return tuple(
        covered(stretches, mask.cover(words)) for stretches, words in zip(both, texts, strict=False)
    )


def _mask(store: Store, pieces: Sequence[CasePiece], texts: Sequence[str]) -> Mask:
    """Names of both sides: a copied text may bear the other's."""
    words = MaskWords(store)
    whole = Mask().with_words(discovered(texts, (), SURNAMES_KNOWN))
    for each in pieces:
        whole = whole.with_words(words.mask(each.teacher_id, each.school_id).words)
    return whole


def _parties(store: Store, case: Row, owners: dict[str, Row]) -> tuple[tuple[str, str], ...]:
    """Who may answer: the teachers held, or the raters a flag names."""
    if case["code"] in RATER_CODES and case["flag"]:
        people = {row["person_id"]: row["name"] for row in store.where("person")}
        return tuple((each, people.get(each, each)) for each in case["flag"]["ids"])
    own = {
        owners[each]["teacher_id"]: owners[each] for each in case["submissions"] if each in owners
    }
    return tuple(
        (teacher_id, f"{row['school_name']} {row['teacher_no'] or teacher_id}")
        for teacher_id, row in own.items()
    )


def _waiting_proposals(case: Row) -> list[Row]:
    if case["state"] != "open":
        return []
    return [event for event in case["events"] if event["kind"] == "proposal"]


def _refusals(
    workspace: Workspace, store: Store, case: Row, person_id: str, on: date
) -> dict[str, str]:
    """Why a person may not decide a case, by disposition; what may be decided is left out."""
    found = {}
    for disposition in ("certify", "re_rate", "adjudicate", "reject"):
        try:
            may_resolve(store, case, disposition, person_id, on)
        except WorkbenchError as refused:
            found[disposition] = explain(refused)
            continue
        if disposition in ADVERSE and workspace.policy["hold.adverse_needs_two"]:
            own = [p for p in _waiting_proposals(case) if same_person(store, p["actor"], person_id)]
            if own:
                found[disposition] = text("page_holds.own_proposal")
    return found
