"""Read an issued sheet again: the proof it carries, and every word it prints."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from workbench.errors import InputError
from workbench.exports.packages import Package, broken, open_package

LARGEST = 50 * 1024 * 1024


@dataclass(frozen=True)
class Sheet:
    """What a file holds.

    Parameters
    ----------
    file_format : str
        ``docx``, ``xlsx`` or ``pdf``.
    payload : bytes
        The proof, as embedded; not examined.
    rows : tuple of tuple of str
        Printed texts of docx and xlsx, a row a paragraph or table row.
    footers : tuple of str
        Texts printed on every page, page numbers left out.
    pages : tuple of str
        Text of each page of a PDF.
    pictures : tuple of bytes
        Pictures of docx and xlsx.
    oddities : tuple of str
        Codes of what a sheet never has and what could hide or add words:
        ``picture``, ``annotation``, ``hidden_text``, ``conditional_format``.
    """

    file_format: str
    payload: bytes
    rows: tuple[tuple[str, ...], ...] = ()
    footers: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()
    pictures: tuple[bytes, ...] = field(default=(), repr=False)
    oddities: tuple[str, ...] = ()


def read_sheet(path: Path) -> Sheet:
    """Read a docx, xlsx or pdf sheet.

    Raises
    ------
    InputError
        If the file cannot be read, is none of the three, is over 50 MB, or
        carries no proof.
    """
    data = bytes_of(path)
    if data[:1024].find(b"%PDF-") >= 0:
        from workbench.exports import portable_reading  # loads the PDF library

        pages, payload, oddities = portable_reading.read(path.name, data)
        return Sheet("pdf", payload, pages=pages, oddities=oddities)
    package = open_package(path.name, data)
    try:
        return _office(path.name, package)
    except RecursionError as fault:
        raise broken(path.name, "elements within elements without end") from fault


def _office(name: str, package: Package) -> Sheet:
    """Read a document or a workbook; each way of reading is loaded where it is wanted."""
    if "word/document.xml" in package:
        from workbench.exports import document_reading

        rows, footers, payload = document_reading.read(name, package)
        media = package.under("word/media/")
        return Sheet("docx", payload, rows, footers, pictures=media)
    if "xl/workbook.xml" in package:
        from workbench.exports import workbook_reading

        rows, footers, payload, oddities = workbook_reading.read(name, package)
        media = package.under("xl/media/")
        return Sheet("xlsx", payload, rows, footers, pictures=media, oddities=oddities)
    raise InputError(
        f"{name} is no sheet: expected a docx, xlsx or pdf issued by this workbench.",
        key="sheet.not_a_sheet",
        file=name,
    )


def carries_proof(name: str, data: bytes) -> bool:
    """Whether a PDF has our proof attached; False where it cannot be opened."""
    from workbench.exports import portable_reading

    return portable_reading.has_proof(name, data)


def bytes_of(path: Path) -> bytes:
    """Content of a file; InputError where it cannot be read or is over 50 MB."""
    try:
        if path.stat().st_size > LARGEST:
            raise InputError(
                f"{path.name} is larger than {LARGEST // 1024**2} MB, no sheet is.",
                key="sheet.too_large",
                file=path.name,
                limit=LARGEST // 1024**2,
            )
        return path.read_bytes()
    except OSError as fault:
        raise InputError(
            f"{path.name} cannot be read: {fault.strerror}.",
            key="sheet.unreadable",
            file=path.name,
            reason=str(fault.strerror),
        ) from fault
