"""From a payload to the printed cells: the one source of every format and of verification."""

from __future__ import annotations

import unicodedata
from collections import Counter

from rubrics.levels import LEVEL_ZH, LEVELS
from workbench.errors import InputError
from workbench.exports.appendix_layout import appendix_layout
from workbench.exports.cells import LANDSCAPE, Cell, Layout
from workbench.exports.county_layout import county_layout
from workbench.exports.layout_parts import (
    QR_MM,
    facts_of,
    footer_of,
    named,
    only_person,
    results_of,
    row_of,
    signatures_of,
    split,
)
from workbench.exports.payload import APPENDIX, COUNTY, TEACHER, Person, ProvenEntry, SheetPayload
from workbench.exports.receipt import receipt
from workbench.exports.teacher_page import teacher_page
from workbench.exports.wording import (
    competency_zh,
    composed_zh,
    decided_zh,
    numeral,
    outcome_zh,
    policy_zh,
    posted_day_zh,
    ranges,
    remarks,
    say,
)

_LANDSCAPE_MM = 265


def layout_of(payload: SheetPayload) -> Layout:
    """Lay a payload out.

    Raises
    ------
    InputError
        If it holds no result, names nobody, or a text holds a control character.
    """
    if not any(results_of(part) for part in (payload, *payload.parts)):
        raise InputError(
            "the sheet has no result: expected at least one ledger entry of kind result.",
            key="sheet.no_result",
        )
    made = _LAYOUTS.get(payload.kind, _school_layout)(payload)
    for cell in (cell for row in made.printed_rows for cell in row):
        _refuse_control(cell)
    return made


def _refuse_control(cell: Cell) -> None:
    """No format prints control or direction-changing characters; a name with one hides something."""
    odd = [sign for sign in cell.value if unicodedata.category(sign) in ("Cc", "Cf", "Co", "Cs")]
    if odd:
        raise InputError(
            f"{cell.place} of the sheet holds U+{ord(odd[0]):04X}, which no sheet prints. "
            "Correct the text where it was entered.",
            key="sheet.control",
            label=cell.label,
            character=f"U+{ord(odd[0]):04X}",
        )


def _teacher_layout(payload: SheetPayload) -> Layout:
    entries, conclusion = split(results_of(payload))
    who = only_person(payload)
    return teacher_page(
        payload,
        "teacher",
        [
            ("name", who.name),
            ("school", payload.school),
            ("teacher_no", who.teacher_no),
            ("policy", policy_zh(payload)),
            ("subject", who.subject),
            ("remark", remarks(results_of(payload)) or say("none")),
        ],
        ("code", "competency", "level", "decided", "seq", "day"),
        (18, 42, 17, 41, 19, 37),
        _teacher_texts(payload, entries, conclusion),
        ("teacher", "school_seal"),
    )


def _teacher_texts(
    payload: SheetPayload, entries: list[ProvenEntry], conclusion: ProvenEntry | None
) -> list[tuple[str, ...]]:
    """Texts of the teacher sheet's table: a row a competency, the conclusion last."""
    texts: list[tuple[str, ...]] = []
    for one in [*entries, *([conclusion] if conclusion else [])]:
        said = one.record
        concludes = not said["competency"]
        code = say("concluding") if concludes else said["competency"]
        name = payload.competency_names.get(code, "")
        what = say("conclusion") if concludes else name
        why = composed_zh(said) if concludes else decided_zh(said)
        outcome = outcome_zh(said)
        texts.append((code, what, outcome, why, str(one.seq), posted_day_zh(said["posted_at"])))
    return texts


