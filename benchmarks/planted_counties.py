"""Invented counties whose raters have known habits: who reads what, when, and what is written.

How marks come about is in ``planted_marking``, in four ways that share nothing.
Counties differ in size of panels, rubric, readers a piece, overlap and seeds;
`varied` deals them out by number.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd

from benchmarks.planted_marking import WORLDS, Crew
from models import frames

KINDS = (
    "severe_rater", "lenient_rater", "erratic_rater", "fast_rater", "pasted_comments", "copied",
    "all_met_reads", "none_met_reads", "just_pass_reads", "flat_rater", "halo_rater",
    "own_school", "own_department", "drifting_rater",
)  # fmt: skip

_WORDS = "目标 活动 学情 技术 评价 课堂 小组 任务 反思 数据 资源 过程".split()
_ENDS = "写得清楚 还不具体 与证据对得上 缺少实例 值得推广 需要补充 衔接自然 略显单薄".split()
_PASTED = "证据齐全，符合要求，同意通过，请继续努力保持。"
_BEGUN = pd.Timestamp("2026-11-02T01:00:00Z")
_BEHIND = 4.0  # minutes after the one copied


@dataclass(frozen=True)
class County:
    """How large a county is, and who was planted with what (rater → code).

    ``lower`` and ``upper`` are the 合格 and 优秀 criteria of a slot, ``ease`` moves how
    many of them are met (logits), ``readers`` read each piece, ``away_share`` of pieces
    are read by anybody of the county, ``groups`` are the departments of a school.
    ``copied:R`` is who copies from R; ``strength`` is of severity and lenience, logits.
    """

    schools: int = 8
    panels: tuple[int, ...] = (3, 4, 5, 6, 7, 8, 9, 6)
    reads_each: int = 120
    away_share: float = 0.4
    seeds: int = 12
    third_share: float = 0.15
    severity_sd: float = 0.1
    planted: Mapping[str, str] = field(default_factory=dict)
    strength: float = 0.75
    slots: int = 6
    lower: int = 4
    upper: int = 2
    ease: float = 0.0
    readers: int = 2
    groups: int = 2

    @property
    def school_of(self) -> dict[str, str]:
        """School of each rater."""
        return {
            f"r{school:02d}{k}": f"s{school:02d}"
            for school in range(self.schools)
            for k in range(self.panels[school % len(self.panels)])
        }

    @property
    def group_of(self) -> dict[str, str]:
        """Department of each rater."""
        return {name: f"g{int(name[3:]) % self.groups}" for name in self.school_of}


@dataclass
class Plan:
    """Who reads what, in the order it is read: one entry a read; seeds are the last pieces."""

    piece: np.ndarray
    rater: np.ndarray
    third: np.ndarray
    at: np.ndarray
    school: np.ndarray
    group: np.ndarray
    slot: np.ndarray


def varied(number: int) -> County:
    """County of this number: no two near each other have panels, rubric and density alike."""
    panels = ((3, 4, 5, 6, 7, 8, 9, 6), (9, 9, 8, 7, 8, 7), (5, 6, 7, 4, 9, 8, 3, 6))
    return County(
        schools=(8, 6, 8)[number % 3],
        panels=panels[number % 3],
        reads_each=(110, 140, 120, 160)[number % 4],
        away_share=(0.4, 0.6, 0.3)[number // 2 % 3],
        seeds=(12, 20, 10)[number // 3 % 3],
        third_share=(0.15, 0.3)[number % 2],
        severity_sd=(0.1, 0.05, 0.15)[number // 4 % 3],
        slots=(6, 4, 9)[number // 2 % 3],
        lower=(4, 5, 3, 6)[number % 4],
        upper=(2, 1, 3)[number // 2 % 3],
        ease=(0.0, 0.4, -0.4)[number // 3 % 3],
        readers=(2, 2, 3)[number // 5 % 3],
        groups=(2, 3)[number % 2],
    )


def planted(county: County, kinds: tuple[str, ...], random_seed: int) -> County:
    """Give each of these kinds to a rater of its own; who copies is of the school of the copied."""
    rng = np.random.default_rng(random_seed)
    homes = county.school_of
    free = [str(name) for name in rng.permutation(sorted(homes))]
    made: dict[str, str] = {}
    for kind in kinds:
        one = free.pop()
        if kind == "copied":
            beside = [name for name in free if homes[name] == homes[one]]
            other = (beside or free)[0]
            free.remove(other)
            made[one] = f"copied:{other}"
        else:
            made[one] = kind
    return replace(county, planted=made)


def logistic_county(county: County, random_seed: int) -> pd.DataFrame:
    """Draw marks with logits; one row a mark, with round, times, comments, schools, lengths."""
    return county_of("logistic", county, random_seed)


def sorting_county(county: County, random_seed: int) -> pd.DataFrame:
    """Draw marks from kinds of pieces and ways of erring; the same columns."""
    return county_of("sorting", county, random_seed)


def county_of(world: str, county: County, random_seed: int) -> pd.DataFrame:
    """Draw a county in one of the `WORLDS`."""
    rng = np.random.default_rng(random_seed)
    plan, crew = county_plan(county, rng)
    met = WORLDS[world](crew, rng)
    _click(county, plan, crew, met, rng)
    return _table(county, plan, sorted(county.school_of), met, rng)


def county_plan(county: County, rng: np.random.Generator) -> tuple[Plan, Crew]:
    """Draw who reads what; the same random numbers draw the marks next."""
    raters = sorted(county.school_of)
    plan = _plan(county, raters, rng)
    return plan, _crew(county, raters, plan)


def _plan(county: County, raters: list[str], rng: np.random.Generator) -> Plan:
    """Readers of a piece are of its school or (``away_share``) of the county; seeds go to all."""
    home = _home(county, raters)
    members = [np.flatnonzero(home == school) for school in range(county.schools)]
    piece, rater, school = [], [], []
    twin = {k: raters.index(code[7:]) for k, code in _copiers(county, raters).items()}
    number = 0
    for at, own in enumerate(members):
        k = min(county.readers, len(own))
        for _ in range(len(own) * county.reads_each // county.readers):
            pool = own if rng.random() >= county.away_share else np.arange(len(raters))
            readers = list(rng.choice(pool, k, replace=False))
            for one, other in twin.items():  # who copies often reads beside the one copied
                if one in readers and other not in readers and rng.random() < 0.4:
                    readers = [other, one, *[r for r in readers if r != one][: k - 2]]
            piece += [number] * len(readers)
            rater += readers
            school.append(at)
            number += 1
    first = len(piece)
    read_by = pd.Series(rater).groupby(piece).agg(set)
    for one in rng.choice(number, int(county.third_share * number), replace=False):
        others = [k for k in range(len(raters)) if k not in read_by[one]]
        piece.append(int(one))
        rater.append(int(rng.choice(others)))
    last = len(piece)
    piece += (number + np.repeat(np.arange(county.seeds), len(raters))).tolist()
    rater += np.tile(np.arange(len(raters)), county.seeds).tolist()
    third = np.zeros(len(piece), dtype=bool)
    third[first:last] = True
    pieces = number + county.seeds
    return Plan(
        np.array(piece), np.array(rater), third,
        _order(np.array(rater), third, rng), np.array(school + [-1] * county.seeds),
        rng.integers(0, county.groups, pieces), rng.integers(0, county.slots, pieces),
    )  # fmt: skip


def _order(rater: np.ndarray, third: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Place of each read among those of its rater, 0 to 1: by chance, third reads last."""
    key = rng.random(len(rater)) + third
    rank = pd.Series(key).groupby(rater).rank().to_numpy()
    return (rank - 1) / np.maximum(np.bincount(rater)[rater] - 1, 1)


