"""What the desk sends and keeps: marks, comments and anchors, checked at the door, and what lacks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from models.drafts import Task
from models.records import Round
from models.store import Row, Store
from rubrics.levels import Level
from rubrics.policy_pack import PolicyPack
from rubrics.rubric import RubricSet, Slot
from workbench.errors import InputError
from workbench.services.desk_anchors import Anchor, given_anchors
from workbench.services.desk_time import active_of
from workbench.services.reads import GivenRead
from workbench.services.rulings import outcome_of
from workbench.services.workspace import Workspace

LONGEST_COMMENT = 2000
"""Characters of one comment; a page of text is no reason any more."""

MARK, COMMENT = "mark", "comment"
_MARKS = ((int, 0), (int, 1))
_PLACES = re.compile("〔[^〕]*〕")


@dataclass(frozen=True)
class Given:
    """One request of the desk: a whole draft, and the version it was made from.

    ``marks`` hold 1 (met), 0 (not met) or None (cannot judge) for what is marked;
    ``anchors`` the places named by criterion; ``active_ms`` how long somebody was
    active since the last request, and ``window`` in which window of the browser.
    """

    key: str
    piece_id: str
    round: str
    reading: int
    version: int
    marks: Mapping[str, int | None]
    comments: Mapping[str, str]
    anchors: Mapping[str, tuple[Anchor, ...]] = field(default_factory=dict)
    active_ms: int = 0
    window: str = ""


def given_of(sent: Mapping[str, Any]) -> Given:
    """Read a request of the desk.

    Raises
    ------
    InputError
        If a part is missing or of another form than expected.
    """
    try:
        marks = {str(k): v for k, v in dict(sent["marks"]).items()}
        comments = {str(k): str(v).strip() for k, v in dict(sent["comments"]).items()}
        given = Given(
            str(sent["key"]),
            str(sent["piece"]),
            Round(sent["round"]).value,
            int(sent["reading"]),
            int(sent["version"]),
            marks,
            {name: words for name, words in comments.items() if words},
            given_anchors(dict(sent.get("anchors") or {})),
            active_of(sent),
            str(sent.get("window", "")),
        )
    except (AttributeError, KeyError, TypeError, ValueError) as error:
        raise InputError(
            f"a request of the desk lacks something or has it in another form ({error!r}). "
            "Load the page again.",
            key="desk.malformed",
        ) from error
    wrong = [n for n, met in marks.items() if met is not None and (type(met), met) not in _MARKS]
    long = [name for name, words in given.comments.items() if len(words) > LONGEST_COMMENT]
    if wrong or long or not 8 <= len(given.key) <= 64:
        raise InputError(
            f"criteria {', '.join([*wrong, *long])}: a mark is 1, 0 or null, a comment has "
            f"{LONGEST_COMMENT} characters at most. Shorten it, or load the page again.",
            key="desk.out_of_range",
            most=LONGEST_COMMENT,
        )
    return given


def content_of(given: Given, rubrics: RubricSet) -> dict[str, object]:
    """Return the content of a draft: what was given on criteria that some rubric has.

    Raises
    ------
    InputError
        If a criterion belongs to no rubric of the workspace, or to several slots.
    """
    named = {*given.marks, *given.comments, *given.anchors}
    if named and not any(named <= ids for ids in _ids_by_slot(rubrics)):
        raise InputError(
            f"criteria {', '.join(sorted(named))} are not those of one slot. Load the page again.",
            key="desk.malformed",
        )
    content: dict[str, object] = {"marks": dict(given.marks), "comments": dict(given.comments)}
    if given.anchors:
        places = {name: [a.as_json() for a in own] for name, own in given.anchors.items()}
        content["anchors"] = places
    return content


def missing_from(
    store: Store, workspace: Workspace, task: Task, piece: Row, content: Mapping[str, Any]
) -> list[dict[str, str]]:
    """What a draft lacks to be handed in: ``criterion`` and ``what`` (``mark`` or ``comment``)."""
    slot = workspace.rubrics[piece["competency"]].slot(piece["slot_id"])
    marks, comments = content.get("marks", {}), content.get("comments", {})
    if task.round == Round.CHAIR:
        outcome = outcome_of(store, workspace, task.piece_id)
        return _missing_ruling(slot, outcome.open_criteria if outcome else (), marks, comments)
    least = least_comment(workspace.policy)
    found = []
    for criterion in slot.criteria:
        name = criterion.criterion_id
        if name not in marks:
            found.append({"criterion": name, "what": MARK})
        elif needs_comment(criterion.level, marks[name]) and said(comments.get(name, "")) < least:
            found.append({"criterion": name, "what": COMMENT})
    return found


def needs_comment(level: Level, met: int | None) -> bool:
    """Whether a mark needs words: 未达到 on a 合格 criterion, and "cannot judge" anywhere."""
    return met is None or (met == 0 and level is Level.PASS)


def said(comment: str) -> int:
    """Characters of a comment beside the pages and moments it names, which alone are no reason.

    >>> said("〔第 2 页〕没有写"), said("〔1:30〕")
    (3, 0)
    """
    return len(_PLACES.sub("", comment).strip())


def least_comment(policy: PolicyPack) -> int:
    """Fewest characters of a comment that is required."""
    return max(1, int(policy["review.min_comment_chars"]))


def read_of(task: Task, piece: Row, draft: Row, submitted_at: datetime) -> GivenRead:
    """Return the read a draft has become, criteria in the order of their ids."""
    marks, comments = draft["content"].get("marks", {}), draft["content"].get("comments", {})
    given = tuple((name, marks[name], comments.get(name, "")) for name in sorted(marks))
    opened_at = datetime.fromisoformat(draft["opened_at"])
    round_name = Round.SEED.value if piece["is_seed"] else task.round
    return GivenRead(piece, task.rater_id, round_name, given, opened_at, submitted_at)


def _missing_ruling(
    slot: Slot,
    due: tuple[str, ...],
    marks: Mapping[str, int | None],
    comments: Mapping[str, str],
) -> list[dict[str, str]]:
    """A ruling covers what is open (or, on a case sent to the chair, anything), each with its reason."""
    unruled = [name for name in due if marks.get(name) is None]
    if not marks and not due:
        unruled = [slot.criteria[0].criterion_id]
    bare = [name for name in marks if not said(comments.get(name, ""))]
    return [{"criterion": n, "what": MARK} for n in unruled] + [
        {"criterion": n, "what": COMMENT} for n in bare if n not in unruled
    ]


def _ids_by_slot(rubrics: RubricSet) -> list[set[str]]:
    return [{c.criterion_id for c in slot.criteria} for r in rubrics for slot in r.slots]
