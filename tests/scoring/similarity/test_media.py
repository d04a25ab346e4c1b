"""Re-used pictures are found by their bits; logos, textbook pages and slide backgrounds are not."""

from __future__ import annotations

import random
from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import ScoringError
from scoring.similarity import media
from scoring.similarity.bits import distances, near, words
from scoring.similarity.media import FILE, IN_DOCUMENT, IN_SLIDES, PictureRow
from scoring.similarity.pairs import LOOK, SELF, STRONG, Pair


def picture(seed):
    """A random hash of 256 bits: two of them differ in about 128."""
    return f"{random.Random(seed).getrandbits(256):064x}"


def changed(digits, bits, seed=0):
    """The hash with so many bits turned."""
    value = int(digits, 16)
    for place in random.Random(seed).sample(range(256), bits):
        value ^= 1 << place
    return f"{value:064x}"


SKETCH = f"{random.Random(7).getrandbits(16384):04096x}"  # one picture's cells
OTHER = f"{random.Random(8).getrandbits(16384):04096x}"


def row(piece, whole, *, sha="", teacher="", windows=(), mirror="", origin=FILE, sketch=SKETCH):
    hashes = (whole, *windows)
    name = teacher or f"t-{piece}"
    return PictureRow(piece, name, sha or f"sha-{piece}", hashes, mirror, origin, sketch)


def flipped(sketch):
    return "".join(sketch[at : at + 64][::-1] for at in range(0, 4096, 64))


def compare_pictures(rows, text_pairs=()):
    return media.compare_pictures(rows, text_pairs).pairs


def brief(pairs):
    return [(pair.kind, pair.a, pair.b, pair.distance, pair.tier, pair.reason) for pair in pairs]


def test_distance_is_the_number_of_bits_that_differ():
    one, two = "f" + "0" * 63, "0" * 63 + "3"
    assert distances(words([one]), words([two, one])).tolist() == [[6, 0]]  # 4 bits and 2


@given(st.lists(st.integers(0, 2**256 - 1), min_size=1, max_size=8), st.integers(0, 256))
@settings(max_examples=50)
def test_near_finds_what_holding_each_against_each_finds(values, most):
    hashes = words([f"{value:064x}" for value in values])
    found = near(hashes, hashes, most)
    places = zip(found.left.tolist(), found.right.tolist(), found.distance.tolist(), strict=True)
    apart = {
        (i, j): (values[i] ^ values[j]).bit_count()
        for i, j in product(range(len(values)), repeat=2)
    }
    assert {(i, j): d for i, j, d in places} == {k: d for k, d in apart.items() if d <= most}


def test_near_crosses_the_edges_of_its_tiles():
    hashes = np.zeros((3000, 4), dtype=np.uint64)
    hashes[:, 0] = np.arange(3000)
    found = near(hashes[:300], hashes, 0)
    assert found.left.tolist() == found.right.tolist() == list(range(300))


def test_the_same_file_is_strong():
    pairs = compare_pictures(
        [
            row("p1", picture(1), sha="x"),
            row("p2", picture(1), sha="x"),
            row("p3", picture(3), sketch=OTHER),
        ]
    )
    assert brief(pairs) == [("image", "p1", "p2", 0, STRONG, "picture")]
    assert pairs[0].exhibits == ("x", "x")


@pytest.mark.parametrize(("bits", "found"), [(0, True), (32, True), (50, True), (51, False)])
def test_a_recompressed_picture_is_found_up_to_fifty_bits(bits, found):
    pairs = compare_pictures(
        [row("p1", picture(1), sketch=""), row("p2", changed(picture(1), bits), sketch="")]
    )
    assert brief(pairs) == ([("image", "p1", "p2", bits, LOOK, "picture")] if found else [])


def test_a_picture_whose_hash_a_stamp_turned_is_found_by_its_structure():
    # Half of the bits of a page of writing hang on next to nothing.
    pairs = compare_pictures([row("p1", picture(1)), row("p2", changed(picture(1), 120))])
    assert brief(pairs) == [("image", "p1", "p2", 0, STRONG, "picture")]
    turned = row("p2", changed(picture(1), 120), sketch=flipped(SKETCH))
    assert brief(compare_pictures([row("p1", picture(1)), turned])) == [
        ("image", "p1", "p2", 0, LOOK, "mirrored")
    ]


def test_a_picture_cropped_and_mirrored_is_found():
    rows = [
        row("p1", picture(1), windows=(picture(2), picture(5)), sketch=""),
        row("p2", picture(3), mirror=changed(picture(5), 20), sketch=""),
    ]
    assert brief(compare_pictures(rows)) == [("image", "p1", "p2", 20, LOOK, "mirrored")]


@pytest.mark.parametrize("cropped", ["p1", "p2"])
def test_a_cropped_picture_is_found_whichever_of_the_two_was_cropped(cropped):
    # The whole of the cropped picture is near a window of the other.
    window = picture(5)
    whole = changed(window, 58)
    rows = [
        row(piece, whole, sketch="")
        if piece == cropped
        else row(piece, picture(1), windows=(picture(2), window, picture(3)), sketch="")
        for piece in ("p1", "p2")
    ]
    assert brief(compare_pictures(rows)) == [("image", "p1", "p2", 58, LOOK, "cropped")]


def test_a_mirrored_picture_is_to_be_looked_at():
    copy = row("p2", changed(picture(9), 20), sketch=flipped(SKETCH))
    rows = [row("p1", picture(1), mirror=picture(9)), copy]
    assert brief(compare_pictures(rows)) == [("image", "p1", "p2", 20, LOOK, "mirrored")]


