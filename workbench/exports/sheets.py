"""One payload in any format, and the files of a whole school at once."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from workbench.errors import InputError
from workbench.exports.cells import Layout
from workbench.exports.document_sheet import document_sheet
from workbench.exports.layout import layout_of
from workbench.exports.payload import APPENDIX, COUNTY, TEACHER, SheetPayload
from workbench.exports.portable_sheet import portable_sheet
from workbench.exports.wording import say
from workbench.exports.workbook_sheet import workbook_sheet

WRITERS: dict[str, Callable[[SheetPayload, Layout], bytes]] = {
    "docx": document_sheet,
    "xlsx": workbook_sheet,
    "pdf": portable_sheet,
}
FORMATS = tuple(WRITERS)


def make_sheet(payload: SheetPayload, file_format: str) -> bytes:
    """One sheet in one format: ``docx``, ``xlsx`` or ``pdf``."""
    return make_sheets(payload, (file_format,))[file_format]


def make_sheets(payload: SheetPayload, formats: Sequence[str] = FORMATS) -> dict[str, bytes]:
    """One sheet in several formats, laid out once.

    Raises
    ------
    InputError
        If a format is unknown, or the payload holds no result.
    ServiceError
        If the font of the PDF lacks a character of a name.
    """
    unknown = [one for one in formats if one not in WRITERS]
    if unknown:
        raise InputError(
            f"sheet format {unknown[0]!r} is unknown: expected one of {', '.join(FORMATS)}.",
            key="sheet.format",
            format=unknown[0],
            formats=", ".join(FORMATS),
        )
    layout = layout_of(payload)
    return {one: WRITERS[one](payload, layout) for one in formats}


def write_sheets(
    payloads: Iterable[SheetPayload],
    folder: Path,
    formats: Sequence[str] = FORMATS,
    on_written: Callable[[Path], None] | None = None,
) -> list[Path]:
    """Write the sheets of many payloads into a folder, which is made if need be.

    A file already there is replaced: it states the same or an older checkpoint.

    Returns
    -------
    list of Path
        Every file written, in the order of the payloads.
    """
    folder.mkdir(parents=True, exist_ok=True)
    written = []
    for payload in payloads:
        for file_format, data in make_sheets(payload, formats).items():
            path = folder / f"{file_stem(payload)}.{file_format}"
            path.write_bytes(data)
            written.append(path)
            if on_written is not None:
                on_written(path)
    return written


def file_stem(payload: SheetPayload) -> str:
    """File name without ending: 结果单_编号_姓名, 附页_编号_姓名, 汇总表_学校 or 全县汇总表_县."""
    if payload.kind in (TEACHER, APPENDIX):
        who = next(iter(payload.people.values()))
        words = say(f"file.{payload.kind}", teacher_no=who.teacher_no, name=who.name)
    elif payload.kind == COUNTY:
        words = say("file.county", county=payload.county)
    else:
        words = say("file.school", school=payload.school)
    return safe_name(words)


def safe_name(words: str) -> str:
    """File name of at most 100 characters that every system takes."""
    return re.sub(r'[\\/:*?"<>|\x00-\x1f]', "_", words).strip(" .")[:100]
