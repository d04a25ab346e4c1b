"""The comment bank 评语库: a person's own phrases, and some to begin with."""

from __future__ import annotations

from datetime import datetime
from functools import cache
from typing import Any

from models.desk_store import DeskStore
from models.phrases import count_use, drop_phrase, keep_phrase, phrases_of
from workbench import messages
from workbench.errors import InputError
from workbench.services.workspace import Workspace

LONGEST_PHRASE = 300
"""Characters; longer words belong to one piece alone."""

MOST_PHRASES = 200
"""Phrases a person can keep; more than that nobody finds again."""


def phrases(workspace: Workspace, person_id: str) -> list[dict[str, Any]]:
    """Phrases a person keeps: ``id``, ``criterion`` (empty for any), ``words``; most used first."""
    with workspace.desk() as desk:
        return _told(desk, person_id)


def keep(
    workspace: Workspace, person_id: str, criterion_id: str, words: str, at: datetime
) -> list[dict[str, Any]]:
    """Keep a phrase for one criterion (or any, where empty); returns all of them.

    Raises
    ------
    InputError
        If it is empty or too long, or the bank is full.
    """
    words = " ".join(words.split())
    with workspace.desk() as desk, desk.transaction():
        if not 0 < len(words) <= LONGEST_PHRASE or len(phrases_of(desk, person_id)) >= MOST_PHRASES:
            raise InputError(
                f"a phrase has 1 to {LONGEST_PHRASE} characters, a bank {MOST_PHRASES} phrases. "
                "Shorten it, or take one out.",
                key="desk.phrase",
                most=LONGEST_PHRASE,
                phrases=MOST_PHRASES,
            )
        keep_phrase(desk, person_id, criterion_id, words, at)
        return _told(desk, person_id)


def use(workspace: Workspace, person_id: str, phrase_id: int) -> list[dict[str, Any]]:
    """Count that a phrase was used; returns all of them."""
    with workspace.desk() as desk, desk.transaction():
        count_use(desk, person_id, phrase_id)
        return _told(desk, person_id)


def drop(workspace: Workspace, person_id: str, phrase_id: int) -> list[dict[str, Any]]:
    """Take a phrase out of the bank; returns those left."""
    with workspace.desk() as desk, desk.transaction():
        drop_phrase(desk, person_id, phrase_id)
        return _told(desk, person_id)


def starters() -> list[str]:
    """Phrases everybody has, in the language of the session; not to be changed."""
    return starters_in(messages.language())


@cache
def starters_in(language: str) -> list[str]:
    """Phrases everybody has, in one language; not to be changed."""
    known = messages.catalogue(language)
    return [known[key] for key in sorted(known) if key.startswith("desk.starter.")]


def _told(desk: DeskStore, person_id: str) -> list[dict[str, Any]]:
    return [
        {"id": row["phrase_id"], "criterion": row["criterion_id"], "words": row["words"]}
        for row in phrases_of(desk, person_id)
    ]
