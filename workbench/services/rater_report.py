"""What the page 评审员报告 shows: who marks harder, who marks erratically, and which marks surprise."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.people import raters
from models.ratings import standing_reads
from models.submissions import owned_pieces
from workbench.messages import language
from workbench.services.analysing import Shown, shown
from workbench.services.effects import sentence_of
from workbench.services.next_actions import next_actions
from workbench.services.reach import seen_school
from workbench.services.roles import may_see
from workbench.services.workspace import Workspace

ANALYSES = ("facets", "effects")
ACTION = "rater_report.show"
READY, REVIEW, BLOCKED = "ready", "review", "blocked"
SEVERE, LENIENT, USUAL, UNTESTED = "severe", "lenient", "usual", "untested"
"""What the test behind the flag of severity found; ``untested``: it was not computed, or too few reads."""

REGULAR, ERRATIC, TOO_REGULAR, UNKNOWN = "regular", "erratic", "too_regular", "unknown"
"""Whether a rater's marks hang together as the model expects, by its simulated limits."""

OWN_PANEL = "own_panel"
_SEVERITY_FLAGS = ("severe_rater", "lenient_rater")
_NORMAL_95 = 1.96
_BIN = 0.25  # logits, of the histogram of pieces


@dataclass(frozen=True)
class Interval:
    """A value with the ends of its 95 % interval; all None where the data are too few."""

    value: float | None = None
    lo: float | None = None
    hi: float | None = None

    @property
    def clear(self) -> int:
        """Sign of the value where its interval lies on one side of nought, else 0."""
        if self.lo is None or self.hi is None or self.lo <= 0 <= self.hi:
            return 0
        return 1 if self.lo > 0 else -1


@dataclass(frozen=True)
class RaterLine:
    """One rater.

    ``severity`` is in logits, positive is harsher; ``change`` is what the pass rate
    would change by if every piece were read at that severity (a share, negative
    where harsher). ``zero`` is what both are against: ``expert``, ``round`` or
    ``own_panel``. Under the policy's minimum of marks, or where all marks are
    alike, numbers are None and ``too_few`` or ``extreme`` says why.
    """

    rater_id: str
    name: str
    school: str
    severity: Interval
    change: Interval
    zero: str
    standing: str
    consistency: str
    infit: float | None
    infit_lo: float | None
    infit_hi: float | None
    outfit: float | None
    marks: int
    reads: int
    too_few: bool
    extreme: bool


@dataclass(frozen=True)
class CriterionLine:
    """One criterion: difficulty in logits, positive is harder; ``wished`` where it is an 优秀 one.

    Numbers are None under the policy's minimum of marks.
    """

    criterion_id: str
    words: str
    wished: bool
    difficulty: Interval
    met_share: float | None
    infit: float | None
    marks: int
    extreme: bool


@dataclass(frozen=True)
class Surprise:
    """A mark that had little chance, given the piece and the rater."""

    piece_id: str
    criterion_id: str
    words: str
    rater_id: str
    name: str
    met: bool
    chance: float


@dataclass(frozen=True)
class Bias:
    """A rater who marks one school's pieces, or one criterion, unlike the rest; logits."""

    kind: str
    rater: str
    part: str
    bias: Interval
    q: float
    reads: int


@dataclass(frozen=True)
class RaterReport:
    """The report as one person may see it.

    ``facets`` is where the numbers come from; its ``unknown`` says why there are
    none. ``decision`` is ``ready``, ``review`` or ``blocked`` and ``actions`` what
    to do, first things first. ``abilities`` is the histogram of pieces: lower
    end, upper end, pieces. ``apart`` are panels that only compare within.
    """

    facets: Shown
    effects: Shown
    decision: str
    actions: tuple[str, ...]
    raters: tuple[RaterLine, ...]
    criteria: tuple[CriterionLine, ...]
    abilities: tuple[tuple[float, float, int], ...]
    surprises: tuple[Surprise, ...]
    biases: tuple[Bias, ...]
    findings: tuple[str, ...]
    apart: tuple[str, ...]
    summary: Mapping[str, float | None]
    least_marks: int
    least_of_criterion: int


