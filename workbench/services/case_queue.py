"""The queue of cases: what hangs most on it first; the same by rater and by school; false alarms."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from models.cases import holds as recorded_holds
from models.people import raters
from models.progress import read_times
from models.recalls import recalled_by_rater
from models.store import Row, Store
from models.submissions import owned_pieces
from scoring.flags import CATALOGUE, PAIR, PIECE, RATER, RATER_PAIR
from scoring.holds import SEVERITIES, Closed, FalseAlarms, false_alarms, severity
from workbench.services.case_parties import parties_of_case, schools_of_case, subject_of
from workbench.services.flags import flag_rows
from workbench.services.reach import seen_school
from workbench.services.working_days import day_of
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class RaterCases:
    """What flags and cases say of one rater.

    ``sentences`` are keyed by language; ``recalled`` counts reads recalled.
    """

    rater_id: str
    name: str
    school: str
    reads: int
    recalled: int
    codes: tuple[str, ...]
    sentences: Mapping[str, tuple[str, ...]]
    open_cases: tuple[str, ...]
    closed_cases: int


@dataclass(frozen=True)
class SchoolCases:
    """Cases of one school's evidence, raters and results; ``oldest_days`` of the oldest open one."""

    school_id: str
    school: str
    pieces: int
    codes: Mapping[str, int]
    open_cases: int
    high: int
    overdue: int
    oldest_days: int | None
    closed_cases: int


def case_rows(workspace: Workspace, person_id: str, on: date) -> list[Row]:
    """Every case a person may see, one row a case: open ones first, what hangs most on it on top.

    ``severity`` is of `scoring.holds.SEVERITIES`; ``stops`` counts the submissions a
    case stops; ``about`` names who may answer; ``days`` is how long it has been open;
    ``overdue`` is true for an open case whose due date has passed on the day given.

    Raises
    ------
    RefusedError
        If the person may see none.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "holds.show")
        owners = submission_owners(store)
        people = {row["person_id"]: str(row["name"]) for row in store.where("person")}
        rows = [case_row(store, case, owners, people, on) for case in recorded_holds(store)]
        names = {row["school_id"]: str(row["name"]) for row in store.where("school")}
    for row in rows:
        row["school"] = row["school"] or _joined(names.get(i, i) for i in sorted(row["school_ids"]))
    seen = [row for row in rows if scope is None or scope in row["school_ids"]]
    return sorted(seen, key=_urgency)


def visible_flags(workspace: Workspace, person_id: str) -> list[Row]:
    """Flags that stand and that a person may see, as `flags.flag_rows` has them.

    Raises
    ------
    RefusedError
        If the person may see none.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "holds.show")
        found = flag_rows(store)
        if scope is None:
            return found
        school = {row["piece_id"]: row["school_id"] for row in owned_pieces(store)}
        school |= {rater: row["school_id"] for rater, row in raters(store).items()}
        return [f for f in found if any(school.get(i, i) == scope for i in _ids(f))]


def rater_cases(workspace: Workspace, person_id: str, on: date) -> list[RaterCases]:
    """What flags and cases say of each rater who has any, most open cases first."""
    flags, cases = visible_flags(workspace, person_id), case_rows(workspace, person_id, on)
    with workspace.store() as store:
        known, recalled = raters(store), recalled_by_rater(store)
        schools = {row["school_id"]: str(row["name"]) for row in store.where("school")}
        reads = Counter(str(row["rater_id"]) for row in read_times(store))
    own = _by_id(f for f in flags if f["subject"] in (RATER, RATER_PAIR))
    about = _by_id(c for c in cases if c["subject"] in (RATER, RATER_PAIR))
    made = []
    for rater in dict.fromkeys([*own, *about]):
        mine, answers = own.get(rater, ()), about.get(rater, ())
        row = known.get(rater, {"name": rater, "school_id": None})
        made.append(
            RaterCases(
                rater,
                str(row["name"]),
                schools.get(row["school_id"] or "", ""),
                reads[rater],
                recalled.get(rater, 0),
                tuple(str(f["code"]) for f in mine),
                {name: tuple(str(f[f"sentence_{name}"]) for f in mine) for name in ("zh", "en")},
                tuple(c["hold_id"] for c in answers if c["state"] == "open"),
                sum(c["state"] != "open" for c in answers),
            )
        )
    return sorted(made, key=lambda each: (-len(each.open_cases), -len(each.codes), each.rater_id))


