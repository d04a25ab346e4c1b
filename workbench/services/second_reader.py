"""The second reader over a workspace: what to look at again first, or why it has nothing to say."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pandas as pd

from models import frames
from models.ratings import standing_reads
from models.records import Read, Round
from models.store import Row, Store
from models.submissions import facts_of_file, files_by_piece, owned_pieces
from scoring.second_reader import (
    CLUSTER,
    ON,
    RANK,
    TARGET,
    TEXT,
    Limits,
    SecondReader,
    second_reader,
)
from scoring.similarity.pairs import PASSAGE
from scoring.similarity.pairs import TEXT as TEXT_PAIR
from workbench.errors import RefusedError
from workbench.messages import text
from workbench.services.analyses import last_analysis
from workbench.services.outcomes import piece_outcomes
from workbench.services.similarity import compare_all
from workbench.services.workspace import Workspace

KIND = "second_reader"
"""Name of the analysis."""

MOST_LISTED = 200
"""Pieces kept in order: more than anybody reads again."""

_LEAST_READERS = 2
_COLUMNS = (
    frames.PIECE, frames.SLOT, frames.TEACHER, frames.SCHOOL, CLUSTER, TEXT, TARGET, RANK,
)  # fmt: skip


def second_reader_analysis(
    workspace: Workspace, scope: str | None, random_seed: int = 1
) -> dict[str, Any]:
    """Payload of the analysis ``second_reader``.

    ``state`` is ``on`` or why it is off; ``qwk``, ``r``, ``r_length`` what it was judged
    by; ``order`` at most `MOST_LISTED` pieces with ``apart`` in standard deviations,
    positive where the panel gave more than texts of the kind usually get.

    Raises
    ------
    RefusedError
        If no piece has been read by two.
    """
    del random_seed  # nothing in it is drawn
    with workspace.store() as store:
        rows = list(_rows(store, workspace, scope))
    if not rows:
        raise RefusedError("no piece has been read by two yet.", key="panel.no_pairs")
    found = second_reader(pd.DataFrame(rows, columns=list(_COLUMNS)), limits_of(workspace))
    return told(found)


def limits_of(workspace: Workspace) -> Limits:
    """Thresholds of the second reader out of the policy."""
    rule = workspace.policy.section("second_reader")
    return Limits(int(rule["min_pieces"]), float(rule["min_qwk"]), float(rule["min_gain"]))


def told(found: SecondReader) -> dict[str, Any]:
    """Flat form of what the second reader has to say."""
    listed = zip(found.order[:MOST_LISTED], found.apart[:MOST_LISTED], strict=True)
    return {
        **{name: getattr(found, name) for name in ("state", "pieces", "groups")},
        **{name: getattr(found, name) for name in ("qwk", "r", "r_length")},
        "order": [{"piece_id": piece, "apart": apart} for piece, apart in listed],
    }


def sentence_of(payload: Mapping[str, Any], limits: Limits) -> str:
    """Say whether it orders the queue, and by how much it may be trusted; or why it is off."""
    values = {
        name: "" if payload[name] is None else f"{payload[name]:.2f}"
        for name in ("qwk", "r", "r_length")
    }
    return text(
        f"second_reader.{payload['state']}",
        pieces=payload["pieces"],
        groups=payload["groups"],
        min_pieces=limits.min_pieces,
        min_qwk=f"{limits.min_qwk:.2f}",
        min_gain=f"{limits.min_gain:.2f}",
        **values,
    )


def is_on(payload: Mapping[str, Any]) -> bool:
    """Whether it puts anything in an order."""
    return bool(payload["state"] == ON)


def unlike_first(workspace: Workspace, pieces: Sequence[str]) -> list[str]:
    """Put pieces in the order of the reading queue: what is least like its prediction first.

    Pieces it does not list keep their order behind them. Nothing is computed here: the
    order is that of the stored analysis, and as given where there is none, it is off, or
    policy does not want it. A sample drawn by chance must not be put in this order: if
    reading it stops half way, what was read would no longer speak for the school.
    """
    stored = last_analysis(workspace, KIND) if workspace.policy["second_reader.orders"] else None
    listed = stored.payload["order"] if stored is not None else []
    place = {row["piece_id"]: number for number, row in enumerate(listed)}
    return sorted(pieces, key=lambda piece: place.get(piece, len(place)))


def _rows(store: Store, workspace: Workspace, scope: str | None) -> Iterator[tuple[object, ...]]:
    """One row a piece with a level that two have read and that has a text."""
    pieces = [row for row in owned_pieces(store) if scope in (None, row["school_id"])]
    among = {row["piece_id"] for row in pieces}
    reads = standing_reads(store, among)
    outcomes = piece_outcomes(store, workspace.rubrics, workspace.policy, among)
    files = files_by_piece(store)
    cluster = _clusters(workspace, store)
    for row in pieces:
        piece = row["piece_id"]
        own = [read for read in reads.get(piece, ()) if read.round in (Round.BLIND, Round.THIRD)]
        level = outcomes[piece].level
        words = _words(store, row, files.get(piece, ())) if level is not None else ""
        if level is None or len(own) < _LEAST_READERS or not words:
            continue
        named = (piece, row["slot_id"], row["teacher_id"], row["school_id"])
        yield (*named, cluster.get(piece, ""), words, _share_met(own), level.rank)


def _share_met(reads: list[Read]) -> float:
    """Share of criteria met, the mean of its readers."""
    given = [met for read in reads for met in read.marks.values() if met is not None]
    return sum(given) / len(given) if given else 0.0


def _words(store: Store, piece: Row, files: list[Row] | tuple[()]) -> str:
    """Text of a piece without the names of its teacher and school: they would be learnt."""
    words = "\n".join(str(facts_of_file(store, row["sha256"]).get("text") or "") for row in files)
    for name in (piece["teacher_name"], piece["school_name"]):
        words = words.replace(str(name), "")
    return words.strip()


def _clusters(workspace: Workspace, store: Store) -> dict[str, str]:
    """Copy cluster of each piece that is in one."""
    found: dict[str, str] = {}
    for pair in compare_all(workspace, store).pairs:
        if pair.kind == TEXT_PAIR and pair.tier != PASSAGE:
            found |= {pair.a: str(pair.cluster), pair.b: str(pair.cluster)}
    return found
