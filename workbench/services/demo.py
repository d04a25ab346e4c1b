"""The demonstration: the whole journey on the sample county, each step by its own service.

Nothing here decides anything: it plays the registrar, the chair and the county
reviewer in turn, on days the sample's own calendar gives.
"""

from __future__ import annotations

import csv
import json
import shutil
from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

from models.people import raters
from models.records import ReasonNone
from models.store import Act
from models.submissions import owned_pieces
from rubrics.loading import load_policy
from sample_evidence.rereads import county_rereads
from workbench import messages
from workbench.errors import InputError
from workbench.services.analysing import analyse_kinds
from workbench.services.assignments import allocate_reads
from workbench.services.blinding import make_blind_copies
from workbench.services.certificates import count_certificates, write_certificates
from workbench.services.certification import approve, propose
from workbench.services.feedback_notes import write_feedback
from workbench.services.flags import list_flags, raise_flags
from workbench.services.holds import list_holds, reply, resolve
from workbench.services.intake import import_package, register_forms
from workbench.services.keys import trusted_keys
from workbench.services.ledgers import verify as verify_ledgers
from workbench.services.panel import panel_agreement
from workbench.services.portal import fill
from workbench.services.publicity import (
    answer,
    close_publicity,
    list_publicity,
    object_to,
    open_publicity,
)
from workbench.services.rating import import_ratings
from workbench.services.results import CONCLUSION, ResultRow, results
from workbench.services.roster import import_roster
from workbench.services.supervision import compare, decide, sample
from workbench.services.verification import verify_sheet
from workbench.services.workspace import Fresh, Workspace, create

MARKER = ".demo"
RANDOM_SEED = "2026-1"
_REREAD_SEED = 1
Progress = Callable[[str, int, int], None]
"""Called with the key of a step, how much of it is done, and how much there is."""


@dataclass
class Outcome:
    """What the journey came to, for the closing table.

    ``counts`` are numbers by name; ``flags`` and ``holds`` as their services
    list them; ``sheets`` the folder of the certificates.
    """

    workspace: Workspace
    counts: dict[str, int] = field(default_factory=dict)
    agreement: float | None = None
    flags: list[dict[str, Any]] = field(default_factory=list)
    holds: list[dict[str, Any]] = field(default_factory=list)
    refused: list[dict[str, Any]] = field(default_factory=list)
    waiting: list[dict[str, str]] = field(default_factory=list)
    levels: Mapping[str, int] = field(default_factory=dict)
    sheets: Path = Path()
    verified: bool = False


@dataclass
class _Cast:
    """Who acts, and the clock of the sample."""

    registrar: str
    chair: str
    county: str
    now: datetime

    def act(self, who: str, reason: str = "") -> Act:
        """Return an act of somebody, a minute after the one before."""
        self.now += timedelta(minutes=1)
        return Act(who, "", self.now, reason)

    def on(self, day: date) -> None:
        """Go on to the morning of a later day."""
        self.now = datetime.combine(day, time(1), UTC)


def run_demo(folder: Path, samples: Path, fresh: Fresh, progress: Progress) -> Outcome:
    """Walk the journey in a new workspace; an earlier demonstration there is replaced.

    Raises
    ------
    InputError
        If the folder holds anything but an earlier demonstration.
    """
    _clear(folder)
    workspace = _begin(folder, samples, fresh)
    cast = _cast(workspace)
    outcome = Outcome(workspace)
    _take_in(outcome, samples, cast, fresh, progress)
    told = _told(samples)
    _look(outcome, told, cast, progress)
    _publish(outcome, told, cast, progress)
    _check_by_county(outcome, samples, cast, fresh, progress)
    _certify(outcome, cast, fresh, progress)
    _print(outcome, samples, cast, progress)
    _leave_work(outcome, told, cast, progress)
    _sum_up(outcome)
    return outcome


def _clear(folder: Path) -> None:
    if (folder / MARKER).is_file():
        shutil.rmtree(folder)
    elif folder.exists() and any(folder.iterdir()):
        raise InputError(
            f"{folder} holds a workspace that is no demonstration; it stays as it is. "
            "Name another folder with --workspace.",
            key="demo.occupied",
            folder=str(folder),
        )


