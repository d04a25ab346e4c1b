"""What readers left beside their marks: places in the evidence, active time, pieces left unread."""

from __future__ import annotations

from collections import Counter, defaultdict

from models.allocation import IS_EXTRA
from models.blind_copies import copies_of, files_of
from models.store import Row, Store

_EXITS = """
SELECT x.*, l.at, l.reason AS words, p.slot_id, s.competency, s.submission_id, t.school_id,
  EXISTS (SELECT 1 FROM hold AS h WHERE h.hold_id = x.hold_id AND h.hold_id NOT IN
    (SELECT hold_id FROM hold_event WHERE kind = 'resolution')) AS case_open,
  (SELECT COUNT(*) FROM assignment AS a WHERE a.piece_id = x.piece_id AND a.tx >= x.tx
    AND a.reading = x.reading) AS given_since,
  (x.piece_id IN (SELECT piece_id FROM seed_piece)
    OR EXISTS (SELECT 1 FROM reopening AS o WHERE o.piece_id = x.piece_id AND o.reading > x.reading)
    OR EXISTS (SELECT 1 FROM assignment AS own JOIN extra_read USING (assignment_id)
      WHERE own.piece_id = x.piece_id AND own.rater_id = x.rater_id AND own.round = x.round
      AND own.reading = x.reading)) AS needs_nobody
FROM desk_exit AS x JOIN audit_log AS l ON l.seq = x.tx JOIN piece AS p USING (piece_id)
JOIN submission AS s USING (submission_id) JOIN teacher AS t USING (teacher_id)
ORDER BY x.exit_id
"""
_OPEN_CASE = """
SELECT x.hold_id FROM desk_exit AS x WHERE x.piece_id = ? AND x.hold_id <> '' AND x.hold_id NOT IN
  (SELECT hold_id FROM hold_event WHERE kind = 'resolution') ORDER BY x.exit_id DESC LIMIT 1
"""
_REPLACEABLE = """
SELECT DISTINCT x.piece_id, s.teacher_id, s.competency, p.slot_id, s.attempt
FROM desk_exit AS x JOIN piece AS p USING (piece_id) JOIN submission AS s USING (submission_id)
WHERE x.hold_id <> '' AND x.hold_id NOT IN
  (SELECT hold_id FROM hold_event WHERE kind = 'resolution')
"""


def anchors_of_piece(store: Store, piece_id: str) -> dict[int, dict[str, list[Row]]]:
    """Places in the evidence by read and criterion, in the order they were taken."""
    found: dict[int, dict[str, list[Row]]] = defaultdict(lambda: defaultdict(list))
    query = (
        "SELECT a.* FROM evidence_anchor AS a JOIN read USING (read_id) WHERE piece_id = ? "
        "ORDER BY a.read_id, a.criterion_id, a.position"
    )
    for row in store.rows(query, (piece_id,)):
        found[row["read_id"]][row["criterion_id"]].append(row)
    return {read: dict(own) for read, own in found.items()}


def anchors_for(store: Store, piece_id: str, criterion_id: str, met: int) -> list[Row]:
    """Places named by the reads that stand and gave a criterion this mark, the chair's first."""
    query = f"""
        SELECT a.* FROM evidence_anchor AS a JOIN read AS r USING (read_id)
        JOIN mark AS m ON m.read_id = r.read_id AND m.criterion_id = a.criterion_id
        WHERE r.piece_id = ? AND a.criterion_id = ? AND m.met = ?
          AND r.round IN ('chair', 'blind', 'third')
          AND r.reading = COALESCE((SELECT MAX(reading) FROM reopening AS o
                                    WHERE o.piece_id = r.piece_id), 1)
          AND NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
          AND NOT EXISTS (SELECT 1 FROM recalled_read AS gone WHERE gone.read_id = r.read_id)
          AND NOT {IS_EXTRA} ORDER BY r.round <> 'chair', r.read_id, a.position"""  # noqa: S608
    return store.rows(query, (piece_id, criterion_id, met))


def part_sources(store: Store, piece_id: str) -> list[str]:
    """SHA-256 of the file each part of the viewer is made from, in the order they are shown."""
    copies, found = copies_of(store, piece_id), []
    for row in files_of(store, piece_id):
        parts = copies[row["sha256"]]["parts"] if row["sha256"] in copies else [None]
        found += [row["sha256"]] * len(parts)
    return found


def active_by_reader(store: Store) -> dict[tuple[str, str], int]:
    """Seconds somebody was active on a piece, by piece and rater; of the latest read of each."""
    query = (
        "SELECT r.piece_id, r.rater_id, t.active_s FROM read_time AS t "
        "JOIN read AS r USING (read_id) ORDER BY read_id"
    )
    return {(piece, rater): seconds for piece, rater, seconds in store.tuples(query)}


def exits(store: Store) -> list[Row]:
    """Every piece left at the desk, oldest first, with its slot, school and time.

    ``case_open`` says whether the case it led to waits; ``given_since`` counts
    the readers the piece was given since, in the same reading; ``needs_nobody``
    says that none is needed: of a seed, an extra read, or an earlier reading.
    """
    return store.rows(_EXITS)


def exit_counts(store: Store) -> dict[str, Counter[str]]:
    """How often each reader left a piece, by cause."""
    found: dict[str, Counter[str]] = defaultdict(Counter)
    for rater, kind in store.tuples("SELECT rater_id, kind FROM desk_exit"):
        found[rater][kind] += 1
    return dict(found)


def open_case_of(store: Store, piece_id: str) -> str:
    """Case about a piece nobody could open that waits now; empty where there is none."""
    found = store.rows(_OPEN_CASE, (piece_id,))
    return str(found[0]["hold_id"]) if found else ""


def replaceable_pieces(store: Store) -> dict[str, Row]:
    """Pieces whose files may be replaced while a case says that they cannot be read, with their place.

    Each with teacher, competency, slot and attempt.
    """
    return {row["piece_id"]: row for row in store.rows(_REPLACEABLE)}
