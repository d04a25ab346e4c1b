"""A third way to invent a county's texts: subjects with words, numbers and forms of their own.

Each subject has a lexicon, one of them English; lengths run from a page to fifteen,
forms are tables whose labels come again row after row, and half of the sentences
carry figures. Neither the words nor the lengths nor the forms are those of
`invented_texts`.
"""

from __future__ import annotations

import numpy as np

from benchmarks.invented_texts import Sentences

_SUBJECTS = 9
_ENGLISH = 8  # the subject whose sentences are English
_LINKS = (
    "首先 接着 然后 与此同时 在此基础上 由此 随后 最后 其中 相比之下 课后反馈表明 从数据看".split()
)
_ENDS = "的变化 的规律 的表达 的联系 的依据 的差别 的过程 的价值 的边界 的步骤 与应用 与证据 与疑问".split()
_LABELS = "环节 时间 目标 教师活动 学生活动 技术支持 评价方式 设计意图 资源 备注".split()
_HEADS = (
    "一、基本信息",
    "二、学情分析与前测数据",
    "三、目标与重点难点",
    "四、实施过程记录表",
    "五、技术工具使用说明",
    "六、学习成果与数据分析",
    "七、自评与改进措施",
    "八、附件清单",
)
_VOWELS, _CONSONANTS = "aeiou", "bcdfghlmnprstvw"


class SubjectLessons:
    """Sentences of a subject's own words and figures, English ones for one subject."""

    topics = 180
    subjects = _SUBJECTS
    by_school = False

    def __init__(self, seed: int) -> None:
        self.random = np.random.default_rng(seed)
        signs = [chr(code) for code in range(0x4E00, 0x9FA5) if _common(code)]
        self.lexicons = [self._lexicon(signs) for _ in range(_SUBJECTS - 1)]
        self.english = [self._english_word() for _ in range(900)]
        self.ladders = [np.cumsum(self._weights(count)) for count in (900, 420, 420)]
        self.of_topic = [self.random.integers(0, 420, 25) for _ in range(self.topics)]
        self.quotations = [
            [self._several(topic, 1 + at % 2) for at in range(6)] for topic in range(self.topics)
        ]
        self.forms = [self._form() for _ in range(5)]
        self.policies = [self._several(at, 2) for at in range(5)]
        self.cited = [self._several(at, 6) for at in range(4)]

    def sentence(self, topic: int) -> str:
        """Two or three clauses of the topic's subject, half of them with a figure."""
        if topic % _SUBJECTS == _ENGLISH:
            count = int(self.random.integers(6, 17))
            return " ".join(self._drawn(self.english, 0, count)).capitalize() + ". "
        clauses = [self._clause(topic) for _ in range(int(self.random.integers(1, 4)))]
        link = self._one(_LINKS) + "，" if self.random.random() < 0.3 else ""
        return link + "，".join(clauses) + "。"

    def body(self, topic: int) -> Sentences:
        """From 28 sentences to three hundred, most near fifty, up to four of them quoted."""
        count = int(np.clip(self.random.lognormal(3.9, 0.55), 28, 300))
        own = [self.sentence(topic) for _ in range(count)]
        for quoted in self.random.choice(6, self.random.integers(0, 5), replace=False):
            own.insert(int(self.random.integers(len(own))), self.quotations[topic][quoted])
        return own

    def page(self, form: int, body: Sentences, school: str) -> str:
        """Fill the cells of the form one after the other."""
        cells = self.forms[form]
        cuts = np.sort(self.random.integers(0, len(body) + 1, len(cells) - 1))
        parts = np.split(np.array(body, dtype=object), cuts)
        rows = [f"{cell}\t{''.join(part)}" for cell, part in zip(cells, parts, strict=True)]
        return "\n".join([school, *rows, self.policies[form]])

    def _form(self) -> Sentences:
        """Headings, the one in the middle with five rows of the same labels."""
        heads = [one for one in _HEADS if self.random.random() < 0.8]
        labels = [str(one) for one in self.random.choice(_LABELS, 4, replace=False)]
        table = [f"{label}（第{row}项）" for row in range(1, 6) for label in labels]
        middle = len(heads) // 2
        return [*heads[:middle], *table, *heads[middle:]]

    def _clause(self, topic: int) -> str:
        lexicon, own = self.lexicons[topic % _SUBJECTS], self.of_topic[topic]
        size = int(self.random.integers(3, 7))
        words = self._drawn(lexicon, topic % 2 + 1, size)
        words[0] = lexicon[own[int(self.random.integers(25))]]
        if self.random.random() < 0.25:
            words.append(self._one(_ENDS))
        if self.random.random() < 0.5:
            figure = f"{self.random.integers(1, 60)}{self._one(['人', '分钟', '％', '次', '组'])}"
            words.insert(int(self.random.integers(1, len(words))), figure)
        return "".join(words)

    def _several(self, topic: int, count: int) -> str:
        return "".join(self.sentence(topic) for _ in range(count))

    def _lexicon(self, signs: list[str]) -> list[str]:
        """420 words of one to four signs, two most often."""
        sizes = self.random.choice([1, 2, 3, 4], 420, p=[0.12, 0.62, 0.16, 0.1])
        return ["".join(self.random.choice(signs, size)) for size in sizes]

    def _weights(self, count: int) -> np.ndarray:
        """Some words often, most seldom, in no order."""
        weight = 1 / (np.arange(count) + 8.0)
        mixed: np.ndarray = self.random.permutation(weight / weight.sum())
        return mixed

    def _drawn(self, words: list[str], ladder: int, count: int) -> list[str]:
        places = self.ladders[ladder].searchsorted(self.random.random(count))
        return [words[at] for at in np.minimum(places, len(words) - 1).tolist()]

    def _english_word(self) -> str:
        parts = [
            self._one(list(_CONSONANTS)) + self._one(list(_VOWELS))
            for _ in range(int(self.random.integers(1, 4)))
        ]
        return "".join(parts) + (self._one(list("nstrd")) if self.random.random() < 0.6 else "")

    def _one(self, choices: list[str]) -> str:
        return choices[int(self.random.random() * len(choices))]


def _common(code: int) -> bool:
    """Whether an ideograph is among those in daily use, by the first level of GB 2312."""
    try:
        raw = chr(code).encode("gb2312")
    except UnicodeEncodeError:
        return False
    return 0xB0 <= raw[0] <= 0xD7
