"""Reads that were recalled: which a rater gave since when, and which cases hold for them."""

from __future__ import annotations

from collections.abc import Collection

from models.store import Row, Store

_COUNTING = """
SELECT r.read_id, r.piece_id, p.submission_id, r.round,
       COALESCE(NULLIF(r.submitted_at, ''), a.at) AS given_at
FROM read AS r
JOIN piece AS p USING (piece_id)
JOIN audit_log AS a ON a.seq = r.tx
LEFT JOIN (SELECT piece_id, MAX(reading) AS reading FROM reopening GROUP BY piece_id) AS o
  ON o.piece_id = r.piece_id
WHERE r.rater_id = :rater AND r.round IN ('blind', 'third')
  AND r.reading = COALESCE(o.reading, 1)
  AND NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
  AND NOT EXISTS (SELECT 1 FROM recalled_read AS gone WHERE gone.read_id = r.read_id)
  AND (:since = '' OR COALESCE(NULLIF(r.submitted_at, ''), a.at) > :since)
ORDER BY r.read_id
"""


def counting_reads(store: Store, rater_id: str, since: str = "") -> list[Row]:
    """First and third reads of a rater that count now and were given after a time (UTC).

    An empty ``since`` takes them all.
    """
    return store.rows(_COUNTING, {"rater": rater_id, "since": since})


def submissions_read_by(store: Store, rater_ids: Collection[str]) -> list[str]:
    """Submissions of which every one of these raters has a piece in a read that counts now."""
    own = [[row["submission_id"] for row in counting_reads(store, each)] for each in rater_ids]
    shared = set(own[0]).intersection(*own[1:]) if own else set()
    return [each for each in dict.fromkeys(own[0]) if each in shared] if own else []


def recalled_pieces(store: Store, hold_id: str) -> list[str]:
    """Pieces whose reads a case of recalled reads is about."""
    query = (
        "SELECT DISTINCT r.piece_id FROM recalled_read AS c JOIN read AS r USING (read_id) "
        "WHERE c.hold_id = ? ORDER BY r.piece_id"
    )
    return [row["piece_id"] for row in store.rows(query, (hold_id,))]


def recalled_by_rater(store: Store) -> dict[str, int]:
    """How many reads of each rater were recalled; raters without one are left out."""
    query = (
        "SELECT read.rater_id, count(*) AS n FROM recalled_read JOIN read USING (read_id) "
        "GROUP BY read.rater_id"
    )
    return {row["rater_id"]: row["n"] for row in store.rows(query)}


def recalled_rows(store: Store, hold_id: str) -> list[Row]:
    """Reads a case has recalled, with how many reads of the piece were recorded after it."""
    return store.rows(
        "SELECT c.read_id, r.piece_id, r.rater_id, r.round, r.submitted_at, "
        "(SELECT count(*) FROM read AS later WHERE later.piece_id = r.piece_id "
        " AND later.round IN ('blind', 'third') AND later.tx > c.tx) AS later "
        "FROM recalled_read AS c JOIN read AS r USING (read_id) WHERE c.hold_id = ? "
        "ORDER BY c.read_id",
        (hold_id,),
    )