def _begin(folder: Path, samples: Path, fresh: Fresh) -> Workspace:
    policy = samples / "policy.toml"
    about = _told(samples)
    closes = date.fromisoformat(load_policy(policy)["window.closes"])
    start = datetime.combine(closes + timedelta(days=1), time(1), UTC)
    made = create(
        folder, str(policy), about["round"], about["county"], Act("演示登记员", "", start), fresh
    )
    (folder / MARKER).touch()
    return made


def _told(samples: Path) -> dict[str, Any]:
    """What the sample says of itself: names, and what its people answer."""
    told: dict[str, Any] = json.loads((samples / "planted.json").read_text(encoding="utf-8"))
    return told


def _cast(workspace: Workspace) -> _Cast:
    closes = date.fromisoformat(workspace.policy["window.closes"])
    start = datetime.combine(closes + timedelta(days=1), time(1, 30), UTC)
    return _Cast("演示登记员", "", "", start)


def _take_in(
    outcome: Outcome, samples: Path, cast: _Cast, fresh: Fresh, progress: Progress
) -> None:
    workspace = outcome.workspace
    progress("roster", 0, 1)
    roster = import_roster(workspace, samples / "roster.xlsx", cast.act(cast.registrar), fresh)
    with workspace.store() as store:
        people = raters(store)
    by_role = {role: row["name"] for row in people.values() for role in row["roles"]}
    cast.chair, cast.county = by_role["chair"], by_role["county"]
    register_forms(workspace, sorted((samples / "forms").iterdir()), cast.act(cast.registrar))
    report = import_package(
        workspace,
        samples / "package",
        cast.act(cast.registrar),
        fresh,
        lambda done, total: progress("intake", done, total),
    )
    progress("reads", 0, 1)
    reads = import_ratings(workspace, samples / "ratings.csv", cast.act(cast.chair), fresh)
    outcome.refused = [
        {**line.as_json(), "sentence": f"{line.row.file}：{line.remarks[-1].sentence()}"}
        for line in report.lines
        if line.verdict == "reject"
    ]
    outcome.counts |= {
        "schools": roster.schools,
        "teachers": roster.teachers,
        "files": report.new_files,
        "rejected": len(outcome.refused),
        "missing": len(report.missing),
        "reads": reads.new,
        "reads_refused": len(reads.refused),
    }


def _look(outcome: Outcome, told: dict[str, Any], cast: _Cast, progress: Progress) -> None:
    """Agreement, flags and holds; one case is heard and decided, the others stay open."""
    workspace = outcome.workspace
    progress("flags", 0, 1)
    headline = panel_agreement(workspace)
    outcome.agreement = next(
        row["value"] for row in headline if row["coefficient"] == "percent_agreement"
    )
    raise_flags(workspace, cast.act(cast.registrar))
    plant = next(plant for plant in told["plants"] if plant["code"] == "outside_window")
    case = next(hold for hold in list_holds(workspace) if hold["code"] == "outside_window")
    party = plant["teacher_ids"][0]
    reply(workspace, case["hold_id"], party, plant["reply"], "", cast.act(cast.registrar))
    act = cast.act(cast.county)
    resolve(workspace, case["hold_id"], plant["disposition"], plant["reply"], act)


def _publish(outcome: Outcome, told: dict[str, Any], cast: _Cast, progress: Progress) -> None:
    """Publicity with one objection, answered; closed when its days have passed."""
    workspace = outcome.workspace
    progress("publicity", 0, 1)
    opened = open_publicity(workspace, [], cast.act(cast.registrar))
    notes = write_feedback(workspace, workspace.exports / "feedback", cast.now.date())
    objection = told["objection"]
    teacher_id, competency, _ = objection["piece"]
    act = cast.act(cast.registrar)
    made = object_to(workspace, teacher_id, competency, teacher_id, objection["words"], act)
    answer(workspace, made, "stands", objection["answer"], cast.act(cast.chair))
    cast.on(max(each.closes_on for each in opened) + timedelta(days=1))
    close_publicity(workspace, [], cast.act(cast.registrar))
    outcome.counts |= {
        "published": sum(row["results"] for row in list_publicity(workspace)),
        "objections": 1,
        "notes": len(notes),
    }


