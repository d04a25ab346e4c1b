"""The pieces behind a mark of the page 全县一览: of a school, a rater or a slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

from models.cases import open_holds_by_submission
from models.ratings import standing_reads
from models.records import Read, Round
from models.store import Row, Store
from models.submissions import owned_pieces
from rubrics.levels import Level
from rubrics.rubric import Slot
from scoring.consensus import read_level
from workbench.services.outcomes import piece_outcomes
from workbench.services.reach import seen_school
from workbench.services.workspace import Workspace

By = Literal["school", "rater", "slot"]


@dataclass(frozen=True)
class PieceBehind:
    """One piece: its level, how its blind reads came out, the county's re-read, open cases.

    ``level`` and ``county`` are empty where there is none yet; ``reads`` are the
    levels of its blind reads by rater, ``own`` that of the rater asked about.
    """

    piece_id: str
    school: str
    slot_id: str
    level: str
    reads: str
    own: str
    county: str
    held: bool


def pieces_behind(
    workspace: Workspace, person_id: str, by: By, which: str
) -> tuple[PieceBehind, ...]:
    """Pieces of a school or a slot, or those a rater has read; what differs comes first.

    First those the county put lower, then those held, then those whose blind reads differ.

    Raises
    ------
    RefusedError
        If the person does not see the whole county.
    """
    with workspace.store() as store:
        seen_school(store, person_id, "county.show")
    return behind(workspace, by, which)


def behind(workspace: Workspace, by: By, which: str) -> tuple[PieceBehind, ...]:
    """The same for a caller who has seen to it that the person may."""
    with workspace.store() as store:
        pieces = _chosen(store, by, which)
        among = {row["piece_id"] for row in pieces}
        outcomes = piece_outcomes(store, workspace.rubrics, workspace.policy, among)
        reads = standing_reads(store, among)
        held = set(open_holds_by_submission(store))
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    rater = which if by == "rater" else ""
    made = [
        (
            _behind(
                row,
                slots[row["slot_id"]],
                outcomes[row["piece_id"]].level,
                reads.get(row["piece_id"], []),
                rater,
                held,
            )
        )
        for row in pieces
    ]
    return tuple(sorted(made, key=_telling))


def _chosen(store: Store, by: By, which: str) -> list[Row]:
    pieces = owned_pieces(store)
    if by == "rater":
        read = {row["piece_id"] for row in store.where("read", rater_id=which)}
        return [row for row in pieces if row["piece_id"] in read]
    column = {"school": "school_id", "slot": "slot_id"}[by]
    return [row for row in pieces if row[column] == which]


def _behind(
    piece: Row,
    slot: Slot,
    level: Level | None,
    reads: list[Read],
    rater: str,
    held: set[str],
) -> PieceBehind:
    blind = {r.rater_id: read_level(slot, r.marks) for r in reads if r.round == Round.BLIND}
    county = [read_level(slot, r.marks) for r in reads if r.round == Round.COUNTY]
    return PieceBehind(
        piece["piece_id"],
        piece["school_name"],
        piece["slot_id"],
        _name(level),
        " ".join(_name(each) for each in blind.values()),
        _name(blind.get(rater)),
        _name(county[-1]) if county else "",
        piece["submission_id"] in held,
    )


def _name(level: Level | None) -> str:
    return str(level) if level is not None else ""


def _telling(row: PieceBehind) -> tuple[bool, bool, bool, str]:
    """Order: put lower by the county, held, read differently."""
    lowered = bool(row.county and row.level) and Level(row.county) < Level(row.level)
    return (not lowered, not row.held, len(set(row.reads.split())) < 2, row.piece_id)


def names_of(workspace: Workspace, by: By) -> Mapping[str, str]:
    """What can be chosen: schools and raters by id with their names, slots by their code."""
    with workspace.store() as store:
        if by == "school":
            return {row["school_id"]: str(row["name"]) for row in store.where("school")}
        if by == "rater":
            return {row["person_id"]: str(row["name"]) for row in store.where("person")}
    return {slot.slot_id: slot.slot_id for rubric in workspace.rubrics for slot in rubric.slots}
