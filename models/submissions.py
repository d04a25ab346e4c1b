"""Submissions, pieces and files as they stand."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator

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


def owned_pieces(store: Store, *, seeds: bool = False) -> list[Row]:
    """Every piece with its slot, submission, teacher, school and competency.

    ``seeds`` takes the seed pieces in, which are nobody's work of this round.
    """
    return store.rows(
        "SELECT p.piece_id, p.slot_id, p.submission_id, s.competency, s.attempt, s.teacher_id, "
        "t.school_id, t.teacher_no, t.name AS teacher_name, h.name AS school_name FROM piece AS p "
        "JOIN submission AS s USING (submission_id) JOIN teacher AS t USING (teacher_id) "
        "JOIN school AS h USING (school_id) "
        "WHERE ? OR p.piece_id NOT IN (SELECT piece_id FROM seed_piece) ORDER BY p.rowid",
        (seeds,),
    )


def submitted_slots(store: Store) -> list[Row]:
    """Every submission with each slot filled in it (one row without a piece where none is)."""
    return store.rows(
        "SELECT s.*, p.piece_id, p.slot_id FROM submission AS s LEFT JOIN piece AS p "
        "USING (submission_id) WHERE p.piece_id IS NULL OR p.piece_id NOT IN "
        "(SELECT piece_id FROM seed_piece) ORDER BY s.attempt, p.rowid"
    )


def pieces_by_item(store: Store) -> dict[str, str]:
    """Piece of each of the caller's own item ids; several items may be one piece."""
    return {
        row["item"]: row["piece_id"]
        for row in store.rows(
            "SELECT item, piece_id FROM evidence_file WHERE item NOT LIKE '#%' "
            "AND piece_id NOT IN (SELECT piece_id FROM seed_piece)"
        )
    }


def extracts(store: Store) -> dict[str, Row]:
    """What was read out of each file, by SHA-256."""
    return {row["sha256"]: json.loads(row["facts"]) for row in store.where("extract")}


def blank_forms(store: Store) -> list[Row]:
    """Facts of every registered blank form, its name beside them."""
    return [form for form in _registered(store) if form.get("registered_as", "form") == "form"]


def quotations(store: Store) -> list[Row]:
    """Facts of every registered public quotation, its name beside them."""
    return [form for form in _registered(store) if form.get("registered_as") == "quotation"]


def _registered(store: Store) -> list[Row]:
    return [{**json.loads(row["text"]), "name": row["name"]} for row in store.where("blank_form")]


def facts_of_file(store: Store, sha256: str) -> Row:
    """What was read out of one file; empty where nothing was."""
    found = store.one("extract", sha256=sha256)
    return json.loads(found["facts"]) if found else {}


def earlier_prints(store: Store) -> Iterator[tuple[str, Row, bytes, bytes]]:
    """Each fingerprint of earlier rounds: its source, what is stated of it, hashes and places."""
    query = "SELECT source, content, hashes, positions FROM earlier_print ORDER BY print_id"
    for source, content, hashes, positions in store.tuples(query):
        yield source, json.loads(content), hashes, positions


def earlier_sources(store: Store) -> dict[str, int]:
    """Pieces of each earlier round whose fingerprints are here."""
    rows = store.rows("SELECT source, COUNT(*) AS n FROM earlier_print GROUP BY source")
    return {row["source"]: row["n"] for row in rows}


def pieces_with_reads(store: Store) -> set[str]:
    """Pieces somebody has read."""
    return {row["piece_id"] for row in store.rows("SELECT DISTINCT piece_id FROM read")}


KnownFiles = dict[int, tuple[str, dict[str, bool]]]
"""By attempt: the piece, and its files' digests with whether each is here."""


def known_files(store: Store) -> dict[tuple[str, str], KnownFiles]:
    """Pieces and files there are, by teacher and slot."""
    found: dict[tuple[str, str], KnownFiles] = defaultdict(dict)
    for row in store.rows(
        "SELECT f.sha256, MAX(f.attached) AS attached, p.piece_id, p.slot_id, s.teacher_id, "
        "s.attempt "
        "FROM evidence_file AS f JOIN piece AS p USING (piece_id) "
        "JOIN submission AS s USING (submission_id) GROUP BY p.piece_id, f.sha256 ORDER BY p.rowid"
    ):
        tries = found[row["teacher_id"], row["slot_id"]]
        _, files = tries.setdefault(row["attempt"], (row["piece_id"], {}))
        files[row["sha256"]] = bool(row["attached"])
    return dict(found)


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
