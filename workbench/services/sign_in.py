"""Signing in and out: sessions the server can end, and patience with wrong passwords.

The browser keeps a random token, ``desk.db`` its hash. Failures are counted
before the password is looked at, so a hundred attempts at once are no quicker
than one after the other.
"""

from __future__ import annotations

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import TypeAlias

from models.desk_store import FILE_NAME, DeskStore
from models.sign_ins import (
    Failures,
    SignInRow,
    add_sign_in,
    clear_failures,
    failures_of,
    find_sign_in,
    forget_sign_ins,
    revoke_sign_in,
    set_failures,
    touch_sign_in,
)
from workbench.errors import InputError, RefusedError
from workbench.services.accounts import CheckedPassword, check_password, set_password
from workbench.services.acting import act_of
from workbench.services.workspace import Fresh, Workspace

Desk: TypeAlias = DeskStore
"""Open database of sessions, as the server keeps one."""

_TOUCH_EVERY = timedelta(minutes=1)
_TOKEN_BYTES = 32
_SKEW = timedelta(minutes=1)


@dataclass(frozen=True)
class SignInRules:
    """How long a session lasts and how failures slow down who makes them.

    A session ends after 2 hours without use and 12 hours after it began (NIST SP
    800-63B §4.2.3 for the latter). One name from one address has 5 free failures,
    one name from anywhere 20, one address 100, as a whole school may stand behind
    one; then each further one doubles the wait, from 30 seconds to 15 minutes. Failures
    are forgotten an hour after the last (OWASP authentication sheet, account lockout).
    """

    idle: timedelta = timedelta(hours=2)
    longest: timedelta = timedelta(hours=12)
    free_failures: int = 5
    free_by_name: int = 20
    free_by_address: int = 100
    first_wait: timedelta = timedelta(seconds=30)
    longest_wait: timedelta = timedelta(minutes=15)
    forget_after: timedelta = timedelta(hours=1)


@dataclass(frozen=True)
class SignedIn:
    """A session that stands; ``session_id`` is the hash of the token, and no secret."""

    session_id: str
    person_id: str
    seen_at: datetime


class ThrottledError(RefusedError):
    """Too many failures; ``seconds`` to wait."""

    def __init__(self, seconds: int) -> None:
        super().__init__(
            f"too many failed sign-ins; wait {seconds} seconds and try again.",
            key="sign_in.throttled",
            seconds=seconds,
        )
        self.seconds = seconds


class ProvisionalError(RefusedError):
    """The password is right, but somebody else has set it: it must be changed first."""

    def __init__(self) -> None:
        super().__init__("set a password of your own first.", key="sign_in.provisional")


def desk_of(workspace: Workspace) -> DeskStore:
    """Open the database sessions are kept in."""
    return DeskStore(workspace.folder / FILE_NAME)


def sign_in(
    workspace: Workspace,
    name: str,
    password: str,
    address: str,
    at: datetime,
    fresh: Fresh,
    rules: SignInRules,
) -> str:
    """Begin a session and return its token, which is kept nowhere but in the browser.

    Raises
    ------
    ThrottledError
        After too many failures.
    ProvisionalError
        If the password has to be changed first.
    RefusedError
        If name and password do not fit; which of them is not said.
    """
    found = _checked(workspace, name, password, address, at, rules)
    if found.provisional:
        raise ProvisionalError
    return _begin(workspace, found.person_id, address, at, fresh, rules)


def change_password(
    workspace: Workspace,
    name: str,
    password: str,
    chosen: str,
    address: str,
    at: datetime,
    fresh: Fresh,
    rules: SignInRules,
) -> str:
    """Replace the own password by another, end all sessions, and begin a new one.

    Raises
    ------
    ThrottledError, RefusedError
        As ``sign_in``.
    InputError
        If the new password is too weak, or the old one.
    """
    found = _checked(workspace, name, password, address, at, rules)
    if chosen == password:
        raise InputError("the new password is the old one. Choose another.", key="account.same")
    set_password(workspace, found.person_id, chosen, act_of(found.person_id, at))
    return _begin(workspace, found.person_id, address, at, fresh, rules)


def recognise(desk: DeskStore, token: str, at: datetime, rules: SignInRules) -> SignedIn | None:
    """Session of a token, if it stands: begun, not ended, not idle for too long."""
    return still_signed_in(desk, session_id_of(token), at, rules) if token else None


def still_signed_in(
    desk: DeskStore, session_id: str, at: datetime, rules: SignInRules
) -> SignedIn | None:
    """Session of that id, if it stands."""
    row = find_sign_in(desk, session_id)
    if row is None or not _stands(row, at, rules):
        return None
    return SignedIn(row.session_hash, row.person_id, row.last_seen_at)


def is_due(signed_in: SignedIn, at: datetime) -> bool:
    """Whether use of a session should be recorded again; once a minute is enough."""
    return at - signed_in.seen_at >= _TOUCH_EVERY


def touch(workspace: Workspace, session_id: str, at: datetime) -> None:
    """Record that a session was used."""
    with desk_of(workspace) as desk:
        touch_sign_in(desk, session_id, at)


