"""A pack of seed pieces 标准件: an evidence package with the experts' marks beside it.

``marks.csv`` is a ratings file: a line for an expert, a piece (``item`` of the
manifest) and a criterion, ``met`` and the reason as comment. A criterion is
agreed where all experts who read the piece say the same; what they do not agree
on is no standard, and the piece is refused.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from rubrics.rubric import RubricSet, Slot
from workbench.formats.faults import FaultList, RowFault
from workbench.formats.rating_rows import RatingRow

MARKS = ("marks.csv", "marks.xlsx")
PURPOSES: Mapping[str, str] = {
    "practice": "practice", "练习": "practice",
    "qualification": "qualification", "资格": "qualification", "考核": "qualification",
    "hidden": "hidden", "暗插": "hidden", "质控": "hidden",
}  # fmt: skip
PURPOSE_COLUMNS = ("purpose", "用途")
FOR_PRACTICE = 3


@dataclass(frozen=True)
class SeedMarks:
    """What the experts agree on about one piece: criterion to met (1, 0) and reason."""

    item: str
    experts: tuple[str, ...]
    marks: Mapping[str, tuple[int, str]]


def agreed_marks(
    rows: Sequence[RatingRow], rubrics: RubricSet, least_experts: int
) -> tuple[list[SeedMarks], tuple[RowFault, ...]]:
    """What the experts agree on, piece by piece, and why other pieces are no standard.

    Parameters
    ----------
    rows : rows of the ratings file without a fault
    least_experts : int
        Experts a piece needs at least.

    Returns
    -------
    list of SeedMarks, faults
        A fault names the first line of its piece: ``few_experts``,
        ``experts_differ``, ``seed_unmarked``, ``seed_without_reason``.
    """
    faults = FaultList("seed_pack")
    by_item: dict[str, list[RatingRow]] = defaultdict(list)
    for row in rows:
        by_item[row.item].append(row)
    made = []
    for item, own in by_item.items():
        slot = rubrics[own[0].competency].slot(own[0].slot_id)
        found = _piece(item, own, slot, least_experts, faults)
        if found is not None:
            made.append(found)
    return made, faults.in_order()


def _piece(
    item: str, rows: Sequence[RatingRow], slot: Slot, least: int, faults: FaultList
) -> SeedMarks | None:
    at = rows[0].row_number
    experts = tuple(sorted({row.rater for row in rows}))
    if len(experts) < least:
        faults.reject(at, "", "few_experts", item=item, found=len(experts), least=least)
        return None
    marks: dict[str, tuple[int, str]] = {}
    for criterion in slot.criteria:
        name = criterion.criterion_id
        own = [row for row in rows if row.criterion_id == name]
        given = {row.met for row in own}
        if len(own) < len(experts) or None in given:
            faults.reject(at, "", "seed_unmarked", item=item, criterion=name)
            return None
        if len(given) > 1:
            faults.reject(at, "", "experts_differ", item=item, criterion=name)
            return None
        reason = "；".join(dict.fromkeys(row.comment for row in own if row.comment))
        if own[0].met == 0 and not reason:
            faults.reject(at, "", "seed_without_reason", item=item, criterion=name)
            return None
        marks[name] = (int(own[0].met or 0), reason)
    return SeedMarks(item, experts, marks)


def purposes(items: Sequence[str], stated: Mapping[str, str]) -> dict[str, str]:
    """What each piece is for: as the manifest states, else shared out in the order of the pack.

    Three for practice; of the rest every second one is hidden, the others are for
    the qualification.

    Examples
    --------
    >>> made = purposes([str(n) for n in range(43)], {})
    >>> [list(made.values()).count(each) for each in ("practice", "qualification", "hidden")]
    [3, 20, 20]
    """
    found = {item: PURPOSES[stated[item]] for item in items if stated.get(item) in PURPOSES}
    counts = [list(found.values()).count(each) for each in ("practice", "qualification", "hidden")]
    for item in items:
        if item in found:
            continue
        place = 0 if counts[0] < FOR_PRACTICE else 1 if counts[1] <= counts[2] else 2
        counts[place] += 1
        found[item] = ("practice", "qualification", "hidden")[place]
    return found
