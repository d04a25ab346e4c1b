"""Finding in a text what says whose it is: given words, numbers by their form, labelled names.

Blanks and line breaks inside a name do not hide it, nor do full-width or
radical forms of characters. What is found is told by place and kind; the words
themselves never leave this module in a report.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise
from typing import Any

COVER = "■"
NAME, SCHOOL, NUMBER, ID, PHONE, EMAIL = "name", "school", "number", "id", "phone", "email"
KINDS = (NAME, SCHOOL, NUMBER, ID, PHONE, EMAIL)

_HAN = "\u3400-\u9fff"
_PATTERNS = (
    (EMAIL, re.compile(r"[\w.+-]{1,64}@[\w-]{1,63}(?:\.[\w-]{1,63}){1,4}", re.ASCII)),
    (ID, re.compile(r"(?<![\dA-Za-z])\d{6}[ -]?\d{4}[ -]?\d{4}[ -]?\d{3}[\dXx](?![\dA-Za-z])")),
    (ID, re.compile(r"(?<![\d.])\d{8}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?![\d.])")),
    (PHONE, re.compile(r"(?<![\d.])(?:\+?86[ -]?)?1[3-9]\d[ -]?\d{4}[ -]?\d{4}(?![\d.])")),
    (PHONE, re.compile(r"(?<![\d.])\(?0\d{2,3}\)?[ -]\d{7,8}(?![\d.])")),
    (
        NUMBER,
        re.compile(
            r"(?:QQ|微信|学号|学籍号|工号|职工号|教师编号|准考证号)号?码?\s*:\s*([\w-]{4,32})"
        ),
    ),
)
_PERSON_LABELS = (
    "教师姓名 学生姓名 家长姓名 姓名 授课教师 执教教师 执教者 执教人 执教 任课教师 上课教师 主讲教师 "
    "主讲人 主讲 授课人 撰写人 设计者 设计人 设计教师 填表人 填报人 制作人 记录人 汇报人 指导教师 "
    "辅导教师 班主任 科任教师 参评教师 申报人 教师 授课者 案例作者"
).split()
_SCHOOL_LABELS = "学校名称 所在学校 工作单位 任教学校 学校 单位".split()
_COLUMNS = "姓名 学生姓名 教师姓名 家长姓名 学生 组长 组员 授课教师 监护人 联系人".split()
_SHARE_OF_NAMES = 0.6  # of a column's cells, from which on it is one of names


def _spaced(labels: Iterable[str]) -> str:
    """Pattern of labels, also set apart as forms do: ``姓  名``."""
    return "|".join(r"[ \t]*".join(label) for label in labels)


_LABELLED_NAME = re.compile(
    rf"(?<![{_HAN}])(?:{_spaced(_PERSON_LABELS)})\s*(?::\s*|[ \t]+)"
    rf"([{_HAN}]{{2,4}}|[{_HAN}][ \t]{{1,2}}[{_HAN}])(?![{_HAN}])"
)
_LABELLED_SCHOOL = re.compile(
    rf"(?<![{_HAN}])(?:{_spaced(_SCHOOL_LABELS)})\s*:\s*([{_HAN}()]{{3,30}})"
)
_A_NAME = re.compile(rf"[{_HAN}]{{2,4}}(?:·[{_HAN}]{{1,6}})?")
_A_SCHOOL = re.compile(
    rf"[{_HAN}]{{2,26}}(?:小学|中学|学校|幼儿园|高中|初中|校|[一二三四五六七八九十]中)(?:\(.{{1,8}}\))?"
)
_BOUND = rf"[{_HAN}]"


@dataclass(frozen=True)
class Word:
    """A word to cover.

    ``sides`` is on how many sides no Chinese character may stand beside it: a
    name of two characters may be part of other words.
    """

    kind: str
    text: str
    sides: int = 0


@dataclass(frozen=True)
class Span:
    """One find: characters ``start`` up to ``end`` of the text, and of which kind."""

    start: int
    end: int
    kind: str


@dataclass(frozen=True)
class Mask:
    """Words and forms to cover.

    Examples
    --------
    >>> Mask((Word(NAME, "梁禾清"),)).cover("授课:梁 禾清,电话 13800001111")
    '授课:■■■■,电话 ■■■■■■■■■■■'
    """

    words: tuple[Word, ...] = ()

    def spans(self, text: str) -> list[Span]:
        """Finds in a text, in order; where two overlap they are one of the first one's kind."""
        plain = _plain(text)
        found = [*self._words(plain), *_numbers(plain)]
        return _joined(found)

    def cover(self, text: str) -> str:
        """Text with every find replaced by one block for each character; line breaks stay."""
        letters = list(text)
        for span in self.spans(text):
            for place in range(span.start, span.end):
                letters[place] = letters[place] if letters[place] in "\n\f\t" else COVER
        return "".join(letters)

    def counts(self, text: str) -> dict[str, int]:
        """How many finds of each kind."""
        return dict(Counter(span.kind for span in self.spans(text)))

    def with_words(self, words: Iterable[Word]) -> Mask:
        """Return a mask that covers these as well."""
        return Mask(tuple(dict.fromkeys((*self.words, *words))))

    def to_json(self) -> list[list[Any]]:
        """Words as plain lists."""
        return [[word.kind, word.text, word.sides] for word in self.words]

    @classmethod
    def from_json(cls, data: Iterable[Any]) -> Mask:
        """Mask from :meth:`to_json`, also after a trip through JSON."""
        return cls(tuple(Word(kind, text, sides) for kind, text, sides in data))

    @cached_property
    def _by_sides(self) -> tuple[dict[str, str], ...]:
        """Kind of each word by its plain form, for words bound on no, one and both sides."""
        return tuple(
            {_squeezed(word.text)[0]: word.kind for word in self.words if word.sides == sides}
            for sides in range(3)
        )

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        anywhere, one, both = (_any_of(forms).pattern for forms in self._by_sides)
        return (
            re.compile(anywhere),
            re.compile(rf"(?<!{_BOUND})(?:{one})|(?:{one})(?!{_BOUND})"),
            re.compile(rf"(?<!{_BOUND})(?:{both})(?!{_BOUND})"),
        )

    def _words(self, plain: str) -> Iterable[Span]:
        squeezed, places = _squeezed(plain)
        if self._by_sides[0]:
            for found in self._patterns[0].finditer(squeezed):
                start, end = places[found.start()], places[found.end() - 1] + 1
                yield Span(start, end, self._by_sides[0][found[0]])
        lower = "".join(map(_lower, plain))
        for forms, pattern in zip(self._by_sides[1:], self._patterns[1:], strict=True):
            for found in pattern.finditer(lower) if forms else ():
                yield Span(found.start(), found.end(), forms[found[0]])


