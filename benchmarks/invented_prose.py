"""Three further ways to invent a county's texts, made after the search was, to judge it unseen.

`ChainedProse` walks a chain of characters learnt from the rubrics and the programme's
documents, so everybody's sentences are cut from the same cloth. `ShortNotes` joins whole
clauses of these documents to notes of one subject, most of the page being form and stock
phrases of reflection. `LongTables` flattens tables of Chinese and English cells, long
ones, on forms that differ from school to school.
"""

from __future__ import annotations

import re
from collections import defaultdict
from functools import cache

import numpy as np

from benchmarks.invented_texts import Sentences
from rubrics.loading import list_sets, load_set
from rubrics.public_texts import public_texts, wording

_CLOSED = "。！？；\n"
_DRIFT = 0.2  # part of the steps that look back on one character only
_FELT = (
    "这节课的得与失 信息技术与学科教学的融合 小组合作的实效 课堂生成资源的利用 时间的分配 对学困生的关注 "
    "评价语言的针对性 学生的主体地位 教学目标的达成度 板书与课件的配合 提问的层次 学习单的设计"
).split()
_STOCK = (
    "在今后的教学中，我将继续加强学习，不断改进{felt}，努力提高课堂教学的质量和效率。",
    "通过本次实践，我深刻体会到{felt}的重要性，也看到了自身存在的不足之处。",
    "总之，教学是一门遗憾的艺术，{felt}还有很大的提升空间，需要我在实践中不断反思。",
    "本节课基本完成了预定的教学任务，学生参与积极，但在{felt}方面仍有待进一步改进。",
    "课后我与同组教师交流了{felt}，大家提出了中肯的意见，使我受益匪浅。",
)


@cache
def _source() -> str:
    """Wording of every rubric and of the programme's documents."""
    return "\n".join(
        [*(wording(load_set(one).rubrics.values()) for one in list_sets()), *public_texts()]
    )


def _stock(draw: np.random.Generator) -> str:
    """Everybody's sentence of reflection: five patterns over twelve matters."""
    pattern = _STOCK[int(draw.integers(len(_STOCK)))]
    return pattern.format(felt=_FELT[int(draw.integers(len(_FELT)))])


def _name(draw: np.random.Generator) -> str:
    """A lesson's own word of two to four signs."""
    signs = _signs()
    return "".join(signs[int(at)] for at in draw.integers(0, len(signs), draw.integers(2, 5)))


@cache
def _signs() -> str:
    """Ideographs in daily use, by the first level of GB 2312."""
    pairs = ((high, low) for high in range(0xB0, 0xD7) for low in range(0xA1, 0xFF))
    return bytes(byte for pair in pairs for byte in pair).decode("gb2312")


