"""Joint draws of what a fitted marks model leaves uncertain: pieces, criteria, raters, halo."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Drawn = NDArray[np.float32]


@dataclass(frozen=True)
class MarkDraws:
    """Joint draws from what is known of a fitted marks model; the first axis is the draw.

    A fresh mark of rater r on criterion c of piece p is met with the logit
    ``ability − difficulty − severity + halo``, halo drawn once for each read
    (rater × piece) from a normal with mean 0 and ``halo_sd``.

    Attributes
    ----------
    pieces, criteria, raters : names along the second axes
    ability : draws × pieces, logits
        From the posterior of a piece given its reads and its teacher's other
        pieces: pieces of one teacher vary together.
    difficulty : draws × criteria, logits, positive is harder to meet
    severity : draws × raters, logits, positive is harsher
        Difficulty and severity come from their sampling distribution.
    halo_sd : draws, logits
    read_piece, read_rater : one entry a read made
        Places in ``pieces`` and ``raters``.
    halo_mean, halo_sd_left : one entry a read made, logits
        What its marks tell of its halo at the estimates: posterior mean and SD.
    """

    pieces: tuple[str, ...]
    criteria: tuple[str, ...]
    raters: tuple[str, ...]
    ability: Drawn
    difficulty: Drawn
    severity: Drawn
    halo_sd: Drawn
    read_piece: NDArray[np.int64]
    read_rater: NDArray[np.int64]
    halo_mean: Drawn
    halo_sd_left: Drawn

    def __len__(self) -> int:
        return len(self.halo_sd)
