"""What raters write beside a mark, and when they wrote it."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

from models.records import Read, Round
from rubrics.rubric import Slot
from sample_evidence import words
from sample_evidence.reads import Key, Panel

COLUMNS = (
    *("teacher_id", "competency", "slot", "rater", "criterion", "met", "round"),
    *("opened_at", "submitted_at", "comment"),
)
Row = dict[str, str | int]
# First evening of each round of reading, local time; county re-reads come last.
_FIRST_DAY = {
    Round.BLIND: datetime(2026, 11, 2),
    Round.THIRD: datetime(2026, 11, 12),
    Round.CHAIR: datetime(2026, 11, 16),
    Round.COUNTY: datetime(2026, 11, 19),
}
_MINUTES = {"document": 11, "text": 7, "video": 9, "slides": 10, "image": 6, "spreadsheet": 8}
_WRITTEN = ("document", "text", "spreadsheet")
_EVENING = 18 * 60
_A_DAY = 110  # minutes one reads at a sitting
_LATE = 80  # minutes an evening may begin later


@dataclass(frozen=True)
class Sitting:
    """One read with the time it was opened and handed in, local time."""

    key: Key
    slot: Slot
    read: Read
    opened: datetime
    submitted: datetime


def panel_rows(panel: Panel, seed: int) -> list[Row]:
    """The ratings file: one row a mark."""
    slots = {worth.key: worth.slot for worth in panel.worths}
    listed = [(key, slots[key], read) for key, reads in panel.reads.items() for read in reads]
    rows: list[Row] = []
    commenter = Commenter(Random(f"comments {seed}"))
    for sitting in sittings(listed, Random(f"times {seed}")):
        rows += mark_rows(sitting, commenter)
    return rows


def sittings(reads: Iterable[tuple[Key, Slot, Read]], rng: Random) -> list[Sitting]:
    """Put each rater's reads into evenings, round after round, each as long as its kind asks."""
    queues: dict[tuple[str, str], list[tuple[Key, Slot, Read]]] = {}
    for entry in reads:
        queues.setdefault((entry[2].round, entry[2].rater_id), []).append(entry)
    made = []
    for (kind, _), queue in sorted(queues.items()):
        rng.shuffle(queue)
        day, minute, late = 0, 0.0, rng.uniform(0, _LATE)
        for key, slot, read in queue:
            if minute > _A_DAY:
                day, minute, late = day + 1, 0.0, rng.uniform(0, _LATE)
            opened = _FIRST_DAY[Round(kind)] + timedelta(
                days=day, minutes=_EVENING + late + minute, seconds=rng.randrange(60)
            )
            length = _MINUTES[slot.kind] * rng.lognormvariate(0.0, 0.3)
            made.append(Sitting(key, slot, read, opened, opened + timedelta(minutes=length)))
            minute += length + rng.uniform(1.2, 4.0)
    return sorted(made, key=lambda sitting: (sitting.submitted, sitting.key))


def mark_rows(sitting: Sitting, commenter: Commenter) -> list[Row]:
    """Rows of one read, a reason beside each 合格 criterion not met and beside each ruling."""
    rows: list[Row] = []
    for name, met in sitting.read.marks.items():
        comment = commenter.remark(sitting.slot, name, met or 0, sitting.read)
        values = (*sitting.key, sitting.read.rater_id, name, met or 0, sitting.read.round)
        times = (_local(sitting.opened), _local(sitting.submitted))
        rows.append(dict(zip(COLUMNS, (*values, *times, comment), strict=True)))
    return rows


def _local(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S+08:00")


class Commenter:
    """Writes comments, no two alike from one rater."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._said: set[tuple[str, str]] = set()

    def remark(self, slot: Slot, name: str, met: int, read: Read) -> str:
        """What is said of a criterion, or nothing."""
        if read.round == Round.CHAIR:
            return self._fresh("ruling", slot, name, read.rater_id, met)
        if name in slot.pass_ids and not met:
            return self._fresh("unmet", slot, name, read.rater_id, met)
        if not met and self._rng.random() < 0.08:
            return self._fresh("doubt", slot, name, read.rater_id, met)
        if met and self._rng.random() < 0.02:
            return self._fresh("praise", slot, name, read.rater_id, met)
        return ""

    def _fresh(self, kind: str, slot: Slot, name: str, rater_id: str, met: int) -> str:
        part = re.split("[，；。]", slot.criterion(name).text_zh)[0]
        asks = "ask_written" if slot.kind in _WRITTEN else "ask_shown"
        text = ""
        for _ in range(12):
            text = self._rng.choice(words.comments(kind)).format(
                where=self._rng.choice(words.comments(f"where_{slot.kind}")),
                part=part,
                ask=self._rng.choice(words.comments(asks)),
                verdict="可以认定" if met else "暂不认定",
            )
            if (rater_id, text) not in self._said:
                break
        self._said.add((rater_id, text))
        return text
