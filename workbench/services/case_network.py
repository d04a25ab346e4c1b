"""The network of copies: teachers linked by what their evidence shares, laid out group by group.

A link says that two share something and never who had it first.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import ceil, cos, pi, sin, sqrt

from models.cases import holds as recorded_holds
from models.store import Row
from models.submissions import owned_pieces
from scoring.flags import PAIR
from scoring.networks import networks
from scoring.similarity.pairs import PASSAGE, SELF, STRONG
from workbench.services.flags import standing_flags
from workbench.services.reach import seen_school
from workbench.services.workspace import Workspace

_RING = 12  # teachers on the first circle around the one with most links
_GAP = 1.0


@dataclass(frozen=True)
class Node:
    """One teacher: place in the picture, group, and how many others share something with them."""

    teacher_id: str
    label: str
    school: str
    group: int
    links: int
    x: float
    y: float


@dataclass(frozen=True)
class Link:
    """Two teachers and what their evidence shares.

    ``codes`` counts flags by kind; ``strong`` says that one of them is of the strong
    tier; ``across`` that they are of two schools; ``cases`` are the open ones.
    """

    one: str
    other: str
    group: int
    codes: Mapping[str, int]
    share: float | None
    strong: bool
    across: bool
    cases: tuple[str, ...]


@dataclass(frozen=True)
class Network:
    """Groups of teachers linked directly or through others, the largest first."""

    nodes: tuple[Node, ...]
    links: tuple[Link, ...]
    groups: int

    @property
    def largest(self) -> int:
        """Teachers in the largest group, 0 without any."""
        return max(Counter(node.group for node in self.nodes).values(), default=0)

    @property
    def across(self) -> int:
        """Groups with teachers of more than one school."""
        schools: dict[int, set[str]] = defaultdict(set)
        for node in self.nodes:
            schools[node.group].add(node.school)
        return sum(len(each) > 1 for each in schools.values())


def copies_network(workspace: Workspace, person_id: str) -> Network:
    """Network of copies as a person may see it: groups with a teacher of their school.

    Raises
    ------
    RefusedError
        If the person may see none.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "holds.show")
        owners = {row["piece_id"]: row for row in owned_pieces(store)}
        standing = [f for f in standing_flags(store) if f["subject"] == PAIR]
        flags = [f for f in standing if f["tier"] not in (SELF, PASSAGE)]
        cases: dict[str, list[str]] = defaultdict(list)
        for case in recorded_holds(store):
            if case["state"] == "open":
                cases[case["flag_id"]].append(case["hold_id"])
    teachers = {row["teacher_id"]: row for row in owners.values()}
    shared = _by_teachers(flags, owners)
    groups = [
        group
        for group in networks(sorted(shared))
        if scope is None or any(teachers[each]["school_id"] == scope for each in group)
    ]
    number = {teacher: place for place, group in enumerate(groups, 1) for teacher in group}
    links = [
        _link(pair, found, number[pair[0]], teachers, cases)
        for pair, found in sorted(shared.items())
        if pair[0] in number
    ]
    degree = Counter(teacher for link in links for teacher in (link.one, link.other))
    places = layout(groups, degree)
    nodes = [
        Node(
            teacher,
            str(teachers[teacher]["teacher_no"] or teacher),
            str(teachers[teacher]["school_name"]),
            number[teacher],
            degree[teacher],
            *places[teacher],
        )
        for group in groups
        for teacher in group
    ]
    return Network(tuple(nodes), tuple(links), len(groups))


def layout(
    groups: Sequence[Sequence[str]], degree: Mapping[str, int]
) -> dict[str, tuple[float, float]]:
    """Place of each member: each group on circles around its best-linked member, groups in rows.

    Examples
    --------
    >>> places = layout([["a", "b", "c"]], {"a": 2, "b": 1, "c": 1})
    >>> places["a"]
    (1.0, 1.0)
    >>> layout([["a", "b"]], {"a": 1, "b": 1})
    {'a': (0.0, 1.0), 'b': (2.0, 1.0)}
    """
    sizes = [2 * _radius(len(group)) + 2 * _GAP for group in groups]
    width = max([*sizes, sqrt(sum(size * size for size in sizes)) * 1.7], default=0.0)
    found: dict[str, tuple[float, float]] = {}
    left = top = row = 0.0
    for group, size in zip(groups, sizes, strict=True):
        if left and left + size > width:
            left, top, row = 0.0, top + row, 0.0
        reach = size / 2 - _GAP
        for member, (x, y) in _circles(group, degree).items():
            found[member] = (round(left + reach + x, 4), round(top + max(reach, 1.0) + y, 4))
        left, row = left + size, max(row, size)
    return found


def _circles(group: Sequence[str], degree: Mapping[str, int]) -> dict[str, tuple[float, float]]:
    """Members around nought; two stand beside each other."""
    ordered = sorted(group, key=lambda each: (-degree[each], each))
    if len(ordered) == 2:
        return {ordered[0]: (-1.0, 0.0), ordered[1]: (1.0, 0.0)}
    found = {ordered[0]: (0.0, 0.0)}
    rest, ring = ordered[1:], 1
    while rest:
        most = _RING * ring
        here, rest = rest[:most], rest[most:]
        for place, member in enumerate(here):
            turn = 2 * pi * place / len(here)
            found[member] = (ring * sin(turn), -ring * cos(turn))
        ring += 1
    return found


def _radius(members: int) -> float:
    """Circles a group needs: the first holds `_RING`, each further one as many more."""
    return max(1, ceil((sqrt(1 + 8 * max(members - 1, 1) / _RING) - 1) / 2))


def _by_teachers(
    flags: Iterable[Row], owners: Mapping[str, Row]
) -> dict[tuple[str, str], list[Row]]:
    """Flags by the two teachers they are about; of one teacher's own pieces none."""
    found: dict[tuple[str, str], list[Row]] = defaultdict(list)
    for flag in flags:
        both = sorted({owners[each]["teacher_id"] for each in flag["ids"] if each in owners})
        if len(both) == 2:
            found[both[0], both[1]].append(flag)
    return found


def _link(
    pair: tuple[str, str],
    flags: Sequence[Row],
    group: int,
    teachers: Mapping[str, Row],
    cases: Mapping[str, Sequence[str]],
) -> Link:
    shares = [flag["exhibit"]["share"] for flag in flags if flag["exhibit"].get("share")]
    one, other = pair
    return Link(
        one,
        other,
        group,
        Counter(flag["code"] for flag in flags),
        max(shares, default=None),
        any(flag["tier"] == STRONG for flag in flags),
        teachers[one]["school_id"] != teachers[other]["school_id"],
        tuple(hold for flag in flags for hold in cases.get(flag["flag_id"], ())),
    )
