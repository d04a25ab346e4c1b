"""Precedents as they stand: found by words, by criterion, or all of them; and the last leak scan."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from models.store import Row, Store, Transaction

_STANDING = """
SELECT p.*, l.at,
  (SELECT e.kind FROM precedent_event AS e WHERE e.precedent_id = p.precedent_id
    AND e.kind <> 'published' ORDER BY e.event_id LIMIT 1) AS ended,
  (SELECT e.successor FROM precedent_event AS e WHERE e.precedent_id = p.precedent_id
    AND e.kind = 'superseded' ORDER BY e.event_id LIMIT 1) AS successor,
  (SELECT e.words FROM precedent_event AS e WHERE e.precedent_id = p.precedent_id
    AND e.kind <> 'published' ORDER BY e.event_id LIMIT 1) AS ended_words,
  EXISTS (SELECT 1 FROM precedent_event AS e WHERE e.precedent_id = p.precedent_id
    AND e.kind = 'published') AS published
FROM precedent AS p JOIN audit_log AS l ON l.seq = p.tx
"""
_NOT_ERASED = (
    "NOT EXISTS (SELECT 1 FROM piece JOIN submission USING (submission_id) "
    "JOIN erasure USING (teacher_id) WHERE piece.piece_id = p.piece_id)"
)
_FILTERS = (
    "(:competency = '' OR p.competency = :competency) "
    "AND (:criterion = '' OR p.criterion_id = :criterion) "
    "AND (:met IS NULL OR p.met = :met) AND (:year = 0 OR p.year = :year)"
)


def found_by_words(store: Store, match: str, filters: Mapping[str, object], most: int) -> list[Row]:
    """Precedents that have these terms, the best first (BM25 as FTS5 computes it).

    ``match`` is a query of FTS5; ``filters`` are ``competency``, ``criterion``,
    ``met`` and ``year``, empty, None or 0 for any.
    """
    query = (
        f"WITH hit AS (SELECT rowid AS number, rank FROM precedent_term "  # noqa: S608
        f"WHERE precedent_term MATCH :match) {_STANDING} JOIN hit USING (number) "
        f"WHERE {_FILTERS} AND {_NOT_ERASED} ORDER BY hit.rank, p.number DESC LIMIT :most"
    )
    return _told(store.rows(query, {**filters, "match": match, "most": most}))


def newest(store: Store, filters: Mapping[str, object], most: int) -> list[Row]:
    """Precedents of these filters, the newest first."""
    query = f"{_STANDING} WHERE {_FILTERS} AND {_NOT_ERASED} ORDER BY p.number DESC LIMIT :most"
    return _told(store.rows(query, {**filters, "most": most}))


def of_slot(store: Store, slot_id: str) -> list[Row]:
    """Precedents on the criteria of a slot that still stand, the newest first."""
    query = (
        f"SELECT * FROM ({_STANDING} WHERE p.slot_id = ? AND {_NOT_ERASED}) "  # noqa: S608
        "WHERE ended IS NULL ORDER BY number DESC"
    )
    return _told(store.rows(query, (slot_id,)))


def all_precedents(store: Store) -> list[Row]:
    """Every precedent in the order they were kept."""
    query = f"{_STANDING} WHERE {_NOT_ERASED} ORDER BY p.number"
    return _told(store.rows(query))


def precedent(store: Store, precedent_id: str) -> Row | None:
    """One precedent, or None."""
    query = f"{_STANDING} WHERE p.precedent_id = ?"
    found = _told(store.rows(query, (precedent_id,)))
    return found[0] if found else None


def kept_ids(store: Store) -> set[str]:
    """Identifiers of every precedent."""
    return {row["precedent_id"] for row in store.rows("SELECT precedent_id FROM precedent")}


def keep_precedents(store: Store, tx: Transaction, rows: list[tuple[Row, str]]) -> None:
    """Write precedents, each with the terms it is found by."""
    last = store.rows("SELECT COALESCE(MAX(number), 0) AS n FROM precedent")[0]["n"]
    for number, (row, terms) in enumerate(rows, int(last) + 1):
        content = json.dumps(row["content"], ensure_ascii=False)
        tx.insert("precedent", [{**row, "number": number, "content": content}])
        tx.insert("precedent_term", [{"rowid": number, "terms": terms}])


def indexed_of_teacher(store: Store, teacher_id: str) -> list[dict[str, Any]]:
    """Precedents on a teacher's pieces that can be found by their words."""
    query = (
        "SELECT p.number, p.tx, p.content FROM precedent AS p JOIN piece USING (piece_id) "
        "JOIN submission USING (submission_id) JOIN precedent_term_docsize AS d ON d.id = p.number "
        "WHERE teacher_id = ?"
    )
    return _told(store.rows(query, (teacher_id,)))


def forget_terms(tx: Transaction, rows: list[tuple[Row, str]]) -> None:
    """Take precedents out of the index, each with the terms it was found by, and every byte of them."""
    for row, terms in rows:
        tx.change(
            "INSERT INTO precedent_term (precedent_term, rowid, terms, tx) "
            "VALUES ('delete', :number, :terms, :tx)",
            {"number": row["number"], "tx": row["tx"], "terms": terms},
        )
    if rows:  # what was deleted stands in older segments until they are merged
        tx.change("INSERT INTO precedent_term (precedent_term) VALUES ('optimize')", {})


def rulings_of_round(store: Store) -> list[Row]:
    """Marks of the chairs' rulings that stand: piece, criterion, mark, words, and when; newest first."""
    return store.rows(
        "SELECT r.read_id, r.piece_id, r.rater_id, l.at AS ruled_at, m.criterion_id, m.met, m.comment, "
        "g.code, p.slot_id, s.competency, t.school_id FROM read AS r JOIN mark AS m USING (read_id) "
        "JOIN piece AS p USING (piece_id) JOIN submission AS s USING (submission_id) "
        "JOIN teacher AS t USING (teacher_id) JOIN audit_log AS l ON l.seq = r.tx "
        "LEFT JOIN ruling_ground AS g ON g.read_id = r.read_id AND g.criterion_id = m.criterion_id "
        "WHERE r.round = 'chair' AND m.met IS NOT NULL AND NOT EXISTS "
        "(SELECT 1 FROM read AS later WHERE later.replaces = r.read_id) "
        "ORDER BY r.read_id DESC, m.criterion_id"
    )


def latest_leak_scan(store: Store) -> Row | None:
    """What the last scan for names found, with when and by whom; None before the first."""
    rows = store.rows(
        "SELECT s.told, l.at, l.actor, l.seq FROM leak_scan AS s JOIN audit_log AS l "
        "ON l.seq = s.tx ORDER BY s.scan_id DESC LIMIT 1"
    )
    return {**rows[0], "told": json.loads(rows[0]["told"])} if rows else None


def _told(rows: list[Row]) -> list[dict[str, Any]]:
    return [{**row, "content": json.loads(row["content"])} for row in rows]
