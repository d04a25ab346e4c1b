"""What a round consists of: people, evidence, reads, cases, decisions."""

from __future__ import annotations

from models.tables.trail import TX

PEOPLE = f"""
CREATE TABLE school (
  school_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, {TX}
) STRICT;
CREATE TABLE school_fact (
  school_id TEXT NOT NULL REFERENCES school, name TEXT NOT NULL, value TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE teacher (
  teacher_id TEXT PRIMARY KEY, teacher_no TEXT NOT NULL, name TEXT NOT NULL,
  school_id TEXT NOT NULL REFERENCES school, {TX}
) STRICT;
CREATE TABLE teacher_fact (
  teacher_id TEXT NOT NULL REFERENCES teacher, name TEXT NOT NULL, value TEXT NOT NULL, {TX}
) STRICT;
CREATE INDEX teacher_fact_of ON teacher_fact (teacher_id, name);
CREATE TABLE alias (
  teacher_id TEXT PRIMARY KEY REFERENCES teacher, pseudonym TEXT NOT NULL UNIQUE,
  salt TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE person (
  person_id TEXT PRIMARY KEY, name TEXT NOT NULL, school_id TEXT REFERENCES school,
  department TEXT NOT NULL, roles TEXT NOT NULL CHECK (json_valid(roles)),
  relations TEXT NOT NULL CHECK (json_valid(relations)), pseudonym TEXT NOT NULL UNIQUE, {TX}
) STRICT;
CREATE TABLE column_mapping (
  kind TEXT NOT NULL, signature TEXT NOT NULL, mapping TEXT NOT NULL CHECK (json_valid(mapping)),
  {TX}, PRIMARY KEY (kind, signature, tx)
) STRICT;
"""

EVIDENCE = f"""
CREATE TABLE submission (
  submission_id TEXT PRIMARY KEY, teacher_id TEXT NOT NULL REFERENCES teacher,
  competency TEXT NOT NULL, attempt INTEGER NOT NULL CHECK (attempt IN (1, 2)), {TX},
  UNIQUE (teacher_id, competency, attempt)
) STRICT;
CREATE TABLE piece (
  piece_id TEXT PRIMARY KEY, submission_id TEXT NOT NULL REFERENCES submission,
  slot_id TEXT NOT NULL, {TX}, UNIQUE (submission_id, slot_id)
) STRICT;
CREATE TABLE evidence_file (
  file_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece, item TEXT NOT NULL,
  path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, attached INTEGER NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'warn')),
  stated TEXT NOT NULL CHECK (json_valid(stated)), submitted_at TEXT NOT NULL, {TX},
  UNIQUE (piece_id, sha256, attached)
) STRICT;
CREATE TABLE extract (
  sha256 TEXT PRIMARY KEY, media_type TEXT NOT NULL, facts TEXT NOT NULL CHECK (json_valid(facts)),
  {TX}
) STRICT;
CREATE TABLE intake_line (
  line_id INTEGER PRIMARY KEY, package TEXT NOT NULL, item TEXT NOT NULL,
  teacher_id TEXT NOT NULL, competency TEXT NOT NULL, slot TEXT NOT NULL, file TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'warn', 'reject')), code TEXT NOT NULL,
  reason TEXT NOT NULL CHECK (json_valid(reason)), seconds TEXT NOT NULL, peak_mib TEXT NOT NULL,
  {TX}
) STRICT;
CREATE TABLE blank_form (
  sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE submission_window (
  event_id INTEGER PRIMARY KEY, school_id TEXT NOT NULL REFERENCES school,
  state TEXT NOT NULL CHECK (state IN ('noticed', 'closed', 'reopened')), {TX}
) STRICT;
"""

