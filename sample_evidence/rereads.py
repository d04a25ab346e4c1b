"""County re-reads of a sample of pieces, as the county's reviewer would give them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from random import Random

from models.records import Read, Round
from rubrics.loading import load_set
from sample_evidence.remarks import Commenter, Row, mark_rows, sittings

PieceName = str | Sequence[str]


def county_rereads(out: Path, sample_items: Sequence[PieceName], seed: int) -> list[Row]:
    """Marks of the county's reviewer on these pieces of a built sample.

    Parameters
    ----------
    out : Path
        Folder a sample was built in (it holds ``truth.json``).
    sample_items : sequence
        Each an item of the manifest, or teacher, competency and slot.
    seed : int
        Of times and comments; the marks follow what the pieces are worth.

    Returns
    -------
    list of dict
        Rows of a ratings file, round ``county``, one a mark; a piece named
        twice is read once.

    Raises
    ------
    KeyError
        If a piece is not in the sample or nobody has read it.
    """
    told = json.loads((out / "truth.json").read_text(encoding="utf-8"))
    rubrics = load_set("micro_competencies")
    keys = dict.fromkeys(_key(item, told["items"]) for item in sample_items)
    listed = []
    for key in keys:
        marks = told["marks"]["|".join(key)]
        read = Read(told["reviewer"], Round.COUNTY, marks)
        listed.append((key, rubrics[key[1]].slot(key[2]), read))
    commenter = Commenter(Random(f"county comments {seed}"))
    sat = sittings(listed, Random(f"county times {seed}"))
    return [row for sitting in sat for row in mark_rows(sitting, commenter)]


def _key(item: PieceName, items: dict[str, list[str]]) -> tuple[str, str, str]:
    teacher_id, competency, slot_id = items[item] if isinstance(item, str) else item
    return teacher_id, competency, slot_id