class ChainedProse:
    """Sentences of a chain two characters deep; a third of a text is form, 350 to 4,000 are own."""

    topics = 90
    subjects = 9
    by_school = False

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed + 31)
        self.after_two: dict[str, str] = defaultdict(str)
        self.after_one: dict[str, str] = defaultdict(str)
        text = re.sub(r"[^\u4e00-\u9fff，。；！？、\n]", "", _source())
        for at in range(2, len(text)):
            self.after_two[text[at - 2 : at]] += text[at]
            self.after_one[text[at - 1]] += text[at]
        self.names = [[_name(self.random) for _ in range(30)] for _ in range(self.topics)]
        self.quotations = [
            [self._several(topic, 2) for _ in range(5)] for topic in range(self.topics)
        ]
        self.forms = [self._form(int(size)) for size in self.random.integers(12, 40, 7)]
        self.policies = [self._several(0, 2) for _ in self.forms]
        self.cited = [self._several(one, 5) for one in range(4)]

    def sentence(self, topic: int) -> str:
        """Walk to the end of a sentence; a lesson's own words come in now and then."""
        found, own = "\n", self.names[topic]
        while len(found) < 70:
            last = found[-2:]
            choices = self.after_two.get(last, "")
            if self.random.random() < _DRIFT or not choices:
                choices = self.after_one.get(found[-1]) or "。"
            sign = choices[int(self.random.integers(len(choices)))]
            if sign in _CLOSED and len(found) > 14:
                break
            if sign not in _CLOSED:
                found += sign
            if self.random.random() < 0.04:
                found += own[int(self.random.integers(len(own)))]
        return found[1:].rstrip("，、") + "。"

    def body(self, topic: int) -> Sentences:
        """12 to 130 sentences, up to three of the textbook's and of everybody's among them."""
        count = int(np.clip(self.random.lognormal(3.6, 0.5), 12, 130))
        own = [self.sentence(topic) for _ in range(count)]
        for quoted in self.random.choice(5, self.random.integers(0, 4), replace=False):
            own.insert(int(self.random.integers(len(own))), self.quotations[topic][quoted])
        for _ in range(int(self.random.integers(0, 4))):
            own.insert(int(self.random.integers(len(own))), _stock(self.random))
        return own

    def page(self, form: int, body: Sentences, school: str) -> str:
        """Put the body under three of the form's lines, most of it under one."""
        lines = list(self.forms[form])
        parts = np.split(np.array(body, dtype=object), [len(body) // 5, len(body) * 4 // 5])
        for place, part in zip((len(lines) - 1, len(lines) // 2, 3), parts[::-1], strict=True):
            lines.insert(place, "\n".join(part))
        return "\n".join([*lines, self.policies[form], school])

    def _form(self, lines: int) -> Sentences:
        return [self.sentence(0)[:36] for _ in range(lines)]

    def _several(self, topic: int, count: int) -> str:
        return "".join(self.sentence(topic) for _ in range(count))


class ShortNotes:
    """Notes of 400 to 900 characters of one subject, three fifths of the page form.

    A sentence is some clauses of the documents with a lesson's own words between them;
    each note closes with sentences that everybody writes.
    """

    topics = 14
    subjects = 1
    by_school = False

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed + 57)
        cut = re.split(r"[^\u4e00-\u9fff]+", _source())
        self.clauses = sorted({one for one in cut if 4 <= len(one) <= 12})
        weight = 1 / (np.arange(len(self.clauses)) + 40.0)
        self.ladder = np.cumsum(self.random.permutation(weight / weight.sum()))
        self.names = [[_name(self.random) for _ in range(40)] for _ in range(self.topics)]
        self.quotations = [self._quoted(topic) for topic in range(self.topics)]
        self.forms = [[self.sentence(0) for _ in range(26)] for _ in range(3)]
        self.policies = [self.sentence(0) for _ in self.forms]
        self.cited = ["".join(self.sentence(one) for _ in range(3)) for one in range(2)]

    def sentence(self, topic: int) -> str:
        """Two to four clauses, after each a word of the lesson, often with a figure."""
        own, parts = self.names[topic], []
        for _ in range(int(self.random.integers(2, 5))):
            at = min(int(self.ladder.searchsorted(self.random.random())), len(self.clauses) - 1)
            word = own[int(self.random.integers(len(own)))]
            if self.random.random() < 0.3:
                word += f"{self.random.integers(2, 60)}人"
            parts.append(self.clauses[at] + word)
        return "，".join(parts) + "。"

    def _quoted(self, topic: int) -> Sentences:
        return [self.sentence(topic) for _ in range(4)]

    def body(self, topic: int) -> Sentences:
        """Sentences up to 400 to 900 characters, two to four of them everybody's."""
        chars = int(self.random.integers(400, 901))
        own = [_stock(self.random) for _ in range(int(self.random.integers(2, 5)))]
        if self.random.random() < 0.3:
            own.insert(0, self.quotations[topic][int(self.random.integers(4))])
        while sum(map(len, own)) < chars:
            own.insert(0, self.sentence(topic))
        return own

    def page(self, form: int, body: Sentences, school: str) -> str:
        """Put the note in two parts between the lines of the form."""
        lines = list(self.forms[form])
        half = len(body) // 2
        lines.insert(20, "".join(body[half:]))
        lines.insert(8, "".join(body[:half]))
        return "\n".join([*lines, self.policies[form], school])


_VERBS = "read compare sort measure describe label predict draw explain record match build".split()
_THINGS = (
    "the picture,a short text,the word cards,their results,the timeline,two graphs,the map,"
    "a sample answer,the experiment,a new ending,the checklist,their notes"
).split(",")
_HOW = (
    "in pairs,in groups of four,on the tablet,with the dictionary,before listening,after class,"
    "for five minutes,on the shared page,with a partner,without looking back"
).split(",")
_COLUMNS = (
    "环节 时长 教师活动 学生活动 技术支持 评价要点 设计意图 资源链接 达成证据 备注 Step Task "
    "Purpose Tool Check 课时目标 核心问题 预设生成 分层任务 即时反馈"
).split()


class LongTables:
    """Tables of some 8,000 characters flattened cell by cell; every school has its own form.

    Cells are short, of Chinese words drawn by topic or of English phrases; the labels of
    the columns stand before every cell, and other schools have other labels.
    """

    topics = 40
    subjects = 5
    by_school = True

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed + 83)
        self.words = [_name(self.random)[:3] for _ in range(2500)]
        weight = 1 / (np.arange(len(self.words)) + 15.0)
        self.ladder = np.cumsum(weight / weight.sum())
        self.of_topic = [self.random.integers(0, 2500, 80) for _ in range(self.topics)]
        self.quotations = [
            ["".join(self.sentence(topic) for _ in range(3)) for _ in range(5)]
            for topic in range(self.topics)
        ]
        self.forms = [self._labels() for _ in range(60)]
        self.policies = ["".join(self.sentence(0) for _ in range(3)) for _ in self.forms]
        self.cited = ["".join(self.sentence(one) for _ in range(8)) for one in range(4)]

    def sentence(self, topic: int) -> str:
        """One cell: words of the topic, or an English phrase with a word or a figure in it."""
        if self.random.random() < 0.2:
            parts = [self._one(_VERBS), self._one(_THINGS), self._one(_HOW)]
            return f"{' '.join(parts).capitalize()} {self._word(topic)} ({self.random.integers(2, 40)} min). "
        return "".join(self._word(topic) for _ in range(int(self.random.integers(3, 14)))) + "。"

    def body(self, topic: int) -> Sentences:
        """Cells up to 4,000 to 12,000 characters, some of them quoted."""
        chars, own = int(self.random.integers(4_000, 12_001)), []
        length = 0
        while length < chars:
            own.append(self.sentence(topic))
            length += len(own[-1])
        for quoted in self.random.choice(5, self.random.integers(0, 5), replace=False):
            own.insert(int(self.random.integers(len(own))), self.quotations[topic][quoted])
        return [*own, _stock(self.random)]

    def page(self, form: int, body: Sentences, school: str) -> str:
        """Flatten row by row: the number of the row, then each label and its cell."""
        labels = self.forms[form][:-1]
        cells = [
            f"{labels[at % len(labels)]}\t{cell}"
            if at % len(labels)
            else f"{at // len(labels) + 1}\n{labels[0]}\t{cell}"
            for at, cell in enumerate(body)
        ]
        return "\n".join([self.forms[form][-1], *cells, self.policies[form], school])

    def _labels(self) -> Sentences:
        count = int(self.random.integers(4, 8))
        chosen = self.random.choice(_COLUMNS, count, replace=False)
        return [*(str(one) for one in chosen), "".join(self.sentence(0) for _ in range(4))]

    def _word(self, topic: int) -> str:
        if self.random.random() < 0.4:
            return self.words[self.of_topic[topic][int(self.random.integers(80))]]
        return self.words[int(self.ladder.searchsorted(self.random.random()))]

    def _one(self, choices: list[str]) -> str:
        return choices[int(self.random.integers(len(choices)))]
