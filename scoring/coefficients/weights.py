"""The declared scale, and how far two of its categories count as agreeing.

The scale sets the number of categories and every weight, whether or not each
category occurs: a grade nobody gave still changes AC1, Brennan–Prediger and
all linear and quadratic weights.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from scoring.errors import ScoringError
from scoring.tables import FloatArray

MOST_LEVELS = 1000
"""Categories a scale may have: marks out of 150 fit, names of a million people do not."""

WEIGHTS = ("identity", "linear", "quadratic", "gwet_ordinal")
METRICS = (
    "nominal",
    "ordinal",
    "interval",
    "ratio",
    "linear_weights",
    "gwet_ordinal_weights",
)
OWN = "custom_disagreement"
"""Weighting by a table of disagreements of one's own (Cohen 1968)."""

_SAME_WEIGHING = (
    frozenset({"identity", "nominal"}),
    frozenset({"linear", "linear_weights"}),
    frozenset({"quadratic", "interval"}),
    frozenset({"gwet_ordinal", "gwet_ordinal_weights"}),
)


@dataclass(frozen=True)
class Scale:
    """Categories in their order, with a number for each.

    ``values`` are the categories' own numbers where every name is one, else
    their positions 0, 1, 2 …; ``numeric`` says which. ``ordered`` is False for
    names without an order: then no weight but identity has a meaning. ``own`` is a
    table of disagreements of each two categories (see :func:`with_disagreements`), or None.
    """

    names: tuple[str, ...]
    values: FloatArray
    numeric: bool
    ordered: bool = True
    own: FloatArray | None = None

    def __len__(self) -> int:
        return len(self.names)

    @property
    def has_ratios(self) -> bool:
        """Whether the ratio metric applies: numbers, none below zero."""
        return self.numeric and bool((self.values >= 0).all())


def scale_of(names: Sequence[object], *, ordered: bool = True) -> Scale:
    """Build a scale from the names of its categories, lowest first.

    Raises
    ------
    ScoringError
        For fewer than two categories, one named twice, more than
        :data:`MOST_LEVELS`, or numbers that do not ascend.
    """
    texts = tuple(str(name) for name in names)
    if len(set(texts)) != len(texts) or len(texts) < 2:
        raise ScoringError(
            f"scale: two or more different categories are needed, {list(texts)} came. "
            "Declare the whole scale, also grades nobody gave.",
            key="agreement.scale",
            scale=", ".join(texts),
        )
    if len(texts) > MOST_LEVELS:
        raise ScoringError(
            f"scale: at most {MOST_LEVELS} categories are possible, {len(texts)} came "
            f"({', '.join(texts[:3])} …). Is another column the level? Or join categories.",
            key="agreement.too_many_levels",
            most=MOST_LEVELS,
            came=len(texts),
            first=", ".join(texts[:3]),
        )
    numbers = [_number(text) for text in texts]
    numeric = all(number is not None for number in numbers)
    values = np.array(numbers if numeric else range(len(texts)), dtype=np.float64)
    if numeric and ordered and not (np.diff(values) > 0).all():
        raise ScoringError(
            f"scale: the numbers {', '.join(texts)} must ascend. Declare the lowest first.",
            key="agreement.scale_order",
            scale=", ".join(texts),
        )
    return Scale(texts, values, numeric, ordered)


