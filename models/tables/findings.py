"""What analyses found: stored results, earlier fingerprints, looks for flags, recalls."""

from __future__ import annotations

from models.tables.trail import TX

ANALYSES = f"""
CREATE TABLE analysis (
  analysis_id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind <> ''),
  scope TEXT NOT NULL, data_version INTEGER NOT NULL, policy TEXT NOT NULL,
  parameters TEXT NOT NULL CHECK (json_valid(parameters)), random_seed INTEGER NOT NULL,
  payload TEXT NOT NULL CHECK (json_valid(payload)), digest TEXT NOT NULL, {TX}
) STRICT;
CREATE INDEX analysis_of ON analysis (kind, scope);
"""

EARLIER = f"""
CREATE TABLE earlier_print (
  print_id INTEGER PRIMARY KEY, source TEXT NOT NULL CHECK (source <> ''), piece TEXT NOT NULL,
  content TEXT NOT NULL CHECK (json_valid(content)), hashes BLOB NOT NULL,
  positions BLOB NOT NULL, {TX}, UNIQUE (source, piece)
) STRICT;
"""

LOOKS = f"""
CREATE TABLE flag_look (
  look_id INTEGER PRIMARY KEY,
  gate TEXT NOT NULL CHECK (gate IN ('early', 'round_closed', 'before_certification')),
  data_version INTEGER NOT NULL, told TEXT NOT NULL CHECK (json_valid(told)), {TX}
) STRICT;
CREATE TABLE hold_assignee (
  assignee_id INTEGER PRIMARY KEY, hold_id TEXT NOT NULL REFERENCES hold,
  person_id TEXT NOT NULL REFERENCES person, {TX}
) STRICT;
CREATE TABLE hold_found (
  hold_id TEXT PRIMARY KEY REFERENCES hold,
  found TEXT NOT NULL CHECK (found IN ('borne_out', 'innocent', 'unclear')), {TX}
) STRICT;
CREATE TABLE recalled_read (
  read_id INTEGER PRIMARY KEY REFERENCES read, hold_id TEXT NOT NULL REFERENCES hold,
  cause TEXT NOT NULL, {TX}
) STRICT;
"""
