"""A second reader: what texts of a kind usually get, to put the reading queue in an order.

It is trained on the panel's own consensus and has read nothing else; it never
gives a level, opens no case, and a piece unlike its prediction is not a fault.
It switches itself off where it says too little, or no more than length does.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from scipy.sparse import coo_array, csr_matrix
from scipy.sparse.csgraph import connected_components

from models.frames import PIECE, SCHOOL, SLOT, TEACHER
from scoring.tables import FloatArray, IntArray

TEXT, TARGET, RANK, CLUSTER = "text", "target", "rank", "cluster"

ON = "on"
TOO_FEW, TOO_FEW_GROUPS, NOTHING_VARIES = "too_few", "too_few_groups", "nothing_varies"
TOO_WEAK, NO_BETTER_THAN_LENGTH = "too_weak", "no_better_than_length"
STATES = (ON, TOO_FEW, TOO_FEW_GROUPS, NOTHING_VARIES, TOO_WEAK, NO_BETTER_THAN_LENGTH)

_FOLDS = 5
_LARGEST = 0.5  # share of the pieces in one group above which folds would not be apart
_FEATURES = 2**18
_GRAMS = (1, 3)
_MOST_CHARS = 4_000
_ALPHA = 1.0  # of the ridge on rows of length 1, fixed: choosing it on the same folds would flatter


@dataclass(frozen=True)
class Limits:
    """When it speaks: pieces needed, least quadratic weighted kappa, correlation above length's."""

    min_pieces: int = 300
    min_qwk: float = 0.4
    min_gain: float = 0.05


@dataclass(frozen=True)
class SecondReader:
    """What the second reader has to say.

    Attributes
    ----------
    state : ``on``, or why it is off (`STATES`)
    qwk : quadratic weighted kappa of its three levels with the consensus, out of fold
    r, r_length : correlation with what is left of the target within its slot, of
        the text and of its length alone, out of fold; None where not computed
    pieces, groups : it was trained on
    order : pieces, the least like their prediction first; empty where it is off
    apart : by that order, target less prediction in standard deviations
    """

    state: str
    pieces: int
    groups: int
    qwk: float | None = None
    r: float | None = None
    r_length: float | None = None
    order: tuple[str, ...] = ()
    apart: tuple[float, ...] = ()


def second_reader(pieces: pd.DataFrame, limits: Limits) -> SecondReader:
    """Train on the consensus, out of fold, and order the pieces by how unlike their prediction they are.

    Character 1- to 3-grams, hashed, sublinear TF-IDF, ridge regression on the target
    within its slot. Folds keep together what shares a school, a teacher or a copy
    cluster: copies left across folds lift the correlation from .67 to .81 (measured).

    Parameters
    ----------
    pieces : DataFrame, one row a piece two readers or more have read
        ``piece_id``, ``slot_id``, ``teacher_id``, ``school_id``, ``cluster`` (empty where it
        is in none), ``text`` (without form and names), ``target`` (share of criteria met,
        from 0 to 1) and ``rank`` (level, 0 to 2).
    limits : from the policy pack

    Returns
    -------
    SecondReader
        The same for the same pieces in whatever order they come.
    """
    table = pieces.sort_values(PIECE, kind="stable").reset_index(drop=True)
    groups = groups_of(table)
    count = int(groups.max()) + 1 if len(groups) else 0
    if len(table) < limits.min_pieces:
        return SecondReader(TOO_FEW, len(table), count)
    if count < _FOLDS or np.bincount(groups).max() > _LARGEST * len(table):
        return SecondReader(TOO_FEW_GROUPS, len(table), count)
    target = table[TARGET].to_numpy(dtype=np.float64)
    rank = table[RANK].to_numpy(dtype=np.int64)
    if len(np.unique(rank)) < 2 or target.std() == 0:
        return SecondReader(NOTHING_VARIES, len(table), count)
    slot = pd.factorize(table[SLOT], sort=True)[0].astype(np.int64)
    fold = folds_of(groups)
    texts = [str(text)[:_MOST_CHARS] for text in table[TEXT]]
    by_text = _predicted(_grams(texts), target, slot, fold, rank)
    by_length = _predicted(_lengths(texts), target, slot, fold, rank)
    qwk = quadratic_weighted_kappa(rank, by_text.rank)
    r, r_length = by_text.correlation, by_length.correlation
    state = ON
    if qwk < limits.min_qwk:
        state = TOO_WEAK
    elif r - r_length < limits.min_gain:
        state = NO_BETTER_THAN_LENGTH
    if state != ON:
        return SecondReader(state, len(table), count, qwk, r, r_length)
    left = by_text.left / max(float(by_text.left.std()), 1e-12)
    order = np.lexsort((np.arange(len(left)), -np.abs(left)))
    names = table[PIECE].astype(str).to_numpy()
    return SecondReader(
        ON, len(table), count, qwk, r, r_length, tuple(names[order]), tuple(left[order].tolist())
    )


