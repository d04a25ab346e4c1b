"""How much more a school's readers find met at home than the county does, and than they do on seeds.

One likelihood for a school's pieces, the county's re-reads of those drawn by
chance, and seeds. At home the school's reads differ from the county's by a shift
in logits; the quality of the school is free, so that being good is never taken
for being inflated. Which pieces the county reads again may hang on what the
school found, as all its reads are in. On seeds, which all schools read, the same
readers show their leniency; home favour is the shift beyond it.

How marks come about is told from the county's own pairs of reads
(``scoring.school_reading``). Profiles are worked out on even grids and read
between them by cubic splines.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.interpolate import CubicSpline

from models.frames import CRITERION, MET, PIECE, RATER, SCHOOL
from scoring.school_reading import (
    NOT_MARKED,
    Manner,
    Stack,
    abilities_at,
    likelihood,
    manner_of,
    rows_of,
)
from scoring.tables import FloatArray, IntArray

SHIFTS = np.arange(-4.0, 5.01, 0.5)
"""Shifts at which profiles are worked out, logits; positive finds more met."""

_FINE = np.arange(SHIFTS[0], SHIFTS[-1] + 0.025, 0.05)
_MOST_LENIENT = 2.5  # logits, either way, of a school's readers on seeds
_QUALITY = np.arange(-3.0, 3.01, 0.5)  # of a school, in standard deviations of pieces
_FINE_QUALITY = np.linspace(-3, 3, 121)
_NEAR = 0.3  # logits from the middle within which a root is not divided through
_READS_HOME, _READS_COUNTY = 3, 2  # of a piece; later ones are left out
_MARGINAL = (
    0.346  # 16²·3/(15π)²: logits shrink by √(1 + .346 v) where a normal of variance v is left in
)


@dataclass(frozen=True)
class Shift:
    """Estimate of each school in logits, and its error as the likelihood ratio has it.

    ``value`` is NaN where nothing is known. ``se`` is the distance from the county's
    middle over the signed root of the likelihood ratio there, so that ``value`` less
    the middle over ``se`` is that root, also where a likelihood is lopsided.
    """

    value: FloatArray
    se: FloatArray


def favour_of_schools(
    marks: pd.DataFrame, leniency: FloatArray, leniency_se: FloatArray
) -> tuple[Shift, Shift]:
    """Shift of the schools' readers at home, and what of it is beyond their leniency on seeds.

    Parameters
    ----------
    marks : DataFrame, one row a mark
        On the schools' pieces: ``piece_id``, ``criterion_id``, ``rater_id``, ``met``,
        ``school_id`` (code of the school) and ``home`` (True where a reader of the school
        gave it, else the county's).
    leniency, leniency_se : by school, of its readers on seeds
        Logits of marks at the same piece and criterion, halo left in
        (``scoring.school_seeds``); NaN where unknown.

    Returns
    -------
    gap, favour
        Unknown everywhere where the marks cannot be fitted (all alike, nothing read twice).
    """
    schools = len(leniency)
    unknown = Shift(np.full(schools, np.nan), np.full(schools, np.nan))
    if marks.empty:
        return unknown, unknown
    stacks = stacks_of(marks, _READS_HOME, _READS_COUNTY)
    manner = manner_of(_pairs_of(marks), _met_shares(marks))
    if manner is None:
        return unknown, unknown
    home = _home_profiles(manner, stacks, schools)
    scale = np.sqrt(1 + _MARGINAL * manner.halo**2)
    of_seeds = _seed_profiles(leniency * scale, leniency_se * scale)
    return _estimates(home, _FINE), _estimates(_beyond(home, of_seeds), _FINE)


def stacks_of(marks: pd.DataFrame, at_home: int, by_county: int) -> list[Stack]:
    """Marks of pieces, those with the same criteria and as many reads together.

    Parameters
    ----------
    marks : as of ``favour_of_schools``
    at_home, by_county : reads of a piece that are taken, in the order of raters' names
    """
    piece, criterion, rater = (
        np.unique(marks[name].astype(str), return_inverse=True)[1]
        for name in (PIECE, CRITERION, RATER)
    )
    away = (~marks["home"].to_numpy(dtype=bool)).astype(np.int64)
    reads, read = np.unique(np.stack([piece, away, rater], axis=1), axis=0, return_inverse=True)
    begins = np.r_[True, (np.diff(reads[:, :2], axis=0) != 0).any(axis=1)]
    place = np.arange(len(reads)) - np.flatnonzero(begins)[np.cumsum(begins) - 1]
    taken = place < np.where(reads[:, 1] == 0, at_home, by_county)
    pieces = int(piece.max()) + 1
    own = np.bincount(reads[taken & (reads[:, 1] == 0), 0], minlength=pieces)
    all_reads = np.bincount(reads[taken, 0], minlength=pieces)
    column = place + np.where(reads[:, 1] == 0, 0, own[reads[:, 0]])
    kept = taken[read.ravel()]
    forms, form, slot = _forms_of(piece, criterion)
    cells = np.full(
        (pieces, forms.shape[1], max(int(all_reads.max()), 1)), NOT_MARKED, dtype=np.int8
    )
    cells[piece[kept], slot[kept], column[read.ravel()][kept]] = marks[MET].to_numpy()[kept]
    school = np.zeros(pieces, dtype=np.int64)
    school[piece] = marks[SCHOOL].to_numpy(dtype=np.int64)
    made = []
    for key in np.unique(np.stack([form, own, all_reads], axis=1), axis=0):
        of_key = np.flatnonzero((form == key[0]) & (own == key[1]) & (all_reads == key[2]))
        criteria = forms[key[0]][forms[key[0]] >= 0]
        if key[2]:
            chosen = cells[of_key][:, : len(criteria), : key[2]]
            made.append(Stack(criteria, int(key[1]), chosen, school[of_key]))
    return made


def _forms_of(piece: IntArray, criterion: IntArray) -> tuple[IntArray, IntArray, IntArray]:
    """Distinct sets of criteria (padded with −1), of each piece its set, of each mark its place in it."""
    size = int(criterion.max()) + 1
    both, cell = np.unique(piece * size + criterion, return_inverse=True)
    of_piece = both // size
    begins = np.r_[True, np.diff(of_piece) != 0]
    place = np.arange(len(both)) - np.flatnonzero(begins)[np.cumsum(begins) - 1]
    padded = np.full((int(piece.max()) + 1, int(place.max()) + 1), -1, dtype=np.int64)
    padded[of_piece, place] = both % size
    forms, form = np.unique(padded, axis=0, return_inverse=True)
    return forms, form.ravel(), place[cell]


def _pairs_of(marks: pd.DataFrame) -> list[Stack]:
    """Two reads of each piece that has two: of the school where it has two, else one and the county's."""
    for at_home, by_county in ((2, 0), (1, 1)):
        pairs = [each for each in stacks_of(marks, at_home, by_county) if each.cells.shape[2] == 2]
        if pairs:
            return pairs
    return []


def _met_shares(marks: pd.DataFrame) -> FloatArray:
    """Share of marks at home that are met, by criterion, half a mark of either kind added."""
    names, criterion = np.unique(marks[CRITERION].astype(str), return_inverse=True)
    home = marks["home"].to_numpy(dtype=np.float64)
    met = np.bincount(criterion, home * marks[MET].to_numpy(dtype=np.float64), len(names))
    found: FloatArray = (met + 0.5) / (np.bincount(criterion, home, len(names)) + 1)
    return found


def _home_profiles(manner: Manner, stacks: list[Stack], schools: int) -> FloatArray:
    """Log likelihood of each school at each of ``_FINE``, its quality at its best: schools × shifts."""
    share = abilities_at(_QUALITY)
    made = np.zeros((schools, len(_QUALITY), len(SHIFTS)))
    seen = np.zeros(schools, dtype=bool)
    for stack in stacks:
        rows = rows_of(stack)
        seen[stack.school] = True
        for k, shift in enumerate(SHIFTS):
            likely = likelihood(manner, rows, float(shift))
            top = likely.max(axis=1, keepdims=True)
            of_quality = np.log(np.exp(likely - top) @ share) + top
            np.add.at(made[:, :, k], stack.school, of_quality[rows.row_of_piece])
    fine = CubicSpline(SHIFTS, made, axis=2)(_FINE)
    best: FloatArray = CubicSpline(_QUALITY, fine, axis=1)(_FINE_QUALITY).max(axis=1)
    best[~seen] = np.nan
    return best


def _seed_profiles(leniency: FloatArray, se: FloatArray) -> FloatArray:
    """Log likelihood of each school's leniency on seeds: schools × shifts."""
    known = np.isfinite(leniency) & (se > 0)
    apart = (_FINE - leniency[:, None]) / np.where(known, se, 1.0)[:, None]
    found: FloatArray = np.where(known[:, None], -0.5 * apart**2, np.nan)
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
