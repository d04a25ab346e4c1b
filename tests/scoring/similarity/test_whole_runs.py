"""A lifted passage counts whole, its stock phrases too; what everyone has alone does not."""

from __future__ import annotations

import numpy as np

from scoring.similarity.fingerprints import fingerprint
from scoring.similarity.joining import Hits
from scoring.similarity.text import TextLimits, TextRow, compare_texts
from scoring.similarity.whole_runs import LENT, lent


def signs(seed, count):
    """Ideographs by chance, none in two of them for long."""
    drawn = np.random.default_rng(seed).integers(0x4E00, 0x5E00, count)
    return "".join(map(chr, drawn))


PHRASES = [signs(seed, 14) for seed in range(900, 908)]
"""Stock phrases that every teacher of the county writes."""


def lesson(seed, lifted=""):
    own = [signs(seed * 100 + part, 60) + phrase for part, phrase in enumerate(PHRASES * 4)]
    return "".join([*own[:10], lifted, *own[10:]])


def found(texts):
    rows = [TextRow(f"p{at:02}", f"t{at:02}", fingerprint(text)) for at, text in enumerate(texts)]
    pairs = compare_texts(rows, limits=TextLimits()).pairs
    return [(pair.a, pair.b, pair.longest_run) for pair in pairs]


PARAGRAPH = "".join(signs(800 + at, 16) + PHRASES[at % 8] for at in range(6))
"""A hundred and eighty ideographs, near half of them stock phrases."""


def test_a_lifted_paragraph_is_found_though_half_of_it_is_stock_phrases():
    texts = [lesson(seed) for seed in range(40)]
    texts[3], texts[7] = lesson(3, PARAGRAPH), lesson(7, PARAGRAPH)
    ((one, two, run),) = found(texts)
    assert (one, two) == ("p03", "p07")
    assert 165 <= run <= 180 + 2 * 11  # grams across the seams count


def test_stock_phrases_alone_are_no_passage():
    assert found([lesson(seed) for seed in range(40)]) == []


def test_a_quotation_that_eight_cite_stays_below_the_limit_with_its_phrases():
    assert found([lesson(seed, PARAGRAPH if seed < 8 else "") for seed in range(40)]) == []


def hits(places, weights, offset=0):
    at = np.array(places, dtype=np.uint16)
    none = np.zeros(len(at), dtype=np.bool_)
    other = (at + offset).astype(np.uint16)
    return Hits(np.zeros(len(at), np.int64), at, other, np.array(weights, np.float32), none)


def test_a_gram_lends_its_rarity_as_far_as_two_dozen_characters_reach():
    near, far = LENT, LENT + 1
    assert lent(hits([0, 4, 8, 12, near], [1, 0, 0, 0, 0])).weight.tolist() == [1, 1, 1, 1, 1]
    assert lent(hits([0, 4, 8, 12, far], [1, 0, 0, 0, 0])).weight.tolist() == [1, 1, 1, 1, 0]


def test_nothing_is_lent_across_a_gap_or_to_another_run():
    assert lent(hits([0, 15], [1, 0])).weight.tolist() == [1, 0]  # more than MERGE_GAP apart
    beside = Hits.joined([hits([0], [1]), hits([4], [0], offset=9)])
    assert sorted(lent(beside).weight.tolist()) == [0, 1]


def words(seed, count):
    """English by chance: words of two to nine letters."""
    draw = np.random.default_rng(seed)
    letters = np.array(list("etaoinshrdlu"))
    return " ".join("".join(draw.choice(letters, draw.integers(2, 10))) for _ in range(count))


def test_a_dialogue_of_the_textbook_is_short_though_its_letters_are_many():
    dialogue = words(1, 36)  # some 200 letters, as much as 66 ideographs say
    texts = [words(10 + seed, 500) for seed in range(6)]
    texts[1], texts[4] = texts[1] + dialogue, texts[4] + dialogue
    assert found(texts) == []


def test_two_pages_of_english_lifted_are_found():
    lifted = words(1, 110)
    texts = [words(10 + seed, 500) for seed in range(6)]
    texts[1], texts[4] = texts[1] + lifted, texts[4] + lifted
    assert [(a, b) for a, b, _ in found(texts)] == [("p01", "p04")]
