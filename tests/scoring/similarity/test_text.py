"""Copied text is found however it is dressed up, and what everyone has is not."""

from __future__ import annotations

import random
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.similarity.fingerprints import fingerprint, known_hashes
from scoring.similarity.pairs import LOOK, SELF, STRONG, Pair, clustered
from scoring.similarity.text import TextLimits, TextRow, compare_texts
from scoring.similarity.traditional import SIMPLIFIED, TRADITIONAL

SIGNS = list("".join(map(chr, range(0x4E00, 0x4E00 + 3000))))
_TRADITIONAL = {ord(s): t for t, s in zip(TRADITIONAL, SIMPLIFIED, strict=True)}


def invented(seed, count=1200):
    """Random ideographs in lines of 24, folded beforehand so that lengths are plain."""
    signs = np.random.default_rng(seed).choice(SIMPLE, count)
    return "\n".join("".join(signs[at : at + 24]) for at in range(0, count, 24))


SIMPLE = sorted(set(SIGNS) - set(TRADITIONAL))
FORM = invented(999, 900)


def filled(body):
    """Put a body between two halves of the county's form."""
    return FORM[:450] + "\n" + body + "\n" + FORM[450:]


def row(piece, text, teacher=None):
    return TextRow(piece, teacher or f"t-{piece}", fingerprint(text))


def found(*rows, known=(FORM,), **limits):
    return compare_texts(rows, known_hashes(known), TextLimits(**limits)).pairs


def ends(pairs):
    return [(pair.a, pair.b) for pair in pairs]


def test_a_full_copy_is_strong_with_its_share_and_run():
    body = invented(1)
    (pair,) = found(
        row("p1", filled(body)), row("p2", filled(body)), row("p3", filled(invented(2)))
    )
    assert (pair.a, pair.b, pair.kind, pair.tier) == ("p1", "p2", "text", STRONG)
    assert pair.share == 1.0
    assert 1150 <= pair.longest_run <= 1200 + 2 * 11  # grams across the seams count
    assert pair.cluster == 1


def test_a_copy_with_three_lines_in_ten_rewritten_is_found():
    lines = invented(1).splitlines()
    other = invented(2).splitlines()
    edited = [
        new if at % 10 in (2, 5, 8) else old
        for at, (old, new) in enumerate(zip(lines, other, strict=True))
    ]
    (pair,) = found(row("p1", filled("\n".join(lines))), row("p2", filled("\n".join(edited))))
    assert pair.tier == STRONG
    assert 0.5 < pair.share < 0.75  # seven in ten, less the grams at the seams


def test_one_lifted_section_of_300_characters_is_found_by_its_run():
    lifted = invented(7, 300)
    one = invented(1, 3000) + lifted + invented(2, 300)
    two = invented(3, 300) + lifted + invented(4, 3000)
    (pair,) = found(row("p1", one), row("p2", two))
    assert pair.tier == STRONG
    assert pair.share < TextLimits().look_share  # the share alone would have missed it
    assert 290 <= pair.longest_run <= 310


def test_a_paragraph_torn_by_headings_nobody_registered_is_found():
    lifted = invented(7, 168).replace("\n", "")
    heading = invented(8, 40).replace("\n", "")  # after 90 characters in one, after 60 in the other
    one = invented(1, 1500) + lifted[:90] + heading + lifted[90:] + invented(2, 300)
    two = invented(3, 300) + lifted[:60] + heading[:10] + lifted[60:] + invented(4, 1500)
    (pair,) = found(row("p1", one), row("p2", two), known=())
    assert pair.longest_run < 78 + 11  # the longer part, with grams that reach over its ends
    assert pair.share < TextLimits().look_share


def test_a_paragraph_whose_halves_stand_far_apart_in_the_copy_is_found():
    lifted = invented(7, 168).replace("\n", "")
    one = invented(1, 1500) + lifted + invented(2, 300)
    two = lifted[84:] + invented(4, 1500) + lifted[:84]
    (pair,) = found(row("p1", one), row("p2", two), known=())
    assert pair.longest_run < 84 + 11


def test_two_passages_that_stand_together_nowhere_are_no_long_run():
    first, second = invented(7, 72), invented(8, 72)
    one = first + invented(1, 900) + second + invented(2, 900)
    two = invented(3, 900) + second + invented(4, 600) + first + invented(5, 300)
    assert found(row("p1", one), row("p2", two), known=()) == []


def test_long_texts_of_stock_phrases_do_not_hide_what_many_took_from_a_short_one():
    stock = invented(2, 2400).splitlines()
    lines = [*invented(1, 480).splitlines(), *stock[:20]]  # half of the source are stock phrases
    draw = random.Random(4)
    copies = [
        row(f"p{at:02}", "\n".join([*draw.sample(lines, 30), invented(100 + at, 240)]))
        for at in range(30)
    ]
    others = [
        row(f"q{at:02}", "\n".join([*draw.sample(stock, 45), invented(300 + at, 480)]))
        for at in range(40)
    ]
    pairs = found(*copies, *others, known=(), popular_most=0.6)
    linked = {piece for pair in pairs for piece in (pair.a, pair.b)}
    assert linked == {f"p{at:02}" for at in range(30)}


