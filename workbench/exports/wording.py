"""The words of a sheet: results, days and reasons as a county writes them, always in Chinese."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from datetime import date, datetime, timedelta
from typing import Any

from rubrics.levels import LEVEL_ZH, Level
from workbench.exports.payload import ProvenEntry, SheetPayload
from workbench.messages import sentence

CHINA = timedelta(hours=8)
_NUMERALS = "一二三四五六七八九十"


def say(key: str, /, **values: object) -> str:
    """Look up a sentence of the sheets, always Chinese: they go to the county, whoever prints."""
    return sentence("zh", f"sheet.{key}", **values)


def outcome_zh(said: Mapping[str, Any]) -> str:
    """Level of a result in Chinese, or the reason it has none."""
    level = said.get("level", "")
    return LEVEL_ZH[Level(level)] if level else say(f"reason.{said['reason_none']}")


def day_zh(day: str) -> str:
    """Write an ISO day the Chinese way.

    >>> day_zh("2026-11-05")
    '2026年11月5日'
    """
    on = date.fromisoformat(day)
    return f"{on.year}年{on.month}月{on.day}日"


def posted_day_zh(posted_at: str) -> str:
    """Day in China of a UTC time of the ledger.

    >>> posted_day_zh("2026-11-20T18:00:00Z")
    '2026年11月21日'
    """
    at = datetime.fromisoformat(posted_at)
    return day_zh((at + CHINA).date().isoformat())


def ranges(numbers: Iterable[int]) -> str:
    """Write whole numbers shortly, runs of three or more as a range.

    >>> ranges([3, 4, 5, 9, 11, 12])
    '3–5、9、11、12'
    """
    runs: list[list[int]] = []
    for number in sorted(set(numbers)):
        if runs and number == runs[-1][-1] + 1:
            runs[-1].append(number)
        else:
            runs.append([number])
    shown = [[f"{run[0]}–{run[-1]}"] if len(run) > 2 else [str(n) for n in run] for run in runs]
    return "、".join(part for parts in shown for part in parts)


def competency_zh(payload: SheetPayload, code: str) -> str:
    """Code and name of a competency; the code alone where no rubric came along."""
    name = payload.competency_names.get(code, "")
    return f"{code} {name}".strip()


def decided_zh(said: Mapping[str, Any]) -> str:
    """Say shortly what decided a result; a failure points at the feedback note."""
    if said["reason_none"]:
        return say(f"decided.{said['reason_none']}")
    if said["level"] != Level.FAIL:
        return say(f"decided.{said['level']}")
    unmet: Counter[str] = Counter()
    for one in said["decided_by"]:
        unmet[one["slot"]] += len(one["criteria"])
    if not unmet:
        return say("decided.fail")
    listed = "、".join(say("decided.slot", slot=slot, count=unmet[slot]) for slot in sorted(unmet))
    return say("decided.fail_at", slots=listed)


def remarks(entries: Iterable[ProvenEntry]) -> str:
    """Say which results come from a second attempt or replace an earlier entry."""
    made = []
    for one in entries:
        said = one.record
        what = said["competency"] or say("remark.conclusion")
        if said["attempt"] > 1:
            made.append(say("remark.again", what=what))
        if said["kind"] == "supersede":
            made.append(say("remark.corrected", what=what, seq=said["supersedes"]))
    return "；".join(made)


def composed_zh(said: Mapping[str, Any]) -> str:
    """List the competencies a conclusion is composed of, with their outcomes."""
    parts = said["composed_of"]
    if not parts:
        return say("decided.by_policy")
    return "、".join(f"{one['competency']} {outcome_zh(one)}" for one in parts)


def numeral(number: int) -> str:
    """Write a small number in Chinese; beyond ten in digits."""
    return _NUMERALS[number - 1] if number <= len(_NUMERALS) else str(number)


def policy_zh(payload: SheetPayload) -> str:
    """Name of each policy the results were made under, with the beginning of its digest."""
    told = (say("policy", name=p.name, digest=p.digest[:8]) for p in payload.named_policies)
    return "、".join(told)