@dataclass(frozen=True)
class Surnames:
    """How names are told from other words: by surnames, and words that are no names."""

    single: frozenset[str]
    compound: tuple[str, ...] = ()
    not_names: frozenset[str] = frozenset()

    def is_name(self, word: str) -> bool:
        """Whether a word has the form of a name."""
        if not _A_NAME.fullmatch(word) or word in self.not_names:
            return False
        if "·" in word:
            return True
        return (word[0] in self.single and len(word) < 4) or word.startswith(self.compound or "\0")

    def to_json(self) -> list[Any]:
        """Plain lists."""
        return ["".join(sorted(self.single)), list(self.compound), sorted(self.not_names)]

    @classmethod
    def from_json(cls, data: Any) -> Surnames:
        """Surnames from :meth:`to_json`."""
        return cls(frozenset(data[0]), tuple(data[1]), frozenset(data[2]))


def discovered(
    texts: Iterable[str], tables: Iterable[list[list[str]]], surnames: Surnames
) -> list[Word]:
    """Names and schools a document itself labels as such, in its text or in its tables.

    A list headed 姓名, a cell beside one that says 授课教师, 学校：… in a line.
    """
    found: dict[Word, None] = {}
    for text in texts:
        plain = _plain(text)
        for match in _LABELLED_NAME.finditer(plain):
            _add_name(found, match[1], surnames)
        for match in _LABELLED_SCHOOL.finditer(plain):
            _add_school(found, match[1])
    for table in tables:
        rows = [["".join(_plain(cell).split()).rstrip(":") for cell in row] for row in table]
        _from_pairs(found, rows, surnames)
        _from_columns(found, rows, surnames)
    return list(found)


