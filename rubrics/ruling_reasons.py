"""Reasons of rulings 裁定理由: the codes a chair chooses from, with their words in both languages."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path

_FILE = Path(__file__).parent / "catalogue" / "rulings" / "reasons.toml"


@dataclass(frozen=True)
class RulingReason:
    """One reason; ``about_…`` says when it fits."""

    code: str
    zh: str
    en: str
    about_zh: str
    about_en: str


@cache
def ruling_reasons() -> tuple[RulingReason, ...]:
    """Every reason that ships, in the order of the catalogue.

    >>> [reason.code for reason in ruling_reasons()][:2]
    ['place_shown', 'place_absent']
    """
    listed = tomllib.loads(_FILE.read_text(encoding="utf-8"))
    return tuple(RulingReason(code, **words) for code, words in listed.items())
