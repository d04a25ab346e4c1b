"""Raters with a habit planted among wide scores: how many are found, and how quiet clean counties are.

``python -m benchmarks.planted_scores`` plants one rater of every kind in each of
12 invented counties and looks at 12 clean ones. Scores are whole numbers from 0 to
5 on four criteria; honest readers differ by a tenth of a point, see a piece with an
error common to all criteria and one of each, and read two fifths of their pieces
in their own school.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

import numpy as np
import pandas as pd

from benchmarks.effects import sought, thresholds
from models.frames import COMMENT, PIECE, RATER
from scoring.discovery import Finding
from scoring.effects.alongside import PLACE
from scoring.effects.habits import LENGTH, SECONDS
from scoring.effects.of_marks import OWN_SCHOOL
from scoring.effects.of_scores import SCORE, effects_of_scores
from scoring.effects.round_of_marks import Circumstances

KINDS = (
    "severe_rater", "lenient_rater", "erratic_rater", "central_rater", "halo_rater",
    "straight_rater", "fast_rater", "pasted_comments", "own_school", "drifting_rater", "copied",
)  # fmt: skip
COUNTIES = 12
FIRST_CLEAN = 5_000

_CRITERIA, _TOP = 4, 5
_COLUMNS = [f"{SCORE}c{k}" for k in range(_CRITERIA)]
_SEVERITY_SD, _READ_SD, _CRITERION_SD = 0.1, 0.32, 0.32
_ONE_SENTENCE = "整体设计规范，技术使用得当，学生参与积极，建议丰富评价方式。"
_SAID = (
    "目标清楚", "环节紧凑", "技术恰当", "反思具体", "评价单一", "缺少反馈", "案例真实",
    "时间偏紧", "证据充分", "表达清楚", "来源未注明", "图表清晰", "互动不足", "任务分层",
)  # fmt: skip


@dataclass(frozen=True)
class ScoreCounty:
    """Readers, how much they read, and who has which habit (``copied:r007`` copies r007)."""

    raters: int = 60
    schools: int = 12
    readers: int = 3
    reads_each: int = 90
    at_home: float = 0.4
    planted: Mapping[str, str] = field(default_factory=dict)


def planted_among(county: ScoreCounty, random_seed: int) -> ScoreCounty:
    """Return the county with one rater of every kind."""
    names = np.random.default_rng(random_seed).permutation(_names(county))
    codes = dict(zip(map(str, names), KINDS, strict=False))
    copier = str(names[KINDS.index("copied")])
    codes[copier] = f"copied:{names[len(KINDS)]}"
    return ScoreCounty(planted=codes)


def scores_of(county: ScoreCounty, random_seed: int) -> pd.DataFrame:
    """One row a read: scores, when and how long, what it was about, the comment."""
    rng = np.random.default_rng(random_seed)
    names = _names(county)
    pieces = county.raters * county.reads_each // county.readers
    home = rng.integers(0, county.schools, pieces)
    reads = _readers(county, home, rng)
    good = rng.normal(3.1, 0.7, pieces)[:, None] + rng.normal(0, 0.3, (pieces, _CRITERIA))
    severity = rng.normal(0, _SEVERITY_SD, county.raters)
    chars, pace = rng.integers(800, 5_000, pieces), rng.normal(0, 0.2, county.raters)
    rows = []
    for k, name in enumerate(names):
        habit = county.planted.get(name, "")
        own = rng.permutation(np.flatnonzero((reads == k).any(axis=1)))
        seen = good[own] - severity[k] + rng.normal(0, _READ_SD, (len(own), 1))
        seen = seen + rng.normal(0, _CRITERION_SD, seen.shape)
        at_home = home[own] == k % county.schools
        given = np.clip(np.rint(_with(habit, seen, at_home, rng)), 0, _TOP)
        seconds = chars[own] / 9 * np.exp(pace[k] + rng.normal(0, 0.4, len(own)))
        seconds = seconds * (0.25 if habit == "fast_rater" else 1.0)
        minutes = np.cumsum(seconds) / 60 + rng.integers(0, 20_000)
        rows.append(
            pd.DataFrame(
                {
                    PIECE: own,
                    RATER: name,
                    **dict(zip(_COLUMNS, given.T, strict=True)),
                    PLACE: pd.Timestamp("2026-10-08") + pd.to_timedelta(minutes, unit="min"),
                    SECONDS: seconds,
                    LENGTH: chars[own],
                    OWN_SCHOOL: at_home,
                    COMMENT: [_comment(habit, rng) for _ in own],
                }
            )
        )
    return _copied(county, pd.concat(rows, ignore_index=True), rng)


def found_among(county: ScoreCounty, random_seed: int) -> list[Finding]:
    """Test everybody for everything."""
    table = scores_of(county, random_seed)
    columns = [PIECE, RATER, *_COLUMNS]
    reads = table.drop(columns=_COLUMNS)
    return effects_of_scores(table[columns], reads, Circumstances(), thresholds(), random_seed)


def run(counties: int = COUNTIES) -> Iterator[dict[str, object]]:
    """One row a kind planted, then one of the clean counties."""
    hit: Counter[str] = Counter()
    for number in range(counties):
        county = planted_among(ScoreCounty(), number)
        flagged = {(one.code, one.ids) for one in found_among(county, number) if one.flagged}
        hit.update(
            habit.partition(":")[0]
            for name, habit in county.planted.items()
            if sought(name, habit) in flagged
        )
    for kind in KINDS:
        yield {"planted": kind, "found": hit[kind], "of": counties}
    families = [
        sorted({one.code for one in found_among(ScoreCounty(), number) if one.flagged})
        for number in range(FIRST_CLEAN, FIRST_CLEAN + counties)
    ]
    yield {"clean counties": counties, "families flagged": sum(map(len, families))}


def _names(county: ScoreCounty) -> list[str]:
    return [f"r{k:03d}" for k in range(county.raters)]


def _readers(county: ScoreCounty, home: np.ndarray, rng: np.random.Generator) -> np.ndarray:
    """Readers of each piece, the least loaded first: of its school, or of any."""
    school, load = np.arange(county.raters) % county.schools, np.zeros(county.raters)
    copiers = {
        int(name[1:]): int(habit.removeprefix("copied:r"))
        for name, habit in county.planted.items()
        if habit.startswith("copied")
    }
    reads = np.empty((len(home), county.readers), dtype=np.int64)
    for row, where in enumerate(home):
        far = (school != where) & (rng.random() < county.at_home)
        chosen = np.argsort(load + rng.random(county.raters) * 3 + far * 1e6)[: county.readers]
        for copier, other in copiers.items():  # those who copy sit together half of the time
            if copier in chosen and other not in chosen and rng.random() < 0.5:
                chosen[chosen != copier] = [other, *chosen[chosen != copier][1:]]
        load[chosen] += 1
        reads[row] = chosen
    return reads


def _with(
    habit: str, seen: np.ndarray, at_home: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """What a reader of this habit gives where an honest one would give ``seen``."""
    n, middle = len(seen), (_TOP + 1) / 2
    shifts = {"severe_rater": -0.7, "lenient_rater": 0.7}
    if habit == "erratic_rater":
        return seen + rng.normal(0, 1.1, (n, 1)) + rng.normal(0, 0.6, seen.shape)
    if habit == "central_rater":
        return np.asarray(middle + 0.3 * (seen - middle))
    if habit == "halo_rater":
        return np.asarray(seen.mean(axis=1, keepdims=True) + rng.normal(0, 0.12, seen.shape))
    if habit == "straight_rater":
        alike = rng.random((n, 1)) < 0.8
        return np.where(alike, seen.mean(axis=1, keepdims=True), seen)
    if habit == "own_school":
        return seen + 1.0 * at_home[:, None]
    if habit == "drifting_rater":
        return seen - 1.2 * (np.arange(n) / n - 0.5)[:, None]
    return seen + shifts.get(habit, 0.0)


def _comment(habit: str, rng: np.random.Generator) -> str:
    if habit == "pasted_comments" and rng.random() < 0.85:
        return _ONE_SENTENCE
    chosen = rng.choice(len(_SAID), 4, replace=False)
    return "，".join(_SAID[k] for k in chosen) + f"，见第{rng.integers(1, 30)}处"


def _copied(county: ScoreCounty, table: pd.DataFrame, rng: np.random.Generator) -> pd.DataFrame:
    """Let those who copy give the other's scores on four in five of the pieces both read."""
    for name, habit in county.planted.items():
        if habit.startswith("copied"):
            theirs = table[table[RATER] == habit.removeprefix("copied:")].set_index(PIECE)[_COLUMNS]
            own = table[(table[RATER] == name) & table[PIECE].isin(theirs.index)]
            taken = own.index[rng.random(len(own)) < 0.8]
            table.loc[taken, _COLUMNS] = theirs.loc[table.loc[taken, PIECE]].to_numpy()
    return table


if __name__ == "__main__":
    for row in run():
        print(json.dumps(row, ensure_ascii=False), flush=True)
