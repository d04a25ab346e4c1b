"""Finding copies: processor time a text and a picture, memory, and what of planted copies is found.

Everything is invented, texts in six unlike ways and pictures in five; that proves
mechanics and cost, not thresholds for real texts. Where datasketch, rensa, rapidfuzz
or scikit-learn are installed, the same texts are given to them.
"""

from __future__ import annotations

import json
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Iterator

from benchmarks.invented_texts import DrawnWords
from benchmarks.pictures_found import picture_rows, slide_rows, template_rows
from benchmarks.planted_copies import county, pages
from benchmarks.planted_found import Row, pooled, row, small_counties
from benchmarks.similarity_peers import peer_rows
from scoring.similarity.fingerprints import known_hashes, own_fingerprint
from scoring.similarity.normalising import normalise
from scoring.similarity.text import TextRow, compare_texts

CPU_LIMIT_MS = 1.1  # milliseconds of processor time a text: normalise, fingerprint, join
MEMORY_LIMIT_GIB = 1.0
GROWTH_LIMIT = 1.3  # cost a text at the largest size over that at the smallest
SIZES = (1_000, 10_000, 100_000)
SEED = 20261121
SEEDS = (11, 12, 13, 14)  # of the pooled counties
PLANTED = 30  # copies of each kind in each of them
TEMPLATED = 40  # pictures of each of five kinds on few templates, in each of three counties
PICTURES = 180  # of each of five kinds, changed in nine ways: a hundred of each way


def run(parts: tuple[str, ...] = ()) -> Iterator[Row]:
    """Measure everything, or only the parts named: ``python -m benchmarks.similarity PART ...``.

    Yields
    ------
    dict
        ``measure, size, corpus, value, unit, limit``; ``limit`` is None where
        nothing is promised.
    """
    for part in parts or PARTS:
        yield from PARTS[part]()


def _texts(sizes: tuple[int, ...] = SIZES) -> Iterator[Row]:
    """Each size of texts in a process of its own, for its memory."""
    costs = []
    for size in sizes:
        lines = _apart("similarity", f"scaling({size})")
        costs.append(float(str(lines[0]["value"])))
        yield from lines
    yield row("growth a text", sizes[-1], "words", costs[-1] / costs[0], "ratio", GROWTH_LIMIT)


def _planted() -> Iterator[Row]:
    """Counties with many copies, with one of each kind, and with long quotations unregistered."""
    yield from pooled(1500, SEEDS, PLANTED)
    yield from pooled(1500, SEEDS, 1)
    yield from pooled(1500, SEEDS[:2], 4, quoted=3)


def _unseen() -> Iterator[Row]:
    """Small counties in languages that came after the search; forms registered, and not."""
    for known in (("forms",), ()):
        yield from small_counties(known)


def _pictures() -> Iterator[Row]:
    yield from picture_rows(PICTURES, SEED)
    yield from slide_rows(300, SEED)


PARTS: dict[str, Callable[[], Iterable[Row]]] = {
    "texts": _texts,
    "scan": lambda: _apart("similarity_scan", "scan()"),
    "planted": _planted,
    "unseen": _unseen,
    "pictures": _pictures,
    "templates": lambda: template_rows(TEMPLATED, SEEDS[:3]),
    "peers": lambda: peer_rows(county(1000, SEED, DrawnWords)),
}
"""What there is to measure, in the order it is measured; each takes minutes."""


def _apart(module: str, call: str) -> list[Row]:
    """Rows of a call in a process of its own."""
    code = f"import json; from benchmarks.{module} import *; print(json.dumps({call}))"
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    found: list[Row] = json.loads(done.stdout)
    return found


def scaling(size: int) -> list[Row]:
    """Cost and memory of so many texts, invented one by one and not kept."""
    normalise("量")  # the table of foldings is built once a process
    forms, texts = pages(size, SEED, DrawnWords)
    known = known_hashes(forms)
    inventing = 0.0

    def rows() -> Iterator[TextRow]:
        """Take prints one by one, as they are gathered; nobody else keeps them."""
        nonlocal inventing
        for at in range(size):
            started = time.process_time()
            text = next(texts)
            inventing += time.process_time() - started
            yield TextRow(f"p{at:07}", f"t{at:07}", own_fingerprint(text, known))

    started = time.process_time()
    compare_texts(rows())
    spent = time.process_time() - started - inventing
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return [
        row("cpu a text", size, "words", spent / size * 1000, "ms", CPU_LIMIT_MS),
        row("peak memory", size, "words", peak, "GiB", MEMORY_LIMIT_GIB),
    ]


if __name__ == "__main__":
    for line in run(tuple(sys.argv[1:])):
        print(json.dumps(line, ensure_ascii=False), flush=True)
