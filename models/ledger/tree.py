"""RFC 6962 hash tree over SHA-256: roots, frontiers, inclusion and consistency proofs.

Formulas: RFC 6962 §2.1 (hashes, paths), RFC 9162 §2.1.3.2 and §2.1.4.2 (the
verifiers). Every hash is 32 bytes; anything else is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Sequence
from typing import NamedTuple

from models.errors import LedgerError

HASH_SIZE = 32
EMPTY_ROOT = hashlib.sha256(b"").digest()
Levels = list[list[bytes]]

_LEAF = b"\x00"
_NODE = b"\x01"


def leaf_hash(data: bytes) -> bytes:
    """SHA-256(0x00 || data)."""
    return hashlib.sha256(_LEAF + data).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """SHA-256(0x01 || left || right)."""
    return hashlib.sha256(_NODE + left + right).digest()


class Frontier(NamedTuple):
    """The right edge of a tree: roots of its complete subtrees, largest first.

    ``size`` leaves have as many peaks as ``size`` has one-bits, so adding
    leaves costs about one hash each, however large the tree is.

    Examples
    --------
    >>> Frontier().extended([leaf_hash(b"a"), leaf_hash(b"b"), leaf_hash(b"c")]).size
    3
    """

    size: int = 0
    peaks: tuple[bytes, ...] = ()

    def extended(self, leaves: Iterable[bytes]) -> Frontier:
        """Frontier after appending leaf hashes."""
        size, peaks = self.size, list(self.peaks)
        for leaf in leaves:
            node, rest = leaf, size
            while rest & 1:
                node = hashlib.sha256(_NODE + peaks.pop() + node).digest()
                rest >>= 1
            peaks.append(node)
            size += 1
        return Frontier(size, tuple(peaks))

    def root(self) -> bytes:
        """Root of the tree; SHA-256 of nothing for the empty tree."""
        if not self.peaks:
            return EMPTY_ROOT
        node = self.peaks[-1]
        for peak in reversed(self.peaks[:-1]):
            node = node_hash(peak, node)
        return node

    def to_bytes(self) -> bytes:
        """Peaks one after another; the size stands beside it in the checkpoint."""
        return b"".join(self.peaks)


def frontier_from_bytes(size: int, data: bytes) -> Frontier:
    """Read a stored frontier; LedgerError if its length does not belong to the size."""
    if size < 0 or len(data) != HASH_SIZE * size.bit_count():
        raise LedgerError(
            f"the frontier at size {size}: expected {HASH_SIZE * max(size, 0).bit_count()} bytes, "
            f"came {len(data)}. Verify the ledger and restore a backup.",
            key="ledger.frontier",
            size=size,
        )
    peaks = (data[place : place + HASH_SIZE] for place in range(0, len(data), HASH_SIZE))
    return Frontier(size, tuple(peaks))


def root(leaves: Sequence[bytes]) -> bytes:
    """Root over leaf hashes (MTH of RFC 6962 §2.1)."""
    return Frontier().extended(leaves).root()


def levels(leaves: Sequence[bytes]) -> Levels:
    """Roots of all complete subtrees by height; row 0 holds the leaves.

    Built once, proofs then cost about log2(n) hashes each.
    """
    rows: Levels = [list(leaves)]
    while len(rows[-1]) > 1:
        below = rows[-1]
        rows.append([node_hash(below[i], below[i + 1]) for i in range(0, len(below) - 1, 2)])
    return rows


def inclusion_proof(rows: Levels, index: int, size: int) -> list[bytes]:
    """Siblings from the leaf up to the root's child (PATH of RFC 6962 §2.1.1).

    Parameters
    ----------
    rows : Levels
        From ``levels`` over at least ``size`` leaves.
    index : int
        Leaf, from 0.
    size : int
        Leaves of the tree the proof is for.

    Raises
    ------
    LedgerError
        If the tree of this size has no such leaf.
    """
    if not 0 <= index < size <= len(rows[0]):
        raise LedgerError(
            f"no leaf {index} in a tree of {size} leaves ({len(rows[0])} at hand). "
            "Ask for an entry the checkpoint covers.",
            key="ledger.no_leaf",
            index=index,
            size=size,
        )
    path: list[bytes] = []
    start, stop = 0, size
    while stop - start > 1:
        middle = start + _split(stop - start)
        if index < middle:
            path.append(_subtree(rows, middle, stop))
            stop = middle
        else:
            path.append(_subtree(rows, start, middle))
            start = middle
    return path[::-1]


def consistency_proof(rows: Levels, first: int, second: int) -> list[bytes]:
    """Nodes that show the first tree is a beginning of the second (RFC 6962 §2.1.2).

    Raises
    ------
    LedgerError
        Unless ``0 < first <= second <=`` leaves at hand.
    """
    if not 0 < first <= second <= len(rows[0]):
        raise LedgerError(
            f"no consistency proof from size {first} to {second} ({len(rows[0])} leaves at hand). "
            "The first size must be at least 1 and no larger than the second.",
            key="ledger.no_consistency",
            first=first,
            second=second,
        )
    path: list[bytes] = []
    start, stop, known = 0, second, True
    while first != stop:
        middle = start + _split(stop - start)
        if first <= middle:
            path.append(_subtree(rows, middle, stop))
            stop = middle
        else:
            path.append(_subtree(rows, start, middle))
            start, known = middle, False
    if not known:
        path.append(_subtree(rows, start, stop))
    return path[::-1]


def verify_inclusion(
    leaf: bytes, index: int, size: int, path: Sequence[bytes], tree_root: bytes
) -> bool:
    """Whether the path leads from the leaf hash to the root (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size or not _all_hashes([leaf, tree_root, *path]):
        return False
    at, last, node = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            return False
        if at & 1 or at == last:
            node = node_hash(sibling, node)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            node = node_hash(node, sibling)
        at, last = at >> 1, last >> 1
    return last == 0 and node == tree_root


def verify_consistency(
    first: int, second: int, path: Sequence[bytes], first_root: bytes, second_root: bytes
) -> bool:
    """Whether the tree of ``first`` leaves is a beginning of that of ``second`` (RFC 9162 §2.1.4.2).

    A first size of 0 is refused: every tree continues the empty one, so a
    proof of that says nothing.
    """
    if not 0 < first <= second or not _all_hashes([first_root, second_root, *path]):
        return False
    if first == second:
        return not path and first_root == second_root
    nodes = list(path)
    if first & (first - 1) == 0:  # a power of two: its root is itself the first node
        nodes.insert(0, first_root)
    if not nodes:
        return False
    at, last = first - 1, second - 1
    while at & 1:
        at, last = at >> 1, last >> 1
    old = new = nodes[0]
    for node in nodes[1:]:
        if last == 0:
            return False
        if at & 1 or at == last:
            old, new = node_hash(node, old), node_hash(node, new)
            while not at & 1 and at:
                at, last = at >> 1, last >> 1
        else:
            new = node_hash(new, node)
        at, last = at >> 1, last >> 1
    return last == 0 and old == first_root and new == second_root


def _split(size: int) -> int:
    """Largest power of two below ``size`` (size > 1)."""
    return 1 << ((size - 1).bit_length() - 1)


def _subtree(rows: Levels, start: int, stop: int) -> bytes:
    """Root over the leaves from start to stop, from the complete subtrees inside it."""
    peaks: list[bytes] = []
    while start < stop:
        height = (stop - start).bit_length() - 1
        peaks.append(rows[height][start >> height])
        start += 1 << height
    return Frontier(0, tuple(peaks)).root()


def _all_hashes(values: Iterable[bytes]) -> bool:
    return all(len(value) == HASH_SIZE for value in values)
