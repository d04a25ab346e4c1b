"""Publicity as it stands: what was shown, what was objected to, what has been cleared."""

from __future__ import annotations

from models.store import Row, Store

_SHOWN = """
SELECT r.teacher_id, r.competency, r.level, r.publication_id,
       e.publication_id IS NOT NULL AS ended
FROM published_result AS r LEFT JOIN publication_end AS e USING (publication_id)
WHERE NOT EXISTS (SELECT 1 FROM submission AS s WHERE s.teacher_id = r.teacher_id
  AND s.competency = r.competency AND s.attempt > 1 AND s.tx > r.tx)
ORDER BY r.tx
"""
"""What was shown before a later attempt came was shown of the earlier one and is left out."""


def open_publications(store: Store) -> list[Row]:
    """Publicities nobody has closed yet."""
    return store.rows(
        "SELECT * FROM publication WHERE publication_id NOT IN "
        "(SELECT publication_id FROM publication_end) ORDER BY publication_id"
    )


def published_levels(store: Store) -> dict[tuple[str, str], str]:
    """Level each result was last published with."""
    return {(row["teacher_id"], row["competency"]): row["level"] for row in store.rows(_SHOWN)}


def cleared_levels(store: Store) -> dict[tuple[str, str], tuple[str, str]]:
    """Publication and level of each result whose latest publicity has closed.

    A result somebody still objects to is not cleared, whatever was closed.
    """
    latest = {(row["teacher_id"], row["competency"]): row for row in store.rows(_SHOWN)}
    disputed = {(row["teacher_id"], row["competency"]) for row in unanswered_objections(store)}
    return {
        key: (row["publication_id"], row["level"])
        for key, row in latest.items()
        if row["ended"] and key not in disputed
    }


def next_published_level(store: Store, teacher_id: str, competency: str, tx: int) -> str:
    """Level a result was first published with after a transaction; empty where it was not."""
    found = store.rows(
        "SELECT level FROM published_result WHERE teacher_id = ? AND competency = ? AND tx > ? "
        "ORDER BY tx LIMIT 1",
        (teacher_id, competency, tx),
    )
    return str(found[0]["level"]) if found else ""


def unanswered_objections(store: Store) -> list[Row]:
    """Objections without an answer."""
    return store.rows(
        "SELECT * FROM objection WHERE objection_id NOT IN "
        "(SELECT objection_id FROM objection_answer) ORDER BY objection_id"
    )


def pieces_of_result(store: Store, teacher_id: str, competency: str) -> list[str]:
    """Pieces a result rests on: of the competency, or of all where it is a conclusion.

    Of a slot handed in twice it rests on the later piece.
    """
    condition = "" if competency == "" else "AND s.competency = :competency"
    rows = store.rows(
        "SELECT p.piece_id FROM piece AS p JOIN submission AS s USING (submission_id) "  # noqa: S608
        f"WHERE s.teacher_id = :teacher_id {condition} AND NOT EXISTS (SELECT 1 FROM piece AS q "
        "JOIN submission AS e ON e.submission_id = q.submission_id WHERE q.slot_id = p.slot_id "
        "AND e.teacher_id = s.teacher_id AND e.attempt > s.attempt) ORDER BY p.rowid",
        {"teacher_id": teacher_id, "competency": competency},
    )
    return [row["piece_id"] for row in rows]


def closing_days(store: Store) -> dict[tuple[str, str], str]:
    """Last day to object to each result, of its latest publicity."""
    rows = store.rows(
        "SELECT r.teacher_id, r.competency, p.closes_on FROM published_result AS r "
        "JOIN publication AS p USING (publication_id) ORDER BY r.tx"
    )
    return {(row["teacher_id"], row["competency"]): row["closes_on"] for row in rows}


def last_closing_day(store: Store) -> str:
    """Day the last publicity closed, ``2026-11-30``; empty while one is open, or before the first."""
    if open_publications(store):
        return ""
    found = store.rows("SELECT max(closed_on) AS day FROM publication_end")
    return str(found[0]["day"] or "")


def appeals(store: Store) -> dict[str, Row]:
    """Appeals by their own objection: ``against`` which one, and ``panel``, how many readers."""
    return {row["objection_id"]: row for row in store.where("appeal")}


def panels(store: Store) -> dict[str, int]:
    """How many readers each piece needs that an appeal panel reads in its current reading."""
    rows = store.rows(
        "SELECT o.piece_id, a.panel FROM appeal AS a "
        "JOIN reopening AS o ON o.cause = 'objection:' || a.objection_id "
        "WHERE NOT EXISTS (SELECT 1 FROM reopening AS later "
        "WHERE later.piece_id = o.piece_id AND later.reading > o.reading)"
    )
    return {row["piece_id"]: row["panel"] for row in rows}


def reopened_by_objections(store: Store, since: int = 0) -> dict[str, int]:
    """Latest reading of each piece an objection has reopened after a transaction."""
    rows = store.rows(
        "SELECT piece_id, MAX(reading) AS reading FROM reopening "
        "WHERE cause LIKE 'objection:%' AND tx > ? GROUP BY piece_id",
        (since,),
    )
    return {row["piece_id"]: row["reading"] for row in rows}


def read_again_at(store: Store, objection_id: str) -> str:
    """Time (UTC) of the last read an objection led to; empty where there is none."""
    rows = store.rows(
        "SELECT MAX(l.at) AS at FROM reopening AS o JOIN read AS r "
        "ON r.piece_id = o.piece_id AND r.reading = o.reading JOIN audit_log AS l ON l.seq = r.tx "
        "WHERE o.cause = ?",
        (f"objection:{objection_id}",),
    )
    return str(rows[0]["at"] or "")
