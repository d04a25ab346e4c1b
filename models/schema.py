"""Steps by which the working database comes to its tables; a step that has shipped is never edited.

Every row names the transaction that wrote it (``tx``, a line of the audit log),
so actor, time and reason of each are known. Rows are added, never changed: the
state of a thing is its latest row. The tables themselves are laid out in
``models.tables``, a file a matter.
"""

from __future__ import annotations

import re

from sqlite_utils import Database
from sqlite_utils.migrations import Migrations

from models.tables.appeals import APPEALS
from models.tables.calibration import CALIBRATION
from models.tables.closing import CHAIRS_ROOM, CLOSING
from models.tables.desk_work import DESK_WORK
from models.tables.feedback import FEEDBACK
from models.tables.findings import ANALYSES, EARLIER, LOOKS
from models.tables.papers import (
    PAPERS,
    erasure_triggers,
    later_erasure_triggers,
    precedent_erasure_triggers,
    reason_erasure_triggers,
)
from models.tables.precedents import PRECEDENTS
from models.tables.reading import ALLOCATION, DESK
from models.tables.round import CASES, EVIDENCE, PEOPLE, READS
from models.tables.trail import AUDIT, SEALED_REASONS, SEALS

migrations = Migrations("workspace")

_UNCHANGED = """
CREATE TRIGGER {table}_keeps_rows BEFORE UPDATE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only: add a row instead'); END;
"""
_UNDELETED = """
CREATE TRIGGER {table}_loses_none BEFORE DELETE ON {table}
BEGIN SELECT RAISE(ABORT, '{table} is append-only: add a row instead'); END;
"""
_MAY_LOSE_ROWS = {"alias"}
"""Who stands behind a pseudonym is erasable."""


@migrations()
def first_tables(db: Database) -> None:
    """Lay down the tables of the first release."""
    _lay_down(db, AUDIT + PEOPLE + EVIDENCE + READS + CASES)


@migrations()
def tables_of_the_desk(db: Database) -> None:
    """Add who reads what, masked copies, accounts and roles granted later."""
    _lay_down(db, DESK)


@migrations()
def table_of_analyses(db: Database) -> None:
    """Add what heavy analyses came to, for pages to show without computing it anew."""
    _lay_down(db, ANALYSES)


@migrations()
def table_of_earlier_prints(db: Database) -> None:
    """Add fingerprints of evidence of earlier rounds, and of other counties or schools."""
    _lay_down(db, EARLIER)


@migrations()
def tables_of_looks_and_recalls(db: Database) -> None:
    """Add looks for flags, who handles a case and what was found, and reads that count no longer."""
    _lay_down(db, LOOKS)


@migrations()
def tables_of_calibration(db: Database) -> None:
    """Add seed pieces with experts' marks, what raters did on them, and trial reads."""
    _lay_down(db, CALIBRATION)


@migrations()
def table_of_feedback(db: Database) -> None:
    """Add which notes were handed over, and what may be handed in anew up to when."""
    _lay_down(db, FEEDBACK)


@migrations()
def tables_of_allocation(db: Database) -> None:
    """Add how much each reader takes on, and which reads only validate."""
    _lay_down(db, ALLOCATION)


@migrations()
def tables_of_papers_and_erasure(db: Database) -> None:
    """Add erasures, and let erased people's rows go; issues of sheets, and their stamped scans."""
    _lay_down(db, PAPERS)
    for statement in erasure_triggers():
        db.execute(statement)


@migrations()
def table_of_appeals(db: Database) -> None:
    """Add which objections are appeals, and by how many readers each is read."""
    _lay_down(db, APPEALS)


@migrations()
def tables_of_desk_work(db: Database) -> None:
    """Add anchors in the evidence, active times, and pieces left unread at the desk."""
    _lay_down(db, DESK_WORK)


@migrations()
def words_of_erased_people(db: Database) -> None:
    """Let an erasure blank the words of cases, what flags show, and relations that name the person."""
    for statement in later_erasure_triggers():
        db.execute(statement)


@migrations()
def tables_of_closing(db: Database) -> None:
    """Add marks given before the reads are seen, reasons of rulings, back-reads, and closing."""
    _lay_down(db, CHAIRS_ROOM + CLOSING)


@migrations()
def tables_of_precedents(db: Database) -> None:
    """Add precedents with the index they are found by, and what scans for names have found."""
    _lay_down(db, PRECEDENTS)


@migrations()
def precedents_of_erased_people(db: Database) -> None:
    """Let an erasure blank what precedents quote of the person's evidence."""
    for statement in precedent_erasure_triggers():
        db.execute(statement)


@migrations()
def reasons_of_erased_people(db: Database) -> None:
    """Let the chain of the audit log cover reasons by a salted hash, so that an erasure may blank them."""
    _lay_down(db, SEALED_REASONS)
    for statement in (*SEALS, *reason_erasure_triggers()):
        db.execute(statement)


def _lay_down(db: Database, script: str) -> None:
    """Create the tables of a script, and close each to changes and losses."""
    _run(db, script)
    for table in re.findall(r"CREATE TABLE (\w+)", script):
        _run(db, _UNCHANGED.format(table=table))
        if table not in _MAY_LOSE_ROWS:
            _run(db, _UNDELETED.format(table=table))


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
