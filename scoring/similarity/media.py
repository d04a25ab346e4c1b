"""Re-used pictures: the same file, or the same picture resized, cropped or mirrored.

Pictures everybody has are public (a textbook page, a logo) and prove nothing. Two
slides on one background look alike to any hash, so slides need their words to
agree as well.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
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
from scoring.similarity.sketches import (
    HOPELESS,
    HOPELESS_WHOLE,
    STARTS,
    WHOLE,
    WINDOWS,
    Cells,
    Frame,
    agreement,
    cells_of,
    fine_structure,
    mirrored,
    start_structures,
)

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


@dataclass(frozen=True)
class PictureLimits:
    """When two pictures are a pair: the ``flag.reused_image`` rules of the policy.

    Distances are bits of 256 and find what may be one picture; agreement of the
    sketches, -1 to 1, confirms it. Measured: resized, recompressed or stamped
    copies stay within 50 bits and crops within 80 of a window, but two rooms of
    one build may differ in 28 only; their sketches agree to .3, those of two
    slides on one background to .5, of one picture cropped to .65 or more.
    """

    same: int = 31  # strong up to here; also what counts as one public picture
    alike: int = 50
    window: int = 80  # a whole picture against a window of the other
    slide: int = 40  # as soon as a slide takes part
    public_teachers: int = 5  # more teachers than this have it: public
    confirmed: float = 0.65  # agreement below which two pictures are not one
    certain: float = 0.8  # agreement from which they are called the same

    def unconfirmed(self, reason: str) -> int:
        """Bits up to which two pictures are shown where no sketch can confirm them."""
        return min(self.window, _UNSKETCHED) if reason == "cropped" else self.alike


_DEFAULT = PictureLimits()
_REMEMBERED = 20_000  # first looks kept at a time, 4 KiB each
_TRIED = 2  # likely frames of a crop that are tried beside the window it was found by
_UNSKETCHED = 60  # bits; crops against windows of other photographs differ in 86 or more


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
    start: Frame = WHOLE
    agreed: float | None = None


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
        for m in _Confirming(first, limits).best(wanted)
    ]
    everywhere = {hashed[at] for at in public} | _many(pictures, limits)
    found += [
        _Match(at, at, 0, "picture", agreed=1.0)
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
    matches: Iterable[_Match],
    worded: set[tuple[str, str]],
    limits: PictureLimits,
) -> list[_Match]:
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


def _matches(rows: Sequence[PictureRow], limits: PictureLimits) -> list[_Match]:
    """Distinct pictures that may be one, each two in every way they may be."""
    whole = words([row.dhash[0] for row in rows])
    turned = np.array([at for at, row in enumerate(rows) if row.mirror], dtype=np.int64)
    mirrors = words([rows[at].mirror for at in turned.tolist()])
    counts = [len(row.dhash) - 1 for row in rows]
    owner = np.repeat(np.arange(len(rows)), counts)
    window = np.concatenate([np.empty(0, np.int64), *(np.arange(1, n + 1) for n in counts)])
    windows = words([one for row in rows for one in row.dhash[1:]])
    return [
        *_closest(near(whole, whole, limits.alike), np.arange(len(rows)), "picture"),
        *_closest(near(mirrors, whole, limits.alike), turned, "mirrored"),
        *_closest(near(windows, whole, limits.window), owner, "cropped", window),
    ]


def _closest(found: Near, place: Ints, reason: str, window: Ints | None = None) -> Iterable[_Match]:
    """Least distance of each two pictures, either of which may be the one cropped or mirrored.

    The first of a match is the one whose window or mirror was compared.
    """
    left, right = place[found.left], found.right
    best: dict[tuple[int, int], _Match] = {}
    order = np.argsort(-found.distance, kind="stable")  # the closest is written last
    for at in order[left[order] != right[order]].tolist():
        one, two = int(left[at]), int(right[at])
        start = WHOLE if window is None else _window(int(window[found.left[at]]))
        match = _Match(one, two, int(found.distance[at]), reason, start)
        best[min(one, two), max(one, two)] = match
    return best.values()


def _window(number: int) -> Frame:
    return WINDOWS[number] if number < len(WINDOWS) else WHOLE


class _Confirming:
    """Lays sketches of possible matches over each other, each two pictures in the best way."""

    def __init__(self, rows: Sequence[PictureRow], limits: PictureLimits) -> None:
        self._rows, self._limits = rows, limits
        self._known: dict[tuple[int, bool, Frame], Cells] = {}
        self._latest: tuple[int, Cells] = (-1, np.empty(0, np.float32))

    def best(self, matches: Iterable[_Match]) -> list[_Match]:
        """Of each two pictures the match that agrees best, if any agrees enough."""
        found: dict[tuple[int, int], _Match] = {}
        for match in sorted(matches, key=_simplest):
            name = (min(match.left, match.right), max(match.left, match.right))
            known = found.get(name)
            if known and (known.agreed is None or known.agreed >= self._limits.certain):
                continue
            tried = self._tried(match)
            if tried and (known is None or (tried.agreed or 0) > (known.agreed or 0)):
                found[name] = tried
        return [found[name] for name in sorted(found)]

    def _tried(self, match: _Match) -> _Match | None:
        if not (self._rows[match.left].sketch and self._rows[match.right].sketch):
            # Read before sketches were made: shown, but never called the same.
            near_enough = match.distance <= self._limits.unconfirmed(match.reason)
            return match if near_enough else None
        turned = match.reason == "mirrored"
        start = self._structure(match.left, turned, match.start)
        first = float(start @ self._structure(match.right))
        if match.reason == "cropped":
            frames = self._frames(match, first)
        else:
            frames = [match.start] if first >= HOPELESS_WHOLE else []
        whole, part = self._cells(match.left, turned), self._cells(match.right)
        agreed = (agreement(whole, part, frame) for frame in frames)
        best = next((one for one in agreed if one >= self._limits.confirmed), None)
        return None if best is None else replace(match, agreed=best)

    def _frames(self, match: _Match, first: float) -> list[Frame]:
        """Frames from which to look for a crop: the window it was found by, and likelier ones."""
        if match.left != self._latest[0]:
            self._latest = match.left, start_structures(self._cells(match.left))
        values = self._latest[1] @ self._structure(match.right)
        best = np.argsort(-values, kind="stable")[:_TRIED].tolist()
        looked = [(first, match.start), *((float(values[at]), STARTS[at]) for at in best)]
        return [frame for value, frame in looked if value >= HOPELESS]

    def _cells(self, at: int, turned: bool = False) -> Cells:
        cells = cells_of(self._rows[at].sketch)
        return mirrored(cells) if turned else cells

    def _structure(self, at: int, turned: bool = False, frame: Frame = WHOLE) -> Cells:
        name = (at, turned, frame)
        if name not in self._known:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            self._known[name] = fine_structure(self._cells(at, turned), frame)
        return self._known[name]


def _simplest(match: _Match) -> tuple[int, int, int, int]:
    """Whole pictures first; crops of one picture together, as its frames are laid out once."""
    ways = ("picture", "mirrored", "cropped")
    return (ways.index(match.reason), match.left, match.distance, match.right)


def _public(
    pictures: Sequence[_Picture], matches: Iterable[_Match], limits: PictureLimits
) -> set[int]:
    """Pictures that more than ``public_teachers`` teachers have, the same or nearly."""
    teachers = [{row.teacher_id for row in picture.rows} for picture in pictures]
    having = [set(own) for own in teachers]
    checking = _Confirming([picture.rows[0] for picture in pictures], limits)
    close = [m for m in matches if m.reason == "picture" and m.distance <= limits.same]
    for match in checking.best(close):
        if match.agreed is not None and match.agreed < limits.certain:
            continue  # slides with the same few lines on one background are not one slide
        having[match.left] |= teachers[match.right]
        having[match.right] |= teachers[match.left]
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
    close &= match.agreed is not None and match.agreed >= limits.certain
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