@pytest.mark.parametrize("bits", [0, 28, 50])
def test_two_rooms_of_one_build_are_no_pair_where_their_sketches_differ(bits):
    rows = [row("p1", picture(1)), row("p2", changed(picture(1), bits), sketch=OTHER)]
    assert compare_pictures(rows) == []


def test_pictures_alike_that_nothing_confirms_are_never_called_the_same():
    rows = [row("p1", picture(1), sketch=""), row("p2", changed(picture(1), 3))]
    assert brief(compare_pictures(rows)) == [("image", "p1", "p2", 3, LOOK, "picture")]


def test_a_far_crop_that_nothing_confirms_is_no_pair():
    whole = changed(picture(5), 70)
    rows = [row("p1", whole, sketch=""), row("p2", picture(1), windows=(picture(5),))]
    assert compare_pictures(rows) == []


def test_a_teachers_own_picture_has_its_own_tier():
    rows = [row("p1", picture(1), teacher="t"), row("p2", picture(1), teacher="t")]
    assert brief(compare_pictures(rows)) == [("image", "p1", "p2", 0, SELF, "picture")]


def test_a_picture_twice_in_one_piece_is_no_pair():
    assert compare_pictures([row("p1", picture(1), sha="x"), row("p1", picture(1), sha="y")]) == []


@pytest.mark.parametrize(("teachers", "pairs"), [(5, 10), (6, 0)])
def test_what_more_than_five_teachers_have_is_public(teachers, pairs):
    rows = [row(f"p{at}", changed(picture(1), 10, seed=at)) for at in range(teachers)]
    assert len(compare_pictures(rows)) == pairs  # 5 * 4 / 2 while it is not


def test_a_public_picture_that_is_the_evidence_itself_is_named_but_not_one_inside_a_document():
    files = [row(f"p{at}", picture(1), sha="x") for at in range(6)]
    inside = [
        row(f"q{at}", picture(2), sha="y", origin=IN_DOCUMENT, sketch=OTHER) for at in range(6)
    ]
    compared = media.compare_pictures([*files, *inside, row("r", picture(3), sketch="")])
    assert compared.pairs == []
    assert compared.public == tuple(f"p{at}" for at in range(6))


def test_one_teachers_many_copies_do_not_make_a_picture_public():
    rows = [row(f"p{at}", picture(1), sha="x", teacher="t1") for at in range(9)]
    rows.append(row("q", picture(1), sha="x"))
    assert sum(pair.tier == STRONG for pair in compare_pictures(rows)) == 9


def test_slides_need_their_words_to_agree():
    rows = [
        row("p1", picture(1), origin=IN_SLIDES),
        row("p2", changed(picture(1), 38), origin=IN_SLIDES),
    ]
    assert compare_pictures(rows) == []
    text = [Pair("text", "p1", "p2", "t-p1", "t-p2", share=0.4)]
    assert brief(compare_pictures(rows, text)) == [("slide", "p1", "p2", 38, LOOK, "picture")]


def test_slides_on_one_background_are_no_pair_even_where_words_agree():
    rows = [
        row("p1", picture(1), origin=IN_SLIDES),
        row("p2", changed(picture(1), 41), origin=IN_SLIDES, sketch=""),
    ]
    assert compare_pictures(rows, [Pair("text", "p1", "p2", "t-p1", "t-p2")]) == []


def test_a_photograph_found_again_in_slides_is_an_image():
    rows = [row("p1", picture(1)), row("p2", changed(picture(1), 8), origin=IN_SLIDES)]
    assert brief(compare_pictures(rows)) == [("image", "p1", "p2", 8, STRONG, "picture")]


def test_a_logo_inside_documents_is_not_compared_but_a_flat_file_is():
    logos = [PictureRow(f"p{at}", f"t{at}", "logo", origin=IN_DOCUMENT) for at in (1, 2)]
    files = [PictureRow(f"q{at}", f"t{at}", "scan") for at in (1, 2)]
    assert brief(compare_pictures(logos + files)) == [("image", "q1", "q2", 0, STRONG, "picture")]


def test_of_several_pictures_the_closest_speaks_for_two_pieces():
    rows = [
        row("p1", picture(1), sha="a"),
        row("p1", picture(2), sha="b", sketch=OTHER),
        row("p2", changed(picture(1), 40), sha="c"),
        row("p2", changed(picture(2), 12), sha="d", sketch=OTHER),
    ]
    (pair,) = compare_pictures(rows)
    assert (pair.distance, pair.exhibits) == (12, ("b", "d"))


def test_exhibits_turn_with_the_pieces():
    (pair,) = compare_pictures(
        [row("p2", picture(1), sha="a"), row("p1", changed(picture(1), 3), sha="b")]
    )
    assert (pair.a, pair.exhibits) == ("p1", ("b", "a"))


MANY = [
    row(
        f"p{at}",
        changed(picture(at % 4), at, seed=at),
        windows=(picture(at + 50),),
        mirror=picture(at % 3 + 1),
        sketch=SKETCH if at % 5 else "",
    )
    for at in range(14)
]


@given(st.permutations(MANY))
@settings(max_examples=8, deadline=None)
def test_the_order_of_pictures_never_matters(rows):
    assert compare_pictures(rows) == compare_pictures(MANY)


@pytest.mark.parametrize("wrong", ["ff", "g" * 64, " " * 64])
def test_a_hash_that_is_none_is_named(wrong):
    with pytest.raises(ScoringError, match="expected 64 hexadecimal digits"):
        compare_pictures([row("p1", wrong)])


def test_no_picture_gives_no_pair():
    assert compare_pictures([]) == []
