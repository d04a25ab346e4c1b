"""Erasing a person: which rows may go, once an erasure is on record, and what is left of them.

Rows are append-only for everybody else: the triggers of ``tables.papers`` let a
row be blanked or dropped only where its teacher stands in ``erasure``.
"""

# ruff: noqa: S608  (statements of this module are put together from its own constants)

from __future__ import annotations

import json
from dataclasses import dataclass

from models.desk_store import DeskStore
from models.erasing_reasons import Reasons, blank_reasons
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
_READS = f"SELECT read_id FROM read WHERE piece_id IN ({_PIECES})"
_OWN_FILES = (
    f"SELECT sha256 FROM evidence_file WHERE piece_id IN ({_PIECES}) AND sha256 <> '' "
    f"EXCEPT SELECT sha256 FROM evidence_file WHERE piece_id NOT IN ({_PIECES})"
)
_CASES = (
    "SELECT hold_id FROM hold_submission JOIN submission USING (submission_id) "
    "WHERE teacher_id = :teacher"
)
_FLAGS = (
    "EXISTS (SELECT 1 FROM json_each(flag.ids) "
    f"WHERE value IN ({_PIECES})) AND exhibit ->> '$.erased' IS NULL"
)
_OWN_NAMES = (
    "SELECT name FROM teacher WHERE teacher_id = :teacher AND name <> '' "
    "UNION SELECT teacher_no FROM teacher WHERE teacher_id = :teacher AND teacher_no <> ''"
)
_RELATED = f"EXISTS (SELECT 1 FROM json_each(person.relations) WHERE value IN ({_OWN_NAMES}))"
_BY_PIECE = (
    "SELECT m.name FROM sqlite_master AS m, pragma_table_info(m.name) AS c "
    "WHERE m.type = 'table' AND c.name = 'piece_id'"
)
_COUNTS = {
    "teacher": "SELECT count(*) AS n FROM teacher WHERE teacher_id = :teacher AND name <> ''",
    "alias": "SELECT count(*) AS n FROM alias WHERE teacher_id = :teacher",
    "teacher_fact": "SELECT count(*) AS n FROM teacher_fact WHERE teacher_id = :teacher",
    "intake_line": "SELECT count(*) AS n FROM intake_line WHERE teacher_id = :teacher",
    "evidence_file": f"SELECT count(*) AS n FROM evidence_file WHERE path <> '' AND piece_id IN ({_PIECES})",
    "extract": f"SELECT count(*) AS n FROM extract WHERE sha256 IN ({_OWN_FILES})",
    "blind_copy": f"SELECT count(*) AS n FROM blind_copy WHERE piece_id IN ({_PIECES})",
    "read": f"SELECT count(*) AS n FROM read WHERE comment <> '' AND read_id IN ({_READS})",
    "mark": f"SELECT count(*) AS n FROM mark WHERE comment <> '' AND read_id IN ({_READS})",
    "feedback_reason": f"SELECT count(*) AS n FROM feedback_reason WHERE piece_id IN ({_PIECES})",
    "objection": "SELECT count(*) AS n FROM objection WHERE teacher_id = :teacher AND words <> ''",
    "hold_event": f"SELECT count(*) AS n FROM hold_event WHERE words <> '' AND hold_id IN ({_CASES})",
    "flag": f"SELECT count(*) AS n FROM flag WHERE {_FLAGS}",
    "precedent": "SELECT count(*) AS n FROM precedent WHERE content ->> '$.excerpt' <> '' "
    f"AND piece_id IN ({_PIECES})",
    "person": f"SELECT count(*) AS n FROM person WHERE {_RELATED}",
}
_STATEMENTS = (
    f"DELETE FROM extract WHERE sha256 IN ({_OWN_FILES})",
    f"DELETE FROM blind_copy WHERE piece_id IN ({_PIECES})",
    f"DELETE FROM feedback_reason WHERE piece_id IN ({_PIECES})",
    f"UPDATE evidence_file SET path = '', item = '', stated = '{{}}' WHERE piece_id IN ({_PIECES})",
    f"UPDATE mark SET comment = '' WHERE comment <> '' AND read_id IN ({_READS})",
    f"UPDATE read SET comment = '' WHERE comment <> '' AND read_id IN ({_READS})",
    "UPDATE objection_answer SET words = '' WHERE objection_id IN "
    "(SELECT objection_id FROM objection WHERE teacher_id = :teacher)",
    "UPDATE objection SET words = '', raised_by = '' WHERE teacher_id = :teacher",
    f"UPDATE hold_event SET words = '' WHERE words <> '' AND hold_id IN ({_CASES})",
    "UPDATE flag SET exhibit = json_set(json_replace(exhibit, '$.shown', json('[]'), "
    "'$.exhibits', json('[]'), '$.values.shown', '', '$.values.a', '—', '$.values.b', '—', "
    f"'$.values.piece', '—'), '$.erased', json('true')) WHERE {_FLAGS}",
    "UPDATE precedent SET author = '', content = json_set(content, '$.excerpt', '', '$.words', '') "
    f"WHERE piece_id IN ({_PIECES})",
    "UPDATE person SET relations = (SELECT json_group_array(value) FROM json_each(relations) "
    f"WHERE value NOT IN ({_OWN_NAMES})) WHERE {_RELATED}",
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


def desk_traces(store: Store, desk: DeskStore, teacher_id: str) -> dict[str, int]:
    """Rows of the desk's own tables about the teacher's pieces: drafts, and what lies beside them."""
    own = _own_pieces(store, teacher_id)
    return {
        str(row["name"]): int(
            desk.rows(f"SELECT count(*) AS n FROM {row['name']} WHERE {_IN_LIST}", (own,))[0]["n"]
        )
        for row in desk.rows(_BY_PIECE)
    }


def clear_desk(store: Store, desk: DeskStore, teacher_id: str) -> None:
    """Delete drafts about the teacher's pieces, and every byte of them."""
    own = _own_pieces(store, teacher_id)
    desk.write("PRAGMA secure_delete = ON")
    for row in desk.rows(_BY_PIECE):
        desk.write(f"DELETE FROM {row['name']} WHERE {_IN_LIST}", (own,))
    desk.rows("PRAGMA wal_checkpoint(TRUNCATE)")


_IN_LIST = "piece_id IN (SELECT value FROM json_each(?))"


def _own_pieces(store: Store, teacher_id: str) -> str:
    """Pieces of the teacher, as a JSON list."""
    found = store.rows(_PIECES, {"teacher": teacher_id})
    return json.dumps([row["piece_id"] for row in found])


def _own_copies(store: Store, teacher_id: str) -> list[str]:
    """Digests of masked copies that show no other piece."""
    own = {row["piece_id"] for row in store.rows(_PIECES, {"teacher": teacher_id})}
    found: dict[str, set[str]] = {}
    for row in store.where("blind_copy"):
        found.setdefault(row["sha256"], set()).add(row["piece_id"])
    return sorted(sha256 for sha256, pieces in found.items() if pieces <= own)


def erase(tx: Transaction, teacher_id: str, pseudonym: str, reason: str, reasons: Reasons) -> None:
    """Put an erasure on record, and blank or drop every row and reason that names the teacher."""
    tx.insert("erasure", [{"teacher_id": teacher_id, "pseudonym": pseudonym, "reason": reason}])
    blank_reasons(tx, reasons, teacher_id)
    for statement in _STATEMENTS:
        tx.change(statement, {"teacher": teacher_id})


def erased(store: Store) -> dict[str, Row]:
    """Erasures on record, by teacher."""
    return {row["teacher_id"]: row for row in store.where("erasure")}
