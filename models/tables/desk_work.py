"""What the desk adds to a read: places in the evidence, active time, and pieces left unread."""

from __future__ import annotations

from models.tables.trail import TX

DESK_WORK = f"""
CREATE TABLE evidence_anchor (
  read_id INTEGER NOT NULL REFERENCES read, criterion_id TEXT NOT NULL,
  position INTEGER NOT NULL, part INTEGER NOT NULL CHECK (part > 0),
  kind TEXT NOT NULL CHECK (kind IN ('page', 'slide', 'second', 'paragraph')),
  place INTEGER NOT NULL CHECK (place >= 0), sha256 TEXT NOT NULL, {TX},
  PRIMARY KEY (read_id, criterion_id, position)
) STRICT;
CREATE TABLE read_time (
  read_id INTEGER PRIMARY KEY REFERENCES read, active_s INTEGER NOT NULL CHECK (active_s >= 0), {TX}
) STRICT;
CREATE TABLE desk_exit (
  exit_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece, rater_id TEXT NOT NULL,
  round TEXT NOT NULL, reading INTEGER NOT NULL,
  kind TEXT NOT NULL CHECK (kind IN ('cannot_judge', 'conflict', 'unreadable', 'other')),
  hold_id TEXT NOT NULL, {TX}
) STRICT;
CREATE INDEX desk_exit_of ON desk_exit (piece_id);
"""
"""``hold_id`` is the case a piece nobody could open has led to; why somebody left stands in the
audit log, as the reason of the act."""
