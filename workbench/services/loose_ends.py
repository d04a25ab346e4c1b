"""Loose ends: recalls, pieces left and pieces put aside, gathered in one place with what can be done."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from models.assignments import assignment, open_assignments, owned_among
from models.cases import holds
from models.recalls import recalled_rows
from models.records import PieceOutcome, Round
from models.store import Act, Row, Store
from workbench.errors import InputError, RefusedError
from workbench.services.assignments import follow_up
from workbench.services.desk_parked import parked_pieces
from workbench.services.exits import CANNOT_JUDGE, Exit, exits
from workbench.services.outcomes import FollowedOutcomes
from workbench.services.reach import seen_school
from workbench.services.recall import CODE, reallocate
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class RecallCase:
    """One recall: whose reads, how many, and how far the pieces have been read again.

    ``waiting`` are pieces that still lack reads, ``without`` those of them nobody
    has been given; ``state`` is ``open`` until the case is decided.
    """

    hold_id: str
    rater_id: str
    name: str
    reads: int
    pieces: int
    waiting: tuple[str, ...]
    without: tuple[str, ...]
    due_on: str
    state: str


@dataclass(frozen=True)
class ParkedPiece:
    """A piece somebody has put aside; ``since`` in UTC. The note beside it is not shown."""

    piece_id: str
    competency: str
    slot_id: str
    rater_id: str
    name: str
    round: str
    since: str


@dataclass(frozen=True)
class LooseEnds:
    """What waits for the chair beside reads and rulings; exits both open and done.

    ``names`` are those of the readers who left pieces.
    """

    recalls: tuple[RecallCase, ...]
    exits: tuple[Exit, ...]
    parked: tuple[ParkedPiece, ...]
    names: Mapping[str, str]

    @property
    def count(self) -> int:
        """How many are open."""
        recalls = sum(case.state == "open" for case in self.recalls)
        return recalls + sum(each.state == "open" for each in self.exits) + len(self.parked)


def loose_ends(workspace: Workspace, person_id: str) -> LooseEnds:
    """Recalls, exits and parked pieces of the schools a person sees.

    Raises
    ------
    RefusedError
        If the person may not see them.
    """
    left = tuple(map(_without_judgement, exits(workspace, person_id)))
    with workspace.store() as store, workspace.desk() as desk:
        scope = seen_school(store, person_id, "progress.show")
        people = {row["person_id"]: row for row in store.where("person")}
        outcomes = workspace.memory(FollowedOutcomes).now(store, workspace)
        given = {row["piece_id"] for row in open_assignments(store) if not row["is_extra"]}
        recalls = [
            _recall(store, case, outcomes, given, people)
            for case in holds(store)
            if case["code"] == CODE and _within(case, people, scope)
        ]
        aside = parked_pieces(store, desk)
        owned = {row["piece_id"]: row for row in owned_among(store, [p.piece_id for p in aside])}
        parked = [
            ParkedPiece(
                each.piece_id,
                owned[each.piece_id]["competency"],
                owned[each.piece_id]["slot_id"],
                each.rater_id,
                _name(people, each.rater_id),
                each.round,
                each.since,
            )
            for each in aside
            if each.piece_id in owned and scope in (None, owned[each.piece_id]["school_id"])
        ]
    names = {each.rater_id: _name(people, each.rater_id) for each in left}
    return LooseEnds(tuple(recalls[::-1]), left, tuple(parked), names)


def give_out_again(workspace: Workspace, pieces: Sequence[str], act: Act) -> tuple[str, ...]:
    """Find fresh readers for recalled or left pieces; returns those for whom there is none.

    Raises
    ------
    RefusedError
        If the actor may not plan reads.
    """
    with workspace.store() as store:
        for row in owned_among(store, pieces):
            act = authorise(store, act, "allocation.plan", row["school_id"])
        return reallocate(store, workspace, pieces, act)


def take_from_desk(workspace: Workspace, piece_id: str, rater_id: str, act: Act) -> list[str]:
    """Take a piece that waits off somebody's desk and give it to another reader; returns whom.

    Raises
    ------
    InputError
        If the act has no reason.
    RefusedError
        If it does not wait on that desk, or the actor may not plan reads.
    """
    if not act.reason.strip():
        raise InputError("taking a piece off a desk needs its reason.", key="loose_ends.reason")
    with workspace.store() as store:
        owned = owned_among(store, [piece_id])
        school = owned[0]["school_id"] if owned else None
        act = authorise(store, act, "allocation.plan", school)
        given = assignment(store, piece_id, rater_id)
        waits = given is not None and given["why"] is None and given["read_id"] is None
        if given is None or not waits or given["round"] not in (Round.BLIND, Round.THIRD):
            raise RefusedError(
                f"piece {piece_id} waits on no desk of {rater_id}.",
                key="loose_ends.not_there",
                piece=piece_id,
            )
        with store.transaction(act, "allocation.plan", f"{piece_id} -{rater_id}") as tx:
            ended = {"assignment_id": given["assignment_id"], "why": "taken"}
            tx.insert("assignment_end", [ended])
        return follow_up(store, workspace, piece_id, Act(act.actor, "", act.at))


def _without_judgement(left: Exit) -> Exit:
    """Leave out why somebody could not judge: whoever rules on the piece marks it blind first."""
    return replace(left, words="") if left.kind == CANNOT_JUDGE else left


def _recall(
    store: Store,
    case: Row,
    outcomes: Mapping[str, PieceOutcome],
    given: set[str],
    people: Mapping[str, Row],
) -> RecallCase:
    rows = recalled_rows(store, case["hold_id"])
    pieces = list(dict.fromkeys(row["piece_id"] for row in rows))
    waiting = [p for p in pieces if p in outcomes and outcomes[p].needs in ("blind", "third")]
    rater = rows[0]["rater_id"] if rows else ""
    return RecallCase(
        case["hold_id"],
        rater,
        _name(people, rater),
        len(rows),
        len(pieces),
        tuple(waiting),
        tuple(piece for piece in waiting if piece not in given),
        case["due_on"],
        case["state"],
    )


def _within(case: Row, people: Mapping[str, Row], scope: str | None) -> bool:
    """Whether a recall is of a rater of the school seen."""
    named = case["flag"]["ids"] if case["flag"] else ()
    return scope is None or any(people.get(n, {}).get("school_id") == scope for n in named)


def _name(people: Mapping[str, Row], person_id: str) -> str:
    return str(people[person_id]["name"]) if person_id in people else person_id
