"""Tables of data a class leaves behind: workbooks and CSV files without names."""

from __future__ import annotations

import csv
import io
from random import Random

from openpyxl import Workbook
from openpyxl.styles import Alignment, Font
from openpyxl.worksheet.worksheet import Worksheet

from sample_evidence import words
from sample_evidence.documents import Stamp, app_properties, core_properties
from sample_evidence.writing import Brief, Writer
from sample_evidence.zips import repack

Rows = list[list[str | int | float]]
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
_CODES = "ABCDEFGHJKLMNPQRSTUVWXYZ"
_MORE = ("用时（分）", "改动次数", "自评", "同伴评", "追问数", "求助次数", "错因码", "完成度（%）")


def compose_rows(rng: Random, about: Brief) -> Rows:
    """A header, one row a pupil under a code, and a closing row of means."""
    first, second = rng.sample(about.topic.concepts, 2)
    more = rng.sample(_MORE, rng.randint(1, 3))
    header = ["代号", f"{first}（前）", f"{first}（后）", second, *more]
    prefix = "".join(rng.sample(_CODES, 2))
    rows: Rows = [list(header)]
    numbers = rng.sample(range(100, 999), about.size)
    for number in sorted(numbers):
        before = rng.randint(2, 8)
        values = [before, min(10, before + rng.randint(-1, 4)), rng.randint(3, 10)]
        rows.append([f"{prefix}{number}", *values, *(rng.randint(1, 30) for _ in more)])
    means = [
        round(sum(float(row[column]) for row in rows[1:]) / about.size, 1)
        for column in range(1, len(header))
    ]
    return [*rows, ["平均", *means]]


def compose_notes(writer: Writer, about: Brief) -> list[str]:
    """What the teacher writes beside the table."""
    made = writer.sentences(words.common("notes"), about, 6)
    writer.remember("".join(made))
    return made


def workbook(title: str, rows: Rows, notes: list[str], stamp: Stamp) -> bytes:
    """An .xlsx with the table and a page of notes."""
    book = Workbook()
    sheet = first_sheet(book, "数据")
    sheet.append([title])
    sheet.merge_cells(start_row=1, start_column=1, end_row=1, end_column=len(rows[0]))
    sheet["A1"].font = Font(bold=True, size=14)
    sheet["A1"].alignment = Alignment(horizontal="center")
    for row in rows:
        sheet.append(row)
    page = book.create_sheet("说明")
    for note in notes:
        page.append([note])
    page.column_dimensions["A"].width = 80
    return saved_workbook(book, title, stamp)


def first_sheet(book: Workbook, title: str) -> Worksheet:
    """The first sheet of a new workbook, named."""
    sheet = book.worksheets[0]
    sheet.title = title
    return sheet


def saved_workbook(book: Workbook, title: str, stamp: Stamp) -> bytes:
    """Bytes of a workbook with the properties of its stamp."""
    buffer = io.BytesIO()
    book.save(buffer)
    properties = {
        "docProps/core.xml": (_XML + core_properties(title, stamp)).encode(),
        "docProps/app.xml": (_XML + app_properties(stamp)).encode(),
    }
    return repack(buffer.getvalue(), replace=properties)


def csv_table(rows: Rows, *, encoding: str = "utf-8-sig") -> bytes:
    """The table as CSV, as a spreadsheet program would save it."""
    buffer = io.StringIO()
    csv.writer(buffer).writerows(rows)
    return buffer.getvalue().encode(encoding)
