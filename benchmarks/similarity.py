"""Finding copies: processor time a text and a picture, memory, and what of planted copies is found.

Everything is invented in two unlike ways (`invented_texts`, `invented_pictures`);
that proves mechanics and cost, not thresholds for real texts. Where datasketch,
rensa or rapidfuzz are installed, the same texts are given to them.
"""

from __future__ import annotations

import importlib
import json
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path

import numpy as np

from benchmarks.invented_pictures import CHANGES, page, room, saved, scene, slide
from benchmarks.invented_texts import DrawnWords, TeacherPhrases
from benchmarks.planted_copies import HARD, County, county, pages
from models.store import Act, Transaction
from scoring.similarity.fingerprints import Hashes, known_hashes, own_fingerprint
from scoring.similarity.media import FILE, PictureRow, compare_pictures
from scoring.similarity.normalising import normalise
from scoring.similarity.pairs import Pair
from scoring.similarity.text import TextRow, compare_texts
from workbench.services.workspace import Workspace, create

CPU_LIMIT_MS = 1.1  # milliseconds of processor time a text: normalise, fingerprint, join
PICTURE_LIMIT_MS = 20.0
MEMORY_LIMIT_GIB = 1.0
SCAN_LIMIT_S = 180.0  # processor seconds
GROWTH_LIMIT = 1.3  # cost a text at the largest size over that at the smallest
SIZES = (1_000, 10_000, 100_000)
SEED = 20261121

Row = dict[str, object]


def run(sizes: tuple[int, ...] = SIZES, pictures: int = 40) -> Iterator[Row]:
    """Measure everything; each size of texts in a process of its own, for its memory.

    Yields
    ------
    dict
        ``measure, size, corpus, value, unit, limit``; ``limit`` is None where
        nothing is promised.
    """
    costs = []
    for size in sizes:
        lines = _apart(f"_scaling({size})")
        costs.append(float(str(lines[0]["value"])))
        yield from lines
    yield from _apart("_scan()")
    yield _row("growth a text", sizes[-1], "words", costs[-1] / costs[0], "ratio", GROWTH_LIMIT)
    for language in (DrawnWords, TeacherPhrases):
        yield from found_of(county(1500, SEED, language), language.__name__)
    yield from picture_rows(pictures)
    yield from _others(county(1000, SEED, DrawnWords))


def _apart(call: str) -> list[Row]:
    """Rows of a call in a process of its own."""
    code = (
        f"import json; from benchmarks.similarity import _scaling, _scan; print(json.dumps({call}))"
    )
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found: list[Row] = json.loads(done.stdout)
    return found


def _scaling(size: int) -> list[Row]:
    """Cost and memory of so many texts, invented one by one and not kept."""
    normalise("量")  # the table of foldings is built once a process
    forms, texts = pages(size, SEED, DrawnWords)
    known = known_hashes(forms)
    rows, spent = [], 0.0
    for at, text in enumerate(texts):
        started = time.process_time()
        taken = own_fingerprint(text, known)
        spent += time.process_time() - started
        rows.append(TextRow(f"p{at:07}", f"t{at:07}", taken))
    started = time.process_time()
    compare_texts(rows)
    spent += time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return [
        _row("cpu a text", size, "words", spent / size * 1000, "ms", CPU_LIMIT_MS),
        _row("peak memory", size, "words", peak, "GiB", MEMORY_LIMIT_GIB),
    ]


def _scan(pieces: int = 15_000, pictures: int = 3) -> list[Row]:
    """Whole comparison of a county whose files were read before: texts and pictures."""
    from workbench.services.similarity import compare_all

    normalise("量")
    forms, texts = pages(pieces, SEED, DrawnWords)
    with tempfile.TemporaryDirectory() as folder:
        made = _workspace(Path(folder) / "county", forms, texts, pictures)
        with made.store() as store:
            started = time.process_time()
            compare_all(made, store)
            spent = time.process_time() - started
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return [
        _row("county scan", pieces, "words and pictures", spent, "CPU s", SCAN_LIMIT_S),
        _row("county scan, peak memory", pieces, "words and pictures", peak, "GiB", None),
    ]


def _workspace(folder: Path, forms: list[str], texts: Iterator[str], pictures: int) -> Workspace:
    """Workspace of a county with so many pieces, three to a teacher."""
    act = Act("bench", "registrar", datetime(2026, 11, 20, tzinfo=UTC))
    made = create(folder, "national-2.0", "bench", "bench", act, lambda size: b"k" * size)
    draw = np.random.default_rng(SEED)
    with made.store() as store, store.transaction(act, "bench") as tx:
        form = {"media_type": "txt", "text": "\n".join(forms)}
        tx.insert("blank_form", [{"sha256": "f", "name": "f", "text": json.dumps(form)}])
        for at, text in enumerate(texts):
            _hand_in(tx, at, text, [draw.bytes(32 * 13 + 512).hex() for _ in range(pictures)])
    return made


