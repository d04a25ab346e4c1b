"""What texts share: fingerprints that two of them have, sorted out one range of hashes after another.

Taking one range after the other keeps memory to a part of all, and the sort fast.
Of each range only hashes that two texts have are kept.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from scoring.similarity.fingerprints import Hashes, Narrow
from scoring.similarity.packed import PackedPrints

Ints = NDArray[np.int64]
Short = NDArray[np.int32]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

_PART = 1 << 20  # entries sorted at a time


@dataclass(frozen=True)
class Owners:
    """Who is behind each text, as numbers from 0: its teacher, and the slot it fills.

    ``slot`` is -1 where it is unknown; ``slot_teachers`` counts the teachers
    who filled each slot.
    """

    teacher: Short
    slot: Short
    slot_teachers: Ints

    @classmethod
    def of(cls, teachers: Sequence[str], slots: Sequence[str]) -> Owners:
        """Number teachers and slots; an empty name of a slot is an unknown one."""
        _, teacher = np.unique(np.array(teachers, dtype=object).astype(str), return_inverse=True)
        names, slot = np.unique(np.array(slots, dtype=object).astype(str), return_inverse=True)
        slot = slot - int(len(names) > 0 and names[0] == "")
        count = int(slot.max(initial=-1)) + 1
        both = np.unique(np.stack([slot, teacher])[:, slot >= 0], axis=1)
        return cls(
            teacher.astype(np.int32), slot.astype(np.int32), np.bincount(both[0], minlength=count)
        )


@dataclass(frozen=True)
class Shared:
    """Entries of hashes that two texts have, sorted by hash and within it by document.

    ``starts`` is where each hash begins; ``teachers`` how many teachers have
    each hash, ``form`` whether nearly all who filled one slot do; ``hashes`` are
    the hashes themselves.
    """

    documents: Short
    positions: Narrow
    starts: Short
    teachers: Short
    form: Bools
    hashes: Hashes

    @property
    def sizes(self) -> Short:
        """Entries of each hash."""
        ends = np.append(self.starts[1:], np.int32(len(self.documents)))
        sizes: Short = (ends - self.starts).astype(np.int32)
        return sizes

    def only(self, keep: Bools) -> Shared:
        """Keep whole hashes."""
        entries = np.repeat(keep, self.sizes)
        sizes = self.sizes[keep]
        return Shared(
            self.documents[entries],
            self.positions[entries],
            np.cumsum(sizes, dtype=np.int32) - sizes,
            self.teachers[keep],
            self.form[keep],
            self.hashes[keep],
        )


def shared_parts(prints: PackedPrints, owners: Owners, form_share: float) -> Iterator[Shared]:
    """Yield what texts share, one range of hashes after the other.

    Parameters
    ----------
    prints : PackedPrints
    owners : Owners
        Of the same texts.
    form_share : float
        Share of a slot's teachers from which a hash is its form's; asked only
        where at least five filled it.
    """
    for hashes, documents, positions in prints.ranges(_PART):
        yield _shared(hashes, documents, positions, owners, form_share)


def of_a_school(index: Shared, schools: Owners, share: float) -> Bools:
    """Which hashes nearly all teachers of one school have and few others: its own paragraph.

    ``schools`` name the school of each text in the place of its slot.
    """
    group = np.repeat(np.arange(len(index.hashes)), index.sizes)
    most = index.teachers / 2
    return _of_a_form(group, index.documents, schools, len(index.hashes), share, most)


def _shared(
    hashes: Hashes, documents: Short, positions: Narrow, owners: Owners, share: float
) -> Shared:
    order = _twice(hashes)
    hashes = hashes[order]
    starts = np.flatnonzero(np.concatenate(([True], hashes[1:] != hashes[:-1])))[: len(hashes)]
    documents = documents[order]
    group = np.repeat(np.arange(len(starts)), np.diff(np.append(starts, len(hashes))))
    teachers = _distinct(group, owners.teacher[documents], len(starts))
    form = _of_a_form(group, documents, owners, len(starts), share)
    own = hashes[starts]
    return Shared(documents, positions[order], starts.astype(np.int32), teachers, form, own)


def _twice(hashes: Hashes) -> Ints:
    """Places of the hashes that are there twice or more, by hash and then by place.

    Hash and place are sorted as one number, which is many times faster than
    sorting places by their hashes. What of a hash finds no room in it is looked
    at where two agree in the rest.

    >>> _twice(np.array([9, 4, 7, 9, 4, 9], dtype=np.uint64)).tolist()
    [1, 4, 0, 3, 5]
    """
    count = np.uint64(max(len(hashes) - 1, 1)).item().bit_length()
    low = hashes.min(initial=np.iinfo(np.uint64).max)
    span = (hashes.max(initial=0) - low).item().bit_length() if len(hashes) else 0
    lost = np.uint64(max(0, span + count - 64))
    keys = (hashes - low) >> lost
    keys <<= np.uint64(count)
    keys |= np.arange(len(hashes), dtype=np.uint64)
    keys.sort()
    value = keys >> np.uint64(count)
    same = value[1:] == value[:-1]
    twice = np.append(same, False)[: len(keys)] | np.insert(same, 0, False)[: len(keys)]
    places = (keys[twice] & np.uint64((1 << count) - 1)).astype(np.int64)
    return _really_twice(hashes, places) if lost else places


def _really_twice(hashes: Hashes, places: Ints) -> Ints:
    """Places in order of their whole hashes, those alone left out."""
    found = hashes[places]
    if (found[1:] < found[:-1]).any():
        places = places[np.argsort(found, kind="stable")]
        found = hashes[places]
    same = found[1:] == found[:-1]
    kept: Ints = (
        places[np.append(same, False) | np.insert(same, 0, False)] if len(places) else places
    )
    return kept


def _distinct(group: Ints, member: Short, count: int) -> Short:
    """Distinct members of each group; groups come in order."""
    width = int(member.max(initial=0)) + 1
    both = np.sort(group * width + member, kind="stable")  # nearly in order already
    new = np.concatenate(([True], both[1:] != both[:-1]))[: len(both)]
    return np.bincount(both[new] // width, minlength=count).astype(np.int32)


def _of_a_form(
    group: Ints,
    documents: Short,
    owners: Owners,
    count: int,
    share: float,
    least: Floats | None = None,
) -> Bools:
    """Hashes that nearly all teachers of one slot have: its form, which nobody registered.

    With ``least``, a number of teachers for each hash, only where so many of the slot have it.

    >>> owners = Owners.of(["a", "b", "c", "d", "e"], ["A1-1"] * 5)
    >>> both = np.array([0] * 5 + [1] * 2), np.array([0, 1, 2, 3, 4, 0, 1], dtype=np.int32)
    >>> _of_a_form(*both, owners, 2, 0.8).tolist()
    [True, False]
    """
    slot = owners.slot[documents]
    found = np.zeros(count, dtype=np.bool_)
    if not len(owners.slot_teachers):
        return found
    known = (slot >= 0) & (owners.slot_teachers[slot] >= _FEWEST)
    if not known.any():
        return found
    width, wide = len(owners.slot_teachers), int(owners.teacher.max()) + 1
    place = group[known] * width + slot[known]
    once = np.unique(place * wide + owners.teacher[documents[known]]) // wide
    places, having = np.unique(once, return_counts=True)
    nearly_all = having >= share * owners.slot_teachers[places % width]
    if least is not None:
        nearly_all &= having >= least[places // width]
    found[places[nearly_all] // width] = True
    return found


_FEWEST = 5  # teachers of a slot from which "nearly all" says something
