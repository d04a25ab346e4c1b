"""Unfilled templates: a form handed in with little or nothing of the teacher's own in it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from scoring.similarity.fingerprints import (
    Fingerprint,
    Hashes,
    among,
    fingerprint,
    known_hashes,
    own_share,
)
from scoring.similarity.normalising import normalise

# Anchored at the bracket: （请填写…） is a prompt, （请学生填写学习单） and （请说明理由）
# are a lesson's own words.
_WORDS = (
    r"\s*(?:请(?:在此处?|于此处?|在这里)?(?:如实|简要|详细|据实)?(?:填写|填入|输入|录入|插入|粘贴)"
    r"|请?[在于]?(?:此处|这里|在此|于此)[^】）)\]\n]{0,4}(?:填|输入|录入|写|插入|上传|粘贴|描述|说明)"
    r"|[点单]击[^】）)\]\n]{0,6}(?:输入|填写|添加)"
    r"|待填)"
)
_PROMPT = re.compile(
    "|".join(
        rf"{opening}{_WORDS}[^{closing}\n]{{0,80}}{closing}"
        for opening, closing in (
            ("【", "】"),
            ("（", "）"),
            (r"\(", r"\)"),
            (r"\[", r"\]"),
            ("〔", "〕"),
        )
    )
)
_BLANK = re.compile(r"[_＿]{4,}")
_SIGNED_BY_HAND = re.compile(r"签[名字章]|盖章|公章|日期|年[\s_＿]*月|[审评]核|得分|评审|意见")


@dataclass(frozen=True)
class Prompt:
    """A prompt of the form that nobody answered: its words and half-open range in the text."""

    start: int
    end: int
    words: str


@dataclass(frozen=True)
class Finding:
    """Why a text looks unfilled.

    ``own_share`` is the share of the text that is in no form (0 to 1; None
    where no form is registered, as it is then unknown); ``form`` the place of
    the nearest form in the list given, None without one; ``prompts`` those
    left as they were.
    """

    reason: str  # "own_share" or "prompts"; own_share where both hold
    own_share: float | None
    form: int | None
    prompts: tuple[Prompt, ...]


def unfilled(text: str, form_texts: Sequence[str], max_own_share: float) -> Finding | None:
    """Tell whether a text is a form left unfilled.

    It is, when less than ``max_own_share`` of it is in no registered form, or
    when a bracketed prompt (【请填写…】, （此处填写…）) still stands in it. A row
    of underscores counts only where the form has the same line, and not where
    people sign: lesson texts have such blanks for their pupils.

    Parameters
    ----------
    text : str
        As it was read.
    form_texts : sequence of str
        Registered blank forms; may be empty.
    max_own_share : float
        0 to 1, the policy's ``flag.unfilled_template.own_share_max``.

    Returns
    -------
    Finding or None
        None for a filled form, and for a text too short to have a fingerprint.

    Examples
    --------
    >>> form = "一、教学目标：【请填写本课教学目标】二、教学过程：【请填写教学过程】"
    >>> unfilled(form, [form], 0.15).reason
    'own_share'
    >>> filled = "一、教学目标：学生能借助几何画板探究三角形内角和，并说明理由。"
    >>> unfilled(filled, [form], 0.15) is None
    True
    """
    taken = fingerprint(text)
    if not len(taken):
        return None
    share = own_share(taken, known_hashes(form_texts)) if form_texts else None
    prompts = _prompts(text, form_texts)
    form = nearest_form(taken, [known_hashes([one]) for one in form_texts])
    if share is not None and share < max_own_share:
        return Finding("own_share", share, form, prompts)
    return Finding("prompts", share, form, prompts) if prompts else None


def nearest_form(taken: Fingerprint, forms: Sequence[Hashes]) -> int | None:
    """Place of the form a text shares most hashes with; None where it shares none."""
    shared = [int(among(taken.hashes, form).sum()) for form in forms]
    if not shared or not max(shared):
        return None
    return shared.index(max(shared))


def _prompts(text: str, form_texts: Sequence[str]) -> tuple[Prompt, ...]:
    """Prompts left intact, in order."""
    found = [Prompt(match.start(), match.end(), match.group()) for match in _PROMPT.finditer(text)]
    lines = {
        _bare(line) for form in form_texts for line in form.splitlines() if _BLANK.search(line)
    }
    start = 0
    for line in text.splitlines(keepends=True):
        if _BLANK.search(line) and _bare(line) in lines and not _SIGNED_BY_HAND.search(line):
            words = line.strip()
            found.append(Prompt(start, start + len(line.rstrip()), words))
        start += len(line)
    return tuple(sorted(found, key=lambda prompt: prompt.start))


def _bare(line: str) -> str:
    """Letters of a line, its blanks as one sign: 课题：____ and 课题： ______ are one line."""
    return "＿".join(normalise(part).text for part in _BLANK.split(line))