def _hand_in(tx: Transaction, at: int, text: str, pictures: list[str]) -> None:
    """Put one piece in; its pictures are noise, as most pictures are to each other."""
    school, teacher, submission = f"s{at // 450}", f"t{at // 3}", f"t{at // 3}.A{at % 3}"
    if at % 450 == 0:
        tx.insert("school", [{"school_id": school, "name": school}])
    if at % 3 == 0:
        names = {"teacher_id": teacher, "teacher_no": teacher, "name": teacher}
        tx.insert("teacher", [{**names, "school_id": school}])
    named = {"submission_id": submission, "teacher_id": teacher, "competency": f"A{at % 3}"}
    tx.insert("submission", [{**named, "attempt": 1}])
    tx.insert("piece", [{"piece_id": f"p{at}", "submission_id": submission, "slot_id": "A1-1"}])
    file = {"piece_id": f"p{at}", "item": f"#{at}", "path": "a.docx", "sha256": f"{at}", "bytes": 1}
    rest = {"attached": 1, "verdict": "accept", "stated": "{}", "submitted_at": ""}
    tx.insert("evidence_file", [{**file, **rest}])
    inside = [
        {
            "sha256": one[:64],
            "dhash": [one[place : place + 64] for place in range(0, 12 * 64, 64)],
            "mirror": one[12 * 64 : 13 * 64],
            "sketch": one[13 * 64 :],
        }
        for one in pictures
    ]
    facts = json.dumps({"media_type": "docx", "text": text, "pictures": inside})
    tx.insert("extract", [{"sha256": f"{at}", "media_type": "docx", "facts": facts}])


def text_rows(made: County, known: Hashes) -> list[TextRow]:
    """Rows of an invented county, known text left out."""
    return [
        TextRow(f"p{at:06}", f"t{at:06}", own_fingerprint(text, known), stratum, stratum[2])
        for at, (text, stratum) in enumerate(zip(made.texts, made.strata, strict=True))
    ]


def found_of(made: County, corpus: str, known: tuple[str, ...] = ("forms",)) -> list[Row]:
    """Precision over all pairs, recall over the planted ones, closed transitively."""
    registered = [text for name in known for text in getattr(made, name)]
    compared = compare_texts(text_rows(made, known_hashes(registered)))
    return list(_quality(made, compared.pairs, corpus))


def _quality(made: County, pairs: list[Pair], corpus: str) -> Iterator[Row]:
    size = len(made.texts)
    cluster = {int(piece[1:]): pair.cluster for pair in pairs for piece in (pair.a, pair.b)}
    found = {(int(pair.a[1:]), int(pair.b[1:])) for pair in pairs}
    right = [two for two in found if two in made.linked or set(two) <= made.popular]
    yield _row("precision", size, corpus, len(right) / max(len(found), 1), "share of pairs", None)
    easy = {two: kind for two, kind in made.planted.items() if kind not in HARD}
    kinds = {"recall": list(easy)}
    for kind in dict.fromkeys(made.planted.values()):
        kinds[f"recall, {kind}"] = [two for two, one in made.planted.items() if one == kind]
    for measure, these in kinds.items():
        hit = sum(a in cluster and cluster[a] == cluster.get(b) for a, b in these)
        yield _row(measure, size, corpus, hit / len(these), "share of copies", None)
    if made.popular:
        linked = len({at for at in made.popular if at in cluster}) / len(made.popular)
        name = f"recall, copied by {len(made.popular)}"
        yield _row(name, size, corpus, linked, "share of copies", None)


