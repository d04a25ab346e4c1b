"""How many people an allocation takes: the smallest legal staffing, and the work to come."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from scoring.allocation import Need, Plan, Terms


@dataclass(frozen=True, slots=True)
class Staffing:
    """The fewest people with whom every piece can be read as the rules ask.

    Attributes
    ----------
    now : raters there are
    most_a_piece : people a piece takes at most: first reads, and a third where rules may ask for one
    borrow : people from outside, without any conflict, who are lacking for the reads to be given out
    borrow_for_third : those lacking so that every piece could have its third read as well
    """

    now: int
    most_a_piece: int
    borrow: int
    borrow_for_third: int


def staffing(
    needs: Sequence[Need],
    raters: Collection[str],
    reads: int,
    *,
    third: bool,
    terms: Mapping[str, Terms] | None = None,
) -> Staffing:
    """Count the people lacking.

    Somebody from outside without a conflict may read every piece, and each piece
    once: those lacking are the most that any piece lacks. Limits on pieces are
    left aside, who is given nothing is not counted.

    Parameters
    ----------
    needs : pieces with who is barred and who holds them
    raters : who may be given work
    reads : first reads a piece
    third : whether rules may ask for a third read

    Examples
    --------
    >>> alone = Need("p1", 2, frozenset({"r1"}))
    >>> staffing([alone, Need("p2", 2)], ["r1", "r2"], 2, third=True)
    Staffing(now=2, most_a_piece=3, borrow=1, borrow_for_third=2)
    """
    working = {r for r in raters if (terms or {}).get(r, Terms()).share > 0}
    most = reads + int(third)
    lacking = thirds = 0
    for need in needs:
        free = len(working - need.barred - set(need.held))
        lacking = max(lacking, need.reads - free)
        if need.reads:
            thirds = max(thirds, need.reads + int(third) - free)
    return Staffing(len(working), most, lacking, max(thirds, lacking))


@dataclass(frozen=True, slots=True)
class Work:
    """Reads to come and the hours they take; ``third_reads`` are expected, the others planned."""

    reads: int
    third_reads: float
    hours: float


def forecast(reads: int, pieces: int, third_share: float, minutes: float) -> Work:
    """Work of a plan: its reads, the third reads to expect, and the hours of both.

    Parameters
    ----------
    reads : first reads to come
    pieces : pieces whose third read is still open
    third_share : expected share of them, 0 to 1
    minutes : of one read

    Examples
    --------
    >>> forecast(100, 50, 0.4, 6)
    Work(reads=100, third_reads=20.0, hours=12.0)
    """
    thirds = pieces * third_share
    return Work(reads, thirds, (reads + thirds) * minutes / 60)


def full_loads(plan: Plan, terms: Mapping[str, Terms]) -> dict[str, float]:
    """Pieces of each rater for a full share, to hold unequal shares against each other.

    >>> full_loads(Plan({}, {}, {"a": 4, "b": 2}, (), ()), {"b": Terms(0.5)})
    {'a': 4.0, 'b': 4.0}
    """
    return {
        rater: load / share
        for rater, load in plan.loads.items()
        if (share := terms.get(rater, Terms()).share) > 0
    }
