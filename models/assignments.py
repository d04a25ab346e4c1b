"""Who is to read what, as it stands: assignments that are open, done or ended without a read."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Collection

from models.allocation import IS_EXTRA
from models.resubmissions import readers_of_case, readers_of_cases
from models.store import Row, Store

_CURRENT = """
FROM assignment AS a
LEFT JOIN assignment_end AS e USING (assignment_id)
LEFT JOIN (SELECT piece_id, MAX(reading) AS reading FROM reopening GROUP BY piece_id) AS o
  ON o.piece_id = a.piece_id
LEFT JOIN read AS r ON r.piece_id = a.piece_id AND r.rater_id = a.rater_id
  AND r.round = IIF(a.piece_id IN (SELECT piece_id FROM seed_piece), 'seed', a.round)
  AND r.reading = a.reading
  AND NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
JOIN piece AS p ON p.piece_id = a.piece_id
JOIN submission AS s USING (submission_id)
WHERE a.reading = COALESCE(o.reading, 1)
"""
_COLUMNS = (
    "a.assignment_id, a.piece_id, a.rater_id, a.round, a.reading, a.position, p.slot_id, "
    "s.competency, e.why, r.read_id, r.submitted_at, "
    "a.assignment_id IN (SELECT assignment_id FROM extra_read) AS is_extra"
)

_OWNED = (
    "SELECT p.piece_id, p.slot_id, p.submission_id, s.competency, s.attempt, s.teacher_id, "
    "t.school_id, t.teacher_no, t.name AS teacher_name, h.name AS school_name, "
    "p.piece_id IN (SELECT piece_id FROM seed_piece) AS is_seed FROM piece AS p "
    "JOIN submission AS s USING (submission_id) JOIN teacher AS t USING (teacher_id) "
    "JOIN school AS h USING (school_id)"
)


def assignments_of(store: Store, rater_id: str) -> list[Row]:
    """Assignments of a rater on current readings, in the rater's own order.

    ``read_id`` is None until the read is recorded; ``why`` is None unless the
    assignment ended without one.
    """
    query = f"SELECT {_COLUMNS} {_CURRENT} AND a.rater_id = ? ORDER BY a.position, a.rowid"
    return store.rows(query, (rater_id,))


def open_assignments(store: Store) -> list[Row]:
    """Assignments on current readings that wait for their read, of everybody."""
    query = (
        f"SELECT {_COLUMNS} {_CURRENT} AND e.assignment_id IS NULL AND r.read_id IS NULL "
        "ORDER BY a.assignment_id"
    )
    return store.rows(query)


def open_of_piece(store: Store, piece_id: str) -> list[Row]:
    """Assignments on the current reading of one piece that wait for their read."""
    query = (
        f"SELECT {_COLUMNS} {_CURRENT} AND a.piece_id = ? AND e.assignment_id IS NULL "
        "AND r.read_id IS NULL ORDER BY a.assignment_id"
    )
    return store.rows(query, (piece_id,))


def all_assignments(store: Store) -> list[Row]:
    """Assignments on current readings of everybody, done and ended ones too."""
    return store.rows(f"SELECT {_COLUMNS} {_CURRENT} ORDER BY a.assignment_id")


def assignment(store: Store, piece_id: str, rater_id: str) -> Row | None:
    """Latest assignment of a rater on the current reading of a piece, or None."""
    found = store.rows(
        f"SELECT {_COLUMNS} {_CURRENT} AND a.piece_id = ? AND a.rater_id = ? "
        "ORDER BY a.assignment_id DESC LIMIT 1",
        (piece_id, rater_id),
    )
    return found[0] if found else None


def assigned_ever(store: Store) -> dict[str, set[str]]:
    """Raters each piece was ever assigned to, in any reading: they are not fresh to it."""
    found: dict[str, set[str]] = defaultdict(set)
    for row in store.rows("SELECT DISTINCT piece_id, rater_id FROM assignment"):
        found[row["piece_id"]].add(row["rater_id"])
    return found


def readers_ever(store: Store) -> dict[str, set[str]]:
    """Everybody who has read a piece, in any round and reading, or has seen its case before."""
    found: dict[str, set[str]] = defaultdict(set, readers_of_cases(store))
    for row in store.rows("SELECT DISTINCT piece_id, rater_id FROM read"):
        found[row["piece_id"]].add(row["rater_id"])
    return found


def had_by(store: Store, piece_id: str) -> set[str]:
    """Everybody who is not fresh to one piece: was given or has read it, or has seen its case."""
    rows = store.rows(
        "SELECT rater_id FROM assignment WHERE piece_id = :piece UNION "
        "SELECT rater_id FROM read WHERE piece_id = :piece",
        {"piece": piece_id},
    )
    return {row["rater_id"] for row in rows} | readers_of_case(store, piece_id)


def had_now(store: Store, among: Collection[str] | None = None) -> list[tuple[str, str]]:
    """Rater and piece, each pair once, of what is on desks and of what was read and counts.

    Current readings only; ``among`` leaves only these pieces, None takes all.
    """
    latest = (
        "COALESCE((SELECT MAX(o.reading) FROM reopening AS o WHERE o.piece_id = {0}.piece_id), 1)"
    )
    these = "" if among is None else "AND {0}.piece_id IN (SELECT value FROM json_each(:among))"
    query = f"""
        SELECT a.rater_id, a.piece_id FROM assignment AS a
        LEFT JOIN assignment_end AS e USING (assignment_id)
        WHERE e.assignment_id IS NULL AND a.reading = {latest.format("a")} {these.format("a")}
        UNION
        SELECT r.rater_id, r.piece_id FROM read AS r
        WHERE r.round IN ('blind', 'third') AND r.reading = {latest.format("r")}
          AND NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
          AND NOT EXISTS (SELECT 1 FROM recalled_read AS gone WHERE gone.read_id = r.read_id)
          AND NOT {IS_EXTRA} {these.format("r")}"""  # noqa: S608
    return list(store.tuples(query, {} if among is None else {"among": json.dumps([*among])}))


def loads_now(store: Store) -> dict[str, int]:
    """Pieces of each rater on current readings: those on the desk and those read that count."""
    return dict(Counter(rater for rater, _ in had_now(store)))


def readers_of(store: Store, piece_id: str) -> frozenset[str]:
    """Everybody who has given a blind or third read of a piece, in any reading, replaced or not."""
    query = "SELECT DISTINCT rater_id FROM read WHERE piece_id = ? AND round IN ('blind', 'third')"
    return frozenset(row["rater_id"] for row in store.rows(query, [piece_id]))


def last_positions(store: Store, raters: Collection[str] | None = None) -> dict[str, int]:
    """Last place in the queue of each rater who has one; of these raters alone where they are named."""
    these = "" if raters is None else "WHERE rater_id IN (SELECT value FROM json_each(:raters))"
    query = f"SELECT rater_id, MAX(position) FROM assignment {these} GROUP BY rater_id"  # noqa: S608
    return dict(store.tuples(query, {} if raters is None else {"raters": json.dumps([*raters])}))


def owned_piece(store: Store, piece_id: str) -> Row | None:
    """One piece with its slot, submission, teacher and school, or None."""
    found = store.rows(f"{_OWNED} WHERE p.piece_id = ?", (piece_id,))
    return found[0] if found else None


def owned_among(store: Store, pieces: Collection[str]) -> list[Row]:
    """Those of these pieces there are, as rows of ``owned_piece``, in the order of intake."""
    return store.rows(
        f"{_OWNED} WHERE p.piece_id IN (SELECT value FROM json_each(?)) ORDER BY p.rowid",  # noqa: S608
        (json.dumps(list(pieces)),),
    )


def county_readings(store: Store, pieces: Collection[str]) -> set[tuple[str, int]]:
    """Piece and reading of every read the county has given of these pieces."""
    query = (
        "SELECT piece_id, reading FROM read WHERE round = 'county' "
        "AND piece_id IN (SELECT value FROM json_each(?))"
    )
    return set(store.tuples(query, (json.dumps(list(pieces)),)))


def reading_of_piece(store: Store, piece_id: str) -> int:
    """Current reading of a piece: 1, or that of its latest reopening."""
    found = store.rows(
        "SELECT MAX(reading) AS latest FROM reopening WHERE piece_id = ?", (piece_id,)
    )
    return int(found[0]["latest"] or 1)


def standing_reads_of(store: Store, piece_id: str) -> list[Row]:
    """Reads of the current reading of a piece that decide now, with marks and comments."""
    query = f"""
        SELECT * FROM read AS r WHERE piece_id = ? AND reading = ? AND NOT EXISTS
          (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id) AND NOT EXISTS
          (SELECT 1 FROM recalled_read AS gone WHERE gone.read_id = r.read_id)
          AND NOT {IS_EXTRA} ORDER BY read_id"""  # noqa: S608
    rows = store.rows(query, (piece_id, reading_of_piece(store, piece_id)))
    for row in rows:
        marks = store.rows("SELECT * FROM mark WHERE read_id = ?", (row["read_id"],))
        row["marks"] = {mark["criterion_id"]: mark["met"] for mark in marks}
        row["comments"] = {mark["criterion_id"]: mark["comment"] for mark in marks}
    return rows


def department_of(store: Store, teacher_id: str) -> str:
    """Department 教研组 of a teacher as last stated; empty where nobody stated it."""
    found = store.rows(
        "SELECT value FROM teacher_fact WHERE teacher_id = ? AND name = 'department' "
        "ORDER BY rowid DESC LIMIT 1",
        (teacher_id,),
    )
    return str(found[0]["value"]) if found else ""
