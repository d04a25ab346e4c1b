"""Similarity as the report states it: pairs by the caller's own items, and what was not compared."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any

from models.submissions import pieces_by_item
from scoring.similarity.calibrating import Calibration
from scoring.similarity.pairs import SELF, Pair
from workbench import messages
from workbench.services.flags import piece_labels
from workbench.services.similarity import compare_all
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class SimilarityReport:
    """What a comparison found and what it could not look at.

    ``pairs`` are rows as `pair_rows`; ``gaps`` one row a piece and reason not
    compared (``item``, ``reason``, ``sentence``); ``remarks`` sentences on the
    comparison as a whole.
    """

    pairs: list[dict[str, Any]]
    gaps: list[dict[str, str]]
    remarks: list[str]


def similarity_report(workspace: Workspace) -> SimilarityReport:
    """Compare everything and state it in the language of the run.

    ``a``, ``b`` and ``item`` are the manifest's own items where it gave any,
    else piece ids; sentences then name school, teacher and slot.
    """
    with workspace.store() as store:
        found = compare_all(workspace, store)
        items: dict[str, str] = {}
        for item, piece in pieces_by_item(store).items():
            items.setdefault(piece, item)
        labels = {**piece_labels(store), **items}
    gaps = [
        {
            "item": items.get(piece, piece),
            "reason": reason,
            "sentence": messages.text(f"similarity.gap.{reason}", item=labels.get(piece, piece)),
        }
        for piece, reason in found.gaps
    ]
    remarks = [_calibration(found.calibration)]
    if found.calibration.quoted_run:
        said = {"run": found.calibration.quoted_run - 1}
        remarks.append(messages.text("similarity.calibration.quoted", **said))
    if found.schools == 1:
        remarks.insert(0, messages.text("similarity.one_school"))
    counts = Counter(reason for _, reason in found.gaps)
    remarks += [
        messages.text(f"similarity.gaps.{reason}", count=count)
        for reason, count in sorted(counts.items())
    ]
    return SimilarityReport([_row(pair, items, labels) for pair in found.pairs], gaps, remarks)


def pair_rows(workspace: Workspace) -> list[dict[str, Any]]:
    """One row a pair, strongest first, as the objects of ``similarity --json`` and a sentence."""
    return similarity_report(workspace).pairs


def _calibration(found: Calibration) -> str:
    return messages.text(
        f"similarity.calibration.{found.state}",
        pairs=found.null_pairs,
        share=f"{found.look_share:.0%}",
        strong=f"{found.strong_share:.0%}",
        run=found.look_run,
        strong_run=found.strong_run,
    )


def _row(pair: Pair, items: dict[str, str], labels: dict[str, str]) -> dict[str, Any]:
    named = {"a": items.get(pair.a, pair.a), "b": items.get(pair.b, pair.b)}
    said = {"a": labels.get(pair.a, pair.a), "b": labels.get(pair.b, pair.b)}
    return {**pair.as_row(), **named, "sentence": _sentence(pair, said)}


def _sentence(pair: Pair, named: dict[str, str]) -> str:
    reason = "own" if pair.tier == SELF else pair.reason
    return messages.text(
        f"similarity.reason.{reason}",
        a=named["a"],
        b=named["b"] or pair.teacher_b,
        teacher_b=pair.teacher_b,
        share="" if pair.share is None else f"{pair.share:.0%}",
        run=pair.longest_run or 0,
        distance="" if pair.distance is None else pair.distance,
        shared=len(pair.exhibits),
    )
