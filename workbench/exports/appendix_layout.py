"""附页 of a teacher's sheet: which criteria decided each result, in full, and where that is anchored."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from rubrics.levels import LEVEL_ZH, Level
from workbench.exports.cells import Layout
from workbench.exports.layout_parts import only_person, results_of, split
from workbench.exports.payload import ProvenEntry, SheetPayload
from workbench.exports.teacher_page import teacher_page
from workbench.exports.wording import competency_zh, composed_zh, decided_zh, outcome_zh, say

_DIGITS = 12


def appendix_layout(payload: SheetPayload) -> Layout:
    """Lay the appendix of a teacher's sheet out: a row a deciding criterion.

    The wording of a criterion comes from the rubric the entry names by digest;
    the anchor is the entry's number with the beginning of its leaf hash, and of
    the digest of each file of evidence. Places in the evidence are those the readers named.
    """
    who = only_person(payload)
    return teacher_page(
        payload,
        "appendix",
        [
            ("name", who.name),
            ("school", payload.school),
            ("teacher_no", who.teacher_no),
            ("subject", who.subject),
        ],
        ("competency", "level", "slot", "criterion", "found", "anchor"),
        (31, 15, 23, 52, 22, 31),
        _texts(payload),
        ("teacher", "panel_chair"),
    )


def _texts(payload: SheetPayload) -> Iterator[tuple[str, ...]]:
    """Texts of the rows: of each competency what decided it, the conclusion last."""
    by_code, conclusion = split(results_of(payload))
    rubrics = {r["competency"]: r for r in map(json.loads, payload.rubrics)}
    for one in by_code:
        said = one.record
        start = (competency_zh(payload, said["competency"]), outcome_zh(said))
        seen = {key: words for key, words in payload.places.items() if _is_of(key, one)}
        listed = list(_criteria(said, rubrics.get(said["competency"], {}), seen))
        for place, (slot, criterion, found) in enumerate(listed or [("", decided_zh(said), "")]):
            yield (*start, slot, criterion, found, _anchor(one) if place == 0 else "")
    if conclusion:
        said = conclusion.record
        start = (say("conclusion"), outcome_zh(said))
        yield (*start, "", composed_zh(said), "", _anchor(conclusion))


def place_key(seq: int, criterion: str) -> str:
    """Key of ``SheetPayload.places``: a criterion that an entry was decided by."""
    return f"{seq} {criterion}"


def _is_of(key: str, one: ProvenEntry) -> bool:
    return key.startswith(place_key(one.seq, ""))


def _criteria(
    said: Mapping[str, Any], rubric: Mapping[str, Any], seen: Mapping[str, str]
) -> Iterator[tuple[str, str, str]]:
    """Slot, wording and finding of each criterion a result hangs on: those that were not met."""
    slots = {slot["id"]: slot for slot in rubric.get("slots", ())}
    for one in said["decided_by"]:
        slot = slots.get(one["slot"], {})
        name = f"{one['slot']} {slot.get('name_zh', '')}".strip()
        texts = {each["id"]: each for each in slot.get("criteria", ())}
        for criterion in one["criteria"]:
            known = texts.get(criterion)
            wording = f"{criterion} {known['text_zh']}" if known else criterion
            level = LEVEL_ZH[Level(known["level"])] if known else ""
            where = seen.get(place_key(said["seq"], criterion), "")
            found = say("appendix.unmet", level=level)
            yield name, wording, say("appendix.at", found=found, place=where) if where else found
        if not one["criteria"]:
            yield name, say("appendix.missing"), say("appendix.absent")


def _anchor(one: ProvenEntry) -> str:
    digests = "、".join(digest[:_DIGITS] for digest in one.record["evidence"])
    leaf = say("appendix.entry", seq=one.seq, leaf=one.leaf.hex()[:_DIGITS])
    return f"{leaf}；{say('appendix.evidence', digests=digests)}" if digests else leaf
