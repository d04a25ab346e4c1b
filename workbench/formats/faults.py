"""What is wrong with a row of a table: a code with its values, said in the reader's language."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

from workbench import messages

Severity = Literal["warn", "reject"]
Verdict = Literal["accept", "warn", "reject"]


@dataclass(frozen=True)
class RowFault:
    """One fault of one row; ``row_number`` counts from 1 as the spreadsheet does.

    ``column`` is the header as it stands in the file, empty where the whole
    row or table is meant. ``values`` fill the sentence ``<feature>.<code>`` of
    the locale and never hold an ID number.
    """

    item: str
    row_number: int
    column: str
    code: str
    severity: Severity
    values: Mapping[str, object] = field(default_factory=dict)
    feature: str = "intake"

    @property
    def key(self) -> str:
        """Key of the sentence in the locale."""
        return f"{self.feature}.{self.code}"

    def sentence(self, language: str | None = None) -> str:
        """Say the fault in a named language, or in that of the run."""
        spoken = language or messages.language()
        joint = "、" if spoken == "zh" else ", "
        filled = {
            name: joint.join(str(part) for part in value) if isinstance(value, tuple) else value
            for name, value in self.values.items()
        }
        return messages.sentence(
            spoken, self.key, **{"row": self.row_number, "column": self.column, **filled}
        )


def verdict(faults: Iterable[RowFault]) -> Verdict:
    """What the faults of one row come to: the worst of them decides."""
    severities = {fault.severity for fault in faults}
    return "reject" if "reject" in severities else "warn" if severities else "accept"


@dataclass
class FaultList:
    """The faults of one table while it is read, by row.

    Examples
    --------
    >>> faults = FaultList()
    >>> faults.warn(3, "学时", "bad_number", value="多")
    >>> faults.verdict(3), faults.verdict(4)
    ('warn', 'accept')
    """

    feature: str = "intake"
    items: dict[int, str] = field(default_factory=dict)
    found: list[RowFault] = field(default_factory=list)

    def reject(
        self, row_number: int, column: str, code: str, feature: str = "", **values: object
    ) -> None:
        """Note a fault that keeps the row out."""
        self._note("reject", row_number, column, code, feature, values)

    def warn(
        self, row_number: int, column: str, code: str, feature: str = "", **values: object
    ) -> None:
        """Note a fault the row may be taken with."""
        self._note("warn", row_number, column, code, feature, values)

    def verdict(self, row_number: int) -> Verdict:
        """Verdict on one row so far."""
        return verdict(fault for fault in self.found if fault.row_number == row_number)

    def rejected_rows(self) -> frozenset[int]:
        """Numbers of the rows that are kept out."""
        return frozenset(f.row_number for f in self.found if f.severity == "reject")

    def in_order(self) -> tuple[RowFault, ...]:
        """All faults by row, those of one row in the order found."""
        return tuple(sorted(self.found, key=lambda fault: fault.row_number))

    def _note(
        self,
        severity: Severity,
        row_number: int,
        column: str,
        code: str,
        feature: str,
        values: Mapping[str, object],
    ) -> None:
        item = self.items.get(row_number, "")
        self.found.append(
            RowFault(item, row_number, column, code, severity, values, feature or self.feature)
        )
