"""Whole runs: a second look at pairs that share a passage, with the common words in it.

A lifted paragraph is full of phrases that everybody writes, and without them its
rare remains look short. But a phrase stands in a passage: the teachers who have a
stretch of two dozen characters are at most those who have the rarest gram in it.
So a common gram between rare ones in one shared run counts as they do.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from scoring.similarity.candidates import Candidates
from scoring.similarity.fingerprints import Hashes, Narrow, among, spelled
from scoring.similarity.joining import MERGE_GAP, Hits, longest_runs
from scoring.similarity.packed import PackedPrints
from scoring.similarity.sharing import Bools, Ints

LENT = 16  # characters to either side that a gram lends its rarity to
_AT_A_TIME = 4096  # pairs looked at together


def with_whole_runs(
    found: Candidates, prints: PackedPrints, chosen: Bools, forms: Hashes
) -> Candidates:
    """Measure runs of some candidates anew, common grams counted.

    Parameters
    ----------
    found : Candidates
    prints : PackedPrints
        Of all documents.
    chosen : bool array
        Which candidates to look at.
    forms : sorted uint64 array
        Hashes of forms nobody registered: no words of a passage.

    Returns
    -------
    Candidates
        ``run`` and ``rare_run`` of the chosen ones in characters of the whole
        shared passage; neither is ever shorter than before.
    """
    run, rare_run = found.run.copy(), found.rare_run.copy()
    sizes = np.diff(np.append(found.starts, len(found.hits.pair)))
    picked = np.flatnonzero(chosen)
    for first in range(0, len(picked), _AT_A_TIME):
        part = picked[first : first + _AT_A_TIME]
        whole, starts = _all_shared(found, prints, part, sizes, forms)
        longest, _, rarest = longest_runs(lent(whole), starts)
        run[part] = np.maximum(run[part], longest)
        rare_run[part] = np.maximum(rare_run[part], rarest)
    return replace(found, run=run, rare_run=rare_run)


def _all_shared(
    found: Candidates, prints: PackedPrints, part: Ints, sizes: Ints, forms: Hashes
) -> tuple[Hits, Ints]:
    """Rare hits of these candidates, and beside them all grams the two share, without weight."""
    number = np.arange(len(part))
    every = [
        _shared(prints.of(one), prints.of(two), at, forms)
        for at, (one, two) in enumerate(
            zip(found.first[part].tolist(), found.second[part].tolist(), strict=True)
        )
    ]
    places = np.repeat(found.starts[part], sizes[part]) + _within(sizes[part])
    rare = replace(found.hits.at(places), pair=np.repeat(number, sizes[part]))
    hits = Hits.joined([*every, rare])
    starts: Ints = np.searchsorted(hits.pair, number)
    return hits, starts


def _shared(
    one: tuple[Hashes, Narrow], two: tuple[Hashes, Narrow], number: int, forms: Hashes
) -> Hits:
    """Every fingerprint that two documents share and no form has, without weight."""
    (hashes, places), (others, other_places) = one, two
    place = np.minimum(np.searchsorted(others, hashes), len(others) - 1)
    same = np.flatnonzero(others[place] == hashes)
    same = same[~among(hashes[same], forms)]
    count = len(same)
    return Hits(
        np.full(count, number, dtype=np.int64),
        places[same],
        other_places[place[same]],
        np.zeros(count, dtype=np.float32),
        spelled(hashes[same]),
    )


def _within(sizes: Ints) -> Ints:
    """0, 1, … within each group."""
    ends = np.cumsum(sizes)
    found: Ints = np.arange(int(ends[-1]) if len(ends) else 0) - np.repeat(ends - sizes, sizes)
    return found


def lent(hits: Hits) -> Hits:
    """Hits in the order of their runs, each with the largest weight near it in its run.

    A run is as in `longest_runs`: one pair, one offset, gaps of at most
    ``MERGE_GAP`` characters. ``hits`` are sorted by pair.
    """
    at = hits.at_first.astype(np.int64)
    offset = at - hits.at_second
    order = np.lexsort((at, offset, hits.pair))
    hits, at = hits.at(order), at[order]
    apart = (np.diff(hits.pair) != 0) | (np.diff(offset[order]) != 0)
    run = np.concatenate(([0], np.cumsum(apart | (np.diff(at) > MERGE_GAP))))[: len(at)]
    return replace(hits, weight=_near(at, run, hits.weight))


def _near(at: Ints, run: Ints, weight: NDArray[np.float32]) -> NDArray[np.float32]:
    """Largest weight within ``LENT`` characters in the same run."""
    best = weight.copy()
    shift = 1
    while shift < len(at):
        near = (run[shift:] == run[:-shift]) & (at[shift:] - at[:-shift] <= LENT)
        if not near.any():
            break
        best[shift:] = np.where(near, np.maximum(best[shift:], weight[:-shift]), best[shift:])
        best[:-shift] = np.where(near, np.maximum(best[:-shift], weight[shift:]), best[:-shift])
        shift += 1
    return best
