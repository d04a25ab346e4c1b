"""Seed pieces with experts' marks, what raters did on them, sittings and trials."""

from __future__ import annotations

from models.tables.trail import TX

CALIBRATION = f"""
CREATE TABLE seed_pack (
  pack_id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, {TX}
) STRICT;
CREATE TABLE seed_piece (
  piece_id TEXT PRIMARY KEY REFERENCES piece, pack_id TEXT NOT NULL REFERENCES seed_pack,
  item TEXT NOT NULL, purpose TEXT NOT NULL
    CHECK (purpose IN ('practice', 'qualification', 'hidden')), experts TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE expert_mark (
  piece_id TEXT NOT NULL REFERENCES seed_piece, criterion_id TEXT NOT NULL,
  met INTEGER NOT NULL CHECK (met IN (0, 1)), reason TEXT NOT NULL, {TX},
  PRIMARY KEY (piece_id, criterion_id)
) STRICT;
CREATE TABLE calibration_task (
  assignment_id INTEGER PRIMARY KEY REFERENCES assignment,
  kind TEXT NOT NULL
    CHECK (kind IN ('practice', 'qualification', 'hidden', 'recalibration')), {TX}
) STRICT;
CREATE TABLE calibration_event (
  event_id INTEGER PRIMARY KEY, rater_id TEXT NOT NULL REFERENCES person,
  kind TEXT NOT NULL CHECK (kind IN
    ('begun', 'passed', 'failed', 'undecided', 'again', 'locked', 'released', 'break')),
  told TEXT NOT NULL CHECK (json_valid(told)), {TX}
) STRICT;
CREATE INDEX calibration_event_of ON calibration_event (rater_id);
CREATE TABLE sitting (
  sitting_id INTEGER PRIMARY KEY, rater_id TEXT NOT NULL REFERENCES person,
  first_piece TEXT NOT NULL, {TX}
) STRICT;
CREATE INDEX sitting_of ON sitting (rater_id);
CREATE TABLE trial (
  trial_id INTEGER PRIMARY KEY, {TX}
) STRICT;
CREATE TABLE trial_piece (
  trial_id INTEGER NOT NULL REFERENCES trial, piece_id TEXT NOT NULL REFERENCES piece, {TX},
  PRIMARY KEY (trial_id, piece_id)
) STRICT;
CREATE TABLE trial_stage (
  stage_id INTEGER PRIMARY KEY, trial_id INTEGER NOT NULL REFERENCES trial,
  stage TEXT NOT NULL CHECK (stage IN ('discussion', 'closed')), {TX}
) STRICT;
"""
