"""How much more a school's readers find met at home than the county does, and than they do on seeds.

One likelihood for a school's pieces, the county's re-reads of those drawn by
chance, and seeds. At home the school's reads differ from the county's by a shift
in logits; the quality of the school is free, so that being good is never taken
for being inflated. On seeds, which all schools read, the same readers show their
leniency. Home favour is the shift beyond it. Near the ceiling a shift of logits
still shows where levels and shares no longer can: of schools that favour their
own by two logits, fifteen re-reads find nine in ten, levels alone six.

Difficulties and spreads are the marks model's (``scoring.facets``). Profiles
are worked out on even grids and read between them by cubic splines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray
from scipy.interpolate import CubicSpline
from scipy.sparse import csr_matrix
from scipy.special import expit

from models.frames import CRITERION, MET, PIECE, RATER, SCHOOL, TEACHER
from scoring.errors import ScoringError
from scoring.facets.marks_coding import code_marks
from scoring.facets.marks_model import MarksModel
from scoring.facets.marks_readiness import reasons_of_marks
from scoring.tables import FloatArray, IntArray

BoolArray = NDArray[np.bool_]

SHIFTS = np.arange(-4.0, 5.01, 0.5)
"""Shifts at which profiles are worked out, logits; positive finds more met."""

_FINE = np.arange(SHIFTS[0], SHIFTS[-1] + 0.025, 0.05)
_MOST_LENIENT = 2.5  # logits, either way, of a school's readers on seeds
_QUALITY = np.arange(-4.0, 4.01, 0.5)
_ABILITY = np.arange(-7.0, 7.01, 0.25)
_SEED_SD = 2.5  # of the ability of a seed before anybody has read it
_LEAST = 1e-300
_NEAR = 0.3  # logits from the middle within which a root is not divided through


@dataclass(frozen=True)
class Shift:
    """Estimate of each school in logits, and its error as the likelihood ratio has it.

    ``value`` is NaN where nothing is known. ``se`` is the distance from the county's
    middle over the signed root of the likelihood ratio there, so that ``value`` less
    the middle over ``se`` is that root, also where a likelihood is lopsided.
    """

    value: FloatArray
    se: FloatArray


@dataclass(frozen=True)
class _Rows:
    """Distinct reads: criteria and marks, with what each read has of them."""

    hard: FloatArray
    met: BoolArray
    real: BoolArray
    row_of_read: IntArray


def favour_of_schools(
    marks: pd.DataFrame,
    seeds: pd.DataFrame,
    weights: FloatArray,
    raters: tuple[str, ...],
    schools: int,
) -> tuple[Shift, Shift]:
    """Shift of the schools' readers at home, and what of it is beyond their leniency on seeds.

    Parameters
    ----------
    marks : DataFrame, one row a mark
        On the schools' pieces: ``piece_id``, ``criterion_id``, ``rater_id``, ``met``,
        ``school_id`` (code of the school) and ``home`` (True where a reader of the school
        gave it, else the county's, of pieces drawn by chance alone).
    seeds : DataFrame, one row a mark on a seed
        ``piece_id``, ``criterion_id``, ``rater_id``, ``met``.
    weights : schools × raters, how much of the school's reading each of ``raters`` does
    schools : how many schools there are

    Returns
    -------
    gap, favour
        Unknown everywhere where the marks cannot be fitted (all alike, nothing shared).
    """
    unknown = Shift(np.full(schools, np.nan), np.full(schools, np.nan))
    model = _fitted(marks, seeds)
    if model is None:
        return unknown, unknown
    home = _home_profiles(model, marks, schools)
    of_seeds = _seed_profiles(model, seeds, weights, raters, schools)
    return _estimates(home, _FINE), _estimates(_beyond(home, of_seeds), _FINE)


def _fitted(marks: pd.DataFrame, seeds: pd.DataFrame) -> MarksModel | None:
    columns = [PIECE, CRITERION, RATER, MET]
    own = marks[columns].assign(**{TEACHER: "s" + marks[SCHOOL].astype(str)})
    both = pd.concat([own, seeds[columns].assign(**{TEACHER: None})], ignore_index=True)
    if both.empty or marks.empty:
        return None
    codes = code_marks(both)
    if any(reason.blocks for reason in reasons_of_marks(codes, 0)):
        return None
    try:
        return MarksModel(borrowing=None).fit_codes(codes)
    except (ScoringError, np.linalg.LinAlgError):  # no maximum, or a flat one
        return None


def _home_profiles(model: MarksModel, marks: pd.DataFrame, schools: int) -> FloatArray:
    """Log likelihood of each school at each of ``_FINE``, its quality at its best: schools × shifts."""
    piece, names = pd.factorize(marks[PIECE].astype(str))
    reads, rows = _rows_of(model, marks)
    at_home = reads["home"].to_numpy(dtype=bool)
    of_piece = pd.Index(names).get_indexer(pd.Index(reads[PIECE]))
    school = np.zeros(len(names), dtype=np.int64)
    school[piece] = marks[SCHOOL].to_numpy(dtype=np.int64)
    own = _gathered(of_piece[at_home], rows.row_of_read[at_home], len(names), len(rows.met))
    again = _gathered(of_piece[~at_home], rows.row_of_read[~at_home], len(names), len(rows.met))
    county = again @ np.log(_at_ability(model, rows, 0.0))
    apart = (_ABILITY[:, None] - _QUALITY) / model.piece_sd_
    prior = np.exp(-0.5 * apart**2)
    prior /= prior.sum(axis=0)
    made = np.zeros((schools, len(_QUALITY), len(SHIFTS)))
    for k, shift in enumerate(SHIFTS):
        likely = own @ np.log(_at_ability(model, rows, float(shift))) + county
        top = likely.max(axis=1, keepdims=True)
        of_quality = np.log(np.exp(likely - top) @ prior + _LEAST) + top
        np.add.at(made[:, :, k], school, of_quality)
    fine = CubicSpline(SHIFTS, made, axis=2)(_FINE)
    best: FloatArray = CubicSpline(_QUALITY, fine, axis=1)(np.linspace(-4, 4, 81)).max(axis=1)
    best[np.bincount(school, minlength=schools) == 0] = np.nan
    return best


def _seed_profiles(
    model: MarksModel,
    seeds: pd.DataFrame,
    weights: FloatArray,
    raters: tuple[str, ...],
    schools: int,
) -> FloatArray:
    """Log likelihood of each school's leniency on seeds, told from the reads of all others."""
    found = np.full((schools, len(_FINE)), np.nan)
    if seeds.empty:
        return found
    reads, rows = _rows_of(model, seeds)
    piece, names = pd.factorize(reads[PIECE])
    place = pd.Index(raters).get_indexer(pd.Index(reads[RATER]))
    tables = [np.log(_at_ability(model, rows, float(shift))) for shift in SHIFTS]
    neutral = tables[int(np.abs(SHIFTS).argmin())]
    every = _gathered(piece, rows.row_of_read, len(names), len(rows.met))
    told = every @ neutral - 0.5 * (_ABILITY / _SEED_SD) ** 2
    for school in range(schools):
        share = np.where(place >= 0, weights[school][place], 0.0)
        own = share > 0
        if not own.any():
            continue
        share = share * share.sum() / (share**2).sum()  # so many reads as these weights are worth
        row = rows.row_of_read[own]
        ours = _gathered(piece[own], row, len(names), len(rows.met))
        weighed = _gathered(piece[own], row, len(names), len(rows.met), share[own])
        others = told - ours @ neutral
        others = others - np.log(np.exp(others - others.max(axis=1, keepdims=True)).sum(
            axis=1, keepdims=True)) - others.max(axis=1, keepdims=True)  # fmt: skip
        profile = np.zeros(len(SHIFTS))
        for k, table in enumerate(tables):
            both = others + weighed @ table
            top = both.max(axis=1, keepdims=True)
            profile[k] = (np.log(np.exp(both - top).sum(axis=1)) + top[:, 0]).sum()
        found[school] = CubicSpline(SHIFTS, profile)(_FINE)
    return found


def _beyond(home: FloatArray, seeds: FloatArray) -> FloatArray:
    """Profile of the shift at home beyond leniency: each leniency at its best."""
    step = float(_FINE[1] - _FINE[0])
    made = np.full(home.shape, -np.inf)
    for lenient in np.flatnonzero(np.abs(_FINE) <= _MOST_LENIENT):
        by = round(float(_FINE[lenient]) / step)
        moved = np.full(home.shape, -np.inf)
        if by >= 0:
            moved[:, : len(_FINE) - by] = home[:, by:]
        else:
            moved[:, -by:] = home[:, :by]
        made = np.fmax(made, moved + seeds[:, [lenient]])
    made[np.isnan(home).any(axis=1) | np.isnan(seeds).any(axis=1)] = np.nan
    return made


def _estimates(profile: FloatArray, at: FloatArray) -> Shift:
    """Maximum of each profile, and its error towards the middle of all of them."""
    known = np.isfinite(profile).any(axis=1)
    value, se = np.full(len(profile), np.nan), np.full(len(profile), np.nan)
    if not known.any():
        return Shift(value, se)
    best = np.argmax(np.where(np.isfinite(profile), profile, -np.inf), axis=1)
    value[known] = at[best[known]]
    middle = float(np.median(value[known]))
    centre = int(np.abs(at - middle).argmin())
    step = float(at[1] - at[0])
    for school in np.flatnonzero(known):
        peak = int(np.clip(best[school], 2, len(at) - 3))
        bend = 2 * profile[school, peak] - profile[school, peak - 2] - profile[school, peak + 2]
        curved = 2 * step / np.sqrt(max(float(bend), 1e-6))
        away = abs(float(value[school]) - middle)
        fall = 2 * float(profile[school, best[school]] - profile[school, centre])
        rooted = away / np.sqrt(fall) if fall > 0 else np.inf
        se[school] = rooted if away > _NEAR and np.isfinite(rooted) else curved
    return Shift(value, se)


def _rows_of(model: MarksModel, marks: pd.DataFrame) -> tuple[pd.DataFrame, _Rows]:
    """Reads of some marks (piece, rater and what else stands beside), and their distinct rows."""
    criterion = pd.Index(model.criteria_).get_indexer(pd.Index(marks[CRITERION].astype(str)))
    named = marks.assign(**{PIECE: marks[PIECE].astype(str), RATER: marks[RATER].astype(str)})
    by = [PIECE, RATER] + (["home"] if "home" in marks else [])
    number = named.groupby(by, sort=False).ngroup().to_numpy()
    order = np.lexsort((criterion, number))
    number, criterion = number[order], criterion[order]
    met = named[MET].to_numpy(dtype=np.float64)[order]
    begins = np.flatnonzero(np.r_[True, np.diff(number) != 0])
    place = np.arange(len(number)) - begins[np.cumsum(np.r_[True, np.diff(number) != 0]) - 1]
    shape = (len(begins), int(place.max()) + 1)
    cells = np.full((*shape, 2), -1.0)
    cells[number, place, 0], cells[number, place, 1] = criterion, met
    distinct, row = np.unique(cells.reshape(len(begins), -1), axis=0, return_inverse=True)
    pairs = distinct.reshape(len(distinct), -1, 2)
    real = pairs[:, :, 0] >= 0
    hard = np.where(real, model.difficulty_[np.maximum(pairs[:, :, 0], 0).astype(np.int64)], 0.0)
    reads = named.drop_duplicates(by)[by].reset_index(drop=True)
    return reads, _Rows(hard, pairs[:, :, 1] > 0, real, row.ravel().astype(np.int64))


def _at_ability(model: MarksModel, rows: _Rows, shift: float) -> FloatArray:
    """Chance of each row at each ability by readers shifted so, halo integrated out."""
    eta = np.arange(_ABILITY[0] - 3, _ABILITY[-1] + 3.01, 0.25)
    log = np.zeros((len(rows.met), len(eta)))
    for c in range(rows.met.shape[1]):
        chance = expit(eta + shift - rows.hard[:, [c]])
        log += np.where(
            rows.real[:, [c]], np.log(np.where(rows.met[:, [c]], chance, 1 - chance)), 0.0
        )
    kernel = np.exp(-0.5 * ((eta[:, None] - _ABILITY) / max(model.halo_sd_, 0.2)) ** 2)
    made: FloatArray = np.exp(log) @ (kernel / kernel.sum(axis=0)) + _LEAST
    return made


def _gathered(
    group: IntArray, row: IntArray, groups: int, rows: int, weight: FloatArray | None = None
) -> csr_matrix:
    """Groups × rows, how many reads of a group fall on a row."""
    one = np.ones(len(group)) if weight is None else weight
    return csr_matrix((one, (group, row)), shape=(groups, rows))