def _crew(county: County, raters: list[str], plan: Plan) -> Crew:
    home = _home(county, raters)[plan.rater] == plan.school[plan.piece]
    group = np.array([int(county.group_of[name][1:]) for name in raters])[plan.rater]
    return Crew(
        np.array([county.planted.get(name, "").partition(":")[0] for name in raters]),
        plan.piece, plan.rater, plan.at, home, home & (group == plan.group[plan.piece]),
        plan.school, plan.slot, county.schools, county.slots, county.lower, county.upper,
        county.ease, county.severity_sd, county.strength,
    )  # fmt: skip


def _copiers(county: County, raters: list[str]) -> dict[int, str]:
    return {
        raters.index(name): code
        for name, code in county.planted.items()
        if code.startswith("copied:")
    }


def _home(county: County, raters: list[str]) -> np.ndarray:
    return np.array([int(county.school_of[name][1:]) for name in raters])


def _click(
    county: County, plan: Plan, crew: Crew, met: np.ndarray, rng: np.random.Generator
) -> None:
    """Planted ways of marking that have nothing to do with the piece."""
    clicked = rng.random(len(plan.piece))
    met[crew.own("all_met_reads") & (clicked < 0.5)] = 1
    met[crew.own("none_met_reads") & (clicked < 0.3)] = 0
    just = [1] * county.lower + [0] * county.upper
    met[crew.own("just_pass_reads") & (clicked < 0.4)] = just
    random = crew.own("erratic_rater")[:, None] & (rng.random(met.shape) < 0.5)
    met[random] = rng.integers(0, 2, int(random.sum()))
    for i, beside in _copied(county, plan):
        if rng.random() < 0.9:
            met[i] = met[beside]


