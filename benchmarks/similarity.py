"""Near-duplicate search over many texts: CPU time a text, and what of planted copies it finds.

The texts are invented: words of two common ideographs by a Zipf law, 320 topics
with their textbook sentences, six county forms that make up two fifths of every
text, stock phrases in near half of the sentences, a paragraph shared by a school.
They prove the mechanics and the cost, not the thresholds for real texts.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field

import numpy as np

from scoring.similarity.fingerprints import fingerprint, known_hashes
from scoring.similarity.normalising import normalise
from scoring.similarity.pairs import SELF
from scoring.similarity.text import TextComparison, TextRow, compare_texts
from scoring.similarity.traditional import SIMPLIFIED, TRADITIONAL

CPU_LIMIT_MS = 1.5  # milliseconds of processor time a text: normalise, fingerprint, join
SEED = 20261121

_TOPICS, _FORMS, _WORDS, _SCHOOL = 320, 6, 12_000, 30
_FULL_WIDTH = {code: code + 0xFEE0 for code in range(0x21, 0x7F)}
_TRADITIONAL = {ord(s): t for t, s in zip(TRADITIONAL, SIMPLIFIED, strict=True)}

Sentences = list[str]


@dataclass
class Corpus:
    """Invented texts: one a teacher, with who copied from whom."""

    texts: list[str] = field(default_factory=list)
    planted: dict[tuple[int, int], str] = field(default_factory=dict)
    popular: set[int] = field(default_factory=set)
    forms: Sentences = field(default_factory=list)
    quotations: Sentences = field(default_factory=list)


class _Language:
    """Draws words, sentences and forms from one seeded generator."""

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        signs = bytes(
            byte for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFF) for byte in (high, low)
        ).decode("gb2312")
        drawn = self.random.integers(0, len(signs), (_WORDS, 2))
        self.words = np.array([signs[one] + signs[two] for one, two in drawn])
        weight = 1 / np.arange(1, _WORDS + 1)
        self.ladder = np.cumsum(weight / weight.sum())
        self.stock = ["".join(self.draw(4)) for _ in range(60)]
        self.topics = [self.random.integers(0, _WORDS, 60) for _ in range(_TOPICS)]
        self.quotations = [[self.sentence(0, 14) for _ in range(8)] for _ in range(_TOPICS)]
        self.forms = [[self.sentence(0, 11) for _ in range(44)] for _ in range(_FORMS)]
        self.curriculum = [self.sentence(0, 18) for _ in range(_FORMS)]

    def draw(self, count: int) -> list[str]:
        """Draw words by their frequency."""
        found: list[str] = self.words[
            np.searchsorted(self.ladder, self.random.random(count))
        ].tolist()
        return found

    def sentence(self, topic: int, length: int = 9) -> str:
        """Draw one sentence, a third of its words from the topic, half of them with a stock phrase."""
        words = self.draw(length)
        for place in np.flatnonzero(self.random.random(length) < 1 / 3):
            words[place] = self.words[self.topics[topic][self.random.integers(60)]]
        if self.random.random() < 0.45:
            words.insert(0, self.stock[self.random.integers(60)])
        return "".join(words) + "。"

    def body(self, topic: int, count: int = 62) -> Sentences:
        """Draw a teacher's own sentences, with three to seven of the textbook's among them."""
        own = [self.sentence(topic) for _ in range(count)]
        for quoted in self.random.choice(8, self.random.integers(3, 8), replace=False):
            own.insert(self.random.integers(len(own)), self.quotations[topic][quoted])
        return own

    def page(self, form: int, body: Sentences, school: str) -> str:
        """Fill a form: its lines, the teacher's sentences between them, the school's paragraph."""
        lines = list(self.forms[form])
        parts = np.array_split(np.array(body, dtype=object), 6)
        for place, part in zip((40, 33, 26, 19, 12, 5), parts, strict=True):
            lines.insert(place, "".join(part))
        return "\n".join([*lines, self.curriculum[form], school])


def corpus(size: int, seed: int = SEED) -> Corpus:
    """Invent ``size`` texts, one copy of each kind planted in every 250."""
    language = _Language(seed)
    draw = language.random
    made = Corpus(
        forms=["\n".join(form) for form in language.forms],
        quotations=[*language.curriculum, *(one for topic in language.quotations for one in topic)],
    )
    topics, forms = draw.integers(0, _TOPICS, size), draw.integers(0, _FORMS, size)
    bodies = [language.body(int(topic)) for topic in topics]
    disguised = _plant(made, language, bodies, topics)
    schools = [
        "".join(language.sentence(0) for _ in range(4)) if school % 2 else ""
        for school in range(size // _SCHOOL + 1)
    ]
    for at, body in enumerate(bodies):
        text = language.page(int(forms[at]), body, schools[at // _SCHOOL])
        made.texts.append(_disguise(text) if at in disguised else text)
    return made


def _plant(
    made: Corpus, language: _Language, bodies: list[Sentences], topics: np.ndarray
) -> set[int]:
    """Replace bodies by copies of others; return the places that are to be disguised."""
    kinds = (
        "whole",
        "edited",
        "shuffled",
        "characters",
        "words",
        "section",
        "paragraph",
        "disguised",
    )
    each = max(8, len(bodies) // 250)
    order = language.random.permutation(len(bodies)).tolist()
    disguised = set()
    for kind in kinds:
        for _ in range(each):
            source, copy = order.pop(), order.pop()
            bodies[copy] = _copy(kind, language, bodies[source], bodies[copy], int(topics[copy]))
            made.planted[min(source, copy), max(source, copy)] = kind
            if kind == "disguised":
                disguised.add(copy)
    many = len(bodies) * 3 // 100
    source = order.pop()
    made.popular = {source, *(order.pop() for _ in range(many))} if many > 20 else set()
    for copy in made.popular - {source}:
        bodies[copy] = _copy("edited", language, bodies[source], bodies[copy], int(topics[copy]))
    return disguised


def _copy(
    kind: str, language: _Language, source: Sentences, own: Sentences, topic: int
) -> Sentences:
    draw = language.random
    if kind == "edited":  # three sentences in ten are new
        return [language.sentence(topic) if draw.random() < 0.3 else one for one in source]
    if kind == "shuffled":
        return [source[place] for place in draw.permutation(len(source))]
    if kind in ("characters", "words"):
        step, share = (1, 0.1) if kind == "characters" else (2, 0.2)
        return [_swapped(language, one, step, share) for one in source]
    if kind == "section":  # some 300 characters in a row, the rest is one's own
        first = int(draw.integers(len(source) - 16))
        return own[:20] + source[first : first + 15] + own[35:]
    if kind == "paragraph":  # some 160: hardly longer than a quotation
        first = int(draw.integers(len(source) - 8))
        return own[:20] + source[first : first + 8] + own[28:]
    return list(source)


def _swapped(language: _Language, sentence: str, step: int, share: float) -> str:
    parts = [sentence[place : place + step] for place in range(0, len(sentence), step)]
    for place in np.flatnonzero(language.random.random(len(parts)) < share):
        parts[place] = language.draw(1)[0][:step]
    return "".join(parts)


def _disguise(text: str) -> str:
    """Spell the same text in traditional, full-width, zero-width and broken lines."""
    spelled = text.translate(_TRADITIONAL).translate(_FULL_WIDTH)
    lines = [spelled[place : place + 37] for place in range(0, len(spelled), 37)]
    return "\n".join(line[:9] + "\u200b" + line[9:] for line in lines)


def run(size: int = 10_000) -> list[dict[str, object]]:
    """Measure the search over ``size`` texts.

    Returns
    -------
    list of dict
        ``benchmark, measure, size, registered, value, unit, limit``; ``limit``
        is None where nothing is promised.
    """
    made = corpus(size)
    normalise("量")  # the table of foldings is built once a process
    started = time.process_time()
    prints = [fingerprint(text) for text in made.texts]
    printing = time.process_time() - started
    rows = [TextRow(f"p{at:07}", f"t{at:07}", one) for at, one in enumerate(prints)]
    length = float(np.mean([len(text) for text in made.texts]))
    found = [_row("characters", size, "", length, "characters a text", None)]
    for registered, texts in (
        ("forms", made.forms),
        ("forms and quotations", [*made.forms, *made.quotations]),
    ):
        started = time.process_time()
        compared = compare_texts(rows, known_hashes(texts))
        cost = (printing + time.process_time() - started) / size * 1000
        found.append(_row("cpu", size, registered, cost, "ms a text", CPU_LIMIT_MS))
        found += _quality(made, compared, size, registered)
    return found


def _quality(
    made: Corpus, compared: TextComparison, size: int, registered: str
) -> list[dict[str, object]]:
    """Precision over all pairs; recall over whole copies and sections, then of each kind."""
    pairs = {(int(p.a[1:]), int(p.b[1:])) for p in compared.pairs if p.tier != SELF}
    right = [pair for pair in pairs if pair in made.planted or set(pair) <= made.popular]
    kinds = dict.fromkeys(made.planted.values())
    wanted = {"recall": [pair for pair, kind in made.planted.items() if kind != "paragraph"]}
    for kind in kinds:
        wanted[f"recall, {kind}"] = [pair for pair, one in made.planted.items() if one == kind]
    precision = len(right) / max(len(pairs), 1)
    found = [_row("precision", size, registered, precision, "share of pairs", None)]
    for measure, these in wanted.items():
        value = sum(pair in pairs for pair in these) / len(these)
        found.append(_row(measure, size, registered, value, "share of copies", None))
    if made.popular:
        linked = {place for pair in pairs if set(pair) <= made.popular for place in pair}
        value = len(linked) / len(made.popular)
        name = f"recall, copied by {len(made.popular)}"
        found.append(_row(name, size, registered, value, "share of copies", None))
    return found


def _row(
    measure: str, size: int, registered: str, value: float, unit: str, limit: float | None
) -> dict[str, object]:
    return {
        "benchmark": "similarity",
        "measure": measure,
        "size": size,
        "registered": registered,
        "value": round(value, 4),
        "unit": unit,
        "limit": limit,
    }


if __name__ == "__main__":
    for line in run():
        print(line)
