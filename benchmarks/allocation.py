"""Allocation of a county: 15,000 pieces for 200 raters with conflicts, from needs to a proven plan."""

from __future__ import annotations

import random

from benchmarks.measuring import cpu, peak_bytes
from scoring.allocation import Need, Plan, allocate

PIECES, RATERS, SCHOOLS, DEPARTMENTS = 15_000, 200, 60, 8
LIMIT_S = 20.0


def run() -> list[dict[str, object]]:
    """CPU seconds and memory of one plan; the bar is twenty seconds."""
    needs, raters = _county(random.Random(1))

    def plan() -> Plan:
        return allocate(needs, raters, "2026")

    made = plan()
    loads = list(made.loads.values())
    return [
        {
            "measure": "allocation with conflicts",
            "pieces": PIECES,
            "raters": RATERS,
            "value": round(cpu(plan, times=3), 2),
            "unit": "CPU s",
            "limit": LIMIT_S,
            "peak_mib": round(peak_bytes(plan) / 2**20),
            "networks": len(made.networks),
            "short": len(made.short),
            "loads": f"{min(loads)}-{max(loads)}",
        }
    ]


def _county(rng: random.Random) -> tuple[list[Need], list[str]]:
    """Pieces whose own school, or own department in it, stands back, and a few relations more."""
    raters = [f"r{number:03d}" for number in range(RATERS)]
    school = {rater: rng.randrange(SCHOOLS) for rater in raters}
    department = {rater: rng.randrange(DEPARTMENTS) for rater in raters}
    needs = []
    while len(needs) < PIECES:
        own, group = rng.randrange(SCHOOLS), rng.randrange(DEPARTMENTS)
        barred = {r for r in raters if school[r] == own and (own % 2 or department[r] == group)}
        barred.update(rng.sample(raters, rng.randrange(4)))
        each = frozenset(barred)
        needs += [Need(f"p{len(needs) + n:05d}", 2, each) for n in range(rng.randint(3, 9))]
    return needs[:PIECES], raters


if __name__ == "__main__":
    for line in run():
        print(line)
