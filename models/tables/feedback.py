"""Feedback notes handed over."""

from __future__ import annotations

from models.tables.trail import TX

FEEDBACK = f"""
CREATE TABLE feedback_given (
  given_id INTEGER PRIMARY KEY, teacher_id TEXT NOT NULL REFERENCES teacher,
  competency TEXT NOT NULL, attempt INTEGER NOT NULL, outcome TEXT NOT NULL,
  slots TEXT NOT NULL CHECK (json_valid(slots)), given_on TEXT NOT NULL, until TEXT NOT NULL,
  {TX}
) STRICT;
"""
"""One row a note handed over: ``slots`` may be handed in anew up to and with the day ``until``."""