def _school_layout(payload: SheetPayload) -> Layout:
    grouped = _by_teacher(payload)
    most = max(1, *(len(split(entries)[0]) for _, entries in grouped))
    titles = _school_titles(most)
    rows = [
        row_of(
            number,
            [(key, title, text) for (key, title, _), text in zip(titles, texts, strict=True)],
        )
        for number, texts in enumerate(_school_texts(payload, grouped, most), 1)
    ]
    return Layout(
        orientation=LANDSCAPE,
        title=named("title", say("title.school", school=payload.school)),
        subtitle=named("subtitle", f"{payload.county} {payload.round}"),
        facts=facts_of(_school_facts(payload, grouped), 2),
        fact_widths=(30, 136, 33, 66),
        header=tuple(
            Cell(f"header.{key}", say("label.header", title=title), printed)
            for key, title, printed in titles
        ),
        widths=_school_widths(most),
        rows=tuple(rows),
        notes=(named("levels", say("note.levels")), named("proof", say("note.proof_school"))),
        signatures=signatures_of(("filled_by", "checked_by", "panel_chair", "head", "county_seal")),
        signature_widths=(34, 34, 34, 34, 76),
        caption=named("caption", say("caption")),
        footer=footer_of(payload),
        receipt=receipt(payload),
        qr_mm=QR_MM,
    )


def _by_teacher(payload: SheetPayload) -> list[tuple[Person, list[ProvenEntry]]]:
    """Teachers with their results, by teacher number."""
    found: dict[str, list[ProvenEntry]] = {}
    for one in results_of(payload):
        found.setdefault(one.record["subject"], []).append(one)
    unknown = sorted(found.keys() - payload.people.keys())
    if unknown:
        raise InputError(
            f"the summary names nobody for pseudonym {unknown[0]}; add the teacher's identity.",
            key="sheet.nobody",
            subject=unknown[0],
        )
    pairs = [(payload.people[subject], entries) for subject, entries in found.items()]
    return sorted(
        pairs, key=lambda pair: (len(pair[0].teacher_no), pair[0].teacher_no, pair[0].name)
    )


def _school_titles(most: int) -> list[tuple[str, str, str]]:
    """Key, name for people and printed title of each column."""
    start = [(key, say(f"column.{key}")) for key in ("number", "teacher_no", "name", "subject")]
    end = [(key, say(f"column.{key}")) for key in ("conclusion", "seq", "remark")]
    between = []
    for place in range(most):
        point = say("column.point", numeral=numeral(place + 1))
        between.append((f"point_{place + 1}", point, point))
        between.append(
            (f"level_{place + 1}", say("label.level_of", point=point), say("column.level"))
        )
    return [*((k, t, t) for k, t in start), *between, *((k, t, t) for k, t in end)]


def _school_widths(most: int) -> tuple[int, ...]:
    """Millimetres of the columns; those of the points share what the others leave."""
    start, end = (10, 20, 20, 17), (18, 18, 18)
    level = 13
    left = _LANDSCAPE_MM - sum(start) - sum(end) - most * level
    return (*start, *([max(14, left // most), level] * most), *end)


def _school_texts(
    payload: SheetPayload, grouped: list[tuple[Person, list[ProvenEntry]]], most: int
) -> list[tuple[str, ...]]:
    made = []
    for number, (who, entries) in enumerate(grouped, 1):
        by_code, conclusion = split(entries)
        points = [
            text
            for one in by_code
            for text in (
                competency_zh(payload, one.record["competency"]),
                outcome_zh(one.record),
            )
        ]
        points += [""] * (2 * (most - len(by_code)))
        ended = outcome_zh(conclusion.record) if conclusion else ""
        numbers = ranges(one.seq for one in entries)
        start = (str(number), who.teacher_no, who.name, who.subject)
        made.append((*start, *points, ended, numbers, remarks(entries)))
    return made


def _school_facts(
    payload: SheetPayload, grouped: list[tuple[Person, list[ProvenEntry]]]
) -> list[tuple[str, str]]:
    ends = Counter(
        outcome_zh(conclusion.record)
        for _, entries in grouped
        if (conclusion := split(entries)[1]) is not None
    )
    known = [LEVEL_ZH[level] for level in reversed(LEVELS)]
    order = [word for word in known if ends[word]] + sorted(ends.keys() - set(known))
    counted = "，".join(say("count", what=word, count=ends[word]) for word in order)
    return [
        ("unit", payload.school),
        ("policy", policy_zh(payload)),
        ("counts", say("counted", count=len(grouped), parts=counted or say("none"))),
    ]


_LAYOUTS = {TEACHER: _teacher_layout, APPENDIX: appendix_layout, COUNTY: county_layout}
