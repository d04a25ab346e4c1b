"""The gate of calibration 校准: who may read pieces that count, and what is on the desk till then."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from models.accounts import roles_held
from models.calibration import (
    calibration_events,
    calibration_tasks,
    latest_sitting,
    trial_pieces,
    trials,
)
from models.closing import back_pieces_of
from models.store import Row, Store
from rubrics.policy_pack import PolicyPack
from scoring.calibration import Drift, Qualification
from workbench.errors import RefusedError
from workbench.services.roles import COUNTY, RATER

NONE, TRIAL, SEEDS = "none", "trial", "seeds"
"""Kinds of calibration: nothing asked, common pieces read and discussed, experts' marks."""

FREE, QUALIFIED, PROBATION = "free", "qualified", "probation"
UNQUALIFIED, QUALIFYING, FAILED, LOCKED, BREAK = (
    *("unqualified", "qualifying", "failed", "locked", "break"),
)
IN_TRIAL = "trial"
"""States of a rater; with the first three pieces that count may be read."""

PRACTICE, TEST, HIDDEN, AFRESH = "practice", "qualification", "hidden", "recalibration"
"""What a seed piece is given for; a rater knows of all but the hidden ones."""

_SHOWN = {
    UNQUALIFIED: (PRACTICE,),
    QUALIFYING: (PRACTICE, TEST),
    FAILED: (PRACTICE,),
    BREAK: (AFRESH,),
}
_KEPT = ("blind", "third")


@dataclass(frozen=True)
class CalibrationRule:
    """What policy says about calibration (keys ``calibration.*``); counts are pieces or reads."""

    mode: str = NONE
    trial_pieces: int = 3
    practice_pieces: int = 3
    seeds_per_rater: int = 10
    reads_per_seed: int = 10
    probation_reads_per_seed: int = 5
    sitting_hours: float = 4
    break_hours: float = 24
    break_pieces: int = 3
    long_break_days: float = 7
    long_break_pieces: int = 10
    min_experts: int = 2
    qualification: Qualification = field(default_factory=Qualification)
    drift: Drift = field(default_factory=Drift)

    def hidden_for(self, reads: int, state: str) -> int:
        """How many hidden seeds go with so many reads."""
        every = self.probation_reads_per_seed if state == PROBATION else self.reads_per_seed
        return max(self.seeds_per_rater, math.ceil(reads / every)) if reads else 0


def mode_of(policy: PolicyPack) -> str:
    """Kind of calibration the policy asks for."""
    return str(policy["calibration.mode"]) if "calibration.mode" in policy else NONE


def calibration_rule(policy: PolicyPack) -> CalibrationRule:
    """Read the rule out of the policy; a round opened before there was one asks for nothing."""
    if "calibration.mode" not in policy:
        return CalibrationRule()
    own = policy.section("calibration")
    plain = {name: own[name] for name in CalibrationRule.__annotations__ if name in own}
    return CalibrationRule(
        **plain,
        qualification=Qualification(
            own["poor_accuracy"],
            own["good_accuracy"],
            own["pass_poor"],
            own["miss_good"],
            own["most_pieces"],
        ),
        drift=Drift(own["cusum_miss"], own["cusum_hit"], own["cusum_limit"], own["lock_at_gap"]),
    )


@dataclass(frozen=True)
class Gate:
    """Where a rater stands; ``own`` are the pieces on the desk while those that count wait.

    ``back`` are pieces to be read back, which decide nothing and wait for no calibration.
    """

    state: str
    own: frozenset[str] = frozenset()
    back: frozenset[str] = frozenset()

    @property
    def is_open(self) -> bool:
        """Whether pieces that count may be read."""
        return self.state in (FREE, QUALIFIED, PROBATION)

    def lets(self, piece_id: str, round_name: str) -> bool:
        """Whether a piece may be opened and handed in for a round."""
        return self.is_open or round_name not in _KEPT or piece_id in self.own | self.back

    def refusal(self) -> RefusedError:
        """Why pieces that count are closed, and what to do."""
        return RefusedError(
            f"pieces that count are closed to this rater: {self.state}. "
            "The page 校准 says what comes first.",
            key=f"calibration.gate_{self.state}",
        )


