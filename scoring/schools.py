"""Schools beside the county: rates, re-reads, the gate, and what an inflated rate is made of.

A school's rate is high because its teachers are good, because its readers are
lenient with everybody, or because they are lenient at home. The county's
re-reads of a probability sample tell quality from the rest; common seed pieces
tell leniency from favour; without seeds the two stay one term. Nothing here
changes a level, and nothing ranks schools.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, replace
from math import sqrt

import numpy as np
import pandas as pd

from models.frames import CRITERION, PIECE, RATER, SCHOOL
from scoring.discovery import Finding
from scoring.errors import ScoringError
from scoring.school_departures import Middle, Rule, Score, departures
from scoring.school_funnels import Funnel, funnel_findings, funnel_of
from scoring.school_gate import FEWEST_COUNTY_READS, bunching, next_to_gate
from scoring.school_inspectors import by_inspector
from scoring.school_likelihood import favour_of_schools
from scoring.school_reads import (
    EXCELLENT,
    MET_SHARE,
    PASS,
    RANK,
    UNMET,
    checked_met,
)
from scoring.school_seeds import OwnMarks, leniency_of_schools, pushed, seed_marks
from scoring.school_table import BLIND, COUNTY, SEED, Departure, SchoolTable
from scoring.tables import FloatArray, IntArray

RATES: Mapping[str, int] = {"pass": PASS, "excellent": EXCELLENT}


@dataclass(frozen=True)
class Rules:
    """Thresholds by code of flag; the policy pack has value, unit and source of each."""

    by_code: Mapping[str, Rule]

    def __getitem__(self, code: str) -> Rule:
        return self.by_code[code]


@dataclass(frozen=True)
class Part:
    """One term of a split, a share of pieces; None where the data are too few."""

    value: float | None
    se: float | None


@dataclass(frozen=True)
class Split:
    """Why a school's rate of one level lies where it does beside the county's.

    ``rate`` is of single blind reads. ``above`` is what is split: quality +
    leniency + favour + rest. ``gap`` is leniency and favour together (reads of the
    school above the county's on the same pieces, beyond what is usual); where
    seeds are too few ``leniency`` and ``favour`` are unknown and only it stands.
    ``rest`` is what the sample of re-reads happened to be.
    """

    school: str
    rate_of: str
    rate: float
    above: float
    quality: Part
    gap: Part
    leniency: Part
    favour: Part
    rest: Part
    rereads: int
    seed_reads: int


@dataclass(frozen=True)
class SchoolReport:
    """Everything found of schools: tests, splits, funnels by rate, the middles by code."""

    schools: tuple[str, ...]
    findings: tuple[Finding, ...]
    splits: tuple[Split, ...]
    funnels: Mapping[str, Funnel]
    rates: Mapping[str, FloatArray]
    pieces: IntArray
    middles: Mapping[str, Middle]


def school_report(
    marks: pd.DataFrame,
    pieces: pd.DataFrame,
    ranks: pd.Series,
    excellent: Collection[str],
    rules: Rules,
) -> SchoolReport:
    """Compare the schools of a county.

    Parameters
    ----------
    marks : DataFrame, one row a mark
        Columns ``piece_id``, ``criterion_id``, ``rater_id``, ``round``, ``met``; rounds
        ``blind`` (the school's own readers), ``county`` (re-reads) and ``seed``. Other
        rounds are left out: a third read comes where two disagree.
    pieces : DataFrame, one row a piece of a school
        Columns ``piece_id``, ``school_id``, ``teacher_id`` and ``sampled``: True where
        the county drew the piece by chance, so that its re-read speaks for the school.
    ranks : Series by piece, 0 to 2
        Levels as they were decided; pieces without one are left out of the rates.
    excellent : the 优秀 criteria; all others are 合格 criteria
    rules : thresholds of the flags of schools

    Returns
    -------
    SchoolReport
        Findings ``pass_rate_apart``, ``excellent_rate_apart`` (either way, shares of
        pieces), ``above_county``, ``lenient_school``, ``home_favour`` (upwards; in
        levels a piece: .2 is one level on a fifth of the pieces) and
        ``bunched_at_gate`` (upwards, share of the pieces next to the gate).

    Raises
    ------
    ScoringError
        If no piece has a school, or marks cannot be read.
    """
    if pieces.empty:
        raise ScoringError(
            "schools: no piece has a school. Name the school of each piece.",
            key="schools.no_pieces",
        )
    table = SchoolTable(marks, pieces, ranks, excellent)
    funnels, rates, n = {}, {}, np.zeros(len(table.schools), dtype=np.int64)
    findings: list[Finding] = []
    gap = _gap(table)
    again = gap.n >= rules["above_county"].minimum
    for name, rank in RATES.items():
        code = f"{name}_rate_apart"
        funnels[name], rates[name], n = funnel_of(
            (table.decided >= rank).astype(np.float64),
            table.decided_school,
            table.decided_person,
            len(table.schools),
        )
        findings += funnel_findings(
            code, table.schools, funnels[name], rates[name], n, rules[code], again.tolist()
        )
    leniency = _leniency(table)
    gap, favour = _in_logits(table, gap, leniency, rules)
    middles = {}
    for code, each in (
        ("above_county", gap),
        ("bunched_at_gate", _bunching(table)),
        ("lenient_school", leniency),
        ("home_favour", favour),
    ):
        found, middles[code] = departures(
            code, table.schools, each.effect, each.se, each.n, rules[code], each.score
        )
        findings += found
    splits = _splits(table, gap, leniency, rules)
    return SchoolReport(table.schools, tuple(findings), tuple(splits), funnels, rates, n, middles)


def _gap(table: SchoolTable) -> Departure:
    """Levels of the school's reads above the county's, on pieces drawn by chance.

    The test's score is levels and share of criteria met, each in its own spread: a
    shift of all marks is seen best by the second, lifting at a gate by the first.
    """
    each = {
        name: _on_sample(table, table.blind, rank) - _on_sample(table, table.county, rank)
        for name, rank in RATES.items()
    }
    by_rate = {}
    for name, value in each.items():
        mean, variance, _ = table.by_school(value)
        by_rate[name] = (mean, np.sqrt(variance))
    levels: FloatArray = np.sum(list(each.values()), axis=0)
    shares = _share_on_sample(table, table.blind) - _share_on_sample(table, table.county)
    mean, variance, n = table.by_school(levels)
    both = levels / _spread_of(levels) + shares / _spread_of(shares)
    score, score_variance, _ = table.by_school(both)
    return Departure(mean, np.sqrt(variance), n, by_rate, (score, np.sqrt(score_variance)))


def _spread_of(value: FloatArray) -> float:
    """Standard deviation of what is known; 1 where nothing varies."""
    known = value[np.isfinite(value)]
    spread = float(known.std()) if len(known) else 0.0
    return spread or 1.0


def _share_on_sample(table: SchoolTable, reads: pd.DataFrame) -> FloatArray:
    """Share of criteria met, mean over the reads of each piece drawn by chance."""
    return np.where(table.sampled, table.means(reads, reads[MET_SHARE].to_numpy()), np.nan)


def _on_sample(table: SchoolTable, reads: pd.DataFrame, rank: int) -> FloatArray:
    """Share of the reads of each piece drawn by chance that reached a level."""
    reached = (reads[RANK].to_numpy() >= rank).astype(np.float64)
    return np.where(table.sampled, table.means(reads, reached), np.nan)


def _bunching(table: SchoolTable) -> Departure:
    size = len(table.schools)
    piece = table.blind["piece"].to_numpy()
    weight = 1 / np.bincount(piece, minlength=len(table.pieces))[piece] if len(piece) else piece
    counts = next_to_gate(
        table.blind[UNMET].to_numpy(), table.school[piece], np.asarray(weight, float), size
    )
    county = np.bincount(np.minimum(table.county[UNMET].to_numpy(), 2), minlength=3)
    enough = len(table.county) >= FEWEST_COUNTY_READS
    reference = (county if enough else counts.sum(axis=0)).astype(np.float64) + 0.5
    excess, se = bunching(counts, reference)
    return Departure(excess, se, np.round(counts[:, 0] + counts[:, 1]).astype(np.int64))


def _leniency(table: SchoolTable) -> Departure:
    """Leniency on seeds, as levels a piece and by rate; unknown where nobody read a seed."""
    size = len(table.schools)
    unknown = np.full(size, np.nan)
    seeds = table.marks[table.round == SEED]
    if seeds.empty or table.blind.empty:
        none = dict.fromkeys(RATES, (unknown, unknown))
        return Departure(unknown, unknown, np.zeros(size, dtype=np.int64), none)
    codes = seed_marks(seeds, (PIECE, CRITERION, RATER), checked_met(seeds))
    rater = pd.Index(codes.raters).get_indexer(pd.Index(table.blind[RATER]))
    known = rater >= 0
    weights = np.zeros((size, len(codes.raters)))
    np.add.at(weights, (table.school[table.blind["piece"].to_numpy()[known]], rater[known]), 1.0)
    found = leniency_of_schools(codes, weights)
    middle = found.value - float(np.nanmedian(found.value))
    own, is_excellent = _own_marks(table)
    by_rate = {}
    for name, rank in RATES.items():
        rates = _read_rates(table, rank)
        asks = np.ones(len(is_excellent), dtype=bool) if rank == EXCELLENT else ~is_excellent
        if rank == EXCELLENT and not is_excellent.any():
            by_rate[name] = (np.zeros(size), np.zeros(size))
            continue
        value = pushed(own, asks, rates, middle, size)
        ahead = pushed(own, asks, rates, middle + 0.5 * found.se, size)
        behind = pushed(own, asks, rates, middle - 0.5 * found.se, size)
        by_rate[name] = (value, np.abs(ahead - behind))
    effect = sum(value for value, _ in by_rate.values())
    error = sum(se for _, se in by_rate.values())  # one leniency moves both gates
    return Departure(
        np.asarray(effect),
        np.asarray(error),
        found.reads,
        by_rate,
        (middle, np.hypot(found.se, found.of_readers)),
        found.of_readers,
        (found.value, found.se),
    )


def _in_logits(
    table: SchoolTable, gap: Departure, leniency: Departure, rules: Rules
) -> tuple[Departure, Departure]:
    """Difference to the county, and what of it is favour for the own school.

    People are told levels; the tests are made in logits, where a ceiling hides less (see
    ``school_likelihood``). Where the likelihood says nothing, because marks are too
    plain or nothing was read twice, levels and shares make the test.
    """
    known = leniency.n >= rules["lenient_school"].minimum
    beyond = np.where(known, gap.effect - leniency.effect, np.nan)
    favour = Departure(beyond, np.sqrt(gap.se**2 + leniency.se**2), gap.n)
    enough = gap.n >= rules["above_county"].minimum
    if not enough.any():
        return gap, favour
    unknown = np.full(len(table.schools), np.nan)
    lenient, lenient_se = leniency.in_logits or (unknown, unknown)
    shift, own = favour_of_schools(_at_home(table), lenient, lenient_se)
    share = _inspected(table)
    plain = gap.score or (gap.effect, gap.se)
    gap = replace(gap, score=_without_inspectors(plain, share))
    if np.isfinite(shift.value[enough]).all():
        stray = 0.0 if leniency.of_readers is None else leniency.of_readers
        value, se = _without_inspectors((shift.value, shift.se), share)
        gap = replace(gap, score=(value, np.hypot(se, stray)))
    told = known & enough
    if told.any() and np.isfinite(own.value[told]).all():
        in_logits = _without_inspectors((np.where(told, own.value, np.nan), own.se), share)
        favour = replace(favour, score=in_logits)
    return gap, favour


def _without_inspectors(score: Score, share: FloatArray) -> Score:
    """A score less what of it is who of the county read the school again."""
    value, se = score
    part, error = by_inspector(value, se, share)
    return value - part, np.hypot(se, error)


def _inspected(table: SchoolTable) -> FloatArray:
    """Schools × readers of the county, the part of a school's re-reads each did."""
    piece = table.county["piece"].to_numpy()
    drawn = table.sampled[piece] if len(piece) else np.zeros(0, dtype=bool)
    reader, names = pd.factorize(table.county[RATER].astype(str)[drawn])
    counts = np.zeros((len(table.schools), max(len(names), 1)))
    np.add.at(counts, (table.school[piece[drawn]], reader), 1.0)
    found: FloatArray = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    return found


def _at_home(table: SchoolTable) -> pd.DataFrame:
    """Marks of the schools' readers, and the county's on pieces drawn by chance."""
    place = table.pieces.get_indexer(pd.Index(table.marks[PIECE].astype(str)))
    kept = np.isin(table.round, (BLIND, COUNTY)) & (place >= 0)
    kept[kept] = table.sampled[place[kept]] | (table.round[kept] == BLIND)
    school, home = table.school[place[kept]], table.round[kept] == BLIND
    own: pd.DataFrame = table.marks[kept].assign(**{SCHOOL: school, "home": home})
    return own


def _own_marks(table: SchoolTable) -> tuple[OwnMarks, np.ndarray]:
    marks = table.marks[table.round == BLIND]
    place = table.pieces.get_indexer(pd.Index(marks[PIECE].astype(str)))
    met = checked_met(marks)[place >= 0]
    criterion, names = pd.factorize(marks[CRITERION].astype(str)[place >= 0])
    key = place[place >= 0] * max(len(names), 1) + criterion
    cells, cell = np.unique(key, return_inverse=True)
    of_criterion = cells % max(len(names), 1)
    own = OwnMarks(
        cells // max(len(names), 1),
        of_criterion,
        np.bincount(cell, met, len(cells)).astype(np.float64),
        np.bincount(cell, minlength=len(cells)).astype(np.float64),
        table.school,
    )
    return own, np.asarray(names.isin(list(table.excellent)))[of_criterion]


def _read_rates(table: SchoolTable, rank: int) -> FloatArray:
    """Share of blind reads of each school that reached a level, every piece counting alike."""
    reached = (table.blind[RANK].to_numpy() >= rank).astype(np.float64)
    mean, _, _ = table.by_school(table.means(table.blind, reached))
    return mean


def _splits(table: SchoolTable, gap: Departure, leniency: Departure, rules: Rules) -> list[Split]:
    found = []
    enough = gap.n >= rules["above_county"].minimum
    seeds = enough & (leniency.n >= rules["lenient_school"].minimum)
    for name, rank in RATES.items():
        reached = (table.blind[RANK].to_numpy() >= rank).astype(np.float64)
        rate, spread, n = table.by_school(table.means(table.blind, reached))
        own, _, _ = table.by_school(_on_sample(table, table.blind, rank))
        county, variance, _ = table.by_school(_on_sample(table, table.county, rank))
        usual = float(np.median(county[enough])) if enough.any() else np.nan
        apart, error = (gap.by_rate or {})[name]
        middle = float(np.median(apart[enough])) if enough.any() else np.nan
        lenient, lenient_se = (leniency.by_rate or {})[name]
        whole = usual + middle
        for k, school in enumerate(table.schools):
            if not n[k]:
                continue
            quality, above = county[k] - usual, rate[k] - whole
            together = apart[k] - middle
            drawn = sqrt(max(0.0, spread[k] * n[k] * (1 / max(gap.n[k], 1) - 1 / n[k])))
            favour = together - lenient[k]
            favour_se = sqrt(error[k] ** 2 + lenient_se[k] ** 2)
            found.append(
                Split(
                    school, name, float(rate[k]),
                    float(above) if enough[k] else float("nan"),
                    _part(quality, sqrt(variance[k]), enough[k]),
                    _part(together, error[k], enough[k]),
                    _part(lenient[k], lenient_se[k], seeds[k]),
                    _part(favour, favour_se, seeds[k]),
                    _part(rate[k] - own[k], drawn, enough[k]),
                    int(gap.n[k]), int(leniency.n[k]),
                )
            )  # fmt: skip
    return found


def _part(value: float, se: float, known: bool) -> Part:
    return Part(float(value), float(se)) if known and np.isfinite(value) else Part(None, None)
