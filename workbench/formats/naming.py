"""Which competency, slot or criterion a text names: by code, by full name, or by both.

A code and a name that contradict each other are never resolved by preferring
one: evidence would be judged by criteria it was not made for.
"""

from __future__ import annotations

import difflib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

from rubrics.rubric import Criterion, Rubric, RubricSet, Slot
from workbench.formats.cells import normal, squeezed, without_brackets

_NUMBER_WORDS = str.maketrans("一二三四五六七八九", "123456789")
_NTH = re.compile(r"(?:第|证据|材料|证据项)?([1-9])(?:件|项|号)?")
_DASHES = re.compile(r"[-‐-―－_－﹣−]+")
_AFTER = " .．、:：-—_()（）[]【】"


@dataclass(frozen=True)
class Named:
    """A competency code found in a text, or why none was; ``near`` is the likeliest meant."""

    code: str | None
    problem: Literal["", "unknown", "contradiction"] = ""
    near: str = ""


class Names:
    """Codes and names of one set of rubrics, ready to be looked up row by row."""

    def __init__(self, rubric_set: RubricSet) -> None:
        self._rubrics = list(rubric_set)
        # Longest first, so that A10 is not read as A1.
        self._codes = sorted((r.competency for r in self._rubrics), key=len, reverse=True)
        self._by_name = {
            normal(name): rubric.competency
            for rubric in self._rubrics
            for name in (rubric.name_en, rubric.name_zh)
            if name
        }
        self._slots = {
            coded(slot.slot_id): (rubric, slot) for rubric in self._rubrics for slot in rubric.slots
        }
        self._found: dict[str, Named] = {}

    def competency(self, text: str) -> Named:
        """Read a cell that should name one competency.

        ``A1``, ``ａ１``, the full name, or both (``A1 技术支持的学情分析``).
        ``contradiction`` where code and name belong to different competencies.
        """
        if text not in self._found:
            self._found[text] = self._read_competency(text)
        return self._found[text]

    def slot_anywhere(self, text: str) -> tuple[Rubric, Slot] | None:
        """Slot of any competency by its id, alone or before its name; None for anything else."""
        exact = self._slots.get(coded(text))
        if exact or not text:
            return exact
        for rubric, slot in self._slots.values():
            if _is_slot_id(text, slot):
                return rubric, slot
        return None

    def codes(self) -> tuple[str, ...]:
        """Competency codes, longest first."""
        return tuple(self._codes)

    def full_names(self) -> dict[str, str]:
        """Competency codes by the comparison form of their names."""
        return dict(self._by_name)

    def _read_competency(self, text: str) -> Named:
        whole = normal(text)
        if whole in self._by_name:
            return Named(self._by_name[whole])
        for code in self._codes:
            rest = after_code(text, code)
            if rest is None:
                continue
            if not rest or self._by_name.get(rest) == code:
                return Named(code)
            if rest in self._by_name:
                return Named(None, "contradiction", f"{code} / {self._by_name[rest]}")
            return Named(None, "unknown", code)
        near = nearest(whole, self._by_name)
        return Named(None, "unknown", self._by_name.get(near, ""))


def find_slot(text: str, rubric: Rubric) -> Slot | None:
    """Read a cell that should name one slot of a competency.

    ``A1-1``, its name, both, or its place (``1``, ``证据一``). None where
    nothing of that competency is named; an id with another slot's name is
    nothing either.
    """
    forms = {normal(text), normal(without_brackets(text))} - {""}
    for slot in rubric.slots:
        if forms & {normal(slot.name_zh), normal(slot.name_en)} or _is_slot_id(text, slot):
            return slot
    nth = _NTH.fullmatch(normal(text).translate(_NUMBER_WORDS))
    if nth and int(nth[1]) <= len(rubric.slots):
        return rubric.slots[int(nth[1]) - 1]
    return None


def find_criterion(text: str, slot: Slot) -> Criterion | None:
    """Criterion a cell names: ``A1-1.P1``, ``P1``, or its whole Chinese text."""
    wanted = coded(text)
    for criterion in slot.criteria:
        whole = criterion.criterion_id
        if wanted in (coded(whole), coded(whole.removeprefix(slot.slot_id).lstrip("."))):
            return criterion
    whole_text = normal(text)
    return next((c for c in slot.criteria if normal(c.text_zh) == whole_text), None)


@lru_cache(maxsize=4096)
def coded(text: str) -> str:
    """Comparison form of an id, in which dashes and dots still count.

    Examples
    --------
    >>> coded(" Ａ1－1 ") == coded("a1-1") != coded("A11")
    True
    """
    return _DASHES.sub("-", squeezed(text)).casefold()


def after_code(text: str, code: str) -> str | None:
    """Comparison form of what follows a code at the start; None where another code stands there.

    Examples
    --------
    >>> after_code("A1 学情分析", "A1"), after_code("A10", "A1"), after_code("（A1）", "A1")
    ('学情分析', None, '')
    """
    form = coded(text).lstrip("([【")
    rest = form[len(code) :]
    if not form.startswith(coded(code)) or rest[:1].isdigit():
        return None
    return normal(rest.strip(_AFTER))


def slot_names(rubric: Rubric) -> tuple[str, ...]:
    """Ids and names of a competency's slots, for a sentence."""
    return tuple(f"{slot.slot_id} {slot.name_zh}" for slot in rubric.slots)


def nearest(text: str, names: Iterable[str]) -> str:
    """Most similar of some names; empty where none is similar."""
    near = difflib.get_close_matches(text, list(names), n=1, cutoff=0.6)
    return near[0] if near else ""


def _is_slot_id(text: str, slot: Slot) -> bool:
    rest = after_code(text, slot.slot_id)
    return rest is not None and rest in ("", normal(slot.name_zh), normal(slot.name_en))
