"""Packs of seed pieces in and out: the county's pieces with its experts' marks."""

from __future__ import annotations

import csv
import shutil
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from models.calibration import expert_marks_of, seed_packs, seed_pieces
from models.people import SEEDS
from models.store import Act, Row
from models.submissions import files_by_piece, owned_pieces
from rubrics.canonical import digest
from workbench.errors import InputError
from workbench.formats.rating_rows import PieceKey
from workbench.formats.ratings import parse_ratings
from workbench.formats.seed_pack import (
    MARKS,
    PURPOSE_COLUMNS,
    SeedMarks,
    agreed_marks,
    purposes,
)
from workbench.messages import text
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.services.calibration_gate import calibration_rule
from workbench.services.checks import REJECT
from workbench.services.intake import reading_limits, write_pieces
from workbench.services.intake_reading import Progress, prepare, read_lines, read_manifest
from workbench.services.intake_report import Line, remark_of
from workbench.services.packages import opened
from workbench.services.roles import authorise
from workbench.services.workspace import Fresh, Workspace

_MANIFEST = "item teacher_id teacher_name school competency slot file purpose".split()
_MARKS = "item rater criterion met comment".split()


@dataclass(frozen=True)
class PackReport:
    """What came of a pack: its number, pieces taken, and sentences on what was refused.

    ``known`` says that the same pack was here before, so that nothing was written.
    """

    pack_id: str
    pieces: int
    refused: tuple[str, ...]
    known: bool = False


def import_pack(
    workspace: Workspace,
    package: Path,
    act: Act,
    fresh: Fresh,
    progress: Progress | None = None,
) -> PackReport:
    """Take in a pack of seed pieces; a piece comes whole, with file and experts' marks, or not at all.

    Parameters
    ----------
    package : Path
        Folder or zip: a manifest as for evidence (``purpose`` may say what a piece
        is for), its files, and ``marks.csv``.

    Raises
    ------
    InputError
        If the package has no manifest or no marks, or nothing of it can be taken.
    """
    limits = reading_limits(workspace)
    with (
        opened(package, limits) as folder,
        workspace.store() as store,
        ReaderPool(limits) as pool,
    ):
        act = authorise(store, act, "calibration.import")
        manifest, whole = read_manifest(store, workspace, folder, pool, limits, seeds=True)
        if whole is not None:
            raise _nothing(package, [remark.sentence() for remark in whole.table_faults])
        run = prepare(store, workspace, folder, workspace.evidence, limits, progress)
        lines = list(read_lines(run, manifest, pool))
        good, refused = _readable(lines)
        marks, faults = _marks(workspace, folder, pool, good)
        marked = {each.item: each for each in marks}
        bare = sorted({line.row.item for line in good} - marked.keys() - faults.keys())
        refused += [said for own in faults.values() for said in own]
        refused += [text("seed_pack.no_marks", item=item) for item in bare]
        taken = [line for line in good if line.row.item in marked]
        if not taken:
            raise _nothing(package, refused)
        told = digest(_content(taken, marked))
        if (known := store.one("seed_pack", digest=told)) is not None:
            return PackReport(known["pack_id"], 0, tuple(refused), known=True)
        pack_id = f"k{len(seed_packs(store)) + 1:02d}"
        with store.transaction(act, "calibration.import", pack_id) as tx:
            school = {"school_id": SEEDS, "name": text("seed_pack.school")}
            tx.insert_missing("school", [school])
            tx.insert("seed_pack", [{"pack_id": pack_id, "name": package.stem, "digest": told}])
            kept = [_as_seed(line, pack_id, school["name"]) for line in taken]
            pieces = write_pieces(store, tx, workspace, kept, fresh)
            rows = _rows(pack_id, dict(zip(pieces, taken, strict=True)), marked)
            tx.insert("seed_piece", [row for row, _ in rows])
            tx.insert("expert_mark", [mark for _, own in rows for mark in own])
    return PackReport(pack_id, len(rows), tuple(refused))


def export_pack(workspace: Workspace, folder: Path, act: Act) -> int:
    """Write all seed pieces as a pack for the next round or another county; returns how many.

    Raises
    ------
    InputError
        If the folder has something in it, or there are no seed pieces.
    """
    with workspace.store() as store:
        authorise(store, act, "calibration.import")
        rows, experts, files = seed_pieces(store), expert_marks_of(store), files_by_piece(store)
        owned = {row["piece_id"]: row for row in owned_pieces(store, seeds=True)}
    if not rows or (folder.exists() and any(folder.iterdir())):
        raise InputError(
            f"folder {folder} is not empty, or there are no seed pieces. Name a new folder.",
            key="calibration.no_export",
            folder=str(folder),
        )
    folder.mkdir(parents=True, exist_ok=True)
    lines: list[dict[str, object]] = []
    marks: list[dict[str, object]] = []
    for row in rows:
        piece = owned[row["piece_id"]]
        who = {"teacher_id": piece["teacher_no"], "teacher_name": piece["teacher_name"]}
        item = f"{row['pack_id']}-{row['item']}"
        for number, file in enumerate(files.get(row["piece_id"], ()), 1):
            if not file["attached"]:
                continue
            name = f"{row['piece_id']}-{number}{Path(file['path']).suffix}"
            shutil.copyfile(workspace.evidence.path(file["sha256"]), folder / name)
            line = {**who, "item": item, "school": piece["school_name"], "file": name}
            place = {"competency": row["competency"], "slot": row["slot_id"]}
            lines.append({**line, **place, "purpose": row["purpose"]})
        for criterion, (met, reason) in experts[row["piece_id"]].items():
            told = {"item": item, "criterion": criterion, "met": met, "comment": reason}
            marks += [{**told, "rater": expert} for expert in row["experts"].split("、")]
    _write(folder / "manifest.csv", _MANIFEST, lines)
    _write(folder / MARKS[0], _MARKS, marks)
    return len(rows)


