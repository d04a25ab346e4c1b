"""Comment banks: words a person keeps to use again, for one criterion or for any."""

from __future__ import annotations

from datetime import datetime

from models.desk_store import DeskStore, moment
from models.store import Row


def phrases_of(desk: DeskStore, person_id: str) -> list[Row]:
    """Phrases of a person, the most used first."""
    return desk.rows(
        "SELECT phrase_id, criterion_id, words, used FROM phrase WHERE person_id = ? "
        "ORDER BY used DESC, phrase_id DESC",
        (person_id,),
    )


def all_phrases(desk: DeskStore) -> list[tuple[str, str]]:
    """Person and words of every phrase anybody keeps."""
    rows = desk.rows("SELECT person_id, words FROM phrase ORDER BY phrase_id")
    return [(str(row["person_id"]), str(row["words"])) for row in rows]


def keep_phrase(
    desk: DeskStore, person_id: str, criterion_id: str, words: str, at: datetime
) -> None:
    """Keep a phrase for one criterion, or for any where ``criterion_id`` is empty."""
    desk.write(
        "INSERT INTO phrase (person_id, criterion_id, words, at) VALUES (?, ?, ?, ?) "
        "ON CONFLICT DO NOTHING",
        (person_id, criterion_id, words, moment(at)),
    )


def count_use(desk: DeskStore, person_id: str, phrase_id: int) -> None:
    """Count that a phrase of this person was used, which moves it up."""
    desk.write(
        "UPDATE phrase SET used = used + 1 WHERE phrase_id = ? AND person_id = ?",
        (phrase_id, person_id),
    )


def drop_phrase(desk: DeskStore, person_id: str, phrase_id: int) -> None:
    """Take a phrase of this person out of the bank."""
    desk.write("DELETE FROM phrase WHERE phrase_id = ? AND person_id = ?", (phrase_id, person_id))
