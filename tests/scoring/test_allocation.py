"""Blind allocation: conflicts kept, loads equal, one network, and said when it cannot be."""

from itertools import pairwise

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from scoring.allocation import Need, allocate, with_links
from scoring.conflicts import Author, ConflictRule, Reader, conflicts
from scoring.errors import ScoringError


def needs(count: int, reads: int = 2, barred: dict[str, set[str]] | None = None) -> list[Need]:
    bars = barred or {}
    names = [f"p{number:03d}" for number in range(count)]
    return [Need(name, reads, frozenset(bars.get(name, ()))) for name in names]


def raters(count: int) -> list[str]:
    return [f"r{number:02d}" for number in range(count)]


@st.composite
def plans_asked(draw):
    names = raters(draw(st.integers(1, 8)))
    count = draw(st.integers(1, 20))
    bars = {
        f"p{n:03d}": set(draw(st.lists(st.sampled_from(names), max_size=3))) for n in range(count)
    }
    return needs(count, draw(st.integers(1, 3)), bars), names


@given(plans_asked())
@settings(deadline=None, max_examples=60)
def test_nobody_reads_what_they_must_stand_back_from_and_nobody_twice(asked):
    wanted, names = asked
    plan = allocate(wanted, names, "seed")
    for need in wanted:
        readers = plan.readers.get(need.piece_id, ())
        assert not set(readers) & need.barred
        assert len(set(readers)) == len(readers)


@given(plans_asked())
@settings(deadline=None, max_examples=60)
def test_every_piece_gets_its_readers_or_is_named_as_short(asked):
    wanted, names = asked
    plan = allocate(wanted, names, "seed")
    short = {each.piece_id: each for each in plan.short}
    for need in wanted:
        eligible = len(set(names) - need.barred)
        got = len(plan.readers.get(need.piece_id, ()))
        if need.piece_id in short:
            said = short[need.piece_id]
            assert (said.needed, said.eligible, got) == (need.reads, eligible, eligible)
            assert eligible < need.reads
        else:
            assert got == need.reads


@given(plans_asked())
@settings(deadline=None, max_examples=60)
def test_no_single_hand_over_would_make_the_loads_more_equal(asked):
    wanted, names = asked
    plan = allocate(wanted, names, "seed")
    barred = {need.piece_id: need.barred for need in wanted}
    for piece, readers in plan.readers.items():
        for giver in readers:
            for taker in set(names) - set(readers) - barred[piece]:
                assert plan.loads[taker] >= plan.loads[giver] - 1


@given(st.integers(2, 9), st.integers(1, 30), st.integers(2, 3))
@settings(deadline=None, max_examples=60)
def test_without_conflicts_loads_differ_by_one_at_most_and_the_network_is_one(people, count, reads):
    assume(reads <= people)
    plan = allocate(needs(count, reads), raters(people), "seed")
    assert max(plan.loads.values()) - min(plan.loads.values()) <= 1
    reading = sum(load > 0 for load in plan.loads.values())
    if count * (reads - 1) >= reading - 1:  # a connected network of so many needs so many ties
        assert plan.connected


def test_a_longer_chain_of_hand_overs_balances_what_no_single_one_can():
    # r0 may read p0..p2 only with r1's help: p0 r0|r1, p1 r0|r1, p2 r0 alone, p3 r1|r2
    bars = {"p000": {"r02"}, "p001": {"r02"}, "p002": {"r01", "r02"}, "p003": {"r00"}}
    plan = allocate(needs(4, 1, bars), raters(3), "x")
    assert sorted(plan.loads.values()) == [1, 1, 2]
    assert plan.loads["r02"] == 1


def test_loads_held_before_are_counted():
    plan = allocate(needs(4, 1), raters(2), "x", {"r00": 4})
    assert plan.loads == {"r00": 4, "r01": 4}
    assert set(plan.orders) == {"r01"}


def test_who_holds_a_piece_already_is_not_given_it_again_and_counts_in_the_network():
    wanted = [Need("p1", 1, held=("r00",)), Need("p2", 0, held=("r01", "r02"))]
    plan = allocate(wanted, raters(3), "x", {"r00": 1, "r01": 1, "r02": 1})
    assert plan.readers["p1"][0] in ("r01", "r02")
    assert plan.networks == (("r00", "r01", "r02"),)


def test_two_groups_whom_conflicts_keep_apart_are_named_as_two_networks():
    left, right = {"r00", "r01"}, {"r02", "r03"}
    bars = {"p000": left, "p001": left, "p002": right, "p003": right}
    plan = allocate(needs(4, 2, bars), raters(4), "x")
    assert plan.whole
    assert not plan.connected
    assert plan.networks == (("r00", "r01"), ("r02", "r03"))


def test_the_only_bridge_between_two_groups_is_found():
    # Only p004 may be read by both sides.
    left, right = {"r00", "r01"}, {"r02", "r03"}
    bars = {"p000": left, "p001": left, "p002": right, "p003": right}
    for seed in ("1", "2", "3", "4", "5"):
        assert allocate(needs(5, 2, bars), raters(4), seed).connected


def test_the_same_seed_gives_the_same_plan_whatever_the_order_of_raters():
    first = allocate(needs(12), raters(5), "2026")
    again = allocate(needs(12), list(reversed(raters(5))), "2026")
    assert first.readers == again.readers
    assert first.orders == again.orders
    assert allocate(needs(12), raters(5), "2027").orders != first.orders


def test_raters_meet_the_same_pieces_in_different_orders():
    orders = allocate(needs(20, 3), raters(3), "x").orders
    assert all(one != other for one, other in pairwise(orders.values()))
    assert len({frozenset(order) for order in orders.values()}) == 1


def test_pairs_are_mixed_rather_than_repeated():
    plan = allocate(needs(30), raters(6), "x")
    pairs = [tuple(sorted(readers)) for readers in plan.readers.values()]
    assert max(pairs.count(pair) for pair in pairs) <= 3  # fifteen pairs, thirty pieces


def test_single_reading_gets_links_so_that_raters_can_be_compared():
    wanted = with_links(needs(20, 1), 4, 3, "x")
    assert sum(need.reads == 2 for need in wanted) == 6  # three for each of four, two at a piece
    assert allocate(wanted, raters(4), "x").connected


def test_a_piece_named_twice_is_refused():
    with pytest.raises(ScoringError, match="twice"):
        allocate([Need("p", 1), Need("p", 1)], ["r"], "x")


@pytest.mark.parametrize(
    ("reader", "expected"),
    [
        (Reader("T1"), ("own_work",)),
        (Reader("r1", "梁禾清", "s01"), ("own_work",)),
        (Reader("r1", "梁禾清", "s02"), ()),  # a namesake of another school
        (Reader("r1", "沈知远", "s02", relations=("T1",)), ("own_work",)),
        (Reader("r1", "沈知远", "s01", "语文教研组"), ("own_group",)),
        (Reader("r1", "沈知远", "s02", "语文教研组"), ()),
        (Reader("r1"), ()),
    ],
)
def test_who_stands_back(reader, expected):
    author = Author("T1", "梁禾清", "s01", "语文教研组")
    assert conflicts(reader, author, ConflictRule(own_work=True, own_group=True)) == expected


def test_a_county_reader_stands_back_from_the_own_school():
    reader, author = Reader("r1", "沈知远", "s01"), Author("T1", "梁禾清", "s01")
    assert conflicts(reader, author, ConflictRule()) == ()
    assert conflicts(reader, author, ConflictRule(), for_county=True) == ("own_school",)