def _check_by_county(
    outcome: Outcome, samples: Path, cast: _Cast, fresh: Fresh, progress: Progress
) -> None:
    workspace = outcome.workspace
    progress("county", 0, 1)
    drawn = sample(workspace, RANDOM_SEED, cast.act(cast.county))
    rereads = workspace.exports / "county-rereads.csv"
    with workspace.store() as store:
        owned = {row["piece_id"]: row for row in owned_pieces(store)}
    keys = [
        (
            owned[d.piece_id]["teacher_id"],
            owned[d.piece_id]["competency"],
            owned[d.piece_id]["slot_id"],
        )
        for d in drawn
    ]
    rows = county_rereads(samples, keys, _REREAD_SEED)
    with rereads.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    import_ratings(workspace, rereads, cast.act(cast.county), fresh)
    compared = compare(workspace)
    for school in compared:
        decide(workspace, school["school_id"], "accept", text("acceptance"), cast.act(cast.county))
    outcome.counts |= {
        "reread": sum(row["reread"] for row in compared),
        "lowered": sum(row["lowered"] for row in compared),
    }


def _certify(outcome: Outcome, cast: _Cast, fresh: Fresh, progress: Progress) -> None:
    workspace = outcome.workspace
    proposals = propose(workspace, [], cast.act(cast.registrar))
    certified = 0
    for done, proposal in enumerate(proposals):
        progress("certify", done, len(proposals))
        act = cast.act(cast.county)
        certified += len(approve(workspace, proposal.proposal_id, act, fresh).seqs)
    outcome.counts["certified"] = certified


def _print(outcome: Outcome, samples: Path, cast: _Cast, progress: Progress) -> None:
    """Sheets in three formats, notes for teachers, the portal's sheet; then all is verified."""
    workspace = outcome.workspace
    outcome.sheets = workspace.exports / "certificates"
    total = 3 * count_certificates(workspace)
    written: list[Path] = []

    def on_written(path: Path) -> None:
        written.append(path)
        progress("sheets", len(written), total)

    write_certificates(workspace, outcome.sheets, cast.now.date(), on_written=on_written)
    filled = fill(workspace, samples / "portal.xlsx", workspace.exports / "portal.xlsx")
    progress("verify", 0, 1)
    keys = trusted_keys(workspace)
    sound = [verify_sheet(path, keys).ok for path in written[:: max(1, len(written) // 12)]]
    ledgers = [each.found.ok for each in verify_ledgers(workspace)]
    outcome.verified = all(sound) and all(ledgers)
    outcome.counts |= {
        "sheets": len(written),
        "portal_rows": filled.count("filled"),
    }


def _leave_work(outcome: Outcome, told: dict[str, Any], cast: _Cast, progress: Progress) -> None:
    """Two cases end in a re-read, so that whoever opens the app finds something to score."""
    workspace = outcome.workspace
    again = {
        teacher: plant["reply"]
        for plant in told["plants"]
        if plant["disposition"] == "re_rate"
        for teacher in plant["teacher_ids"]
    }
    reopened: list[str] = []
    for hold in list_holds(workspace):
        teacher = "".join(hold["submissions"][:1]).split(".")[0]  # a reviewer's case has none
        if hold["state"] == "open" and teacher in again:
            words = again[teacher]
            reply(workspace, hold["hold_id"], teacher, words, "", cast.act(cast.registrar))
            act = cast.act(cast.county)
            reopened += resolve(workspace, hold["hold_id"], "re_rate", words, act).reopened
    given = allocate_reads(workspace, RANDOM_SEED, cast.act(cast.chair))
    outcome.counts |= {"reopened": len(reopened), "tasks": given.reads}
    act = cast.act(cast.registrar)
    make_blind_copies(
        workspace, act, lambda done, total: progress("copies", done, total), pieces=reopened
    )
    progress("analyses", 0, 1)
    analyse_kinds(workspace, (), cast.act(cast.chair))


def _sum_up(outcome: Outcome) -> None:
    workspace = outcome.workspace
    outcome.flags = list_flags(workspace)
    outcome.holds = list_holds(workspace)
    outcome.waiting = [
        {"reason": str(row.reason_none), "sentence": _whose(row)}
        for row in results(workspace)
        if row.competency != CONCLUSION
        and row.reason_none in (ReasonNone.MISSING_EVIDENCE, ReasonNone.NOT_ELIGIBLE)
    ]
    outcome.levels = Counter(
        str(row.level or row.reason_none)
        for row in results(workspace)
        if row.competency != CONCLUSION
    )


def _whose(row: ResultRow) -> str:
    return messages.text(
        f"demo.why.{row.reason_none}",
        teacher=row.teacher_id,
        competency=row.competency,
        missing="、".join(row.missing),
    )


def text(key: str) -> str:
    """Words somebody in the demonstration says."""
    return messages.text(f"demo.said.{key}")
