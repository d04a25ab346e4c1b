"""Submissions, pieces and files as they stand."""

from __future__ import annotations

import json
from collections import defaultdict

from models.store import Row, Store


def files_by_piece(store: Store) -> dict[str, list[Row]]:
    """Files of each piece, with what was stated about them read.

    A video first stated and later attached is one file: the one attached.
    """
    found: dict[str, list[Row]] = defaultdict(list)
    rows = store.where("evidence_file")
    here = {(row["piece_id"], row["sha256"]) for row in rows if row["attached"]}
    for row in rows:
        if row["attached"] or (row["piece_id"], row["sha256"]) not in here:
            found[row["piece_id"]].append({**row, "stated": json.loads(row["stated"])})
    return dict(found)


def owned_pieces(store: Store) -> list[Row]:
    """Every piece with its slot, submission, teacher, school and competency."""
    return store.rows(
        "SELECT p.piece_id, p.slot_id, p.submission_id, s.competency, s.attempt, s.teacher_id, "
        "t.school_id, t.teacher_no, t.name AS teacher_name, h.name AS school_name FROM piece AS p "
        "JOIN submission AS s USING (submission_id) JOIN teacher AS t USING (teacher_id) "
        "JOIN school AS h USING (school_id) ORDER BY p.rowid"
    )


def submitted_slots(store: Store) -> list[Row]:
    """Every submission with each slot filled in it (one row without a piece where none is)."""
    return store.rows(
        "SELECT s.*, p.piece_id, p.slot_id FROM submission AS s LEFT JOIN piece AS p "
        "USING (submission_id) ORDER BY s.attempt, p.rowid"
    )


def pieces_by_item(store: Store) -> dict[str, str]:
    """Piece of each of the caller's own item ids; several items may be one piece."""
    return {
        row["item"]: row["piece_id"]
        for row in store.rows("SELECT item, piece_id FROM evidence_file WHERE item NOT LIKE '#%'")
    }


def extracts(store: Store) -> dict[str, Row]:
    """What was read out of each file, by SHA-256."""
    return {row["sha256"]: json.loads(row["facts"]) for row in store.where("extract")}


def blank_forms(store: Store) -> list[Row]:
    """Facts of every registered blank form, its name beside them."""
    return [{**json.loads(row["text"]), "name": row["name"]} for row in store.where("blank_form")]


def pieces_with_reads(store: Store) -> set[str]:
    """Pieces somebody has read."""
    return {row["piece_id"] for row in store.rows("SELECT DISTINCT piece_id FROM read")}


def known_files(store: Store) -> dict[tuple[str, str], tuple[str, dict[str, bool]]]:
    """Piece, and its files' digests with whether each is here, by teacher and slot."""
    found: dict[tuple[str, str], tuple[str, dict[str, bool]]] = {}
    for row in store.rows(
        "SELECT f.sha256, MAX(f.attached) AS attached, p.piece_id, p.slot_id, s.teacher_id "
        "FROM evidence_file AS f JOIN piece AS p USING (piece_id) "
        "JOIN submission AS s USING (submission_id) GROUP BY p.piece_id, f.sha256 ORDER BY p.rowid"
    ):
        key = (row["teacher_id"], row["slot_id"])
        found.setdefault(key, (row["piece_id"], {}))[1][row["sha256"]] = bool(row["attached"])
    return found


def remarks_by_piece(store: Store) -> dict[str, list[Row]]:
    """Remarks of intake on the files each piece is made of, each remark once."""
    pieces = {(row["tx"], row["item"]): row["piece_id"] for row in store.where("evidence_file")}
    found: dict[str, list[Row]] = defaultdict(list)
    for line in store.where("intake_line"):
        piece = pieces.get((line["tx"], line["item"]))
        if piece is None or line["verdict"] == "reject":
            continue
        for remark in json.loads(line["reason"]):
            if remark not in found[piece]:
                found[piece].append(remark)
    return dict(found)
