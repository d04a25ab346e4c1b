"""Which column means what: a mapping proposed from header texts, to be confirmed and reused.

Tables come with title rows, headers merged over two rows, totals, remarks and
header rows repeated at page breaks. The mapping says what it used, what it only
suspects (a doubt, not used until confirmed) and what it left as a note.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import cache

from workbench.formats.cells import Grid, Row, cell_text, is_blank, normal, without_brackets
from workbench.formats.mapping import EXACT, Column, Doubt, ProposedMapping, RememberedMapping
from workbench.formats.vocabulary import (
    FILLER_AFTER,
    FILLER_BEFORE,
    NAMES,
    REMARK_STARTS,
    TOTALS,
)

SYNONYM, TRIMMED, SIMILAR = 0.95, 0.9, 0.6
USED_FROM = TRIMMED
_SEARCHED_ROWS = 25
_CHINESE_DIGITS = str.maketrans("一二三四五六七八九", "123456789")


@dataclass(frozen=True)
class BodyRow:
    """One row of data: its number in the sheet, cells by key (as read), notes by header."""

    number: int
    cells: Mapping[str, object]
    notes: Mapping[str, str]

    def text(self, key: str) -> str:
        """Text of a cell; empty where the column is absent."""
        return cell_text(self.cells.get(key))


def propose_mapping(
    grid: Grid,
    keys: Sequence[str],
    kind: str,
    remembered: RememberedMapping | None = None,
) -> ProposedMapping:
    """Find the header of a table and what each column means.

    Parameters
    ----------
    grid : rows of cell texts
        As a spreadsheet shows them, title rows and all.
    keys : sequence of str
        What columns of this kind of table may mean.
    kind : str
        Name of the kind: ``manifest``, ``teachers`` …
    remembered : RememberedMapping, optional
        Headers it knows are read as confirmed then.

    Returns
    -------
    ProposedMapping
        With ``header_row`` 1 and no used column where nothing is recognised.

    Examples
    --------
    >>> rows = [["花名册"], ["姓 名", "所在学校"]]
    >>> found = propose_mapping(rows, ["teacher_name", "school"], "teachers")
    >>> found.header_row, sorted(found.keys), found.first_row
    (2, ['school', 'teacher_name'], 3)
    """
    known = dict(remembered.headers) if remembered and remembered.kind == kind else {}
    best: tuple[float, ProposedMapping] | None = None
    for start in range(min(_SEARCHED_ROWS, len(grid))):
        for depth in (1, 2):
            if is_blank(grid[start]) or start + depth > len(grid):
                continue
            mapping = _read_header(grid, start, depth, keys, kind, known)
            # A second header row must earn its place: otherwise it is data.
            score = sum(c.confidence for c in mapping.columns if c.used) - 0.5 * (depth - 1)
            if best is None or score > best[0] + 1e-9:
                best = (score, mapping)
    if best is None or best[0] <= 0:
        return ProposedMapping(kind, 1, 2, ())
    return best[1]


def body_rows(grid: Grid, mapping: ProposedMapping) -> list[BodyRow]:
    """Rows of data below the header: no blanks, totals, remarks or repeated headers."""
    header_texts = {normal(column.header) for column in mapping.columns if column.used}
    rows = []
    for number, row in enumerate(grid[mapping.first_row - 1 :], mapping.first_row):
        if is_blank(row) or _is_total(row) or _is_remark(row):
            continue
        if _is_repeated_header(row, mapping, header_texts):
            continue
        rows.append(_body_row(number, row, mapping))
    return rows


def _body_row(number: int, row: Row, mapping: ProposedMapping) -> BodyRow:
    cells: dict[str, object] = {}
    notes: dict[str, str] = {}
    for column in mapping.columns:
        cell = row[column.index] if column.index < len(row) else ""
        if column.used and column.key:
            cells[column.key] = cell
        elif cell_text(cell):
            notes[column.header or f"#{column.index + 1}"] = cell_text(cell)
    return BodyRow(number, cells, notes)


def _read_header(
    grid: Grid,
    start: int,
    depth: int,
    keys: Sequence[str],
    kind: str,
    known: Mapping[str, str | None],
) -> ProposedMapping:
    width = max(len(row) for row in grid[start : start + depth + 40])
    columns = []
    above = ""
    for index in range(width):
        texts = [_at(grid[start + level], index) for level in range(depth)]
        if depth == 2:
            above = texts[0] or (above if texts[1] else "")
            texts = [above, texts[1]]
        key, confidence, header = _meaning(_header_texts(texts), keys, known)
        columns.append(Column(index, header, key, confidence, confidence >= USED_FROM))
    columns, doubts = _one_column_a_key(_told_apart(columns))
    return ProposedMapping(kind, start + 1, start + depth + 1, tuple(columns), tuple(doubts))


def _told_apart(columns: list[Column]) -> list[Column]:
    """Number headers that stand twice, so that each can be named."""
    seen: dict[str, int] = {}
    named = []
    for column in columns:
        times = seen[column.header] = seen.get(column.header, 0) + 1
        again = bool(column.header) and times > 1
        named.append(replace(column, header=f"{column.header}#{times}") if again else column)
    return named


def _header_texts(texts: Sequence[str]) -> list[str]:
    """Texts the meaning of a column may be read from; the last names it if none is known."""
    if len(texts) == 1 or texts[0] == texts[1] or not texts[1]:
        return [texts[0]]
    if not texts[0]:
        return [texts[1]]
    return [texts[0] + texts[1], texts[1] + texts[0], texts[1]]


def _meaning(
    candidates: Sequence[str], keys: Sequence[str], known: Mapping[str, str | None]
) -> tuple[str | None, float, str]:
    """Key, confidence, and the text that names the column."""
    for candidate in candidates:
        if normal(candidate) in known:
            key = known[normal(candidate)]
            return (key, EXACT, candidate) if key in keys else (None, 0.0, candidate)
    found: tuple[str | None, float, str] = (None, 0.0, candidates[-1])
    for candidate in candidates:
        for key in keys:
            confidence = _likeness(candidate, key)
            if confidence > found[1]:
                found = (key, confidence, candidate)
    return found


def _likeness(header: str, key: str) -> float:
    forms = _forms(header)
    if not forms:
        return 0.0
    own, known, endings = _known_names(key)
    if forms[0] in own:
        return EXACT
    if not known.isdisjoint(forms):
        return SYNONYM
    if not known.isdisjoint(_parts(header)):
        return TRIMMED
    return SIMILAR if forms[0].endswith(endings) else 0.0


@cache
def _known_names(key: str) -> tuple[frozenset[str], frozenset[str], tuple[str, ...]]:
    """Comparison forms of the key and our own header, of all names, and of the Chinese ones."""
    own = frozenset((normal(key), normal(NAMES[key][0])))
    known = own | {normal(name) for name in NAMES[key]}
    return own, known, tuple(name for name in known if len(name) >= 2 and not name.isascii())


@cache
def _forms(header: str) -> tuple[str, ...]:
    """Comparison forms of a header: whole, without bracketed remarks, each side of a slash."""
    texts = [header, without_brackets(header), *re.split(r"[/／|\n]", header)]
    forms = [normal(text).translate(_CHINESE_DIGITS) for text in texts]
    return tuple(dict.fromkeys(form for form in forms if form))


@cache
def _parts(header: str) -> frozenset[str]:
    """Its forms without the words that mean nothing before or after."""
    return frozenset(part for form in _forms(header) for part in _trims(form))


def _trims(form: str) -> tuple[str, ...]:
    trims = [form]
    trims += [form[len(w) :] for w in FILLER_BEFORE if form.startswith(w) and len(form) > len(w)]
    for text in list(trims):
        trims += [text[: -len(w)] for w in FILLER_AFTER if text.endswith(w) and len(text) > len(w)]
    return tuple(text for text in trims if text)


def _one_column_a_key(columns: list[Column]) -> tuple[list[Column], list[Doubt]]:
    """Keep the likeliest column of each key; ask about the others and about suspicions."""
    best: dict[str, Column] = {}
    for column in columns:
        if column.used and column.key:
            held = best.get(column.key)
            if held is None or column.confidence > held.confidence:
                best[column.key] = column
    settled, doubts = [], []
    for column in columns:
        if column.used and column.key and best[column.key] is not column:
            doubts.append(
                Doubt("second_column", column.header, column.key, best[column.key].header)
            )
            column = replace(column, used=False)  # noqa: PLW2901
        elif column.key and not column.used and column.key not in best:
            doubts.append(Doubt("similar_header", column.header, column.key))
        settled.append(column)
    return settled, doubts


def _is_total(row: Row) -> bool:
    # Only the first cells: a comment further right may say 合计 too.
    words = [normal(text) for text in [cell_text(cell) for cell in row] if text][:3]
    return any(word in TOTALS or re.fullmatch(r"(?:合计|总计|共计)\d+人?", word) for word in words)


def _is_remark(row: Row) -> bool:
    filled = [cell_text(cell) for cell in row if cell_text(cell)]
    squeezed = re.sub(r"\s", "", filled[0])
    start = next((word for word in REMARK_STARTS if squeezed.startswith(word)), None)
    if start is None:
        return False
    # 填报人：… and 备注（…） are remarks; 教育局幼儿园 is a school.
    rest = squeezed[len(start) :]
    return len(filled) == 1 or bool(re.match(r"$|[（(]|\w{0,4}[:：]", rest))


def _is_repeated_header(row: Row, mapping: ProposedMapping, header_texts: set[str]) -> bool:
    used = [c for c in mapping.columns if c.used and cell_text(_at(row, c.index))]
    same = [c for c in used if normal(_at(row, c.index)) in header_texts]
    return len(used) >= 2 and len(same) == len(used)


def _at(row: Row, index: int) -> str:
    return cell_text(row[index]) if index < len(row) else ""
