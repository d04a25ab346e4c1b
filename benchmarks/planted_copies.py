"""A county's texts with copies of every kind planted, and decoys that are none.

Who copied from whom is known, so what the search finds can be counted. Decoys are
what honest texts share: the form, textbook sentences, a long policy quotation that
eight teachers cite, the school's own paragraph.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np

from benchmarks.invented_lessons import SubjectLessons
from benchmarks.invented_prose import ChainedProse, LongTables, ShortNotes
from benchmarks.invented_texts import DrawnWords, Language, Sentences, TeacherPhrases
from scoring.similarity.traditional import SIMPLIFIED, TRADITIONAL

SCHOOL = 30  # teachers of a school
_CITED_BY = 8
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_TRADITIONAL = {ord(s): t for t, s in zip(TRADITIONAL, SIMPLIFIED, strict=True)}

REWRITTEN = ("verbatim", "edited 10", "edited 30", "edited 50", "shuffled", "characters", "words")
PARTS = ("section", "mosaic")
DISGUISES: dict[str, Callable[[str], str]] = {
    "traditional": lambda text: text.translate(_TRADITIONAL),
    "full width": lambda text: text.translate(_FULL_WIDTH).replace("。", "．"),
    "invisible": lambda text: "\u200b".join(text[at : at + 5] for at in range(0, len(text), 5)),
    "pdf lines": lambda text: "\n".join(
        text[at : at + 37] + ("\n第 3 页 共 9 页" if at % 1110 == 0 else "")
        for at in range(0, len(text), 37)
    ),
}
KINDS = (*REWRITTEN, *PARTS, *DISGUISES)
HARD = ("paragraph", "torn paragraph")
"""Some 160 characters of another's, hardly longer than a quotation: in one place, or as it falls
under the headings of two forms, in two or three parts far from each other."""


@dataclass
class County:
    """Texts by place, one a teacher, with what was planted.

    ``planted`` names the kind of each pair of places; ``popular`` are the places
    of one text that very many took from the web.
    """

    texts: Sentences = field(default_factory=list)
    planted: dict[tuple[int, int], str] = field(default_factory=dict)
    popular: set[int] = field(default_factory=set)
    forms: Sentences = field(default_factory=list)
    quotations: Sentences = field(default_factory=list)
    strata: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def linked(self) -> set[tuple[int, int]]:
        """Pairs that are planted, and two sources of one mosaic or two copies of one text."""
        groups: dict[int, set[int]] = {}
        for a, b in self.planted:
            group = groups.get(a, {a}) | groups.get(b, {b})
            groups.update(dict.fromkeys(group, group))
        return {(a, b) for group in groups.values() for a in group for b in group if a < b}


Spoken = type[DrawnWords | TeacherPhrases | SubjectLessons | ChainedProse | ShortNotes | LongTables]
LANGUAGES: tuple[Spoken, ...] = (DrawnWords, TeacherPhrases, SubjectLessons)
UNSEEN: tuple[Spoken, ...] = (ChainedProse, ShortNotes, LongTables)
"""Languages made after the search and its limits were."""


def quoting(language: Spoken, sentences: int) -> Spoken:
    """Make textbook passages of so many sentences, in a way to invent texts."""

    class Quoting(language):  # type: ignore[misc, valid-type]
        """The same words, with longer quotations."""

        def __init__(self, seed: int) -> None:
            super().__init__(seed)
            self.quotations: list[Sentences] = [
                ["".join(self.sentence(topic) for _ in range(sentences)) for _ in of_topic]
                for topic, of_topic in enumerate(self.quotations)
            ]

    return Quoting


def county(size: int, seed: int, language: Spoken, each: int | None = None) -> County:
    """Invent ``size`` texts with ``each`` copies of each kind planted.

    Without ``each`` eight, or one in 250 if that is more, of some kinds fewer.
    """
    speaks = language(seed)
    draw = speaks.random
    made = County(
        forms=["\n".join(form) for form in speaks.forms],
        quotations=[*speaks.policies, *(one for topic in speaks.quotations for one in topic)],
    )
    topics = draw.integers(0, speaks.topics, size)
    forms = _forms(speaks, size)
    tasks = draw.integers(0, 6, size) if speaks.by_school else forms
    bodies = [speaks.body(int(topic)) for topic in topics]
    order = draw.permutation(size).tolist()
    few = max(8, size // 250)
    counts = dict.fromkeys((*KINDS, *HARD), each or few)
    if each is None:
        counts |= {"mosaic": max(3, few // 4), **dict.fromkeys(HARD, few // 2)}
    disguised = _plant(made, speaks, bodies, topics, order, counts)
    _cite(speaks, bodies, order)
    schools = [
        "".join(speaks.sentence(0) for _ in range(4)) if school % 2 else ""
        for school in range(size // SCHOOL + 1)
    ]
    for at, body in enumerate(bodies):
        text = speaks.page(int(forms[at]), body, schools[at // SCHOOL])
        made.texts.append(DISGUISES[disguised[at]](text) if at in disguised else text)
        subject = f"subject {topics[at] % speaks.subjects}"
        stratum = (f"s{at // SCHOOL}", subject, f"competency {tasks[at]}")
        made.strata.append(stratum)
    return made


def _forms(speaks: Language, size: int) -> np.ndarray:
    """Form of each text: drawn, or its school's."""
    count = len(speaks.forms)
    if speaks.by_school:
        return np.arange(size) // SCHOOL % count
    return speaks.random.integers(0, count, size)


