"""Calibration as it stands: seed pieces with experts' marks, what raters read of them, trial reads."""

from __future__ import annotations

import json
from collections import defaultdict

import pandas as pd

from models import frames
from models.store import Row, Store

_SEED_READS = """
SELECT r.read_id, r.piece_id, r.rater_id, p.slot_id, s.competency, k.kind, r.submitted_at, r.tx
FROM read AS r JOIN piece AS p USING (piece_id) JOIN submission AS s USING (submission_id)
JOIN assignment AS a ON a.piece_id = r.piece_id AND a.rater_id = r.rater_id
JOIN calibration_task AS k USING (assignment_id)
WHERE r.round = 'seed' AND NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
  AND (:rater = '' OR r.rater_id = :rater)
ORDER BY r.read_id
"""
_TASKS = """
SELECT a.assignment_id, a.piece_id, a.rater_id, k.kind, e.why, r.read_id
FROM calibration_task AS k JOIN assignment AS a USING (assignment_id)
LEFT JOIN assignment_end AS e USING (assignment_id)
LEFT JOIN read AS r ON r.piece_id = a.piece_id AND r.rater_id = a.rater_id AND r.round = 'seed'
WHERE (:rater = '' OR a.rater_id = :rater) ORDER BY a.assignment_id
"""
_TRIAL = """
SELECT t.trial_id, l.at AS begun_at, COALESCE((SELECT g.stage FROM trial_stage AS g
  WHERE g.trial_id = t.trial_id ORDER BY g.stage_id DESC LIMIT 1), 'reading') AS stage
FROM trial AS t JOIN audit_log AS l ON l.seq = t.tx ORDER BY t.trial_id DESC
"""


def seed_pieces(store: Store) -> list[Row]:
    """Seed pieces with pack, purpose, slot and competency, in the order they were imported."""
    return store.rows(
        "SELECT z.*, p.slot_id, s.competency FROM seed_piece AS z JOIN piece AS p USING (piece_id) "
        "JOIN submission AS s USING (submission_id) ORDER BY z.rowid"
    )


def seed_packs(store: Store) -> list[Row]:
    """Packs of seed pieces with how many pieces each has and when it came."""
    return store.rows(
        "SELECT k.*, l.at, (SELECT COUNT(*) FROM seed_piece AS z WHERE z.pack_id = k.pack_id) "
        "AS pieces FROM seed_pack AS k JOIN audit_log AS l ON l.seq = k.tx ORDER BY k.rowid"
    )


def expert_marks(store: Store) -> pd.DataFrame:
    """Experts' marks on seed pieces, one row a mark: ``piece_id``, ``criterion_id``, ``met``."""
    columns = [frames.PIECE, frames.CRITERION, frames.MET]
    query = "SELECT piece_id, criterion_id, met FROM expert_mark ORDER BY rowid"
    return store.frame(query, columns)


def expert_marks_of(store: Store) -> dict[str, dict[str, tuple[int, str]]]:
    """Experts' mark and reason of every criterion, by seed piece."""
    found: dict[str, dict[str, tuple[int, str]]] = defaultdict(dict)
    for row in store.where("expert_mark"):
        found[row["piece_id"]][row["criterion_id"]] = (row["met"], row["reason"])
    return dict(found)


def seed_reads(store: Store, rater_id: str = "") -> list[Row]:
    """Reads of seed pieces in their order, with marks and what each was for; of all without a rater."""
    rows = store.rows(_SEED_READS, {"rater": rater_id})
    for row in rows:
        marks = store.rows("SELECT * FROM mark WHERE read_id = ?", (row["read_id"],))
        row["marks"] = {mark["criterion_id"]: mark["met"] for mark in marks}
        row["comments"] = {mark["criterion_id"]: mark["comment"] for mark in marks}
    return rows


def calibration_tasks(store: Store, rater_id: str = "") -> list[Row]:
    """Seed pieces given to a rater: ``kind``, ``why`` (ended unread) and ``read_id`` (read)."""
    return store.rows(_TASKS, {"rater": rater_id})