def packs(workspace: Workspace) -> list[Row]:
    """Packs there are, with pieces of each and when they came."""
    with workspace.store() as store:
        return seed_packs(store)


def _readable(lines: Sequence[Line]) -> tuple[list[Line], list[str]]:
    """Lines with a file that can be shown, and why the others are refused."""
    good = [line for line in lines if line.verdict != REJECT and line.kept is not None]
    bad = [line for line in lines if line not in good]
    spoiled = {line.row.item for line in bad}
    refused = [
        text(
            "seed_pack.refused",
            item=line.row.item,
            why="；".join(r.sentence() for r in line.remarks if r.severity == REJECT)
            or text("seed_pack.no_file"),
        )
        for line in bad
    ]
    return [line for line in good if line.row.item not in spoiled], refused


def _marks(
    workspace: Workspace, folder: Path, pool: ReaderPool, lines: Sequence[Line]
) -> tuple[list[SeedMarks], dict[str, list[str]]]:
    """What the experts agree on, by item, and the faults of the others in words."""
    path = next((folder / name for name in MARKS if (folder / name).is_file()), None)
    if path is None:
        raise InputError(
            f"the pack has no {MARKS[0]}: a line for each expert, piece and criterion. "
            "Add it beside the manifest.",
            key="calibration.no_marks_file",
            file=MARKS[0],
        )
    try:
        sheet = pool.table(path, limits=reading_limits(workspace))[0]
    except Unreadable as refused:
        raise InputError(
            f"{path.name} cannot be read ({refused}). Save it as csv or xlsx again.",
            key="rating.unreadable",
            file=path.name,
            code=refused.code,
        ) from refused
    items: dict[str, PieceKey] = {
        line.row.item: (line.row.item, line.row.competency, line.row.slot_id) for line in lines
    }
    read = parse_ratings([list(row) for row in sheet.rows], workspace.rubrics, path.name, items)
    item_of = {row.row_number: row.item for row in read.rows}
    found: dict[str, list[str]] = {}
    for fault in read.faults:
        if fault.severity == REJECT:
            said = remark_of(fault).sentence()
            found.setdefault(item_of.get(fault.row_number, ""), []).append(said)
    whole = [row for row in read.accepted if row.item in items and row.item not in found]
    least = calibration_rule(workspace.policy).min_experts
    marks, more = agreed_marks(whole, workspace.rubrics, least)
    for each in more:
        found.setdefault(item_of[each.row_number], []).append(each.sentence())
    return marks, found


def _as_seed(line: Line, pack_id: str, school: str) -> Line:
    """Line as a seed piece's: its author bears a number nobody else has, at no school."""
    who = line.row.teacher_id or line.row.teacher_name
    number = who if who.startswith(f"{pack_id}/") else f"{pack_id}/{who}"
    row = replace(line.row, teacher_id=number, school=school, id_number=None, department="")
    return replace(line, row=row)


def _content(lines: Sequence[Line], marked: dict[str, SeedMarks]) -> list[list[Any]]:
    """What a pack is told apart by: files, and what the experts say of them."""
    return sorted(
        [
            line.row.slot_id,
            line.kept.sha256 if line.kept else "",
            sorted([n, met] for n, (met, _) in marked[line.row.item].marks.items()),
        ]
        for line in lines
    )


def _rows(
    pack_id: str, lines: dict[str, Line], marked: dict[str, SeedMarks]
) -> list[tuple[Row, list[Row]]]:
    """Rows of seed pieces, each with those of its experts' marks."""
    stated = {
        line.row.item: next((line.row.notes[c] for c in PURPOSE_COLUMNS if c in line.row.notes), "")
        for line in lines.values()
    }
    purpose = purposes(list(stated), stated)
    found = []
    for piece_id, line in lines.items():
        own = marked[line.row.item]
        row = {"piece_id": piece_id, "pack_id": pack_id, "item": line.row.item}
        row |= {"purpose": purpose[line.row.item], "experts": "、".join(own.experts)}
        marks = [
            {"piece_id": piece_id, "criterion_id": name, "met": met, "reason": reason}
            for name, (met, reason) in own.marks.items()
        ]
        found.append((row, marks))
    return found


def _nothing(package: Path, refused: Sequence[str]) -> InputError:
    return InputError(
        f"nothing of pack {package.name} can be taken: {'; '.join(refused[:3])}",
        key="calibration.empty_pack",
        pack=package.name,
        why="；".join(refused[:3]),
    )


def _write(path: Path, columns: list[str], rows: Sequence[dict[str, object]]) -> None:
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, columns)
        writer.writeheader()
        writer.writerows(rows)
