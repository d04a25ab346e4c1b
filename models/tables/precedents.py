"""Precedents 判例: rulings kept as examples, what became of them, and the index they are found by."""

from __future__ import annotations

from models.tables.trail import TX

PRECEDENTS = f"""
CREATE TABLE precedent (
  number INTEGER PRIMARY KEY, precedent_id TEXT NOT NULL UNIQUE,
  competency TEXT NOT NULL, slot_id TEXT NOT NULL, criterion_id TEXT NOT NULL,
  wording TEXT NOT NULL, rubric_version TEXT NOT NULL, met INTEGER NOT NULL CHECK (met IN (0, 1)),
  year INTEGER NOT NULL, scope TEXT NOT NULL, piece_id TEXT NOT NULL, author TEXT NOT NULL,
  pack TEXT NOT NULL, content TEXT NOT NULL CHECK (json_valid(content)), {TX}
) STRICT;
CREATE INDEX precedent_of ON precedent (criterion_id);
CREATE TABLE precedent_event (
  event_id INTEGER PRIMARY KEY, precedent_id TEXT NOT NULL REFERENCES precedent (precedent_id),
  kind TEXT NOT NULL CHECK (kind IN ('withdrawn', 'superseded', 'published')),
  successor TEXT NOT NULL, words TEXT NOT NULL, {TX}
) STRICT;
CREATE INDEX precedent_event_of ON precedent_event (precedent_id);
CREATE TABLE leak_scan (
  scan_id INTEGER PRIMARY KEY, told TEXT NOT NULL CHECK (json_valid(told)), {TX}
) STRICT;
CREATE VIRTUAL TABLE precedent_term USING fts5(
  terms, tx UNINDEXED, content='', tokenize="unicode61 remove_diacritics 0"
);
"""
"""``wording`` is the digest of the criterion as it stood; ``scope`` the school it is for, empty for
all; ``author`` a hash of whose work it was, kept in the county only; ``pack`` the digest of the
pack it came by. ``precedent_term`` holds pairs of characters: no dictionary splits Chinese words."""
