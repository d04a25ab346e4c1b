"""The chair's room and the end of a round as recorded: own marks, back-reads, waivers, closing."""

from __future__ import annotations

import json

from models.store import Row, Store

_BACK_READS = """
SELECT a.assignment_id, a.piece_id, a.rater_id, a.reading, b.why, l.at, p.slot_id, s.competency,
       s.teacher_id, t.school_id, e.why AS left_why, r.read_id, r.submitted_at,
       k.ended, x.reason AS words
FROM back_read AS b JOIN assignment AS a USING (assignment_id) JOIN audit_log AS l ON l.seq = b.tx
JOIN piece AS p ON p.piece_id = a.piece_id JOIN submission AS s USING (submission_id)
JOIN teacher AS t USING (teacher_id)
LEFT JOIN assignment_end AS e USING (assignment_id)
LEFT JOIN back_read_end AS k USING (assignment_id)
LEFT JOIN audit_log AS x ON x.seq = k.tx
LEFT JOIN read AS r ON r.piece_id = a.piece_id AND r.rater_id = a.rater_id
  AND r.round = a.round AND r.reading = a.reading
  AND NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
ORDER BY a.assignment_id
"""
_CHANGED = """
SELECT MAX(seq) AS seq FROM audit_log
WHERE action NOT IN (SELECT value FROM json_each(:quiet)) AND seq > :since
"""


def own_marks(store: Store, piece_id: str, person_id: str, reading: int) -> dict[str, int | None]:
    """Marks somebody gave on a piece before seeing its reads, by criterion; empty before that."""
    rows = store.where("own_mark", piece_id=piece_id, person_id=person_id, reading=reading)
    return {row["criterion_id"]: row["met"] for row in rows}


def ground_counts(store: Store, school_id: str | None) -> dict[str, int]:
    """How often each reason was given for a ruling that stands, in one school or all (None)."""
    rows = store.rows(
        "SELECT g.code, COUNT(*) AS n FROM ruling_ground AS g JOIN read AS r USING (read_id) "
        "JOIN piece USING (piece_id) JOIN submission USING (submission_id) "
        "JOIN teacher AS t USING (teacher_id) WHERE (? IS NULL OR t.school_id = ?) AND NOT EXISTS "
        "(SELECT 1 FROM read AS later WHERE later.replaces = g.read_id) GROUP BY g.code",
        (school_id, school_id),
    )
    return {row["code"]: row["n"] for row in rows}


def back_reads(store: Store) -> list[Row]:
    """Every back-read: by whom, why, when begun, its read (None until given) and how it ended."""
    return store.rows(_BACK_READS)


def is_back_read(store: Store, piece_id: str, rater_id: str) -> bool:
    """Whether somebody was given a piece to read it back."""
    query = (
        "SELECT 1 FROM back_read JOIN assignment AS a USING (assignment_id) "
        "WHERE a.piece_id = ? AND a.rater_id = ?"
    )
    return bool(store.rows(query, (piece_id, rater_id)))


def back_pieces_of(store: Store, rater_id: str) -> frozenset[str]:
    """Pieces somebody was given to read back."""
    query = (
        "SELECT piece_id FROM back_read JOIN assignment USING (assignment_id) WHERE rater_id = ?"
    )
    return frozenset(piece for (piece,) in store.tuples(query, (rater_id,)))


def latest_waivers(store: Store) -> dict[str, Row]:
    """Newest waiver of each line of the close-out, ``ids`` read, with who gave it and when."""
    rows = store.rows(
        "SELECT w.*, l.at, l.actor, l.role FROM closing_waiver AS w "
        "JOIN audit_log AS l ON l.seq = w.tx ORDER BY w.waiver_id"
    )
    return {row["line"]: {**row, "ids": json.loads(row["ids"])} for row in rows}


def closing_events(store: Store) -> list[Row]:
    """Every closing and reopening of the round, oldest first, with who did it and when."""
    rows = store.rows(
        "SELECT c.*, l.at, l.actor, l.role FROM closing_event AS c "
        "JOIN audit_log AS l ON l.seq = c.tx ORDER BY c.event_id"
    )
    return [{**row, "checklist": json.loads(row["checklist"])} for row in rows]


def changed_since(store: Store, action: str, quiet: frozenset[str]) -> bool:
    """Whether anything but quiet acts was done after an action was last done, or it never was."""
    done = store.rows("SELECT MAX(seq) AS seq FROM audit_log WHERE action = ?", (action,))[0]["seq"]
    told = {"quiet": json.dumps(sorted(quiet | {action})), "since": done or 0}
    later = store.rows(_CHANGED, told)[0]["seq"]
    return done is None or later is not None


def last_issues(store: Store) -> dict[str, str]:
    """Root of the ledger each school's sheets were last issued from."""
    return {row["school_id"]: row["root"] for row in store.where("sheet_issue")}


def running_notes(store: Store, today: str) -> list[str]:
    """Teacher and competency whose evidence may still be handed in anew on a day ``2026-11-30``."""
    rows = store.rows(
        "SELECT DISTINCT teacher_id, competency FROM feedback_given AS g WHERE until >= ? "
        "AND slots <> '[]' AND NOT EXISTS (SELECT 1 FROM submission AS s "
        "WHERE s.teacher_id = g.teacher_id AND s.competency = g.competency "
        "AND s.attempt > g.attempt)",
        (today,),
    )
    return [f"{row['teacher_id']}.{row['competency']}" for row in rows]
