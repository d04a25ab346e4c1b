"""Publicity 公示: results shown before they are certified, and objections to them answered."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from models.publications import (
    cleared_levels,
    open_publications,
    panels,
    pieces_of_result,
    published_levels,
    reopened_by_objections,
    unanswered_objections,
)
from models.store import Act, Row, Store, Transaction
from workbench.errors import InputError, RefusedError
from workbench.services.objections import objection_endings, overturned
from workbench.services.reach import act_for, schools_seen
from workbench.services.reopening import reopen
from workbench.services.resubmission import awaited
from workbench.services.results import CONCLUSION, ResultRow, result_standing
from workbench.services.roles import authorise, same_person
from workbench.services.working_days import add_working_days, day_of
from workbench.services.workspace import Workspace

ANSWERS = ("stands", "re_read")


@dataclass(frozen=True)
class Opened:
    """A publicity begun: its id, school, how many results, the last day to object.

    ``assumed`` says that a year's holidays were not known yet.
    """

    publication_id: str
    school_id: str
    results: int
    closes_on: date
    assumed: bool


def open_publicity(workspace: Workspace, school_ids: list[str], act: Act) -> list[Opened]:
    """Publish every level that is not published yet, school by school.

    Results without a level (awaited, held, 待补件) wait for a later publicity, and so do
    those of a second attempt of which a piece may still come in.
    """
    opened: list[Opened] = []
    with workspace.store() as store:
        act, schools = act_for(store, act, "publicity.open", school_ids)
        rows = _final(store, workspace, day_of(act.at))
        shown = published_levels(store)
        closes_on, assumed = add_working_days(day_of(act.at), workspace.policy["publicity.days"])
        for school_id in schools:
            if news := _news(rows, shown, school_id):
                made = _publish(store, school_id, news, closes_on, act)
                opened.append(Opened(made, school_id, len(news), closes_on, assumed))
    return opened


@dataclass(frozen=True)
class Upcoming:
    """What opening a publicity would show: the results by school, and the last day to object.

    ``assumed`` says that a year's holidays were not known yet.
    """

    by_school: Mapping[str, tuple[ResultRow, ...]]
    closes_on: date
    assumed: bool


def upcoming(workspace: Workspace, person_id: str, today: date) -> Upcoming:
    """Results that would be published if it were opened today, of the schools one may see.

    Raises
    ------
    RefusedError
        If the person may not see publicities.
    """
    with workspace.store() as store:
        schools = schools_seen(store, person_id, "publicity.show")
        rows, shown = _final(store, workspace, today), published_levels(store)
    closes_on, assumed = add_working_days(today, workspace.policy["publicity.days"])
    found = {school_id: tuple(_news(rows, shown, school_id)) for school_id in schools}
    return Upcoming({key: news for key, news in found.items() if news}, closes_on, assumed)


def object_to(
    workspace: Workspace, teacher_id: str, competency: str, raised_by: str, words: str, act: Act
) -> str:
    """Record an objection to a published result; returns its id.

    Raises
    ------
    InputError
        Without grounds or a name.
    RefusedError
        If the result is not shown today; if an objection to it waits for its answer, or
        it was read again for one, in this publicity; if the same person has had the
        answer (an appeal is open to them); if an appeal panel has read it.
    """
    need_grounds(raised_by, words)
    with workspace.store() as store:
        act = authorise(store, act, "publicity.object")
        for publication in reversed(open_publications(store)):  # what is shown now
            listed = store.one(
                "published_result",
                publication_id=publication["publication_id"],
                teacher_id=teacher_id,
                competency=competency,
            )
            if listed and day_of(act.at) <= date.fromisoformat(publication["closes_on"]):
                act = authorise(store, act, "publicity.object", publication["school_id"])
                with store.transaction(act, "publicity.object", listed["publication_id"]) as tx:
                    _must_be_new(store, listed, raised_by)
                    return keep_objection(store, tx, listed, raised_by, words)
    raise RefusedError(
        f"{competency} of {teacher_id} is not in a publicity that is open today.",
        key="publicity.not_open",
        teacher=teacher_id,
        competency=competency,
    )


def answer(workspace: Workspace, objection_id: str, given: str, words: str, act: Act) -> list[str]:
    """Answer an objection: the result ``stands``, or fresh raters ``re_read`` it.

    Returns the pieces reopened; what another objection to this publicity has reopened
    already is not read a second time. A published level is never edited.
    """
    if given not in ANSWERS or not words.strip():
        raise InputError(
            f"an answer is one of {', '.join(ANSWERS)}, with its reason.", key="publicity.answer"
        )
    with workspace.store() as store:
        act = authorise(store, act, "publicity.answer")
        case = _unanswered(store, objection_id)
        shown = store.one("publication", publication_id=case["publication_id"])
        school_id = str(shown["school_id"]) if shown else None
        act = authorise(store, act, "publicity.answer", school_id)
        with store.transaction(act, "publicity.answer", objection_id) as tx:
            _unanswered(store, objection_id)  # somebody else may have been quicker
            tx.insert(
                "objection_answer",
                [{"objection_id": objection_id, "answer": given, "words": words}],
            )
            if given == "stands":
                return []
            pieces = pieces_of_result(store, case["teacher_id"], case["competency"])
            again = reopened_by_objections(store, since=shown["tx"] if shown else 0)
            fresh = [piece for piece in pieces if piece not in again]
            return reopen(store, tx, fresh, f"objection:{objection_id}")


def _unanswered(store: Store, objection_id: str) -> Row:
    pending = {row["objection_id"]: row for row in unanswered_objections(store)}
    if objection_id not in pending:
        raise InputError(
            f"there is no unanswered objection {objection_id}.",
            key="publicity.no_objection",
            objection=objection_id,
        )
    return pending[objection_id]


def close_publicity(workspace: Workspace, school_ids: list[str], act: Act) -> list[str]:
    """End the publicities whose time has passed and whose objections are answered.

    Raises
    ------
    RefusedError
        If one named has days left or an objection open; nothing is closed then.
    """
    with workspace.store() as store:
        act, schools = act_for(store, act, "publicity.close", school_ids)
        with store.transaction(act, "publicity.close") as tx:  # no objection comes in between
            due = [p for p in open_publications(store) if p["school_id"] in schools]
            pending = {row["publication_id"] for row in unanswered_objections(store)}
            for publication in due:
                _may_close(publication, pending, act)
            if not due:
                raise RefusedError("no publicity is open.", key="publicity.none_open")
            closed_on = day_of(act.at).isoformat()
            tx.insert(
                "publication_end",
                [{"publication_id": p["publication_id"], "closed_on": closed_on} for p in due],
            )
        return [p["publication_id"] for p in due]


def list_publicity(workspace: Workspace) -> list[Row]:
    """Publicities with their schools, dates, state and objections, and how these ended.

    Each objection has what ``objections.objection_endings`` tells of it; each publicity
    how many were ``decided`` and ``overturned``.
    """
    with workspace.store() as store:
        ended = {row["publication_id"] for row in store.where("publication_end")}
        answers = {row["objection_id"]: row for row in store.where("objection_answer")}
        endings = objection_endings(workspace, store)
        made = []
        for row in store.where("publication"):
            objections = [
                {
                    **each,
                    "answer": answers.get(each["objection_id"], {}).get("answer", ""),
                    **endings[each["objection_id"]],
                }
                for each in store.where("objection", publication_id=row["publication_id"])
            ]
            listed = store.where("published_result", publication_id=row["publication_id"])
            state = "closed" if row["publication_id"] in ended else "open"
            told = overturned(each["outcome"] for each in objections).as_json()
            own = {"state": state, "results": len(listed), "objections": objections}
            made.append({**row, **own, **told})
        return made


def cleared(store: Store) -> dict[tuple[str, str], tuple[str, str]]:
    """Levels a closed publicity has shown, by teacher and competency: publication and level."""
    return cleared_levels(store)


def _final(store: Store, workspace: Workspace, on: date) -> list[ResultRow]:
    """Results but those of a second attempt of which a piece may still come in."""
    waiting = awaited(store, on)
    rows = result_standing(store, workspace).rows
    return [row for row in rows if (row.teacher_id, row.competency) not in waiting]


def _news(
    rows: Sequence[ResultRow], shown: Mapping[tuple[str, str], str], school_id: str
) -> list[ResultRow]:
    """Results of a school with a level that has not been shown."""
    return [
        row
        for row in rows
        if row.school_id == school_id
        and row.level is not None
        and shown.get((row.teacher_id, row.competency)) != row.level
    ]


def _publish(store: Store, school_id: str, news: list[ResultRow], closes_on: date, act: Act) -> str:
    publication_id = f"g{len(store.where('publication')) + 1:04d}"
    with store.transaction(act, "publicity.open", publication_id) as tx:
        tx.insert(
            "publication",
            [
                {
                    "publication_id": publication_id,
                    "school_id": school_id,
                    "opened_on": day_of(act.at).isoformat(),
                    "closes_on": closes_on.isoformat(),
                }
            ],
        )
        tx.insert(
            "published_result",
            [
                {
                    "publication_id": publication_id,
                    "teacher_id": row.teacher_id,
                    "competency": row.competency,
                    "level": str(row.level),
                }
                for row in news
            ],
        )
    return publication_id


def need_grounds(raised_by: str, words: str) -> None:
    """Refuse an objection or appeal without grounds or without who raises it."""
    if not words.strip():
        raise InputError("an objection needs its grounds in words.", key="publicity.words_needed")
    if not raised_by.strip():
        raise InputError("an objection names who raises it.", key="publicity.by_needed")


def keep_objection(store: Store, tx: Transaction, listed: Row, raised_by: str, words: str) -> str:
    """Write an objection to a result of a publicity within a transaction; returns its id.

    ``listed`` names ``publication_id``, ``teacher_id`` and ``competency``.
    """
    objection_id = f"o{len(store.where('objection')) + 1:04d}"
    names = ("publication_id", "teacher_id", "competency")
    about = {name: listed[name] for name in names}
    row = {"objection_id": objection_id, **about, "raised_by": raised_by, "words": words}
    tx.insert("objection", [row])
    return objection_id


def _must_be_new(store: Store, listed: Row, raised_by: str) -> None:
    """Refuse an objection that another one to the same result of this publicity covers."""
    teacher_id, competency = listed["teacher_id"], listed["competency"]
    pieces, final = pieces_of_result(store, teacher_id, competency), panels(store)
    if pieces and final.keys() >= set(pieces):
        raise RefusedError(
            f"an appeal panel has read {competency} of {teacher_id}; what it decided is final.",
            key="publicity.appeal_final",
        )
    answers = {row["objection_id"]: row["answer"] for row in store.where("objection_answer")}
    own = {"publication_id": listed["publication_id"], "teacher_id": teacher_id}
    for row in store.where("objection", **own):
        given = answers.get(row["objection_id"], "")
        same = row["competency"] == competency
        if given == "re_read" and row["competency"] in (competency, CONCLUSION):
            key = "publicity.read_again"
        elif same and not given:
            key = "publicity.objection_waits"
        elif same and same_person(store, row["raised_by"], raised_by):
            key = "publicity.objected_before"
        else:
            continue
        raise RefusedError(
            f"objection {row['objection_id']} to the same result of this publicity stands "
            f"({given or 'not answered'}). Wait for its answer, or appeal against it.",
            key=key,
            objection=row["objection_id"],
        )


def _may_close(publication: Row, pending: set[str], act: Act) -> None:
    name = publication["publication_id"]
    if day_of(act.at) <= date.fromisoformat(publication["closes_on"]):
        raise RefusedError(
            f"publicity {name} runs until {publication['closes_on']}; it can be closed after that day.",
            key="publicity.still_open",
            publication=name,
            until=publication["closes_on"],
        )
    if name in pending:
        raise RefusedError(
            f"publicity {name} has an objection nobody has answered.",
            key="publicity.unanswered",
            publication=name,
        )
