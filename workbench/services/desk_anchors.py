"""Anchors 依据位置: the places in the evidence a mark rests on, taken at the desk and kept with the read."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import desk_work
from models.store import Row, Store, Transaction
from workbench.messages import language, sentence

PAGE, SLIDE, SECOND, PARAGRAPH = "page", "slide", "second", "paragraph"
KINDS = (PAGE, SLIDE, SECOND, PARAGRAPH)
"""What a place counts: pages, slides and paragraphs from 1, seconds from 0."""

MOST_ANCHORS = 12
"""Anchors of one criterion; more point at nothing any more."""

_LAST = 200_000


@dataclass(frozen=True)
class Anchor:
    """One place: the part of the viewer (from 1), what is counted in it, and which.

    ``sha256`` is the original the part was made from; empty until it is recorded.
    """

    part: int
    kind: str
    place: int
    sha256: str = ""

    def as_json(self) -> dict[str, Any]:
        """Return the place as drafts and pages hold it."""
        return {"part": self.part, "kind": self.kind, "place": self.place}


def given_anchors(sent: Mapping[str, Any]) -> dict[str, tuple[Anchor, ...]]:
    """Read anchors by criterion, each place once.

    Raises
    ------
    ValueError
        If one is of another form, or a criterion has more than `MOST_ANCHORS`.

    Examples
    --------
    >>> given_anchors({"A1-1.P1": [{"part": 1, "kind": "page", "place": 3}]})
    {'A1-1.P1': (Anchor(part=1, kind='page', place=3, sha256=''),)}
    """
    found = {}
    for name, places in sent.items():
        own = tuple(dict.fromkeys(_anchor(each) for each in places))
        if len(own) > MOST_ANCHORS:
            raise ValueError(f"{len(own)} anchors of {name}")
        if own:
            found[str(name)] = own
    return found


def anchors_of_piece(store: Store, piece_id: str) -> dict[int, dict[str, tuple[Anchor, ...]]]:
    """Anchors of every read of a piece, by read and criterion."""
    return {
        read: {name: tuple(map(_of_row, rows)) for name, rows in own.items()}
        for read, own in desk_work.anchors_of_piece(store, piece_id).items()
    }


def deciding_anchors(
    store: Store, piece_id: str, criterion_id: str, met: int
) -> tuple[Anchor, ...]:
    """Places named by the reads that stand and gave a criterion this mark, each once."""
    rows = desk_work.anchors_for(store, piece_id, criterion_id, met)
    return tuple(dict.fromkeys(map(_of_row, rows)))


def anchor_words(anchor: Anchor, *, several: bool = False, tongue: str = "") -> str:
    """Say where a place is, in the language of the run or that named; with ``several`` files, in which."""
    into = tongue or language()
    place = clock(anchor.place) if anchor.kind == SECOND else str(anchor.place)
    said = sentence(into, f"desk.ui.place_{anchor.kind}", place=place)
    return sentence(into, "desk.ui.place_in", part=anchor.part, place=said) if several else said


def places_in_words(anchors: Sequence[Anchor], tongue: str = "") -> str:
    """Say several places in one line; the file is named where they lie in more than one."""
    several = len({anchor.part for anchor in anchors}) > 1
    said = (anchor_words(anchor, several=several, tongue=tongue) for anchor in anchors)
    return sentence(tongue or language(), "desk.ui.place_joint").join(said)


def clock(seconds: int) -> str:
    """Write a moment of a film.

    >>> clock(75), clock(3675)
    ('1:15', '1:01:15')
    """
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


def record_anchors(
    store: Store,
    tx: Transaction,
    read_id: int,
    piece_id: str,
    anchors: Mapping[str, Sequence[Anchor]],
) -> None:
    """Write the anchors of a read, each with the original it lies in; parts no longer there go out."""
    if not anchors:
        return
    sources = desk_work.part_sources(store, piece_id)
    rows = [
        {
            "read_id": read_id,
            "criterion_id": name,
            "position": position,
            **anchor.as_json(),
            "sha256": sources[anchor.part - 1],
        }
        for name, own in sorted(anchors.items())
        for position, anchor in enumerate(own, 1)
        if anchor.part <= len(sources)
    ]
    tx.insert("evidence_anchor", rows)


def _anchor(sent: Mapping[str, Any]) -> Anchor:
    part, kind, place = sent["part"], str(sent["kind"]), sent["place"]
    whole = type(part) is int and type(place) is int
    if not whole or kind not in KINDS or not (0 < part < 1000 and 0 <= place < _LAST):
        raise ValueError(f"anchor {dict(sent)}")
    return Anchor(part, kind, place)


def _of_row(row: Row) -> Anchor:
    return Anchor(row["part"], row["kind"], row["place"], row["sha256"])
