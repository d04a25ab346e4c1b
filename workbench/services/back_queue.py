"""Which pieces to read back first: by flip risk, by the second reader, or by what readers differed on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.assignments import department_of, had_by, owned_among
from models.closing import back_reads
from models.records import PieceOutcome
from models.store import Row, Store
from scoring.conflicts import conflicts
from workbench.services.analyses import last_analysis
from workbench.services.outcomes import FollowedOutcomes
from workbench.services.reach import seen_school
from workbench.services.reads import author_of, conflict_rule, reader_of
from workbench.services.second_reader import is_on
from workbench.services.stability import KIND, reading_queue
from workbench.services.workspace import Workspace

FLIP_RISK, CONTESTED, SECOND_READER = "flip_risk", "contested", "second_reader"
"""What orders the queue."""

_AGREED = "agreed"


@dataclass(frozen=True)
class Candidate:
    """One piece worth reading back; nothing tells who made it or what it got.

    ``risk`` is the flip risk of its result, 0 to 1, None where that is not
    computed; ``gain`` the expected fall of the chance that the decision is not
    the usual one, a read; ``contested`` its criteria on which readers differed.
    """

    piece_id: str
    competency: str
    slot_id: str
    school: str
    risk: float | None
    gain: float | None
    contested: int


@dataclass(frozen=True)
class BackQueue:
    """Pieces to read back in their order, and what made it.

    ``order`` is one of ``flip_risk``, ``contested``, ``second_reader``;
    ``made_at`` when its analysis was stored (UTC, empty for ``contested``) and
    ``reads_since`` the reads it does not know. ``orders`` are those there are.
    """

    order: str
    orders: tuple[str, ...]
    made_at: str
    reads_since: int
    rows: tuple[Candidate, ...]


def back_queue(workspace: Workspace, person_id: str, order: str = "") -> BackQueue:
    """Pieces a person may read back, the least certain first.

    Parameters
    ----------
    order : str
        Wished order; where it is not there, flip risk, and without a stored
        analysis the number of criteria on which readers differed.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "progress.show")
        outcomes = workspace.memory(FollowedOutcomes).now(store, workspace)
        rankings = _rankings(workspace, scope, outcomes)
        chosen = order if order in rankings else next(iter(rankings))
        ranked, made_at, since = rankings[chosen]
        begun = {r["piece_id"] for r in back_reads(store) if r["left_why"] is None}
        settled = [p for p in ranked if p not in begun and is_settled(outcomes.get(p))]
        most = int(workspace.policy["back_reading.most_listed"])
        open_to = list(_open_to(store, workspace, person_id, scope, settled, most))
    rows = tuple(_candidate(row, ranked[row["piece_id"]], outcomes) for row in open_to)
    return BackQueue(chosen, tuple(rankings), made_at, since, rows)


def is_settled(outcome: PieceOutcome | None) -> bool:
    """Whether a piece has its level and waits for nothing."""
    return outcome is not None and outcome.level is not None and not outcome.needs


Ranking = tuple[dict[str, dict[str, Any]], str, int]
"""Pieces in their order with what is known of each, when that was made, and reads since."""


def _rankings(
    workspace: Workspace, scope: str | None, outcomes: Mapping[str, PieceOutcome]
) -> dict[str, Ranking]:
    """The orders there are, the best first."""
    found: dict[str, Ranking] = {}
    stable = last_analysis(workspace, KIND, scope) or last_analysis(workspace, KIND)
    if stable is not None:
        ranked = {row["piece_id"]: row for row in reading_queue(stable.payload)}
        found[FLIP_RISK] = (ranked, stable.made_at, stable.reads_since)
    second = last_analysis(workspace, SECOND_READER, scope) or last_analysis(
        workspace, SECOND_READER
    )
    if second is not None and is_on(second.payload):
        ordered = {row["piece_id"]: row for row in second.payload["order"]}
        found[SECOND_READER] = (ordered, second.made_at, second.reads_since)
    by_count = sorted(outcomes, key=lambda piece: (-contested_count(outcomes[piece]), piece))
    found[CONTESTED] = (
        {piece: {} for piece in by_count if contested_count(outcomes[piece])},
        "",
        0,
    )
    return found


def contested_count(outcome: PieceOutcome) -> int:
    """Criteria on which readers differed, decided since or not."""
    later = sum(made.how != _AGREED for made in outcome.decisions.values())
    return later + len(outcome.contested)


def _open_to(
    store: Store,
    workspace: Workspace,
    person_id: str,
    scope: str | None,
    pieces: Sequence[str],
    most: int,
) -> Sequence[Row]:
    """The first of these pieces that somebody may read back, in their order."""
    person = store.one("person", person_id=person_id)
    if person is None:
        return []
    reader, rule = reader_of(person), conflict_rule(workspace.policy)
    found: list[Row] = []
    for start in range(0, len(pieces), 2 * most):
        among = pieces[start : start + 2 * most]
        rows = {row["piece_id"]: row for row in owned_among(store, among)}
        for piece in among:
            row = rows.get(piece)
            if row is None or scope not in (None, row["school_id"]):
                continue
            author = author_of(row, department_of(store, row["teacher_id"]))
            if conflicts(reader, author, rule) or person_id in had_by(store, piece):
                continue
            found.append(row)
            if len(found) == most:
                return found
    return found


def _candidate(
    row: Row, known: Mapping[str, Any], outcomes: Mapping[str, PieceOutcome]
) -> Candidate:
    return Candidate(
        row["piece_id"],
        row["competency"],
        row["slot_id"],
        row["school_name"],
        known.get("flip_risk"),
        known.get("fall"),
        contested_count(outcomes[row["piece_id"]]),
    )
