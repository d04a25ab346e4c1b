"""Re-used pictures: the same file, or the same picture resized, cropped or mirrored.

Pictures everybody has are public (a textbook page, a logo) and prove nothing. Two
slides on one background look alike to any hash, so slides need their words to
agree as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations, product

import numpy as np

from scoring.similarity.bits import Ints, Near, near, words
from scoring.similarity.confirming import Confirming, Match
from scoring.similarity.limits import PictureLimits
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
from scoring.similarity.sketches import WHOLE, WINDOWS, Frame, turned_frame
from scoring.similarity.structure_bits import MOST, structure_words

FILE, IN_DOCUMENT, IN_SLIDES = "file", "document", "slide"


@dataclass(frozen=True)
class PictureRow:
    """One picture of a piece.

    ``dhash`` are 256-bit difference hashes as 64 hexadecimal digits, of the
    whole picture first, then of smaller windows; ``mirror`` that of the whole
    flipped left to right; ``sketch`` its cells. All are empty for a flat or
    tiny picture, which is then compared by its bytes alone, and only as a
    `FILE` of its own: small logos sit in many documents. ``origin`` is `FILE`,
    `IN_DOCUMENT` or `IN_SLIDES`.
    """

    piece_id: str
    teacher_id: str
    sha256: str
    dhash: tuple[str, ...] = ()
    mirror: str = ""
    origin: str = FILE
    sketch: str = ""


_DEFAULT = PictureLimits()


@dataclass(frozen=True)
class _Picture:
    """One distinct file among the pictures, with every place it was found."""

    sha256: str
    rows: tuple[PictureRow, ...]


@dataclass(frozen=True)
class PictureComparison:
    """Pairs of pictures; ``public`` are pieces whose own picture file very many have.

    A public picture makes no pair. One inside a document is a logo or a textbook's;
    one that is the evidence itself wants to be said.
    """

    pairs: list[Pair]
    public: tuple[str, ...]


def compare_pictures(
    rows: Iterable[PictureRow],
    text_pairs: Iterable[Pair] = (),
    limits: PictureLimits = _DEFAULT,
) -> PictureComparison:
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
    PictureComparison
        At most one pair a kind and two pieces, the closest; kind ``slide`` where
        both pictures are out of slides, else ``image``. ``exhibits`` are the
        digests of the two pictures. Strong pairs are the same file, or within
        ``same`` bits and confirmed by their sketches; mirrored and cropped ones,
        and those without a sketch to confirm them, are to be looked at.

    Raises
    ------
    ScoringError
        For a hash or a sketch that is none.
    """
    pictures = _distinct(rows)
    worded = {(pair.a, pair.b) for pair in text_pairs}
    hashed = [at for at, picture in enumerate(pictures) if picture.rows[0].dhash]
    first = [pictures[at].rows[0] for at in hashed]
    possible = _matches(first, limits)
    public = _public([pictures[at] for at in hashed], possible, limits)
    wanted = _wanted([pictures[at] for at in hashed], public, possible, worded, limits)
    found = [
        replace(m, left=hashed[m.left], right=hashed[m.right])
        for m in Confirming([row.sketch for row in first], limits).best(wanted)
    ]
    everywhere = {hashed[at] for at in public} | _many(pictures, limits)
    found += [
        Match(at, at, 0, "picture", agreed=1.0)
        for at in range(len(pictures))
        if at not in everywhere
    ]
    pairs = [
        pair
        for match in found
        for pair in _pairs(pictures[match.left], pictures[match.right], match, worded, limits)
    ]
    files = sorted(
        {row.piece_id for at in everywhere for row in pictures[at].rows if row.origin == FILE}
    )
    return PictureComparison(clustered(strongest(pairs, _closeness)), tuple(files))


def _wanted(
    pictures: Sequence[_Picture],
    public: set[int],
    matches: Iterable[Match],
    worded: set[tuple[str, str]],
    limits: PictureLimits,
) -> list[Match]:
    """Matches that would make a pair if confirmed."""
    return [
        match
        for match in matches
        if match.left not in public
        and match.right not in public
        and _pairs(pictures[match.left], pictures[match.right], match, worded, limits)
    ]


def _many(pictures: Sequence[_Picture], limits: PictureLimits) -> set[int]:
    """Pictures of which more than ``public_teachers`` have the very file."""
    return {
        at
        for at, picture in enumerate(pictures)
        if len({row.teacher_id for row in picture.rows}) > limits.public_teachers
    }


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


