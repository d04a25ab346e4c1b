"""The control board of 进度: how much is read of what is wanted, who is behind, and when it will be done.

Hours are active minutes measured at the desk times reads left; the finish is
forecast from the reads of the last days. What is not measured says so.
"""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from statistics import median

from models.accounts import holders_of
from models.assignments import open_assignments
from models.cases import holds
from models.people import code_order
from models.progress import active_minutes, first_given, read_counts
from models.store import Row, Store, instant
from models.submissions import owned_pieces
from rubrics.policy_pack import PolicyPack
from workbench import messages
from workbench.context import CHINA
from workbench.services.calibration_gate import LOCKED, SEEDS, gate_of, mode_of
from workbench.services.outcomes import consensus_rule
from workbench.services.progress import Progress, RaterProgress, progress_in, waits_of
from workbench.services.reach import seen_school
from workbench.services.results import Standing, result_standing
from workbench.services.roles import RATER
from workbench.services.workspace import Workspace

_LEAST_TIMED = 5  # reads with active time before the round's own minutes are used
_LEAST_READ = 30  # pieces read by everybody first due before the round's own share is used


@dataclass(frozen=True)
class Coverage:
    """Reads done of reads wanted, of one slot, one school, or all; ``share`` None without any.

    Wanted are the first reads policy asks for and the third reads that have
    become due; third reads still to be expected are not in it.
    """

    key: str
    label: str
    pieces: int
    done: int
    wanted: int
    without: int

    @property
    def share(self) -> float | None:
        """Share of the reads wanted that are done."""
        return self.done / self.wanted if self.wanted else None


@dataclass(frozen=True)
class Pace:
    """One reader against the pace that is needed.

    ``minutes`` is the median active time of a read, None under the minimum of
    timed reads; ``hours_left`` by it, or by the round's; ``expected_share`` is what
    should have been read by now, None where nothing says so.
    """

    row: RaterProgress
    minutes: float | None
    hours_left: float
    expected_share: float | None
    behind: bool


@dataclass(frozen=True)
class Work:
    """What is left to read, and how long it takes.

    ``reads`` are wanted now, ``expected`` third reads to come besides, ``minutes``
    of a read measured on ``timed`` reads (0: planned), ``per_day`` the reads of the
    last days a day, ``finish`` the day at that pace (None without one).
    """

    reads: int
    expected: float
    minutes: float
    timed: int
    per_day: float
    finish: date | None
    done_by: date | None
    days_left: int | None

    @property
    def hours(self) -> float:
        """Hours of reading left."""
        return (self.reads + self.expected) * self.minutes / 60

    @property
    def late(self) -> bool:
        """Whether the forecast lies past the day by which it is to be done."""
        return self.done_by is not None and (self.finish is None or self.finish > self.done_by)


@dataclass(frozen=True)
class Cases:
    """Open holds: how many, how many past their due date, and the age of the oldest in days."""

    open: int
    overdue: int
    oldest_days: int | None


@dataclass(frozen=True)
class Board:
    """The board as one person may see it; ``locked`` are raters, None where nothing locks."""

    progress: Progress
    total: Coverage
    schools: tuple[Coverage, ...]
    slots: tuple[Coverage, ...]
    readers: tuple[Pace, ...]
    work: Work
    cases: Cases
    locked: tuple[str, ...] | None

    @property
    def behind(self) -> tuple[Pace, ...]:
        """Readers behind the pace, those furthest behind first."""
        found = [each for each in self.readers if each.behind]
        return tuple(sorted(found, key=lambda each: (-each.hours_left, each.row.rater_id)))


