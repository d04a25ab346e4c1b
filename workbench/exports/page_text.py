"""The running text of PDF pages, laid against the cells it should consist of."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from workbench.exports.cells import Cell, Layout, solid
from workbench.exports.wording import say

_MOST_MATCHED = 6000
_Sign = tuple[str, bool]


def page_bodies(layout: Layout, pages: Sequence[str]) -> tuple[list[_Sign], list[tuple[int, str]]]:
    """All signs of the pages but for repeated headings and footers.

    Returns
    -------
    list of (sign, bool)
        In order; whether a blank or line break stood before the sign.
    list of (page number, text)
        Footers that are not as they should be, pages from 1.
    """
    heading = "".join(solid(cell.value) for cell in layout.header)
    body: list[_Sign] = []
    wrong: list[tuple[int, str]] = []
    for number, page in enumerate(pages, 1):
        signs = _signs(page)
        text = "".join(sign for sign, _ in signs)
        numbers = say("page", page=str(number), pages=str(len(pages)))
        footer = solid(layout.footer.value + numbers)
        cut = len(text) - len(footer)
        if not text.endswith(footer):
            cut = _footer_start(text, footer)
            wrong.append((number, text[cut:]))
        start = len(heading) if number > 1 and text.startswith(heading) else 0
        body += signs[start : max(start, cut)]
    return body, wrong


def _signs(page: str) -> list[_Sign]:
    made: list[_Sign] = []
    apart = True
    for sign in page:
        if sign.isspace():
            apart = True
        else:
            made.append((sign, apart))
            apart = False
    return made


def _footer_start(text: str, footer: str) -> int:
    """Where a footer that was altered begins: at its first words, or a footer's length from the end."""
    known = text.rfind(footer[:4])
    return known if known >= 0 else max(0, len(text) - len(footer))


def differing_cells(cells: Sequence[Cell], body: Sequence[_Sign]) -> list[tuple[Cell, str, bool]]:
    """Cells whose text differs, with what was found.

    Returns
    -------
    list of (cell, text, bool)
        True where the text stands alone after the cell: words were added
        between two cells, and the cell itself is right.
    """
    words = [solid(cell.value) for cell in cells]
    expected = "".join(words)
    found = "".join(sign for sign, _ in body)
    if expected == found:
        return []
    owner = [number for number, word in enumerate(words) for _ in word]
    texts: list[list[str]] = [[] for _ in cells]
    loose: list[tuple[Cell, str, bool]] = []
    for start, stop, first, last in _matched(expected, found):
        piece = found[first:last]
        if start < stop:
            for place, sign in enumerate(piece):
                texts[owner[min(start + place, stop - 1)]].append(sign)
            continue
        before, number = _place_of(words, owner, body, start, first, last)
        if number is None:
            loose.append((cells[before], piece, True))
        else:
            texts[number].append(piece)
    changed = [
        (cell, "".join(text), False)
        for cell, word, text in zip(cells, words, texts, strict=True)
        if "".join(text) != word
    ]
    return changed + loose


def _matched(expected: str, found: str) -> Iterator[tuple[int, int, int, int]]:
    """Stretches of both texts that belong together, as in ``difflib``, in order."""
    start = 0
    while start < min(len(expected), len(found)) and expected[start] == found[start]:
        start += 1
    same = 0
    while same < min(len(expected), len(found)) - start and expected[-1 - same] == found[-1 - same]:
        same += 1
    ends = (len(expected) - same, len(found) - same)
    if start:
        yield 0, start, 0, start
    if max(ends) - start > _MOST_MATCHED:
        yield start, ends[0], start, ends[1]
    else:
        from difflib import SequenceMatcher  # most sheets need none

        middle = SequenceMatcher(
            None, expected[start : ends[0]], found[start : ends[1]], autojunk=False
        )
        for _, i1, i2, j1, j2 in middle.get_opcodes():
            yield start + i1, start + i2, start + j1, start + j2
    if same:
        yield ends[0], len(expected), ends[1], len(found)


def _place_of(
    words: Sequence[str],
    owner: Sequence[int],
    body: Sequence[_Sign],
    at: int,
    first: int,
    last: int,
) -> tuple[int, int | None]:
    """Where added signs belong: the cell before them, and the cell they are part of, if any.

    Between two cells the blanks decide: signs set against a neighbour are part
    of it, signs set apart fill an empty cell that lies between, or stand alone.
    """
    before = owner[at - 1] if at else 0
    following = owner[at] if at < len(owner) else len(words)
    apart = body[first][1]
    apart_after = last >= len(body) or body[last][1]
    if before == following or (apart_after and not apart):
        return before, before
    if apart and not apart_after and following < len(words):
        return before, following
    empty = [number for number in range(before + 1, following) if not words[number]]
    return before, empty[0] if empty else None