READS = f"""
CREATE TABLE reopening (
  reopening_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece,
  reading INTEGER NOT NULL CHECK (reading > 1), cause TEXT NOT NULL, {TX},
  UNIQUE (piece_id, reading)
) STRICT;
CREATE TABLE read (
  read_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece, rater_id TEXT NOT NULL,
  round TEXT NOT NULL CHECK (round IN ('blind', 'third', 'chair', 'seed', 'county')),
  reading INTEGER NOT NULL, opened_at TEXT NOT NULL, submitted_at TEXT NOT NULL,
  comment TEXT NOT NULL, replaces INTEGER REFERENCES read, {TX}
) STRICT;
CREATE INDEX read_of ON read (piece_id, reading);
CREATE UNIQUE INDEX read_replaced_once ON read (replaces) WHERE replaces IS NOT NULL;
CREATE TABLE mark (
  read_id INTEGER NOT NULL REFERENCES read, criterion_id TEXT NOT NULL,
  met INTEGER CHECK (met IN (0, 1)), comment TEXT NOT NULL,
  PRIMARY KEY (read_id, criterion_id)
) STRICT, WITHOUT ROWID;
"""

CASES = f"""
CREATE TABLE flag (
  flag_id TEXT PRIMARY KEY, code TEXT NOT NULL, subject TEXT NOT NULL,
  ids TEXT NOT NULL CHECK (json_valid(ids)), tier TEXT NOT NULL,
  effect TEXT NOT NULL, p TEXT NOT NULL, q TEXT NOT NULL,
  exhibit TEXT NOT NULL CHECK (json_valid(exhibit)), {TX}
) STRICT;
CREATE TABLE hold (
  hold_id TEXT PRIMARY KEY, code TEXT NOT NULL, flag_id TEXT REFERENCES flag,
  raised_by TEXT NOT NULL, due_on TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE hold_submission (
  hold_id TEXT NOT NULL REFERENCES hold, submission_id TEXT NOT NULL REFERENCES submission, {TX},
  PRIMARY KEY (hold_id, submission_id)
) STRICT;
CREATE TABLE hold_event (
  event_id INTEGER PRIMARY KEY, hold_id TEXT NOT NULL REFERENCES hold,
  kind TEXT NOT NULL CHECK (kind IN ('reply', 'proposal', 'resolution')),
  actor TEXT NOT NULL, party TEXT NOT NULL, disposition TEXT NOT NULL, words TEXT NOT NULL,
  scan TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE publication (
  publication_id TEXT PRIMARY KEY, school_id TEXT NOT NULL REFERENCES school,
  opened_on TEXT NOT NULL, closes_on TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE published_result (
  publication_id TEXT NOT NULL REFERENCES publication, teacher_id TEXT NOT NULL REFERENCES teacher,
  competency TEXT NOT NULL, level TEXT NOT NULL, {TX},
  PRIMARY KEY (publication_id, teacher_id, competency)
) STRICT;
CREATE TABLE publication_end (
  publication_id TEXT PRIMARY KEY REFERENCES publication, closed_on TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE objection (
  objection_id TEXT PRIMARY KEY, publication_id TEXT NOT NULL REFERENCES publication,
  teacher_id TEXT NOT NULL REFERENCES teacher, competency TEXT NOT NULL,
  raised_by TEXT NOT NULL, words TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE objection_answer (
  objection_id TEXT PRIMARY KEY REFERENCES objection,
  answer TEXT NOT NULL CHECK (answer IN ('stands', 're_read')), words TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE county_sample (
  sample_id TEXT PRIMARY KEY, random_seed TEXT NOT NULL, rate TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE county_sample_piece (
  sample_id TEXT NOT NULL REFERENCES county_sample, piece_id TEXT NOT NULL REFERENCES piece,
  why TEXT NOT NULL, {TX}, PRIMARY KEY (sample_id, piece_id)
) STRICT;
CREATE TABLE county_decision (
  decision_id INTEGER PRIMARY KEY, sample_id TEXT NOT NULL REFERENCES county_sample,
  school_id TEXT NOT NULL REFERENCES school,
  decision TEXT NOT NULL CHECK (decision IN ('accept', 'reopen')), words TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE proposal (
  proposal_id TEXT PRIMARY KEY, school_id TEXT NOT NULL REFERENCES school,
  content TEXT NOT NULL CHECK (json_valid(content)), digest TEXT NOT NULL, {TX}
) STRICT;
CREATE TABLE approval (
  proposal_id TEXT PRIMARY KEY REFERENCES proposal, {TX}
) STRICT;
CREATE TABLE feedback_reason (
  reason_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece,
  criterion_id TEXT NOT NULL, words TEXT NOT NULL, place TEXT NOT NULL, {TX}
) STRICT;
"""
