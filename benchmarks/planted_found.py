"""What of planted copies is found, and what is found that nobody planted; counties are pooled."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import combinations

from benchmarks.planted_copies import HARD, LANGUAGES, UNSEEN, County, county, quoting
from scoring.similarity.fingerprints import Hashes, known_hashes, own_fingerprint
from scoring.similarity.pairs import PASSAGE, Pair
from scoring.similarity.text import TextRow, compare_texts

Row = dict[str, object]


def row(measure: str, size: int, corpus: str, value: float, unit: str, limit: float | None) -> Row:
    """One line of the table; ``limit`` is None where nothing is promised."""
    return {
        "measure": measure,
        "size": size,
        "corpus": corpus,
        "value": round(value, 4),
        "unit": unit,
        "limit": limit,
    }


@dataclass
class Tally:
    """Pairs found and how many were planted; copies planted and found, by kind.

    ``passages`` of unknown origin are counted apart: they claim no copy. ``closed``
    and ``closed_right`` count the pairs that clusters make of those found.
    """

    texts: int = 0
    passages: int = 0
    pairs: int = 0
    right: int = 0
    closed: int = 0
    closed_right: int = 0
    planted: Counter[str] = field(default_factory=Counter)
    found: Counter[str] = field(default_factory=Counter)

    def count(self, made: County, pairs: list[Pair]) -> None:
        """Add one county: a copy is found where its cluster holds its source."""
        self.passages += sum(pair.tier == PASSAGE for pair in pairs)
        pairs = [pair for pair in pairs if pair.tier != PASSAGE]
        cluster = {int(piece[1:]): pair.cluster for pair in pairs for piece in (pair.a, pair.b)}
        linked = made.linked
        found = {(int(pair.a[1:]), int(pair.b[1:])) for pair in pairs}
        self.texts += len(made.texts)
        self.pairs += len(found)
        self.right += sum(two in linked or set(two) <= made.popular for two in found)
        self._close(cluster, linked, made.popular)
        self.planted.update(made.planted.values())
        self.found.update(
            kind
            for (a, b), kind in made.planted.items()
            if a in cluster and cluster[a] == cluster.get(b)
        )
        self.planted["popular"] += len(made.popular)
        self.found["popular"] += sum(at in cluster for at in made.popular)

    def _close(
        self, cluster: dict[int, int], linked: set[tuple[int, int]], popular: set[int]
    ) -> None:
        groups: dict[int, list[int]] = {}
        for at in sorted(cluster):
            groups.setdefault(cluster[at], []).append(at)
        for two in (two for group in groups.values() for two in combinations(group, 2)):
            self.closed += 1
            self.closed_right += two in linked or set(two) <= popular

    def rows(self, corpus: str, each_kind_at_least: float | None = None) -> Iterator[Row]:
        """Precision, recall of all easy kinds together, and of each kind with how many there were."""
        easy = [kind for kind in self.planted if kind not in (*HARD, "popular")]
        planted, found = (sum(one[kind] for kind in easy) for one in (self.planted, self.found))
        share = self.right / max(self.pairs, 1)
        yield row("precision", self.texts, corpus, share, f"of {self.pairs} pairs", 0.98)
        closed = self.closed_right / max(self.closed, 1)
        yield row("precision, closed", self.texts, corpus, closed, f"of {self.closed} pairs", 0.98)
        yield row("recall", self.texts, corpus, found / planted, f"of {planted} copies", 0.98)
        yield row("passages apart", self.texts, corpus, self.passages, "pairs", None)
        for kind, count in self.planted.items():
            if count:
                share, limit = self.found[kind] / count, each_kind_at_least
                measure = f"recall, {kind}"
                yield row(measure, self.texts, corpus, share, f"of {count} copies", limit)


def text_rows(made: County, known: Hashes) -> list[TextRow]:
    """Rows of an invented county, known text left out."""
    return [
        TextRow(f"p{at:06}", f"t{at:06}", own_fingerprint(text, known), stratum, stratum[2])
        for at, (text, stratum) in enumerate(zip(made.texts, made.strata, strict=True))
    ]


def compared(made: County, known: tuple[str, ...] = ("forms",)) -> list[Pair]:
    """Pairs of an invented county; ``known`` names what of it is registered."""
    registered = [text for name in known for text in getattr(made, name)]
    return compare_texts(text_rows(made, known_hashes(registered))).pairs


def found_in(
    counties: Iterable[County], corpus: str, known: tuple[str, ...] = ("forms",)
) -> list[Row]:
    """Precision over all pairs, recall over the planted ones, counties together."""
    tally = Tally()
    for made in counties:
        tally.count(made, compared(made, known))
    return list(tally.rows(corpus))


def pooled(size: int, seeds: Iterable[int], each: int, quoted: int = 0) -> Iterator[Row]:
    """The same for counties of each language, ``each`` copies of a kind in every county.

    With ``quoted`` textbook passages are so many sentences long, and nobody registered them.
    """
    chosen = list(seeds)
    for language in LANGUAGES:
        spoken = quoting(language, quoted) if quoted else language
        counties = (county(size, seed, spoken, each) for seed in chosen)
        corpus = f"{language.__name__}, {each} each"
        yield from found_in(counties, corpus + (f", {quoted} quoted" if quoted else ""))


def small_counties(known: tuple[str, ...]) -> Iterator[Row]:
    """Precision and recall in counties of 60 and of 300 texts, all kinds planted in each."""
    told = "registered" if known else "unregistered"
    for language in UNSEEN:
        for size, seeds, each in ((60, range(8), 1), (300, range(4), 4)):
            counties = (county(size, seed, language, each) for seed in seeds)
            corpus = f"{language.__name__}, {size} texts, forms {told}"
            yield from found_in(counties, corpus, known)
