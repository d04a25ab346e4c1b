"""Packed prints: the fingerprints of very many texts in a few long arrays.

A hundred thousand small arrays cost more to walk through than to sort. Prints that
are handed in one by one, and let go of by who hands them in, are here once only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from scoring.similarity.fingerprints import Fingerprint, Hashes, Narrow, among

_BLOCK = 4096  # texts
_SAMPLE = 1 << 18  # entries by which ranges are cut
_BEYOND = 1 << 64


@dataclass(frozen=True, eq=False)
class _Block:
    """Texts one after the other; ``starts`` has one place more than there are texts."""

    hashes: Hashes
    positions: Narrow
    starts: NDArray[np.int32]

    @classmethod
    def of(cls, prints: Sequence[Fingerprint]) -> _Block:
        starts = np.zeros(len(prints) + 1, dtype=np.int32)
        np.cumsum([len(one) for one in prints], out=starts[1:])
        return cls(
            np.concatenate([one.hashes for one in prints]),
            np.concatenate([one.positions for one in prints]),
            starts,
        )

    def between(self, low: int, high: int) -> tuple[Hashes, NDArray[np.int32], Narrow]:
        """Hashes from ``low`` to before ``high`` with their texts in the block and positions."""
        inside = self.hashes >= np.uint64(low)
        if high < _BEYOND:
            inside &= self.hashes < np.uint64(high)
        before = np.concatenate(([0], np.cumsum(inside, dtype=np.int32)))[self.starts]
        texts = np.repeat(np.arange(len(before) - 1, dtype=np.int32), np.diff(before))
        return self.hashes[inside], texts, self.positions[inside]


class PackedPrints:
    """Hashes and positions of many texts, numbered as they came until `ordered`.

    Nothing is added once anything was asked.
    """

    def __init__(self, prints: Iterable[Fingerprint] = ()) -> None:
        self._blocks: list[_Block] = []
        self._waiting: list[Fingerprint] = []
        self._order: NDArray[np.int32] | None = None
        for one in prints:
            self.add(one)

    def add(self, taken: Fingerprint) -> None:
        """Take in one more text."""
        self._waiting.append(taken)
        if len(self._waiting) == _BLOCK:
            self._pack()

    def ordered(self, order: Sequence[int]) -> None:
        """Number the texts anew: text ``k`` is the one that came in at place ``order[k]``."""
        places = np.array(order, dtype=np.int32)
        self._order = None if (places == np.arange(len(places))).all() else places

    def __len__(self) -> int:
        return sum(len(block.starts) - 1 for block in self._blocks) + len(self._waiting)

    def sizes(self) -> NDArray[np.int64]:
        """Fingerprints of each text."""
        none = np.empty(0, dtype=np.int64)
        came = np.concatenate([none, *(np.diff(block.starts) for block in self._all())])
        return came if self._order is None else came[self._order]

    def of(self, number: int) -> tuple[Hashes, Narrow]:
        """Hashes, sorted, and positions of one text."""
        came = number if self._order is None else int(self._order[number])
        at, place = divmod(came, _BLOCK)
        block = self._all()[at]
        own = slice(block.starts[place], block.starts[place + 1])
        return block.hashes[own], block.positions[own]

    def without(self, known: Hashes) -> PackedPrints:
        """Make prints of the same texts without some hashes, which are sorted."""
        made = PackedPrints()
        made._order = self._order
        for block in self._all():
            kept = ~among(block.hashes, known)
            before = np.concatenate(([0], np.cumsum(kept, dtype=np.int32)))
            made._blocks.append(
                _Block(block.hashes[kept], block.positions[kept], before[block.starts])
            )
        return made

    def ranges(self, entries: int) -> Iterator[tuple[Hashes, NDArray[np.int32], Narrow]]:
        """Yield hashes, texts and positions of one range of hashes after the other.

        A range has about so many ``entries``, which are in the order of the texts.
        """
        blocks = self._all()
        edges = self._edges(-(-sum(len(block.hashes) for block in blocks) // entries))
        for low, high in pairwise(edges):
            parts = [block.between(low, high) for block in blocks]
            came = np.concatenate([own + at * _BLOCK for at, (_, own, _) in enumerate(parts)])
            hashes = np.concatenate([own for own, _, _ in parts])
            positions = np.concatenate([own for _, _, own in parts])
            del parts
            if self._order is None:
                yield hashes, came, positions
                continue
            rank = np.empty_like(self._order)
            rank[self._order] = np.arange(len(rank), dtype=np.int32)
            documents = rank[came]
            by_text = np.argsort(documents, kind="stable")
            yield hashes[by_text], documents[by_text], positions[by_text]

    def _edges(self, count: int) -> list[int]:
        """Ends of ranges of one size; winnowing keeps small hashes, so these crowd."""
        blocks = self._all()
        if count < 1:
            return []
        step = max(1, sum(len(block.hashes) for block in blocks) // _SAMPLE)
        sample = np.sort(np.concatenate([block.hashes[::step] for block in blocks]))
        inner = sample[np.arange(1, count) * len(sample) // count].tolist()
        return [0, *inner, _BEYOND]

    def _all(self) -> list[_Block]:
        if self._waiting:
            self._pack()
        return self._blocks

    def _pack(self) -> None:
        self._blocks.append(_Block.of(self._waiting))
        self._waiting = []
