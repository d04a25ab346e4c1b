"""Handing in again as it stands: notes handed over, and who has seen a case."""

from __future__ import annotations

import json
from collections import defaultdict

from models.store import Row, Store

_HELD = (
    "(SELECT piece_id, rater_id, tx FROM read UNION SELECT piece_id, rater_id, tx FROM assignment)"
)
_CASE = f"""
SELECT p.piece_id, h.rater_id
FROM submission AS s JOIN piece AS p USING (submission_id)
JOIN submission AS e ON e.teacher_id = s.teacher_id AND e.competency = s.competency
  AND e.attempt < s.attempt
JOIN piece AS q ON q.submission_id = e.submission_id JOIN {_HELD} AS h ON h.piece_id = q.piece_id
WHERE s.attempt > 1
UNION
SELECT o.piece_id, h.rater_id
FROM (SELECT piece_id, MAX(tx) AS tx FROM reopening WHERE cause LIKE 'objection:%'
      GROUP BY piece_id) AS o
JOIN piece AS p ON p.piece_id = o.piece_id JOIN submission AS s USING (submission_id)
JOIN submission AS e ON e.teacher_id = s.teacher_id AND e.competency = s.competency
JOIN piece AS q ON q.submission_id = e.submission_id
JOIN {_HELD} AS h ON h.piece_id = q.piece_id AND h.tx < o.tx
UNION
SELECT q.piece_id, x.rater_id
FROM desk_exit AS x JOIN piece AS p USING (piece_id) JOIN submission AS s USING (submission_id)
JOIN submission AS e ON e.teacher_id = s.teacher_id
JOIN piece AS q ON q.submission_id = e.submission_id WHERE x.kind = 'conflict'
"""  # noqa: S608

_CASE_OF_ONE = """
WITH mine AS (
  SELECT s.teacher_id, s.competency, s.attempt, (SELECT MAX(o.tx) FROM reopening AS o
    WHERE o.piece_id = p.piece_id AND o.cause LIKE 'objection:%') AS objected
  FROM piece AS p JOIN submission AS s USING (submission_id) WHERE p.piece_id = :piece
), earlier AS (
  SELECT q.piece_id, e.attempt < m.attempt AS always, m.objected AS before
  FROM mine AS m JOIN submission AS e ON e.teacher_id = m.teacher_id
    AND e.competency = m.competency JOIN piece AS q ON q.submission_id = e.submission_id
  WHERE e.attempt < m.attempt OR m.objected IS NOT NULL
)
SELECT h.rater_id FROM earlier AS q CROSS JOIN read AS h ON h.piece_id = q.piece_id
WHERE q.always OR h.tx < q.before
UNION
SELECT h.rater_id FROM earlier AS q CROSS JOIN assignment AS h ON h.piece_id = q.piece_id
WHERE q.always OR h.tx < q.before
UNION
SELECT x.rater_id FROM mine AS m JOIN submission AS s ON s.teacher_id = m.teacher_id
JOIN piece AS p ON p.submission_id = s.submission_id JOIN desk_exit AS x ON x.piece_id = p.piece_id
WHERE x.kind = 'conflict'
"""


def notes_given(store: Store) -> list[Row]:
    """Notes handed over, oldest first, their slots as a list."""
    return [{**row, "slots": json.loads(row["slots"])} for row in store.where("feedback_given")]


def readers_of_cases(store: Store) -> dict[str, set[str]]:
    """Who has seen the case of a piece before, by piece: they are not fresh to it.

    Of a piece handed in again, everybody who read, or was to read, a piece of an
    earlier attempt at the same competency; of a piece an objection reopened,
    everybody who had a piece of that competency before the objection was taken up.
    Who has stood back from a piece for a conflict of interest is fresh to none of its author.
    """
    found: dict[str, set[str]] = defaultdict(set)
    for piece_id, rater_id in store.tuples(_CASE):
        found[piece_id].add(rater_id)
    return dict(found)


def readers_of_case(store: Store, piece_id: str) -> set[str]:
    """As `readers_of_cases`, of one piece, looking at the pieces of its author alone."""
    return {rater_id for (rater_id,) in store.tuples(_CASE_OF_ONE, {"piece": piece_id})}
