"""Printed words against the proof: which cell differs, what it should say, what it says."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

from workbench.exports.cells import Cell, Layout, Row, solid
from workbench.exports.layout import layout_of
from workbench.exports.page_text import differing_cells, page_bodies
from workbench.exports.payload import SheetPayload
from workbench.exports.reading_back import Sheet
from workbench.exports.symbols import code_alone
from workbench.exports.wording import say

_MOST_ALIGNED = 250
Texts = tuple[str, ...]


class Difference(NamedTuple):
    """One printed place that does not say what is proven."""

    place: str
    label: str
    expected: str
    found: str


def compare(payload: SheetPayload, sheet: Sheet) -> list[Difference]:
    """Every difference between what a file prints and what its payload says.

    Blanks and line breaks never matter, nor what people write by hand into
    the signature fields (60 characters each).

    Returns
    -------
    list of Difference
        In reading order; empty where all agrees.
    """
    layout = layout_of(payload)
    if sheet.file_format == "pdf":
        found = _compare_pages(layout, sheet.pages)
    else:
        found = _compare_rows(layout.body_rows, sheet.rows)
        found += _compare_footers(layout.footer, sheet.footers)
        found += _compare_pictures(layout, sheet.pictures)
    return found + [
        Difference(f"odd.{code}", say(f"odd.{code}"), "", "") for code in sheet.oddities
    ]


def _compare_rows(expected: Sequence[Row], found: Sequence[Texts]) -> list[Difference]:
    """Align rows, then compare cell by cell; rows at both ends that agree are set aside."""
    start = 0
    while start < min(len(expected), len(found)) and not _distance(expected[start], found[start]):
        start += 1
    stop = 0
    while stop < min(len(expected), len(found)) - start and not _distance(
        expected[-1 - stop], found[-1 - stop]
    ):
        stop += 1
    middle = expected[start : len(expected) - stop]
    other = found[start : len(found) - stop]
    after = expected[start - 1][-1] if start else None
    made: list[Difference] = []
    for row, texts in _aligned(middle, other):
        if row is None:
            made.append(_added(after, " ".join(texts or ())))
        elif texts is None:
            made.append(
                Difference(row[0].place, say("label.missing", where=row[0].label), _joined(row), "")
            )
            after = row[-1]
        else:
            made += _compare_cells(row, texts)
            after = row[-1]
    return made


def _compare_cells(row: Row, texts: Texts) -> list[Difference]:
    made = [
        Difference(cell.place, cell.label, cell.value, text.strip())
        for cell, text in zip(row, _padded(texts, len(row)), strict=False)
        if not cell.agrees(text)
    ]
    extra = " ".join(text for text in texts[len(row) :] if text.strip())
    return [*made, _added(row[-1], extra)] if extra else made


def _added(after: Cell | None, text: str) -> Difference:
    where = after.label if after else say("label.title")
    return Difference(
        f"after {after.place}" if after else "start", say("label.added", where=where), "", text
    )


def _joined(row: Row) -> str:
    return " ".join(cell.value for cell in row if cell.value)


def _padded(texts: Texts, length: int) -> Texts:
    return texts + ("",) * (length - len(texts))


def _distance(row: Row, texts: Texts) -> int:
    """Cells of a row that differ."""
    wrong = sum(
        not cell.agrees(text) for cell, text in zip(row, _padded(texts, len(row)), strict=False)
    )
    return wrong + sum(bool(text.strip()) for text in texts[len(row) :])


def _aligned(
    expected: Sequence[Row], found: Sequence[Texts]
) -> list[tuple[Row | None, Texts | None]]:
    """Pairs of rows that belong together with the fewest differing cells; None where one lacks."""
    if max(len(expected), len(found)) > _MOST_ALIGNED:
        return _side_by_side(expected, found)

    @cache
    def cost(i: int, j: int) -> int:
        if i == len(expected):
            return sum(_weight(texts) for texts in found[j:])
        if j == len(found):
            return sum(len(row) for row in expected[i:])
        paired = _distance(expected[i], found[j]) + cost(i + 1, j + 1)
        return min(paired, len(expected[i]) + cost(i + 1, j), _weight(found[j]) + cost(i, j + 1))

    # Filled from the end, so that no call goes deeper than one.
    for i in range(len(expected), -1, -1):
        for j in range(len(found), -1, -1):
            cost(i, j)
    pairs: list[tuple[Row | None, Texts | None]] = []
    i = j = 0
    while i < len(expected) or j < len(found):
        both = i < len(expected) and j < len(found)
        if both and cost(i, j) == _distance(expected[i], found[j]) + cost(i + 1, j + 1):
            pairs.append((expected[i], found[j]))
            i, j = i + 1, j + 1
        elif i < len(expected) and cost(i, j) == len(expected[i]) + cost(i + 1, j):
            pairs.append((expected[i], None))
            i += 1
        else:
            pairs.append((None, found[j]))
            j += 1
    return pairs


def _side_by_side(
    expected: Sequence[Row], found: Sequence[Texts]
) -> list[tuple[Row | None, Texts | None]]:
    """Pair rows by number alone, where there are too many to align."""
    return [
        (expected[n] if n < len(expected) else None, found[n] if n < len(found) else None)
        for n in range(max(len(expected), len(found)))
    ]


def _weight(texts: Texts) -> int:
    return max(1, sum(bool(text.strip()) for text in texts))


def _compare_footers(footer: Cell, found: Sequence[str]) -> list[Difference]:
    """Every header and footer must be the sheet's own, page numbers aside; one must be there."""
    numbers = solid(say("page", page="", pages=""))
    texts = [solid(text).removesuffix(numbers) for text in found] or [""]
    return [
        Difference(footer.place, footer.label, footer.value, text)
        for text in texts
        if text != solid(footer.value)
    ]


def _compare_pictures(layout: Layout, found: Sequence[bytes]) -> list[Difference]:
    """The code of the receipt, and no other picture."""
    ours = [picture for picture in found if _shows(picture, layout.receipt)]
    made = []
    if not ours:
        made.append(Difference("qr", say("label.qr"), "", ""))
    if len(found) > max(1, len(ours)) or (found and not ours and len(found) > 1):
        made.append(Difference("odd.picture", say("odd.picture"), "", ""))
    return made


def _shows(picture: bytes, text: str) -> bool:
    """Whether a picture shows the code of a text; drawing the code anew is left for odd pictures."""
    if code_alone(picture) == text:
        return True
    from workbench.exports.receipt import qr_png

    wanted = qr_png(text)
    return picture == wanted or _same_pixels(picture, wanted)


def _same_pixels(one: bytes, other: bytes) -> bool:
    """Whether two pictures show the same, however they are stored."""
    import io

    from PIL import Image, UnidentifiedImageError

    try:
        with (
            Image.open(io.BytesIO(one), formats=("PNG", "JPEG")) as a,
            Image.open(io.BytesIO(other)) as b,
        ):
            return a.size == b.size and a.convert("1").tobytes() == b.convert("1").tobytes()
    except (UnidentifiedImageError, OSError, ValueError, Image.DecompressionBombError):
        return False


def _compare_pages(layout: Layout, pages: Sequence[str]) -> list[Difference]:
    """The running text of all pages against that of all cells."""
    body, margins = page_bodies(layout, pages)
    made = [
        Difference(f"page[{number}].footer", layout.footer.label, layout.footer.value, text)
        for number, text in margins
    ]
    cells = [cell for row in layout.body_rows for cell in row]
    for cell, text, added in differing_cells(cells, body):
        made.append(
            _added(cell, text) if added else Difference(cell.place, cell.label, cell.value, text)
        )
    return made
