"""Similarity: what two teachers' evidence shares, from what was read out of the files."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, fields
from itertools import chain
from pathlib import Path
from typing import TypeVar

from models.store import Store
from models.submissions import blank_forms, quotations
from rubrics.policy_pack import PolicyPack
from rubrics.public_texts import public_texts, wording
from scoring.similarity.calibrating import Calibration
from scoring.similarity.fingerprints import known_hashes
from scoring.similarity.limits import PictureLimits, TextLimits
from scoring.similarity.media import compare_pictures
from scoring.similarity.pairs import Pair, clustered
from scoring.similarity.text import TextRow, compare_texts
from scoring.similarity.traces import DocumentRow, TraceLimits, compare_traces
from scoring.similarity.videos import VideoLimits, compare_videos
from workbench.services.earlier_rounds import earlier_rows, export_prints
from workbench.services.evidence_prints import (
    CROWDED,
    PUBLIC,
    TOO_SHORT,
    Prints,
    gather,
    properties,
)
from workbench.services.workspace import Workspace

L = TypeVar("L")


@dataclass(frozen=True)
class Similarity:
    """What a comparison of everything brought, and what it could not look at.

    ``gaps`` are piece and reason (`NOT_COMPARED`) of what was not compared;
    ``schools`` how many schools there are: with one, nothing could be found
    across schools; ``calibration`` how the limits for texts came about.
    """

    pairs: list[Pair]
    gaps: tuple[tuple[str, str], ...]
    schools: int
    calibration: Calibration


def known_texts(workspace: Workspace, store: Store) -> list[str]:
    """Words that are nobody's own: forms, quotations, the rubrics and the programme's documents."""
    registered = [str(row["text"]) for row in (*blank_forms(store), *quotations(store))]
    return [*registered, wording(workspace.rubrics), *public_texts()]


def compare_all(workspace: Workspace, store: Store) -> Similarity:
    """Compare everything handed in, with itself and with the prints of earlier rounds.

    The policy says from where on two pieces are a pair.
    """
    policy = workspace.policy
    prints = gather(store, known_hashes(known_texts(workspace, store)))
    earlier = earlier_rows(store)
    texts = compare_texts(
        chain(_let_go(prints.texts), _let_go(earlier.texts)),
        limits=_limits(policy, TextLimits, "flag.copied_text"),
    )
    pictures = compare_pictures(
        [*prints.pictures, *earlier.pictures],
        texts.pairs,
        _limits(policy, PictureLimits, "flag.reused_image"),
    )
    found = [
        *texts.pairs,
        *pictures.pairs,
        *compare_videos([*prints.videos, *earlier.videos], video_limits(policy)),
        *_compared_traces(store, policy, [*prints.documents, *earlier.documents]),
    ]
    gaps = [
        *prints.gaps,
        *((piece, TOO_SHORT) for piece in texts.not_compared),
        *((piece, CROWDED) for piece in texts.crowded),
        *((piece, PUBLIC) for piece in pictures.public),
    ]
    kept = clustered([pair for pair in found if _tells(pair, prints)])
    ours = tuple(gap for gap in gaps if gap[0] in prints.submission)
    return Similarity(kept, ours, len(prints.schools), texts.calibration)


def video_limits(policy: PolicyPack) -> VideoLimits:
    """When the policy takes two videos for a pair, and two frames for one."""
    return _limits(policy, VideoLimits, "flag.reused_video")


def _let_go(rows: list[TextRow]) -> Iterator[TextRow]:
    """Rows in their order, each out of the list as it is handed on: all together fill memory."""
    rows.reverse()
    while rows:
        yield rows.pop()


def export_fingerprints(workspace: Workspace, path: Path) -> int:
    """Write this round's fingerprints, known texts left out; returns how many pieces."""
    with workspace.store() as store:
        known = known_texts(workspace, store)
    return export_prints(workspace, known, path)


def _tells(pair: Pair, prints: Prints) -> bool:
    """Whether a pair is about this round and about more than one submission.

    What one teacher hands in for one competency is about the same lesson and may
    repeat itself; two pieces of earlier rounds were compared in theirs.
    """
    one, two = prints.submission.get(pair.a), prints.submission.get(pair.b)
    return one != two if one or two else False


def _compared_traces(
    store: Store, policy: PolicyPack, documents: Sequence[DocumentRow]
) -> list[Pair]:
    names = {row["teacher_id"]: row["name"] for row in store.where("teacher")}
    blank = [DocumentRow("", "", **properties(form)) for form in blank_forms(store)]
    limits = _limits(policy, TraceLimits, "flag.shared_author", "flag.shared_revisions")
    return compare_traces(documents, names, blank, limits)


def _limits(policy: PolicyPack, limits: type[L], *prefixes: str) -> L:
    """Limits of a comparison out of the policy's values under the prefixes."""
    known = {field.name for field in fields(limits)}  # type: ignore[arg-type]
    stated = {
        name: value
        for prefix in prefixes
        for name, value in policy.section(prefix).items()
        if name in known
    }
    return limits(**stated)
