"""The chair's room and the end of a round: marks before the reads are seen, back-reads, closing."""

from __future__ import annotations

from models.tables.trail import TX

CHAIRS_ROOM = f"""
CREATE TABLE own_mark (
  piece_id TEXT NOT NULL REFERENCES piece, person_id TEXT NOT NULL REFERENCES person,
  reading INTEGER NOT NULL, criterion_id TEXT NOT NULL,
  met INTEGER CHECK (met IN (0, 1)), {TX},
  PRIMARY KEY (piece_id, person_id, reading, criterion_id)
) STRICT;
CREATE TABLE ruling_ground (
  read_id INTEGER NOT NULL REFERENCES read, criterion_id TEXT NOT NULL, code TEXT NOT NULL, {TX},
  PRIMARY KEY (read_id, criterion_id)
) STRICT;
CREATE TABLE back_read (
  assignment_id INTEGER PRIMARY KEY REFERENCES assignment,
  why TEXT NOT NULL CHECK (why IN ('flip_risk', 'contested', 'second_reader', 'chosen')), {TX}
) STRICT;
CREATE TABLE back_read_end (
  assignment_id INTEGER PRIMARY KEY REFERENCES back_read,
  ended TEXT NOT NULL CHECK (ended IN ('kept', 'reopened')), {TX}
) STRICT;
"""
"""``own_mark`` is what somebody who rules marked before seeing the reads; it decides nothing.
A ``back_read`` is an assignment of an extra read, chosen by risk and not drawn."""

CLOSING = f"""
CREATE TABLE closing_waiver (
  waiver_id INTEGER PRIMARY KEY, line TEXT NOT NULL CHECK (line <> ''),
  ids TEXT NOT NULL CHECK (json_valid(ids)), words TEXT NOT NULL CHECK (words <> ''), {TX}
) STRICT;
CREATE TABLE closing_event (
  event_id INTEGER PRIMARY KEY, kind TEXT NOT NULL CHECK (kind IN ('closed', 'reopened')),
  checklist TEXT NOT NULL CHECK (json_valid(checklist)), words TEXT NOT NULL, {TX}
) STRICT;
"""
"""A waiver passes what stood open under a line then, thing by thing, and nothing that came later."""

IS_CLOSED = (
    "SELECT 1 FROM closing_event WHERE kind = 'closed' "
    "AND event_id = (SELECT MAX(event_id) FROM closing_event)"
)
"""One row where the round is closed."""

AFTER_CLOSING = frozenset(
    {
        *("account.add", "account.roles", "account.password", "account.sign_out"),
        *("analysis.store", "job.start", "evidence.reveal", "backup.make", "backup.restore"),
        *("certificates.issue", "certificates.scan", "feedback.give"),
        *("ledger.key", "ledger.witness", "ledger.erase", "certify.approve"),
        *("pii.export", "pii.erase", "retention.apply", "round.reopen"),
    }
)
"""Acts that change nothing of a closed round: its papers, its safe keeping, who may sign in.

Every other act is refused until the round is reopened, new ones too. Of approvals, which
erasures and keys need as well, those of results are refused where they are given.
"""
