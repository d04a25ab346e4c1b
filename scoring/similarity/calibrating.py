"""Calibration: where a pair stops being chance, judged by the county's own null pairs.

A null pair is two texts of other schools, other subjects and other competencies:
what they share is the language, the county's habits and quotations nobody
registered. How fast such pairs thin out below the policy's limit says how many
chance leaves above it. The tail is drawn from there and not from the largest
values, because among those are the very copies that are looked for; and the tail
of shares from pairs without a long run, that of runs from pairs with a small
share, because chance seldom gives both.

Where chance ends well below the limit for runs, that limit is lowered, so that a
lifted paragraph is found; then near pairs are asked too, as teachers of one subject
quote one textbook.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from scoring.similarity.candidates import Candidates
from scoring.similarity.limits import TextLimits
from scoring.similarity.sharing import Bools, Floats, Short

TOO_FEW = "too_few"  # the policy's own limits stand, unproven here
HELD = "held"  # chance stays below them
RAISED = "raised"
LOWERED = "lowered"  # chance ends so early that shorter runs tell something

_LEAST = 50  # null pairs of some size, or no tail is drawn
_FLATTEST = 0.6  # a tail that falls more slowly is taken to fall like this
_HIGHEST = 2  # times the policy's limit
_WAYS = 4  # a pair is found by share, by run, by both or as a mosaic: each may bring its part
_ROUNDS = 3  # chance pairs are among those found, until the limits are raised
_STRICTER = 10  # the strong tier is allowed this many times fewer chance pairs


@dataclass(frozen=True)
class Calibration:
    """How a comparison was calibrated.

    ``state`` is `TOO_FEW`, `HELD`, `RAISED` or `LOWERED`; ``null_pairs`` are the null
    pairs seen that share anything; shares (0 to 1) and runs (characters) are
    the limits in force. ``allowed`` are the pairs that may be chance;
    ``quoted_run`` the characters up to which a passage alone is no copy here, as
    the county quotes such (`quoted`), 0 where it shows none.
    """

    state: str
    null_pairs: int
    look_share: float
    strong_share: float
    look_run: int
    strong_run: int
    allowed: float = 1.0
    quoted_run: int = 0

    @classmethod
    def of(
        cls, state: str, null_pairs: int, limits: TextLimits, allowed: float = 1.0
    ) -> Calibration:
        """State the limits in force."""
        shares = (limits.look_share, limits.strong_share)
        runs = (limits.look_run, limits.strong_run)
        return cls(state, null_pairs, *shares, *runs, allowed)


@dataclass(frozen=True)
class _Tail:
    """Chance pairs of a whole county that reach a value: falls by a factor each ``width``.

    ``above`` is how many are expected from ``limit`` on.
    """

    limit: float
    above: float
    fall: float

    def value(self, allowed: float) -> float:
        """From where on no more than ``allowed`` are expected, at least the limit."""
        return self.limit + self.fall * float(np.log(max(self.above / allowed, 1.0)))


@dataclass(frozen=True)
class Strangers:
    """Which candidates are texts of other schools, so that chance can be read off them.

    ``null`` differ in subject and competency too, ``near`` share one of these;
    ``per_null`` are the pairs of texts in the county for each null pair there
    is, candidates or not.
    """

    null: Bools
    near: Bools
    per_null: float

    def only(self, keep: Bools) -> Strangers:
        """Leave out some candidates."""
        return replace(self, null=self.null & keep, near=self.near & keep)


def strangers_among(
    strata: Sequence[tuple[str, str, str]], teacher: Short, found: Candidates
) -> Strangers:
    """Candidates of other schools: null ones, and those of one subject or one competency.

    Where nobody told the schools, every two teachers count as of two schools,
    and where subject or competency are unknown they may be the same. ``strata``
    and ``teacher`` are of the documents.
    """
    columns = list(zip(*strata, strict=True)) or [(), (), ()]
    codes = np.array([np.unique(names, return_inverse=True)[1] for names in columns])
    known = np.array([[bool(one) for one in column] for column in columns], dtype=np.bool_)
    first, second = found.first, found.second
    other = codes[:, first] != codes[:, second]
    both = known[:, first] & known[:, second]
    null = (other & both).all(axis=0)
    apart = (teacher[first] != teacher[second]) & (other[0] | ~both[0])
    shifted = np.roll(np.arange(len(strata)), len(strata) // 2)
    chance = ((codes != codes[:, shifted]) & known & known[:, shifted]).all(axis=0)
    return Strangers(null, apart & ~null, len(strata) / max(float(chance.sum()), 1.0))


def calibrated(
    rare_share: Floats, rare_run: Floats, strangers: Strangers, limits: TextLimits
) -> tuple[TextLimits, Calibration]:
    """Raise the limits to where null pairs thin out, by half at most.

    The limit for runs to look at falls, to ``least_run`` at most, where null and
    near pairs have thinned out before; no other limit is ever lowered.

    Parameters
    ----------
    rare_share, rare_run : float arrays
        Scores of all candidates.
    strangers : Strangers
    limits : TextLimits
        ``chance_share`` of the pairs found may be chance, in the strong tier a
        tenth of that.

    Returns
    -------
    (TextLimits, Calibration)
    """
    made = limits
    for _ in range(_ROUNDS):
        found = (rare_share >= made.look_share) | (rare_run >= made.look_run)
        allowed = max(1.0, limits.chance_share * float(found.sum()))
        made, seen = _raised_limits(rare_share, rare_run, strangers, limits, allowed)
    state = TOO_FEW if not seen else RAISED if made != limits else HELD
    if seen and made.look_run == limits.look_run:
        small = strangers.only(rare_share < limits.look_share)
        made = replace(made, look_run=_lowered(rare_run, small, limits, allowed / _WAYS))
        state = LOWERED if made.look_run < limits.look_run and state != RAISED else state
    unrelated = strangers.null if strangers.null.any() else strangers.near
    return made, Calibration.of(state, int(unrelated.sum()), made, allowed)


def _raised_limits(
    rare_share: Floats, rare_run: Floats, strangers: Strangers, limits: TextLimits, allowed: float
) -> tuple[TextLimits, bool]:
    """Limits that leave no more chance pairs than allowed, and whether enough pairs tell."""
    made, seen = limits, False
    null, small = strangers.null, strangers.only(rare_share < limits.look_share)
    scattered = null & (rare_run < limits.look_run / 2)
    for measure, values in (("share", rare_share[scattered]), ("run", rare_run[small.null])):
        tail = _tail(values, getattr(limits, f"look_{measure}"), strangers.per_null)
        if tail is None:
            continue
        seen = True
        for tier, most in (("look", allowed), ("strong", allowed / _STRICTER)):
            name = f"{tier}_{measure}"
            value: Any = _raised(getattr(limits, name), tail.value(most))
            made = replace(made, **{name: value})
    both = rare_share / limits.look_share + rare_run / limits.look_run
    made = _by_quotations(both[strangers.near], limits, made, allowed / 2)
    return made, seen or made != limits


def _by_quotations(
    both: Floats, policy: TextLimits, made: TextLimits, allowed: float
) -> TextLimits:
    """Raise what scattered passages must come to, where texts of one subject share such.

    Two textbook sentences in a short text are a share like a copy's, and no run.
    What share and run come to together tells how often; the share alone rises alike,
    by half at most, or texts half rewritten would pass.
    """
    width = policy.look_both / 3
    look = _thinned_out(both, policy.look_both, width, allowed)
    strong = _thinned_out(both, policy.look_both, width, allowed / _STRICTER)
    unit = policy.look_share / policy.look_both
    return replace(
        made,
        look_both=look,
        look_share=max(made.look_share, _raised(policy.look_share, unit * look)),
        strong_share=max(made.strong_share, _raised(policy.strong_share, unit * strong)),
    )


def _thinned_out(values: Floats, limit: float, width: float, allowed: float) -> float:
    """From where on no more than ``allowed`` are expected: the limit, or up to `_HIGHEST` times it.

    Expected from what thins out in two steps of a ``width`` below.
    """
    at = limit
    if len(values) < _LEAST:
        return at
    while at < _HIGHEST * limit:
        second = int(((values >= at - 2 * width) & (values < at - width)).sum())
        last = int(((values >= at - width) & (values < at)).sum())
        ratio = min(last / max(second, 1), _FLATTEST)
        if last * ratio / (1 - ratio) <= allowed:
            break
        at += width / 10
    return round(min(at, _HIGHEST * limit), 4)


def _lowered(rare_run: Floats, small: Strangers, limits: TextLimits, allowed: float) -> int:
    """Shortest run from which null and near pairs leave no more than is allowed."""
    null, near = rare_run[small.null], rare_run[small.near]
    for run in range(min(limits.least_run, limits.look_run), limits.look_run):
        far = _tail(null, run, small.per_null)
        close = _tail(near, run, 1.0, least=1)
        if far and far.above + (close.above if close else 0.0) <= allowed:
            return run
    return limits.look_run


def _raised(floor: float, value: float) -> float:
    """Return the value within the floor and half as much again, whole where the floor is."""
    kept = min(max(value, floor), 1.5 * floor)
    return int(np.ceil(kept)) if isinstance(floor, int) else round(kept, 4)


def _tail(values: Floats, limit: float, per_null: float, least: int = _LEAST) -> _Tail | None:
    """Tail above a limit, drawn from the second and the last third below it; None if too few."""
    second = int(((values >= limit / 3) & (values < 2 * limit / 3)).sum())
    last = int(((values >= 2 * limit / 3) & (values < limit)).sum())
    if len(values) < least:
        return None
    ratio = min(last / max(second, 1), _FLATTEST)
    if not ratio:
        return _Tail(limit, 0.0, 0.0)
    above = per_null * last * ratio / (1 - ratio)
    return _Tail(limit, above, -limit / 3 / float(np.log(ratio)))
