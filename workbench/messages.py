"""Sentences people read, by key, in the language of the run.

One TOML file a feature and language under ``locale/zh`` and ``locale/en``; the
file's name is the first part of the key: ``hold.duplicate`` stands as
``duplicate`` in ``hold.toml``.
"""

from __future__ import annotations

import tomllib
from contextvars import ContextVar
from functools import cache
from pathlib import Path

from rubrics.errors import WorkbenchError

LANGUAGES = ("zh", "en")
_LOCALE = Path(__file__).with_name("locale")
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
    return _feature(in_language, key.partition(".")[0])[key].format(**values)


def has(key: str) -> bool:
    """Whether the language of the run has a sentence for the key."""
    return key in _feature(language(), key.partition(".")[0])


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
    for name in sorted(_features(in_language)):
        found |= _feature(in_language, name)
    return found


@cache
def _features(in_language: str) -> frozenset[str]:
    return frozenset(path.stem for path in (_LOCALE / in_language).glob("*.toml"))


@cache
def _feature(in_language: str, name: str) -> dict[str, str]:
    """Sentences of one feature by full key: a command reads the few files it speaks from."""
    found: dict[str, str] = {}
    if name in _features(in_language):
        written = (_LOCALE / in_language / f"{name}.toml").read_text(encoding="utf-8")
        _flatten(tomllib.loads(written), name, found)
    return found


def placeholders(template: str) -> frozenset[str]:
    """Names of the values a sentence is filled with."""
    import string  # what only checks of sentences ask for

    return frozenset(name for _, name, _, _ in string.Formatter().parse(template) if name)


def _flatten(table: dict[str, object], prefix: str, into: dict[str, str]) -> None:
    for key, value in table.items():
        if isinstance(value, dict):
            _flatten(value, f"{prefix}.{key}", into)
        else:
            into[f"{prefix}.{key}"] = str(value)
