"""Difference hashes as bits: 256 of them, and which two sets lie near each other.

A difference hash says for each place of a picture whether it grows brighter to
the right. Resized or recompressed pictures differ in a few bits, unrelated ones
in about half of them.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.errors import ScoringError

Words = NDArray[np.uint64]
Ints = NDArray[np.int64]

BITS = 256
_WORDS = BITS // 64
_HEXADECIMAL = re.compile(rf"[0-9a-fA-F]{{{BITS // 4}}}")
_ROWS, _COLUMNS = 8, 4096  # a tile of words stays in the processor's nearest cache


@dataclass(frozen=True, eq=False)
class Near:
    """Rows of two sets within a distance: their places and the bits that differ."""

    left: Ints
    right: Ints
    distance: Ints


def words(hashes: Sequence[str]) -> Words:
    """Hashes of 64 hexadecimal digits as rows of four words.

    Raises
    ------
    ScoringError
        For a hash of another length or with another sign, named.

    Examples
    --------
    >>> words(["0" * 63 + "f"])
    array([[ 0,  0,  0, 15]], dtype=uint64)
    """
    for one in hashes:
        if not _HEXADECIMAL.fullmatch(one):
            raise _not_a_hash(one)
    raw = bytes.fromhex("".join(hashes))
    return np.frombuffer(raw, dtype=">u8").astype(np.uint64).reshape(-1, _WORDS)


def near(left: Words, right: Words, most: int) -> Near:
    """Every two rows that differ in at most ``most`` bits of 256.

    Each is held against each, tile by tile, four words a time: about 2 ns a comparison.
    """
    found: list[tuple[Ints, ...]] = []
    tile = _Tile()
    left, right = np.ascontiguousarray(left.T), np.ascontiguousarray(right.T)
    for start in range(0, right.shape[1], _COLUMNS):
        some = right[:, None, start : start + _COLUMNS]
        for top in range(0, left.shape[1], _ROWS):
            distance = tile.distances(left[:, top : top + _ROWS, None], some)
            if distance.min() <= most:
                row, column = np.nonzero(distance <= most)
                found.append(_counted(left, right, row + top, column + start, most))
    none = np.empty(0, dtype=np.int64)
    columns = zip(*found, strict=True) if found else ((), (), ())
    one, two, apart = (np.concatenate([none, *column]) for column in columns)
    return Near(one, two, apart)


def _counted(left: Words, right: Words, row: Ints, column: Ints, most: int) -> tuple[Ints, ...]:
    """Places and true distances of what a tile found; 256 bits had wrapped round to 0."""
    distance = np.bitwise_count(left[:, row] ^ right[:, column]).sum(axis=0, dtype=np.int64)
    kept = distance <= most
    return row[kept], column[kept], distance[kept]


class _Tile:
    """Room for the distances of some rows and columns, used again for each tile."""

    def __init__(self) -> None:
        self._apart = np.empty((_ROWS, _COLUMNS), dtype=np.uint64)
        self._bits = np.empty((_ROWS, _COLUMNS), dtype=np.uint8)
        self._total = np.empty((_ROWS, _COLUMNS), dtype=np.uint8)

    def distances(self, left: Words, right: Words) -> NDArray[np.uint8]:
        """Bits in which left and right differ, words first; 0 where all 256 do."""
        rows, columns = left.shape[1], right.shape[2]
        apart = self._apart[:rows, :columns]
        bits, total = self._bits[:rows, :columns], self._total[:rows, :columns]
        total[:] = 0
        for word in range(_WORDS):
            np.bitwise_xor(left[word], right[word], out=apart)
            np.bitwise_count(apart, out=bits)
            np.add(total, bits, out=total)
        return total


def distances(left: Words, right: Words) -> NDArray[np.uint16]:
    """Bits in which each left row differs from each right row."""
    total = np.zeros((len(left), len(right)), dtype=np.uint16)
    for word in range(_WORDS):
        total += np.bitwise_count(left[:, word, None] ^ right[None, :, word])
    return total


def _not_a_hash(value: str) -> ScoringError:
    return ScoringError(
        f"picture hash {value!r}: expected {BITS // 4} hexadecimal digits. "
        "Hash the picture again from its file.",
        key="similarity.not_a_hash",
        value=value,
        digits=BITS // 4,
    )
