"""What a rater is asked to explain: the open cases about the own reading, without anybody else's marks."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from models.cases import holds as recorded_holds
from models.store import Row
from scoring.flags import RATER, RATER_PAIR
from workbench.messages import language
from workbench.services.case_parties import subject_of
from workbench.services.flags import sentence
from workbench.services.my_card import ACTION
from workbench.services.roles import may_see
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class Question:
    """One open case about a rater's reading.

    ``sentence`` is empty where it would name another rater; ``replied`` says that
    an answer of this rater stands in the case.
    """

    hold_id: str
    code: str
    sentence: str
    due_on: str
    overdue: bool
    replied: bool


def asked_of_me(workspace: Workspace, person_id: str, on: date) -> list[Question]:
    """Open cases about the reading of the person who asks, the one due first on top.

    Raises
    ------
    RefusedError
        If the person is no rater.
    """
    with workspace.store() as store:
        may_see(store, person_id, ACTION)
        open_cases = [case for case in recorded_holds(store) if case["state"] == "open"]
    own = (
        case
        for case in open_cases
        if case["flag"]
        and subject_of(case) in (RATER, RATER_PAIR)
        and person_id in case["flag"]["ids"]
    )
    return sorted(
        (_question(case, person_id, on) for case in own),
        key=lambda each: (each.due_on, each.hold_id),
    )


def _question(case: Row, person_id: str, on: date) -> Question:
    alone = subject_of(case) == RATER
    return Question(
        case["hold_id"],
        case["code"],
        sentence(case["flag"], language()) if alone else "",
        case["due_on"],
        date.fromisoformat(case["due_on"]) < on,
        any(e["kind"] == "reply" and e["party"] == person_id for e in case["events"]),
    )
