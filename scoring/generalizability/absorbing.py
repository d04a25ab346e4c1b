"""A study made small before its likelihood is looked at: persons absorbed block by block.

The scores are y = μ + Σ Z_k u_k + e with independent normal effects. Effects
of a person (person, person:rater, person:criterion) stay within that
person's few scores; effects of raters and criteria join persons. So
V = B + W D W' with B block-diagonal, and by Woodbury's identity the
likelihood needs the inverse of small blocks and one matrix of the size of
the joining effects (Henderson's absorption; Searle, Casella and McCulloch
1992, ch. 7). Persons scored in the same pattern share a block, so the cost of
one evaluation hardly depends on their number.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from scipy import sparse
from scipy.linalg import cho_solve, cholesky

from scoring.errors import ScoringError
from scoring.generalizability.designs import COMPONENTS, FloatArray, IntArray, Study

MOST_JOINING = 4_000
"""Raters, criteria and their combinations together: one dense matrix of that side."""

MOST_OF_ONE = 400
"""Scores of one person: one dense block of that side."""

_PERSONS_AT_ONCE = 5_000

Part = tuple[IntArray, IntArray, FloatArray]
"""Entries of a sparse matrix: row, column, value."""


@dataclass(frozen=True)
class Blocks:
    """What the likelihood needs of the data, summed over persons of one pattern.

    ``sums`` maps the entries of the inverse blocks of all patterns to the
    entries of W'B⁻¹W (at ``rows``, ``columns``), of W'B⁻¹[1, y], and of
    [1, y]'B⁻¹[1, y]; ``alike`` says for each within-person effect which scores
    of a pattern share its level.
    """

    names: tuple[str, ...]
    within: tuple[str, ...]
    joining: tuple[str, ...]
    sizes: tuple[int, ...]
    patterns: tuple[FloatArray, ...]
    persons: IntArray
    sums: sparse.csr_matrix
    rows: IntArray
    columns: IntArray
    scores: int
    centre: float


def absorb(study: Study) -> Blocks:
    """Sum a study into blocks, one for each pattern in which a person is scored.

    Raises
    ------
    ScoringError
        If one person has more than ``MOST_OF_ONE`` scores, or raters and
        criteria make more than ``MOST_JOINING`` effects.
    """
    names = COMPONENTS[study.design]
    within = tuple(name for name in names if "person" in name.split(":"))
    joining = tuple(name for name in names if name not in within)
    codes = {name: study.codes(name) for name in names}
    sizes = tuple(int(codes[name].max()) + 1 for name in joining)
    _check_size(study, sum(sizes))
    groups, alike = _patterns(study, np.stack([codes[name] for name in within]))
    offsets = np.concatenate([[0], np.cumsum(sizes)[:-1]]).astype(np.int64)
    levels = [codes[name] + offset for name, offset in zip(joining, offsets, strict=True)]
    centre = float(study.score.mean())
    parts = _parts(groups, np.stack(levels), study.score - centre, sum(sizes))
    sums, rows, columns = _summed(parts, sum(sizes), sum(each[0].size for each in alike))
    persons = np.array([len(group) for group in groups], dtype=np.int64)
    return Blocks(
        names, within, joining, sizes, tuple(alike), persons, sums, rows, columns,
        len(study.score), centre,
    )  # fmt: skip


def _patterns(study: Study, within: IntArray) -> tuple[list[list[IntArray]], list[FloatArray]]:
    """Rows of each person, persons of one pattern together, and what the patterns share."""
    order = np.lexsort((study.criterion, study.rater, study.person))
    starts = np.flatnonzero(np.diff(study.person[order], prepend=-1))
    groups: dict[tuple[int, bytes], list[IntArray]] = {}
    alike: dict[tuple[int, bytes], FloatArray] = {}
    for rows in np.split(order, starts[1:]):
        same = within[:, rows, None] == within[:, None, rows]
        key = (len(rows), same.tobytes())
        groups.setdefault(key, []).append(rows)
        alike.setdefault(key, same.astype(np.float64))
    return [*groups.values()], [*alike.values()]


def _check_size(study: Study, joining: int) -> None:
    most = int(np.bincount(study.person).max())
    if most > MOST_OF_ONE or joining > MOST_JOINING:
        raise ScoringError(
            f"scores: {most} scores of one person (at most {MOST_OF_ONE}) and {joining} raters, "
            f"criteria and combinations of them (at most {MOST_JOINING}). "
            "Take fewer raters or criteria at a time.",
            key="generalizability.too_large",
            scores=str(most),
            most_scores=str(MOST_OF_ONE),
            effects=str(joining),
            most_effects=str(MOST_JOINING),
        )


def _parts(
    groups: Iterable[Sequence[IntArray]], levels: IntArray, score: FloatArray, width: int
) -> Iterator[Part]:
    """Entries of the sums, one sparse part for each group of persons.

    A row is a place in the joint table ((width + 2) × (width + 2), the last two
    the mean and the score), a column an entry of the pattern's inverse block.
    """
    first = 0
    for group in groups:
        n = len(group[0])
        for start in range(0, len(group), _PERSONS_AT_ONCE):
            rows = np.stack(group[start : start + _PERSONS_AT_ONCE])
            places = [*levels[:, rows], np.full(rows.shape, width), np.full(rows.shape, width + 1)]
            yield _part(places, score[rows], first, width + 2)
        first += n * n


def _part(places: Sequence[IntArray], score: FloatArray, first: int, side: int) -> Part:
    """Products of every two columns at every two scores of a person, persons of one pattern."""
    n = score.shape[1]
    left, right = (each.ravel() for each in np.divmod(np.arange(n * n), n))
    at, column, value = [], [], []
    values = [np.ones(score.shape)] * (len(places) - 1) + [score]
    entry = np.broadcast_to(first + np.arange(len(left)), (len(score), len(left)))
    for one, by_one in zip(places, values, strict=True):
        for other, by_other in zip(places, values, strict=True):
            at.append((one[:, left] * side + other[:, right]).ravel())
            value.append((by_one[:, left] * by_other[:, right]).ravel())
            column.append(entry.ravel())
    return np.concatenate(at), np.concatenate(column), np.concatenate(value)


def _summed(
    parts: Iterable[Part], width: int, entries: int
) -> tuple[sparse.csr_matrix, IntArray, IntArray]:
    """Sum the parts; rows of the table that occur are numbered, and kept with their place."""
    made = []
    for at, column, value in parts:
        key, inverse = np.unique(at * entries + column, return_inverse=True)
        made.append((key, np.bincount(inverse, weights=value)))
    keys = np.concatenate([key for key, _ in made])
    values = np.concatenate([value for _, value in made])
    places, row = np.unique(keys // entries, return_inverse=True)
    sums = sparse.csr_matrix((values, (row, keys % entries)), shape=(len(places), entries))
    rows, columns = np.divmod(places, width + 2)
    return sums, rows, columns


def _table(blocks: Blocks, ratios: dict[str, float]) -> tuple[FloatArray, float]:
    """Joint table of W, the mean and the score by B⁻¹, and log |B|."""
    inverses, log_det = [], 0.0
    for same, persons in zip(blocks.patterns, blocks.persons, strict=True):
        block = np.eye(same.shape[1])
        for name, flags in zip(blocks.within, same, strict=True):
            block = block + ratios[name] * flags
        factor = cholesky(block, lower=True)
        log_det += 2 * float(persons) * float(np.log(np.diag(factor)).sum())
        inverses.append(cho_solve((factor, True), np.eye(len(block))).ravel())
    side = sum(blocks.sizes) + 2
    table = np.zeros((side, side))
    table[blocks.rows, blocks.columns] = blocks.sums @ np.concatenate(inverses)
    return table, log_det


def joined(blocks: Blocks, variances: FloatArray) -> tuple[float, FloatArray]:
    """Log |V| and [1, y]'V⁻¹[1, y], everything in units of the residual variance."""
    by_name = dict(zip(blocks.names, variances.tolist(), strict=True))
    table, log_det = _table(blocks, by_name)
    width = sum(blocks.sizes)
    scale = np.sqrt(np.repeat([by_name[name] for name in blocks.joining], blocks.sizes))
    inner = np.eye(width) + scale[:, None] * table[:width, :width] * scale
    factor = cholesky(inner, lower=True)
    sides = scale[:, None] * table[:width, width:]
    taken = sides.T @ cho_solve((factor, True), sides)
    log_det += 2 * float(np.log(np.diag(factor)).sum())
    return log_det, table[width:, width:] - taken
