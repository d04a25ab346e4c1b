"""Who is signed in, and who has tried in vain: rows of ``desk.db``.

A session is known by the hash of its token; whoever reads the database cannot
sign in with what stands there.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from models.desk_store import DeskStore, moment


@dataclass(frozen=True)
class SignInRow:
    """One session; ``revoked_at`` is None while it stands."""

    session_hash: str
    person_id: str
    created_at: datetime
    last_seen_at: datetime
    expires_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True)
class Failures:
    """How often one subject failed to sign in, when last, and until when it has to wait."""

    count: int
    last_at: datetime
    until: datetime


def add_sign_in(
    desk: DeskStore, session_hash: str, person_id: str, at: datetime, expires_at: datetime
) -> None:
    """Begin a session."""
    desk.write(
        "INSERT INTO sign_in (session_hash, person_id, created_at, last_seen_at, expires_at) "
        "VALUES (?, ?, ?, ?, ?)",
        [session_hash, person_id, moment(at), moment(at), moment(expires_at)],
    )


def find_sign_in(desk: DeskStore, session_hash: str) -> SignInRow | None:
    """Session of a hash, whatever its state; None where there never was one."""
    row = desk.one("SELECT * FROM sign_in WHERE session_hash = ?", [session_hash])
    if row is None:
        return None
    return SignInRow(
        row["session_hash"],
        row["person_id"],
        _time(row["created_at"]),
        _time(row["last_seen_at"]),
        _time(row["expires_at"]),
        _time(row["revoked_at"]) if row["revoked_at"] else None,
    )


def touch_sign_in(desk: DeskStore, session_hash: str, at: datetime) -> None:
    """Record that a session was used."""
    desk.write(
        "UPDATE sign_in SET last_seen_at = max(last_seen_at, ?) WHERE session_hash = ?",
        [moment(at), session_hash],
    )


def revoke_sign_in(desk: DeskStore, session_hash: str, at: datetime) -> bool:
    """End a session; whether it stood till now."""
    return bool(
        desk.write(
            "UPDATE sign_in SET revoked_at = ? WHERE session_hash = ? AND revoked_at = ''",
            [moment(at), session_hash],
        )
    )


def revoke_all(desk: DeskStore, person_id: str, at: datetime) -> int:
    """End every session of a person that has neither ended nor expired; returns how many."""
    return desk.write(
        "UPDATE sign_in SET revoked_at = ? "
        "WHERE person_id = ? AND revoked_at = '' AND expires_at > ?",
        [moment(at), person_id, moment(at)],
    )


def standing_sign_ins(desk: DeskStore, at: datetime, seen_after: datetime) -> dict[str, int]:
    """How many sessions each person has that stand and were used since."""
    rows = desk.rows(
        "SELECT person_id, count(*) AS n FROM sign_in "
        "WHERE revoked_at = '' AND expires_at > ? AND last_seen_at >= ? GROUP BY person_id",
        [moment(at), moment(seen_after)],
    )
    return {row["person_id"]: row["n"] for row in rows}


def forget_sign_ins(desk: DeskStore, before: datetime) -> int:
    """Delete sessions and failures that ended before that; returns how many sessions."""
    desk.write("DELETE FROM throttle WHERE last_at < ? AND until < ?", [moment(before)] * 2)
    return desk.write("DELETE FROM sign_in WHERE expires_at < ?", [moment(before)])


def failures_of(desk: DeskStore, subject: str) -> Failures | None:
    """Failures of a subject (the hash of a name, an address or both); None where it has none."""
    row = desk.one("SELECT * FROM throttle WHERE subject = ?", [subject])
    if row is None:
        return None
    return Failures(row["failures"], _time(row["last_at"]), _time(row["until"]))


def set_failures(desk: DeskStore, subject: str, failures: Failures) -> None:
    """Keep the failures of a subject."""
    desk.write(
        "INSERT INTO throttle (subject, failures, last_at, until) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (subject) DO UPDATE SET failures = excluded.failures, "
        "last_at = excluded.last_at, until = excluded.until",
        [subject, failures.count, moment(failures.last_at), moment(failures.until)],
    )


def clear_failures(desk: DeskStore, subject: str) -> None:
    """Forget the failures of a subject that signed in after all."""
    desk.write("DELETE FROM throttle WHERE subject = ?", [subject])


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text)
