"""Sentences people read, by key, in the language of the run.

One TOML file a feature and language under ``locale/zh`` and ``locale/en``; the
file's name is the first part of the key: ``hold.duplicate`` stands as
``duplicate`` in ``hold.toml``.
"""

from __future__ import annotations

import string
import tomllib
from contextvars import ContextVar
from functools import cache
from importlib import resources

from rubrics.errors import WorkbenchError

LANGUAGES = ("zh", "en")
_language: ContextVar[str] = ContextVar("language", default="zh")


def use_language(language: str) -> None:
    """Set the language of this run or session; KeyError for one without sentences."""
    if language not in LANGUAGES:
        raise KeyError(language)
    _language.set(language)


def language() -> str:
    """Language of this run or session: ``zh`` or ``en``."""
    return _language.get()


def text(key: str, /, **values: object) -> str:
    """Write out the sentence of a key, filled with the values, in the language of the run."""
    return sentence(language(), key, **values)


def sentence(in_language: str, key: str, /, **values: object) -> str:
    """Write out the sentence of a key in a named language; KeyError where it is missing."""
    return catalogue(in_language)[key].format(**values)


def has(key: str) -> bool:
    """Whether the language of the run has a sentence for the key."""
    return key in catalogue(language())


def explain(error: WorkbenchError) -> str:
    """Say an expected error in the language of the run.

    The English message stands in where the locale has no sentence for its key.
    """
    key = f"error.{error.key}"
    if error.key and has(key):
        return text(key, **{name: _said(value) for name, value in error.values.items()})
    return error.message


def _said(value: object) -> object:
    """Words for the codes in a tuple: keys of the locale, or pairs of a key and a count."""
    if not isinstance(value, tuple):
        return value
    words = [_word(part) for part in value]
    return ("、" if language() == "zh" else ", ").join(words)


def _word(part: object) -> str:
    key, count = part if isinstance(part, tuple) else (part, "")
    said = text(key) if isinstance(key, str) and has(key) else key
    return f"{said} {count}".rstrip()


@cache
def catalogue(in_language: str) -> dict[str, str]:
    """All sentences of one language by full key."""
    found: dict[str, str] = {}
    folder = resources.files("workbench.locale") / in_language
    for entry in sorted(folder.iterdir(), key=lambda item: item.name):
        if entry.name.endswith(".toml"):
            table = tomllib.loads(entry.read_text(encoding="utf-8"))
            _flatten(table, entry.name.removesuffix(".toml"), found)
    return found


def placeholders(template: str) -> frozenset[str]:
    """Names of the values a sentence is filled with."""
    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


def _flatten(table: dict[str, object], prefix: str, into: dict[str, str]) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}.{key}", into)
        else:
            into[f"{prefix}.{key}"] = str(value)
