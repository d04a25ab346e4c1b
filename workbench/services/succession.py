"""The next round made from the last: people, hours, retests, prints, reference pieces, precedents.

Marks, results and pseudonyms stay behind: they belong to the round they were
made in. The keyed hash of an ID number stays too, as the new round has a secret
of its own; a roster brings it again.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from models.accounts import roles_held
from models.calibration import seed_pieces
from models.people import (
    facts_of_schools,
    facts_of_teachers,
    raters,
    schools_of_round,
    teachers_of_round,
)
from models.records import ReasonNone
from models.store import Act, Row, Store
from rubrics.levels import Level
from rubrics.policy_pack import PolicyPack
from workbench.errors import InputError
from workbench.services.calibration_packs import export_pack, import_pack
from workbench.services.earlier_rounds import import_prints
from workbench.services.people import Directory, TeacherRow
from workbench.services.precedent_packs import carry_precedents
from workbench.services.results import CONCLUSION, result_standing
from workbench.services.roles import ALLOWED, person_of
from workbench.services.similarity import export_fingerprints
from workbench.services.workspace import Fresh, Workspace, create

RETESTS = "retests"
"""Fact of a teacher: JSON of competency to what it came to in the round before."""

_LEFT = ("person_key", "choices", "exempt", "deferred", RETESTS)
"""Facts that are of one round, or mean nothing under another round's secret."""

_KEPT_TABLES = ("column_mapping", "blank_form", "earlier_print")
_OWN_COLUMNS = ("tx", "print_id")


@dataclass(frozen=True)
class Carried:
    """What the new round begins with.

    ``retests`` counts pending competencies by what they came to; ``prints`` are
    pieces whose fingerprints came along, ``seeds`` reference pieces, and
    ``refused`` says why a reference piece did not fit the rubrics of now.
    ``precedents`` are those that stand.
    ``dates_cleared``: the policy came along without the last round's own dates.
    """

    workspace: Workspace
    schools: int
    teachers: int
    people: int
    retests: Mapping[str, int]
    prints: int
    seeds: int
    refused: tuple[str, ...]
    dates_cleared: bool
    precedents: int = 0


def succeed(
    last: Workspace,
    folder: Path,
    round_name: str,
    act: Act,
    fresh: Fresh,
    policy: str = "",
    place: str = "",
) -> Carried:
    """Make the workspace of the next round from that of the last; the last one is only read.

    Parameters
    ----------
    last : Workspace
    folder : Path
        New, or empty; nothing is left there where something fails.
    round_name : str
        Another than the last round's.
    act : Act
    fresh : callable
        Random bytes.
    policy : str
        Pack of the new round; empty for that of the last, its dates left out.
    place : str
        Empty for that of the last.

    Raises
    ------
    InputError
        If the round has the name of the last at the same place, or the folder is not empty.
    RefusedError
        If the actor may not carry reference pieces, and there are some.
    """
    place = place or last.place
    if (place, round_name) == (last.place, last.round_name):
        raise InputError(
            f"the last round at {place} is named {round_name!r} too. Give the new one another name.",
            key="succession.same_round",
            round=round_name,
        )
    pack, cleared = (policy, False) if policy else _without_dates(last.policy)
    folder.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=folder.parent, prefix=f".{folder.name}-") as aside:
        beside = Path(aside) / folder.name
        if folder.exists() and any(folder.iterdir()):
            beside = folder  # refused below, as any folder that is not empty
        prints, pack_folder = _exported(last, Path(aside), act)
        made = create(beside, pack, round_name, place, act, fresh, last=_beside(last, folder))
        refused: tuple[str, ...] = ()
        if prints is not None:
            import_prints(made, prints, act)
        if pack_folder is not None:
            refused = import_pack(made, pack_folder, act, fresh).refused
        counts = _carry(last, made, act, fresh)
        told = _rulings(last, made, act)
        with made.store() as store:
            came, seeds = len(store.where("earlier_print")), len(seed_pieces(store))
        if folder.exists():
            folder.rmdir()
        shutil.move(beside, folder)
    schools, teachers, people, retests = counts
    return Carried(
        Workspace(folder), schools, teachers, people, retests, came, seeds, refused, cleared, told
    )


def pending_retests(workspace: Workspace, store: Store) -> dict[str, dict[str, str]]:
    """Competencies a teacher still owes, with level or reason, by teacher.

    A 不合格 that stands, and what the round ended without deciding: 待补件, 缓测,
    waiting reads and rulings, open cases. Who was exempt or not eligible owes nothing.
    """
    owed: dict[str, dict[str, str]] = {}
    for row in result_standing(store, workspace).rows:
        done = row.level in (Level.PASS, Level.EXCELLENT) or row.reason_none in _OWES_NOTHING
        if row.competency != CONCLUSION and not done:
            owed.setdefault(row.teacher_id, {})[row.competency] = str(row.level or row.reason_none)
    return owed