def test_the_form_that_all_fill_in_is_no_copy():
    rows = [row(f"p{at}", filled(invented(at, 600))) for at in range(8)]
    assert found(*rows) == []


def test_the_same_form_unregistered_would_be_one():
    rows = [row(f"p{at}", filled(invented(at, 600))) for at in range(8)]
    assert len(found(*rows, known=())) == 8 * 7 / 2


@pytest.mark.parametrize(
    "disguise",
    [
        lambda text: text.translate(_TRADITIONAL),
        "\u200b".join,
        " ".join,
        lambda text: text.replace("\n", "\n- 3 -\n"),
        lambda text: "，".join(text[at : at + 5] for at in range(0, len(text), 5)),
    ],
    ids=["traditional", "zero-width", "spaced", "page numbers", "commas"],
)
def test_a_disguised_copy_is_a_full_copy(disguise):
    body = invented(1)
    (pair,) = found(row("p1", filled(body)), row("p2", disguise(filled(body))))
    assert pair.share == 1.0


def test_latin_letters_in_full_width_are_no_disguise():
    body = "".join(random.Random(5).choices("abcdefghijklmnopqrstuvwxyz", k=900))
    wide = body.upper().translate({code: code + 0xFEE0 for code in range(0x21, 0x7F)})
    assert [pair.share for pair in found(row("p1", body), row("p2", wide))] == [1.0]


def test_shuffled_paragraphs_are_still_a_copy():
    paragraphs = [invented(seed, 120) for seed in range(10)]
    mixed = random.Random(3).sample(paragraphs, 10)
    (pair,) = found(row("p1", "\n".join(paragraphs)), row("p2", "\n".join(mixed)))
    assert pair.tier == STRONG
    assert pair.share > 0.8


def test_a_teachers_own_re_use_has_its_own_tier():
    body = invented(1)
    (pair,) = found(row("p1", body, "t1"), row("p2", body, "t1"))
    assert pair.tier == SELF


def test_one_teachers_many_copies_do_not_make_a_text_common():
    body = invented(1)
    own = [row(f"p{at:02}", body, "t1") for at in range(30)]
    pairs = found(*own, row("q", body, "t2"))
    assert sum(pair.tier == STRONG for pair in pairs) == 30
    assert {pair.reason for pair in pairs} == {"copied"}


def test_a_text_that_more_than_twenty_copied_is_joined_to_its_first():
    body = invented(1)
    copies = [row(f"p{at:02}", body) for at in range(25)]
    others = [row(f"q{at:02}", invented(100 + at)) for at in range(40)]
    pairs = found(*copies, *others)
    assert ends(pairs) == [("p00", f"p{at:02}") for at in range(1, 25)]
    assert {(pair.tier, pair.reason, pair.cluster) for pair in pairs} == {(LOOK, "popular", 1)}


def test_what_more_than_half_of_the_teachers_have_is_a_form_nobody_registered():
    phrase = invented(1, 400)
    rows = [row(f"p{at:02}", phrase + invented(100 + at, 500)) for at in range(40)]
    assert found(*rows) == []


def test_one_passage_in_a_short_text_is_no_more_than_a_quotation():
    quoted = invented(7, 96).replace("\n", "")
    rows = [row(f"p{at}", invented(at, 240) + quoted + invented(50 + at, 240)) for at in range(2)]
    assert found(*rows, known=()) == []  # a sixth of the text, and a run below the limit


def test_the_same_share_in_pieces_all_over_is_a_pair_to_look_at():
    pieces = [invented(70 + at, 24) for at in range(9)]
    rows = [
        row(
            f"p{at}",
            "".join(piece + invented(1000 * at + n, 30 + 7 * at) for n, piece in enumerate(pieces)),
        )
        for at in range(2)
    ]
    assert [pair.reason for pair in found(*rows, known=())] == ["copied"]


def short_notes(schools):
    """25 notes of 360 characters with two paragraphs of 130 everybody has; teachers in these schools."""
    first, last = invented(1, 130), invented(2, 130)
    return [
        TextRow(
            f"p{at:02}",
            f"t{at:02}",
            fingerprint(first + invented(100 + at, 360) + last),
            (schools[at % len(schools)], "", ""),
        )
        for at in range(25)
    ] + [row(f"q{at:02}", invented(300 + at)) for at in range(60)]


def test_what_a_school_puts_on_all_its_pages_is_its_own_and_no_popular_text():
    assert found(*short_notes(["one school"]), known=()) == []


