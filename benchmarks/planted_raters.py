"""How many planted raters are found, beside what theory allows, and how quiet clean counties are.

``python -m benchmarks.planted_raters`` plants one rater of every kind in each of
108 counties of four generators (every third or fourth reader is then odd), one
severe and one lenient rater alone in 36, and looks at 21 clean ones: several
CPU minutes. The tests do the same with a few.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np

from benchmarks.effects import given, sought, thresholds
from benchmarks.planted_counties import KINDS, County, county_of, planted, varied
from benchmarks.planted_marking import WORLDS
from benchmarks.planted_theory import allowed
from scoring.discovery import Finding
from scoring.effects.round_of_marks import effects_of_marks

COUNTIES, CLEAN, ALONE = 108, 21, 36
FIRST_CLEAN, FIRST_ALONE = 5_000, 24

_HONEST = 0.99


def found_in(world: str, county: County, random_seed: int) -> list[Finding]:
    """Test everybody of an invented county for everything."""
    marks, reads, about = given(county_of(world, county, random_seed), county)
    return effects_of_marks(marks, reads, about, thresholds(), random_seed)


def world_of(number: int) -> str:
    """Generator of the county of this number."""
    return tuple(WORLDS)[number % len(WORLDS)]


def run(counties: int = COUNTIES, clean: int = CLEAN) -> Iterator[dict[str, object]]:
    """One row a kind planted, then one of the clean counties."""
    tried: dict[str, dict[str, list[int]]] = defaultdict(lambda: defaultdict(list))
    best: dict[str, list[float]] = defaultdict(list)
    effects: dict[str, list[float]] = defaultdict(list)
    honest: dict[str, list[float]] = defaultdict(list)
    astray: dict[str, int] = defaultdict(int)
    for number in range(counties):
        world, county = world_of(number), planted(varied(number), KINDS, number)
        found = found_in(world, county, number)
        by_name = {(each.code.replace("lenient", "severe"), each.ids): each for each in found}
        rule = thresholds()
        power = allowed(county, number, rule["severe_rater"].q) if world == "logistic" else {}
        for rater, code in county.planted.items():
            kind = code.partition(":")[0]
            wanted = sought(rater, code)
            each = by_name.get((wanted[0].replace("lenient", "severe"), wanted[1]))
            hit = each is not None and each.flagged and each.code == wanted[0]
            tried[kind][world].append(int(hit))
            if each is not None and each.effect is not None:
                effects[kind].append(abs(each.effect))
            if rater in power:
                best[kind].append(power[rater])
        odd = set(county.planted) | {c[7:] for c in county.planted.values() if ":" in c}
        for each in found:
            if not odd & set(each.ids):
                honest[each.code].append(abs(each.effect) if each.effect is not None else np.nan)
                astray[each.code] += each.flagged
    for kind in KINDS:
        yield _row(kind, tried[kind], best[kind], effects[kind], honest, astray)
    yield _alone(ALONE if counties == COUNTIES else counties)
    yield _clean(clean)


def _alone(counties: int) -> dict[str, object]:
    """Severe and lenient raters where nobody else is odd: others are then a fair measure."""
    hit, tried = 0, 0
    for number in range(FIRST_ALONE, FIRST_ALONE + counties):
        county = planted(varied(number), ("severe_rater", "lenient_rater"), number)
        found = found_in(world_of(number), county, number)
        flagged = {(each.code, each.ids) for each in found if each.flagged}
        hit += sum(sought(*each) in flagged for each in county.planted.items())
        tried += len(county.planted)
    return {"what": "severe and lenient alone", "planted": tried, "found": hit}


def _row(
    kind: str,
    tried: dict[str, list[int]],
    best: Sequence[float],
    effects: Sequence[float],
    honest: dict[str, list[float]],
    astray: dict[str, int],
) -> dict[str, object]:
    every = [one for each in tried.values() for one in each]
    code = "copied_reads" if kind == "copied" else kind
    beside = np.array([one for one in honest[code] if np.isfinite(one)])
    return {
        "what": kind,
        "planted": len(every),
        "found": sum(every),
        "share": round(float(np.mean(every)), 3),
        **{world: f"{sum(each)} of {len(each)}" for world, each in tried.items()},
        "theory_allows_logistic": round(float(np.mean(best)), 3) if best else None,
        "effect_planted_median": round(float(np.median(effects)), 3) if effects else None,
        "effect_honest_99": round(float(np.quantile(beside, _HONEST)), 3) if len(beside) else None,
        "honest_tested": len(beside),
        "honest_flagged": astray[code],
    }


def _clean(counties: int) -> dict[str, object]:
    """Families with a flag in counties where nothing was planted."""
    families: dict[str, int] = defaultdict(int)
    tests = 0
    for number in range(FIRST_CLEAN, FIRST_CLEAN + counties):
        found = found_in(world_of(number), replace(varied(number), planted={}), number)
        tests += sum(each.minimum_met for each in found)
        for code in {each.code.replace("lenient", "severe") for each in found if each.flagged}:
            families[code] += 1
    return {
        "what": "clean counties",
        "counties": counties,
        "tests": tests,
        "families_flagged": sum(families.values()),
        "by": dict(families),
    }


if __name__ == "__main__":
    for made in run(*(int(word) for word in sys.argv[1:3])):
        print(json.dumps(made, ensure_ascii=False), flush=True)