def _from_pairs(found: dict[Word, None], rows: list[list[str]], surnames: Surnames) -> None:
    """Take in cells beside one that says what they are."""
    for row in rows:
        for label, value in pairwise(row):
            if label in _PERSON_LABELS:
                _add_name(found, value, surnames)
            elif label in _SCHOOL_LABELS:
                _add_school(found, value)


def _from_columns(found: dict[Word, None], rows: list[list[str]], surnames: Surnames) -> None:
    """Take in columns headed as names in which most cells look like names."""
    for top, row in enumerate(rows):
        for column, cell in enumerate(row):
            if cell not in _COLUMNS:
                continue
            below = [each[column] for each in rows[top + 1 :] if column < len(each)]
            filled = [each for each in below if each]
            names = sum(map(surnames.is_name, filled))
            if filled and names >= _SHARE_OF_NAMES * len(filled):
                for each in filled:
                    if _A_NAME.fullmatch(each) and each not in surnames.not_names:
                        found[Word(NAME, each, _sides(each))] = None


def _sides(word: str) -> int:
    """One free side is asked of a short word the document itself calls a name."""
    return int(len(word) < 3)


def _add_name(found: dict[Word, None], value: str, surnames: Surnames) -> None:
    name = "".join(value.split())
    if surnames.is_name(name):
        found[Word(NAME, name, _sides(name))] = None


def _add_school(found: dict[Word, None], value: str) -> None:
    match = _A_SCHOOL.match(value)
    if match:
        found[Word(SCHOOL, match[0], _sides(match[0]))] = None


def _numbers(plain: str) -> Iterable[Span]:
    for kind, pattern in _PATTERNS:
        for found in pattern.finditer(plain):
            yield Span(*found.span(1 if pattern.groups else 0), kind)


def _joined(found: list[Span]) -> list[Span]:
    kept: list[Span] = []
    for span in sorted(found, key=lambda span: (span.start, -span.end)):
        if kept and span.start < kept[-1].end:
            kept[-1] = replace(kept[-1], end=max(kept[-1].end, span.end))
        else:
            kept.append(span)
    return kept


def _any_of(words: Iterable[str]) -> re.Pattern[str]:
    longest_first = sorted(filter(None, words), key=len, reverse=True)
    return re.compile("|".join(map(re.escape, longest_first)) or r"(?!)")


def _plain(text: str) -> str:
    """Same text in plain forms, character by character, so that places stay the same."""
    if text.isascii():
        return text
    return "".join(map(_plain_letter, text))


def _plain_letter(letter: str) -> str:
    if letter < "\u2000" or "\u3400" <= letter <= "\u9fff":
        return letter
    plain = unicodedata.normalize("NFKC", letter)
    return plain if len(plain) == 1 else letter


def _lower(letter: str) -> str:
    lower = letter.lower()
    return lower if len(lower) == 1 else letter


def _squeezed(text: str) -> tuple[str, list[int]]:
    """Text without blanks, in lower case, and the place each character had."""
    letters, places = [], []
    for place, letter in enumerate(_plain(text)):
        if letter.isspace() or letter in "\u200b\u200c\u200d\u2060\ufeff\ufffe":
            continue
        letters.append(_lower(letter))
        places.append(place)
    return "".join(letters), places
