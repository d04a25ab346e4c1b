"""One line of a ratings file, read with its faults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, TypeAlias

from rubrics.rubric import Criterion, Rubric, RubricSet, Slot
from workbench.formats.cells import normal, squeezed
from workbench.formats.faults import FaultList
from workbench.formats.headers import BodyRow
from workbench.formats.mapping import ProposedMapping
from workbench.formats.naming import Names, find_criterion, find_slot, slot_names
from workbench.formats.values import read_moment

Round = Literal["blind", "third", "chair", "seed", "county"]
PieceKey: TypeAlias = tuple[str, str, str]
ReadKey: TypeAlias = tuple[str, PieceKey, str, str]

ROUNDS: Mapping[str, Round] = {
    "blind": "blind", "初评": "blind", "盲评": "blind", "一评": "blind", "二评": "blind",
    "third": "third", "三评": "third", "第三评": "third", "第三次评阅": "third",
    "chair": "chair", "仲裁": "chair", "组长仲裁": "chair", "组长": "chair",
    "seed": "seed", "标准件": "seed", "校准": "seed",
    "county": "county", "县复核": "county", "复核": "county", "县级复核": "county",
}  # fmt: skip
MET: Mapping[str, int] = {
    **dict.fromkeys("1 1.0 达到 已达到 是 √ ✓ ✔ 达成 met yes y true".split(), 1),
    **dict.fromkeys("0 0.0 未达到 没达到 否 × ✗ ✘ x 未达成 notmet not_met no n false".split(), 0),
}
CANNOT_JUDGE = frozenset(
    ("", "无法判断", "不能判断", "无法评判", "cannotjudge", "na", "n/a", "-", "—")
)


@dataclass(frozen=True)
class RatingRow:
    """One mark. ``met`` is 1, 0, or None where the rater could not judge (or the mark is faulty).

    ``item`` is the manifest's, empty where the piece is named by teacher,
    competency and slot. Times are UTC.
    """

    row_number: int
    item: str
    teacher_id: str
    competency: str
    slot_id: str
    rater: str
    criterion_id: str
    criterion_text: str
    met: int | None
    round: str
    opened_at: datetime | None
    submitted_at: datetime | None
    comment: str

    @property
    def piece(self) -> PieceKey:
        """Teacher, competency and slot."""
        return self.teacher_id, self.competency, self.slot_id

    @property
    def read(self) -> ReadKey:
        """The read the mark belongs to: item (where only it names the piece), piece, rater, round."""
        return "" if self.teacher_id else self.item, self.piece, self.rater, self.round

    @property
    def shown_piece(self) -> str:
        """How a sentence names the piece."""
        return self.item or " ".join(self.piece)


@dataclass(frozen=True)
class RatingReader:
    """What reading one line needs, the same for all lines of a ratings file."""

    mapping: ProposedMapping
    names: Names
    rubric_set: RubricSet
    file: str
    items: Mapping[str, PieceKey] | None
    faults: FaultList

    def row(self, row: BodyRow) -> RatingRow:
        """Read one line, noting its faults."""
        self.faults.items[row.number] = row.text("item")
        rater = row.text("rater")
        if not rater:
            self._reject(row, "rater", "missing_value", "intake")
        teacher_id, rubric, slot = self._piece(row)
        criterion = self._criterion(row, slot)
        opened, submitted = self._times(row)
        return RatingRow(
            row_number=row.number,
            item=row.text("item"),
            teacher_id=teacher_id,
            competency=rubric.competency if rubric else "",
            slot_id=slot.slot_id if slot else "",
            rater=rater,
            criterion_id=criterion.criterion_id if criterion else "",
            criterion_text=row.text("criterion"),
            met=self._met(row, rubric, criterion),
            round=self._round(row),
            opened_at=opened,
            submitted_at=submitted,
            comment=row.text("comment"),
        )

    def _piece(self, row: BodyRow) -> tuple[str, Rubric | None, Slot | None]:
        item = row.text("item")
        if item and self.items is not None:
            if item in self.items:
                teacher_id, competency, slot_id = self.items[item]
                own = self.rubric_set[competency]
                return teacher_id, own, own.slot(slot_id)
            self._reject(row, "item", "unknown_item", value=item)
            return row.text("teacher_id"), None, None
        if not item and not row.text("teacher_id"):
            self._reject(row, "teacher_id", "missing_value", "intake")
        rubric, slot = self._named_slot(row)
        return row.text("teacher_id"), rubric, slot

    def _named_slot(self, row: BodyRow) -> tuple[Rubric | None, Slot | None]:
        """Slot the columns name; with an item alone, the one the criterion's id names."""
        competency, slot_text = row.text("competency"), row.text("slot")
        found = self.names.slot_anywhere(slot_text or row.text("criterion").rpartition(".")[0])
        if not competency:
            if found is None:
                self._reject(row, "competency", "missing_value", "intake")
            return found or (None, None)
        named = self.names.competency(competency)
        if named.code is None:
            code = "unknown_competency_near" if named.near else "unknown_competency"
            code = "competency_contradiction" if named.problem == "contradiction" else code
            self._reject(row, "competency", code, "intake", competency=competency, near=named.near)
            return None, None
        rubric = self.rubric_set[named.code]
        slot = find_slot(slot_text, rubric) if slot_text else None
        if slot_text and slot is None:
            self._reject(
                row,
                "slot",
                "unknown_slot",
                "intake",
                slot=slot_text,
                competency=rubric.competency,
                slots=slot_names(rubric),
            )
        elif slot is None and found and found[0] is rubric:
            slot = found[1]
        return rubric, slot

    def _criterion(self, row: BodyRow, slot: Slot | None) -> Criterion | None:
        given = row.text("criterion")
        if not given:
            self._reject(row, "criterion", "missing_value", "intake")
            return None
        if slot is None:
            return None
        criterion = find_criterion(given, slot)
        if criterion is None:
            ids = [c.criterion_id for c in slot.criteria]
            self._reject(
                row, "criterion", "unknown_criterion", value=given, slot=slot.slot_id,
                criteria=tuple(ids), file=self.file,
            )  # fmt: skip
        return criterion

    def _met(self, row: BodyRow, rubric: Rubric | None, criterion: Criterion | None) -> int | None:
        given = row.text("met")
        word = squeezed(given).casefold()
        if word in CANNOT_JUDGE:
            return None
        if word not in MET:
            self._reject(
                row, "met", "bad_mark",
                criterion=criterion.criterion_id if criterion else row.text("criterion"),
                rubric=rubric.competency if rubric else "?",
                version=rubric.version if rubric else "?",
                mark=given, file=self.file,
            )  # fmt: skip
        return MET.get(word)

    def _round(self, row: BodyRow) -> str:
        given = row.text("round")
        if "round" not in self.mapping.keys:
            return "blind"
        found = ROUNDS.get(normal(given))
        if found is None:
            code = "unknown_round" if given else "no_round"
            self._reject(
                row,
                "round",
                code,
                value=given,
                rounds=("blind", "third", "chair", "seed", "county"),
            )
        return found or ""

    def _times(self, row: BodyRow) -> tuple[datetime | None, datetime | None]:
        moments: list[datetime | None] = []
        for key in ("opened_at", "submitted_at"):
            given = row.text(key)
            moments.append(read_moment(given) if given else None)
            if given and moments[-1] is None:
                column = self.mapping.header(key)
                self.faults.warn(row.number, column, "bad_date", "intake", value=given)
        opened, submitted = moments
        if opened and submitted and submitted < opened:
            column = self.mapping.header("submitted_at")
            self.faults.warn(row.number, column, "submitted_before_opened")
            return None, submitted
        return opened, submitted

    def _reject(
        self, row: BodyRow, key: str, code: str, feature: str = "", **values: object
    ) -> None:
        self.faults.reject(row.number, self.mapping.header(key), code, feature, **values)
