"""The audit log, and the column by which every other row names its line there."""

from __future__ import annotations

TX = "tx INTEGER NOT NULL REFERENCES audit_log(seq)"
"""The transaction that wrote a row: who, when and why."""

AUDIT = """
CREATE TABLE audit_log (
  seq INTEGER PRIMARY KEY,
  at TEXT NOT NULL,
  actor TEXT NOT NULL CHECK (actor <> ''),
  role TEXT NOT NULL,
  action TEXT NOT NULL,
  object TEXT NOT NULL,
  reason TEXT NOT NULL,
  prev TEXT NOT NULL,
  chain TEXT NOT NULL UNIQUE
) STRICT;
"""