def _matches(rows: Sequence[PictureRow], limits: PictureLimits) -> list[Match]:
    """Distinct pictures that may be one, each two in every way they may be."""
    whole = words([row.dhash[0] for row in rows])
    turned = np.array([at for at, row in enumerate(rows) if row.mirror], dtype=np.int64)
    mirrors = words([rows[at].mirror for at in turned.tolist()])
    counts = [len(row.dhash) - 1 for row in rows]
    owner = np.repeat(np.arange(len(rows)), counts)
    window = np.concatenate([np.empty(0, np.int64), *(np.arange(1, n + 1) for n in counts)])
    windows = words([one for row in rows for one in row.dhash[1:]])
    everywhere = np.arange(len(rows))
    hashed = [
        *_closest(near(whole, whole, limits.alike), everywhere, everywhere, "picture"),
        *_closest(near(mirrors, whole, limits.alike), turned, everywhere, "mirrored"),
        *_closest(near(windows, whole, limits.window), owner, everywhere, "cropped", window),
        *_closest(near(windows, mirrors, limits.window), owner, turned, "mirrored", window),
    ]
    known = {(frozenset((m.left, m.right)), m.reason) for m in hashed if m.start == WHOLE}
    built = (m for m in _built_alike(rows) if (frozenset((m.left, m.right)), m.reason) not in known)
    return [*hashed, *built]


def _built_alike(rows: Sequence[PictureRow]) -> Iterable[Match]:
    """Pictures whose sketches are built alike, whatever their difference hashes say.

    Their distance is that of the structure bits.
    """
    sketched = np.array([at for at, row in enumerate(rows) if row.sketch], dtype=np.int64)
    sketches = [rows[at].sketch for at in sketched.tolist()]
    whole, turned = structure_words(sketches), structure_words(sketches, turned=True)
    return [
        *_closest(near(whole, whole, MOST), sketched, sketched, "picture"),
        *_closest(near(turned, whole, MOST), sketched, sketched, "mirrored"),
    ]


def _closest(
    found: Near, place: Ints, other: Ints, reason: str, window: Ints | None = None
) -> Iterator[Match]:
    """Least distance of each two pictures, either of which may be the one cropped or mirrored.

    The first of a match is the one whose window or mirror was compared.
    """
    left, right = place[found.left], other[found.right]
    lower, upper = np.minimum(left, right), np.maximum(left, right)
    latest = -np.arange(len(left))  # of equal distances the last one counts
    order = np.lexsort((latest, found.distance, upper, lower))
    order = order[left[order] != right[order]]
    changed = np.diff(lower[order], prepend=-1) | np.diff(upper[order], prepend=-1)
    for at in order[changed != 0].tolist():
        start = WHOLE if window is None else _window(int(window[found.left[at]]))
        if reason == "mirrored":
            start = turned_frame(start)
        yield Match(int(left[at]), int(right[at]), int(found.distance[at]), reason, start)


def _window(number: int) -> Frame:
    return WINDOWS[number] if number < len(WINDOWS) else WHOLE


def _public(
    pictures: Sequence[_Picture], matches: Iterable[Match], limits: PictureLimits
) -> set[int]:
    """Pictures that more than ``public_teachers`` teachers have, the same or nearly."""
    teachers = [{row.teacher_id for row in picture.rows} for picture in pictures]
    having = [set(own) for own in teachers]
    checking = Confirming([picture.rows[0].sketch for picture in pictures], limits)
    close = [m for m in matches if m.reason == "picture" and m.distance <= limits.same]
    for match in checking.best(close):
        if match.agreed is not None and match.agreed < limits.shared_certain:
            continue  # slides with the same few lines on one background are not one slide
        having[match.left] |= teachers[match.right]
        having[match.right] |= teachers[match.left]
    return {at for at, who in enumerate(having) if len(who) > limits.public_teachers}


def _pairs(
    left: _Picture,
    right: _Picture,
    match: Match,
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


def _plain(match: Match, limits: PictureLimits) -> bool:
    """Whole against whole, and close enough for a slide."""
    return match.reason == "picture" and match.distance <= limits.slide


def _pair(one: PictureRow, two: PictureRow, match: Match, kind: str, limits: PictureLimits) -> Pair:
    close = match.reason == "picture" and match.distance <= limits.same
    close &= match.agreed is not None and match.agreed >= limits.shared_certain
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
