"""Masked copies as they stand: the latest of each file of each piece."""

from __future__ import annotations

import json

from models.store import Row, Store


def copies_by_file(store: Store) -> dict[tuple[str, str], Row]:
    """Content of the latest copy, by piece and SHA-256 of the original."""
    return {
        (row["piece_id"], row["sha256"]): json.loads(row["content"])
        for row in store.where("blind_copy")
    }


def copies_of(store: Store, piece_id: str) -> dict[str, Row]:
    """Content of the latest copy of each file of one piece, by SHA-256 of the original."""
    return {
        row["sha256"]: json.loads(row["content"])
        for row in store.where("blind_copy", piece_id=piece_id)
    }


def files_of(store: Store, piece_id: str) -> list[Row]:
    """Files of one piece in the order they came, each with its media type (empty if not here).

    A video first stated and later attached is one file: the one attached.
    """
    rows = store.rows(
        "SELECT f.*, COALESCE(e.media_type, '') AS media_type FROM evidence_file AS f "
        "LEFT JOIN extract AS e USING (sha256) WHERE f.piece_id = ? ORDER BY f.file_id",
        (piece_id,),
    )
    here = {row["sha256"] for row in rows if row["attached"]}
    return [
        {**row, "stated": json.loads(row["stated"])}
        for row in rows
        if row["attached"] or row["sha256"] not in here
    ]


def revealed_at(store: Store, piece_id: str, actors: tuple[str, ...], action: str) -> str:
    """Latest time one of these names did this to a piece; empty if never."""
    places = ", ".join("?" for _ in actors)
    found = store.rows(
        f"SELECT MAX(at) AS at FROM audit_log WHERE action = ? AND object = ? "  # noqa: S608
        f"AND actor IN ({places})",
        (action, piece_id, *actors),
    )
    return str(found[0]["at"] or "")
