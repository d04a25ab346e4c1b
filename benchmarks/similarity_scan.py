"""Whole comparison of a county whose files were read before: 15,000 texts, 45,000 pictures."""

from __future__ import annotations

import json
import resource
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from benchmarks.invented_texts import DrawnWords
from benchmarks.planted_copies import pages
from benchmarks.planted_found import Row, row
from models.store import Act, Transaction
from scoring.similarity.normalising import normalise
from workbench.services.similarity import compare_all
from workbench.services.workspace import Workspace, create

SCAN_LIMIT_S = 180.0  # processor seconds
SEED = 20261121


def scan(pieces: int = 15_000, pictures: int = 3) -> list[Row]:
    """Whole comparison of a county whose files were read before: texts and pictures."""
    normalise("量")
    forms, texts = pages(pieces, SEED, DrawnWords)
    with tempfile.TemporaryDirectory() as folder:
        made = _workspace(Path(folder) / "county", forms, texts, pictures)
        with made.store() as store:
            started = time.process_time()
            compare_all(made, store)
            spent = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return [
        row("county scan", pieces, "words and pictures", spent, "CPU s", SCAN_LIMIT_S),
        row("county scan, peak memory", pieces, "words and pictures", peak, "GiB", None),
    ]


def _workspace(folder: Path, forms: list[str], texts: Iterator[str], pictures: int) -> Workspace:
    """Workspace of a county with so many pieces, three to a teacher."""
    act = Act("bench", "registrar", datetime(2026, 11, 20, tzinfo=UTC))
    made = create(folder, "national-2.0", "bench", "bench", act, lambda size: b"k" * size)
    draw = np.random.default_rng(SEED)
    with made.store() as store, store.transaction(act, "bench") as tx:
        form = {"media_type": "txt", "text": "\n".join(forms)}
        tx.insert("blank_form", [{"sha256": "f", "name": "f", "text": json.dumps(form)}])
        for at, text in enumerate(texts):
            _hand_in(tx, at, text, [draw.bytes(32 * 13 + 2048).hex() for _ in range(pictures)])
    return made


def _hand_in(tx: Transaction, at: int, text: str, pictures: list[str]) -> None:
    """Put one piece in; its pictures are noise, as most pictures are to each other."""
    school, teacher, submission = f"s{at // 450}", f"t{at // 3}", f"t{at // 3}.A{at % 3}"
    if at % 450 == 0:
        tx.insert("school", [{"school_id": school, "name": school}])
    if at % 3 == 0:
        names = {"teacher_id": teacher, "teacher_no": teacher, "name": teacher}
        tx.insert("teacher", [{**names, "school_id": school}])
    named = {"submission_id": submission, "teacher_id": teacher, "competency": f"A{at % 3}"}
    tx.insert("submission", [{**named, "attempt": 1}])
    tx.insert("piece", [{"piece_id": f"p{at}", "submission_id": submission, "slot_id": "A1-1"}])
    file = {"piece_id": f"p{at}", "item": f"#{at}", "path": "a.docx", "sha256": f"{at}", "bytes": 1}
    rest = {"attached": 1, "verdict": "accept", "stated": "{}", "submitted_at": ""}
    tx.insert("evidence_file", [{**file, **rest}])
    inside = [
        {
            "sha256": one[:64],
            "dhash": [one[place : place + 64] for place in range(0, 12 * 64, 64)],
            "mirror": one[12 * 64 : 13 * 64],
            "sketch": one[13 * 64 :],
        }
        for one in pictures
    ]
    facts = json.dumps({"media_type": "docx", "text": text, "pictures": inside})
    tx.insert("extract", [{"sha256": f"{at}", "media_type": "docx", "facts": facts}])
