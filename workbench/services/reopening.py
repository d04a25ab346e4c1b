"""Reopening a piece: the reads so far stay on record, and fresh raters read again."""

from __future__ import annotations

from collections.abc import Iterable

from models.ratings import reading_of
from models.store import Store, Transaction


def reopen(store: Store, tx: Transaction, piece_ids: Iterable[str], cause: str) -> list[str]:
    """Begin a new reading of each piece; returns the pieces.

    ``cause`` names what led to it: ``objection:…``, ``hold:…`` or ``county:…``.
    """
    readings = reading_of(store)
    rows = [
        {"piece_id": piece_id, "reading": readings.get(piece_id, 1) + 1, "cause": cause}
        for piece_id in dict.fromkeys(piece_ids)
    ]
    tx.insert("reopening", rows)
    return [str(row["piece_id"]) for row in rows]
