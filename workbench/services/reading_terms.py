"""How much each reader takes on, and what becomes of the unread work of one who drops out."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from models.allocation import reading_terms
from models.assignments import assignments_of
from models.drafts import Task, drop_draft, is_pending
from models.records import Round
from models.store import Act, Row, Store
from workbench.errors import InputError, RefusedError
from workbench.services.allocation_needs import wanted
from workbench.services.assignments import Prepared, prepare, write
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace

LEFT = "left"
"""Why assignments end of somebody who drops out."""

_MOST_SHARE = 200


@dataclass(frozen=True)
class OneTerms:
    """How much somebody takes on: ``share`` in per cent of a full load, ``most`` pieces or None."""

    person_id: str
    share: int
    most: int | None = None


@dataclass(frozen=True)
class Dropped:
    """What somebody's dropping out came to.

    ``released`` are the pieces taken off the desk unread, ``again`` those of them
    given to others, ``short`` those that lack a reader still, ``kept`` what was handed
    in at that moment and counts. A read that would only have validated is not given
    out again.
    """

    released: tuple[str, ...]
    again: tuple[str, ...]
    short: tuple[str, ...]
    kept: tuple[str, ...]


def set_terms(workspace: Workspace, terms: Iterable[OneTerms], act: Act) -> int:
    """State how much people take on from now; what they have stays theirs. Returns how many rows.

    Raises
    ------
    InputError
        For somebody the workspace does not know, or numbers out of range.
    RefusedError
        If the actor may not plan.
    """
    rows = list(terms)
    with workspace.store() as store:
        act = authorise(store, act, "allocation.terms")
        for each in rows:
            _check(store, each)
        if rows:
            about = ",".join(each.person_id for each in rows)
            with store.transaction(act, "allocation.terms", about) as tx:
                tx.insert("reading_terms", [_row(each) for each in rows])
    return len(rows)


def terms_now(workspace: Workspace) -> dict[str, OneTerms]:
    """How much people take on now, of those for whom it was stated."""
    with workspace.store() as store:
        return {
            person: OneTerms(person, row["share"], row["most"])
            for person, row in reading_terms(store).items()
        }


def drop_reader(workspace: Workspace, person_id: str, random_seed: str, act: Act) -> Dropped:
    """Take somebody's unread work off their desk and give it to others; reads given stay.

    What was begun and not handed in is lost; what is handed in and can still be
    taken back counts. Nothing new is given until a share is stated again.

    Raises
    ------
    InputError
        For somebody the workspace does not know.
    RefusedError
        Without a reason, or if the actor may not plan.
    """
    with workspace.store() as store, workspace.desk() as desk:
        act = authorise(store, act, "allocation.terms")
        if not act.reason.strip():
            raise RefusedError(
                "dropping a reader needs its reason in writing.", key="allocation.drop_reason"
            )
        gone = OneTerms(person_id, 0)
        _check(store, gone)
        with desk.transaction():
            open_rows = [row for row in assignments_of(store, person_id) if _is_open(row)]
            kept = [row for row in open_rows if is_pending(desk, _task(row))]
            ended = [row for row in open_rows if row not in kept]
            with store.transaction(act, "allocation.terms", person_id) as tx:
                tx.insert("reading_terms", [_row(gone)])
                ends = [{"assignment_id": r["assignment_id"], "why": LEFT} for r in ended]
                if ends:
                    tx.insert("assignment_end", ends)
            for row in ended:
                drop_draft(desk, _task(row))
        released = tuple(row["piece_id"] for row in ended)
        made = _again(store, workspace, released, person_id, random_seed, act)
    return Dropped(
        released,
        tuple(sorted(made.plan.readers)),
        tuple(each.piece_id for each in made.short),
        tuple(row["piece_id"] for row in kept),
    )


def _again(
    store: Store,
    workspace: Workspace,
    released: tuple[str, ...],
    person_id: str,
    random_seed: str,
    act: Act,
) -> Prepared:
    """Give released pieces to others, and no other pieces."""
    asked = wanted(store, workspace, random_seed, only=frozenset(released))
    made = prepare(asked, workspace, random_seed)
    if made.plan.orders:
        again = authorise(store, act, "allocation.plan")
        write(store, made, again, f"left:{person_id}")
    return made


def _check(store: Store, each: OneTerms) -> None:
    if store.one("person", person_id=each.person_id) is None:
        raise InputError(
            f"{each.person_id} is nobody this workspace knows. Give an identifier of the roster.",
            key="allocation.unknown_reader",
            person=each.person_id,
        )
    if not 0 <= each.share <= _MOST_SHARE or (each.most is not None and each.most < 0):
        raise InputError(
            f"{each.person_id}: a share is from 0 to {_MOST_SHARE} per cent, a limit 0 or more; "
            f"got {each.share} and {each.most}.",
            key="allocation.terms_range",
            person=each.person_id,
            most=_MOST_SHARE,
        )


def _row(each: OneTerms) -> dict[str, object]:
    return {"person_id": each.person_id, "share": each.share, "most": each.most}


def _is_open(row: Row) -> bool:
    waits = row["why"] is None and row["read_id"] is None
    return waits and row["round"] in (Round.BLIND, Round.THIRD)


def _task(row: Row) -> Task:
    return Task(row["piece_id"], row["rater_id"], row["round"], row["reading"])
