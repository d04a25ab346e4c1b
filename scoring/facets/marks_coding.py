"""Marks as codes: reads, the criteria each of them covers, and how many it found met.

Within a read every criterion shares the ability and the halo, so how many of
its criteria are met is all a read tells of them. Reads of one rater on the
same criteria with the same count are alike, and their likelihood is worked
out once (a *row* here).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.frames import CRITERION, MET, PIECE, RATER, TEACHER
from scoring.columns import need_columns
from scoring.errors import ScoringError

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]


@dataclass(frozen=True)
class MarkCodes:
    """Marks read once into integer codes; names in the order of their codes.

    Attributes
    ----------
    teacher_of : one entry a piece
        A piece without a teacher is a cluster of its own.
    mark_read, mark_criterion, met : one entry a mark
    read_piece, read_rater, read_row : one entry a read, ordered by piece
    row_combo, row_count : one entry a row, ordered by combo
        A row is a combo with so many criteria met.
    combo_rater, combo_set : one entry a combo, a rater with a set of criteria
    sets : sets × most criteria in one, codes of criteria
        Filled up with ``len(criteria)``.
    """

    pieces: tuple[str, ...]
    raters: tuple[str, ...]
    criteria: tuple[str, ...]
    teachers: tuple[str, ...]
    teacher_of: IntArray
    mark_read: IntArray
    mark_criterion: IntArray
    met: IntArray
    read_piece: IntArray
    read_rater: IntArray
    read_row: IntArray
    row_combo: IntArray
    row_count: IntArray
    combo_rater: IntArray
    combo_set: IntArray
    sets: IntArray

    @property
    def reads_of_piece(self) -> IntArray:
        """How many reads each piece has."""
        return np.bincount(self.read_piece, minlength=len(self.pieces))

    def met_by_criterion(self) -> IntArray:
        """Marks "met" of each criterion."""
        return _sums(self.mark_criterion, self.met, len(self.criteria))

    def met_by_rater(self) -> IntArray:
        """Marks "met" each rater gave."""
        return _sums(self.read_rater[self.mark_read], self.met, len(self.raters))

    def marks_by_criterion(self) -> IntArray:
        """Marks of each criterion."""
        return np.bincount(self.mark_criterion, minlength=len(self.criteria))

    def marks_by_rater(self) -> IntArray:
        """Marks of each rater."""
        return np.bincount(self.read_rater[self.mark_read], minlength=len(self.raters))

    def only(self, kept: NDArray[np.bool_]) -> MarkCodes:
        """Leave out marks, and reads none of whose marks are kept; names and codes stay."""
        reads, mark_read = np.unique(self.mark_read[kept], return_inverse=True)
        return _coded(
            (self.pieces, self.raters, self.criteria, self.teachers, self.teacher_of),
            (self.read_piece[reads], self.read_rater[reads]),
            (mark_read, self.mark_criterion[kept], self.met[kept]),
        )


def code_marks(marks: pd.DataFrame) -> MarkCodes:
    """Read a frame of marks into codes.

    Parameters
    ----------
    marks : DataFrame, one row per mark
        Columns ``piece_id``, ``criterion_id``, ``rater_id``, ``met`` (0 or 1) and,
        where teachers are known, ``teacher_id`` (missing for a seed piece).

    Raises
    ------
    ScoringError
        If a column is missing, there are no marks, a mark is neither 0 nor 1, a
        rater marked a criterion of a piece twice, or a piece has two teachers.
    """
    _check(marks)
    piece, pieces = _codes(marks[PIECE])
    rater, raters = _codes(marks[RATER])
    criterion, criteria = _codes(marks[CRITERION])
    order = np.lexsort((criterion, rater, piece))
    piece, rater, criterion = piece[order], rater[order], criterion[order]
    met = marks[MET].to_numpy(dtype=np.int64)[order]
    first = np.r_[True, (np.diff(piece) != 0) | (np.diff(rater) != 0)]
    mark_read = np.cumsum(first) - 1
    _check_once(mark_read, criterion, (pieces, raters, criteria), piece, rater)
    teacher_of, teachers = _teachers(marks, piece, pieces, order)
    return _coded(
        (pieces, raters, criteria, teachers, teacher_of),
        (piece[first], rater[first]),
        (mark_read, criterion, met),
    )


def _coded(
    names: tuple[tuple[str, ...], tuple[str, ...], tuple[str, ...], tuple[str, ...], IntArray],
    reads: tuple[IntArray, IntArray],
    marks: tuple[IntArray, IntArray, IntArray],
) -> MarkCodes:
    """Find sets, combos and rows; marks come ordered by read, then criterion."""
    read_piece, read_rater = reads
    mark_read, mark_criterion, met = marks
    n_reads, n_criteria = len(read_piece), len(names[2])
    size = np.bincount(mark_read, minlength=n_reads)
    covered = np.full((n_reads, int(size.max())), n_criteria, dtype=np.int32)
    place = np.arange(len(mark_read)) - np.repeat(np.cumsum(size) - size, size)
    covered[mark_read, place] = mark_criterion
    sets, read_set = _distinct_rows(covered)
    count = np.bincount(mark_read, weights=met, minlength=n_reads).astype(np.int64)
    combo, read_combo = np.unique(read_rater * len(sets) + read_set, return_inverse=True)
    most = covered.shape[1] + 1
    row, read_row = np.unique(read_combo * most + count, return_inverse=True)
    return MarkCodes(
        *names[:4], names[4], mark_read, mark_criterion, met, read_piece, read_rater, read_row,
        row // most, row % most, combo // len(sets), combo % len(sets), sets.astype(np.int64),
    )  # fmt: skip


def _distinct_rows(table: NDArray[np.int32]) -> tuple[NDArray[np.int32], IntArray]:
    keys = np.ascontiguousarray(table).view(np.dtype((np.void, 4 * table.shape[1]))).ravel()
    _, first, which = np.unique(keys, return_index=True, return_inverse=True)
    return table[first], which


def _codes(column: pd.Series) -> tuple[IntArray, tuple[str, ...]]:
    """Codes in the order of the names, so that the order of rows changes nothing."""
    kept = column.astype("category").cat.remove_unused_categories()
    named = [str(name) for name in kept.cat.categories]
    rank = np.argsort(np.argsort(np.array(named, dtype=object), kind="stable"), kind="stable")
    return rank[kept.cat.codes.to_numpy()].astype(np.int64), tuple(sorted(named))


def _teachers(
    marks: pd.DataFrame, piece: IntArray, pieces: Sequence[str], order: IntArray
) -> tuple[IntArray, tuple[str, ...]]:
    """Teacher of each piece; alone-standing pieces get a number after the last teacher."""
    teacher_of = np.full(len(pieces), -1, dtype=np.int64)
    named: tuple[str, ...] = ()
    if TEACHER in marks.columns:
        codes = marks[TEACHER].astype("category").cat.codes.to_numpy()[order].astype(np.int64)
        named = tuple(map(str, marks[TEACHER].astype("category").cat.categories))
        teacher_of[piece] = codes
        if (teacher_of[piece] != codes).any():
            one = int(piece[teacher_of[piece] != codes][0])
            raise ScoringError(
                f"marks: piece {pieces[one]} has two teachers. Correct {TEACHER} in its rows.",
                key="facets_of_marks.two_teachers",
                piece=pieces[one],
            )
    alone = teacher_of < 0
    teacher_of[alone] = len(named) + np.arange(int(alone.sum()))
    used, teacher_of = np.unique(teacher_of, return_inverse=True)
    return teacher_of, tuple(named[k] if k < len(named) else "" for k in used)


def _sums(codes: IntArray, values: IntArray, length: int) -> IntArray:
    return np.bincount(codes, weights=values, minlength=length).astype(np.int64)


def _check(marks: pd.DataFrame) -> None:
    need_columns(marks, (PIECE, CRITERION, RATER, MET), "marks", "effects.missing_column")
    if marks.empty:
        raise ScoringError(
            "marks: there are none, so nothing is known.", key="facets_of_marks.no_marks"
        )
    odd = ~marks[MET].isin([0, 1])
    if odd.any():
        row = {str(name): value for name, value in marks[odd].iloc[0].items()}
        raise _bad_mark("effects.not_a_mark", "is neither 1 (met) nor 0 (not met)", row)


def _check_once(
    mark_read: IntArray,
    criterion: IntArray,
    names: tuple[Sequence[str], Sequence[str], Sequence[str]],
    piece: IntArray,
    rater: IntArray,
) -> None:
    twice = (np.diff(mark_read) == 0) & (np.diff(criterion) == 0)
    if twice.any():
        at = int(np.flatnonzero(twice)[0])
        pieces, raters, criteria = names
        row: dict[str, object] = {
            PIECE: pieces[piece[at]], RATER: raters[rater[at]], CRITERION: criteria[criterion[at]],
        }  # fmt: skip
        raise _bad_mark("effects.marked_twice", "is its second", {**row, MET: ""})


def _bad_mark(key: str, said: str, row: dict[str, object]) -> ScoringError:
    return ScoringError(
        f"marks: mark {row[MET]} of rater {row[RATER]} on criterion {row[CRITERION]} of piece "
        f"{row[PIECE]} {said}. Correct the row, or keep the mark that counts.",
        key=key,
        mark=str(row[MET]),
        rater=str(row[RATER]),
        criterion=str(row[CRITERION]),
        piece=str(row[PIECE]),
    )
