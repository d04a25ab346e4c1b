"""Retention: what is due to go by the policy, and letting it go once somebody has confirmed."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from pathlib import Path

from models.erasing import erased
from models.evidence_store import EvidenceStore
from models.publications import cleared_levels, last_closing_day
from models.records import ReasonNone
from models.resubmissions import notes_given
from models.store import Act, Store
from workbench.context import CHINA
from workbench.errors import InputError
from workbench.services.objections import PENDING, READING, objection_endings
from workbench.services.results import ResultRow, result_standing
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace

TEMPORARY = ("uploads", "jobs", "converted")
FOLDERS = {"originals": "evidence", "blind_copies": "blind"}
_TABLES = {"originals": "evidence_file", "blind_copies": "blind_copy"}
BY_HAND = ("working_data", "identity", "logs", "backups")
"""Kept until a person acts: erased one by one with `pii erase`, or kept outside the workspace."""
_UNDECIDED = (ReasonNone.AWAITING_READ, ReasonNone.AWAITING_RULING, ReasonNone.HELD)
KINDS = (*FOLDERS, *TEMPORARY, *BY_HAND)


@dataclass(frozen=True)
class Due:
    """One kind of data: how much there is, until when it is kept, and whether it is due to go.

    ``due_on`` is a day in China, empty where the period has not begun or, for
    temporary files, where each has its own day; ``files`` and ``bytes`` count
    what is due, for kinds that are files.
    """

    kind: str
    keep: int
    unit: str
    due_on: str
    is_due: bool
    files: int
    bytes: int


def retention(workspace: Workspace, today: date) -> list[Due]:
    """Table of every kind of data, as the policy keeps it."""
    with workspace.store() as store:
        ended = appeals_end(workspace, store)
    return [
        *(_by_months(workspace, kind, ended, today) for kind in (*FOLDERS, *BY_HAND)),
        *(_temporary(workspace, kind, today) for kind in TEMPORARY),
    ]


def apply_retention(workspace: Workspace, kinds: list[str], act: Act) -> list[Due]:
    """Delete the files of these kinds that are due; returns what went.

    Rows stay: they hold digests, by which a file that comes back is known.

    Raises
    ------
    InputError
        If a kind is unknown, not due, or goes by hand.
    RefusedError
        If the actor may not.
    """
    today = act.at.astimezone(CHINA).date()
    table = {row.kind: row for row in retention(workspace, today)}
    for kind in kinds:
        if kind not in table or kind in BY_HAND or not table[kind].is_due:
            known = ", ".join(row.kind for row in table.values() if row.is_due) or "—"
            raise InputError(
                f"{kind} is not due, or does not go this way; due now: {known}.",
                key="pii.not_due",
                kind=kind,
                known=known,
            )
    gone = [table[kind] for kind in dict.fromkeys(kinds)]
    with workspace.store() as store:
        act = authorise(store, act, "retention.apply")
        told = " ".join(f"{row.kind}:{row.files}" for row in gone)
        with store.transaction(act, "retention.apply", told):
            pass
    for row in gone:
        for path in _due_paths(workspace, row.kind, today):
            shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)
    return gone


def appeals_end(workspace: Workspace, store: Store) -> date | None:
    """Last day on which anything could still be said against a result of the round.

    That is the latest of: the day the last publicity closed, the last day to appeal
    against the answer to an objection, and the last day to hand in again that a
    note named. It is the round's, as files of several teachers are often one.

    Returns
    -------
    date or None
        None while it is not known: before the first publicity, while one is open or
        has yet to come (a later attempt, a changed level), while a result is being
        read, ruled on or held, or an objection or appeal is not decided.
    """
    closed = last_closing_day(store)
    if not closed:
        return None
    objections = objection_endings(workspace, store).values()
    if any(each["outcome"] in (PENDING, READING) for each in objections):
        return None
    shown, gone = cleared_levels(store), erased(store)
    rows = [r for r in result_standing(store, workspace).rows if r.teacher_id not in gone]
    if any(row.reason_none in _UNDECIDED or _is_unshown(row, shown) for row in rows):
        return None
    windows = [each["appeal_until"] for each in objections]
    windows += [note["until"] for note in notes_given(store) if note["slots"]]
    return date.fromisoformat(max([closed, *windows]))


def _is_unshown(row: ResultRow, shown: Mapping[tuple[str, str], tuple[str, str]]) -> bool:
    """Whether a result has a level that no closed publicity has shown."""
    _, level = shown.get((row.teacher_id, row.competency), ("", ""))
    return row.level is not None and level != row.level


def _by_months(workspace: Workspace, kind: str, begins: date | None, today: date) -> Due:
    keep = int(workspace.policy[f"retention.{kind}_months"])
    due_on = _months_later(begins, keep) if begins else None
    is_due = due_on is not None and today >= due_on
    paths = list(_due_paths(workspace, kind, today)) if is_due and kind in FOLDERS else []
    size = sum(path.stat().st_size for path in paths)
    return Due(kind, keep, "months", str(due_on or ""), is_due, len(paths), size)


def _temporary(workspace: Workspace, kind: str, today: date) -> Due:
    keep = _temporary_days(workspace)
    paths = list(_due_paths(workspace, kind, today))
    size = sum(each.stat().st_size for path in paths for each in _files_of(path))
    return Due(kind, keep, "days", "", bool(paths), len(paths), size)


def _due_paths(workspace: Workspace, kind: str, today: date) -> Iterator[Path]:
    """Files, or folders of one upload or job, that are due."""
    if kind in FOLDERS:
        yield from _files_handed_in(workspace, kind)
        return
    folder = workspace.folder / kind
    last = today - timedelta(days=_temporary_days(workspace))
    listing: Callable[[Path], Iterator[Path]] = _files_of if kind == "converted" else Path.iterdir
    for path in sorted(listing(folder)) if folder.is_dir() else ():
        if datetime.fromtimestamp(path.stat().st_mtime, CHINA).date() <= last:
            yield path


def _files_handed_in(workspace: Workspace, kind: str) -> Iterator[Path]:
    """Files of evidence or of its copies; scans of signed pages lie beside them and stay."""
    kept = EvidenceStore(workspace.folder / FOLDERS[kind])
    with workspace.store() as store:
        rows = store.where(_TABLES[kind])
    for sha256 in sorted({str(row["sha256"]) for row in rows} - {""}):
        if kept.path(sha256).is_file():
            yield kept.path(sha256)


def _files_of(path: Path) -> Iterator[Path]:
    if path.is_file():
        yield path
    for each in sorted(path.rglob("*")) if path.is_dir() else ():
        if each.is_file():
            yield each


def _temporary_days(workspace: Workspace) -> int:
    return int(workspace.policy["retention.temporary_days"])


def _months_later(day: date, months: int) -> date:
    """Return the same day so many months on; the month's last day where there is none.

    >>> _months_later(date(2026, 1, 31), 1)
    datetime.date(2026, 2, 28)
    """
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    first_of_next = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return min(date(year, month + 1, 1) + timedelta(days=day.day - 1), first_of_next - timedelta(1))
