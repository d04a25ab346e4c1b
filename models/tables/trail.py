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

SEALED_REASONS = f"""
CREATE TABLE audit_redaction (
  seq INTEGER PRIMARY KEY REFERENCES audit_log(seq),
  teacher_id TEXT NOT NULL REFERENCES teacher, {TX}
) STRICT;
"""
SEALS = (
    "ALTER TABLE audit_log ADD COLUMN salt TEXT NOT NULL DEFAULT ''",
    "ALTER TABLE audit_log ADD COLUMN sealed TEXT NOT NULL DEFAULT ''",
)
"""Since then the chain covers ``sealed``, a salted hash of the reason, and not its words: an erasure
takes words and salt of a line it names in ``audit_redaction``, and the chain goes on as before."""