def with_disagreements(scale: Scale, table: FloatArray) -> Scale:
    """Give a scale weights of one's own: how far each two categories are apart (Cohen 1968).

    Parameters
    ----------
    table : categories × categories, in the order of the scale
        0 for the same, larger for worse; only ratios matter.

    Raises
    ------
    ScoringError
        Unless every disagreement is a number from 0 up, the same both ways, 0 for a
        category with itself, and some are above 0.

    Examples
    --------
    >>> own = with_disagreements(scale_of("abc"), np.array([[0, 1, 3], [1, 0, 6], [3, 6, 0.]]))
    >>> weight_matrix(own, OWN)[0].tolist()
    [1.0, 0.8333333333333334, 0.5]
    """
    table = np.asarray(table, dtype=np.float64)
    q = len(scale)
    if table.shape != (q, q):
        raise ScoringError(
            f"weights: a table of {q} × {q} is needed, one row and column a category; "
            f"{' × '.join(map(str, table.shape))} came.",
            key="agreement.own_shape",
            needed=q,
            came=" × ".join(map(str, table.shape)),
        )
    with np.errstate(invalid="ignore"):
        bad = ~(np.isfinite(table) & (table >= 0) & (table == table.T))
    bad |= np.eye(q, dtype=bool) & (table != 0)
    if bad.any() or not table.any():
        one, other = (int(place[0]) for place in np.nonzero(bad | ~table.any()))
        came = f"{table[one, other]:g} / {table[other, one]:g}"
        raise ScoringError(
            f"weights: the disagreements of {scale.names[one]} and {scale.names[other]} are "
            f"{came}; numbers from 0 up are needed, the same both ways, 0 for a "
            "category with itself and above 0 for some. Correct the cell.",
            key="agreement.own_cell",
            one=scale.names[one],
            other=scale.names[other],
            came=came,
        )
    return replace(scale, own=table)


def weights_of(scale: Scale) -> tuple[str, ...]:
    """Weightings of a scale: those its order allows, and those of one's own."""
    return (WEIGHTS if scale.ordered else WEIGHTS[:1]) + ((OWN,) if scale.own is not None else ())


def weight_matrix(scale: Scale, name: str) -> FloatArray:
    """Agreement of each two categories, 1 for the same and 0 for the furthest apart.

    ``identity`` counts equals only, ``linear`` 1 - |x - y| / range, ``quadratic``
    1 - (x - y)² / range² (Cohen 1968), ``gwet_ordinal`` 1 - C(|i - j| + 1, 2) /
    C(q, 2) by position (Gwet 2014), ``adjacent`` 1 up to one position apart,
    ``custom_disagreement`` 1 - d / greatest d, d the scale's own disagreements.
    """
    q = len(scale)
    if name == OWN and scale.own is not None:
        return np.asarray(1.0 - scale.own / scale.own.max())
    if name == "identity":
        return np.eye(q)
    steps = np.abs(np.subtract.outer(np.arange(q), np.arange(q))).astype(np.float64)
    if name == "adjacent":
        return (steps <= 1).astype(np.float64)
    if name == "gwet_ordinal":
        return 1.0 - np.where(steps > 0, steps * (steps + 1), 0.0) / (q * (q - 1))
    gap = np.abs(np.subtract.outer(scale.values, scale.values))
    share: FloatArray = gap / gap.max()
    return 1.0 - (share**2 if name == "quadratic" else share)


def distance_matrix(scale: Scale, metric: str) -> FloatArray:
    """Disagreement of each two categories, 0 for the same (Krippendorff 2011).

    ``nominal`` 1, ``interval`` (x - y)², ``ratio`` ((x - y) / (x + y))² with 0
    for two zeros. The ``…_weights`` are complements of :func:`weight_matrix`
    and no metrics of Krippendorff. ``ordinal`` depends on how often each
    category was used and is not a fixed matrix; ``custom_disagreement`` is the scale's own.
    """
    if metric == OWN and scale.own is not None:
        return scale.own
    if metric.endswith("_weights"):
        return 1.0 - weight_matrix(scale, metric.removesuffix("_weights"))
    if metric == "nominal":
        return 1.0 - np.eye(len(scale))
    gap: FloatArray = np.subtract.outer(scale.values, scale.values) ** 2
    if metric == "interval":
        return gap
    whole = np.add.outer(scale.values, scale.values) ** 2
    share: FloatArray = np.divide(gap, whole, out=np.zeros_like(gap), where=whole > 0)
    return share


def same_weighing(names: Sequence[str]) -> frozenset[str]:
    """Names asked for, and the name the same weighing has with other coefficients.

    Examples
    --------
    >>> sorted(same_weighing(["quadratic"]))
    ['interval', 'quadratic']
    """
    found = set(names)
    for alike in _SAME_WEIGHING:
        if found & alike:
            found |= alike
    return frozenset(found)


def _number(text: str) -> float | None:
    try:
        number = float(text)
    except ValueError:
        return None
    return number if np.isfinite(number) else None