def school_cases(workspace: Workspace, person_id: str, on: date) -> list[SchoolCases]:
    """Cases school by school, those with the most that hangs on them first."""
    cases = case_rows(workspace, person_id, on)
    with workspace.store() as store:
        scope = seen_school(store, person_id, "holds.show")
        names = {row["school_id"]: str(row["name"]) for row in store.where("school")}
        pieces = Counter(str(row["school_id"]) for row in owned_pieces(store))
    made = []
    for school_id, name in names.items():
        own = [c for c in cases if school_id in c["school_ids"]]
        if scope not in (None, school_id) or not (own or pieces[school_id]):
            continue
        waiting = [c for c in own if c["state"] == "open"]
        made.append(
            SchoolCases(
                school_id,
                name,
                pieces[school_id],
                Counter(c["code"] for c in own),
                len(waiting),
                sum(c["severity"] == SEVERITIES[0] for c in waiting),
                sum(c["overdue"] for c in waiting),
                max((c["days"] for c in waiting), default=None),
                len(own) - len(waiting),
            )
        )
    return sorted(made, key=lambda each: (-each.high, -each.open_cases, each.school))


def alarm_rates(workspace: Workspace) -> list[FalseAlarms]:
    """How often each kind of flag was a false alarm, from flags whose cases have all ended."""
    with workspace.store() as store:
        cases = recorded_holds(store)
    by_flag: dict[str, list[Row]] = defaultdict(list)
    for case in cases:
        by_flag[case["flag_id"]].append(case)
    ended = [
        Closed(own[0]["code"], tuple(case["found"] for case in own))
        for own in by_flag.values()
        if all(case["found"] for case in own)
    ]
    return false_alarms(ended, int(workspace.policy["flag.record.min_closed"]))


def submission_owners(store: Store) -> dict[str, Row]:
    """Teacher and school of each submission that has a piece."""
    return {row["submission_id"]: row for row in owned_pieces(store)}


def case_row(
    store: Store, case: Row, owners: dict[str, Row], people: Mapping[str, str], on: date
) -> Row:
    """One row of the queue; ``owners`` and ``people`` are as `case_rows` has them."""
    own = [owners[each] for each in case["submissions"] if each in owners]
    is_open = case["state"] == "open"
    subject = subject_of(case)
    evidence = subject in (PIECE, PAIR)
    about = parties_of_case(store, case, owners)
    flag = case["flag"]
    return {
        "hold_id": case["hold_id"],
        "flag_id": case["flag_id"],
        "code": case["code"],
        "subject": subject,
        "ids": flag["ids"] if flag else [],
        "severity": severity(case["code"], stops=bool(case["submissions"])),
        "tier": flag["tier"] if flag else "fact",
        "effect": flag["effect"] if flag else "",
        "stops": len(case["submissions"]),
        "school": _joined(row["school_name"] for row in own) if evidence else "",
        "school_ids": schools_of_case(store, case, owners),
        "about": _joined(row["teacher_no"] or row["teacher_id"] for row in own)
        if evidence
        else _joined(label for _, label in about),
        "competency": _joined(row["competency"] for row in own) if evidence else "",
        "raised_at": case["at"],
        "days": max(0, (on - day_of(datetime.fromisoformat(case["at"]))).days),
        "due_on": case["due_on"],
        "overdue": is_open and date.fromisoformat(case["due_on"]) < on,
        "assignee": people.get(case["assignee"], case["assignee"]),
        "replies": sum(event["kind"] == "reply" for event in case["events"]),
        "proposed": is_open and any(event["kind"] == "proposal" for event in case["events"]),
        "found": case["found"],
        "state": case["state"],
    }


def _urgency(row: Row) -> tuple[bool, int, bool, str, int, str]:
    place = SEVERITIES.index(row["severity"])
    return (
        row["state"] != "open",
        place,
        not row["overdue"],
        row["due_on"],
        -CATALOGUE[row["code"]].weight,
        row["hold_id"],
    )


def _by_id(rows: Iterable[Row]) -> dict[str, list[Row]]:
    found: dict[str, list[Row]] = defaultdict(list)
    for row in rows:
        for each in _ids(row):
            found[each].append(row)
    return found


def _ids(row: Row) -> Collection[str]:
    ids: Sequence[str] = row["ids"]
    return ids


def _joined(words: Iterable[str]) -> str:
    return "、".join(dict.fromkeys(words))
