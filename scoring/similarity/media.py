"""Re-used pictures: the same file, or the same picture resized, cropped or mirrored.

Pictures everybody has are public (a textbook page, a logo) and prove nothing. Two
slides on one background look alike to any hash, so slides need their words to
agree as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np

from scoring.similarity.bits import Ints, Near, near, words
from scoring.similarity.pairs import (
    IMAGE,
    LOOK,
    SELF,
    SLIDE,
    STRONG,
    Pair,
    clustered,
    in_order,
    strongest,
)

FILE, IN_DOCUMENT, IN_SLIDES = "file", "document", "slide"


@dataclass(frozen=True)
class PictureRow:
    """One picture of a piece.

    ``dhash`` are 256-bit difference hashes as 64 hexadecimal digits, of the
    whole picture first, then of smaller windows; ``mirror`` that of the whole
    flipped left to right. Both are empty for a flat or tiny picture, which is
    then compared by its bytes alone, and only as a `FILE` of its own: small
    logos sit in many documents. ``origin`` is `FILE`, `IN_DOCUMENT` or
    `IN_SLIDES`.
    """

    piece_id: str
    teacher_id: str
    sha256: str
    dhash: tuple[str, ...] = ()
    mirror: str = ""
    origin: str = FILE


@dataclass(frozen=True)
class PictureLimits:
    """When two pictures are a pair: the ``flag.reused_image`` rules of the policy.

    All distances are bits of 256. Measured on photographs and slides: other
    pictures differ in 54 or more, crops against windows of others in 86 or
    more; resized, recompressed or watermarked copies stay within 50.
    """

    same: int = 31  # strong up to here; also what counts as one public picture
    alike: int = 50
    window: int = 60  # a whole picture against a window of the other
    slide: int = 40  # as soon as a slide takes part
    public_teachers: int = 5  # more teachers than this have it: public


_DEFAULT = PictureLimits()


@dataclass(frozen=True)
class _Picture:
    """One distinct file among the pictures, with every place it was found."""

    sha256: str
    rows: tuple[PictureRow, ...]


@dataclass(frozen=True)
class _Match:
    """Two distinct pictures alike: their places, the distance, and how it was seen."""

    left: int
    right: int
    distance: int
    reason: str


def compare_pictures(
    rows: Iterable[PictureRow],
    text_pairs: Iterable[Pair] = (),
    limits: PictureLimits = _DEFAULT,
) -> list[Pair]:
    """Find pictures handed in twice.

    Parameters
    ----------
    rows : iterable of PictureRow
        Pictures of all pieces, embedded ones too, in any order.
    text_pairs : iterable of Pair
        Copied text (`text.compare_texts`). Two slides are a pair only where
        their pieces are one here.
    limits : PictureLimits

    Returns
    -------
    list of Pair
        At most one a kind and two pieces, the closest; kind ``slide`` where
        both pictures are out of slides, else ``image``. ``exhibits`` are the
        digests of the two pictures. Strong pairs are the same file or within
        ``same`` bits; mirrored and cropped ones are to be looked at.

    Raises
    ------
    ScoringError
        For a hash that is not 64 hexadecimal digits.
    """
    pictures = _distinct(rows)
    worded = {(pair.a, pair.b) for pair in text_pairs}
    hashed = [at for at, picture in enumerate(pictures) if picture.rows[0].dhash]
    matches = _matches([pictures[at].rows[0] for at in hashed], limits)
    public = _public(pictures, hashed, matches, limits)
    found = [
        _Match(hashed[match.left], hashed[match.right], match.distance, match.reason)
        for match in matches
    ]
    found += [_Match(at, at, 0, "picture") for at in range(len(pictures))]
    pairs = [
        pair
        for match in found
        if match.left not in public and match.right not in public
        for pair in _pairs(pictures[match.left], pictures[match.right], match, worded, limits)
    ]
    return clustered(strongest(pairs, _closeness))


def _distinct(rows: Iterable[PictureRow]) -> list[_Picture]:
    """Pictures by their bytes; flat or tiny ones inside documents are left out."""
    by_digest: dict[str, set[PictureRow]] = {}
    for row in rows:
        if row.dhash or row.origin == FILE:
            by_digest.setdefault(row.sha256, set()).add(row)
    return [
        _Picture(digest, tuple(sorted(by_digest[digest], key=_hashed_first)))
        for digest in sorted(by_digest)
    ]


def _hashed_first(row: PictureRow) -> tuple[bool, str, str]:
    return (not row.dhash, row.piece_id, row.origin)


def _matches(rows: Sequence[PictureRow], limits: PictureLimits) -> list[_Match]:
    """Distinct pictures alike; whole against whole is preferred, then mirrored, then cropped."""
    whole = words([row.dhash[0] for row in rows])
    mirrored = [at for at, row in enumerate(rows) if row.mirror]
    owner = np.repeat(np.arange(len(rows)), [len(row.dhash) - 1 for row in rows])
    ways = [
        ("cropped", near(words([w for row in rows for w in row.dhash[1:]]), whole, limits.window)),
        ("mirrored", near(words([rows[at].mirror for at in mirrored]), whole, limits.alike)),
        ("picture", near(whole, whole, limits.alike)),
    ]
    place = {"cropped": owner, "mirrored": np.array(mirrored, dtype=np.int64)}
    best: dict[tuple[int, int], _Match] = {}
    for reason, found in ways:
        best.update(_closest(found, place.get(reason, np.arange(len(rows))), reason))
    return [best[name] for name in sorted(best)]


def _closest(found: Near, place: Ints, reason: str) -> dict[tuple[int, int], _Match]:
    """Least distance of each two pictures, either of which may be the one cropped or mirrored."""
    left, right = place[found.left], found.right
    low, high = np.minimum(left, right), np.maximum(left, right)
    best: dict[tuple[int, int], _Match] = {}
    order = np.argsort(-found.distance, kind="stable")  # the closest is written last
    for at in order[low[order] != high[order]].tolist():
        name = (int(low[at]), int(high[at]))
        best[name] = _Match(*name, int(found.distance[at]), reason)
    return best


def _public(
    pictures: Sequence[_Picture],
    hashed: Sequence[int],
    matches: Sequence[_Match],
    limits: PictureLimits,
) -> set[int]:
    """Pictures that more than ``public_teachers`` teachers have, the same or nearly."""
    teachers = [{row.teacher_id for row in picture.rows} for picture in pictures]
    having = [set(own) for own in teachers]
    for match in matches:
        if match.reason == "picture" and match.distance <= limits.same:
            left, right = hashed[match.left], hashed[match.right]
            having[left] |= teachers[right]
            having[right] |= teachers[left]
    return {at for at, who in enumerate(having) if len(who) > limits.public_teachers}


def _pairs(
    left: _Picture,
    right: _Picture,
    match: _Match,
    worded: set[tuple[str, str]],
    limits: PictureLimits,
) -> list[Pair]:
    """Two pieces for every two places of the pictures, where the rule for slides allows."""
    twos = (
        combinations(left.rows, 2)
        if left.sha256 == right.sha256
        else product(left.rows, right.rows)
    )
    found = []
    for one, two in twos:
        slides = (one.origin, two.origin).count(IN_SLIDES)
        if one.piece_id == two.piece_id or (slides and not _plain(match, limits)):
            continue
        pair = _pair(one, two, match, SLIDE if slides == 2 else IMAGE, limits)
        if slides < 2 or (pair.a, pair.b) in worded:
            found.append(pair)
    return found


def _plain(match: _Match, limits: PictureLimits) -> bool:
    """Whole against whole, and close enough for a slide."""
    return match.reason == "picture" and match.distance <= limits.slide


def _pair(
    one: PictureRow, two: PictureRow, match: _Match, kind: str, limits: PictureLimits
) -> Pair:
    close = match.reason == "picture" and match.distance <= limits.same
    tier = STRONG if close else LOOK
    return in_order(
        Pair(
            kind=kind,
            a=one.piece_id,
            b=two.piece_id,
            teacher_a=one.teacher_id,
            teacher_b=two.teacher_id,
            distance=match.distance,
            tier=SELF if one.teacher_id == two.teacher_id else tier,
            reason=match.reason,
            exhibits=(one.sha256, two.sha256),
        )
    )


def _closeness(pair: Pair) -> tuple[float, ...]:
    return (pair.reason != "picture", pair.distance or 0)
