"""Progress 进度: how far the reading is, by school and by rater, and whom to remind."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from statistics import median

from models.assignments import open_assignments
from models.people import raters, schools_of_round
from models.progress import read_times
from models.records import ReasonNone, Round
from models.store import Row, Store
from models.submissions import owned_pieces
from workbench import messages
from workbench.services.reach import seen_school
from workbench.services.results import Standing, result_standing
from workbench.services.workspace import Workspace

_NOT_READ = (
    *(ReasonNone.NOT_ELIGIBLE, ReasonNone.CONDITION_UNKNOWN),
    *(ReasonNone.EXEMPT, ReasonNone.DEFERRED),
)
_SETTLED = "settled"


@dataclass(frozen=True)
class SchoolProgress:
    """Pieces of one school: how many there are, how many have their level, what the rest waits for.

    ``settled_share`` is from 0 to 1, None where the school has no piece.
    """

    school_id: str
    school: str
    pieces: int
    settled: int
    awaiting_blind: int
    awaiting_third: int
    awaiting_ruling: int
    settled_share: float | None


@dataclass(frozen=True)
class RaterProgress:
    """Reads of one rater on current readings.

    ``assigned`` counts what was read and what waits; ``read_share`` is from 0 to
    1, None where nothing is assigned. ``median_minutes`` is from opening to
    handing in, None under the minimum of timed reads. ``last_at`` is empty
    before the first read.
    """

    rater_id: str
    name: str
    school: str
    assigned: int
    read: int
    left: int
    read_share: float | None
    median_minutes: float | None
    last_at: str


@dataclass(frozen=True)
class Progress:
    """Progress as one person may see it; ``school_id`` is None where of the whole county.

    ``left_out`` counts pieces of teachers who are not assessed now and so not read.
    """

    schools: tuple[SchoolProgress, ...]
    raters: tuple[RaterProgress, ...]
    left_out: int
    school_id: str | None

    @property
    def total(self) -> SchoolProgress:
        """Sum over the schools shown."""
        counts = Counter[str]()
        for row in self.schools:
            for name in ("pieces", "settled", "awaiting_blind", "awaiting_third"):
                counts[name] += getattr(row, name)
            counts["awaiting_ruling"] += row.awaiting_ruling
        pieces = counts["pieces"]
        return SchoolProgress(
            "",
            "",
            pieces,
            counts["settled"],
            counts["awaiting_blind"],
            counts["awaiting_third"],
            counts["awaiting_ruling"],
            counts["settled"] / pieces if pieces else None,
        )

    @property
    def behind(self) -> tuple[RaterProgress, ...]:
        """Raters who have something left, the most first."""
        waiting = [row for row in self.raters if row.left]
        return tuple(sorted(waiting, key=lambda row: (-row.left, row.rater_id)))


def progress_of(workspace: Workspace, person_id: str, least_times: int = 5) -> Progress:
    """Progress of the schools a person may see.

    Parameters
    ----------
    least_times : int
        Timed reads from which a rater's median is told; fewer say more of the
        pieces than of the rater.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "progress.show")
        return progress_in(store, result_standing(store, workspace), scope, least_times)


def progress_in(
    store: Store, standing: Standing, scope: str | None, least_times: int = 5
) -> Progress:
    """Progress drawn from results as they stand, of one school or of all."""
    waits, left_out = waits_of(standing)
    pieces = [row for row in owned_pieces(store) if scope in (None, row["school_id"])]
    by_school: dict[str, Counter[str]] = defaultdict(Counter)
    for row in pieces:
        if row["piece_id"] in waits:
            by_school[row["school_id"]][waits[row["piece_id"]]] += 1
    shown = {row["piece_id"] for row in pieces}
    return Progress(
        tuple(_schools(schools_of_round(store), by_school)),
        tuple(_raters(store, shown, least_times)),
        sum(row["piece_id"] in left_out for row in pieces),
        scope,
    )


def reminder(found: Progress, round_name: str) -> str:
    """Words to send to the raters who are behind, in the language of the run; empty where none is."""
    if not found.behind:
        return ""
    head = messages.text("page_progress.reminder", round=round_name, count=len(found.behind))
    lines = [
        messages.text(
            "page_progress.remind_one",
            name=row.name,
            left=row.left,
            read=row.read,
            all=row.assigned,
        )
        for row in found.behind
    ]
    return "\n".join([head, *lines])


def waits_of(found: Standing) -> tuple[dict[str, str], set[str]]:
    """What each piece to be read waits for (``settled`` for nothing), and the pieces not read."""
    stands = {(row.teacher_id, row.competency): row.reason_none for row in found.rows}
    waits: dict[str, str] = {}
    left_out: set[str] = set()
    for key, slots in found.pieces.items():
        for piece_id in slots.values():
            if stands.get(key) in _NOT_READ:
                left_out.add(piece_id)
            else:
                waits[piece_id] = found.outcomes[piece_id].needs or _SETTLED
    return waits, left_out


def _schools(
    schools: Sequence[Row], by_school: Mapping[str, Counter[str]]
) -> Iterable[SchoolProgress]:
    for row in schools:
        count = by_school.get(row["school_id"])
        if count:
            pieces = count.total()
            yield SchoolProgress(
                row["school_id"],
                row["name"],
                pieces,
                count[_SETTLED],
                count["blind"],
                count["third"],
                count["ruling"],
                count[_SETTLED] / pieces,
            )


def _raters(store: Store, shown: set[str], least_times: int) -> Iterable[RaterProgress]:
    """Raters who have a piece that is shown, by identifier."""
    times: dict[str, list[Row]] = defaultdict(list)
    for row in read_times(store):
        if row["piece_id"] in shown:
            times[row["rater_id"]].append(row)
    back = {row["assignment_id"] for row in store.where("back_read")}
    waiting = Counter(
        row["rater_id"]
        for row in open_assignments(store)
        if row["piece_id"] in shown
        and row["round"] in (Round.BLIND, Round.THIRD)
        and row["assignment_id"] not in back
    )
    people = raters(store)
    schools = {row["school_id"]: row["name"] for row in store.where("school")}
    for rater_id in sorted(times.keys() | waiting.keys()):
        person = people.get(rater_id, {"name": rater_id, "school_id": ""})
        read, left = len(times[rater_id]), waiting[rater_id]
        yield RaterProgress(
            rater_id,
            person["name"],
            schools.get(person["school_id"] or "", ""),
            read + left,
            read,
            left,
            read / (read + left),
            _median_minutes(times[rater_id], least_times),
            max((row["submitted_at"] for row in times[rater_id]), default=""),
        )


def _median_minutes(reads: Sequence[Row], least: int) -> float | None:
    spent = [
        (datetime.fromisoformat(r["submitted_at"]) - datetime.fromisoformat(r["opened_at"]))
        for r in reads
        if r["opened_at"] and r["submitted_at"]
    ]
    minutes = [each.total_seconds() / 60 for each in spent]
    return median(minutes) if len(minutes) >= least else None
