"""Invented counties whose raters have known habits, from two generators that share nothing.

``logistic_county`` draws marks from abilities, severities and halo in logits.
``sorting_county`` has no logits at all: pieces come in kinds, every mark starts
from what is truly there, and raters err by overlooking, by kindness and by an
impression of the whole. Readings, times and comments go with both.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from models import frames

CRITERIA = 6
"""Criteria of a slot: four 合格 and two 优秀."""

_WORDS = (
    "目标",
    "活动",
    "学情",
    "技术",
    "评价",
    "课堂",
    "小组",
    "任务",
    "反思",
    "数据",
    "资源",
    "过程",
)
_ENDS = (
    "写得清楚",
    "还不具体",
    "与证据对得上",
    "缺少实例",
    "值得推广",
    "需要补充",
    "衔接自然",
    "略显单薄",
)
_PASTED = "证据齐全，符合要求，同意通过，请继续努力保持。"


@dataclass(frozen=True)
class County:
    """How large a county is, and who was planted with what (rater → code)."""

    schools: int = 8
    panels: tuple[int, ...] = (3, 4, 5, 6, 7, 8, 9, 6)
    reads_each: int = 120
    away_share: float = 0.4
    seeds: int = 12
    third_share: float = 0.15
    severity_sd: float = 0.1
    planted: Mapping[str, str] = field(default_factory=dict)
    strength: float = 0.75

    @property
    def school_of(self) -> dict[str, str]:
        """School of each rater."""
        return {
            f"r{school:02d}{k}": f"s{school:02d}"
            for school in range(self.schools)
            for k in range(self.panels[school % len(self.panels)])
        }


@dataclass
class _Plan:
    """Who reads what: one entry a read, pieces before seeds."""

    piece: np.ndarray
    rater: np.ndarray
    school: np.ndarray
    slot: np.ndarray
    seeds: int


Marking = Callable[[County, _Plan, list[str], np.random.Generator], np.ndarray]


def logistic_county(county: County, random_seed: int) -> pd.DataFrame:
    """Draw marks with logits; one row a mark, with round, times, comments, schools, lengths."""
    return _county(county, random_seed, _logistic)


def sorting_county(county: County, random_seed: int) -> pd.DataFrame:
    """Draw marks from kinds of pieces and ways of erring; the same columns."""
    return _county(county, random_seed, _sorted)


def _county(county: County, random_seed: int, marking: Marking) -> pd.DataFrame:
    rng = np.random.default_rng(random_seed)
    raters = sorted(county.school_of)
    plan = _plan(county, raters, rng)
    met = marking(county, plan, raters, rng)
    _click(county, plan, raters, met, rng)
    return _table(county, plan, raters, met, rng)


def _plan(county: County, raters: list[str], rng: np.random.Generator) -> _Plan:
    """Two readers a piece, of its school or (``away_share``) of the county; seeds by all."""
    home = [int(county.school_of[name][1:]) for name in raters]
    members = [np.flatnonzero(np.array(home) == school) for school in range(county.schools)]
    piece, rater, school = [], [], []
    twin = {k: raters.index(code[7:]) for k, code in _coded(county, raters, "copied:").items()}
    number = 0
    for at, own in enumerate(members):
        for _ in range(len(own) * county.reads_each // 2):
            pool = own if rng.random() >= county.away_share else np.arange(len(raters))
            readers = rng.choice(pool, 2, replace=False)
            for k, other in twin.items():  # who copies often reads beside the one copied
                if k in readers and other not in readers and rng.random() < 0.4:
                    readers = np.array([other, k])
            piece += [number, number]
            rater += readers.tolist()
            school.append(at)
            number += 1
    thirds = rng.choice(number, int(county.third_share * number), replace=False)
    for one in thirds:
        others = [k for k in range(len(raters)) if k not in (rater[2 * one], rater[2 * one + 1])]
        piece.append(int(one))
        rater.append(int(rng.choice(others)))
    everybody = np.arange(len(raters))
    piece += (number + np.repeat(np.arange(county.seeds), len(raters))).tolist()
    rater += np.tile(everybody, county.seeds).tolist()
    school += [-1] * county.seeds
    slot = rng.integers(0, 6, number + county.seeds)
    return _Plan(np.array(piece), np.array(rater), np.array(school), slot, county.seeds)


def _coded(county: County, raters: list[str], prefix: str) -> dict[int, str]:
    return {
        raters.index(name): code for name, code in county.planted.items() if code.startswith(prefix)
    }


def _is(county: County, raters: list[str], code: str) -> np.ndarray:
    return np.array([county.planted.get(name) == code for name in raters])


def _logistic(
    county: County, plan: _Plan, raters: list[str], rng: np.random.Generator
) -> np.ndarray:
    n = len(plan.slot)
    good = np.append(rng.normal(0, 0.5, county.schools), 0.0)[plan.school]
    ability = good + rng.normal(0, 1.1, n)
    difficulty = rng.normal([-1.6, -1.3, -1.0, -1.4, 0.2, 0.4], 0.5, (6, CRITERIA))
    severity = rng.normal(0, county.severity_sd, len(raters))
    severity += county.strength * _is(county, raters, "severe_rater")
    severity -= county.strength * _is(county, raters, "lenient_rater")
    halo = np.where(_is(county, raters, "halo_rater"), 2.0, 0.6)
    slope = np.where(_is(county, raters, "flat_rater"), 0.1, 1.0)
    read = slope[plan.rater] * ability[plan.piece] - severity[plan.rater]
    read += halo[plan.rater] * rng.standard_normal(len(plan.piece))
    drift = 2.0 * _is(county, raters, "drifting_rater")[plan.rater]
    read -= drift * (_order(plan) - 0.5)
    own = _home(county, raters)[plan.rater] == plan.school[plan.piece]
    read += 1.2 * (own & _is(county, raters, "own_school")[plan.rater])
    logit = read[:, None] - difficulty[plan.slot[plan.piece]]
    return (rng.random(logit.shape) < 1 / (1 + np.exp(-logit))).astype(np.int64)


def _sorted(county: County, plan: _Plan, raters: list[str], rng: np.random.Generator) -> np.ndarray:
    """Kinds of pieces fix what is there; raters overlook, are kind, or go by impression."""
    share = np.array([[0.15, 0.25, 0.1, 0.2, 0.02, 0.02], [0.8, 0.7, 0.75, 0.8, 0.25, 0.15],
                      [0.97, 0.95, 0.96, 0.97, 0.8, 0.7]])  # fmt: skip
    likely = rng.dirichlet([2, 5, 3], county.schools + 1)
    kind = np.array([rng.choice(3, p=likely[s]) for s in plan.school])
    there = (rng.random((len(kind), CRITERIA)) < share[kind])[plan.piece]
    strength = county.strength / 0.75
    overlook = np.clip(rng.uniform(0.06, 0.12, len(raters)), 0, 1)
    kindness = np.clip(rng.uniform(0.08, 0.14, len(raters)), 0, 1)
    overlook += 0.15 * strength * _is(county, raters, "severe_rater")
    kindness += 0.3 * strength * _is(county, raters, "lenient_rater")
    drift = 0.35 * _is(county, raters, "drifting_rater")[plan.rater] * _order(plan)
    own = _home(county, raters)[plan.rater] == plan.school[plan.piece]
    own &= _is(county, raters, "own_school")[plan.rater]
    miss = np.clip(overlook[plan.rater] + drift - 0.05 * own, 0, 1)[:, None]
    kind_to = np.clip(kindness[plan.rater] + 0.45 * own, 0, 1)[:, None]
    uniform = rng.random(there.shape)
    met = np.where(there, uniform >= miss, uniform < kind_to)
    guess = rng.random(there.shape) < [0.8, 0.8, 0.8, 0.8, 0.4, 0.4]
    met = np.where(_is(county, raters, "flat_rater")[plan.rater, None], guess, met)
    impression = np.where(_is(county, raters, "halo_rater"), 0.7, 0.1)[plan.rater]
    whole = rng.random(len(plan.piece)) < 0.3 + 0.5 * met.mean(axis=1)
    by_whole = rng.random(len(plan.piece)) < impression
    swayed = by_whole[:, None] & (rng.random(met.shape) < 0.8)
    return np.where(swayed, whole[:, None], met).astype(np.int64)


def _home(county: County, raters: list[str]) -> np.ndarray:
    return np.array([int(county.school_of[name][1:]) for name in raters])


def _order(plan: _Plan) -> np.ndarray:
    """Place of each read among those of its rater, 0 to 1, as reads come."""
    at = pd.Series(plan.rater).groupby(plan.rater).cumcount().to_numpy()
    return at / np.maximum(np.bincount(plan.rater)[plan.rater] - 1, 1)


def _click(
    county: County, plan: _Plan, raters: list[str], met: np.ndarray, rng: np.random.Generator
) -> None:
    """Planted ways of marking that have nothing to do with the piece."""
    clicked = rng.random(len(plan.piece))
    of = {code: _is(county, raters, code)[plan.rater] for code in set(county.planted.values())}
    none = np.zeros(len(plan.piece), dtype=bool)
    met[of.get("all_met_reads", none) & (clicked < 0.5)] = 1
    met[of.get("none_met_reads", none) & (clicked < 0.3)] = 0
    met[of.get("just_pass_reads", none) & (clicked < 0.4)] = [1, 1, 1, 1, 0, 0]
    random = of.get("erratic_rater", none)[:, None] & (rng.random(met.shape) < 0.5)
    met[random] = rng.integers(0, 2, int(random.sum()))
    for k, code in _coded(county, raters, "copied:").items():
        row = {(p, r): i for i, (p, r) in enumerate(zip(plan.piece, plan.rater, strict=True))}
        for i in np.flatnonzero(plan.rater == k):
            beside = row.get((plan.piece[i], raters.index(code[7:])))
            if beside is not None and rng.random() < 0.9:
                met[i] = met[beside]


def _table(
    county: County, plan: _Plan, raters: list[str], met: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    pieces = len(plan.slot)
    length = rng.lognormal(7.5, 0.5, pieces)
    pace = rng.normal(0, 0.2, len(raters)) - 1.2 * _is(county, raters, "fast_rater")
    seconds = (
        0.25
        * length[plan.piece] ** 0.9
        * np.exp(pace[plan.rater] + rng.normal(0, 0.5, len(plan.piece)))
    )
    opened = pd.Timestamp("2026-11-02T01:00:00Z") + pd.to_timedelta(
        np.arange(len(plan.piece)) * 60.0, unit="s"
    )
    pasted = _is(county, raters, "pasted_comments")[plan.rater]
    said = [
        _PASTED
        if one and rng.random() < 0.85
        else "，".join(f"{rng.choice(_WORDS)}{rng.choice(_ENDS)}" for _ in range(3))
        for one in pasted
    ]
    seed = plan.piece >= pieces - plan.seeds
    third = pd.Series(plan.piece).groupby(plan.piece).cumcount().to_numpy() > 1
    named = np.array([f"p{n:05d}" for n in range(pieces)])
    schools = np.array([f"s{n:02d}" for n in range(county.schools)] + [""])
    read = np.repeat(np.arange(len(plan.piece)), CRITERIA)
    kinds = ["P1", "P2", "P3", "P4", "E1", "E2"]
    names = np.array([[f"A{slot + 1}-1.{kind}" for kind in kinds] for slot in range(6)])
    frame = pd.DataFrame(
        {
            frames.PIECE: named[plan.piece],
            frames.RATER: np.array(raters)[plan.rater],
            frames.ROUND: np.where(seed, "seed", np.where(third, "third", "blind")),
            frames.SCHOOL: schools[plan.school[plan.piece]],
            frames.OPENED_AT: opened,
            frames.SUBMITTED_AT: opened + pd.to_timedelta(seconds, unit="s"),
            frames.COMMENT: said,
            "chars": length[plan.piece].round(),
        }
    ).iloc[read]
    frame[frames.CRITERION] = names[plan.slot[plan.piece]].ravel()
    frame[frames.MET] = met.ravel()
    return frame.reset_index(drop=True)
