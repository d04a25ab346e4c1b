"""An empty ratings file for pieces that are to be read: one row a criterion, marks left blank."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from pathlib import Path

from models.submissions import owned_pieces
from workbench.errors import InputError
from workbench.services.rating import COLUMNS
from workbench.services.workspace import Workspace


def write_template(workspace: Workspace, piece_ids: Sequence[str], round_: str, path: Path) -> int:
    """Write a ratings file without marks; returns its rows.

    Parameters
    ----------
    piece_ids : sequence of str
        Pieces to be read, named by their blind code.
    round_ : str
        ``blind``, ``third``, ``chair``, ``seed`` or ``county``.
    path : Path
        A ``.csv``; raters fill in ``rater`` and ``met`` (1 or 0) and hand it back.

    Raises
    ------
    InputError
        If the file is there already: it may hold marks.
    """
    if path.exists():
        raise InputError(
            f"{path.name} exists already and may hold marks. Name another file.",
            key="rating.template_exists",
            file=path.name,
        )
    with workspace.store() as store:
        slot_of = {row["piece_id"]: row["slot_id"] for row in owned_pieces(store)}
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    rows = [
        {"item": piece, "criterion": criterion.criterion_id, "round": round_}
        for piece in piece_ids
        for criterion in slots[slot_of[piece]].criteria
    ]
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, restval="", lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return len(rows)
