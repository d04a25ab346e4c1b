"""How long reads took and when they came, as recorded."""

from __future__ import annotations

from models.allocation import IS_EXTRA
from models.store import Row, Store

_TIMES = """
SELECT r.piece_id, r.rater_id, r.round, r.opened_at, r.submitted_at, t.school_id
FROM read AS r
JOIN piece AS p USING (piece_id)
JOIN submission AS s USING (submission_id)
JOIN teacher AS t USING (teacher_id)
LEFT JOIN (SELECT piece_id, MAX(reading) AS reading FROM reopening GROUP BY piece_id) AS o
  ON o.piece_id = r.piece_id
WHERE r.round IN ('blind', 'third') AND r.reading = COALESCE(o.reading, 1)
  AND NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
  AND NOT EXISTS (SELECT 1 FROM recalled_read AS gone WHERE gone.read_id = r.read_id)
ORDER BY r.read_id
"""


def read_times(store: Store) -> list[Row]:
    """First and third reads that count now, with the piece's school; a time not known is empty."""
    return store.rows(_TIMES)


_COUNTS = f"""
SELECT r.piece_id, SUM(r.round = 'blind'), SUM(r.round = 'third'),
       SUM(r.submitted_at >= :since AND r.submitted_at <> '')
FROM read AS r
LEFT JOIN (SELECT piece_id, MAX(reading) AS reading FROM reopening GROUP BY piece_id) AS o
  ON o.piece_id = r.piece_id
WHERE r.round IN ('blind', 'third') AND r.reading = COALESCE(o.reading, 1)
  AND NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
  AND NOT EXISTS (SELECT 1 FROM recalled_read AS gone WHERE gone.read_id = r.read_id)
  AND NOT {IS_EXTRA}
GROUP BY r.piece_id
"""  # noqa: S608


def read_counts(store: Store, since: str) -> dict[str, tuple[int, int, int]]:
    """First and third reads of each piece that decide now, and how many of both came since a time."""
    return {
        piece: (blind, third, fresh)
        for piece, blind, third, fresh in store.tuples(_COUNTS, {"since": since})
    }


def first_given(store: Store) -> dict[str, str]:
    """When each rater was first given something to read, UTC."""
    query = (
        "SELECT a.rater_id, MIN(l.at) FROM assignment AS a JOIN audit_log AS l ON l.seq = a.tx "
        "WHERE a.round IN ('blind', 'third') GROUP BY a.rater_id"
    )
    return dict(store.tuples(query))


def active_minutes(store: Store) -> dict[str, list[float]]:
    """Minutes each rater was active on each first or third read given at the desk."""
    found: dict[str, list[float]] = {}
    query = (
        "SELECT r.rater_id, t.active_s FROM read_time AS t JOIN read AS r USING (read_id) "
        "WHERE r.round IN ('blind', 'third')"
    )
    for rater, seconds in store.tuples(query):
        found.setdefault(rater, []).append(seconds / 60)
    return found
