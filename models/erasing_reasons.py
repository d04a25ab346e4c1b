"""Reasons in the audit log that speak of a person: which an erasure takes, and which must stay.

The words of a line go where they name the person, or where the act is about the
person's own work or cases. Lines written before reasons were sealed are part of the
chain as they are: they stay, and are counted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from models.store import Row, Store, Transaction

_OWN = """
SELECT teacher_id AS own FROM teacher WHERE teacher_id = :teacher
UNION SELECT submission_id FROM submission WHERE teacher_id = :teacher
UNION SELECT piece_id FROM piece JOIN submission USING (submission_id) WHERE teacher_id = :teacher
UNION SELECT hold_id FROM hold_submission JOIN submission USING (submission_id)
  WHERE teacher_id = :teacher
UNION SELECT objection_id FROM objection WHERE teacher_id = :teacher
"""
_ERASING = "pii.erase"
_SPLIT = re.compile(r"[\s,;:]+")


@dataclass(frozen=True)
class Reasons:
    """Numbers of the lines whose words an erasure takes, and of those it cannot take."""

    taken: tuple[int, ...]
    fixed: tuple[int, ...]


def reasons_about(store: Store, teacher_id: str) -> Reasons:
    """Lines whose reason names a teacher or speaks of the teacher's work or cases.

    Why the person was erased stays, unless it names the person.
    """
    (who,) = store.where("teacher", teacher_id=teacher_id)
    own = {str(row["own"]) for row in store.rows(_OWN, {"teacher": teacher_id})}
    naming = _naming(who)
    found = [
        row
        for row in store.rows(
            "SELECT seq, action, object, reason, sealed FROM audit_log WHERE reason <> ''"
        )
        if (naming and naming.search(row["reason"]))
        or (row["action"] != _ERASING and own & set(_SPLIT.split(row["object"])))
    ]
    return Reasons(
        tuple(row["seq"] for row in found if row["sealed"]),
        tuple(row["seq"] for row in found if not row["sealed"]),
    )


def fixed_reasons(store: Store) -> int:
    """How many lines have words that no erasure can take."""
    query = "SELECT count(*) AS n FROM audit_log WHERE reason <> '' AND sealed = ''"
    return int(store.rows(query)[0]["n"])


def blank_reasons(tx: Transaction, reasons: Reasons, teacher_id: str) -> None:
    """Take the words of these lines, and put on record which; the person is in ``erasure`` already."""
    rows = [{"seq": seq, "teacher_id": teacher_id} for seq in reasons.taken]
    tx.insert_missing("audit_redaction", rows)
    for row in rows:
        tx.change("UPDATE audit_log SET reason = '', salt = '' WHERE seq = :seq", row)


def _naming(who: Row) -> re.Pattern[str] | None:
    """Pattern of a name, and of a number that is not part of a longer one; None where both are gone."""
    number = str(who["teacher_no"])
    parts = [rf"(?<![0-9A-Za-z]){re.escape(number)}(?![0-9A-Za-z])"] if number else []
    parts += [re.escape(str(who["name"]))] if who["name"] else []
    return re.compile("|".join(parts)) if parts else None
