"""The word pools the invented county writes from: topics, kits, forms, names of things."""

from __future__ import annotations

import csv
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

_HERE = Path(__file__).parent / "words"


@dataclass(frozen=True)
class Topic:
    """One lesson topic with the words its documents are made of."""

    stage: str
    subject: str
    grade: str
    title: str
    concepts: tuple[str, ...]
    slips: tuple[str, ...]
    tasks: tuple[str, ...]
    life: tuple[str, ...]
    ask: str


@dataclass(frozen=True)
class Kit:
    """What one competency is about, in words."""

    focus: str
    aims: tuple[str, ...]
    tools: tuple[str, ...]
    moves: tuple[str, ...]
    signs: tuple[str, ...]
    snags: tuple[str, ...]


@dataclass(frozen=True)
class Section:
    """One box of a form: its label, the prompt to write over, and sentences to fill it with."""

    label: str
    prompt: str
    count: int
    frames: tuple[str, ...]
    steps: bool = False


@dataclass(frozen=True)
class Form:
    """A blank form of the county."""

    key: str
    title: str
    note: str
    sections: tuple[Section, ...]


@cache
def _table(name: str) -> dict[str, Any]:
    return tomllib.loads((_HERE / name).read_text(encoding="utf-8"))


@cache
def topics() -> tuple[Topic, ...]:
    """Every topic of the pool."""
    with (_HERE / "topics.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        Topic(
            row["stage"],
            row["subject"],
            row["grade"],
            row["title"],
            tuple(row["concepts"].split(";")),
            tuple(row["slips"].split(";")),
            tuple(row["tasks"].split(";")),
            tuple(row["life"].split(";")),
            row["asks"],
        )
        for row in rows
    )


@cache
def kit(competency: str) -> Kit:
    """Words of a competency; KeyError where there are none."""
    entry = _table("kits.toml")[competency]
    return Kit(
        entry["focus"],
        *(tuple(entry[key]) for key in ("aims", "tools", "moves", "signs", "snags")),
    )


@cache
def form(key: str) -> Form:
    """One blank form."""
    entry = _table("forms.toml")[key]
    sections = tuple(
        Section(s["label"], s["prompt"], s["count"], tuple(s["frames"]), s.get("steps", False))
        for s in entry["section"]
    )
    return Form(key, entry["title"], entry["note"], sections)


FORMS = ("lesson", "plan", "statement", "reflection", "account", "rubricsheet")


def common(key: str) -> tuple[str, ...]:
    """A pool any competency may borrow from."""
    return tuple(_table("common.toml")[key])


@cache
def synonyms() -> dict[str, tuple[str, ...]]:
    """For each word the group of words that may stand in its place."""
    groups = [tuple(group) for group in _table("common.toml")["synonyms"]]
    return {group[0]: group for group in groups}


def account_frames(voice: str) -> tuple[str, ...]:
    """Sentences a pupil of that stage, or a parent, may say."""
    return tuple(_table("accounts.toml")[voice]["frames"])


def comments(key: str) -> tuple[str, ...]:
    """Sentences and places for raters' comments."""
    return tuple(_table("comments.toml")[key])
