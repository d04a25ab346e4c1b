"""What other libraries need and find on the same texts, where they are installed."""

from __future__ import annotations

import importlib
import time
from collections.abc import Callable, Iterator
from itertools import combinations

from benchmarks.planted_copies import HARD, County
from benchmarks.planted_found import Row, compared, row
from scoring.similarity.normalising import normalise

Found = tuple[set[tuple[int, int]], int]
_FEW = 60  # texts that are compared pair by pair


def peer_rows(made: County) -> Iterator[Row]:
    """Ours first, forms not registered either, then each library; one core, one after the other."""
    normalise("量")  # the table of foldings is built once a process
    for name, pairs_of in (("ours", _ours), *PEERS.items()):
        try:
            if name != "ours":
                importlib.import_module(name.split()[0].replace("scikit-learn", "sklearn"))
        except ModuleNotFoundError:
            continue
        started = time.process_time()
        found, count = pairs_of(made)
        spent = time.process_time() - started
        yield row(f"{name}, cpu a text", count, "words", spent / count * 1000, "ms", None)
        if count == len(made.texts):
            easy = [two for two, kind in made.planted.items() if kind not in HARD]
            linked = made.linked
            share = sum(two in found for two in easy) / len(easy)
            yield row(f"{name}, recall", count, "words", share, "share of copies", None)
            share = sum(two in linked for two in found) / max(len(found), 1)
            yield row(f"{name}, precision", count, "words", share, f"of {len(found)} pairs", None)


def _ours(made: County) -> Found:
    pairs = compared(made, known=())
    return {(int(pair.a[1:]), int(pair.b[1:])) for pair in pairs}, len(made.texts)


def _grams(made: County) -> list[set[str]]:
    return [{t[at : at + 8] for at in range(len(t) - 7)} for t in map(_plain, made.texts)]


def _plain(text: str) -> str:
    return normalise(text).text


def _datasketch(made: County) -> Found:
    from datasketch import MinHash, MinHashLSH

    lsh, prints = MinHashLSH(threshold=0.5, num_perm=128), []
    for at, one in enumerate(_grams(made)):
        taken = MinHash(num_perm=128)
        taken.update_batch([gram.encode() for gram in one])
        prints.append(taken)
        lsh.insert(at, taken)
    hits = ((at, other) for at, one in enumerate(prints) for other in lsh.query(one))
    return {(a, b) for a, b in hits if a < b}, len(prints)


def _rensa(made: County) -> Found:
    from rensa import RMinHash, RMinHashLSH

    lsh, prints = RMinHashLSH(threshold=0.5, num_perm=128, num_bands=32), []
    for at, one in enumerate(_grams(made)):
        taken = RMinHash(num_perm=128, seed=1)
        taken.update(list(one))
        prints.append(taken)
        lsh.insert(at, taken)
    hits = ((at, b) for at, one in enumerate(prints) for b in lsh.query(one))
    near = {(a, b) for a, b in hits if a < b and prints[a].jaccard(prints[b]) >= 0.5}
    return near, len(prints)


def _sklearn(made: County) -> Found:
    """Cosine of character 2- to 4-grams by inverse document frequency, every two texts."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    vectors = TfidfVectorizer(analyzer="char", ngram_range=(2, 4), sublinear_tf=True).fit_transform(
        map(_plain, made.texts)
    )
    alike = (vectors @ vectors.T).tocoo()
    near = alike.data >= 0.35
    both = zip(alike.row[near].tolist(), alike.col[near].tolist(), strict=True)
    return {(a, b) for a, b in both if a < b}, len(made.texts)


def _rapidfuzz(made: County) -> Found:
    """Pair by pair, so only the first few texts."""
    from rapidfuzz import fuzz

    few = list(map(_plain, made.texts[:_FEW]))
    near = {(a, b) for a, b in combinations(range(_FEW), 2) if fuzz.ratio(few[a], few[b]) > 60}
    return near, _FEW


PEERS: dict[str, Callable[[County], Found]] = {
    "datasketch": _datasketch,
    "rensa": _rensa,
    "scikit-learn": _sklearn,
    "rapidfuzz": _rapidfuzz,
}
