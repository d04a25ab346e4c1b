"""Precedents 判例 by nearness of text: pairs of characters weighed by BM25, and why two are near.

Chinese has no blanks between words, so a text is taken as its pairs of
neighbouring characters; a word of two characters is one pair, and a longer word
a chain of them. Latin words and numbers stay whole.

BM25 as in Robertson and Zaragoza (2009), *The Probabilistic Relevance Framework*,
eq. 3.15, with the never negative weight of Lucene, ``log(1 + (N - n + .5) / (n + .5))``.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

K1, B = 1.2, 0.75
_HAN = "\u3400-\u9fff"
_RUNS = re.compile(rf"[{_HAN}]+|[0-9a-z_]+")
_COMMON = frozenset(
    "一个 可以 我们 他们 学生 教师 老师 进行 以及 这个 没有 通过 能够 的学 生的 师的 的教 并且 根据".split()
)
_MOST_WORDS = 5
_SHORTEST_OWN = 8  # pairs of an excerpt below which it is no proof of where it comes from


@dataclass(frozen=True)
class Near:
    """One near text: its place among those given, its score, and the words both have."""

    place: int
    score: float
    words: tuple[str, ...]


def pairs(text: str) -> list[str]:
    """Terms of a text in order: pairs of Chinese characters, other words whole, in lower case.

    >>> pairs("教学设计，PPT 第3稿")
    ['教学', '学设', '设计', 'ppt', '第', '3', '稿']
    """
    return [term for run in runs(text) for term in _of_run(run)]


def runs(text: str) -> Iterator[str]:
    """Yield runs of Chinese characters, and other words, in plain lower case."""
    plain = unicodedata.normalize("NFKC", text).lower()
    return (found[0] for found in _RUNS.finditer(plain))


def nearest(query: str, texts: Sequence[str], most: int) -> list[Near]:
    """Texts nearest to a query, the nearest first; without any pair in common none.

    Parameters
    ----------
    query : str
        What is looked at: the text of a piece.
    texts : sequence of str
        Candidates; their own frequencies weigh the pairs.
    most : int
        How many at most.

    Returns
    -------
    list of Near
        ``score`` has no unit and compares within one call only. Equal scores
        keep the order given.

    Examples
    --------
    >>> nearest("用量表检测学习目标", ["学习目标能检测", "板书工整"], 3)[0].words
    ('学习目标', '检测')
    """
    asked = set(pairs(query))
    counts = [Counter(pairs(text)) for text in texts]
    spread = Counter(term for each in counts for term in each)
    mean = sum(each.total() for each in counts) / max(1, len(counts)) or 1.0
    found = []
    for place, each in enumerate(counts):
        score = sum(
            _weight(spread[term], len(counts)) * _saturated(each[term], each.total() / mean)
            for term in asked & each.keys()
        )
        if score > 0:
            found.append((place, score))
    found.sort(key=lambda one: -one[1])
    return [
        Near(place, score, shared_words(query, texts[place], spread))
        for place, score in found[:most]
    ]


def shared_words(query: str, text: str, spread: Counter[str] | None = None) -> tuple[str, ...]:
    """Longest stretches two texts share, those few others have first; common words left out.

    >>> shared_words("课前用问卷分析学情", "没有用问卷，也没有分析学情")
    ('分析学情', '用问卷')
    """
    asked = set(pairs(query))
    found: dict[str, float] = {}
    for run in runs(text):
        for stretch in _stretches(run, asked):
            if stretch not in _COMMON and not stretch.isdigit():
                own = _of_run(stretch)
                rare = sum(1 / (spread[term] if spread else 1) for term in own)
                found[stretch] = max(found.get(stretch, 0.0), rare)
    ordered = sorted(found, key=lambda word: (-found[word], -len(word)))
    kept: list[str] = []
    for word in ordered:
        if not any(word in other for other in kept):
            kept.append(word)
    return tuple(kept[:_MOST_WORDS])


def share_of(excerpt: str, text: str) -> float:
    """Share of the pairs of an excerpt that a text has too; 0 where the excerpt is too short to say.

    >>> share_of("学习目标可观察可检测", "本课学习目标可观察、可检测。")
    0.888...
    """
    own = set(pairs(excerpt))
    if len(own) < _SHORTEST_OWN:
        return 0.0
    return len(own & set(pairs(text))) / len(own)


def _weight(n: int, total: int) -> float:
    return math.log(1 + (total - n + 0.5) / (n + 0.5))


def _saturated(count: int, length: float) -> float:
    return count * (K1 + 1) / (count + K1 * (1 - B + B * length))


def _of_run(run: str) -> list[str]:
    if len(run) == 1 or not "\u3400" <= run[0] <= "\u9fff":
        return [run]
    return [run[place : place + 2] for place in range(len(run) - 1)]


def _stretches(run: str, asked: set[str]) -> Iterator[str]:
    """Yield longest parts of a run whose every pair is asked for."""
    terms = _of_run(run)
    if terms == [run]:
        if run in asked and len(run) > 1:
            yield run
        return
    start = None
    for place, term in enumerate([*terms, ""]):
        if term in asked:
            start = place if start is None else start
        elif start is not None:
            yield run[start : place + 1]
            start = None
