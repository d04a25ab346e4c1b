"""Reads given to pieces drawn at random only to check how stable results are."""

from __future__ import annotations

from collections import defaultdict

from models.records import Read
from models.store import Store

_DRAWN = """
SELECT r.read_id, r.piece_id, r.rater_id, r.round
FROM read AS r
JOIN assignment AS a ON a.piece_id = r.piece_id AND a.rater_id = r.rater_id
  AND a.round = r.round AND a.reading = r.reading
JOIN extra_read AS x ON x.assignment_id = a.assignment_id AND x.tx = a.tx
LEFT JOIN (SELECT piece_id, MAX(reading) AS reading FROM reopening GROUP BY piece_id) AS o
  ON o.piece_id = r.piece_id
WHERE r.round = 'blind' AND a.position > 0 AND r.reading = COALESCE(o.reading, 1)
  AND a.assignment_id NOT IN (SELECT assignment_id FROM back_read)
  AND NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
  AND NOT EXISTS (SELECT 1 FROM recalled_read AS gone WHERE gone.read_id = r.read_id)
ORDER BY r.read_id
"""
_MARKS = f"""
SELECT read_id, criterion_id, met FROM mark
WHERE read_id IN (SELECT read_id FROM ({_DRAWN})) ORDER BY read_id
"""  # noqa: S608


def validation_reads(store: Store) -> dict[str, list[Read]]:
    """Validation reads that count now, by piece: those drawn with the allocation alone.

    Reads that decide nothing for another reason (a surplus one, one read back
    because of its risk) were not drawn at random and are left out.
    """
    marks: dict[int, dict[str, int | None]] = defaultdict(dict)
    for read_id, criterion_id, met in store.tuples(_MARKS, ()):
        marks[read_id][criterion_id] = met
    found: dict[str, list[Read]] = defaultdict(list)
    for read_id, piece_id, rater_id, round_name in store.tuples(_DRAWN, ()):
        found[piece_id].append(Read(rater_id, round_name, marks.get(read_id, {})))
    return dict(found)