def picture_rows(each: int, seed: int = SEED) -> list[Row]:
    """Cost of a picture, recall of changed ones, and pairs that are none."""
    from workbench.readers.images import hash_picture
    from workbench.readers.limits import DEFAULT

    draw = np.random.default_rng(seed)
    kinds = (scene, room, page, lambda d: slide(d, int(d.integers(3))))
    originals = [kinds[at % 4](draw) for at in range(each * 4)]
    ways = list(CHANGES)
    changed = [
        saved(CHANGES[ways[at // 4 % len(ways)]](one, draw), 30 if at // 4 % 8 == 1 else 80)
        for at, one in enumerate(originals)
    ]
    files = [*((f"o{at:05}", saved(one)) for at, one in enumerate(originals))]
    files += [(f"c{at:05}", data) for at, data in enumerate(changed)]
    started = time.process_time()
    rows = []
    for name, data in files:
        told = hash_picture(data, name, DEFAULT)[0]
        hashes = (told.dhash, told.mirror)
        rows.append(PictureRow(name, f"t{name}", told.sha256, *hashes, FILE, told.sketch))
    hashing = time.process_time() - started
    started = time.process_time()
    pairs = compare_pictures(rows)
    joining = time.process_time() - started
    found = {(pair.a, pair.b) for pair in pairs}
    hit = [(f"c{at:05}", f"o{at:05}") in found for at in range(len(originals))]
    count, false = len(rows), sum(a[1:] != b[1:] for a, b in found)
    made = []
    for what, spent in (("hashing", hashing), ("comparing", joining)):
        cost = spent / count * 1000
        made.append(_row(f"cpu a picture, {what}", count, "pictures", cost, "ms", PICTURE_LIMIT_MS))
    made.append(_row("recall", count, "pictures", float(np.mean(hit)), "share of copies", None))
    made.append(_row("false pairs", count, "pictures", false, "pairs", None))
    for way in range(len(ways)):
        share = float(np.mean([one for at, one in enumerate(hit) if at // 4 % len(ways) == way]))
        made.append(_row(f"recall, {ways[way]}", count, "pictures", share, "share", None))
    return made


def _others(made: County) -> Iterator[Row]:
    """What other libraries need and find on the same texts, where they are installed."""
    grams = [{t[at : at + 8] for at in range(len(t) - 7)} for t in map(_plain, made.texts)]
    for name, pairs_of in (
        ("datasketch", _datasketch),
        ("rensa", _rensa),
        ("rapidfuzz", _rapidfuzz),
    ):
        try:
            importlib.import_module(name)
        except ModuleNotFoundError:
            continue
        started = time.process_time()
        found, compared = pairs_of(grams, made)
        spent = time.process_time() - started
        easy = [two for two, kind in made.planted.items() if kind not in HARD]
        right = sum(two in made.linked for two in found)
        yield _row(f"{name}, cpu a text", compared, "words", spent / compared * 1000, "ms", None)
        if compared == len(made.texts):
            value = sum(two in found for two in easy) / len(easy)
            yield _row(f"{name}, recall", compared, "words", value, "share of copies", None)
            value = right / max(len(found), 1)
            yield _row(f"{name}, precision", compared, "words", value, "share of pairs", None)


def _plain(text: str) -> str:
    return normalise(text).text


Found = tuple[set[tuple[int, int]], int]


def _datasketch(grams: list[set[str]], _: County) -> Found:
    from datasketch import MinHash, MinHashLSH

    lsh, prints = MinHashLSH(threshold=0.5, num_perm=128), []
    for at, one in enumerate(grams):
        made = MinHash(num_perm=128)
        made.update_batch([gram.encode() for gram in one])
        prints.append(made)
        lsh.insert(at, made)
    hits = ((at, other) for at, one in enumerate(prints) for other in lsh.query(one))
    return {(a, b) for a, b in hits if a < b}, len(grams)


def _rensa(grams: list[set[str]], _: County) -> Found:
    from rensa import RMinHash, RMinHashLSH

    lsh, prints = RMinHashLSH(threshold=0.5, num_perm=128, num_bands=32), []
    for at, one in enumerate(grams):
        made = RMinHash(num_perm=128, seed=1)
        made.update(list(one))
        prints.append(made)
        lsh.insert(at, made)
    hits = ((at, b) for at, one in enumerate(prints) for b in lsh.query(one))
    return {(a, b) for a, b in hits if a < b and prints[a].jaccard(prints[b]) >= 0.5}, len(grams)


def _rapidfuzz(_: list[set[str]], made: County) -> Found:
    """Pair by pair, so only the first sixty texts."""
    from rapidfuzz import fuzz

    few = list(map(_plain, made.texts[:60]))
    return {(a, b) for a, b in combinations(range(60), 2) if fuzz.ratio(few[a], few[b]) > 60}, 60


def _row(measure: str, size: int, corpus: str, value: float, unit: str, limit: float | None) -> Row:
    return {
        "measure": measure,
        "size": size,
        "corpus": corpus,
        "value": round(value, 4),
        "unit": unit,
        "limit": limit,
    }


if __name__ == "__main__":
    for line in run():
        print(line)
