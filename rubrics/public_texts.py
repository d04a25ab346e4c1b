"""Public texts that ship with the catalogue: notices and opinions of the programme, in their words.

Official documents that every school quotes. What stands in them is nobody's own
and copied from nobody; people's names, numbers and addresses are left out.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from rubrics.rubric import Rubric

_FOLDER = Path(__file__).parent / "catalogue" / "public_texts"


def public_texts() -> tuple[str, ...]:
    """Texts of the shipped documents, in the order of their file names."""
    return tuple(path.read_text(encoding="utf-8") for path in sorted(_FOLDER.glob("*.txt")))


def wording(rubrics: Iterable[Rubric]) -> str:
    """Everything a teacher may quote of the rubrics, one sentence a line: names, questions, criteria."""
    lines = []
    for rubric in rubrics:
        lines += [rubric.name_zh, rubric.question_zh]
        for slot in rubric.slots:
            lines += [slot.name_zh, *(criterion.text_zh for criterion in slot.criteria)]
    return "\n".join(lines)
