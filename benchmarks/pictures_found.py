"""What a picture costs, and what of changed pictures and copied slides is found."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np
from PIL import Image

from benchmarks.invented_pictures import CHANGES, SCENES, saved, slide
from benchmarks.planted_found import Row, row
from scoring.similarity.media import FILE, IN_SLIDES, PictureRow, compare_pictures
from scoring.similarity.pairs import Pair

PICTURE_LIMIT_MS = 20.0


def picture_rows(each: int, seed: int) -> list[Row]:
    """Cost of a picture, recall of changed ones, and pairs that are none.

    ``each`` pictures of every kind are invented, and each is changed in one way,
    all ways in turn.
    """
    draw = np.random.default_rng(seed)
    originals = [SCENES[at % len(SCENES)](draw) for at in range(each * len(SCENES))]
    ways = list(CHANGES)
    way_of = [ways[at // len(SCENES) % len(ways)] for at in range(len(originals))]
    quality = [30 if way == "recompress" else 80 for way in way_of]
    changed = [
        saved(CHANGES[way](one, draw), q)
        for one, way, q in zip(originals, way_of, quality, strict=True)
    ]
    started = time.process_time()
    rows = [*_rows("o", map(saved, originals)), *_rows("c", changed)]
    hashing = time.process_time() - started
    started = time.process_time()
    pairs = compare_pictures(rows).pairs
    joining = time.process_time() - started
    return [*_costs(len(rows), hashing, joining), *_found(pairs, way_of, len(rows))]


def _rows(letter: str, files: Iterable[bytes]) -> list[PictureRow]:
    from workbench.readers.images import hash_picture
    from workbench.readers.limits import DEFAULT

    made = []
    for at, data in enumerate(files):
        told = hash_picture(data, "picture", DEFAULT)[0]
        name = f"{letter}{at:05}"
        hashes = (told.dhash, told.mirror)
        made.append(PictureRow(name, f"t{name}", told.sha256, *hashes, FILE, told.sketch))
    return made


def _costs(count: int, hashing: float, joining: float) -> list[Row]:
    return [
        row(
            f"cpu a picture, {what}", count, "pictures", spent / count * 1e3, "ms", PICTURE_LIMIT_MS
        )
        for what, spent in (("hashing", hashing), ("comparing", joining))
    ]


def _found(pairs: Sequence[Pair], way_of: Sequence[str], count: int) -> list[Row]:
    ends = {(pair.a, pair.b) for pair in pairs}
    hit = [(f"c{at:05}", f"o{at:05}") in ends for at in range(len(way_of))]
    false = sum(a[1:] != b[1:] for a, b in ends)
    share = float(np.mean(hit))
    made = [
        row("recall", count, "pictures", share, f"of {len(hit)} copies", 0.95),
        row("false pairs", count, "pictures", false, "pairs", 0),
    ]
    for way in CHANGES:
        own = [one for one, name in zip(hit, way_of, strict=True) if name == way]
        share = float(np.mean(own))
        made.append(row(f"recall, {way}", count, "pictures", share, f"of {len(own)} copies", 0.95))
    return made


def slide_rows(decks: int, seed: int) -> list[Row]:
    """Slides copied with their words, beside slides on the same few backgrounds that are not.

    Every third deck is a copy of the one before, words and pictures; of the
    others every second shares words with a neighbour but no slide.
    """
    draw = np.random.default_rng(seed)
    files: list[bytes] = []
    copies: set[tuple[str, str]] = set()
    worded: set[tuple[str, str]] = set()
    last = slide(draw, 0)
    for at in range(decks):
        if at % 3 == 1:
            copies.add((f"d{at - 1:05}", f"d{at:05}"))
            files.append(saved(last.resize((960, 540), Image.Resampling.BICUBIC), 70))
        else:
            last = slide(draw, at % 3)
            files.append(saved(last))
        if at and at % 2:
            worded.add((f"d{at - 1:05}", f"d{at:05}"))
    words = sorted(worded | copies)
    texts = [Pair("text", a, b, f"t{a}", f"t{b}", share=0.5) for a, b in words]
    rows = [replace(one, origin=IN_SLIDES) for one in _rows("d", files)]
    found = {(pair.a, pair.b) for pair in compare_pictures(rows, texts).pairs}
    share = len(found & copies) / len(copies)
    return [
        row("recall, copied slides", decks, "slides", share, f"of {len(copies)} copies", 0.95),
        row("false pairs", decks, "slides", len(found - copies), "pairs", 0),
    ]
