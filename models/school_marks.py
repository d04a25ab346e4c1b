"""Marks for comparing schools: blind reads, the county's re-reads of the same pieces, and seeds."""

from __future__ import annotations

import pandas as pd

from models.frames import MARKS
from models.store import Store

_MARKS = """
WITH standing AS (
  SELECT r.* FROM read AS r
  WHERE NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
    AND NOT EXISTS (SELECT 1 FROM recalled_read AS gone WHERE gone.read_id = r.read_id)
), again AS (
  SELECT piece_id, MAX(read_id) AS read_id FROM standing WHERE round = 'county' GROUP BY piece_id
), latest AS (
  SELECT piece_id, MAX(reading) AS reading FROM reopening GROUP BY piece_id
)
SELECT r.piece_id, m.criterion_id, r.rater_id, r.round, m.met
FROM standing AS r JOIN mark AS m USING (read_id)
LEFT JOIN again AS a ON a.piece_id = r.piece_id
LEFT JOIN standing AS c ON c.read_id = a.read_id
LEFT JOIN latest AS o ON o.piece_id = r.piece_id
WHERE m.met IS NOT NULL AND (
  r.round = 'seed'
  OR (r.round = 'county' AND r.read_id = a.read_id)
  OR (r.round = 'blind' AND r.reading = COALESCE(c.reading, o.reading, 1))
)
ORDER BY r.read_id, m.criterion_id
"""


def school_marks(store: Store) -> pd.DataFrame:
    """Marks of blind, county and seed reads, one row a mark.

    Of a piece the county has read again the blind reads are those it was checked
    against: a piece that differed is then reopened, and its later reads know of
    the difference. Of several county reads of a piece the newest counts.
    """
    return store.frame(_MARKS, MARKS)