def control_board(workspace: Workspace, person_id: str, today: date) -> Board:
    """Everything the board shows, of the schools a person may see.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    policy = workspace.policy
    with workspace.store() as store:
        scope = seen_school(store, person_id, "progress.show")
        standing = result_standing(store, workspace)
        found = progress_in(store, standing, scope)
        days = int(policy["progress.pace_days"])
        since = instant(datetime.combine(today - timedelta(days=days - 1), time(0), CHINA))
        counts = read_counts(store, since)
        spent = active_minutes(store)
        given = _given(store)
        pieces = _pieces(store, standing, scope)
        cover = _Cover(consensus_rule(policy).reads_per_piece, counts, given, pieces)
        work = _work(policy, cover, spent, today, days)
        readers = tuple(_paces(store, policy, found, spent, work, today))
        cases = _cases(store, scope, today)
        locked = _locked(store, policy, scope)
    return Board(
        found,
        cover.of("", messages.text("page_progress.total"), list(pieces)),
        tuple(cover.by("school_id", "school_name")),
        tuple(cover.by("slot_id", "slot_id")),
        readers,
        work,
        cases,
        locked,
    )


def reminder_of(board: Board, round_name: str) -> str:
    """Words to send to those behind the pace; empty where nobody is."""
    if not board.behind:
        return ""
    head = messages.text("page_progress.reminder_pace", round=round_name, count=len(board.behind))
    if board.work.done_by is not None:
        head += messages.text("page_progress.reminder_by", day=board.work.done_by.isoformat())
    lines = [
        messages.text(
            "page_progress.remind_pace",
            name=each.row.name,
            left=each.row.left,
            read=each.row.read,
            all=each.row.assigned,
            hours=f"{each.hours_left:.1f}",
        )
        for each in board.behind
    ]
    return "\n".join([head, *lines])


@dataclass(frozen=True)
class _Cover:
    """Counts of reads by piece, from which coverage is summed."""

    first: int
    counts: Mapping[str, tuple[int, int, int]]
    given: Mapping[str, int]
    pieces: Mapping[str, Row]

    def missing(self, piece: str) -> int:
        """Reads a piece waits for now."""
        needs = self.pieces[piece]["needs"]
        if needs == "blind":
            return max(1, self.first - self.counts.get(piece, (0, 0, 0))[0])
        return int(needs == "third")

    def of(self, key: str, label: str, pieces: Sequence[str]) -> Coverage:
        done = missing = without = 0
        for piece in pieces:
            blind, third, _ = self.counts.get(piece, (0, 0, 0))
            lacking = self.missing(piece)
            done, missing = done + blind + third, missing + lacking
            without += max(0, lacking - self.given.get(piece, 0))
        return Coverage(key, label, len(pieces), done, done + missing, without)

    def by(self, column: str, label: str) -> list[Coverage]:
        """Coverage by a column of the pieces, in its order."""
        groups: dict[str, list[str]] = defaultdict(list)
        labels: dict[str, str] = {}
        for piece, row in self.pieces.items():
            groups[row[column]].append(piece)
            labels[row[column]] = row[label]
        return [self.of(key, labels[key], groups[key]) for key in sorted(groups, key=_in_order)]

    def third_share(self, policy: PolicyPack) -> float:
        """Share of pieces that take a third read: measured, or planned while few are read."""
        rule = consensus_rule(policy)
        if rule.third in ("always", "never"):
            return float(rule.third == "always")
        read = [p for p in self.pieces if self.counts.get(p, (0, 0, 0))[0] >= self.first]
        if len(read) >= _LEAST_READ:
            took = sum(self.counts[p][1] > 0 or self.pieces[p]["needs"] == "third" for p in read)
            return float(took / len(read))
        only_pass = rule.third == "when_pass_unsettled"
        name = "planned_third_share_pass" if only_pass else "planned_third_share"
        return float(policy[f"review.{name}"])


def _in_order(key: str) -> tuple[tuple[str, int], str]:
    """Slots as the catalogue orders them; schools by identifier."""
    return code_order(key.partition("-")[0]), key


def _pieces(store: Store, standing: Standing, scope: str | None) -> dict[str, Row]:
    """Pieces that are read, of the schools seen, with what each waits for."""
    waits, _ = waits_of(standing)
    return {
        row["piece_id"]: {**row, "needs": waits[row["piece_id"]]}
        for row in owned_pieces(store)
        if row["piece_id"] in waits and scope in (None, row["school_id"])
    }


def _given(store: Store) -> dict[str, int]:
    """How many readers have each piece on their desk now, for a read that decides."""
    found: dict[str, int] = defaultdict(int)
    for row in open_assignments(store):
        if row["round"] in ("blind", "third") and not row["is_extra"]:
            found[row["piece_id"]] += 1
    return found


def _work(
    policy: PolicyPack,
    cover: _Cover,
    spent: Mapping[str, Sequence[float]],
    today: date,
    days: int,
) -> Work:
    timed = [each for own in spent.values() for each in own]
    measured = len(timed) >= _LEAST_TIMED
    minutes = median(timed) if measured else float(policy["review.planned_minutes"])
    left = sum(map(cover.missing, cover.pieces))
    blind = sum(row["needs"] == "blind" for row in cover.pieces.values())
    expected = blind * cover.third_share(policy)
    recent = sum(cover.counts.get(piece, (0, 0, 0))[2] for piece in cover.pieces)
    per_day = recent / days
    finish = None
    if not left:
        finish = today
    elif per_day:
        finish = today + timedelta(days=math.ceil((left + expected) / per_day))
    stated = str(policy["progress.done_by"])
    done_by = date.fromisoformat(stated) if stated else None
    days_left = (done_by - today).days + 1 if done_by else None
    return Work(
        left, expected, minutes, len(timed) if measured else 0, per_day, finish, done_by, days_left
    )


def _paces(
    store: Store,
    policy: PolicyPack,
    found: Progress,
    spent: Mapping[str, Sequence[float]],
    work: Work,
    today: date,
) -> list[Pace]:
    begun = first_given(store)
    shares = [r.read_share for r in found.raters if r.read_share is not None]
    usual = median(shares) if len(shares) > 1 else None
    behind_by = float(policy["progress.behind_by"])
    made = []
    for row in found.raters:
        own = spent.get(row.rater_id, ())
        minutes = median(own) if len(own) >= _LEAST_TIMED else None
        expected = usual
        if work.done_by is not None:
            expected = _expected(begun.get(row.rater_id, ""), work.done_by, today)
        share = row.read_share if row.read_share is not None else 1.0
        late = expected is not None and share < expected - behind_by
        hours = row.left * (minutes or work.minutes) / 60
        made.append(Pace(row, minutes, hours, expected, bool(row.left and late)))
    return made


def _expected(begun_at: str, done_by: date, today: date) -> float | None:
    """Share that should be read by the end of today, by the days from the first piece to the last day."""
    if not begun_at:
        return None
    begun = datetime.fromisoformat(begun_at).astimezone(CHINA).date()
    whole = max((done_by - begun).days + 1, 1)
    return min(max((today - begun).days, 0) / whole, 1.0)


def _cases(store: Store, scope: str | None, today: date) -> Cases:
    school_of = {row["teacher_id"]: row["school_id"] for row in store.where("teacher")}
    owner = {
        row["submission_id"]: school_of[row["teacher_id"]] for row in store.where("submission")
    }
    waiting = [
        case
        for case in holds(store)
        if case["state"] == "open"
        and (scope is None or any(owner.get(s) == scope for s in case["submissions"]))
    ]
    ages = [
        (today - datetime.fromisoformat(case["at"]).astimezone(CHINA).date()).days
        for case in waiting
    ]
    overdue = sum(date.fromisoformat(case["due_on"]) < today for case in waiting)
    return Cases(len(waiting), overdue, max(ages, default=None))


def _locked(store: Store, policy: PolicyPack, scope: str | None) -> tuple[str, ...] | None:
    if mode_of(policy) != SEEDS:
        return None
    people = [row for row in holders_of(store, RATER) if scope in (None, row["school_id"])]
    return tuple(
        row["name"] for row in people if gate_of(store, policy, row["person_id"]).state == LOCKED
    )
