"""What a picture costs, and what of changed pictures and copied slides is found."""

from __future__ import annotations

import time
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import combinations

import numpy as np
from PIL import Image

from benchmarks import templated_pictures
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


def template_rows(each: int, seeds: Sequence[int]) -> list[Row]:
    """Recall and false pairs of pictures on few templates, of some counties pooled.

    ``each`` pictures of every kind a county; every second is changed twice, in one
    of the fifteen pairs of ways and in either order, the others once.
    """
    hits: dict[str, list[bool]] = {}
    false, spent, count = 0, 0.0, 0
    for seed in seeds:
        rows, named = _templated(each, np.random.default_rng(seed))
        started = time.process_time()
        ends = {(pair.a, pair.b) for pair in compare_pictures(rows).pairs}
        spent += time.process_time() - started
        count += len(rows)
        false += sum(a[1:] != b[1:] for a, b in ends)
        for at, names in enumerate(named):
            for name in ("all", *names):
                hits.setdefault(name, []).append((f"c{at:05}", f"o{at:05}") in ends)
    cost = spent / count * 1e3
    return [
        row("on templates, false pairs", count, "pictures", false, "pairs", 0),
        row("on templates, cpu a picture, comparing", count, "pictures", cost, "ms", None),
        *(_recall(f"on templates, recall, {name}", count, own) for name, own in hits.items()),
    ]


def _recall(measure: str, count: int, own: Sequence[bool]) -> Row:
    share, told = float(np.mean(own)), f"of {len(own)} copies"
    return row(measure, count, "pictures", share, told, 0.95)


def _templated(
    each: int, draw: np.random.Generator
) -> tuple[list[PictureRow], list[tuple[str, ...]]]:
    """Originals and their changed copies, and of each copy its kind and how it was changed."""
    kinds, ways = templated_pictures.KINDS, templated_pictures.CHANGES
    twice = list(combinations(ways, 2))
    originals, copies, named = [], [], []
    for at in range(each * len(kinds)):
        kind, number = list(kinds)[at % len(kinds)], at // len(kinds)
        made = kinds[kind](draw)
        single = (list(ways)[number // 2 % len(ways)],)
        chosen = twice[draw.integers(len(twice))] if number % 2 else single
        originals.append(saved(made))
        for way in chosen if draw.random() < 0.5 else chosen[::-1]:
            made = ways[way](made, draw)
        copies.append(saved(made, 80))
        named.append((kind, "changed twice" if number % 2 else "changed once", *chosen))
    return [*_rows("o", originals), *_rows("c", copies)], named


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
