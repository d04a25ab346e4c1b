"""Candidates: two texts with enough in common to be scored, and how much that is."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from scoring.similarity.fingerprints import WINDOW
from scoring.similarity.joining import Hits, letters, longest_runs
from scoring.similarity.sharing import Bools, Floats, Ints

A_HASH = (WINDOW + 1) / 2  # characters for each hash that winnowing keeps


@dataclass(frozen=True)
class Candidates:
    """One row two documents: what they share.

    ``first`` and ``second`` are documents by number; ``shared`` counts hashes;
    ``share`` is that of the smaller own text, ``rare_share`` the same by
    rarity, 0 to 1; ``run`` is the longest run in characters, ``rare_run`` by
    rarity; ``scattered`` is the part of ``rare_share`` that lies outside the
    longest passage. ``hits`` are the shared hashes of all, ``starts`` where each
    candidate's begin.
    """

    first: Ints
    second: Ints
    shared: Ints
    share: Floats
    rare_share: Floats
    run: Ints
    rare_run: Floats
    scattered: Floats
    hits: Hits
    starts: Ints

    def __len__(self) -> int:
        return len(self.first)

    def only(self, keep: Bools) -> Candidates:
        """Keep some candidates."""
        sizes = np.diff(np.append(self.starts, len(self.hits.pair)))
        kept = sizes[keep]
        columns = [field.name for field in fields(self) if field.name not in ("hits", "starts")]
        values = {name: getattr(self, name)[keep] for name in columns}
        return Candidates(
            **values,
            hits=self.hits.only(np.repeat(keep, sizes)),
            starts=np.cumsum(kept) - kept,
        )


def candidates(
    hits: Hits,
    own: Floats,
    rare_own: Floats,
    min_shared: int,
    floor: int,
    *,
    of_second: bool = False,
) -> Candidates:
    """Score every two documents that share enough hashes.

    Parameters
    ----------
    hits : Hits
        Sorted by pair.
    own, rare_own : float arrays
        Hashes of each document's own text, plain and by rarity.
    min_shared : int
        Hashes below which two documents are no candidate.
    floor : int
        The least a share is divided by.
    of_second : bool
        Divide by the second document's text, not the smaller: the first is the
        fullest copy of a popular one.
    """
    starts = np.flatnonzero(np.concatenate(([True], np.diff(hits.pair) != 0)))[: len(hits.pair)]
    shared = np.diff(np.append(starts, len(hits.pair)))
    enough = shared >= min_shared
    hits = hits.only(np.repeat(enough, shared))
    shared = shared[enough]
    starts = np.cumsum(shared) - shared
    first, second = np.divmod(hits.pair[starts], len(own))
    run, whole, rare_run = longest_runs(hits, starts)
    rare, worth = _summed(hits.weight, starts), _summed(hits.weight * letters(hits.spelled), starts)
    outside = 1.0 - np.minimum(whole / np.maximum(worth * A_HASH, 1.0), 1.0)

    def divisor(size: Floats) -> Floats:
        chosen = size[second] if of_second else np.minimum(size[first], size[second])
        return np.maximum(chosen, floor)

    rare_share = np.minimum(rare / divisor(rare_own), 1.0)
    return Candidates(
        first,
        second,
        shared,
        np.minimum(shared / divisor(own), 1.0),
        rare_share,
        run,
        rare_run,
        rare_share * outside,
        hits,
        starts,
    )


def _summed(values: NDArray[np.float32], starts: Ints) -> Floats:
    sums: Floats = np.add.reduceat(values, starts, dtype=np.float64) if len(starts) else np.empty(0)
    return sums
