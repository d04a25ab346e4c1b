"""Tables of the working database, in ordered steps; a step that has shipped is never edited.

Every row names the transaction that wrote it (``tx``, a line of the audit log),
so actor, time and reason of each are known. Rows are added, never changed: the
state of a thing is its latest row.
"""

from __future__ import annotations

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from models.feedback_tables import FEEDBACK_TABLE
from models.paper_tables import PAPER_TABLE_NAMES, PAPER_TABLES, erasure_triggers

migrations = Migrations("workspace")

_UNCHANGED = """
CREATE TRIGGER {table}_keeps_rows BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only: add a row instead'); END;
"""
_UNDELETED = """
CREATE TRIGGER {table}_loses_none BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only: add a row instead'); END;
"""

_TX = "tx INTEGER NOT NULL REFERENCES audit_log(seq)"

_AUDIT = """
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

_PEOPLE = f"""
CREATE TABLE school (
  school_id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, {_TX}
) STRICT;
CREATE TABLE school_fact (
  school_id TEXT NOT NULL REFERENCES school, name TEXT NOT NULL, value TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE teacher (
  teacher_id TEXT PRIMARY KEY, teacher_no TEXT NOT NULL, name TEXT NOT NULL,
  school_id TEXT NOT NULL REFERENCES school, {_TX}
) STRICT;
CREATE TABLE teacher_fact (
  teacher_id TEXT NOT NULL REFERENCES teacher, name TEXT NOT NULL, value TEXT NOT NULL, {_TX}
) STRICT;
CREATE INDEX teacher_fact_of ON teacher_fact (teacher_id, name);
CREATE TABLE alias (
  teacher_id TEXT PRIMARY KEY REFERENCES teacher, pseudonym TEXT NOT NULL UNIQUE,
  salt TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE person (
  person_id TEXT PRIMARY KEY, name TEXT NOT NULL, school_id TEXT REFERENCES school,
  department TEXT NOT NULL, roles TEXT NOT NULL CHECK (json_valid(roles)),
  relations TEXT NOT NULL CHECK (json_valid(relations)), pseudonym TEXT NOT NULL UNIQUE, {_TX}
) STRICT;
CREATE TABLE column_mapping (
  kind TEXT NOT NULL, signature TEXT NOT NULL, mapping TEXT NOT NULL CHECK (json_valid(mapping)),
  {_TX}, PRIMARY KEY (kind, signature, tx)
) STRICT;
"""

_EVIDENCE = f"""
CREATE TABLE submission (
  submission_id TEXT PRIMARY KEY, teacher_id TEXT NOT NULL REFERENCES teacher,
  competency TEXT NOT NULL, attempt INTEGER NOT NULL CHECK (attempt IN (1, 2)), {_TX},
  UNIQUE (teacher_id, competency, attempt)
) STRICT;
CREATE TABLE piece (
  piece_id TEXT PRIMARY KEY, submission_id TEXT NOT NULL REFERENCES submission,
  slot_id TEXT NOT NULL, {_TX}, UNIQUE (submission_id, slot_id)
) STRICT;
CREATE TABLE evidence_file (
  file_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece, item TEXT NOT NULL,
  path TEXT NOT NULL, sha256 TEXT NOT NULL, bytes INTEGER NOT NULL, attached INTEGER NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'warn')),
  stated TEXT NOT NULL CHECK (json_valid(stated)), submitted_at TEXT NOT NULL, {_TX},
  UNIQUE (piece_id, sha256, attached)
) STRICT;
CREATE TABLE extract (
  sha256 TEXT PRIMARY KEY, media_type TEXT NOT NULL, facts TEXT NOT NULL CHECK (json_valid(facts)),
  {_TX}
) STRICT;
CREATE TABLE intake_line (
  line_id INTEGER PRIMARY KEY, package TEXT NOT NULL, item TEXT NOT NULL,
  teacher_id TEXT NOT NULL, competency TEXT NOT NULL, slot TEXT NOT NULL, file TEXT NOT NULL,
  verdict TEXT NOT NULL CHECK (verdict IN ('accept', 'warn', 'reject')), code TEXT NOT NULL,
  reason TEXT NOT NULL CHECK (json_valid(reason)), seconds TEXT NOT NULL, peak_mib TEXT NOT NULL,
  {_TX}
) STRICT;
CREATE TABLE blank_form (
  sha256 TEXT PRIMARY KEY, name TEXT NOT NULL, text TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE submission_window (
  event_id INTEGER PRIMARY KEY, school_id TEXT NOT NULL REFERENCES school,
  state TEXT NOT NULL CHECK (state IN ('noticed', 'closed', 'reopened')), {_TX}
) STRICT;
"""

_READS = f"""
CREATE TABLE reopening (
  reopening_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece,
  reading INTEGER NOT NULL CHECK (reading > 1), cause TEXT NOT NULL, {_TX},
  UNIQUE (piece_id, reading)
) STRICT;
CREATE TABLE read (
  read_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece, rater_id TEXT NOT NULL,
  round TEXT NOT NULL CHECK (round IN ('blind', 'third', 'chair', 'seed', 'county')),
  reading INTEGER NOT NULL, opened_at TEXT NOT NULL, submitted_at TEXT NOT NULL,
  comment TEXT NOT NULL, replaces INTEGER REFERENCES read, {_TX}
) STRICT;
CREATE INDEX read_of ON read (piece_id, reading);
CREATE UNIQUE INDEX read_replaced_once ON read (replaces) WHERE replaces IS NOT NULL;
CREATE TABLE mark (
  read_id INTEGER NOT NULL REFERENCES read, criterion_id TEXT NOT NULL,
  met INTEGER CHECK (met IN (0, 1)), comment TEXT NOT NULL,
  PRIMARY KEY (read_id, criterion_id)
) STRICT, WITHOUT ROWID;
"""

_CASES = f"""
CREATE TABLE flag (
  flag_id TEXT PRIMARY KEY, code TEXT NOT NULL, subject TEXT NOT NULL,
  ids TEXT NOT NULL CHECK (json_valid(ids)), tier TEXT NOT NULL,
  effect TEXT NOT NULL, p TEXT NOT NULL, q TEXT NOT NULL,
  exhibit TEXT NOT NULL CHECK (json_valid(exhibit)), {_TX}
) STRICT;
CREATE TABLE hold (
  hold_id TEXT PRIMARY KEY, code TEXT NOT NULL, flag_id TEXT REFERENCES flag,
  raised_by TEXT NOT NULL, due_on TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE hold_submission (
  hold_id TEXT NOT NULL REFERENCES hold, submission_id TEXT NOT NULL REFERENCES submission, {_TX},
  PRIMARY KEY (hold_id, submission_id)
) STRICT;
CREATE TABLE hold_event (
  event_id INTEGER PRIMARY KEY, hold_id TEXT NOT NULL REFERENCES hold,
  kind TEXT NOT NULL CHECK (kind IN ('reply', 'proposal', 'resolution')),
  actor TEXT NOT NULL, party TEXT NOT NULL, disposition TEXT NOT NULL, words TEXT NOT NULL,
  scan TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE publication (
  publication_id TEXT PRIMARY KEY, school_id TEXT NOT NULL REFERENCES school,
  opened_on TEXT NOT NULL, closes_on TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE published_result (
  publication_id TEXT NOT NULL REFERENCES publication, teacher_id TEXT NOT NULL REFERENCES teacher,
  competency TEXT NOT NULL, level TEXT NOT NULL, {_TX},
  PRIMARY KEY (publication_id, teacher_id, competency)
) STRICT;
CREATE TABLE publication_end (
  publication_id TEXT PRIMARY KEY REFERENCES publication, closed_on TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE objection (
  objection_id TEXT PRIMARY KEY, publication_id TEXT NOT NULL REFERENCES publication,
  teacher_id TEXT NOT NULL REFERENCES teacher, competency TEXT NOT NULL,
  raised_by TEXT NOT NULL, words TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE objection_answer (
  objection_id TEXT PRIMARY KEY REFERENCES objection,
  answer TEXT NOT NULL CHECK (answer IN ('stands', 're_read')), words TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE county_sample (
  sample_id TEXT PRIMARY KEY, random_seed TEXT NOT NULL, rate TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE county_sample_piece (
  sample_id TEXT NOT NULL REFERENCES county_sample, piece_id TEXT NOT NULL REFERENCES piece,
  why TEXT NOT NULL, {_TX}, PRIMARY KEY (sample_id, piece_id)
) STRICT;
CREATE TABLE county_decision (
  decision_id INTEGER PRIMARY KEY, sample_id TEXT NOT NULL REFERENCES county_sample,
  school_id TEXT NOT NULL REFERENCES school,
  decision TEXT NOT NULL CHECK (decision IN ('accept', 'reopen')), words TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE proposal (
  proposal_id TEXT PRIMARY KEY, school_id TEXT NOT NULL REFERENCES school,
  content TEXT NOT NULL CHECK (json_valid(content)), digest TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE approval (
  proposal_id TEXT PRIMARY KEY REFERENCES proposal, {_TX}
) STRICT;
CREATE TABLE feedback_reason (
  reason_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece,
  criterion_id TEXT NOT NULL, words TEXT NOT NULL, place TEXT NOT NULL, {_TX}
) STRICT;
"""

_APPEND_ONLY_TABLES = (
    "audit_log school school_fact teacher teacher_fact person submission piece evidence_file "
    "extract intake_line submission_window reopening read mark flag hold hold_submission "
    "hold_event publication published_result publication_end objection objection_answer "
    "county_sample county_sample_piece county_decision proposal approval column_mapping "
    "blank_form feedback_reason"
).split()
"""Every table but ``alias``, whose rows may go: who stands behind a pseudonym is erasable."""

_DESK = f"""
CREATE TABLE assignment (
  assignment_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece,
  rater_id TEXT NOT NULL REFERENCES person,
  round TEXT NOT NULL CHECK (round IN ('blind', 'third', 'chair', 'county')),
  reading INTEGER NOT NULL, position INTEGER NOT NULL, {_TX},
  UNIQUE (piece_id, rater_id, round, reading)
) STRICT;
CREATE INDEX assignment_of ON assignment (rater_id, position);
CREATE TABLE assignment_end (
  assignment_id INTEGER PRIMARY KEY REFERENCES assignment, why TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE blind_copy (
  copy_id INTEGER PRIMARY KEY, piece_id TEXT NOT NULL REFERENCES piece, sha256 TEXT NOT NULL,
  content TEXT NOT NULL CHECK (json_valid(content)), {_TX}
) STRICT;
CREATE INDEX blind_copy_of ON blind_copy (piece_id);
CREATE TABLE account_secret (
  secret_id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person,
  password_hash TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE person_role (
  grant_id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person,
  roles TEXT NOT NULL CHECK (json_valid(roles)), {_TX}
) STRICT;
"""

_DESK_TABLES = "assignment assignment_end blind_copy account_secret person_role".split()

_ANALYSES = f"""
CREATE TABLE analysis (
  analysis_id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind <> ''),
  scope TEXT NOT NULL, data_version INTEGER NOT NULL, policy TEXT NOT NULL,
  parameters TEXT NOT NULL CHECK (json_valid(parameters)), random_seed INTEGER NOT NULL,
  payload TEXT NOT NULL CHECK (json_valid(payload)), digest TEXT NOT NULL, {_TX}
) STRICT;
CREATE INDEX analysis_of ON analysis (kind, scope);
"""

_EARLIER = f"""
CREATE TABLE earlier_print (
  print_id INTEGER PRIMARY KEY, source TEXT NOT NULL CHECK (source <> ''), piece TEXT NOT NULL,
  content TEXT NOT NULL CHECK (json_valid(content)), hashes BLOB NOT NULL,
  positions BLOB NOT NULL, {_TX}, UNIQUE (source, piece)
) STRICT;
"""


_LOOKS = f"""
CREATE TABLE flag_look (
  look_id INTEGER PRIMARY KEY,
  gate TEXT NOT NULL CHECK (gate IN ('early', 'round_closed', 'before_certification')),
  data_version INTEGER NOT NULL, told TEXT NOT NULL CHECK (json_valid(told)), {_TX}
) STRICT;
CREATE TABLE hold_assignee (
  assignee_id INTEGER PRIMARY KEY, hold_id TEXT NOT NULL REFERENCES hold,
  person_id TEXT NOT NULL REFERENCES person, {_TX}
) STRICT;
CREATE TABLE hold_found (
  hold_id TEXT PRIMARY KEY REFERENCES hold,
  found TEXT NOT NULL CHECK (found IN ('borne_out', 'innocent', 'unclear')), {_TX}
) STRICT;
CREATE TABLE recalled_read (
  read_id INTEGER PRIMARY KEY REFERENCES read, hold_id TEXT NOT NULL REFERENCES hold,
  cause TEXT NOT NULL, {_TX}
) STRICT;
"""

_LOOK_TABLES = "flag_look hold_assignee hold_found recalled_read".split()

_CALIBRATION = f"""
CREATE TABLE seed_pack (
  pack_id TEXT PRIMARY KEY, name TEXT NOT NULL, digest TEXT NOT NULL UNIQUE, {_TX}
) STRICT;
CREATE TABLE seed_piece (
  piece_id TEXT PRIMARY KEY REFERENCES piece, pack_id TEXT NOT NULL REFERENCES seed_pack,
  item TEXT NOT NULL, purpose TEXT NOT NULL
    CHECK (purpose IN ('practice', 'qualification', 'hidden')), experts TEXT NOT NULL, {_TX}
) STRICT;
CREATE TABLE expert_mark (
  piece_id TEXT NOT NULL REFERENCES seed_piece, criterion_id TEXT NOT NULL,
  met INTEGER NOT NULL CHECK (met IN (0, 1)), reason TEXT NOT NULL, {_TX},
  PRIMARY KEY (piece_id, criterion_id)
) STRICT;
CREATE TABLE calibration_task (
  assignment_id INTEGER PRIMARY KEY REFERENCES assignment,
  kind TEXT NOT NULL
    CHECK (kind IN ('practice', 'qualification', 'hidden', 'recalibration')), {_TX}
) STRICT;
CREATE TABLE calibration_event (
  event_id INTEGER PRIMARY KEY, rater_id TEXT NOT NULL REFERENCES person,
  kind TEXT NOT NULL CHECK (kind IN
    ('begun', 'passed', 'failed', 'undecided', 'again', 'locked', 'released', 'break')),
  told TEXT NOT NULL CHECK (json_valid(told)), {_TX}
) STRICT;
CREATE INDEX calibration_event_of ON calibration_event (rater_id);
CREATE TABLE sitting (
  sitting_id INTEGER PRIMARY KEY, rater_id TEXT NOT NULL REFERENCES person,
  first_piece TEXT NOT NULL, {_TX}
) STRICT;
CREATE INDEX sitting_of ON sitting (rater_id);
CREATE TABLE trial (
  trial_id INTEGER PRIMARY KEY, {_TX}
) STRICT;
CREATE TABLE trial_piece (
  trial_id INTEGER NOT NULL REFERENCES trial, piece_id TEXT NOT NULL REFERENCES piece, {_TX},
  PRIMARY KEY (trial_id, piece_id)
) STRICT;
CREATE TABLE trial_stage (
  stage_id INTEGER PRIMARY KEY, trial_id INTEGER NOT NULL REFERENCES trial,
  stage TEXT NOT NULL CHECK (stage IN ('discussion', 'closed')), {_TX}
) STRICT;
"""

_ALLOCATION = f"""
CREATE TABLE reading_terms (
  terms_id INTEGER PRIMARY KEY, person_id TEXT NOT NULL REFERENCES person,
  share INTEGER NOT NULL CHECK (share BETWEEN 0 AND 200),
  most INTEGER CHECK (most IS NULL OR most >= 0), {_TX}
) STRICT;
CREATE TABLE extra_read (
  assignment_id INTEGER PRIMARY KEY REFERENCES assignment, {_TX}
) STRICT;
"""

_CALIBRATION_TABLES = (
    "seed_pack seed_piece expert_mark calibration_task calibration_event sitting "
    "trial trial_piece trial_stage"
).split()


@migrations()
def first_tables(db: Database) -> None:
    """Lay down the tables of the first release."""
    for part in (_AUDIT, _PEOPLE, _EVIDENCE, _READS, _CASES):
        _run(db, part)
    for table in _APPEND_ONLY_TABLES:
        _run(db, _UNCHANGED.format(table=table))
        _run(db, _UNDELETED.format(table=table))
    _run(db, _UNCHANGED.format(table="alias"))


@migrations()
def tables_of_the_desk(db: Database) -> None:
    """Add who reads what, masked copies, accounts and roles granted later."""
    _run(db, _DESK)
    for table in _DESK_TABLES:
        _run(db, _UNCHANGED.format(table=table))
        _run(db, _UNDELETED.format(table=table))


@migrations()
def table_of_analyses(db: Database) -> None:
    """Add what heavy analyses came to, for pages to show without computing it anew."""
    _run(db, _ANALYSES)
    _run(db, _UNCHANGED.format(table="analysis"))
    _run(db, _UNDELETED.format(table="analysis"))


@migrations()
def table_of_earlier_prints(db: Database) -> None:
    """Add fingerprints of evidence of earlier rounds, and of other counties or schools."""
    _run(db, _EARLIER)
    _run(db, _UNCHANGED.format(table="earlier_print"))
    _run(db, _UNDELETED.format(table="earlier_print"))


@migrations()
def tables_of_looks_and_recalls(db: Database) -> None:
    """Add looks for flags, who handles a case and what was found, and reads that count no longer."""
    _run(db, _LOOKS)
    for table in _LOOK_TABLES:
        _run(db, _UNCHANGED.format(table=table))
        _run(db, _UNDELETED.format(table=table))


@migrations()
def tables_of_calibration(db: Database) -> None:
    """Add seed pieces with experts' marks, what raters did on them, and trial reads."""
    _run(db, _CALIBRATION)
    for table in _CALIBRATION_TABLES:
        _run(db, _UNCHANGED.format(table=table))
        _run(db, _UNDELETED.format(table=table))


@migrations()
def table_of_feedback(db: Database) -> None:
    """Add which notes were handed over, and what may be handed in anew up to when."""
    _run(db, FEEDBACK_TABLE)


@migrations()
def tables_of_allocation(db: Database) -> None:
    """Add how much each reader takes on, and which reads only validate."""
    _run(db, _ALLOCATION)
    for table in ("reading_terms", "extra_read"):
        _run(db, _UNCHANGED.format(table=table))
        _run(db, _UNDELETED.format(table=table))


@migrations()
def tables_of_papers_and_erasure(db: Database) -> None:
    """Add erasures, and let erased people's rows go; issues of sheets, and their stamped scans."""
    _run(db, PAPER_TABLES)
    for table in PAPER_TABLE_NAMES:
        _run(db, _UNCHANGED.format(table=table))
        _run(db, _UNDELETED.format(table=table))
    for statement in erasure_triggers():
        db.execute(statement)


def _run(db: Database, script: str) -> None:
    """Run statements one by one: ``executescript`` would commit the migration's transaction."""
    statement = ""
    for line in script.strip().splitlines(keepends=True):
        statement += line
        if _is_complete(statement):
            db.execute(statement)
            statement = ""


def _is_complete(statement: str) -> bool:
    text = statement.strip()
    if not text.endswith(";"):
        return False
    return text.endswith("END;") if "TRIGGER" in text else True
