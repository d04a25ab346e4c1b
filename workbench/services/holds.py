"""Holds: cases that wait until a person has heard the other side and decided.

A case about evidence stops its result. One about raters or schools asks them,
and stops results only where policy says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from models.cases import holds as recorded_holds
from models.cases import pieces_of_case
from models.recalls import recalled_pieces
from models.records import ReasonNone
from models.store import Act, Row, Store, Transaction
from scoring.flags import CATALOGUE, RATER, RATER_PAIR
from scoring.holds import (
    DISPOSITIONS,
    FOUND,
    RE_RATE,
    dispositions_of,
    found_by_default,
    is_adverse,
)
from workbench.errors import InputError, RefusedError
from workbench.services.case_parties import school_of_case, subject_of
from workbench.services.outcomes import piece_outcomes
from workbench.services.recall import reallocate, recall_reads
from workbench.services.reopening import reopen
from workbench.services.roles import authorise, same_person
from workbench.services.working_days import CHINA, day_of
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class Resolution:
    """What resolving came to: ``resolved``, or ``proposed`` while a second person is due.

    ``reopened`` are pieces to be read again by others.
    """

    hold_id: str
    state: str
    disposition: str
    reopened: tuple[str, ...] = ()


def list_holds(workspace: Workspace, *, open_only: bool = False) -> list[Row]:
    """Every case with its events, the flag it rests on and the submissions it stops."""
    with workspace.store() as store:
        found = recorded_holds(store)
    return [hold for hold in found if not open_only or hold["state"] == "open"]


def show_hold(workspace: Workspace, hold_id: str) -> Row:
    """One case; InputError where there is none of that id."""
    with workspace.store() as store:
        return _find(store, hold_id)


def reply(workspace: Workspace, hold_id: str, party: str, words: str, scan: str, act: Act) -> None:
    """Record what the teacher or rater answered, as the registrar hands it in.

    ``party`` is the identifier of who answers, ``scan`` the SHA-256 of the
    signed page, or empty.
    """
    _need(words, "reply")
    with workspace.store() as store:
        authorise(store, act, "hold.reply")
        case = _open_case(store, hold_id)
        act = authorise(store, act, "hold.reply", school_of_case(store, case))
        with store.transaction(act, "hold.reply", hold_id) as tx:
            tx.insert("hold_event", [_event(hold_id, "reply", act, party, "", words, scan)])


def assign(workspace: Workspace, hold_id: str, person_id: str, act: Act) -> None:
    """Name who handles a case; the last one named does.

    Raises
    ------
    RefusedError
        If that person may not decide the case whatever is decided, so that it would only wait.
    """
    with workspace.store() as store:
        authorise(store, act, "hold.assign")
        case = _open_case(store, hold_id)
        act = authorise(store, act, "hold.assign", school_of_case(store, case))
        may_handle(store, case, person_id, act)
        with store.transaction(act, "hold.assign", hold_id) as tx:
            tx.insert("hold_assignee", [{"hold_id": hold_id, "person_id": person_id}])


def may_handle(store: Store, case: Row, person_id: str, act: Act) -> None:
    """Refuse somebody who could not decide a case: by role, as who raised it, or as a party to it.

    Raises
    ------
    InputError
        If the workspace knows nobody of that identifier.
    RefusedError
        With the reason `resolve` would give.
    """
    if store.one("person", person_id=person_id) is None:
        raise InputError(
            f"{person_id} is nobody this workspace knows. Give the identifier of a chair or "
            "county reviewer.",
            key="hold.nobody",
            person=person_id,
        )
    wanted = Act(person_id, "", act.at)
    authorise(store, wanted, "hold.resolve", school_of_case(store, case))
    _may_touch(store, case, person_id)


def resolve(
    workspace: Workspace, hold_id: str, disposition: str, words: str, act: Act, found: str = ""
) -> Resolution:
    """Decide a case, or second an adverse decision another person proposed.

    Parameters
    ----------
    disposition : str
        ``certify`` (the result stands), ``re_rate`` (fresh raters read again; in a
        case about a rater that rater's reads are recalled), ``adjudicate`` (the
        chair rules) or ``reject`` (the evidence does not count and has to be
        handed in anew).
    words : str
        The reason; it is kept with the case.
    found : str
        What looking came to, of `scoring.holds.FOUND`; empty takes what the
        disposition says.

    Raises
    ------
    RefusedError
        If the actor raised the hold or is a party to it; if an adverse decision is
        taken before the other side was heard or the due date has passed.
    """
    _must_be_one_of(disposition, DISPOSITIONS, "hold.disposition")
    if found:
        _must_be_one_of(found, FOUND, "hold.found")
    _need(words, "reason")
    with workspace.store() as store:
        authorise(store, act, "hold.resolve")
        case = _open_case(store, hold_id)
        act = authorise(store, act, "hold.resolve", school_of_case(store, case))
        _may_decide(store, case, disposition, act.actor, day_of(act.at))
        _must_be_reread(store, workspace, case)
        adverse = is_adverse(disposition, subject_of(case))
        needs_two = adverse and bool(workspace.policy["hold.adverse_needs_two"])
        seconds = not needs_two or _seconded(store, case, disposition, act)
        kind = "resolution" if seconds else "proposal"
        with store.transaction(act, f"hold.{kind}", hold_id) as tx:
            case = _open_case(store, hold_id)  # looked at again, now that nobody else can write
            tx.insert("hold_event", [_event(hold_id, kind, act, "", disposition, words, "")])
            reopened: Sequence[str] = ()
            if seconds:
                told = found or found_by_default(disposition, subject_of(case))
                tx.insert("hold_found", [{"hold_id": hold_id, "found": told}])
            if seconds and disposition == RE_RATE:
                reopened = _read_again(store, tx, case, act, workspace)
        if adverse and reopened:
            reallocate(store, workspace, reopened, act)
    state = "resolved" if seconds else "proposed"
    return Resolution(hold_id, state, disposition, tuple(reopened))


def may_resolve(store: Store, case: Row, disposition: str, person_id: str, on: date) -> None:
    """Say beforehand whether a person may decide a case so on that day.

    Raises
    ------
    RefusedError
        With the reason ``resolve`` would give.
    """
    at = datetime.combine(on, time(12), CHINA)
    act = authorise(store, Act(person_id, "", at), "hold.resolve", school_of_case(store, case))
    _may_decide(store, case, disposition, act.actor, on)


def _may_touch(store: Store, case: Row, actor: str) -> None:
    """Refuse who raised a case, and who it is about."""
    if same_person(store, case["raised_by"], actor):
        raise RefusedError(
            f"hold {case['hold_id']} was raised by the same person; another one has to decide it.",
            key="hold.raised_by_same",
            hold=case["hold_id"],
        )
    about = case["flag"]["ids"] if case["flag"] and CATALOGUE[case["code"]].of_raters else ()
    if any(same_person(store, each, actor) for each in about):
        raise RefusedError(
            f"hold {case['hold_id']} is about the same person; another one has to decide it.",
            key="hold.own_case",
            hold=case["hold_id"],
        )


def _may_decide(store: Store, case: Row, disposition: str, actor: str, on: date) -> None:
    _may_touch(store, case, actor)
    open_to = dispositions_of(case["code"], subject_of(case), stops=bool(case["submissions"]))
    if disposition not in open_to:
        raise RefusedError(
            f"hold {case['hold_id']} is about a {subject_of(case)} and cannot end in {disposition}; "
            f"it can in {', '.join(open_to)}.",
            key="hold.not_open_to",
            hold=case["hold_id"],
            known=tuple(f"disposition.{each}" for each in open_to),
        )
    heard = any(event["kind"] == "reply" for event in case["events"])
    adverse = is_adverse(disposition, subject_of(case))
    if adverse and not heard and on <= date.fromisoformat(case["due_on"]):
        raise RefusedError(
            f"hold {case['hold_id']}: nobody has replied and the due date {case['due_on']} has not "
            "passed. Record the reply first.",
            key="hold.not_heard",
            hold=case["hold_id"],
            due=case["due_on"],
        )


def _must_be_reread(store: Store, workspace: Workspace, case: Row) -> None:
    """Refuse to close a recall while what was recalled waits for its reads."""
    pieces = recalled_pieces(store, case["hold_id"])
    if not pieces:
        return
    outcomes = piece_outcomes(store, workspace.rubrics, workspace.policy, set(pieces))
    waiting = sum(each.reason_none == ReasonNone.AWAITING_READ for each in outcomes.values())
    if waiting:
        raise RefusedError(
            f"hold {case['hold_id']}: {waiting} of {len(pieces)} recalled pieces wait to be read "
            "again. Allocate them, then close the case.",
            key="hold.not_reread",
            hold=case["hold_id"],
            waiting=waiting,
            pieces=len(pieces),
        )


def _read_again(
    store: Store, tx: Transaction, case: Row, act: Act, workspace: Workspace
) -> list[str]:
    """Have the pieces of a case read again: all their reads, or those of the raters it names."""
    cause = f"hold:{case['hold_id']}"
    if subject_of(case) not in (RATER, RATER_PAIR):
        return reopen(store, tx, pieces_of_case(store, case), cause)
    due_days = workspace.policy["hold.due_days"]
    made = [recall_reads(store, tx, each, cause, act, due_days) for each in case["flag"]["ids"]]
    return list(dict.fromkeys(piece for each in made for piece in each.pieces))


def _seconded(store: Store, case: Row, disposition: str, act: Act) -> bool:
    """Whether somebody else has proposed the same before."""
    proposals = [event for event in case["events"] if event["kind"] == "proposal"]
    return any(
        p["disposition"] == disposition and not same_person(store, p["actor"], act.actor)
        for p in proposals
    )


def _must_be_one_of(given: str, known: Sequence[str], key: str) -> None:
    if given not in known:
        raise InputError(
            f"{given!r} is not one of {', '.join(known)}.",
            key=key,
            given=given,
            known=", ".join(known),
        )


def _find(store: Store, hold_id: str) -> Row:
    for case in recorded_holds(store):
        if case["hold_id"] == hold_id:
            return case
    raise InputError(
        f"there is no hold {hold_id}. `workbench holds list` names those there are.",
        key="hold.unknown",
        hold=hold_id,
    )


def _open_case(store: Store, hold_id: str) -> Row:
    case = _find(store, hold_id)
    if case["state"] != "open":
        raise RefusedError(
            f"hold {hold_id} is resolved already.", key="hold.resolved", hold=hold_id
        )
    return case


def _need(words: str, what: str) -> None:
    if not words.strip():
        raise InputError(f"a {what} in words is needed.", key="hold.words_needed")


def _event(
    hold_id: str, kind: str, act: Act, party: str, disposition: str, words: str, scan: str
) -> dict[str, object]:
    return {
        "hold_id": hold_id,
        "kind": kind,
        "actor": act.actor,
        "party": party,
        "disposition": disposition,
        "words": words,
        "scan": scan,
    }
