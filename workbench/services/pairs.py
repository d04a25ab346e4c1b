"""Pairs of similar pieces as the report states them: by the caller's own item ids, with a sentence."""

from __future__ import annotations

from typing import Any

from models.submissions import pieces_by_item
from scoring.similarity.pairs import SELF, Pair
from workbench import messages
from workbench.services.similarity import similar_pairs
from workbench.services.workspace import Workspace


def pair_rows(workspace: Workspace) -> list[dict[str, Any]]:
    """One row a pair, strongest first, as the objects of ``similarity --json`` and a sentence.

    ``a`` and ``b`` are the manifest's own items where it gave any, else piece ids.
    """
    with workspace.store() as store:
        found = similar_pairs(store, workspace.policy)
        items: dict[str, str] = {}
        for item, piece in pieces_by_item(store).items():
            items.setdefault(piece, item)
    return [_row(pair, items) for pair in found]


def _row(pair: Pair, items: dict[str, str]) -> dict[str, Any]:
    named = {"a": items.get(pair.a, pair.a), "b": items.get(pair.b, pair.b)}
    return {**pair.as_row(), **named, "sentence": _sentence(pair, named)}


def _sentence(pair: Pair, named: dict[str, str]) -> str:
    reason = "own" if pair.tier == SELF else pair.reason
    return messages.text(
        f"similarity.reason.{reason}",
        **named,
        teacher_b=pair.teacher_b,
        share="" if pair.share is None else f"{pair.share:.0%}",
        run=pair.longest_run or 0,
        distance="" if pair.distance is None else pair.distance,
        shared=len(pair.exhibits),
    )
