"""Composes believable sentences so that no two teachers' own text runs together."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from functools import cache
from random import Random

from sample_evidence import words
from sample_evidence.people import Teacher
from sample_evidence.words import Form, Kit, Section, Topic

GRAM = 8
_TRIES = 5
_DRAFTS = 6
_NEAR = 0.055
_PART = re.compile(r"\[([^\]]*)\]|\{(\w+)\}")
_DROPPED = re.compile(r"[^\w]|_", re.UNICODE)
_WEEKDAYS = ("周一", "周二", "周三", "周四", "周五")


def normalise(text: str) -> str:
    """Letters, digits and characters only, in lower case."""
    return _DROPPED.sub("", text).lower()


def grams(text: str) -> set[int]:
    """Hashes of the runs of eight characters of a text, normalised."""
    plain = normalise(text)
    return {hash(plain[i : i + GRAM]) for i in range(len(plain) - GRAM + 1)}


@dataclass
class Sheet:
    """A filled form, or text without a form: its sections and what stands in its head.

    ``sections`` pairs a label with sentences; ``pictures`` are PNG or JPEG
    bodies shown at the end.
    """

    form: Form | None
    title: str
    head: dict[str, str]
    sections: list[tuple[str, list[str]]]
    pictures: list[bytes] = field(default_factory=list)

    def own_text(self) -> str:
        """What the teacher wrote, without the form."""
        return "\n".join("".join(sentences) for _, sentences in self.sections)


@dataclass(frozen=True)
class Brief:
    """What one submission is about: who, which competency, which lesson, which class."""

    teacher: Teacher
    competency: str
    topic: Topic
    kit: Kit
    klass: str
    size: int


def brief(teacher: Teacher, competency: str, nth: int, rng: Random) -> Brief:
    """The lesson and class of a teacher's nth submission."""
    topic = teacher.topics[nth % len(teacher.topics)]
    klass = f"{topic.grade}（{rng.randint(1, 6)}）班"
    return Brief(teacher, competency, topic, words.kit(competency), klass, rng.randint(38, 52))


