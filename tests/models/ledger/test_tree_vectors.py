"""Proof verifiers against the families of cases transparency-dev's vectors have, over its eight leaves.

The leaves and the roots of the trees of 1 to 8 of them are published (Certificate
Transparency's reference data); paths are worked here from the subtrees, node by
node, and every family of damage is applied to each.
"""

import hashlib

import pytest

from models.ledger.tree import (
    EMPTY_ROOT,
    consistency_proof,
    inclusion_proof,
    levels,
    verify_consistency,
    verify_inclusion,
)

LEAVES = [
    hashlib.sha256(b"\x00" + bytes.fromhex(entry)).digest()
    for entry in (
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    )
]
ROOTS = {  # published
    1: "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    2: "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    3: "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    5: "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    6: "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    8: "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
}
RANDOM = hashlib.sha256(b"another").digest()


def node(*parts):
    """Root over two or four leaves, written out."""
    if len(parts) > 2:
        half = len(parts) // 2
        return node(node(*parts[:half]), node(*parts[half:]))
    return hashlib.sha256(b"\x01" + parts[0] + parts[1]).digest()


L0, L1, L2, L3, L4, L5, L6, L7 = LEAVES
INCLUSION = {  # (leaf, size): siblings from the leaf upwards
    (0, 1): [],
    (0, 8): [L1, node(L2, L3), node(L4, L5, L6, L7)],
    (5, 8): [L4, node(L6, L7), node(L0, L1, L2, L3)],
    (2, 3): [node(L0, L1)],
    (1, 5): [L0, node(L2, L3), L4],
}
CONSISTENCY = {  # (first, second): nodes that join the two
    (1, 1): [],
    (1, 8): [L1, node(L2, L3), node(L4, L5, L6, L7)],
    (6, 8): [node(L4, L5), node(L6, L7), node(L0, L1, L2, L3)],
    (2, 5): [node(L2, L3), L4],
    (3, 5): [L2, L3, node(L0, L1), L4],
}


def root(size):
    return bytes.fromhex(ROOTS[size])


def damaged(path, *roots):
    """Every way a path is broken in the published families, by its name there."""
    yield "trailing garbage", [*path, b""]
    yield "trailing random", [*path, RANDOM]
    yield "preceding garbage", [b"", *path]
    yield "preceding random", [RANDOM, *path]
    for made in roots:
        yield "trailing root", [*path, made]
        yield "preceding root", [made, *path]
    for place, sibling in enumerate(path):
        yield "modified", [*path[:place], bytes([sibling[0] ^ 8]) + sibling[1:], *path[place + 1 :]]
        yield "removed component", [*path[:place], *path[place + 1 :]]
        yield "inserted component", [*path[:place], RANDOM, *path[place:]]
        yield "truncated hash", [*path[:place], sibling[:-1], *path[place + 1 :]]
        yield "empty hash", [*path[:place], b"", *path[place + 1 :]]
        yield "doubled", [*path[:place], sibling, *path[place:]]
    if len(path) > 1:
        yield "swapped", [path[1], path[0], *path[2:]]
    if path:
        yield "empty proof", []


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_a_worked_inclusion_path_is_made_and_verifies(index, size):
    path = INCLUSION[index, size]
    assert inclusion_proof(levels(LEAVES), index, size) == path
    assert verify_inclusion(LEAVES[index], index, size, path, root(size))


@pytest.mark.parametrize(("index", "size"), INCLUSION)
def test_every_damage_to_an_inclusion_proof_is_refused(index, size):
    path, leaf, top = INCLUSION[index, size], LEAVES[index], root(size)
    for name, wrong in damaged(path, top):
        assert not verify_inclusion(leaf, index, size, wrong, top), name
    for at in {index - 1, index + 1, index ^ 2, -1, size, size + index} - {index}:
        assert not verify_inclusion(leaf, at, size, path, top), f"leaf index {at}"
    for of in {0, size // 2, size * 2, -size} - {size}:
        assert not verify_inclusion(leaf, index, of, path, top), f"tree size {of}"
    for other in (b"", RANDOM, EMPTY_ROOT, top[:-1], top + b"\x00"):
        assert not verify_inclusion(leaf, index, size, path, other), "root"
        if other:
            assert not verify_inclusion(other, index, size, path, top), "leaf"
    assert not verify_inclusion(b"", index, size, path, top), "empty leaf"
    if size > 1:
        assert not verify_inclusion(top, index, size, path, leaf), "swapped"


@pytest.mark.parametrize("size", [0, 1])
@pytest.mark.parametrize("leaf", [b"", RANDOM])
@pytest.mark.parametrize("top", [b"", EMPTY_ROOT])
def test_nothing_is_in_an_empty_tree_or_under_an_empty_hash(size, leaf, top):
    for index in (0, 1, 2):
        assert not verify_inclusion(leaf, index, size, [], top)


def test_a_single_entry_is_its_own_root_and_an_empty_hash_is_none():
    assert verify_inclusion(RANDOM, 0, 1, [], RANDOM)
    assert not verify_inclusion(b"", 0, 1, [], b"")


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_a_worked_consistency_path_is_made_and_verifies(first, second):
    path = CONSISTENCY[first, second]
    assert consistency_proof(levels(LEAVES), first, second) == path
    assert verify_consistency(first, second, path, root(first), root(second))


@pytest.mark.parametrize(("first", "second"), CONSISTENCY)
def test_every_damage_to_a_consistency_proof_is_refused(first, second):
    path, old, new = CONSISTENCY[first, second], root(first), root(second)
    for name, wrong in damaged(path, old, new):
        assert not verify_consistency(first, second, wrong, old, new), name
    for size in {first - 1, first + 1, first ^ 2, 0, -1} - {first}:
        assert not verify_consistency(size, second, path, old, new), f"first size {size}"
    for size in {second // 2, second * 2, 0} - {second}:
        assert not verify_consistency(first, size, path, old, new), f"second size {size}"
    for other in (b"", RANDOM, EMPTY_ROOT, old[:-1]):
        assert not verify_consistency(first, second, path, other, new), "first root"
        assert not verify_consistency(first, second, path, old, other), "second root"
    if first != second:
        assert not verify_consistency(first, second, path, new, old), "swapped roots"
        assert not verify_consistency(second, first, path, new, old), "swapped trees"


@pytest.mark.parametrize(
    ("first", "second", "path"),
    [(0, 0, []), (0, 1, []), (0, 5, []), (0, 0, [RANDOM]), (2, 1, []), (1, 1, [RANDOM])],
)
def test_sizes_that_prove_nothing_are_refused(first, second, path):
    assert not verify_consistency(first, second, path, RANDOM, RANDOM)


def test_equal_trees_of_one_size_need_no_proof_and_other_roots_do_not_pass():
    assert verify_consistency(1, 1, [], RANDOM, RANDOM)
    assert not verify_consistency(1, 1, [], RANDOM, EMPTY_ROOT)
    assert not verify_consistency(1, 1, [], b"", b"")
