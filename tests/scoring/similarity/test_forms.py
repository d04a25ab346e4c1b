"""A form nobody registered is told from a copied text by its shape."""

from __future__ import annotations

import numpy as np

from scoring.similarity.fingerprints import fingerprint, known_hashes
from scoring.similarity.forms import forms_among, held_elsewhere
from scoring.similarity.packed import PackedPrints
from scoring.similarity.pairs import STRONG
from scoring.similarity.text import TextRow, compare_texts


def invented(seed, count):
    return "".join(
        chr(0x4E00 + int(at)) for at in np.random.default_rng(seed).integers(0, 9000, count)
    )


LINES = [invented(500 + at, 30) for at in range(12)]


def filled(seed, lines=LINES, own=(150, 200, 250)):
    """A form with a teacher's own words under its third, sixth and ninth line."""
    made = list(lines)
    for place, count in zip((9, 6, 3), own, strict=True):
        made.insert(place, invented(seed * 10 + place, count + 40 * (seed % 4)))
    return "\n".join(made)


def forms(texts, teachers=None):
    prints = PackedPrints(fingerprint(text) for text in texts)
    whose = np.arange(len(texts)) if teachers is None else np.array(teachers)
    return forms_among(prints, [np.arange(len(texts))], whose.astype(np.int32))


def row(at, text, teacher=None):
    return TextRow(f"p{at:02}", teacher or f"t{at:02}", fingerprint(text))


def test_lines_that_four_teachers_wrote_between_are_a_form():
    found = forms([filled(seed) for seed in range(4)])
    theirs = fingerprint("".join(LINES)).hashes
    assert np.isin(theirs, found).mean() > 0.6  # the rest stand at the seams
    assert np.isin(found, known_hashes(["\n".join(LINES)])).all()


def test_three_who_share_the_lines_may_have_copied_them():
    assert len(forms([filled(seed) for seed in range(3)])) == 0


def test_one_teachers_pieces_are_one_teachers():
    assert len(forms([filled(seed) for seed in range(5)], teachers=[0, 0, 0, 0, 1])) == 0


def test_a_passage_in_one_piece_is_no_form():
    passage = "".join(LINES)
    texts = [
        invented(seed, 100 + 90 * seed) + passage + invented(90 + seed, 300) for seed in range(5)
    ]
    assert len(forms(texts)) == 0


def test_copies_of_one_text_are_no_form_though_each_left_another_part_out():
    source = [invented(700 + at, 40) for at in range(40)]
    draw = np.random.default_rng(4)
    copies = [
        "".join(
            invented(int(draw.integers(1e6)), 45) if draw.random() < 0.3 else one for one in source
        )
        for _ in range(7)
    ]
    assert len(forms(["".join(source), *copies])) == 0


def test_texts_on_a_form_nobody_registered_are_no_pairs_but_a_copy_among_them_is_one():
    copied = filled(2).replace(LINES[0], invented(77, 30))  # the form's first line, too, is new
    rows = [*(row(at, filled(at)) for at in range(9)), row(50, copied)]
    (pair,) = compare_texts(rows).pairs
    assert (pair.a, pair.b, pair.tier) == ("p02", "p50", STRONG)


def test_a_group_that_copied_one_text_on_a_form_nobody_registered_is_found():
    rows = [row(at, filled(at)) for at in range(9)]
    rows += [row(20 + at, filled(40)) for at in range(3)]
    pairs = compare_texts(rows).pairs
    assert {(pair.a, pair.b) for pair in pairs} == {("p20", "p21"), ("p20", "p22"), ("p21", "p22")}


def test_what_most_holders_outside_a_crowd_have_is_none_of_its_copied_text():
    form, text = invented(1, 200), invented(2, 400)
    texts = [form + text, form + text, *(form + invented(at, 400) for at in range(10, 14))]
    prints = PackedPrints(fingerprint(one) for one in texts)
    found = held_elsewhere(prints, [0, 1])
    assert np.isin(found, known_hashes([form])).all()
    assert len(found) > 40  # a third of the grams of 200 characters
