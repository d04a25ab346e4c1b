"""Who reads what: assignments, masked copies, accounts, shares and validation reads."""

from __future__ import annotations

from models.tables.trail import TX

DESK = f"""
CREATE TABLE assignment (
  assignment_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece,
  rater_id TEXT NOT NULL REFERENCES person,
  round TEXT NOT NULL CHECK (round IN ('blind', 'third', 'chair', 'county')),
  reading INTEGER NOT NULL, position INTEGER NOT NULL, {TX},
  UNIQUE (piece_id, rater_id, round, reading)
) STRICT;
CREATE INDEX assignment_of ON assignment (rater_id, position);
CREATE TABLE assignment_end (
  assignment_id INTEGER PRIMARY KEY REFERENCES assignment, why TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE blind_copy (
  copy_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece, sha256 TEXT NOT NULL,
  content TEXT NOT NULL CHECK (json_valid(content)), {TX}
) STRICT;
CREATE INDEX blind_copy_of ON blind_copy (piece_id);
CREATE TABLE account_secret (
  secret_id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person,
  password_hash TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE person_role (
  grant_id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person,
  roles TEXT NOT NULL CHECK (json_valid(roles)), {TX}
) STRICT;
"""

ALLOCATION = f"""
CREATE TABLE reading_terms (
  terms_id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person,
  share INTEGER NOT NULL CHECK (share BETWEEN 0 AND 200),
  most INTEGER CHECK (most IS NULL OR most >= 0), {TX}
) STRICT;
CREATE TABLE extra_read (
  assignment_id INTEGER PRIMARY KEY REFERENCES assignment, {TX}
) STRICT;
"""
