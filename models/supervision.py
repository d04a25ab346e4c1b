"""The county's sample and decisions as they stand."""

from __future__ import annotations

from models.store import Row, Store

BY_CHANCE = "stratified"
"""Why a piece was drawn, where it was by chance."""


def latest_sample(store: Store) -> list[Row]:
    """Pieces of the newest sample with their school and why each was drawn."""
    return store.rows(
        "SELECT k.sample_id, k.piece_id, k.why, t.school_id FROM county_sample_piece AS k "
        "JOIN piece AS p USING (piece_id) JOIN submission AS s USING (submission_id) "
        "JOIN teacher AS t USING (teacher_id) WHERE k.sample_id = "
        "(SELECT sample_id FROM county_sample ORDER BY tx DESC LIMIT 1) ORDER BY k.rowid"
    )


def latest_decisions(store: Store) -> dict[str, str]:
    """Latest decision on each school, on the newest sample alone."""
    rows = store.rows(
        "SELECT school_id, decision FROM county_decision WHERE sample_id = "
        "(SELECT sample_id FROM county_sample ORDER BY tx DESC LIMIT 1) ORDER BY decision_id"
    )
    return {row["school_id"]: row["decision"] for row in rows}