def groups_of(pieces: pd.DataFrame) -> IntArray:
    """Number of the group of each piece: linked through school, teacher or copy cluster.

    Examples
    --------
    >>> rows = [("s1", "t1", ""), ("s1", "t2", "c"), ("s2", "t3", "c"), ("s3", "t4", "")]
    >>> groups_of(pd.DataFrame(rows, columns=["school_id", "teacher_id", "cluster"])).tolist()
    [0, 0, 0, 1]
    """
    n = len(pieces)
    rows, columns, start = [], [], n
    for name in (SCHOOL, TEACHER, CLUSTER):
        value = pieces[name].astype(str)
        codes, names = pd.factorize(value.where(value != ""), use_na_sentinel=True)
        kept = np.flatnonzero(codes >= 0)
        rows.append(kept)
        columns.append(codes[kept] + start)
        start += len(names)
    row, column = np.concatenate(rows), np.concatenate(columns)
    links = coo_array((np.ones(len(row)), (row, column)), shape=(start, start))
    found = connected_components(links, directed=False)[1][:n]
    return np.unique(found, return_inverse=True)[1].astype(np.int64)


def folds_of(groups: IntArray) -> IntArray:
    """Fold of each piece: groups, the largest first, each to the fold with fewest pieces so far."""
    sizes = np.bincount(groups)
    filled = np.zeros(_FOLDS, dtype=np.int64)
    fold_of = np.zeros(len(sizes), dtype=np.int64)
    for group in np.lexsort((np.arange(len(sizes)), -sizes)):
        fold_of[group] = int(filled.argmin())
        filled[fold_of[group]] += sizes[group]
    return fold_of[groups]


def quadratic_weighted_kappa(one: IntArray, other: IntArray, levels: int = 3) -> float:
    """Cohen's kappa with squared distances as weights (Cohen 1968); 0 where nothing can differ.

    Examples
    --------
    >>> round(quadratic_weighted_kappa(np.array([0, 1, 2, 2]), np.array([0, 1, 2, 1])), 3)
    0.8
    """
    table = np.bincount(one * levels + other, minlength=levels**2).reshape(levels, levels)
    shares = table / table.sum()
    place = np.arange(levels)
    weights = (place[:, None] - place[None, :]) ** 2
    expected = float((weights * np.outer(shares.sum(axis=1), shares.sum(axis=0))).sum())
    return 1 - float((weights * shares).sum()) / expected if expected else 0.0


@dataclass(frozen=True)
class _Predicted:
    """Out of fold: target less prediction, levels predicted, correlation within slots."""

    left: FloatArray
    rank: IntArray
    correlation: float


def _predicted(
    features: csr_matrix, target: FloatArray, slot: IntArray, fold: IntArray, rank: IntArray
) -> _Predicted:
    from sklearn.feature_extraction.text import TfidfTransformer  # a second to load: only here
    from sklearn.linear_model import Ridge

    middle, guess = np.zeros(len(target)), np.zeros(len(target))
    ranks = np.zeros(len(target), dtype=np.int64)
    for number in range(_FOLDS):
        train, test = np.flatnonzero(fold != number), np.flatnonzero(fold == number)
        means = _slot_means(target[train], slot[train], int(slot.max()) + 1)
        middle[test] = means[slot[test]]
        scaled = TfidfTransformer(sublinear_tf=True).fit(features[train])
        ridge = Ridge(alpha=_ALPHA, solver="sparse_cg", tol=1e-4)
        ridge.fit(scaled.transform(features[train]), target[train] - means[slot[train]])
        guess[test] = ridge.predict(scaled.transform(features[test]))
        fitted = ridge.predict(scaled.transform(features[train])) + means[slot[train]]
        ranks[test] = _levelled(guess[test] + middle[test], fitted, rank[train])
    apart = target - middle
    alike = float(np.corrcoef(apart, guess)[0, 1]) if guess.std() > 0 and apart.std() > 0 else 0.0
    return _Predicted(apart - guess, ranks, alike)


def _levelled(guess: FloatArray, fitted: FloatArray, rank: IntArray) -> IntArray:
    """Levels by cut points at which the training folds have their own shares of levels."""
    shares = [float((rank < level).mean()) for level in (1, 2)]
    spread = guess.std() / max(float(fitted.std()), 1e-12)  # out of fold predictions are narrower
    cuts = fitted.mean() + (np.quantile(fitted, shares) - fitted.mean()) * min(1.0, spread)
    found: IntArray = np.searchsorted(cuts, guess, side="right").astype(np.int64)
    return found


def _slot_means(target: FloatArray, slot: IntArray, size: int) -> FloatArray:
    """Mean of each slot, drawn to that of all by five pieces' worth."""
    whole = float(target.mean())
    n = np.bincount(slot, minlength=size)
    found: FloatArray = (np.bincount(slot, target, size) + 5 * whole) / (n + 5)
    return found


def _grams(texts: Sequence[str]) -> csr_matrix:
    from sklearn.feature_extraction.text import HashingVectorizer

    hashing = HashingVectorizer(
        analyzer="char", ngram_range=_GRAMS, n_features=_FEATURES, alternate_sign=False, norm=None
    )
    return hashing.transform(texts)


def _lengths(texts: Sequence[str]) -> csr_matrix:
    """Length as features of its own: bins of a fifth of an octave, as many as occur."""
    length = np.array([max(len(text), 1) for text in texts])
    bins = np.round(np.log2(length) * 5).astype(np.int64)
    codes = np.unique(bins, return_inverse=True)[1]
    n = len(texts)
    return csr_matrix((np.ones(n), (np.arange(n), codes)), shape=(n, int(codes.max()) + 1))