def test_what_teachers_of_many_schools_took_stays_a_popular_text_though_all_of_one_school_did():
    pairs = found(*short_notes([f"school {at}" for at in range(5)]), known=())
    assert {pair.reason for pair in pairs} == {"popular"}
    assert len(pairs) == 24


def test_a_short_text_is_said_to_be_not_compared():
    compared = compare_texts(
        [row("p1", invented(1, 200)), row("p2", invented(2)), row("p3", "教案")], known_hashes([])
    )
    assert compared.not_compared == ("p1", "p3")
    assert compared.pairs == []


def test_a_blank_form_handed_in_twice_is_not_copied_text():
    assert found(row("p1", FORM), row("p2", FORM)) == []


def test_short_texts_equal_to_the_letter_are_found():
    body = invented(1, 120)
    (pair,) = found(row("p1", body), row("p2", " ".join(body)), row("p3", invented(2, 120)))
    assert (pair.a, pair.b, pair.share, pair.reason) == ("p1", "p2", 1.0, "identical_text")


def test_texts_below_the_floor_are_not_even_compared_by_their_digest():
    assert (
        found(row("p1", "本节课效果良好学生积极参与"), row("p2", "本节课效果良好学生积极参与"))
        == []
    )


def test_pieces_linked_through_others_are_one_cluster():
    first, second = invented(1), invented(2)
    pairs = found(
        row("p1", first),
        row("p2", first + second),
        row("p3", second),
        row("p8", invented(8)),
        row("p9", invented(8)),
    )
    assert {(pair.a, pair.b): pair.cluster for pair in pairs} == {
        ("p1", "p2"): 1,
        ("p2", "p3"): 1,
        ("p8", "p9"): 2,
    }


def test_a_piece_of_several_files_is_one_piece():
    rows = [
        row("p1", invented(1)),
        row("p1", invented(1)),
        row("p1", "教案"),
        row("p2", invented(1)[:400] + invented(3)),
        row("p2", invented(1)),
    ]
    compared = compare_texts(rows, known_hashes([]))
    assert [(pair.a, pair.b, pair.share) for pair in compared.pairs] == [("p1", "p2", 1.0)]
    assert compared.not_compared == ()


def test_nothing_to_compare_gives_no_pair():
    assert found() == []
    assert found(row("p1", invented(1))) == []


MIXED = [
    row("p1", filled(invented(1))),
    row("p2", filled(invented(1)[:700] + invented(5, 500))),
    row("p3", invented(5, 500) + invented(6, 200), "t-p2"),
    row("p4", filled(invented(4))),
    row("p5", invented(9, 100)),
    row("p6", invented(9, 100)),
    *(row(f"q{at:02}", invented(50)[:600] + invented(60 + at, 300)) for at in range(22)),
    *(row(f"r{at:02}", invented(200 + at)) for at in range(23)),
]
EXPECTED = found(*MIXED)


@given(st.permutations(MIXED))
@settings(max_examples=20, deadline=None)
def test_the_order_of_documents_never_matters(rows):
    assert found(*rows) == EXPECTED


def test_the_mixed_documents_hold_every_reason_and_tier():
    assert {pair.reason for pair in EXPECTED} == {"copied", "popular", "identical_text"}
    assert {pair.tier for pair in EXPECTED} == {STRONG, LOOK, SELF}


@given(st.integers(0, 1000), st.integers(0, 1200), st.integers(0, 1200))
@settings(max_examples=25, deadline=None)
def test_who_is_called_first_does_not_change_what_is_found(seed, low, high):
    one = invented(seed)
    two = one[min(low, high) : max(low, high)] + invented(seed + 2000, 600)
    (ahead, behind) = found(row("a", one), row("b", two)), found(row("b", one), row("a", two))
    assert [(p.share, p.longest_run, p.tier) for p in ahead] == [
        (p.share, p.longest_run, p.tier) for p in behind
    ]


@given(st.lists(st.sampled_from("abcdefg"), min_size=2, max_size=14), st.randoms())
def test_clusters_do_not_depend_on_the_order_of_pairs(letters, rng):
    pairs = [
        Pair("text", min(one, two), max(one, two), "t", "u", share=0.2)
        for one, two in pairwise(letters)
        if one != two
    ]
    pairs = list(dict.fromkeys(pairs))
    mixed = rng.sample(pairs, len(pairs))
    assert clustered(mixed) == clustered(pairs)


def test_a_pair_is_reported_in_its_published_keys():
    pair = Pair("text", "p1", "p2", "t1", "t2", share=1 / 3, longest_run=40, reason="copied")
    assert pair.as_row() == {
        "kind": "text",
        "a": "p1",
        "b": "p2",
        "teacher_a": "t1",
        "teacher_b": "t2",
        "share": 0.3333,
        "longest_run": 40,
        "distance": None,
        "tier": "look",
        "cluster": 0,
    }