def sign_out(workspace: Workspace, session_id: str, address: str, at: datetime) -> None:
    """End one session; ending it twice changes nothing."""
    with desk_of(workspace) as desk:
        row = find_sign_in(desk, session_id)
        if row is not None and revoke_sign_in(desk, session_id, at):
            _note(workspace, "sign_out", row.person_id, address, at)


def forget_old(workspace: Workspace, at: datetime, rules: SignInRules) -> int:
    """Delete what ended long ago; returns how many sessions went."""
    with desk_of(workspace) as desk:
        return forget_sign_ins(desk, at - rules.longest - rules.forget_after)


def session_id_of(token: str) -> str:
    """Identifier a session is known by: SHA-256 of its token.

    >>> session_id_of("a")[:8]
    'ca978112'
    """
    return hashlib.sha256(token.encode()).hexdigest()


def _begin(
    workspace: Workspace,
    person_id: str,
    address: str,
    at: datetime,
    fresh: Fresh,
    rules: SignInRules,
) -> str:
    token = base64.urlsafe_b64encode(fresh(_TOKEN_BYTES)).decode().rstrip("=")
    with desk_of(workspace) as desk:
        add_sign_in(desk, session_id_of(token), person_id, at, at + rules.longest)
    _note(workspace, "sign_in", person_id, address, at)
    return token


def _checked(
    workspace: Workspace, name: str, password: str, address: str, at: datetime, rules: SignInRules
) -> CheckedPassword:
    subjects = _subjects(name, address, rules)
    with desk_of(workspace) as desk:
        _count(desk, subjects, at, rules)
    found = check_password(workspace, name, password)
    if found is None:
        _note(workspace, "refused", "", address, at)
        raise RefusedError("name and password do not fit.", key="sign_in.wrong")
    with desk_of(workspace) as desk:
        _uncount(desk, list(subjects), at, rules)
    return found


def _subjects(name: str, address: str, rules: SignInRules) -> dict[str, int]:
    """Hashes of what is counted, as people type passwords into the wrong field, with what is free."""
    written = name.strip().casefold()
    free = {
        f"both {written} {address}": rules.free_failures,
        f"name {written}": rules.free_by_name,
        f"address {address}": rules.free_by_address,
    }
    return {hashlib.sha256(told.encode()).hexdigest(): count for told, count in free.items()}


def _count(desk: DeskStore, subjects: dict[str, int], at: datetime, rules: SignInRules) -> None:
    """Count one attempt against each subject, or refuse it where one has to wait."""
    with desk.transaction():
        known = {subject: _recent(failures_of(desk, subject), at, rules) for subject in subjects}
        # Below what is free nobody waits, whichever of two attempts at once was stamped first.
        waits = [
            known[subject].until
            for subject, free in subjects.items()
            if known[subject].count >= free
        ]
        wait = max(waits, default=at) - at
        if wait > timedelta(0):
            raise ThrottledError(int(wait.total_seconds()) + 1)
        for subject, free in subjects.items():
            count = known[subject].count + 1
            until = at + _wait(count - free, rules)
            set_failures(desk, subject, Failures(count, at, until))


def _uncount(desk: DeskStore, subjects: list[str], at: datetime, rules: SignInRules) -> None:
    """Take back the attempt that was right; other people's failures from the address stand."""
    *own, address = subjects
    with desk.transaction():
        for subject in own:
            clear_failures(desk, subject)
        known = _recent(failures_of(desk, address), at, rules)
        left = max(known.count - 1, 0)
        until = known.until if left >= rules.free_by_address else at
        set_failures(desk, address, Failures(left, known.last_at, until))


def _recent(failures: Failures | None, at: datetime, rules: SignInRules) -> Failures:
    """Failures that still count; none where the clock of the machine has been put back."""
    if failures is None or not -_SKEW <= at - failures.last_at <= rules.forget_after:
        return Failures(0, at, at)
    return failures


def _wait(beyond: int, rules: SignInRules) -> timedelta:
    """Wait after that many failures beyond the free ones; the last free one costs the first wait."""
    if beyond < 0:
        return timedelta(0)
    doubled: timedelta = rules.first_wait * 2 ** min(beyond, 20)
    return min(doubled, rules.longest_wait)


def _stands(row: SignInRow, at: datetime, rules: SignInRules) -> bool:
    return row.revoked_at is None and at < row.expires_at and at - row.last_seen_at <= rules.idle


def _note(workspace: Workspace, event: str, person_id: str, address: str, at: datetime) -> None:
    """Add a line to the access log of the month; a name that was typed in vain is not kept."""
    line = {"at": at.isoformat(), "event": event, "person": person_id, "address": address}
    path: Path = workspace.folder / "logs" / f"access-{at:%Y-%m}.jsonl"
    path.parent.mkdir(exist_ok=True)
    with path.open("a", encoding="utf-8") as log:
        log.write(json.dumps(line, ensure_ascii=False) + "\n")
