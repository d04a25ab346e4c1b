"""Tables of feedback notes, laid down by ``models.schema``."""

from __future__ import annotations

FEEDBACK_TABLE = """
CREATE TABLE feedback_given (
  given_id INTEGER PRIMARY KEY, teacher_id TEXT NOT NULL REFERENCES teacher,
  competency TEXT NOT NULL, attempt INTEGER NOT NULL, outcome TEXT NOT NULL,
  slots TEXT NOT NULL CHECK (json_valid(slots)), given_on TEXT NOT NULL, until TEXT NOT NULL,
  tx INTEGER NOT NULL REFERENCES audit_log(seq)
) STRICT;
CREATE TRIGGER feedback_given_keeps_rows BEFORE UPDATE ON feedback_given
BEGIN SELECT RAISE(ABORT, 'feedback_given is append-only: add a row instead'); END;
CREATE TRIGGER feedback_given_loses_none BEFORE DELETE ON feedback_given
BEGIN SELECT RAISE(ABORT, 'feedback_given is append-only: add a row instead'); END;
"""
"""One row a note handed over: ``slots`` may be handed in anew up to and with the day ``until``."""
