"""Reads as the school statistics see them: one row a read, with its level and what it found unmet."""

from __future__ import annotations

from collections.abc import Collection

import numpy as np
import pandas as pd

from models.frames import CRITERION, MET, PIECE, RATER, ROUND
from scoring.columns import need_columns
from scoring.errors import ScoringError
from scoring.tables import FloatArray, IntArray

RANK, UNMET, MET_SHARE = "rank", "unmet", "met_share"
READS = (PIECE, RATER, ROUND, RANK, UNMET, MET_SHARE)

FAIL, PASS, EXCELLENT = 0, 1, 2


def reads_of_marks(marks: pd.DataFrame, excellent: Collection[str]) -> pd.DataFrame:
    """Level of every read, and how many 合格 criteria it found unmet.

    Parameters
    ----------
    marks : DataFrame, one row a mark
        Columns ``piece_id``, ``criterion_id``, ``rater_id``, ``round``, ``met`` (0 or 1).
    excellent : collection of str
        The 优秀 criteria; all others are 合格 criteria.

    Returns
    -------
    DataFrame, one row a read, by piece, rater and round
        ``rank`` is 0, 1, 2 from 不合格 to 优秀 (as ``Level.rank``), by the gate over
        the marks the read has; ``unmet`` counts 合格 criteria,
        ``met_share`` is the share of all criteria met. Without an 优秀
        criterion a read that meets everything is 合格.

    Raises
    ------
    ScoringError
        For a missing column, or a mark that is neither 0 nor 1.

    Examples
    --------
    >>> rows = [("p1", "P1", "r1", "blind", 1), ("p1", "E1", "r1", "blind", 0)]
    >>> columns = ["piece_id", "criterion_id", "rater_id", "round", "met"]
    >>> reads_of_marks(pd.DataFrame(rows, columns=columns), {"E1"})["rank"].tolist()
    [1]
    """
    met = checked_met(marks)
    of_excellence = marks[CRITERION].astype(str).isin(set(excellent)).to_numpy()
    keys, names = _read_keys(marks)
    size = len(names)
    unmet = np.bincount(keys, (1 - met) * ~of_excellence, size)
    unmet_excellent = np.bincount(keys, (1 - met) * of_excellence, size)
    asked = np.bincount(keys, of_excellence, size)
    rank = np.where(unmet > 0, FAIL, np.where((asked > 0) & (unmet_excellent == 0), 2, 1))
    share = np.bincount(keys, met, size) / np.bincount(keys, minlength=size)
    counted = {RANK: rank.astype(np.int64), UNMET: unmet.astype(np.int64)}
    return names.assign(**counted, **{MET_SHARE: share})


def settled_ranks(marks: pd.DataFrame, excellent: Collection[str]) -> pd.Series:
    """Level of each piece by the majority on every criterion, where ties cannot change it.

    For tables that come without results; a workspace has its consensus.

    Returns
    -------
    Series of float by piece, 0 to 2; a piece whose ties could change the level is left out
    """
    met = checked_met(marks)
    by = [marks[PIECE].astype(str).to_numpy(), marks[CRITERION].astype(str).to_numpy()]
    share = pd.Series(met).groupby(by).mean()
    share.index.names = [PIECE, CRITERION]
    long = share.rename(MET).reset_index()
    long[RATER] = long[ROUND] = ""
    ties = long[MET] == 0.5
    low, high = (
        reads_of_marks(long.assign(met=(long[MET] > 0.5) | (ties & held)), excellent)
        for held in (False, True)
    )
    same = (low[RANK] == high[RANK]).to_numpy()
    return low[same].set_index(PIECE)[RANK].astype(float)


def checked_met(marks: pd.DataFrame) -> FloatArray:
    """Marks as numbers.

    Raises
    ------
    ScoringError
        For a missing column, or a mark that is neither 0 nor 1.
    """
    need_columns(marks, (PIECE, CRITERION, RATER, ROUND, MET), "marks", "schools.missing_column")
    met = pd.to_numeric(marks[MET], errors="coerce").to_numpy(dtype=np.float64)
    wrong = np.flatnonzero(~np.isin(met, (0.0, 1.0)))
    if len(wrong):
        row = marks.iloc[int(wrong[0])]
        raise ScoringError(
            f"criterion {row[CRITERION]} of piece {row[PIECE]}, rater {row[RATER]}: mark "
            f"{row[MET]!r} is neither 1 (met) nor 0 (not met). Correct it.",
            key="effects.not_a_mark",
            criterion=str(row[CRITERION]),
            piece=str(row[PIECE]),
            rater=str(row[RATER]),
            mark=str(row[MET]),
        )
    return met


def _read_keys(marks: pd.DataFrame) -> tuple[IntArray, pd.DataFrame]:
    """Number of the read of each mark, and the reads' piece, rater and round."""
    parts = [pd.factorize(marks[name].astype(str), sort=True) for name in (PIECE, RATER, ROUND)]
    key = np.zeros(len(marks), dtype=np.int64)
    for codes, names in parts:
        key = key * max(len(names), 1) + codes
    found, numbers = np.unique(key, return_inverse=True)
    columns = {}
    for name, (_, names) in reversed(list(zip((PIECE, RATER, ROUND), parts, strict=True))):
        found, place = np.divmod(found, max(len(names), 1))
        columns[name] = np.asarray(names, dtype=object)[place]
    return numbers, pd.DataFrame({name: columns[name] for name in (PIECE, RATER, ROUND)})
