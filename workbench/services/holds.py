"""Holds: cases that stop a result until a person has heard the other side and decided."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time

from models.cases import holds as recorded_holds
from models.cases import pieces_of_case
from models.store import Act, Row, Store, Transaction
from models.submissions import owned_pieces
from workbench.errors import InputError, RefusedError
from workbench.services.reopening import reopen
from workbench.services.roles import authorise, same_person
from workbench.services.working_days import CHINA, add_working_days, day_of
from workbench.services.workspace import Workspace

DISPOSITIONS = ("certify", "re_rate", "adjudicate", "reject")
ADVERSE = ("reject",)


@dataclass(frozen=True)
class Resolution:
    """What resolving came to: ``resolved``, or ``proposed`` while a second person is due."""

    hold_id: str
    state: str
    disposition: str
    reopened: tuple[str, ...] = ()


def raise_holds(
    store: Store, tx: Transaction, flags: Sequence[Mapping[str, object]], act: Act, due_days: int
) -> list[str]:
    """Open a case for every submission a flag touches; ids of the new holds.

    Each flag row has ``flag_id``, ``code`` and ``submissions``. Two teachers
    with the same text are two cases: each answers for one's own.
    """
    due_on, _ = add_working_days(day_of(act.at), due_days)
    known = {(h["flag_id"], s) for h in recorded_holds(store) for s in h["submissions"]}
    count = len(store.where("hold"))
    made: list[str] = []
    for flag in flags:
        for submission in _texts(flag["submissions"]):
            if (flag["flag_id"], submission) in known:
                continue
            hold_id = f"h{count + len(made) + 1:04d}"
            made.append(hold_id)
            tx.insert(
                "hold",
                [
                    {
                        "hold_id": hold_id,
                        "code": flag["code"],
                        "flag_id": flag["flag_id"],
                        "raised_by": act.actor,
                        "due_on": due_on.isoformat(),
                    }
                ],
            )
            tx.insert("hold_submission", [{"hold_id": hold_id, "submission_id": submission}])
    return made


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
        act = authorise(store, act, "hold.reply", _school_of(store, case))
        with store.transaction(act, "hold.reply", hold_id) as tx:
            tx.insert("hold_event", [_event(hold_id, "reply", act, party, "", words, scan)])


def resolve(
    workspace: Workspace, hold_id: str, disposition: str, words: str, act: Act
) -> Resolution:
    """Decide a case, or second an adverse decision another person proposed.

    Parameters
    ----------
    disposition : str
        ``certify`` (the result stands), ``re_rate`` (fresh raters read again),
        ``adjudicate`` (the chair rules) or ``reject`` (the evidence does not
        count and has to be handed in anew).
    words : str
        The reason; it is kept with the case.

    Raises
    ------
    RefusedError
        If the actor raised the hold; if an adverse decision is taken before the
        other side was heard or the due date has passed.
    """
    if disposition not in DISPOSITIONS:
        raise InputError(
            f"disposition {disposition!r} is not one of {', '.join(DISPOSITIONS)}.",
            key="hold.disposition",
            given=disposition,
            known=", ".join(DISPOSITIONS),
        )
    _need(words, "reason")
    with workspace.store() as store:
        authorise(store, act, "hold.resolve")
        case = _open_case(store, hold_id)
        act = authorise(store, act, "hold.resolve", _school_of(store, case))
        _may_decide(store, case, disposition, act.actor, day_of(act.at))
        needs_two = bool(workspace.policy["hold.adverse_needs_two"])
        seconds = _seconded(store, case, disposition, act, needs_two)
        kind = "resolution" if seconds else "proposal"
        with store.transaction(act, f"hold.{kind}", hold_id) as tx:
            _open_case(store, hold_id)  # looked at again, now that nobody else can write
            tx.insert("hold_event", [_event(hold_id, kind, act, "", disposition, words, "")])
            reopened: list[str] = []
            if seconds and disposition == "re_rate":
                reopened = reopen(store, tx, pieces_of_case(store, case), f"hold:{hold_id}")
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
    act = authorise(store, Act(person_id, "", at), "hold.resolve", _school_of(store, case))
    _may_decide(store, case, disposition, act.actor, on)


def _school_of(store: Store, case: Row) -> str | None:
    """School a case is about; None where it is about several, or about no submission."""
    owners = {row["submission_id"]: row["school_id"] for row in owned_pieces(store)}
    schools = {owners[each] for each in case["submissions"] if each in owners}
    return schools.pop() if len(schools) == 1 else None


def _may_decide(store: Store, case: Row, disposition: str, actor: str, on: date) -> None:
    if same_person(store, case["raised_by"], actor):
        raise RefusedError(
            f"hold {case['hold_id']} was raised by the same person; another one has to decide it.",
            key="hold.raised_by_same",
            hold=case["hold_id"],
        )
    heard = any(event["kind"] == "reply" for event in case["events"])
    if disposition in ADVERSE and not heard and on <= date.fromisoformat(case["due_on"]):
        raise RefusedError(
            f"hold {case['hold_id']}: nobody has replied and the due date {case['due_on']} has not "
            "passed. Record the reply first.",
            key="hold.not_heard",
            hold=case["hold_id"],
            due=case["due_on"],
        )


def _seconded(store: Store, case: Row, disposition: str, act: Act, needs_two: bool) -> bool:
    """Whether this decision takes effect now: favourable, or proposed by somebody else before."""
    if disposition not in ADVERSE or not needs_two:
        return True
    proposals = [event for event in case["events"] if event["kind"] == "proposal"]
    return any(
        p["disposition"] == disposition and not same_person(store, p["actor"], act.actor)
        for p in proposals
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


def _texts(value: object) -> list[str]:
    return (
        [str(part) for part in value] if isinstance(value, list | tuple) else json.loads(str(value))
    )
