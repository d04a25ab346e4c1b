"""Printed text of a Word document, text boxes, numbering and footers included."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from workbench.errors import InputError
from workbench.exports.embedding import DOCUMENT_NAMESPACE, unpack
from workbench.exports.packages import Package, local

WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
# Printed as a sign no sheet has, so that it shows as a difference.
ODD = "□"
_NOT_PRINTED = frozenset(
    {"del", "moveFrom", "Fallback", "instrText", "delText", "fldSimple", "pPrChange"}
)
_SIGNS = frozenset({"sym", "object", "oMath", "chart", "relIds", "numPr"})
_LEAST_HALF_POINTS = 8
_PALE = 0xC0
_Rows = tuple[tuple[str, ...], ...]


def read(name: str, package: Package) -> tuple[_Rows, tuple[str, ...], bytes]:
    """Rows of printed text, texts of footers and headers, and the proof of a document."""
    body = package.xml("word/document.xml").find(f"{WORD}body")
    rows = tuple(_rows(body)) if body is not None else ()
    margins: list[str] = []
    notes: list[tuple[str, ...]] = []
    for part in sorted(package.parts):
        if part.startswith(("word/header", "word/footer")):
            margins += [text for row in _rows(package.xml(part)) if (text := "".join(row).strip())]
        elif part in ("word/footnotes.xml", "word/endnotes.xml"):
            whole = "".join(_text(package.xml(part))).strip()
            notes += [(whole,)] if whole else []
    return (*rows, *notes), tuple(margins), _proof(name, package)


def _rows(container: Any) -> Iterator[tuple[str, ...]]:
    """One row a paragraph or table row, in order; content controls opened."""
    for child in container:
        kind = local(child)
        if kind == "p":
            text = "".join(_text(child))
            if text.strip():
                yield (text,)
        elif kind == "tbl":
            yield from _table(child)
        elif kind in ("altChunk", "subDoc"):
            yield (ODD,)
        elif kind not in _NOT_PRINTED:
            yield from _rows(child)


def _table(table: Any) -> Iterator[tuple[str, ...]]:
    for row in table.iter(f"{WORD}tr"):
        hidden = row.find(f"{WORD}trPr/{WORD}hidden") is not None
        cells = tuple("".join(_text(cell)) for cell in row.iter(f"{WORD}tc"))
        if not hidden and any(cell.strip() for cell in cells):
            yield cells


def _text(element: Any) -> Iterator[str]:
    """Texts below an element; results of fields, deleted and hidden runs left out."""
    depth = [0]
    yield from _walk(element, depth)


def _walk(element: Any, depth: list[int]) -> Iterator[str]:
    for child in element:
        kind = local(child)
        if kind in _NOT_PRINTED or (kind == "r" and _vanishes(child)):
            continue
        if kind == "fldChar":
            step = {"begin": 1, "end": -1}.get(child.get(f"{WORD}fldCharType"), 0)
            depth[0] = max(0, depth[0] + step)
        elif kind in _SIGNS:
            yield ODD
        elif kind == "textpath":
            yield child.get("string") or ODD
        elif kind == "t" and depth[0] == 0:
            yield child.text or ""
        elif kind in ("tab", "br", "cr", "p"):
            yield " "
        if len(child):
            yield from _walk(child, depth)


def _vanishes(run: Any) -> bool:
    """Whether a run is hidden, pale as paper, or too small to see."""
    look = run.find(f"{WORD}rPr")
    if look is None:
        return False
    hidden = look.find(f"{WORD}vanish")
    if hidden is not None and hidden.get(f"{WORD}val") not in ("0", "false"):
        return True
    color, size = (look.find(f"{WORD}{name}") for name in ("color", "sz"))
    halves = "" if size is None else size.get(f"{WORD}val", "")
    tiny = halves.isdecimal() and int(halves) < _LEAST_HALF_POINTS
    return tiny or (color is not None and pale(color.get(f"{WORD}val", "")))


def pale(color: str) -> bool:
    """Whether a colour (``RRGGBB``, or ``AARRGGBB``) can hardly be told from paper.

    >>> pale("FFFFFF"), pale("FF000000"), pale("auto")
    (True, False, False)
    """
    try:
        channels = bytes.fromhex(color[-6:])
    except ValueError:
        return False
    return len(channels) == 3 and min(channels) > _PALE


def _proof(name: str, package: Package) -> bytes:
    for part in sorted(package.parts):
        if part.startswith("customXml/item") and DOCUMENT_NAMESPACE.encode() in package.parts[part]:
            return unpack(package.xml(part).text or "")
    raise no_proof(name)


def no_proof(name: str) -> InputError:
    """Error for a file that carries no proof."""
    return InputError(
        f"{name} carries no proof: it was not issued by this workbench, or saved by a program "
        "that dropped it. Ask the school for the file as it was issued.",
        key="sheet.no_proof",
        file=name,
    )
