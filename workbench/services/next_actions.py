"""What to do before severities are read, in words: the reasons of the marks model with people's names."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from workbench.messages import language, text

_NAMED = 5  # names in a sentence


def next_actions(reasons: Sequence[Mapping[str, Any]], names: Mapping[str, str]) -> list[str]:
    """Say what to do, in the language of the run; that there is nothing to do is a sentence too."""
    if not reasons:
        return [text("facets_of_marks.next.none")]
    told = []
    for reason in reasons:
        ids = [names.get(each, each) for each in reason["ids"]]
        told.append(text(f"facets_of_marks.next.{reason['code']}", ids=listed(ids), n=len(ids)))
    return told


def listed(names: Sequence[str]) -> str:
    """Write names one after another as the language of the run does; five, and that there are more.

    >>> listed(["a", "b"])
    'a、b'
    """
    among = [*names[:_NAMED], *["…"] * (len(names) > _NAMED)]
    return ("、" if language() == "zh" else ", ").join(among)
