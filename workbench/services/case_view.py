"""One case as a person sees it: exhibits, what was said, and what may be done with it."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path

from models.accounts import roles_held
from models.store import Act, Row, Store
from models.submissions import (
    blank_forms,
    extracts,
    files_by_piece,
    owned_pieces,
    quotations,
)
from rubrics.errors import WorkbenchError
from rubrics.public_texts import public_texts
from scoring.flags import CATALOGUE, FILMS, SCHOOL, TEXTS
from scoring.holds import FalseAlarms, dispositions_of, is_adverse
from workbench.errors import RefusedError
from workbench.messages import explain, text
from workbench.readers.masking import Mask, discovered
from workbench.services.case_parties import parties_of_case, schools_of_case, subject_of
from workbench.services.case_queue import alarm_rates, case_row, submission_owners
from workbench.services.case_reads import CaseRead, case_reads
from workbench.services.case_text import Stretch, beside, covered
from workbench.services.county_pieces import PieceBehind, behind
from workbench.services.exhibits import Exhibits, exhibits_of
from workbench.services.holds import may_handle, may_resolve, reply, show_hold
from workbench.services.mask_words import SURNAMES_KNOWN, MaskWords
from workbench.services.reach import seen_school
from workbench.services.roles import ALLOWED, same_person
from workbench.services.scans import keep_scan
from workbench.services.working_days import CHINA
from workbench.services.workspace import Workspace


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
    ``row`` is the case as the queue has it. ``parties`` may answer: identifier and label.
    ``reads`` are what a case about raters rests on, ``behind`` what one about a school
    does: its pieces the county has read again, those it put lower first; without any all
    its pieces. ``alarms`` is how often flags of this kind were false alarms, None where no
    case of it has ended. ``handlers`` may be named to
    handle it, and ``may_assign`` is whether this person may name them.
    ``proposals`` are adverse decisions that wait for a second person.
    ``refusals`` says per disposition why this person may not decide so; a
    disposition that is not in it may be chosen. ``may_reply`` is whether the
    person may record an answer.
    """

    case: Row
    row: Row
    exhibits: Exhibits
    pieces: tuple[CasePiece, ...]
    texts: tuple[tuple[Stretch, ...], ...]
    parties: tuple[tuple[str, str], ...]
    proposals: tuple[Row, ...]
    refusals: dict[str, str]
    may_reply: bool
    reads: tuple[CaseRead, ...]
    behind: tuple[PieceBehind, ...]
    alarms: FalseAlarms | None
    handlers: tuple[tuple[str, str], ...]
    may_assign: bool
    dispositions: tuple[str, ...]

    @property
    def of_films(self) -> bool:
        """Whether what is to be set side by side are videos."""
        return CATALOGUE[self.case["code"]].exhibit == FILMS


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
        owners = submission_owners(store)
        must_see_case(store, person_id, case, owners)
        people = {each["person_id"]: str(each["name"]) for each in store.where("person")}
        row = case_row(store, case, owners, people, on)
        pieces = _pieces(store, case, exhibits)
        held = roles_held(store, person_id)
        is_open = case["state"] == "open"
        may_assign = is_open and any(role in held for role in ALLOWED["hold.assign"])
        return CaseView(
            case,
            row,
            exhibits,
            pieces,
            _texts(store, case["code"], pieces),
            parties_of_case(store, case, owners),
            tuple(_waiting_proposals(case)),
            _refusals(workspace, store, case, person_id, on) if is_open else {},
            is_open and any(role in held for role in ALLOWED["hold.reply"]),
            tuple(case_reads(workspace, store, case)),
            _behind(workspace, case),
            next((each for each in alarm_rates(workspace) if each.code == case["code"]), None),
            _handlers(store, case, people, on) if may_assign else (),
            may_assign,
            _dispositions(case),
        )


def must_see_case(
    store: Store, person_id: str, case: Row, owners: dict[str, Row] | None = None
) -> None:
    """Refuse whoever may not see a case; ``owners`` are rows of ``owned_pieces`` by submission.

    Raises
    ------
    RefusedError
        If the person may see no cases, or this one is about another school.
    """
    scope = seen_school(store, person_id, "holds.show")
    about = schools_of_case(store, case, owners)
    if scope is None or scope in about:
        return
    names = {row["school_id"]: str(row["name"]) for row in store.where("school")}
    raise RefusedError(
        f"hold {case['hold_id']} is about another school.",
        key="out_of_scope",
        action="holds.show",
        school="、".join(sorted(names.get(each, each) for each in about)),
    )


def _behind(workspace: Workspace, case: Row) -> tuple[PieceBehind, ...]:
    """Pieces of the school a case is about; of other cases none."""
    if subject_of(case) != SCHOOL or not case["flag"]:
        return ()
    every = [row for school in case["flag"]["ids"] for row in behind(workspace, "school", school)]
    again = [row for row in every if row.county]
    return tuple(again or every)


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
    if CATALOGUE[code].exhibit != TEXTS or not 1 <= len(pieces) <= 2:
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
    registered = (*blank_forms(store), *quotations(store))
    forms = [*(str(form["text"]) for form in registered), *public_texts()]
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


def _waiting_proposals(case: Row) -> list[Row]:
    if case["state"] != "open":
        return []
    return [event for event in case["events"] if event["kind"] == "proposal"]


def _refusals(
    workspace: Workspace, store: Store, case: Row, person_id: str, on: date
) -> dict[str, str]:
    """Why a person may not decide a case, by disposition; what may be decided is left out."""
    found = {}
    subject = subject_of(case)
    for disposition in _dispositions(case):
        try:
            may_resolve(store, case, disposition, person_id, on)
        except WorkbenchError as refused:
            found[disposition] = explain(refused)
            continue
        if is_adverse(disposition, subject) and workspace.policy["hold.adverse_needs_two"]:
            own = [p for p in _waiting_proposals(case) if same_person(store, p["actor"], person_id)]
            if own:
                found[disposition] = text("page_holds.own_proposal")
    return found


def _dispositions(case: Row) -> tuple[str, ...]:
    stops = bool(case["submissions"])
    return dispositions_of(case["code"], subject_of(case), stops=stops)


def _handlers(
    store: Store, case: Row, people: Mapping[str, str], on: date
) -> tuple[tuple[str, str], ...]:
    """People who may decide a case, whatever is decided: identifier and name."""
    found = []
    act = Act("", "", datetime.combine(on, time(12), CHINA))
    for person_id, name in people.items():
        if not set(roles_held(store, person_id)) & set(ALLOWED["hold.resolve"]):
            continue  # a county has hundreds of readers: looked at one by one they take minutes
        try:
            may_handle(store, case, person_id, act)
        except WorkbenchError:
            continue
        found.append((person_id, name))
    return tuple(found)
