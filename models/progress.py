"""How long reads took and when they came, as recorded."""

from __future__ import annotations

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
