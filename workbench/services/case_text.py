"""Two texts beside each other: what is the same in both, what is a form's, what is the writer's own."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from scoring.similarity.passages import Passage, passages

COPIED, FORM, OWN, CUT = "copied", "form", "own", "cut"

_RETURN = "\u3000"
_FORM_RUN = 8  # normalised characters: the shortest run of a form that is told apart


@dataclass(frozen=True)
class Stretch:
    """A stretch of one text.

    ``kind`` is ``copied``, ``form``, ``own`` or ``cut``; of copied ones ``run``
    is the number of the run, the same in both texts; ``words`` are the
    characters, of a cut stretch none, and ``left_out`` how many were left out.
    """

    kind: str
    words: str
    run: int = 0
    left_out: int = 0


def beside(
    one: str, other: str, forms: Sequence[str]
) -> tuple[tuple[Stretch, ...], tuple[Stretch, ...]]:
    """Cut two texts into stretches; joined again they are the texts.

    Parameters
    ----------
    one, other : str
        The texts as they were read.
    forms : sequence of str
        Known texts; what is in them is nobody's own and not copied from anybody.

    Examples
    --------
    >>> a = "导入：学生分组观察电子白板上的动态演示并记录下自己的发现与疑问。"
    >>> b = "学生分组观察电子白板上的动态演示并记录下自己的发现与疑问！下课"
    >>> [(s.kind, s.words[:4], s.run) for s in beside(a, b, [])[0]]
    [('own', '导入：', 0), ('copied', '学生分组', 1), ('own', '。', 0)]
    """
    found = passages(one, other, forms)
    left = [(p.start_a, p.end_a, COPIED, run) for run, p in enumerate(found, 1)]
    right = [(p.start_b, p.end_b, COPIED, run) for run, p in enumerate(found, 1)]
    return _stretches(one, left, forms), _stretches(other, right, forms)


def covered(stretches: Sequence[Stretch], masked: str) -> tuple[Stretch, ...]:
    """Same stretches in the words of a masked text, character for character as long.

    Examples
    --------
    >>> [s.words for s in covered((Stretch("own", "甲老师"), Stretch("copied", "乙", 1)), "■老师乙")]
    ['■老师', '乙']
    """
    made, at = [], 0
    for each in stretches:
        made.append(replace(each, words=masked[at : at + len(each.words)]))
        at += len(each.words)
    return tuple(made)


def shortened(stretches: Sequence[Stretch], around: int = 60) -> tuple[Stretch, ...]:
    """Leave out the middle of what is not copied, ``around`` characters beside a copied run kept.

    Examples
    --------
    >>> long = (Stretch("own", "甲" * 100), Stretch("copied", "乙" * 30, 1))
    >>> [(s.kind, len(s.words), s.left_out) for s in shortened(long, 10)]
    [('cut', 0, 90), ('own', 10, 0), ('copied', 30, 0)]
    """
    made: list[Stretch] = []
    for place, each in enumerate(stretches):
        before = any(s.kind == COPIED for s in stretches[place - 1 : place]) * around
        after = any(s.kind == COPIED for s in stretches[place + 1 : place + 2]) * around
        gap = len(each.words) - before - after
        if each.kind == COPIED:
            made.append(each)
            continue
        words = each.words.replace("\n", _RETURN)  # a table's cells, one a line, fill the screen
        if gap <= around // 2:
            made.append(Stretch(each.kind, words))
            continue
        head, tail = words[:before], words[len(words) - after :]
        parts = (
            Stretch(each.kind, head),
            Stretch(CUT, "", left_out=gap),
            Stretch(each.kind, tail),
        )
        made += [part for part in parts if part.words or part.left_out]
    return tuple(_joined(made))


def _joined(stretches: Iterable[Stretch]) -> list[Stretch]:
    """Put neighbouring cuts together: one gap is one mark."""
    made: list[Stretch] = []
    for each in stretches:
        if made and each.kind == CUT and made[-1].kind == CUT:
            made[-1] = Stretch(CUT, "", left_out=made[-1].left_out + each.left_out)
        else:
            made.append(each)
    return made


def _stretches(
    text: str, copied: list[tuple[int, int, str, int]], forms: Sequence[str]
) -> tuple[Stretch, ...]:
    spans = sorted([*copied, *_form_spans(text, copied, forms)])
    made: list[Stretch] = []
    at = 0
    for start, end, kind, run in spans:
        if start > at:
            made.append(Stretch(OWN, text[at:start]))
        made.append(Stretch(kind, text[start:end], run))
        at = end
    if at < len(text):
        made.append(Stretch(OWN, text[at:]))
    return tuple(made)


def _form_spans(
    text: str, copied: list[tuple[int, int, str, int]], forms: Sequence[str]
) -> list[tuple[int, int, str, int]]:
    """Ranges of a form's words that no copied run has, none overlapping another."""
    taken = [(start, end) for start, end, _, _ in copied]
    made = []
    found: list[Passage] = [p for form in forms for p in passages(text, form, (), _FORM_RUN)]
    for each in sorted(found, key=lambda p: p.start_a - p.end_a):
        start, end = each.start_a, each.end_a
        if all(end <= low or start >= high for low, high in taken):
            taken.append((start, end))
            made.append((start, end, FORM, 0))
    return made
