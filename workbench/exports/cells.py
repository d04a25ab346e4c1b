"""What a laid-out sheet consists of: printed cells in reading order, whatever the format."""

from __future__ import annotations

import re
from dataclasses import dataclass

PORTRAIT = "portrait"
LANDSCAPE = "landscape"
HAND_WRITTEN_LIMIT = 60
_FROM_LEFT = ("competency", "decided", "point_", "remark", "slot", "criterion", "anchor", "school")


@dataclass(frozen=True)
class Cell:
    """One printed text.

    Parameters
    ----------
    place : str
        Where it stands, for programs: ``rows[3].level_2``.
    label : str
        What a person calls it: 第 3 行 等级（能力点二）.
    value : str
        The text, as printed.
    free : bool
        Whether people write into it by hand: names, opinions and dates of the
        signature blocks.
    """

    place: str
    label: str
    value: str
    free: bool = False

    @property
    def from_left(self) -> bool:
        """Whether the table sets it from the left: columns of longer texts."""
        return self.place.rpartition(".")[2].startswith(_FROM_LEFT)

    def agrees(self, found: str) -> bool:
        """Whether a printed text says the same; blanks and line breaks never matter."""
        if not self.free:
            return solid(self.value) == solid(found)
        parts = (re.escape(solid(part)) for part in self.value.split())
        gap = f".{{0,{HAND_WRITTEN_LIMIT}}}"
        return re.fullmatch(gap.join(parts) + gap, solid(found)) is not None


Row = tuple[Cell, ...]


@dataclass(frozen=True)
class Layout:
    """A sheet ready to be set in any format.

    ``fact_widths`` are the widths of labels and values of one row of facts, in
    millimetres; a shorter row's last value takes what is left. ``widths`` are
    those of the table's columns. ``footer`` stands on every page, followed by
    the page number; ``receipt`` is the text of the QR, printed ``qr_mm`` wide
    beside the signatures with ``caption`` under it.
    """

    orientation: str
    title: Cell
    subtitle: Cell
    facts: tuple[Row, ...]
    fact_widths: tuple[int, ...]
    header: Row
    widths: tuple[int, ...]
    rows: tuple[Row, ...]
    notes: Row
    signatures: Row
    signature_widths: tuple[int, ...]
    caption: Cell
    footer: Cell
    receipt: str
    qr_mm: int

    @property
    def body_rows(self) -> list[Row]:
        """Every row of cells in reading order, the footer left out."""
        return [
            (self.title,),
            (self.subtitle,),
            *self.facts,
            self.header,
            *self.rows,
            *((note,) for note in self.notes),
            (*self.signatures, self.caption),
        ]

    @property
    def printed_rows(self) -> list[Row]:
        """Every row of cells in reading order, the footer last."""
        return [*self.body_rows, (self.footer,)]


def solid(text: str) -> str:
    """Take all blanks and line breaks out of a text."""
    return "".join(text.split())


def fact_widths(layout: Layout, row: Row) -> list[int]:
    """Millimetres of the cells of a row of facts: the last takes what is left."""
    widths = list(layout.fact_widths[: len(row)])
    widths[-1] += sum(layout.fact_widths[len(row) :])
    return widths