def _copied(county: County, plan: Plan) -> list[tuple[int, int]]:
    """Reads of who copies beside the read that could be copied."""
    raters = sorted(county.school_of)
    row = {(p, r): i for i, (p, r) in enumerate(zip(plan.piece, plan.rater, strict=True))}
    return [
        (int(i), row[plan.piece[i], raters.index(code[7:])])
        for k, code in _copiers(county, raters).items()
        for i in np.flatnonzero(plan.rater == k)
        if (plan.piece[i], raters.index(code[7:])) in row
    ]


def _table(
    county: County, plan: Plan, raters: list[str], met: np.ndarray, rng: np.random.Generator
) -> pd.DataFrame:
    pieces, reads = len(plan.slot), len(plan.piece)
    is_kind = np.array([county.planted.get(name, "") for name in raters])[plan.rater]
    length = rng.lognormal(7.5, 0.5, pieces)
    pace = rng.normal(0, 0.2, len(raters))[plan.rater] - 1.2 * (is_kind == "fast_rater")
    effort = np.exp(pace + rng.normal(0, 0.5, reads))
    submitted = _submitted(plan, len(raters), rng)
    said = np.array([_said(kind == "pasted_comments", rng) for kind in is_kind], dtype=object)
    for i, beside in _copied(county, plan):
        submitted[i] = submitted[beside] + _BEHIND * rng.lognormal(0, 0.5)
        said[i] = said[beside] if rng.random() < 0.5 else said[i]
    seconds = 0.25 * length[plan.piece] ** 0.9 * effort
    seed = plan.piece >= pieces - county.seeds
    kinds = [f"P{k + 1}" for k in range(county.lower)] + [f"E{k + 1}" for k in range(county.upper)]
    names = np.array([[f"A{slot + 1}-1.{kind}" for kind in kinds] for slot in range(county.slots)])
    schools = np.array([f"s{n:02d}" for n in range(county.schools)] + [""])
    frame = pd.DataFrame(
        {
            frames.PIECE: np.array([f"p{n:05d}" for n in range(pieces)])[plan.piece],
            frames.RATER: np.array(raters)[plan.rater],
            frames.ROUND: np.where(seed, "seed", np.where(plan.third, "third", "blind")),
            frames.SCHOOL: schools[plan.school[plan.piece]],
            frames.DEPARTMENT: [f"g{n}" for n in plan.group[plan.piece]],
            frames.OPENED_AT: _BEGUN + pd.to_timedelta(submitted * 60 - seconds, unit="s"),
            frames.SUBMITTED_AT: _BEGUN + pd.to_timedelta(submitted * 60, unit="s"),
            frames.COMMENT: said,
            "chars": length[plan.piece].round(),
        }
    ).iloc[np.repeat(np.arange(reads), len(kinds))]
    frame[frames.CRITERION] = names[plan.slot[plan.piece]].ravel()
    frame[frames.MET] = met.ravel()
    return frame.reset_index(drop=True)


def _submitted(plan: Plan, raters: int, rng: np.random.Generator) -> np.ndarray:
    """Minutes of a fortnight: every rater begins on a day of the own and keeps to the own order."""
    start = rng.uniform(0, 4 * 24 * 60, raters)[plan.rater]
    found: np.ndarray = start + plan.at * 10 * 24 * 60
    return found


def _said(pasted: bool, rng: np.random.Generator) -> str:
    if pasted and rng.random() < 0.85:
        return _PASTED
    return "，".join(f"{rng.choice(_WORDS)}{rng.choice(_ENDS)}" for _ in range(3))
