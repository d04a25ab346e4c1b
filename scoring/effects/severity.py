"""Raters who mark more severely or more leniently than those who read the same pieces.

First form: plain differences in the share of criteria met, no model. A number
here never changes a level; it is a reason to look.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import combinations

import numpy as np
import pandas as pd
from scipy.special import ndtri

from models.frames import CRITERION, MET, PIECE, RATER
from scoring.columns import need_columns
from scoring.discovery import (
    Finding,
    benjamini_hochberg,
    benjamini_yekutieli,
    permutation_p,
)
from scoring.errors import ScoringError
from scoring.tables import FloatArray, IntArray

SEVERE, LENIENT = "severe_rater", "lenient_rater"
SEVERITIES = (RATER, "severity", "se", "adjusted", "n_reads", "n_marks", "panel", "panel_size")

_POWER = 0.8  # "found 8 times in 10"
_SLACK = 1e-9  # an effect equal to its threshold passes, whatever the last bit of a sum


@dataclass(frozen=True)
class Thresholds:
    """When a difference is a finding; the policy pack has value, unit and source of each.

    Attributes
    ----------
    q : false-discovery rate in the family
    min_effect : share of criteria by which a rater must differ
    min_reads : reads that had a co-rater, below which nothing is said
    min_panel : raters in a panel below which the subject is the pair
    """

    q: float = 0.05
    min_effect: float = 0.15
    min_reads: int = 15
    min_panel: int = 5


def severity(marks: pd.DataFrame) -> pd.DataFrame:
    """How much less each rater finds met than those who read the same pieces.

    A read's difference is the mean, over its criteria, of the co-raters' mean
    mark less its own; a rater's severity is the mean over reads, so each
    piece counts once however many criteria it has.

    Parameters
    ----------
    marks : DataFrame, one row per mark
        Columns ``piece_id``, ``criterion_id``, ``rater_id``, ``met`` (0 or 1).
        Blind reads; hidden seeds may be among them and then link panels.

    Returns
    -------
    DataFrame, one row per rater who shares a piece, by rater
        ``severity`` and ``adjusted`` in shares of criteria, positive is
        harsher: .1 finds one criterion in ten unmet that the others found
        met. ``se`` is clustered by piece, the co-raters held fixed; missing
        with one read. ``adjusted`` takes the co-raters' own severity out and
        compares with the mean of the rest of the panel: a mild reader whose
        partner is harsh has a negative ``severity`` and an ``adjusted`` near 0.
        ``panel`` numbers the sets of raters linked by shared pieces; across
        panels severities do not compare.

    Raises
    ------
    ScoringError
        If no criterion of a piece has two raters (severity is then unknown, not
        zero), a mark is neither 0 nor 1, or a rater marked a criterion twice.

    Examples
    --------
    >>> marks = pd.DataFrame(
    ...     [("p1", "A1-1.P1", "r1", 0), ("p1", "A1-1.P1", "r2", 1),
    ...      ("p2", "A1-1.P1", "r1", 1), ("p2", "A1-1.P1", "r2", 1)],
    ...     columns=["piece_id", "criterion_id", "rater_id", "met"])
    >>> severity(marks).set_index("rater_id")["severity"].to_dict()
    {'r1': 0.5, 'r2': -0.5}
    """
    _check(marks)
    return severity_of_shares(marks)


def severity_of_shares(shares: pd.DataFrame) -> pd.DataFrame:
    """Give the same of any values from 0 to 1 in the column ``met``, as scores over their range."""
    reads = _reads(shares)
    panel = _panels(reads)
    by_rater = reads.groupby(RATER, sort=True)
    found = by_rater["apart"].agg(severity="mean", spread="std", n_reads="size")
    found["n_marks"] = by_rater["marks"].sum()
    found["se"] = found["spread"] / np.sqrt(found["n_reads"])
    found["panel"] = [panel[str(rater)] for rater in found.index]
    found["panel_size"] = found.groupby("panel")["panel"].transform("size")
    found["adjusted"] = _adjusted(reads, found["severity"], found["panel_size"])
    return found.reset_index()[list(SEVERITIES)]


def severity_findings(
    marks: pd.DataFrame, thresholds: Thresholds, random_seed: int
) -> list[Finding]:
    """Test each rater, or each pair of a small panel, for severity or lenience.

    The marks are one family: one round of one deciding body. p is by
    permutation of whole reads within a piece: without a difference it is
    chance which of a piece's reads is this rater's, halo and shared difficulty
    included (with two readers: the sign of each difference is chance). A
    rater is flagged where q and effect pass, and the effect still passes with
    the co-raters' own severity taken out.

    In a panel of fewer than ``min_panel`` raters that no shared piece links to
    others, "the co-raters" are one or two people, and a difference between
    two cannot say which of them departs. The subject is then the pair, ``ids``
    name the one who finds less met first, q is Benjamini and Yekutieli's (the
    pairs of a panel share raters), and sentences must stay neutral. Panels of
    three in three schools are such panels; seeds that all nine read make them
    one panel of nine.

    Parameters
    ----------
    marks : as for :func:`severity`
    thresholds : from the policy pack
    random_seed : of the permutations

    Returns
    -------
    list of Finding
        ``code`` ``severe_rater`` or ``lenient_rater`` (a pair is always
        ``severe_rater``, with ``subject`` ``rater_pair``); ``effect`` and
        ``detectable`` are shares of criteria, the effect positive where
        harsher; ``n`` counts reads with a co-rater, of a pair shared pieces.
    """
    _check(marks)
    return findings_of_shares(marks, thresholds, random_seed)


def findings_of_shares(
    shares: pd.DataFrame, thresholds: Thresholds, random_seed: int
) -> list[Finding]:
    """Test the same of any values from 0 to 1 in the column ``met``."""
    reads = _reads(shares)
    known = severity_of_shares(shares)
    alone = known[known["panel_size"] >= thresholds.min_panel]
    raters = [
        _Subject((str(row[RATER]),), float(row["adjusted"]), *_choices(reads, str(row[RATER])))
        for _, row in alone.iterrows()
    ]
    small = known[known["panel_size"] < thresholds.min_panel]
    pairs = [
        subject
        for _, panel in small.groupby("panel")
        for subject in _pairs(shares, [str(rater) for rater in panel[RATER]])
    ]
    return _family(raters, "rater", thresholds, random_seed) + _family(
        pairs, "rater_pair", thresholds, random_seed
    )


def unspoken(found: Sequence[Finding], raters: Sequence[str]) -> list[Finding]:
    """Say of each rater no finding of severity names that there is nothing to compare them with."""
    named = {each for one in found if one.code in (SEVERE, LENIENT) for each in one.ids}
    return [
        Finding(SEVERE, "rater", (rater,), None, None, None, None, 0, False, False, None)
        for rater in raters
        if rater not in named
    ]


@dataclass(frozen=True)
class _Subject:
    """A rater or a pair: differences per piece, and those of whoever else read it (padded)."""

    ids: tuple[str, ...]
    adjusted: float
    apart: FloatArray
    choices: FloatArray
    readers: IntArray

    @property
    def effect(self) -> float:
        return float(self.apart.mean())

    @property
    def se(self) -> float:
        return float(self.apart.std(ddof=1) / np.sqrt(len(self.apart)))

    def draw(self, size: int, rng: np.random.Generator) -> FloatArray:
        """Mean differences if chance had picked the read of each piece."""
        picked = (rng.random((size, len(self.readers))) * self.readers).astype(np.int64)
        drawn: FloatArray = self.choices[np.arange(len(self.readers)), picked].mean(axis=1)
        return drawn


def _family(
    subjects: Sequence[_Subject], kind: str, thresholds: Thresholds, random_seed: int
) -> list[Finding]:
    enough = [one for one in subjects if len(one.apart) >= thresholds.min_reads]
    tests = max(len(enough), 1)
    test = partial(permutation_p, tests=tests, q=thresholds.q, random_seed=random_seed)
    p = [test(one.effect, one.draw) for one in enough]
    q = benjamini_hochberg(p) if kind == "rater" else benjamini_yekutieli(p)
    tested = {one.ids: (p[k], float(q[k])) for k, one in enumerate(enough)}
    return [
        _finding(one, kind, *tested[one.ids], tests, thresholds)
        if one.ids in tested
        else Finding(
            SEVERE if one.effect >= 0 else LENIENT, kind, one.ids,
            None, None, None, None, len(one.apart), False, False, None,
        )
        for one in subjects
    ]  # fmt: skip


def _finding(
    one: _Subject, kind: str, p: float, q: float, tests: int, thresholds: Thresholds
) -> Finding:
    effect, se = one.effect, one.se
    least = thresholds.min_effect - _SLACK
    large = abs(effect) >= least and one.adjusted * np.sign(effect) >= least
    return Finding(
        code=SEVERE if effect >= 0 else LENIENT,
        subject=kind,
        ids=one.ids,
        statistic=effect / se if se > 0 else None,
        effect=effect,
        p=p,
        q=q,
        n=len(one.apart),
        minimum_met=True,
        flagged=bool(q <= thresholds.q and large),
        detectable=_detectable(se, len(one.apart), kind, tests, thresholds),
    )


def _detectable(se: float, n: int, kind: str, tests: int, thresholds: Thresholds) -> float | None:
    """Effect flagged 8 times in 10 as the only one of its family.

    Solves e = a √(se² + e²/n) + b se, a and b the normal quantiles of the
    adjusted q and of the power: an effect also widens what chance picks
    between, e² in each of n pieces. Never less than the minimum effect asks.
    None where nothing varied or no effect would do (a share ends at 1).
    """
    share = thresholds.q / tests
    if kind == "rater_pair":
        share /= float((1 / np.arange(1, tests + 1)).sum())
    widening = float(ndtri(1 - share / 2)) ** 2 / n
    if se == 0 or widening >= 1:
        return None
    reach = float(ndtri(_POWER)) * se
    rest = (1 - widening) * (reach**2 - n * widening * se**2)
    past_chance = (reach + float(np.sqrt(reach**2 - rest))) / (1 - widening)
    found = max(past_chance, thresholds.min_effect + reach)
    return found if found <= 1 else None


def _reads(marks: pd.DataFrame) -> pd.DataFrame:
    """One row a read that had a co-rater: piece, rater, ``apart`` (harsher is positive), marks."""
    kept = pd.DataFrame({column: marks[column].astype(str) for column in (PIECE, CRITERION, RATER)})
    kept[MET] = marks[MET].astype(np.float64)
    cell = kept.groupby([PIECE, CRITERION])[MET]
    others = cell.transform("size") - 1
    shared = others > 0
    if not shared.any():
        raise ScoringError(
            "marks: no criterion of a piece has two raters, so severity is unknown. "
            "Let a second rater read some of the pieces.",
            key="effects.no_shared",
        )
    kept = kept.assign(apart=(cell.transform("sum") - kept[MET]) / others.where(shared) - kept[MET])
    reads = kept[shared].groupby([PIECE, RATER], sort=True)["apart"].agg(apart="mean", marks="size")
    return reads.reset_index()


def _choices(reads: pd.DataFrame, rater: str) -> tuple[FloatArray, FloatArray, IntArray]:
    """Differences of a rater's reads, of all reads of the same pieces, and how many those are.

    Sorted by their values, so that the draws do not hang on names.
    """
    own = reads.loc[reads[RATER] == rater].set_index(PIECE)["apart"]
    beside = reads[reads[PIECE].isin(own.index)].sort_values([PIECE, "apart"])
    place = beside.groupby(PIECE).cumcount().to_numpy()
    piece, pieces = pd.factorize(beside[PIECE])
    choices = np.zeros((len(pieces), int(place.max()) + 1))
    choices[piece, place] = beside["apart"].to_numpy()
    readers = np.bincount(piece)
    order = np.lexsort([*choices.round(12).T, readers])
    return own.loc[pieces].to_numpy()[order], choices[order], readers[order]


def _pairs(marks: pd.DataFrame, raters: Sequence[str]) -> Iterator[_Subject]:
    """Each two raters of a panel with a criterion in common, the one who finds less met first."""
    named = marks[RATER].astype(str)
    for pair in combinations(raters, 2):
        theirs = marks[named.isin(pair)]
        if not theirs.duplicated([PIECE, CRITERION]).any():
            continue
        reads = _reads(theirs)
        first, second = pair
        if reads.loc[reads[RATER] == first, "apart"].mean() < 0:
            first, second = second, first
        apart, choices, readers = _choices(reads, first)
        yield _Subject((first, second), float(apart.mean()), apart, choices, readers)


def _panels(reads: pd.DataFrame) -> dict[str, int]:
    """Number the sets of raters linked, directly or through others, by pieces (union-find)."""
    parent = {rater: rater for rater in sorted(reads[RATER].unique())}

    def root(rater: str) -> str:
        while parent[rater] != rater:
            parent[rater] = parent[parent[rater]]
            rater = parent[rater]
        return rater

    for _, readers in reads.groupby(PIECE)[RATER]:
        first, *others = readers
        for other in others:
            low, high = sorted((root(first), root(other)))
            parent[high] = low
    number: dict[str, int] = {}
    return {rater: number.setdefault(root(rater), len(number)) for rater in parent}


def _adjusted(reads: pd.DataFrame, raw: pd.Series, panel_size: pd.Series) -> FloatArray:
    """Severities that explain every raw difference as own less mean of co-raters.

    Solves raw = (I - W) β, W the mean weight of each co-rater, least squares
    with Σβ = 0 in each panel; then against the mean of the panel's others,
    which is β R / (R - 1). Where everybody meets everybody alike it is the raw
    difference.
    """
    rater = raw.index.get_indexer(pd.Index(reads[RATER]))
    piece = pd.factorize(reads[PIECE])[0]
    present = np.zeros((int(piece.max()) + 1, len(raw)))
    present[piece, rater] = 1.0
    partners = np.maximum(present.sum(axis=1) - 1, 1)
    weight = present.T @ (present / partners[:, None])
    np.fill_diagonal(weight, 0.0)
    weight /= weight.sum(axis=1, keepdims=True)
    own = np.linalg.lstsq(np.eye(len(raw)) - weight, raw.to_numpy(), rcond=None)[0]
    size = panel_size.to_numpy(dtype=np.float64)
    adjusted: FloatArray = own * size / (size - 1)
    return adjusted


def _check(marks: pd.DataFrame) -> None:
    need_columns(marks, (PIECE, CRITERION, RATER, MET), "marks", "effects.missing_column")
    odd = ~marks[MET].isin([0, 1])
    twice = marks.duplicated([PIECE, CRITERION, RATER])
    for fault, key, said in (
        (odd, "effects.not_a_mark", "is neither 1 (met) nor 0 (not met). Correct the row"),
        (twice, "effects.marked_twice", "is its second. Keep the mark that counts"),
    ):
        if fault.any():
            row = marks[fault].iloc[0]
            raise ScoringError(
                f"marks: mark {row[MET]} of rater {row[RATER]} on criterion {row[CRITERION]} "
                f"of piece {row[PIECE]} {said}.",
                key=key,
                mark=str(row[MET]),
                rater=str(row[RATER]),
                criterion=str(row[CRITERION]),
                piece=str(row[PIECE]),
            )
