"""Impact of another policy or rubric: whose result would change, before anybody adopts it.

Marks are never touched. A policy is another way to put the same marks together,
so its impact is known beforehand, on this round and on the last; what the
preview says is what adopting it does. A rubric asks other questions: marks made
under the earlier version do not answer them, so it is for pieces nobody has read.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from models.store import Act, Row, Store
from models.submissions import owned_pieces, pieces_with_reads
from rubrics.policy_pack import PolicyPack
from rubrics.rubric import Rubric, RubricSet
from workbench.errors import InputError, RefusedError
from workbench.services.catalogue import (
    change_rows,
    find_policy,
    find_rubric,
    rubric_change_rows,
)
from workbench.services.reach import schools_seen
from workbench.services.results import ResultRow, result_standing
from workbench.services.roles import authorise
from workbench.services.workspace import POLICIES, RUBRICS, Workspace, hold_to, judge_by


@dataclass(frozen=True)
class Impact:
    """What a change would do to one round.

    ``rows`` are the results that would change, of ``results`` in all: teacher,
    school and competency (empty for the conclusion), with level or reason
    ``before`` and ``after``. ``moves`` counts them by these two.
    """

    round_name: str
    results: int
    rows: tuple[Row, ...]

    @property
    def moves(self) -> Counter[tuple[str, str]]:
        """How many results would go from what to what."""
        return Counter((str(row["before"]), str(row["after"])) for row in self.rows)

    def as_json(self) -> list[dict[str, object]]:
        """Return the flat objects of ``policies impact --json``."""
        return [{"round": self.round_name, **row} for row in self.rows]


def policy_impact(
    workspace: Workspace, pack: PolicyPack, schools: Sequence[str] | None = None
) -> list[Impact]:
    """Impact of a policy on this round, and on the last where it is still at hand.

    ``schools`` keeps this round to these school ids; None takes all, and only
    then the last round is looked at, whose schools have other ids.
    """
    rounds = [workspace, workspace.last] if schools is None else [workspace]
    return [_impact(each, pack, None, schools) for each in rounds if each is not None]


def rubric_impact(
    workspace: Workspace, rubric: Rubric, schools: Sequence[str] | None = None
) -> list[Impact]:
    """Impact of a rubric on this round and on the last, under the policy each was held to.

    A criterion that is new has no marks: its pieces would wait to be read. One
    that keeps its id and has another text keeps its marks here, which is why a
    rubric is not adopted once somebody has marked by it. ``schools`` as in
    `policy_impact`.

    Raises
    ------
    InputError
        If the round has no rubric of that competency.
    """
    if rubric.competency not in workspace.rubrics:
        raise InputError(
            f"the round has no rubric {rubric.competency}; there is nothing to compare it with.",
            key="impact.no_rubric",
            competency=rubric.competency,
        )
    rounds = [workspace, workspace.last] if schools is None else [workspace]
    return [
        _impact(each, None, rubric, schools)
        for each in rounds
        if each is not None and rubric.competency in each.rubrics
    ]


def preview(workspace: Workspace, person_id: str, name: str) -> tuple[list[Row], list[Impact]]:
    """Rules another policy changes, and whose results, of the schools one sees.

    Raises
    ------
    RefusedError
        If the person may not see results.
    PolicyError
        If there is no such pack, or it has faults.
    """
    pack = find_policy(name)
    with workspace.store() as store:
        schools = _schools_shown(store, person_id)
    return change_rows(workspace.policy, pack), policy_impact(workspace, pack, schools)


@dataclass(frozen=True)
class RubricPreview:
    """What a rubric would change: rows of differences, results, and pieces marked by the one in force.

    It can be adopted only where nothing is ``marked``.
    """

    rubric: Rubric
    changes: list[Row]
    impacts: list[Impact]
    marked: int


def rubric_preview(workspace: Workspace, person_id: str, name: str) -> RubricPreview:
    """As `preview`, of a rubric: a file, a code or a name.

    Raises
    ------
    RefusedError
        If the person may not see results.
    RubricError
        If the file has faults.
    InputError
        If there is no such rubric, or the round has none of that competency.
    """
    rubric = find_rubric(name)
    with workspace.store() as store:
        schools = _schools_shown(store, person_id)
        marked = _marked(store, rubric.competency)
    impacts = rubric_impact(workspace, rubric, schools)
    before = workspace.rubrics[rubric.competency]
    return RubricPreview(rubric, rubric_change_rows(before, rubric), impacts, marked)


def rows_with_names(workspace: Workspace, impact: Impact) -> list[Row]:
    """Rows of an impact with ``school`` and ``teacher`` by name and ``teacher_no``, for a page."""
    rounds = [each for each in (workspace, workspace.last) if each is not None]
    own = next(each for each in rounds if each.round_name == impact.round_name)
    with own.store() as store:
        schools = {row["school_id"]: row["name"] for row in store.where("school")}
        teachers = {row["teacher_id"]: row for row in store.where("teacher")}
    return [
        {
            **row,
            "school": schools[row["school_id"]],
            "teacher": teachers[row["teacher_id"]]["name"],
            "teacher_no": teachers[row["teacher_id"]]["teacher_no"],
        }
        for row in impact.rows
    ]


def _schools_shown(store: Store, person_id: str) -> list[str] | None:
    """Schools whose results somebody may look at; None for all."""
    seen = schools_seen(store, person_id, "impact.show")
    everything = {row["school_id"] for row in store.where("school")} <= seen.keys()
    return None if everything else sorted(seen)


def _marked(store: Store, competency: str) -> int:
    """How many pieces of a competency, seeds too, somebody has marked."""
    read = pieces_with_reads(store)
    owned = owned_pieces(store, seeds=True)
    return sum(row["piece_id"] in read for row in owned if row["competency"] == competency)


def drafts(workspace: Workspace) -> list[str]:
    """Packs lying in the round's own folder ``policies/``, as names to find them by."""
    return sorted(str(path) for path in (workspace.folder / POLICIES).glob("*.toml"))


