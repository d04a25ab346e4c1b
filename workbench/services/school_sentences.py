"""What is said of each school, in one sentence: what was found, or what would have been."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from statistics import median
from typing import Any

from workbench.messages import language, text

Payload = Mapping[str, Any]
Row = Mapping[str, Any]

UPWARDS = ("above_county", "lenient_school", "home_favour", "bunched_at_gate")
"""Findings that say a school's levels are too high, and by what."""

ENOUGH_REREADS = 20
"""Re-reads a school from where on favour for the own pieces alone is nearly always found."""

_IN_LEVELS = UPWARDS[:3]
_APART = ("pass_rate_apart", "excellent_rate_apart")
_TERMS = ("quality", "leniency", "favour", "rest")
_TERMS_WITHOUT_SEEDS = ("quality", "gap", "rest")


def sentences_of(payload: Payload, names: Mapping[str, str]) -> list[str]:
    """One sentence a school, by id, and what the county as a whole shows before them."""
    said = [text(f"schools.whole.{key}") for key in whole_notes(payload)]
    return said + [
        text("schools.of", school=names.get(school, school), sentence=sentence)
        for school, sentence in sentence_by_school(payload).items()
    ]


def whole_notes(payload: Payload) -> list[str]:
    """Keys of what holds for every school: that seeds, schools or re-reads are too few for what."""
    by_code = defaultdict(list)
    for each in payload["findings"]:
        by_code[each["code"]].append(each["minimum_met"])
    notes = []
    if not any(by_code["pass_rate_apart"]):
        notes.append("no_funnel")
    if not any(by_code["above_county"]):
        notes.append("no_rereads")
    elif not any(by_code["home_favour"]):
        notes.append("no_seeds")
    else:
        again = [each["n"] for each in payload["findings"] if each["code"] == "home_favour"]
        notes += ["few_rereads"] if median(again) < ENOUGH_REREADS else []
    return notes


def sentence_by_school(payload: Payload) -> dict[str, str]:
    """Sentence of each school, by id; no school is set above another."""
    findings: dict[str, dict[str, Row]] = defaultdict(dict)
    for each in payload["findings"]:
        findings[str(each["ids"][0])][each["code"]] = each
    return {school: _sentence(own) for school, own in sorted(findings.items())}


def split_sentence(split: Row) -> str:
    """What a school's rate of a level is made of, term by term; empty where it is unknown."""
    if split["above"] is None:
        return ""
    seeds = split["favour"] is not None
    terms = _TERMS if seeds else _TERMS_WITHOUT_SEEDS
    joined = "，" if language() == "zh" else ", "
    said = joined.join(
        text(
            f"schools.term.{name}",
            value=f"{split[name]:+.0%}",
            error=f"{1.96 * split[f'{name}_se']:.0%}",
        )
        for name in terms
    )
    values = {"rate_of": text(f"schools.rate.{split['rate_of']}"), "terms": said}
    key = "schools.split" if seeds else "schools.split_without_seeds"
    return text(key, above=f"{split['above']:+.0%}", rate=f"{split['rate']:.0%}", **values)


def _sentence(findings: Mapping[str, Row]) -> str:
    flagged = [code for code in UPWARDS if code in findings and findings[code]["flagged"]]
    if flagged:
        said = [_told(f"schools.found.{code}", findings[code]) for code in flagged]
        return text("schools.ask", found=_joined(said))
    leads = [code for code in _APART if code in findings and findings[code]["flagged"]]
    above = findings.get("above_county")
    if leads:
        said = [
            _told(f"schools.found.{_way(code, findings[code])}", findings[code]) for code in leads
        ]
        return text("schools.lead", found=_joined(said), n=above["n"] if above else 0)
    if above is None or not above["minimum_met"]:
        return text("schools.too_few", n=above["n"] if above else 0)
    return text("schools.none_found", n=above["n"], detectable=_levels(above["detectable"]))


def _way(code: str, finding: Row) -> str:
    return f"{code}_{'up' if finding['effect'] > 0 else 'down'}"


def _told(key: str, finding: Row) -> str:
    say = _levels if finding["code"] in _IN_LEVELS else _points
    return text(key, points=say(finding["effect"]), n=finding["n"])


def _points(effect: float) -> str:
    return f"{abs(effect):.0%}"


def _levels(effect: float) -> str:
    """Levels in a hundred pieces."""
    return f"{100 * abs(effect):.0f}"


def _joined(words: Sequence[str]) -> str:
    return ("；" if language() == "zh" else "; ").join(words)