def gate_of(store: Store, policy: PolicyPack, rater_id: str) -> Gate:
    """Where a rater stands now, from what is recorded."""
    mode = mode_of(policy)
    if mode == TRIAL:
        return _in_trial(store)
    if mode != SEEDS:
        return Gate(FREE)
    state, own = standing_of(calibration_events(store, rater_id)), frozenset[str]()
    if state == UNQUALIFIED and _is_countys(store, rater_id):
        return Gate(FREE)
    if state in _SHOWN or state == BREAK:
        waiting = [
            row
            for row in calibration_tasks(store, rater_id)
            if row["kind"] in _SHOWN[state] and row["why"] is None and row["read_id"] is None
        ]
        own = frozenset(row["piece_id"] for row in waiting)
        if state == BREAK and not own:
            state = _before_break(calibration_events(store, rater_id))
    return Gate(state, own, back_pieces_of(store, rater_id))


def standing_of(events: Sequence[Row]) -> str:
    """State a rater's events come to; a break lasts until its pieces are read."""
    state, earned = UNQUALIFIED, UNQUALIFIED
    for event in events:
        kind = event["kind"]
        if kind in ("passed", "undecided"):
            state = earned = QUALIFIED if kind == "passed" else PROBATION
        elif kind == "released":
            state = earned
        else:
            told = {"begun": QUALIFYING, "again": UNQUALIFIED}
            state = told.get(kind) or {"failed": FAILED, "locked": LOCKED, "break": BREAK}[kind]
    return state


def barred_raters(store: Store, policy: PolicyPack) -> frozenset[str]:
    """Raters who are given nothing new: locked, or failed in the qualification."""
    if mode_of(policy) != SEEDS:
        return frozenset()
    events: dict[str, list[Row]] = {}
    for event in calibration_events(store):
        events.setdefault(event["rater_id"], []).append(event)
    return frozenset(r for r, own in events.items() if standing_of(own) in (LOCKED, FAILED))


def is_calibrated(store: Store, policy: PolicyPack, person_id: str) -> bool:
    """Whether somebody's reads are taken: where policy asks for qualification, of who has it."""
    if mode_of(policy) != SEEDS:
        return True
    held = roles_held(store, person_id)
    return (RATER in held or COUNTY in held) and gate_of(store, policy, person_id).is_open


def order_of_sitting(store: Store, rater_id: str, pieces: Sequence[str]) -> list[str]:
    """Pieces in the order of the present sitting: drawn anew at each, its first piece first.

    So a seed piece that opens a sitting stands out by nothing.
    """
    sitting = latest_sitting(store, rater_id)
    if sitting is None:
        return list(pieces)
    told = f"{rater_id}|{sitting['sitting_id']}|"
    drawn = sorted(pieces, key=lambda piece: hashlib.sha256((told + piece).encode()).digest())
    first = sitting["first_piece"]
    return [first, *(p for p in drawn if p != first)] if first in drawn else drawn


def _is_countys(store: Store, person_id: str) -> bool:
    """Whether somebody reads for the county alone: whose marks the seeds rest on takes no test."""
    held = roles_held(store, person_id)
    return COUNTY in held and RATER not in held


def _in_trial(store: Store) -> Gate:
    running = [trial for trial in trials(store)[:1] if trial["stage"] != "closed"]
    if not running:
        return Gate(FREE)
    return Gate(IN_TRIAL, frozenset(trial_pieces(store, running[0]["trial_id"])))


def _before_break(events: Sequence[Row]) -> str:
    """State a rater goes back to when the pieces after a break are read."""
    rest = list(events)
    while rest and rest[-1]["kind"] == "break":
        rest.pop()
    return standing_of(rest)