def pages(size: int, seed: int, language: Spoken) -> tuple[Sentences, Iterator[str]]:
    """Forms of a county and its texts one by one, every fiftieth a copy of the one before."""
    speaks = language(seed)
    return ["\n".join(form) for form in speaks.forms], _pages(size, speaks)


def _pages(size: int, speaks: Language) -> Iterator[str]:
    body: Sentences = []
    for at in range(size):
        topic = int(speaks.random.integers(speaks.topics))
        body = body if at % 50 == 49 else speaks.body(topic)
        yield speaks.page(int(speaks.random.integers(len(speaks.forms))), body, "")


def _plant(
    made: County,
    speaks: Language,
    bodies: list[Sentences],
    topics: np.ndarray,
    order: list[int],
    counts: dict[str, int],
) -> dict[int, str]:
    """Replace bodies by copies of others; return the disguise of each place that has one."""
    disguised, draw = {}, speaks.random
    for kind, count in counts.items():
        for _ in range(count):
            copy = order.pop()
            sources = [order.pop() for _ in range(4 if kind == "mosaic" else 1)]
            for source in sources:
                made.planted[min(source, copy), max(source, copy)] = kind
            topic = int(topics[copy])
            if kind == "paragraph":
                bodies[sources[0]] = _with_a_paragraph(draw, bodies[sources[0]], 160)
            bodies[copy] = _copy(kind, speaks, [bodies[s] for s in sources], bodies[copy], topic)
            if kind in DISGUISES:
                disguised[copy] = kind
    many = len(bodies) * 3 // 100
    if many > 20:
        source, *copies = (order.pop() for _ in range(many + 1))
        made.popular = {source, *copies}
        for copy in copies:
            topic = int(topics[copy])
            bodies[copy] = _copy("edited 30", speaks, [bodies[source]], bodies[copy], topic)
    return disguised


def _cite(speaks: Language, bodies: list[Sentences], order: list[int]) -> None:
    """Let teachers who copied nothing, as far as there are some, cite a long passage of a policy."""
    for passage in speaks.cited[: len(order) // _CITED_BY]:
        for _ in range(_CITED_BY):
            bodies[order.pop()].insert(2, passage)


def _copy(
    kind: str, speaks: Language, sources: list[Sentences], own: Sentences, topic: int
) -> Sentences:
    draw, source = speaks.random, sources[0]
    if kind.startswith("edited"):  # that many sentences in a hundred are new
        share = int(kind.split()[1]) / 100
        return [speaks.sentence(topic) if draw.random() < share else one for one in source]
    if kind == "shuffled":
        return [source[place] for place in draw.permutation(len(source))]
    if kind in ("characters", "words"):
        step, share = (1, 0.1) if kind == "characters" else (2, 0.2)
        return [_swapped(speaks, one, topic, step, share) for one in source]
    if kind == "section":
        return _with(own, _lifted(draw, source, 300))
    if kind == "paragraph":
        return _with(own, [max(source, key=len)])
    if kind == "torn paragraph":
        return _with(own, _lifted(draw, source, 160))
    if kind == "mosaic":  # a quarter of its own, the rest from four others
        parts = [_lifted(draw, one, 300) for one in sources]
        return [sentence for part in (own[: max(4, len(own) // 6)], *parts) for sentence in part]
    return list(source)


def _with(own: Sentences, lifted: Sentences) -> Sentences:
    first = len(own) // 3
    return [*own[:first], *lifted, *own[first + len(lifted) :]]


def _with_a_paragraph(draw: np.random.Generator, source: Sentences, chars: int) -> Sentences:
    """Join some sentences in a row, so that no heading comes between them."""
    first = int(draw.integers(len(source) // 3))
    last = first
    while sum(map(_worth, source[first:last])) < chars:
        last += 1
    return [*source[:first], "".join(source[first:last]), *source[last:]]


def _lifted(draw: np.random.Generator, source: Sentences, chars: int) -> Sentences:
    """Sentences in a row, together worth at least so many ideographs."""
    first = int(draw.integers(max(1, len(source) * 2 // 3)))
    taken: Sentences = []
    for sentence in [*source[first:], *source[:first]]:
        taken.append(sentence)
        if sum(map(_worth, taken)) >= chars:
            break
    return taken


def _worth(sentence: str) -> float:
    """Length in ideographs; three letters say about as much as one of these."""
    letters = sum(sign.isascii() for sign in sentence)
    return len(sentence) - letters * 2 / 3


def _swapped(speaks: Language, sentence: str, topic: int, step: int, share: float) -> str:
    """Write a sentence with a share of its pieces of ``step`` characters put in other words."""
    parts = [sentence[place : place + step] for place in range(0, len(sentence), step)]
    for place in np.flatnonzero(speaks.random.random(len(parts)) < share):
        other = speaks.sentence(topic)
        at = int(speaks.random.integers(max(1, len(other) - step)))
        parts[place] = other[at : at + step]
    return "".join(parts)