def rater_report(workspace: Workspace, person_id: str) -> RaterReport:
    """Report on the raters of the pieces a person may see.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, ACTION)
        people = raters(store)
        schools = {row["school_id"]: str(row["name"]) for row in store.where("school")}
    names = {person: str(row["name"]) for person, row in people.items()}
    place = {person: str(row["school_id"] or "") for person, row in people.items()}
    facets, effects = (shown(workspace, kind, scope) for kind in ANALYSES)
    found: Mapping[str, Any] = facets.payload or _NOTHING
    tests = [each for each in _findings(effects) if each["code"] in _SEVERITY_FLAGS]
    least = int(workspace.policy["facets.min_marks"])
    least_marks = int(workspace.policy["facets.min_ratings_per_level"])
    words = _criterion_words(workspace)
    lines = [
        rater_line(row, names, schools.get(place.get(row["rater"], ""), ""), tests, least)
        for row in found["raters"]
    ]
    apart = [row["panel"] for row in found["panels"] if not row["comparable"]]
    return RaterReport(
        facets,
        effects,
        str(found["decision"]),
        tuple(next_actions(found["reasons"], names | schools)),
        tuple(sorted(lines, key=_from_mild_to_harsh)),
        tuple(_criteria(found["criteria"], words, least_marks)),
        tuple(_histogram([row["eap"] for row in found["persons"]])),
        tuple(_surprise(row, names, words) for row in found["unexpected"]),
        tuple(_bias(row, names, schools, words) for row in found["interactions"]),
        tuple(sentence_of(_named(each, names)) for each in tests if each["flagged"]),
        tuple(schools.get(name, name) for name in apart) if len(found["panels"]) > 1 else (),
        {name: found[name] for name in _SUMMARY},
        least,
        least_marks,
    )


def rater_line(
    row: Mapping[str, Any],
    names: Mapping[str, str],
    school: str,
    tests: Sequence[Mapping[str, Any]],
    least: int,
) -> RaterLine:
    """One rater of the payload of ``facets``; ``tests`` are the findings of ``effects``."""
    rater, marks = str(row["rater"]), int(row["n"])
    unknown = marks < least or bool(row["extreme"])
    value, reach = row["severity"], _NORMAL_95 * row["se"]
    change = (row[name] for name in _CHANGE)
    return RaterLine(
        rater,
        names.get(rater, rater),
        school,
        Interval() if unknown else Interval(value, value - reach, value + reach),
        Interval() if unknown else _ordered(*change),
        str(row["zero"]),
        _standing(rater, tests),
        UNKNOWN if unknown else _consistency(row),
        None if unknown else row["infit"],
        None if unknown else row["infit_lo"],
        None if unknown else row["infit_hi"],
        None if unknown else row["outfit"],
        marks,
        int(row["n_reads"]),
        marks < least,
        bool(row["extreme"]),
    )


def marks_of_criterion(
    workspace: Workspace, person_id: str, piece_id: str, criterion_id: str
) -> list[dict[str, Any]]:
    """Everybody's mark on one criterion of a piece, for whom the panel's report is open.

    Returns
    -------
    list of dict
        ``rater``, ``round`` and ``met`` (None: could not judge), in the order of the reads.

    Raises
    ------
    LookupError
        If there is no such piece.
    RefusedError
        If the person may not see the piece's school.
    """
    with workspace.store() as store:
        school = next(
            (r["school_id"] for r in owned_pieces(store) if r["piece_id"] == piece_id), None
        )
        if school is None:
            raise LookupError(f"there is no piece {piece_id}")
        may_see(store, person_id, ACTION, school)
        names = {person: str(row["name"]) for person, row in raters(store).items()}
        reads = standing_reads(store, [piece_id]).get(piece_id, [])
    return [
        {
            "rater": f"{read.rater_id} {names.get(read.rater_id, '')}".strip(),
            "round": str(read.round),
            "met": read.marks[criterion_id],
        }
        for read in reads
        if criterion_id in read.marks
    ]


_CHANGE = ("pass_rate_change", "pass_rate_change_lo", "pass_rate_change_hi")
_SUMMARY = ("person_sd", "halo_sd", "separation", "reliability")
_LISTS = ("raters", "criteria", "persons", "unexpected", "interactions", "panels", "reasons")
_NOTHING: Mapping[str, Any] = {
    "decision": "", **{name: [] for name in _LISTS}, **dict.fromkeys(_SUMMARY)
}  # fmt: skip


def _findings(effects: Shown) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = effects.payload["findings"] if effects.payload else []
    return found


def _ordered(value: float | None, one: float | None, other: float | None) -> Interval:
    """Interval with its ends in order; nothing where the change is unknown."""
    if value is None or one is None or other is None:
        return Interval()
    return Interval(value, min(one, other), max(one, other))


def _standing(rater: str, tests: Sequence[Mapping[str, Any]]) -> str:
    own = next((t for t in tests if t["subject"] == "rater" and t["ids"][0] == rater), None)
    if own is None or not own["minimum_met"]:
        return UNTESTED
    if not own["flagged"]:
        return USUAL
    return SEVERE if own["effect"] > 0 else LENIENT


def _consistency(row: Mapping[str, Any]) -> str:
    """What infit says: the outfit hangs on single marks, and those are listed by themselves."""
    infit, low, high = (row[name] for name in ("infit", "infit_lo", "infit_hi"))
    if infit is None or low is None or high is None:
        return UNKNOWN
    if infit > high:
        return ERRATIC
    return TOO_REGULAR if infit < low else REGULAR


def _from_mild_to_harsh(line: RaterLine) -> tuple[bool, float, str]:
    value = line.severity.value
    return value is None, value or 0.0, line.rater_id


def _named(finding: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any]:
    return {**finding, "ids": [names.get(each, each) for each in finding["ids"]]}


def _criterion_words(workspace: Workspace) -> dict[str, tuple[str, bool]]:
    """Wording of each criterion, and whether it is an 优秀 one."""
    slots = [slot for rubric in workspace.rubrics for slot in rubric.slots]
    wished = {name for slot in slots for name in slot.excellent_ids}
    zh = language() == "zh"
    return {
        each.criterion_id: (each.text_zh if zh else each.text_en, each.criterion_id in wished)
        for slot in slots
        for each in slot.criteria
    }


def _criteria(
    rows: Sequence[Mapping[str, Any]], words: Mapping[str, tuple[str, bool]], least: int
) -> list[CriterionLine]:
    """Criteria, the least often met first, those with too few marks last."""
    found = []
    for row in rows:
        name, value, reach = str(row["criterion"]), row["difficulty"], _NORMAL_95 * row["se"]
        said, wished = words.get(name, ("", False))
        few = row["n"] < least
        unknown = few or bool(row["extreme"])
        found.append(
            CriterionLine(
                name,
                said,
                wished,
                Interval() if unknown else Interval(value, value - reach, value + reach),
                None if few else row["met_share"],
                None if unknown else row["infit"],
                int(row["n"]),
                bool(row["extreme"]),
            )
        )
    return sorted(found, key=lambda each: (each.met_share is None, each.met_share or 0.0))


def _histogram(values: Sequence[float]) -> list[tuple[float, float, int]]:
    counts: dict[int, int] = {}
    for value in values:
        place = int(value // _BIN)
        counts[place] = counts.get(place, 0) + 1
    return [(at * _BIN, (at + 1) * _BIN, counts[at]) for at in sorted(counts)]


def _surprise(
    row: Mapping[str, Any], names: Mapping[str, str], words: Mapping[str, tuple[str, bool]]
) -> Surprise:
    rater, criterion = str(row["rater"]), str(row["criterion"])
    return Surprise(
        str(row["person"]),
        criterion,
        words.get(criterion, ("", False))[0],
        rater,
        names.get(rater, rater),
        bool(row["met"]),
        float(row["chance"]),
    )


def _bias(
    row: Mapping[str, Any],
    names: Mapping[str, str],
    schools: Mapping[str, str],
    words: Mapping[str, tuple[str, bool]],
) -> Bias:
    part, value, reach = str(row["with"]), row["bias"], _NORMAL_95 * row["se"]
    if row["kind"] == "school":
        part = schools.get(part, part)
    else:
        part = f"{part} {words.get(part, ('', False))[0]}".strip()
    rater = str(row["rater"])
    between = Interval(value, value - reach, value + reach)
    return Bias(
        str(row["kind"]), names.get(rater, rater), part, between, row["q"], int(row["n_reads"])
    )
