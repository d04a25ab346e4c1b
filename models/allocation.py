"""What allocation rests on beside assignments: how much each reads, extra reads, rules set aside."""

from __future__ import annotations

from models.store import Row, Store

IS_EXTRA = (
    "EXISTS (SELECT 1 FROM assignment AS own JOIN extra_read AS x USING (assignment_id) "
    "WHERE own.piece_id = r.piece_id AND own.rater_id = r.rater_id AND own.round = r.round "
    "AND own.reading = r.reading)"
)
"""Whether a read ``r`` was given out only to validate how stable results are: it decides nothing."""

RELAX = "allocation.relax"
"""Action in the audit log of assignments for which a rule was set aside, with the reason."""


def reading_terms(store: Store) -> dict[str, Row]:
    """How much each may read, as last stated: ``share`` in per cent of a full load, ``most`` pieces.

    Who was never named is left out; ``most`` is None without a limit.
    """
    rows = store.rows("SELECT person_id, share, most FROM reading_terms ORDER BY terms_id")
    return {row["person_id"]: row for row in rows}


def extra_readers(store: Store) -> dict[str, set[str]]:
    """Who reads each piece only for validation, of those who have not handed it back."""
    found: dict[str, set[str]] = {}
    query = (
        "SELECT a.piece_id, a.rater_id FROM extra_read JOIN assignment AS a USING (assignment_id) "
        "LEFT JOIN assignment_end AS e USING (assignment_id) WHERE e.why IS NULL "
        "AND assignment_id NOT IN (SELECT assignment_id FROM back_read)"
    )
    for row in store.rows(query):
        found.setdefault(row["piece_id"], set()).add(row["rater_id"])
    return found


def is_relaxed(store: Store, piece_id: str, rater_id: str) -> bool:
    """Whether a piece was given to somebody with a rule set aside in writing."""
    query = (
        "SELECT 1 FROM assignment AS a JOIN audit_log AS l ON l.seq = a.tx "
        "WHERE a.piece_id = ? AND a.rater_id = ? AND l.action = ?"
    )
    return bool(store.rows(query, (piece_id, rater_id, RELAX)))
