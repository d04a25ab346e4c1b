"""Files ``effects`` takes: marks or wide scores, and what is known of pieces, raters and seeds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from models import frames
from workbench.errors import InputError
from workbench.formats.cells import normal, squeezed
from workbench.formats.rating_rows import CANNOT_JUDGE, ROUNDS
from workbench.services.effects_rounds import Beside, Rows
from workbench.services.table_columns import KEYS, keyed, must_share, rows_beside
from workbench.services.tables import marks_of_table, texts_of_table

_KNOWN = frozenset([*KEYS.values(), "competency", "slot"])
_NO_SCORE = frozenset(
    map(
        normal,
        "id no row index year age seconds minutes time duration words length total sum mean average "
        "note notes remark 编号 行号 年份 年龄 教龄 秒 分钟 用时 时长 长度 总分 合计 平均 平均分".split(),
    )
)
_SCORE = frozenset(map(normal, "score points rating 分数 得分 评分".split()))
_COUNTED = ("blind", "seed")
_MOSTLY = (
    0.5  # of the cells of a column are numbers: then it is of scores, and the others are faults
)
_SLACK = 1e-6


@dataclass(frozen=True)
class EffectsFiles:
    """Marks, or scores (one row a read, one column a criterion), and the files beside.

    ``criteria`` are the columns taken for scores, ``left_out`` other columns of numbers.
    """

    marks: Rows
    scores: pd.DataFrame | None
    beside: Beside
    criteria: tuple[str, ...] = ()
    left_out: tuple[str, ...] = ()


@dataclass(frozen=True)
class _Wide:
    """A wide table: what names each read, and its scores."""

    about: pd.DataFrame
    scores: pd.DataFrame
    left_out: tuple[str, ...]


def read_files(
    ratings: Path, pieces: Path | None, raters: Path | None, seeds: Path | None
) -> EffectsFiles:
    """Read them; a table without ``criterion`` and ``met`` is one of scores.

    Scores that are all 0 or 1 are marks.

    Raises
    ------
    InputError
        If a file cannot be read, a column it needs is missing, a score is no number, a
        read stands twice, or nothing in a file beside is in the table.
    """
    beside = Beside(
        rows_beside(pieces, ("piece",)) if pieces else (),
        rows_beside(raters, ("rater",)) if raters else (),
        rows_beside(seeds, ("piece", "criterion", "met")) if seeds else (),
    )
    wide = _wide(ratings)
    marks = marks_of_table(ratings) if wide is None else []
    wide = wide or _of_long_scores(marks)
    known = marks if wide is None else wide.about.to_dict("records")
    files = ((pieces, beside.pieces, "piece"), (raters, beside.raters, "rater"),
             (seeds, beside.seeds, "piece"))  # fmt: skip
    for path, rows, column in files:
        there = {str(row[f"{column}_id"]) for row in known if f"{column}_id" in row}
        if path is not None and there:
            must_share([dict(row) for row in rows], column, there, path)
    if wide is None:
        return EffectsFiles(marks, None, beside)
    names = tuple(map(str, wide.scores.columns))
    if np.isin(wide.scores.to_numpy(), [0, 1]).sum() == wide.scores.notna().sum().sum():
        return EffectsFiles(_as_marks(wide), None, beside, names, wide.left_out)
    made = pd.concat([wide.about, wide.scores.add_prefix("score:")], axis=1)
    return EffectsFiles((), made, beside, names, wide.left_out)


def _wide(path: Path) -> _Wide | None:
    """Reads and scores of a wide table; None where it is one of marks."""
    texts = texts_of_table(path)
    names = keyed(texts[0]) if texts else []
    if not {"piece", "rater"} <= set(names) or {"criterion", "met"} & set(names):
        return None
    frame = pd.DataFrame(texts[1:], columns=names)
    frame = frame.loc[:, ~frame.columns.duplicated()]
    scores, left_out = _scores(frame)
    if scores.empty:
        return None
    about = frame.drop(columns=[name for name in frame if name not in _KNOWN]).rename(
        columns={"piece": frames.PIECE, "rater": frames.RATER}
    )
    given = about["round"] if "round" in about else pd.Series("", index=about.index)
    about[frames.ROUND] = [ROUNDS.get(normal(str(each)), "blind") for each in given]
    kept = about[frames.ROUND].isin(_COUNTED) & scores.notna().any(axis=1)
    if not kept.any():
        raise InputError(
            f"table {path.name}: no blind read with a score in it.", key="table.no_blind"
        )
    about, scores = about[kept].reset_index(drop=True), scores[kept].reset_index(drop=True)
    _once(about)
    return _Wide(about, scores, left_out)


def _of_long_scores(rows: Sequence[Mapping[str, object]]) -> _Wide | None:
    """Scores of a long table, one row a score; None where they are marks, or not all numbers."""
    named = {name: normal(name) for row in rows[:1] for name in row}
    column = next((name for name, is_ in named.items() if is_ in _SCORE), frames.MET)
    needed = (frames.PIECE, frames.CRITERION, frames.RATER, column)
    if not rows or not all(name in rows[0] for name in needed):
        return None
    frame = pd.DataFrame(list(rows))
    frame = frame[frame[frames.ROUND].isin(_COUNTED)]
    frame[column] = pd.to_numeric(frame[column].replace("", np.nan), errors="coerce")
    known = frame[column].dropna()
    if known.empty or len(known) < len(frame) or known.isin([0, 1]).all():
        return None
    _once(frame, frames.CRITERION)
    wide = frame.pivot(index=[frames.PIECE, frames.RATER], columns=frames.CRITERION, values=column)
    beside = [name for name in frame if name not in (frames.CRITERION, column)]
    first = frame[beside].drop_duplicates([frames.PIECE, frames.RATER])
    about = wide.index.to_frame(index=False).merge(first, on=[frames.PIECE, frames.RATER])
    return _Wide(about, wide.reset_index(drop=True).rename_axis(columns=None), ())


def _once(about: pd.DataFrame, *more: str) -> None:
    twice = about.duplicated([frames.PIECE, frames.RATER, *more])
    if twice.any():
        row = about[twice].iloc[0]
        raise InputError(
            f"rater {row[frames.RATER]} has two rows on piece {row[frames.PIECE]}. "
            "Keep the one that counts.",
            key="table.read_twice",
            rater=str(row[frames.RATER]),
            piece=str(row[frames.PIECE]),
        )


def _scores(frame: pd.DataFrame) -> tuple[pd.DataFrame, tuple[str, ...]]:
    """Columns that hold scores, and other columns of numbers left out."""
    words = frame.map(lambda cell: squeezed(str(cell if cell is not None else "")).casefold())
    blank = words.isin(CANNOT_JUDGE)
    numbers = words.drop(columns=[name for name in frame if name in _KNOWN]).apply(
        pd.to_numeric, errors="coerce"
    )
    filled = ~blank[numbers.columns]
    share = numbers.notna().sum() / filled.sum().clip(lower=1)
    found = [str(name) for name in numbers if share[name] > _MOSTLY]
    kept = _no_sums(numbers, [name for name in found if not _is_other(name, numbers[name])])
    odd = numbers[kept].isna() & filled[kept]
    if odd.to_numpy().any():
        row, column = (int(each[0]) for each in np.nonzero(odd.to_numpy()))
        raise InputError(
            f"piece {frame['piece'].iloc[row]}, rater {frame['rater'].iloc[row]}: "
            f"{kept[column]} is {frame[kept[column]].iloc[row]!r}, expected a number. "
            "Correct it, or leave it empty.",
            key="table.not_a_score",
            piece=str(frame["piece"].iloc[row]),
            rater=str(frame["rater"].iloc[row]),
            criterion=kept[column],
            mark=str(frame[kept[column]].iloc[row]),
        )
    return numbers[kept], tuple(name for name in found if name not in kept)


def _is_other(name: str, values: pd.Series) -> bool:
    """Whether a column of numbers is no score: named so, or a running number."""
    if normal(name) in _NO_SCORE or normal(name).endswith("id"):
        return True
    steps = values.diff().dropna()
    return len(steps) > 1 and bool((steps == 1).all())


def _no_sums(numbers: pd.DataFrame, names: Sequence[str]) -> list[str]:
    """Leave out a year that stands everywhere, then what is the sum or the mean of all the others."""
    ends = {name: (numbers[name].min(), numbers[name].max()) for name in names}
    kept = [name for name in names if not _stands_apart(name, ends)]
    for name in kept:
        rest = numbers[[other for other in kept if other != name]].dropna()
        own = numbers[name].reindex(rest.index)
        if rest.shape[1] < 2 or rest.empty or own.nunique() == 1:
            continue
        sums = (rest.sum(axis=1), rest.mean(axis=1))
        if any((own - each).abs().max() < _SLACK for each in sums):
            return [other for other in kept if other != name]
    return kept


def _stands_apart(name: str, ends: Mapping[str, tuple[float, float]]) -> bool:
    """Whether a column holds one number, out of the range of all others."""
    low, high = ends[name]
    others = [each for other, each in ends.items() if other != name]
    return bool(others) and low == high and not any(a <= low <= b for a, b in others)


def _as_marks(wide: _Wide) -> Rows:
    """Marks of a wide table of 0 and 1."""
    both = pd.concat([wide.about, wide.scores], axis=1)
    long = both.melt(list(wide.about.columns), var_name=frames.CRITERION, value_name=frames.MET)
    long = long.dropna(subset=[frames.MET]).astype({frames.MET: int})
    return [{str(key): value for key, value in row.items()} for row in long.to_dict("records")]
