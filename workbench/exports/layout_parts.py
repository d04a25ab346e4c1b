"""Parts every layout is made of: facts, headings, rows, signature fields and the footer."""

from __future__ import annotations

from collections.abc import Iterable

from workbench.errors import InputError
from workbench.exports.cells import Cell, Row
from workbench.exports.payload import Person, ProvenEntry, SheetPayload
from workbench.exports.wording import day_zh, say

QR_MM = 45
_RESULT_KINDS = ("result", "supersede")


def results_of(payload: SheetPayload) -> list[ProvenEntry]:
    """Entries of a payload that state a result, in ledger order."""
    return [one for one in payload.entries if one.record.get("kind") in _RESULT_KINDS]


def facts_of(pairs: Iterable[tuple[str, str]], across: int) -> tuple[Row, ...]:
    """Labels and values beside each other, so many pairs across."""
    cells = [
        (
            Cell(f"facts.{key}.label", say(f"fact.{key}"), say(f"fact.{key}")),
            Cell(f"facts.{key}", say(f"fact.{key}"), value),
        )
        for key, value in pairs
    ]
    rows = [cells[start : start + across] for start in range(0, len(cells), across)]
    return tuple(tuple(cell for pair in row for cell in pair) for row in rows)


def header_of(titles: Iterable[tuple[str, str]]) -> Row:
    """Heading cells from key and title."""
    return tuple(
        Cell(f"header.{key}", say("label.header", title=title), title) for key, title in titles
    )


def row_of(number: int, values: Iterable[tuple[str, str, str]]) -> Row:
    """Cells of row ``number`` (from 1) from key, title and text."""
    return tuple(
        Cell(f"rows[{number}].{key}", say("label.row", row=number, title=title), text)
        for key, title, text in values
    )


def signatures_of(keys: Iterable[str]) -> Row:
    """Fields people sign, stamp and date."""
    made = []
    for key in keys:
        words = f"{say(f'sign.{key}')} {say('sign.date')}"
        made.append(Cell(f"sign.{key}", say(f"sign.{key}"), words, free=True))
    return tuple(made)


def named(key: str, value: str) -> Cell:
    """A cell whose label for people goes by its key."""
    return Cell(key, say(f"label.{key}"), value)


def footer_of(payload: SheetPayload) -> Cell:
    """Ledger, checkpoint and day of issue, for every page."""
    head = payload.head
    words = say(
        "footer",
        origin=payload.origin,
        size=head.size,
        root=head.root.hex()[:16],
        day=day_zh(payload.issued_on),
    )
    return named("footer", words)


def split(entries: Iterable[ProvenEntry]) -> tuple[list[ProvenEntry], ProvenEntry | None]:
    """Results by competency in the order of their codes, and the conclusion."""
    listed = list(entries)
    by_code = sorted(
        (one for one in listed if one.record["competency"]),
        key=lambda one: (
            one.record["competency"][0],
            len(one.record["competency"]),
            one.record["competency"],
        ),
    )
    conclusions = [one for one in listed if not one.record["competency"]]
    return by_code, conclusions[-1] if conclusions else None


def only_person(payload: SheetPayload) -> Person:
    """The one teacher a sheet speaks of; InputError where there are several."""
    if len(payload.people) != 1:
        raise InputError(
            f"a teacher's sheet speaks of one teacher, this payload of {len(payload.people)}.",
            key="sheet.one_teacher",
            count=len(payload.people),
        )
    return next(iter(payload.people.values()))
