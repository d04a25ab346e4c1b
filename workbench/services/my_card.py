"""What 我的名片 shows a rater of the own reading: severity, its effect, consistency, pieces behind it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.assignments import owned_among
from models.people import raters
from models.ratings import standing_reads
from workbench.messages import language, text
from workbench.services.analysing import Shown, shown
from workbench.services.next_actions import next_actions
from workbench.services.rater_report import (
    BLOCKED,
    ERRATIC,
    OWN_PANEL,
    REGULAR,
    TOO_REGULAR,
    RaterLine,
    rater_line,
)
from workbench.services.rater_words import change_words, size_words
from workbench.services.roles import RATER, may_see, person_of, scope_of
from workbench.services.workspace import Workspace

ACTION = "my_card.show"
KIND = "facets"


@dataclass(frozen=True)
class DrivingRead:
    """A piece the rater's severity comes from: only what the rater marked, never what others did."""

    piece_id: str
    slot: str
    marks: int
    unmet: tuple[str, ...]


@dataclass(frozen=True)
class Card:
    """A rater's own card.

    Without a ``line`` the sentence ``unknown`` says why; ``shown`` is where the numbers
    come from.
    """

    shown: Shown
    line: RaterLine | None
    unknown: str
    driving: tuple[DrivingRead, ...]
    alone: bool


def my_card(workspace: Workspace, person_id: str) -> Card:
    """Card of the person who asks, from the county's analysis where one was stored, else the school's.

    Raises
    ------
    RefusedError
        If the person is no rater.
    """
    with workspace.store() as store:
        may_see(store, person_id, ACTION)
        person = person_of(store, person_id)
        school = scope_of(store, person, RATER) if person else None
        names = {rater: str(row["name"]) for rater, row in raters(store).items()}
    found = shown(workspace, KIND, None)
    if found.analysis is None and found.needs_job and school is not None:
        found = shown(workspace, KIND, school)
    payload = found.payload
    if payload is None:
        return Card(found, None, _not_yet(found), (), alone=True)
    alone = len(payload["panels"]) < 2
    row = next((each for each in payload["raters"] if each["rater"] == person_id), None)
    if row is None:
        blocked = payload["decision"] == BLOCKED
        why = next_actions(payload["reasons"], names)[0] if blocked else text("my_card.no_reads")
        return Card(found, None, why, (), alone=alone)
    line = rater_line(row, names, "", (), int(workspace.policy["facets.min_marks"]))
    return Card(found, line, "", _driving(workspace, person_id, payload["driving"]), alone=alone)


def severity_words(card: Card) -> str:
    """Say how severe the rater is against the panel, or that it cannot be told."""
    line = card.line
    if line is None:
        return ""
    if line.too_few:
        return text("my_card.too_few", n=line.marks)
    if line.extreme:
        return text("my_card.extreme")
    against = text("my_card.against." + ("panel" if card.alone else line.zero))
    return text(
        f"my_card.severity.{('lenient', 'alike', 'severe')[line.severity.clear + 1]}",
        against=against,
    )


def effect_words(card: Card) -> str:
    """Say what the rater's severity would do to the pass rate; empty where that is unknown."""
    line = card.line
    if line is None or line.change.value is None:
        return ""
    sign = line.change.clear
    key = ("fewer", "no_different", "more")[sign + 1]
    say = size_words if sign else change_words
    return text(f"my_card.effect.{key}", change=say(line.change))


def consistency_words(card: Card) -> str:
    """Say whether the rater's marks hang together."""
    line = card.line
    if line is None or line.infit is None:
        return ""
    if line.consistency not in (ERRATIC, REGULAR, TOO_REGULAR):
        return text("my_card.consistency.unknown", infit=f"{line.infit:.2f}")
    limits = {"lo": f"{line.infit_lo:.2f}", "hi": f"{line.infit_hi:.2f}"}
    return text(f"my_card.consistency.{line.consistency}", infit=f"{line.infit:.2f}", **limits)


def comparison_words(card: Card) -> str:
    """Say with whom the rater is compared where that is not everybody; else empty."""
    line = card.line
    if line is None or line.severity.value is None or card.alone or line.zero != OWN_PANEL:
        return ""
    return text("my_card.own_panel_only")


def _not_yet(found: Shown) -> str:
    return text("my_card.not_yet") if found.needs_job else found.unknown


def _driving(
    workspace: Workspace, person_id: str, driving: dict[str, list[list[Any]]]
) -> tuple[DrivingRead, ...]:
    """Reads of the rater that the analysis names, with the own marks as they stand now."""
    pieces = [str(piece) for piece, _, _ in driving.get(person_id, ())]
    with workspace.store() as store:
        slot_of = {row["piece_id"]: row for row in owned_among(store, pieces)}
        reads = standing_reads(store, pieces)
    found = []
    for piece in pieces:
        own = next((each for each in reads.get(piece, ()) if each.rater_id == person_id), None)
        if own is None:
            continue
        row = slot_of[piece]
        slot = workspace.rubrics[row["competency"]].slot(row["slot_id"])
        zh = language() == "zh"
        unmet = tuple(
            f"{each.criterion_id} {each.text_zh if zh else each.text_en}"
            for each in slot.criteria
            if own.marks.get(each.criterion_id) == 0
        )
        name = f"{slot.slot_id} {slot.name_zh if zh else slot.name_en}"
        found.append(DrivingRead(piece, name, len(own.marks), unmet))
    return tuple(found)
