"""Reads as they stand: which count now, and who has read what."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Collection, Mapping

import pandas as pd

from models import frames
from models.allocation import IS_EXTRA
from models.records import Read
from models.store import Row, Store

_AMONG = "piece_id IN (SELECT value FROM json_each(:among))"
_STANDING = """
SELECT r.read_id, r.piece_id, r.rater_id, r.round, r.reading
FROM read AS r
LEFT JOIN (SELECT piece_id, MAX(reading) AS reading FROM reopening GROUP BY piece_id) AS o
  ON o.piece_id = r.piece_id
WHERE NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
  AND NOT EXISTS (SELECT 1 FROM recalled_read AS gone WHERE gone.read_id = r.read_id)
  AND (r.reading = COALESCE(o.reading, 1) OR r.round = 'county') AND NOT {extra} AND {chosen}
ORDER BY r.read_id
"""


def standing_reads(store: Store, among: Collection[str] | None = None) -> dict[str, list[Read]]:
    """Reads that count now, by piece: not replaced or recalled, of the latest reading; county's always.

    Reads that only validate are left out.
    ``among`` leaves only the reads of these pieces; None takes all.
    """
    marks = _marks_by_read(store, among)
    by_piece: dict[str, list[Read]] = defaultdict(list)
    chosen = "1" if among is None else f"r.{_AMONG}"
    for row in store.tuples(_STANDING.format(chosen=chosen, extra=IS_EXTRA), _told(among)):
        read_id, piece_id, rater_id, round_name, _ = row
        by_piece[piece_id].append(Read(rater_id, round_name, marks.get(read_id, {})))
    return dict(by_piece)


def all_reads(store: Store, piece_id: str) -> list[Row]:
    """Every read of a piece, also what was replaced, recalled or is of an earlier reading.

    With its marks and their comments; ``replaced`` says that it counts no longer
    because a later one took its place or because it was recalled; ``extra`` that it
    only validates and decides nothing.
    """
    rows = store.where("read", piece_id=piece_id)
    for row in rows:
        marks = store.rows("SELECT * FROM mark WHERE read_id = ?", (row["read_id"],))
        row["marks"] = {mark["criterion_id"]: mark["met"] for mark in marks}
        row["comments"] = {mark["criterion_id"]: mark["comment"] for mark in marks}
    gone = {row["replaces"] for row in rows}
    recalled = "SELECT read_id FROM recalled_read JOIN read USING (read_id) WHERE piece_id = ?"
    gone |= {row["read_id"] for row in store.rows(recalled, (piece_id,))}
    extra = f"SELECT read_id FROM read AS r WHERE r.piece_id = ? AND {IS_EXTRA}"  # noqa: S608
    extras = {row["read_id"] for row in store.rows(extra, (piece_id,))}
    return [
        {**row, "replaced": row["read_id"] in gone, "extra": row["read_id"] in extras}
        for row in rows
    ]


def reading_of(store: Store) -> dict[str, int]:
    """Latest reading of each piece that was reopened; the others are at their first."""
    rows = store.rows("SELECT piece_id, MAX(reading) AS reading FROM reopening GROUP BY piece_id")
    return {row["piece_id"]: row["reading"] for row in rows}


_COUNTING_MARKS = """read AS r JOIN mark AS m USING (read_id)
        LEFT JOIN (SELECT piece_id, MAX(reading) AS reading FROM reopening GROUP BY piece_id) AS o
          ON o.piece_id = r.piece_id"""
_MARK_COUNTS = f"""NOT EXISTS (SELECT 1 FROM read AS later WHERE later.replaces = r.read_id)
          AND NOT EXISTS (SELECT 1 FROM recalled_read AS gone WHERE gone.read_id = r.read_id)
          AND r.reading = COALESCE(o.reading, 1) AND m.met IS NOT NULL AND NOT {IS_EXTRA}"""  # noqa: S608


def marks_met(store: Store, rounds: tuple[str, ...] = ("blind", "third")) -> tuple[int, int]:
    """How many of the marks in ``mark_frame`` are met, and how many there are."""
    query = f"""
        SELECT COALESCE(SUM(m.met), 0), COUNT(*) FROM {_COUNTING_MARKS}
        WHERE {_MARK_COUNTS} AND r.round IN ({_places(rounds)})"""  # noqa: S608
    ((met, marks),) = list(store.tuples(query, rounds))
    return met, marks


def _places(values: Collection[str]) -> str:
    return ", ".join("?" for _ in values)


def mark_frame(
    store: Store, rounds: tuple[str, ...] = ("blind", "third"), school_id: str | None = None
) -> pd.DataFrame:
    """Marks that count now, one row a mark, with teacher, school, slot and competency.

    Reads that only validate are left out: what they are to test must not rest on them.
    ``school_id`` leaves only the pieces of one school; None takes all.
    """
    query = f"""
        SELECT r.piece_id, m.criterion_id, r.rater_id, r.round, m.met, s.teacher_id, t.school_id,
               s.competency, p.slot_id, r.opened_at, r.submitted_at
        FROM {_COUNTING_MARKS}
        JOIN piece AS p ON p.piece_id = r.piece_id
        JOIN submission AS s USING (submission_id) JOIN teacher AS t USING (teacher_id)
        WHERE {_MARK_COUNTS} AND r.round IN ({_places(rounds)}) AND (? IS NULL OR t.school_id = ?)
        ORDER BY r.read_id, m.criterion_id"""  # noqa: S608
    columns = [
        *frames.MARKS,
        frames.TEACHER,
        frames.SCHOOL,
        frames.COMPETENCY,
        frames.SLOT,
        frames.OPENED_AT,
        frames.SUBMITTED_AT,
    ]
    return store.frame(query, columns, (*rounds, school_id, school_id))


def _marks_by_read(
    store: Store, among: Collection[str] | None
) -> Mapping[int, dict[str, int | None]]:
    marks: dict[int, dict[str, int | None]] = defaultdict(dict)
    own = f"read_id IN (SELECT read_id FROM read WHERE {_AMONG})"  # noqa: S608
    chosen = "1" if among is None else own
    query = f"SELECT read_id, criterion_id, met FROM mark WHERE {chosen} ORDER BY read_id"  # noqa: S608
    for read_id, criterion_id, met in store.tuples(query, _told(among)):
        marks[read_id][criterion_id] = met
    return marks


def _told(among: Collection[str] | None) -> dict[str, str]:
    return {} if among is None else {"among": json.dumps(list(among))}


def read_comments(store: Store) -> pd.DataFrame:
    """What raters wrote beside their reads that count now: of the whole and of criteria together."""
    ordered = _STANDING.format(chosen="1", extra=IS_EXTRA)
    standing = ordered.rstrip().removesuffix("ORDER BY r.read_id")
    query = f"""
        WITH standing AS ({standing})
        SELECT s.piece_id, s.rater_id, r.comment || COALESCE(GROUP_CONCAT(m.comment, ' '), '')
        FROM standing AS s JOIN read AS r USING (read_id) LEFT JOIN mark AS m USING (read_id)
        GROUP BY s.read_id"""  # noqa: S608
    return store.frame(query, [frames.PIECE, frames.RATER, frames.COMMENT])


def piece_lengths(store: Store) -> dict[str, int]:
    """Characters of text in the files of each piece; pieces without text are left out."""
    query = """
        SELECT f.piece_id, SUM(LENGTH(json_extract(x.facts, '$.text')))
        FROM evidence_file AS f JOIN extract AS x USING (sha256)
        WHERE f.attached AND json_extract(x.facts, '$.text') IS NOT NULL
        GROUP BY f.piece_id"""
    return {str(piece): int(chars) for piece, chars in store.tuples(query) if chars}
