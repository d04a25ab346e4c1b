"""What came since one looked: rows are only ever added, so what was drawn from them can be followed.

Marks are the newest rows of the tables a thing is drawn from. Take them before
the rows are read: what is written in between is then seen again, and never missed.
"""

from __future__ import annotations

import json
from collections.abc import Collection
from typing import NamedTuple

from models.store import Store


class Marks(NamedTuple):
    """The newest row of each table, 0 where it has none; ``audit`` is the line of the log."""

    read: int
    reopening: int
    assignment: int
    case: int
    audit: int


BEGINNING = Marks(0, 0, 0, 0, 0)
"""Marks of a database nobody has written to."""

_NEWEST = """
SELECT (SELECT coalesce(max(read_id), 0) FROM read),
  (SELECT coalesce(max(reopening_id), 0) FROM reopening),
  (SELECT coalesce(max(assignment_id), 0) FROM assignment),
  (SELECT coalesce(max(event_id), 0) FROM hold_event),
  (SELECT coalesce(max(seq), 0) FROM audit_log)
"""
_TOUCHED = """
SELECT EXISTS (SELECT 1 FROM read WHERE read_id > :read AND rater_id = :rater)
  OR EXISTS (SELECT 1 FROM assignment WHERE assignment_id > :assignment AND rater_id = :rater)
  OR EXISTS (SELECT 1 FROM reopening WHERE reopening_id > :reopening)
  OR EXISTS (SELECT 1 FROM assignment_end WHERE tx > :audit)
"""


def newest(store: Store) -> Marks:
    """Marks of this moment."""
    (row,) = list(store.tuples(_NEWEST))
    return Marks(*row)


def fell_behind(marks: Marks, since: Marks) -> bool:
    """Whether these are of another database than the one followed so far."""
    return any(new < old for new, old in zip(marks, since, strict=True))


def desk_touched(store: Store, rater_id: str, since: Marks, now: Marks) -> bool:
    """Whether ``assignments_of`` a rater may have changed between two marks."""
    if now == since:
        return False
    if fell_behind(now, since):
        return True  # another database than the one looked at
    ((found,),) = list(store.tuples(_TOUCHED, {**since._asdict(), "rater": rater_id}))
    return bool(found)


def newest_piece(store: Store) -> tuple[int, int]:
    """Newest row of the pieces, and how many of them are seed pieces."""
    query = "SELECT (SELECT coalesce(max(rowid), 0) FROM piece), (SELECT count(*) FROM seed_piece)"
    (row,) = list(store.tuples(query))
    return row


def pieces_touched(store: Store, since: Marks) -> set[str]:
    """Pieces read or reopened since, or whose reads were recalled."""
    query = (
        "SELECT piece_id FROM read WHERE read_id > :read "
        "UNION SELECT piece_id FROM reopening WHERE reopening_id > :reopening "
        "UNION SELECT r.piece_id FROM recalled_read AS gone JOIN read AS r USING (read_id) "
        "WHERE gone.tx > :audit"
    )
    return {piece for (piece,) in store.tuples(query, since._asdict())}


def pieces_given(store: Store, since: Marks) -> set[str]:
    """Pieces given to somebody since, taken from them, or read on top of what was asked for."""
    query = (
        "SELECT piece_id FROM assignment WHERE assignment_id > :assignment "
        "UNION SELECT a.piece_id FROM assignment_end AS e JOIN assignment AS a "
        "USING (assignment_id) WHERE e.tx > :audit "
        "UNION SELECT a.piece_id FROM extra_read AS x JOIN assignment AS a "
        "USING (assignment_id) WHERE x.tx > :audit"
    )
    return {piece for (piece,) in store.tuples(query, since._asdict())}


def places_of(store: Store, pieces: Collection[str]) -> dict[str, int]:
    """Place of each of these pieces in the order of intake."""
    query = "SELECT piece_id, rowid FROM piece WHERE piece_id IN (SELECT value FROM json_each(?))"
    return dict(store.tuples(query, [json.dumps(list(pieces))]))
