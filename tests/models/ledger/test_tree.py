"""The hash tree against the published Certificate Transparency vectors, and its proofs at all sizes."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.errors import LedgerError
from models.ledger.tree import (
    EMPTY_ROOT,
    Frontier,
    consistency_proof,
    frontier_from_bytes,
    inclusion_proof,
    leaf_hash,
    levels,
    node_hash,
    root,
    verify_consistency,
    verify_inclusion,
)

# Reference data of Certificate Transparency (google/certificate-transparency, merkletree tests).
CT_LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]
CT_ROOTS = [
    "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
    "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
    "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
    "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
    "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
    "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
    "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
    "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
]


def leaves_of(number):
    return [leaf_hash(bytes([i])) for i in range(number)]


def rfc_root(entries):
    """MTH of RFC 6962 §2.1, written down as it stands there."""
    if not entries:
        return hashlib.sha256(b"").digest()
    if len(entries) == 1:
        return hashlib.sha256(b"\x00" + entries[0]).digest()
    split = 1
    while split * 2 < len(entries):
        split *= 2
    halves = rfc_root(entries[:split]) + rfc_root(entries[split:])
    return hashlib.sha256(b"\x01" + halves).digest()


@pytest.mark.parametrize("size", range(1, 9))
def test_the_root_is_that_of_the_published_vectors(size):
    leaves = [leaf_hash(bytes.fromhex(entry)) for entry in CT_LEAVES[:size]]
    assert root(leaves).hex() == CT_ROOTS[size - 1]


def test_published_inclusion_proof_of_the_third_leaf_among_three():
    leaf = leaf_hash(bytes.fromhex(CT_LEAVES[2]))
    path, tree_root = [bytes.fromhex(CT_ROOTS[1])], bytes.fromhex(CT_ROOTS[2])
    assert verify_inclusion(leaf, 2, 3, path, tree_root)


def test_published_consistency_proof_from_six_to_eight_leaves():
    path = [
        bytes.fromhex("0ebc5d3437fbe2db158b9f126a1d118e308181031d0a949f8dededebc558ef6a"),
        bytes.fromhex("ca854ea128ed050b41b35ffc1b87b8eb2bde461e9e3b5596ece6b9d5975a0ae0"),
        bytes.fromhex(CT_ROOTS[3]),
    ]
    first, second = bytes.fromhex(CT_ROOTS[5]), bytes.fromhex(CT_ROOTS[7])
    rows = levels([leaf_hash(bytes.fromhex(entry)) for entry in CT_LEAVES])
    assert consistency_proof(rows, 6, 8) == path
    assert verify_consistency(6, 8, path, first, second)
    assert not verify_consistency(6, 8, path, bytes.fromhex(CT_ROOTS[4]), second)


def test_the_empty_tree_has_the_hash_of_nothing():
    assert root([]) == EMPTY_ROOT == hashlib.sha256(b"").digest()


@given(st.lists(st.binary(max_size=8), max_size=70), st.integers(0, 70))
def test_the_frontier_grown_in_two_steps_has_the_root_the_rfc_defines(entries, cut):
    leaves = [leaf_hash(entry) for entry in entries]
    grown = Frontier().extended(leaves[:cut]).extended(leaves[cut:])
    assert grown.root() == rfc_root(entries)
    assert frontier_from_bytes(grown.size, grown.to_bytes()) == grown


@pytest.mark.parametrize("size", [1, 2, 3, 5, 8, 13, 31, 32, 33, 63, 64])
def test_every_leaf_proves_itself_and_no_other(size):
    leaves = leaves_of(size)
    rows, tree_root = levels(leaves), root(leaves)
    for index in range(size):
        path = inclusion_proof(rows, index, size)
        assert verify_inclusion(leaves[index], index, size, path, tree_root)
        assert not verify_inclusion(leaf_hash(b"other"), index, size, path, tree_root)
        assert not verify_inclusion(leaves[index], (index + 1) % size, size, path, tree_root) or (
            size == 1
        )


@given(st.data())
def test_a_damaged_inclusion_proof_never_verifies(data):
    size = data.draw(st.integers(2, 64))
    index = data.draw(st.integers(0, size - 1))
    leaves = leaves_of(size)
    path, tree_root = inclusion_proof(levels(leaves), index, size), root(leaves)
    place = data.draw(st.integers(0, len(path) - 1))
    bit = 1 << data.draw(st.integers(0, 7))
    flipped = bytes([path[place][0] ^ bit]) + path[place][1:]
    for wrong in (
        path[:-1],
        [*path, tree_root],
        [*path[:place], flipped, *path[place + 1 :]],
        [*path[:place], b"", *path[place + 1 :]],
        [*path[:place], path[place][:31], *path[place + 1 :]],
    ):
        assert not verify_inclusion(leaves[index], index, size, wrong, tree_root)
    assert not verify_inclusion(leaves[index], index, size, path, b"")
    assert not verify_inclusion(leaves[index], size, size, path, tree_root)
    assert not verify_inclusion(leaves[index], -1, size, path, tree_root)


@given(st.integers(1, 64), st.integers(1, 64))
def test_a_tree_continues_every_beginning_of_itself(one, other):
    first, second = sorted((one, other))
    leaves = leaves_of(second)
    path = consistency_proof(levels(leaves), first, second)
    old, new = root(leaves[:first]), root(leaves)
    assert verify_consistency(first, second, path, old, new)
    assert not verify_consistency(first, second, path, leaf_hash(b"x"), new)
    assert not verify_consistency(first, second, path, old, leaf_hash(b"x"))
    assert not verify_consistency(first, second, [*path, new], old, new)
    if path:
        assert not verify_consistency(first, second, path[:-1], old, new)
        assert not verify_consistency(first, second, [*path[:-1], b""], old, new)


def test_a_proof_from_or_over_nothing_is_refused():
    assert not verify_consistency(0, 3, [], EMPTY_ROOT, root(leaves_of(3)))
    assert not verify_inclusion(leaf_hash(b""), 0, 0, [], EMPTY_ROOT)
    assert not verify_inclusion(b"", 0, 1, [], b"")
    with pytest.raises(LedgerError, match="at least 1"):
        consistency_proof(levels(leaves_of(3)), 0, 3)
    with pytest.raises(LedgerError, match="no leaf 3"):
        inclusion_proof(levels(leaves_of(3)), 3, 3)


def test_a_frontier_of_the_wrong_length_is_refused():
    with pytest.raises(LedgerError, match="expected 64 bytes"):
        frontier_from_bytes(3, bytes(32))


def test_a_leaf_can_never_pass_for_a_node():
    left, right = leaf_hash(b"a"), leaf_hash(b"b")
    assert leaf_hash(left + right) != node_hash(left, right)
