"""What came of a package: a line for every row of its manifest, and what nobody handed in."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from models.evidence_store import Kept
from workbench.formats.faults import RowFault
from workbench.formats.manifest_rows import ManifestRow
from workbench.readers.facts import FileFacts
from workbench.services.checks import REJECT, Remark


@dataclass(frozen=True)
class Line:
    """One line of the intake report: a manifest row with its verdict and remarks.

    ``attempt`` is the one its file belongs to.
    """

    row: ManifestRow
    remarks: tuple[Remark, ...] = ()
    kept: Kept | None = None
    facts: FileFacts | None = None
    seconds: float = 0.0
    peak_mib: float = 0.0
    attempt: int = 1

    @property
    def verdict(self) -> str:
        """accept, warn or reject: the gravest remark decides."""
        if any(remark.severity == REJECT for remark in self.remarks):
            return REJECT
        return "warn" if self.remarks else "accept"

    @property
    def code(self) -> str:
        """Code of the gravest remark, or empty."""
        graver = sorted(self.remarks, key=lambda remark: remark.severity != REJECT)
        return graver[0].code if graver else ""

    def as_json(self) -> dict[str, object]:
        """Return the flat object of ``intake --json``; the reason is added by whoever speaks."""
        return {
            "item": self.row.item,
            "teacher_id": self.row.teacher_id or self.row.teacher_name,
            "competency": self.row.competency,
            "slot": self.row.slot_id,
            "file": self.row.file,
            "verdict": self.verdict,
            "code": self.code,
            "reason": [remark.as_json() for remark in self.remarks],
            "seconds": round(self.seconds, 3),
            "peak_mib": round(self.peak_mib, 1),
        }


@dataclass(frozen=True)
class Report:
    """What came of a package: a line a row, slots nobody filled, and what was new.

    ``missing`` are teacher (id or name), competency and slot; ``table_faults``
    concern the manifest as a whole.
    """

    package: str
    lines: tuple[Line, ...]
    missing: tuple[tuple[str, str, str], ...] = ()
    unknown_columns: tuple[str, ...] = ()
    table_faults: tuple[Remark, ...] = ()
    new_files: int = 0

    @property
    def counts(self) -> Counter[str]:
        """Lines by verdict."""
        return Counter(line.verdict for line in self.lines)


def remark_of(fault: RowFault) -> Remark:
    """Turn a fault of the manifest into a remark of the report."""
    told = {"row": str(fault.row_number), "column": fault.column}
    for key, value in fault.values.items():
        told[key] = "、".join(map(str, value)) if isinstance(value, tuple) else str(value)
    code = fault.code if fault.feature == "intake" else fault.key
    return Remark(code, fault.severity, told)
