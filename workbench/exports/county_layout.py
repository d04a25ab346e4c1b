"""全县汇总表: one row a school, counted from the conclusions that stand in its ledger."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from rubrics.levels import LEVELS
from workbench.exports.cells import LANDSCAPE, Layout
from workbench.exports.layout_parts import (
    QR_MM,
    facts_of,
    header_of,
    named,
    results_of,
    row_of,
    signatures_of,
)
from workbench.exports.payload import SheetPayload
from workbench.exports.receipt import receipt
from workbench.exports.wording import day_zh, outcome_zh, policy_zh, say

_COLUMNS = ("number", "school", "teachers", *LEVELS[::-1], "none", "size", "root", "remark")
_SHOWN = 12


def county_layout(payload: SheetPayload) -> Layout:
    """Lay the summary of a county out: counts by school with the head of each ledger, and a total."""
    titles = [(key, say(f"column.{_title(key)}")) for key in _COLUMNS]
    counts = [_counts(part) for part in payload.parts]
    texts = [
        _texts(number, part, counted)
        for number, (part, counted) in enumerate(zip(payload.parts, counts, strict=True), 1)
    ]
    texts.append(_total(counts))
    rows = [
        row_of(number, [(key, title, said) for (key, title), said in zip(titles, row, strict=True)])
        for number, row in enumerate(texts, 1)
    ]
    facts = [("county", payload.county), ("policy", policy_zh(payload))]
    return Layout(
        orientation=LANDSCAPE,
        title=named("title", say("title.county", county=payload.county)),
        subtitle=named("subtitle", payload.round),
        facts=facts_of(facts, 2),
        fact_widths=(14, 112, 34, 105),
        header=header_of(titles),
        widths=(14, 52, 24, 18, 18, 18, 16, 16, 36, 53),
        rows=tuple(rows),
        notes=(named("levels", say("note.county")), named("proof", say("note.proof_county"))),
        signatures=signatures_of(("filled_by", "checked_by", "county_seal")),
        signature_widths=(66, 60, 86),
        caption=named("caption", say("caption")),
        footer=named("footer", say("footer_county", day=day_zh(payload.issued_on))),
        receipt=receipt(payload),
        qr_mm=QR_MM,
    )


def _title(key: str) -> str:
    return f"level_{key}" if key in LEVELS else key


def _counts(part: SheetPayload) -> Counter[str]:
    """Conclusions of a school by level; without one they count as ``none``."""
    return Counter(one.record["level"] or "none" for one in results_of(part))


def _texts(number: int, part: SheetPayload, counted: Counter[str]) -> tuple[str, ...]:
    reasons = Counter(outcome_zh(one.record) for one in results_of(part) if not one.record["level"])
    told = "，".join(say("count", what=word, count=n) for word, n in sorted(reasons.items()))
    head = part.head
    numbers = _numbers(counted)
    return (str(number), part.school, *numbers, str(head.size), head.root.hex()[:_SHOWN], told)


def _total(counts: Sequence[Counter[str]]) -> tuple[str, ...]:
    total: Counter[str] = sum(counts, Counter())
    return ("", say("total"), *_numbers(total), "", "", "")


def _numbers(counted: Counter[str]) -> tuple[str, ...]:
    kinds = (*LEVELS[::-1], "none")
    return (str(counted.total()), *(str(counted[kind]) for kind in kinds))
