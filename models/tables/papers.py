"""Tables of issued sheets and of erasures, and which rows an erasure lets go."""

from __future__ import annotations

from collections.abc import Iterable

from models.tables.trail import TX

PAPERS = f"""
CREATE TABLE erasure (
  teacher_id TEXT PRIMARY KEY REFERENCES teacher, pseudonym TEXT NOT NULL, reason TEXT NOT NULL,
  {TX}
) STRICT;
CREATE TABLE sheet_issue (
  issue_id INTEGER PRIMARY KEY, school_id TEXT NOT NULL REFERENCES school,
  ledger_size INTEGER NOT NULL, root TEXT NOT NULL, sheets INTEGER NOT NULL,
  formats TEXT NOT NULL, copy INTEGER NOT NULL CHECK (copy > 0),
  {TX}
) STRICT;
CREATE TABLE stamped_scan (
  scan_id INTEGER PRIMARY KEY, school_id TEXT NOT NULL REFERENCES school,
  sha256 TEXT NOT NULL, origin TEXT NOT NULL, entries TEXT NOT NULL CHECK (json_valid(entries)),
  {TX}
) STRICT;
"""

_TEACHER = "EXISTS (SELECT 1 FROM erasure WHERE teacher_id = OLD.teacher_id)"
_PIECE = (
    "EXISTS (SELECT 1 FROM piece JOIN submission USING (submission_id) "
    "JOIN erasure USING (teacher_id) WHERE piece_id = OLD.piece_id)"
)
_OF_READ = (
    "EXISTS (SELECT 1 FROM read JOIN piece USING (piece_id) JOIN submission USING (submission_id) "
    "JOIN erasure USING (teacher_id) WHERE read_id = OLD.read_id)"
)
_CONTENT = (
    "EXISTS (SELECT 1 FROM evidence_file JOIN piece USING (piece_id) "
    "JOIN submission USING (submission_id) JOIN erasure USING (teacher_id) "
    "WHERE sha256 = OLD.sha256)"
)
_ANSWERED = (
    "EXISTS (SELECT 1 FROM objection JOIN erasure USING (teacher_id) "
    "WHERE objection_id = OLD.objection_id)"
)
# table, whether rows are dropped or blanked, when they may be, and what must not be left
_EXCEPTIONS = (
    ("teacher", "UPDATE", f"{_TEACHER} AND NEW.name = '' AND NEW.teacher_no = ''"),
    ("teacher_fact", "DELETE", _TEACHER),
    ("intake_line", "DELETE", _TEACHER),
    ("evidence_file", "UPDATE", f"{_PIECE} AND NEW.path = '' AND NEW.stated = '{{}}'"),
    ("extract", "DELETE", _CONTENT),
    ("blind_copy", "DELETE", _PIECE),
    ("read", "UPDATE", f"{_OF_READ} AND NEW.comment = ''"),
    ("mark", "UPDATE", f"{_OF_READ} AND NEW.comment = '' AND NEW.met IS OLD.met"),
    ("feedback_reason", "DELETE", _PIECE),
    ("objection", "UPDATE", f"{_TEACHER} AND NEW.words = '' AND NEW.raised_by = ''"),
    ("objection_answer", "UPDATE", f"{_ANSWERED} AND NEW.words = ''"),
)
_CASE = (
    "EXISTS (SELECT 1 FROM hold_submission JOIN submission USING (submission_id) "
    "JOIN erasure USING (teacher_id) WHERE hold_id = OLD.hold_id)"
)
_FOUND = (
    "EXISTS (SELECT 1 FROM json_each(OLD.ids) JOIN piece ON piece_id = value "
    "JOIN submission USING (submission_id) JOIN erasure USING (teacher_id))"
)
_NAMED = (
    "EXISTS (SELECT 1 FROM json_each(OLD.relations) JOIN teacher ON value IN (name, teacher_no) "
    "JOIN erasure USING (teacher_id))"
)
_LATER_EXCEPTIONS = (
    (
        "hold_event",
        "UPDATE",
        f"{_CASE} AND NEW.words = '' AND NEW.disposition IS OLD.disposition AND NEW.kind IS OLD.kind",
    ),
    (
        "flag",
        "UPDATE",
        f"{_FOUND} AND NEW.exhibit ->> '$.erased' AND NEW.ids IS OLD.ids AND NEW.code IS OLD.code",
    ),
    (
        "person",
        "UPDATE",
        f"{_NAMED} AND NEW.name IS OLD.name AND NEW.roles IS OLD.roles "
        "AND NEW.pseudonym IS OLD.pseudonym",
    ),
)
_PRECEDENT_EXCEPTIONS = (
    (
        "precedent",
        "UPDATE",
        f"{_PIECE} AND NEW.author = '' AND NEW.content ->> '$.excerpt' = '' "
        "AND NEW.content ->> '$.words' = '' AND NEW.met IS OLD.met",
    ),
)
_REASON_EXCEPTIONS = (
    (
        "audit_log",
        "UPDATE",
        "EXISTS (SELECT 1 FROM audit_redaction JOIN erasure USING (teacher_id) "
        "WHERE audit_redaction.seq = OLD.seq) AND OLD.sealed <> '' AND NEW.reason = '' "
        "AND NEW.salt = '' AND NEW.at IS OLD.at AND NEW.actor IS OLD.actor "
        "AND NEW.role IS OLD.role AND NEW.action IS OLD.action AND NEW.object IS OLD.object "
        "AND NEW.prev IS OLD.prev AND NEW.chain IS OLD.chain AND NEW.sealed IS OLD.sealed "
        "AND NEW.seq IS OLD.seq",
    ),
)
_NAMES = {"UPDATE": "{table}_keeps_rows", "DELETE": "{table}_loses_none"}


def erasure_triggers() -> list[str]:
    """Statements that put the exceptions for erased people into the triggers."""
    return _triggers(_EXCEPTIONS)


def later_erasure_triggers() -> list[str]:
    """As `erasure_triggers`, for the words of cases, what flags show, and relations of readers."""
    return _triggers(_LATER_EXCEPTIONS)


def precedent_erasure_triggers() -> list[str]:
    """As `erasure_triggers`, for what precedents quote of the evidence."""
    return _triggers(_PRECEDENT_EXCEPTIONS)


def reason_erasure_triggers() -> list[str]:
    """As `erasure_triggers`, for the reasons of acts that name or are about the person."""
    return _triggers(_REASON_EXCEPTIONS)


def _triggers(exceptions: Iterable[tuple[str, str, str]]) -> list[str]:
    made = []
    for table, verb, allowed in exceptions:
        name = _NAMES[verb].format(table=table)
        made += [
            f"DROP TRIGGER {name}",
            f"CREATE TRIGGER {name} BEFORE {verb} ON {table} WHEN NOT ({allowed}) "
            f"BEGIN SELECT RAISE(ABORT, '{table} is append-only: add a row instead'); END",
        ]
    return made
