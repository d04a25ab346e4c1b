"""Structure bits: the fine structure of a sketch as 256 bits, to find what a difference hash loses.

On white paper a difference hash is decided by next to nothing, and a stamp turns
half of it. The fine structure of the whole keeps: of vectors at an angle θ the share
of signs that differ on random directions is θ / π (Charikar 2002).
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache

import numpy as np

from scoring.similarity.bits import BITS, Words
from scoring.similarity.sketches import ROUGH, Cells, cells_of, fine, mirrored, rough

MOST = 80
"""Bits up to which two are held together: correlated by .56; unrelated ones differ in 128 ± 8."""

_AT_ONCE = 1_000
_SEED = 20261122  # of the directions, which are the same for everybody


def structure_words(sketches: Sequence[str], *, turned: bool = False) -> Words:
    """Bits of each sketch as four words, of the picture flipped left to right if ``turned``.

    Raises
    ------
    ScoringError
        For a sketch that is none.
    """
    found = np.zeros((len(sketches), BITS // 64), dtype=np.uint64)
    for start in range(0, len(sketches), _AT_ONCE):
        cells = np.stack([rough(cells_of(one)) for one in sketches[start : start + _AT_ONCE]])
        if turned:
            cells = np.stack([mirrored(one) for one in cells])
        bits = np.packbits(fine(cells) @ _directions() > 0, axis=1)
        found[start : start + len(bits)] = bits.view(">u8")
    return found


@cache
def _directions() -> Cells:
    draw = np.random.default_rng(_SEED)
    found: Cells = draw.standard_normal((ROUGH * ROUGH, BITS)).astype(np.float32)
    return found
