"""Planted schools found beside what theory allows, clean counties, and the cost at a county's size.

``python -m benchmarks schools`` takes some six CPU minutes, most of them for 104
schools of each kind in either way marks come about.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace

from benchmarks.planted_schools import (
    FAVOUR,
    GOOD,
    LENIENT,
    LIFTED,
    WORLDS,
    Schools,
    county_of,
)
from benchmarks.planted_schools_theory import favour_allowed
from scoring.school_reads import settled_ranks
from scoring.schools import SchoolReport, school_report
from workbench.services.catalogue import find_policy
from workbench.services.school_effects import rules_of

INFLATED = ("above_county", "bunched_at_gate", "lenient_school", "home_favour")
COUNTIES = 13
CLEAN = 20
RULE_Q = 0.05

CASES = (
    Schools(planted={LENIENT: 1.5}),
    Schools(planted={LIFTED: 0.8}),
    Schools(planted={LENIENT: 1.25, FAVOUR: 1.25}),
    Schools(planted={FAVOUR: 2.0}, rereads=11),
    Schools(planted={FAVOUR: 2.0}, rereads=15),
    Schools(planted={FAVOUR: 2.0}, rereads=20),
    Schools(planted={FAVOUR: 1.25}, rereads=20),
    Schools(planted={GOOD: 1.5}),
)


def report_of(world: str, county: Schools, random_seed: int) -> SchoolReport:
    """Compare the schools of an invented county by the rules of the national policy."""
    marks, pieces = county_of(world, county, random_seed)
    excellent = {name for name in county.criteria if name.startswith("E")}
    ranks = settled_ranks(marks[marks["round"] == "blind"], excellent)
    return school_report(marks, pieces, ranks, excellent, rules_of(find_policy("national-2.0")))


def named(report: SchoolReport) -> set[str]:
    """Schools somebody is asked to look at because their levels seem too high."""
    return {each.ids[0] for each in report.findings if each.flagged and each.code in INFLATED}


def run() -> Iterator[dict[str, object]]:
    """One row a kind of planted school and world, one of clean counties, one of the cost."""
    for case in CASES:
        for world in WORLDS:
            yield planted_row(world, case, COUNTIES)
    yield clean_row(CLEAN)
    yield size_row()


def planted_row(world: str, case: Schools, counties: int) -> dict[str, object]:
    """How many planted schools are named, and how many others."""
    hit, tried, astray, codes = 0, 0, 0, Counter[str]()
    own = {f"s{k:02d}" for kind in case.planted for k in case.those(kind)}
    for random_seed in range(counties):
        found = report_of(world, case, random_seed)
        hit += len(named(found) & own)
        astray += len(named(found) - own)
        tried += len(own)
        codes.update(
            each.code
            for each in found.findings
            if each.flagged and each.ids[0] in own and each.code in INFLATED
        )
    best = None
    if set(case.planted) == {FAVOUR}:
        best = round(favour_allowed(world, case, RULE_Q), 3)
    return {
        "what": "planted schools",
        "world": world,
        **case.planted,
        "rereads": case.rereads,
        "schools": tried,
        "named": hit,
        "share": round(hit / tried, 3),
        "theory_allows": best,
        "others_named": astray,
        "of_others": counties * case.schools - tried,
        "by": dict(codes),
    }


def clean_row(counties: int) -> dict[str, object]:
    """Families with a flag in counties where nothing was planted."""
    families = Counter[str]()
    for number in range(counties):
        case = Schools(schools=(40, 25, 60)[number % 3], rereads=(15, 11, 20)[number // 2 % 3])
        found = report_of(tuple(WORLDS)[number % 2], case, 9_000 + number)
        families.update({each.code for each in found.findings if each.flagged})
    return {
        "what": "clean counties",
        "counties": counties,
        "families": 6 * counties,
        "families_flagged": families.total(),
        "by": dict(families),
    }


def size_row() -> dict[str, object]:
    """Cost of a county of 100 schools and 15,000 pieces, 15 re-reads a school."""
    county = replace(Schools(schools=100, pieces=150), planted={LENIENT: 1.5})
    marks, pieces = county_of("logits", county, 1)
    excellent = {name for name in county.criteria if name.startswith("E")}
    ranks = settled_ranks(marks[marks["round"] == "blind"], excellent)
    rules = rules_of(find_policy("national-2.0"))
    start = time.process_time()
    school_report(marks, pieces, ranks, excellent, rules)
    return {
        "what": "schools of a county",
        "schools": 100,
        "marks": len(marks),
        "cpu_s": round(time.process_time() - start, 1),
    }
