"""Appeals 申诉: an objection raised against the answer to an earlier one."""

from __future__ import annotations

from models.tables.trail import TX

APPEALS = f"""
CREATE TABLE appeal (
  objection_id TEXT PRIMARY KEY REFERENCES objection,
  against TEXT NOT NULL UNIQUE REFERENCES objection,
  panel INTEGER NOT NULL CHECK (panel > 0), {TX}
) STRICT;
"""
"""One row an appeal: its own row of ``objection``, the objection whose answer it is against,
and how many fresh readers read each piece."""