def calibration_events(store: Store, rater_id: str = "") -> list[Row]:
    """What befell raters in calibration, in order, with time, actor and reason."""
    rows = store.rows(
        "SELECT e.*, l.at, l.actor, l.reason FROM calibration_event AS e "
        "JOIN audit_log AS l ON l.seq = e.tx WHERE (:rater = '' OR e.rater_id = :rater) "
        "ORDER BY e.event_id",
        {"rater": rater_id},
    )
    return [{**row, "told": json.loads(row["told"])} for row in rows]


def latest_sitting(store: Store, rater_id: str) -> Row | None:
    """Latest sitting of a rater, or None."""
    found = store.rows(
        "SELECT * FROM sitting WHERE rater_id = ? ORDER BY sitting_id DESC LIMIT 1", (rater_id,)
    )
    return found[0] if found else None


def last_read_at(store: Store, rater_id: str) -> str:
    """When a rater last handed a piece or seed in; empty where never."""
    found = store.rows(
        "SELECT MAX(submitted_at) AS at FROM read WHERE rater_id = ? "
        "AND round IN ('blind', 'third', 'seed')",
        (rater_id,),
    )
    return str(found[0]["at"] or "")


def competencies_to_read(store: Store, rater_id: str) -> dict[str, int]:
    """How many pieces of each competency a rater was given that are no seeds."""
    return {
        row["competency"]: row["n"]
        for row in store.rows(
            "SELECT s.competency, COUNT(*) AS n FROM assignment AS a JOIN piece USING (piece_id) "
            "JOIN submission AS s USING (submission_id) WHERE a.rater_id = ? "
            "AND a.piece_id NOT IN (SELECT piece_id FROM seed_piece) GROUP BY s.competency",
            (rater_id,),
        )
    }


def has_to_read(store: Store, rater_id: str) -> bool:
    """Whether something that is no seed waits on a rater's desk for its read."""
    rows = store.rows(
        "SELECT 1 FROM assignment AS a WHERE a.rater_id = ? "
        "AND a.assignment_id NOT IN (SELECT assignment_id FROM assignment_end) "
        "AND a.piece_id NOT IN (SELECT piece_id FROM seed_piece) "
        "AND a.reading = COALESCE("
        "(SELECT MAX(o.reading) FROM reopening AS o WHERE o.piece_id = a.piece_id), 1) "
        "AND NOT EXISTS (SELECT 1 FROM read AS r WHERE r.piece_id = a.piece_id "
        "AND r.rater_id = a.rater_id AND r.round = a.round AND r.reading = a.reading) LIMIT 1",
        (rater_id,),
    )
    return bool(rows)


def trials(store: Store) -> list[Row]:
    """Trial reads, newest first: ``stage`` is ``reading``, ``discussion`` or ``closed``."""
    return store.rows(_TRIAL)


def trial_pieces(store: Store, trial_id: int) -> list[str]:
    """Pieces of a trial in their order."""
    query = "SELECT piece_id FROM trial_piece WHERE trial_id = ? ORDER BY rowid"
    return [row["piece_id"] for row in store.rows(query, (trial_id,))]


def trial_assignments(store: Store, trial_id: int) -> list[Row]:
    """Who reads which piece of a trial: ``why`` (ended unread) and ``read_id`` (read)."""
    return store.rows(
        "SELECT a.piece_id, a.rater_id, e.why, r.read_id FROM trial_piece AS t "
        "JOIN assignment AS a ON a.piece_id = t.piece_id AND a.round = 'blind' "
        "LEFT JOIN assignment_end AS e USING (assignment_id) "
        "LEFT JOIN read AS r ON r.piece_id = a.piece_id AND r.rater_id = a.rater_id "
        "AND r.round = a.round AND r.reading = a.reading WHERE t.trial_id = ? "
        "ORDER BY a.assignment_id",
        (trial_id,),
    )
