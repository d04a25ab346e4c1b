"""Erasing a person: which rows may go, once an erasure is on record, and what is left of them.

Rows are append-only for everybody else: the triggers of ``paper_tables`` let a
row be blanked or dropped only where its teacher stands in ``erasure``.
"""

from __future__ import annotations

from dataclasses import dataclass

from models.store import Row, Store, Transaction


@dataclass(frozen=True)
class Traces:
    """What the workspace holds of a teacher: rows by table, and digests of files nobody else has."""

    rows: dict[str, int]
    originals: tuple[str, ...]
    copies: tuple[str, ...]


_PIECES = (
    "SELECT piece_id FROM piece JOIN submission USING (submission_id) WHERE teacher_id = :teacher"
)
_READS = f"SELECT read_id FROM read WHERE piece_id IN ({_PIECES})"  # noqa: S608
_OWN_FILES = (
    f"SELECT sha256 FROM evidence_file WHERE piece_id IN ({_PIECES}) AND sha256 <> '' "  # noqa: S608
    f"EXCEPT SELECT sha256 FROM evidence_file WHERE piece_id NOT IN ({_PIECES})"
)
_COUNTS = {
    "teacher": "SELECT count(*) AS n FROM teacher WHERE teacher_id = :teacher AND name <> ''",
    "alias": "SELECT count(*) AS n FROM alias WHERE teacher_id = :teacher",
    "teacher_fact": "SELECT count(*) AS n FROM teacher_fact WHERE teacher_id = :teacher",
    "intake_line": "SELECT count(*) AS n FROM intake_line WHERE teacher_id = :teacher",
    "evidence_file": f"SELECT count(*) AS n FROM evidence_file WHERE path <> '' AND piece_id IN ({_PIECES})",  # noqa: S608
    "extract": f"SELECT count(*) AS n FROM extract WHERE sha256 IN ({_OWN_FILES})",  # noqa: S608
    "blind_copy": f"SELECT count(*) AS n FROM blind_copy WHERE piece_id IN ({_PIECES})",  # noqa: S608
    "read": f"SELECT count(*) AS n FROM read WHERE comment <> '' AND read_id IN ({_READS})",  # noqa: S608
    "mark": f"SELECT count(*) AS n FROM mark WHERE comment <> '' AND read_id IN ({_READS})",  # noqa: S608
    "feedback_reason": f"SELECT count(*) AS n FROM feedback_reason WHERE piece_id IN ({_PIECES})",  # noqa: S608
    "objection": "SELECT count(*) AS n FROM objection WHERE teacher_id = :teacher AND words <> ''",
}
_STATEMENTS = (
    f"DELETE FROM extract WHERE sha256 IN ({_OWN_FILES})",  # noqa: S608
    f"DELETE FROM blind_copy WHERE piece_id IN ({_PIECES})",  # noqa: S608
    f"DELETE FROM feedback_reason WHERE piece_id IN ({_PIECES})",  # noqa: S608
    f"UPDATE evidence_file SET path = '', item = '', stated = '{{}}' WHERE piece_id IN ({_PIECES})",  # noqa: S608
    f"UPDATE mark SET comment = '' WHERE comment <> '' AND read_id IN ({_READS})",  # noqa: S608
    f"UPDATE read SET comment = '' WHERE comment <> '' AND read_id IN ({_READS})",  # noqa: S608
    "UPDATE objection_answer SET words = '' WHERE objection_id IN "
    "(SELECT objection_id FROM objection WHERE teacher_id = :teacher)",
    "UPDATE objection SET words = '', raised_by = '' WHERE teacher_id = :teacher",
    "DELETE FROM intake_line WHERE teacher_id = :teacher",
    "DELETE FROM teacher_fact WHERE teacher_id = :teacher",
    "DELETE FROM alias WHERE teacher_id = :teacher",
    "UPDATE teacher SET name = '', teacher_no = '' WHERE teacher_id = :teacher",
)


def traces(store: Store, teacher_id: str) -> Traces:
    """Count what is kept of a teacher; files that another person handed in too are left out."""
    told = {"teacher": teacher_id}
    rows = {table: int(store.rows(query, told)[0]["n"]) for table, query in _COUNTS.items()}
    originals = tuple(str(row["sha256"]) for row in store.rows(_OWN_FILES, told))
    return Traces(rows, originals, tuple(_own_copies(store, teacher_id)))


def _own_copies(store: Store, teacher_id: str) -> list[str]:
    """Digests of masked copies that show no other piece."""
    own = {row["piece_id"] for row in store.rows(_PIECES, {"teacher": teacher_id})}
    found: dict[str, set[str]] = {}
    for row in store.where("blind_copy"):
        found.setdefault(row["sha256"], set()).add(row["piece_id"])
    return sorted(sha256 for sha256, pieces in found.items() if pieces <= own)


def erase(tx: Transaction, teacher_id: str, pseudonym: str, reason: str) -> None:
    """Put an erasure on record and blank or drop every row that names the teacher."""
    tx.insert("erasure", [{"teacher_id": teacher_id, "pseudonym": pseudonym, "reason": reason}])
    for statement in _STATEMENTS:
        tx.change(statement, {"teacher": teacher_id})


def erased(store: Store) -> dict[str, Row]:
    """Erasures on record, by teacher."""
    return {row["teacher_id"]: row for row in store.where("erasure")}
