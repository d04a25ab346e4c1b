"""Analyses as they were stored: the newest of a kind and scope, and what was written since."""

from __future__ import annotations

from models.store import Row, Store

_NEWEST = """
SELECT a.*, l.at AS made_at, l.actor AS actor
FROM analysis AS a JOIN audit_log AS l ON l.seq = a.tx
WHERE a.kind = :kind AND a.scope = :scope AND (:parameters IS NULL OR a.parameters = :parameters)
ORDER BY a.analysis_id DESC LIMIT 1
"""
_OF_SCHOOL = """
SELECT count(*) AS n
FROM {table} AS x JOIN piece USING (piece_id) JOIN submission USING (submission_id)
JOIN teacher USING (teacher_id)
WHERE x.tx > :version AND (:scope = '' OR teacher.school_id = :scope)
"""


def newest_analysis(
    store: Store, kind: str, scope: str, parameters: str | None = None
) -> Row | None:
    """Newest analysis of a kind and scope, with who stored it and when.

    Parameters
    ----------
    store : Store
    kind : str
        ``agreement``, ``effects`` and so on.
    scope : str
        A school; empty for the whole workspace.
    parameters : str or None
        Canonical JSON the analysis must have been made with; None for any.
    """
    asked = {"kind": kind, "scope": scope, "parameters": parameters}
    found = store.rows(_NEWEST, asked)
    return found[0] if found else None


def reads_since(store: Store, version: int, scope: str) -> int:
    """Reads of the scope's pieces that were recorded after this version of the data."""
    return _since(store, "read", version, scope)


def reopened_since(store: Store, version: int, scope: str) -> int:
    """Reopenings of the scope's pieces after this version: their earlier reads no longer count."""
    return _since(store, "reopening", version, scope)


def _since(store: Store, table: str, version: int, scope: str) -> int:
    found = store.rows(_OF_SCHOOL.format(table=table), {"version": version, "scope": scope})
    return int(found[0]["n"])
