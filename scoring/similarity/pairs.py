"""Pair: two pieces that share more than chance or a common form explains, and their clusters.

A pair is a reason to look and no finding about a person: who wrote first, and
whether re-use was allowed, is for people to establish.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

TEXT, IMAGE, SLIDE, VIDEO, DOCUMENT = "text", "image", "slide", "video", "document"
KINDS = (TEXT, IMAGE, SLIDE, VIDEO, DOCUMENT)

STRONG = "strong"  # 疑似雷同
LOOK = "look"  # 提请比对
PASSAGE = "passage"  # 共有段落: one passage, quoted or copied; accuses nobody
SELF = "self"  # one teacher's own re-use: its own category with its own rule
TIERS = (STRONG, LOOK, PASSAGE, SELF)

REASONS = (
    *("copied", "popular", "mosaic", "passage", "identical_text"),
    *("picture", "mirrored", "cropped"),
    *("frames", "container", "identical_file"),
    *("author_is_teacher", "author", "revisions", "created"),
)


@dataclass(frozen=True)
class Pair:
    """Two pieces and what they share; ``a`` sorts before ``b``.

    Attributes
    ----------
    kind : str
        One of `KINDS`.
    a, b : str
        Piece ids. ``b`` is empty where a document names a teacher who handed
        in no piece to set beside it.
    teacher_a, teacher_b : str
    share : float or None
        0 to 1, 1 a full copy. Text: shared rare fingerprints in the smaller
        own text; video: frames alike. None where it means nothing.
    longest_run : int or None
        Longest copied run in normalised characters; text only.
    distance : int or None
        Bits of 256 in which two picture hashes differ, 0 the same; for videos
        the median over frames.
    tier : str
        One of `TIERS`.
    cluster : int
        From 1, the same for pieces linked through others; 0 before `clustered`.
    reason : str
        What gave it away, one of `REASONS`.
    exhibits : tuple of str
        What to show: digests of the two pictures, the author, revision ids.
    """

    kind: str
    a: str
    b: str
    teacher_a: str
    teacher_b: str
    share: float | None = None
    longest_run: int | None = None
    distance: int | None = None
    tier: str = LOOK
    cluster: int = 0
    reason: str = ""
    exhibits: tuple[str, ...] = ()

    def as_row(self) -> dict[str, str | int | float | None]:
        """The pair as one flat object of the report, in its published keys."""
        return {
            "kind": self.kind,
            "a": self.a,
            "b": self.b,
            "teacher_a": self.teacher_a,
            "teacher_b": self.teacher_b,
            "share": None if self.share is None else round(self.share, 4),
            "longest_run": self.longest_run,
            "distance": self.distance,
            "tier": self.tier,
            "cluster": self.cluster,
        }


def in_order(pair: Pair) -> Pair:
    """Return the pair with its pieces in order; two exhibits turn with them."""
    if not pair.b or pair.a <= pair.b:
        return pair
    turned = pair.exhibits[::-1] if len(pair.exhibits) == 2 else pair.exhibits
    return replace(
        pair,
        a=pair.b,
        b=pair.a,
        teacher_a=pair.teacher_b,
        teacher_b=pair.teacher_a,
        exhibits=turned,
    )


def strongest(pairs: Iterable[Pair], key: Callable[[Pair], tuple[float, ...]]) -> list[Pair]:
    """One pair for each kind and two pieces: the one with the smallest key, in order of pieces."""
    best: dict[tuple[str, str, str], Pair] = {}
    for pair in pairs:
        name = (pair.kind, pair.a, pair.b)
        rank = (*key(pair), pair.reason, *pair.exhibits)
        if name not in best or rank < (*key(best[name]), best[name].reason, *best[name].exhibits):
            best[name] = pair
    return [best[name] for name in sorted(best)]


def clustered(pairs: Sequence[Pair]) -> list[Pair]:
    """Number the groups of pieces that pairs link, directly or through others.

    Groups are numbered from 1 in the order of their smallest piece id, so the
    numbers do not depend on the order of the pairs. Strong pairs come first,
    then by share, run and distance. A passage of unknown origin links nothing
    that was copied: who quotes one book is numbered after all copies.

    Examples
    --------
    >>> chain = [Pair("text", "p1", "p2", "t1", "t2"), Pair("text", "p2", "p3", "t2", "t3"),
    ...          Pair("text", "p8", "p9", "t8", "t9")]
    >>> [pair.cluster for pair in clustered(chain)]
    [1, 1, 2]
    """
    copies = [pair for pair in pairs if pair.tier != PASSAGE]
    number = _groups(copies, 1)
    first = 1 + max(number.values(), default=0)
    passages = _groups([pair for pair in pairs if pair.tier == PASSAGE], first)
    numbered = [
        replace(pair, cluster=(passages if pair.tier == PASSAGE else number)[pair.a])
        for pair in pairs
    ]
    return sorted(numbered, key=_urgency)


def _groups(pairs: Sequence[Pair], first: int) -> dict[str, int]:
    """Group of each piece, numbered from ``first``."""
    pieces = sorted({piece for pair in pairs for piece in (pair.a, pair.b) if piece})
    place = {piece: at for at, piece in enumerate(pieces)}
    ends = np.array(
        [(place[pair.a], place[pair.b or pair.a]) for pair in pairs], dtype=np.int64
    ).reshape(-1, 2)
    links = coo_array((np.ones(len(ends), dtype=np.int8), ends.T), shape=(len(pieces), len(pieces)))
    _, label = connected_components(links, directed=False)
    number = {group: at for at, group in enumerate(dict.fromkeys(label.tolist()), start=first)}
    return {piece: number[int(label[at])] for piece, at in place.items()}


def _urgency(pair: Pair) -> tuple[int, float, int, int, str, str, str, str]:
    return (
        TIERS.index(pair.tier),
        -(pair.share or 0.0),
        -(pair.longest_run or 0),
        256 if pair.distance is None else pair.distance,
        pair.a,
        pair.b,
        pair.kind,
        pair.reason,
    )