class Writer:
    """Writes sheets one after another and steers clear of what it wrote for others."""

    def __init__(self, rng: Random) -> None:
        self._rng = rng
        self._used: dict[int, list[int]] = {}
        self._own: set[int] = set()
        self._texts = 0

    def sheet(self, form_key: str, about: Brief, title: str) -> Sheet:
        """Fill a form about one submission, again where it comes too near another text."""
        drafts: list[tuple[float, int, Sheet]] = []
        for _ in range(_DRAFTS):
            draft = self._draft(form_key, about, title)
            drafts.append((self.nearest(draft.own_text()), len(drafts), draft))
            if drafts[-1][0] < _NEAR:
                break
        made = min(drafts)[2]
        self.remember(made.own_text())
        return made

    def nearest(self, text: str) -> float:
        """Largest share of this text's grams that one other text has too."""
        found = grams(text)
        counts = Counter(who for gram in found for who in self._used.get(gram, ()))
        return max(counts.values(), default=0) / max(1, len(found))

    def _draft(self, form_key: str, about: Brief, title: str) -> Sheet:
        form = words.form(form_key)
        sections = []
        self._own = set()
        for section in form.sections:
            frames = section.frames
            if form_key == "account" and not frames:
                voice = "家长" if about.competency == "B7" else about.topic.stage
                frames = words.account_frames(voice)
            sections.append((section.label, self._section(section, frames, about)))
            self._own |= grams("".join(sections[-1][1]))
        head = {
            "学校": about.teacher.school.name,
            "姓名": about.teacher.name,
            "学科": about.teacher.subject,
            "课题": about.topic.title,
            "班级": about.klass,
            "能力点": title,
        }
        return Sheet(form, form.title, head, sections)

    def remember(self, text: str) -> None:
        """Keep a text so that later sentences differ from it."""
        for gram in grams(text):
            self._used.setdefault(gram, []).append(self._texts)
        self._texts += 1

    def sentences(self, frames: tuple[str, ...], about: Brief, count: int) -> list[str]:
        """Compose so many sentences, no frame twice where there are enough."""
        order = self._rng.sample(frames, len(frames))
        return [self._best(order[i % len(order)], about) for i in range(count)]

    def _section(self, section: Section, frames: tuple[str, ...], about: Brief) -> list[str]:
        made = self.sentences(frames, about, section.count)
        if not section.steps:
            return made
        names = self._rng.sample(words.common("stages"), len(made))
        return [
            f"{order}．{name}：{sentence}\n"
            for order, (name, sentence) in enumerate(zip(names, made, strict=True), 1)
        ]

    def _best(self, frame: str, about: Brief) -> str:
        """The draft that shares the least with what has been written."""
        chosen, least = "", 1.0
        for _ in range(_TRIES):
            draft = _smooth(self._vary(self._fill(frame, about)))
            found = grams(draft)
            known = sum(gram in self._used or gram in self._own for gram in found)
            share = known / max(1, len(found))
            if share < least:
                chosen, least = draft, share
            if share < 0.02:
                break
        return chosen or draft

    def _fill(self, frame: str, about: Brief, depth: int = 0) -> str:
        values: dict[str, str] = {}

        def put(match: re.Match[str]) -> str:
            choices, slot = match.groups()
            if choices is not None:
                return self._fill(self._rng.choice(choices.split("|")), about, depth)
            if slot not in values:
                values.update(self._draw(slot, about, depth))
            return values[slot]

        return _PART.sub(put, frame)

    def _draw(self, slot: str, about: Brief, depth: int) -> dict[str, str]:
        """Values for a slot, and for its twin, so that the two differ."""
        rng, topic = self._rng, about.topic
        pools: dict[str, tuple[str, ...]] = {
            "concept": topic.concepts,
            "task": topic.tasks,
            "tool": about.kit.tools,
            "pupil": words.common("pupils"),
        }
        base = slot.rstrip("2")
        if base in pools:
            first, second = rng.sample(pools[base], 2)
            if base == "task":
                first, second = f"“{first}”", f"“{second}”"
            return {base: first, base + "2": second}
        if base in ("aim", "move", "sign", "snag"):
            return self._phrases(base, about, depth)
        return {slot: self._small(slot, about)}

    def _phrases(self, base: str, about: Brief, depth: int) -> dict[str, str]:
        """Two phrases of the kit or of the common pool, themselves filled."""
        own: tuple[str, ...] = getattr(about.kit, base + "s")
        common = words.common(base + "s")
        picked: list[str] = []
        while len(picked) < 2:
            phrase = self._rng.choice(own if self._rng.random() < 0.45 else common)
            if phrase not in picked:
                picked.append(phrase)
        filled = [self._fill(phrase, about, depth + 1) for phrase in picked]
        return {base: filled[0], base + "2": filled[1]}

    def _small(self, slot: str, about: Brief) -> str:
        rng, topic = self._rng, about.topic
        match slot:
            case "topic":
                return topic.title
            case "slip":
                return f"“{rng.choice(topic.slips)}”"
            case "life":
                return rng.choice(topic.life)
            case "ask":
                return topic.ask
            case "focus":
                return about.kit.focus
            case "grade":
                return topic.grade
            case "klass":
                return about.klass
            case "n":
                return str(about.size)
            case "n1":
                return str(rng.randint(12, about.size - 8))
            case "min":
                return str(rng.randint(3, 14))
            case "pct":
                return str(rng.randint(31, 88))
            case "date":
                return f"{rng.choice((9, 10))}月{rng.randint(8, 24)}日"
            case "weekday":
                return rng.choice(_WEEKDAYS)
            case "group":
                return f"第{rng.choice('一二三四五六七')}组"
            case "place":
                return rng.choice(words.common("places"))
        return str(rng.randint(3, 11))  # n2

    def _vary(self, sentence: str) -> str:
        """Put other words for some that have synonyms."""
        groups = words.synonyms()
        return _synonym_pattern().sub(
            lambda m: self._rng.choice(groups[m[0]]) if m[0] in groups else m[0], sentence
        )


@cache
def _synonym_pattern() -> re.Pattern[str]:
    return re.compile("|".join(map(re.escape, words.synonyms())))


def _smooth(sentence: str) -> str:
    """Mend the seams: doubled punctuation where a phrase met a frame."""
    sentence = re.sub(r"(“)“|(”)”", r"\1\2", sentence)
    sentence = re.sub(r"[，；：]([。？！；])", r"\1", sentence)
    return re.sub(r"([。；，])[，；]", r"\1", sentence)