def rubric_drafts(workspace: Workspace) -> list[str]:
    """Rubrics lying in the round's own folder ``rubric_sets/``, as names to find them by."""
    return sorted(str(path) for path in (workspace.folder / RUBRICS).glob("*.toml"))


def adopt_policy(workspace: Workspace, name: str, act: Act) -> tuple[PolicyPack, list[Impact]]:
    """Hold the round to another policy from now on; returns it and what it changes.

    Marks, publicities and ledger entries stay. Levels that change are published
    and certified anew; a certified result is stated again under the new policy,
    which the ledger names in an entry of its own (``certify --record``).

    Raises
    ------
    InputError
        If the act has no reason.
    RefusedError
        If the actor may not, or the round is held to this policy already.
    PolicyError
        If there is no such pack, or it has faults.
    """
    if not act.reason.strip():
        raise InputError("adopting a policy needs its reason.", key="impact.reason_needed")
    pack = find_policy(name)
    with workspace.store() as store:
        act = authorise(store, act, "policy.adopt")
        before = workspace.policy.digest
        if pack.digest == before:
            raise RefusedError(
                f"the round is held to policy {pack.pack_id} ({before[:12]}) already.",
                key="impact.same_policy",
                pack=pack.pack_id,
                digest=before[:12],
            )
        impacts = policy_impact(workspace, pack)
        with store.transaction(act, "policy.adopt", f"{before} {pack.digest}"):
            hold_to(workspace, pack)  # last, so that the line is undone where the disk refuses
    return pack, impacts


def adopt_rubric(workspace: Workspace, path: Path, act: Act) -> list[Impact]:
    """Judge one competency by another rubric from now on; returns what it changes.

    Raises
    ------
    InputError
        If the act has no reason, or the round has no rubric of that competency.
    RefusedError
        If the actor may not, the rubric is in force already, or somebody has
        marked by the one in force: marks answer the questions they were asked.
    RubricError
        If the file has faults.
    """
    if not act.reason.strip():
        raise InputError("adopting a rubric needs its reason.", key="impact.reason_needed")
    rubric = find_rubric(str(path))
    impacts = rubric_impact(workspace, rubric)
    code, before = rubric.competency, workspace.rubrics[rubric.competency].digest
    with workspace.store() as store:
        act = authorise(store, act, "rubric.adopt")
        marked = _marked(store, code)
        if marked or rubric.digest == before:
            raise RefusedError(
                f"rubric {code} stays: {marked} pieces were marked by the one in force, or it is the "
                "same. Take the new one into the next round.",
                key="impact.marked" if marked else "impact.same_rubric",
                competency=code,
                count=marked,
            )
        with store.transaction(act, "rubric.adopt", f"{code} {before} {rubric.digest}"):
            judge_by(workspace, code, path)
    return impacts


def _impact(
    workspace: Workspace,
    pack: PolicyPack | None,
    rubric: Rubric | None,
    schools: Sequence[str] | None,
) -> Impact:
    with workspace.store() as store:
        before = _rows(store, workspace, None, None)
        after = _rows(store, workspace, pack, rubric)
    seen = {key for key, row in before.items() if schools is None or row.school_id in schools}
    changed = [
        _change(before[key], after[key])
        for key in sorted(seen)
        if _said(before[key]) != _said(after[key])
    ]
    return Impact(workspace.round_name, len(seen), tuple(changed))


def _rows(
    store: Store, workspace: Workspace, pack: PolicyPack | None, rubric: Rubric | None
) -> dict[tuple[str, str, str], ResultRow]:
    rubrics: RubricSet | None = None
    if rubric is not None:
        changed = {**workspace.rubrics.rubrics, rubric.competency: rubric}
        rubrics = replace(workspace.rubrics, rubrics=changed)
    found = result_standing(store, workspace, pack, rubrics).rows
    return {(row.school_id, row.teacher_id, row.competency): row for row in found}


def _said(row: ResultRow) -> str:
    """Level of a result, also beneath a hold, or the reason there is none."""
    return str(row.level or row.provisional or row.reason_none)


def _change(before: ResultRow, after: ResultRow) -> Row:
    return {
        "school_id": before.school_id,
        "teacher_id": before.teacher_id,
        "competency": before.competency,
        "before": _said(before),
        "after": _said(after),
    }
