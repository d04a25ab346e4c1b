"""Looks for flags: when everything was looked at, at which fixed moment, and what came in since."""

from __future__ import annotations

import json

from models.store import Row, Store

_NEW = """
SELECT
  (SELECT count(*) FROM evidence_file AS x JOIN piece USING (piece_id)
   JOIN submission USING (submission_id) JOIN teacher USING (teacher_id)
   WHERE x.tx > :version AND (:school = '' OR teacher.school_id = :school)) AS files,
  (SELECT count(*) FROM read AS x JOIN piece USING (piece_id)
   JOIN submission USING (submission_id) JOIN teacher USING (teacher_id)
   WHERE x.tx > :version AND x.round IN ('blind', 'third')
   AND (:school = '' OR teacher.school_id = :school)) AS reads
"""


def newest_look(store: Store) -> Row | None:
    """Last look at everything, with when and by whom, and ``told`` read; None where there was none."""
    found = store.rows(
        "SELECT k.*, l.at, l.actor FROM flag_look AS k JOIN audit_log AS l ON l.seq = k.tx "
        "ORDER BY look_id DESC LIMIT 1"
    )
    return {**found[0], "told": json.loads(found[0]["told"])} if found else None


def tested_looks(store: Store) -> list[Row]:
    """Looks at the fixed moments, oldest first; early ones are left out."""
    return store.rows("SELECT * FROM flag_look WHERE gate <> 'early' ORDER BY look_id")


def new_since(store: Store, version: int, school_id: str = "") -> tuple[int, int]:
    """Files, and first and third reads, that came in after a version of the data.

    ``school_id`` counts those of one school; empty counts all.
    """
    row = store.rows(_NEW, {"version": version, "school": school_id})[0]
    return int(row["files"]), int(row["reads"])


def publicity_has_closed(store: Store) -> bool:
    """Whether any school's publicity has ended."""
    return bool(store.rows("SELECT 1 FROM publication_end LIMIT 1"))


def has_reads(store: Store) -> bool:
    """Whether anybody has read anything."""
    return bool(store.rows("SELECT 1 FROM read WHERE round = 'blind' LIMIT 1"))
