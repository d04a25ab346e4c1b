"""The network of copies: groups of teachers, each in a place of its own, and no direction."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.errors import RefusedError
from workbench.services.case_network import copies_network, layout
from workbench.services.flags import raise_flags
from workbench.services.holds import resolve


@pytest.fixture
def flagged(read):
    raise_flags(read.workspace, read.act())
    return read


def test_two_teachers_with_one_text_are_a_group_across_schools(flagged):
    found = copies_network(flagged.workspace, "K1")
    assert [node.label for node in found.nodes] == ["T1", "T4"]
    (link,) = found.links
    assert (link.across, link.strong, dict(link.codes)) == (True, True, {"copied_text": 1})
    assert (found.groups, found.largest, found.across) == (1, 2, 1)
    assert link.cases == ("h0001", "h0002")


def test_a_case_that_has_ended_waits_no_more(flagged):
    resolve(flagged.workspace, "h0001", "certify", "理由", flagged.act("组长甲"))
    (link,) = copies_network(flagged.workspace, "K1").links
    assert link.cases == ("h0002",)


def test_a_school_sees_groups_with_a_teacher_of_its_own(flagged):
    assert copies_network(flagged.workspace, "G1").groups == 1


def test_a_reader_sees_none(flagged):
    with pytest.raises(RefusedError, match="asks for the role"):
        copies_network(flagged.workspace, "R1")


def test_nothing_flagged_is_an_empty_network(read):
    found = copies_network(read.workspace, "K1")
    assert (found.nodes, found.links, found.groups, found.largest) == ((), (), 0, 0)


@given(st.lists(st.integers(2, 60), max_size=12))
def test_no_two_teachers_stand_in_one_place(sizes):
    groups = [[f"{place}-{n}" for n in range(size)] for place, size in enumerate(sizes)]
    degree = {member: 1 for group in groups for member in group}
    places = layout(groups, degree)
    assert len(set(places.values())) == sum(sizes)
    near = min(
        ((a[0] - b[0]) ** 2 + (a[1] - b[1]) ** 2 for a, b in combinations(places.values(), 2)),
        default=1.0,
    )
    assert near > 0.25  # half a circle's step: names do not fall onto each other


def test_the_best_linked_stands_in_the_middle():
    places = layout([list("abcdef")], {**dict.fromkeys("bcdef", 1), "a": 5})
    x, y = places["a"]
    apart = {
        round((px - x) ** 2 + (py - y) ** 2, 3) for who, (px, py) in places.items() if who != "a"
    }
    assert apart == {1.0}
