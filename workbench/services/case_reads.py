"""Reads a case about raters rests on: every mark leads to its piece."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from models.ratings import all_reads
from models.recalls import counting_reads, recalled_rows
from models.records import Round
from models.store import Row, Store
from rubrics.rubric import Slot
from scoring.consensus import read_level
from scoring.flags import RATER, RATER_PAIR
from workbench.services.case_parties import subject_of
from workbench.services.flags import piece_labels
from workbench.services.workspace import Workspace

_SHOWN = 400
"""Reads shown of one case; a rater seldom gives more in a round."""


@dataclass(frozen=True)
class CaseRead:
    """One read of a rater a case names.

    ``met`` and ``marks`` count criteria; ``others`` is the share the co-readers found
    met of the same, None where nobody else read the piece; ``same`` the share of marks
    alike with the second rater of a pair, ``after`` how many minutes it was handed in after
    the other's read, ``words`` whether both wrote the same; None else. ``minutes`` is None
    where no time was recorded. ``state`` is ``counts``, or of a recalled read ``waiting`` or ``reread``.
    """

    piece_id: str
    label: str
    rater_id: str
    level: str
    met: int
    marks: int
    others: float | None
    same: float | None
    minutes: float | None
    given_at: str
    state: str = "counts"
    after: float | None = None
    words: bool | None = None


def case_reads(workspace: Workspace, store: Store, case: Row) -> list[CaseRead]:
    """Reads of the raters a case names, newest last; of a pair those both gave; else none."""
    if subject_of(case) not in (RATER, RATER_PAIR) or not case["flag"]:
        return []
    ids = [str(each) for each in case["flag"]["ids"]]
    rows = recalled_rows(store, case["hold_id"])
    if not rows:
        rows = [{**row, "rater_id": each} for each in ids for row in counting_reads(store, each)]
    if len(ids) == 2:
        own: dict[str, set[str]] = defaultdict(set)
        for row in rows:
            own[row["piece_id"]].add(row["rater_id"])
        rows = [row for row in rows if len(own[row["piece_id"]]) == 2]
    return _reads(workspace, store, rows[-_SHOWN:], ids)


def _reads(
    workspace: Workspace, store: Store, rows: Iterable[Row], ids: list[str]
) -> list[CaseRead]:
    found = list(rows)
    labels = piece_labels(store)
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    pieces = {row["piece_id"]: all_reads(store, row["piece_id"]) for row in found}
    slot_of = {piece: slots[store.where("piece", piece_id=piece)[0]["slot_id"]] for piece in pieces}
    own = {read["read_id"]: read for reads in pieces.values() for read in reads}
    made = []
    for row in found:
        piece, read = row["piece_id"], own[row["read_id"]]
        marks = {name: met for name, met in read["marks"].items() if met is not None}
        others = [each for each in pieces[piece] if _beside(read, each)]
        partner = next((o for o in others if len(ids) == 2 and o["rater_id"] in ids), None)
        made.append(
            CaseRead(
                piece,
                str(labels.get(piece, piece)),
                row["rater_id"],
                _level(slot_of[piece], marks),
                sum(marks.values()),
                len(marks),
                _share(marks, others),
                _alike(marks, partner) if len(ids) == 2 else None,
                _minutes(read["opened_at"], read["submitted_at"]),
                read["submitted_at"] or row.get("given_at", ""),
                _state(row),
                _minutes(partner["submitted_at"], read["submitted_at"]) if partner else None,
                _same_words(read, partner) if partner else None,
            )
        )
    return made


def _beside(read: Row, other: Row) -> bool:
    """Whether another read counts and is of the same reading of the piece, by somebody else."""
    same = other["reading"] == read["reading"] and other["round"] in (Round.BLIND, Round.THIRD)
    counts = not (other["replaced"] or other["extra"])
    return same and counts and other["rater_id"] != read["rater_id"]


def _level(slot: Slot, marks: dict[str, int]) -> str:
    level = read_level(slot, marks)
    return str(level) if level else ""


def _share(marks: dict[str, int], others: list[Row]) -> float | None:
    """Share of the same criteria that others found met."""
    seen = [
        each["marks"][name]
        for each in others
        for name in marks
        if each["marks"].get(name) is not None
    ]
    return sum(met or 0 for met in seen) / len(seen) if seen else None


def _alike(marks: dict[str, int], partner: Row | None) -> float | None:
    told = partner["marks"] if partner else {}
    both = [name for name in marks if told.get(name) is not None]
    return sum(marks[name] == told[name] for name in both) / len(both) if both else None


def _same_words(read: Row, partner: Row) -> bool | None:
    """Whether both comments have the same letters; None where either wrote none."""
    one, other = (_letters(each) for each in (read, partner))
    return one == other if one and other else None


def _letters(read: Row) -> str:
    said = [read["comment"], *read["comments"].values()]
    return "".join(letter for words in said if words for letter in words if letter.isalpha())


def _minutes(opened_at: str, submitted_at: str) -> float | None:
    if not opened_at or not submitted_at:
        return None
    took = datetime.fromisoformat(submitted_at) - datetime.fromisoformat(opened_at)
    return took.total_seconds() / 60


def _state(row: Row) -> str:
    if "later" not in row:
        return "counts"
    return "reread" if row["later"] else "waiting"