_OWES_NOTHING = (ReasonNone.EXEMPT, ReasonNone.NOT_ELIGIBLE, ReasonNone.CONDITION_UNKNOWN)


def _beside(last: Workspace, folder: Path) -> str:
    """Where the last round lies, seen from the new one."""
    return os.path.relpath(last.folder.resolve(), folder.resolve())


def _without_dates(pack: PolicyPack) -> tuple[PolicyPack, bool]:
    """Policy of the last round without that round's own dates, and whether it had any."""
    dated = [f"window.{name}" for name, value in pack.section("window").items() if value]
    rules = {
        key: replace(rule, value="") if key in dated else rule for key, rule in pack.rules.items()
    }
    return replace(pack, rules=rules), bool(dated)


def _exported(last: Workspace, aside: Path, act: Act) -> tuple[Path | None, Path | None]:
    """Fingerprints and reference pieces of the last round as files; None where there are none."""
    prints = aside / "prints.gz"
    some = export_fingerprints(last, prints) > 0
    with last.store() as store:
        has_seeds = bool(seed_pieces(store))
    seeds = aside / last.round_name.replace("/", "-")
    if has_seeds:
        export_pack(last, seeds, act)
    return prints if some else None, seeds if has_seeds else None


def _carry(
    last: Workspace, made: Workspace, act: Act, fresh: Fresh
) -> tuple[int, int, int, Counter[str]]:
    """Write schools, teachers, people and what is kept of the last round; how many of each."""
    with last.store() as before, made.store() as store:
        owed = pending_retests(last, before)
        role = _role(before, act)
        told = Act(act.actor, role, act.at, act.reason)
        with store.transaction(told, "init.carry", before.audit_head()[:16]) as tx:
            for table in _KEPT_TABLES:
                tx.insert_missing(table, [_plain(row) for row in before.where(table)])
            directory = Directory(store, tx, fresh)
            names = {row["school_id"]: row["name"] for row in before.where("school")}
            _schools(before, directory)
            teachers = _teachers(before, directory, names, owed)
            people = _people(before, directory, names)
        schools = len(schools_of_round(store))
    retests = Counter(outcome for own in owed.values() for outcome in own.values())
    return schools, teachers, people, retests


def _rulings(last: Workspace, made: Workspace, act: Act) -> int:
    """Take precedents over, in the role of whoever carries the round; how many."""
    with last.store() as before:
        role = _role(before, act)
    return carry_precedents(last, made, Act(act.actor, role, act.at, act.reason))


def _role(before: Store, act: Act) -> str:
    """Role the audit log names: of somebody the last round knows, else as asserted."""
    person = person_of(before, act.actor)
    held = roles_held(before, person["person_id"]) if person else ()
    fitting = [role for role in ALLOWED["roster.import"] if role in held]
    return fitting[0] if fitting else f"asserted:{ALLOWED['roster.import'][0]}"


def _plain(row: Row) -> Row:
    return {key: value for key, value in row.items() if key not in _OWN_COLUMNS}


def _schools(before: Store, directory: Directory) -> None:
    facts = facts_of_schools(before)
    for row in schools_of_round(before):
        directory.school(row["name"], facts[row["school_id"]])


def _teachers(
    before: Store,
    directory: Directory,
    names: Mapping[str, str],
    owed: Mapping[str, Mapping[str, str]],
) -> int:
    facts, rows = facts_of_teachers(before), teachers_of_round(before)
    for row in rows:
        own = {name: v for name, v in facts[row["teacher_id"]].items() if name not in _LEFT}
        if pending := owed.get(row["teacher_id"]):
            own["choices"] = json.dumps(list(pending), ensure_ascii=False)
            own[RETESTS] = json.dumps(pending, ensure_ascii=False)
        school = names[row["school_id"]]
        directory.teacher(TeacherRow(row["teacher_no"], row["name"], school, own))
    return len(rows)


def _people(before: Store, directory: Directory, names: Mapping[str, str]) -> int:
    rows = raters(before)
    for person_id, row in rows.items():
        directory.rater(
            person_id,
            name=row["name"],
            school=names.get(row["school_id"] or "", ""),
            department=row["department"],
            roles=roles_held(before, person_id),
            relations=row["relations"],
        )
    return len(rows)
