"""Two texts beside each other: every character is shown or counted, and what is copied is marked."""

import random
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from workbench.services.case_text import COPIED, CUT, FORM, beside, covered, shortened

FORM_WORDS = "教学设计表格填写说明：本表由教师本人填写一式两份"


def lesson(seed, chars=120):
    rng = random.Random(seed)
    return "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(chars))


def joined(stretches):
    return "".join(each.words for each in stretches)


def test_copied_runs_bear_the_same_number_and_words_on_both_sides():
    one, other = beside("甲的开头" + lesson(1) + lesson(2), lesson(3) + lesson(1), [])
    left = {each.run: each.words for each in one if each.kind == COPIED}
    right = {each.run: each.words for each in other if each.kind == COPIED}
    assert left == right == {1: lesson(1)}


def test_words_of_a_form_are_nobodys_and_never_copied():
    one, other = beside(FORM_WORDS + lesson(1), FORM_WORDS + lesson(2), [FORM_WORDS])
    assert one[0].kind == other[0].kind == FORM
    assert not [each for each in (*one, *other) if each.kind == COPIED]


@given(st.lists(st.sampled_from([lesson(1), lesson(2), lesson(3), FORM_WORDS, "甲。\n乙"]), max_size=5),
       st.lists(st.sampled_from([lesson(1), lesson(4), FORM_WORDS, "丙"]), max_size=5))  # fmt: skip
def test_no_character_is_lost_however_two_texts_are_cut(first, second):
    texts = "".join(first), "".join(second)
    for text, stretches in zip(texts, beside(*texts, [FORM_WORDS]), strict=True):
        assert joined(stretches) == text
        short = shortened(stretches)
        assert sum(len(each.words) + each.left_out for each in short) == len(text)
        assert [e for e in short if e.kind == COPIED] == [e for e in stretches if e.kind == COPIED]


def test_two_gaps_in_a_row_are_one_mark():
    one, _ = beside(FORM_WORDS * 9 + lesson(2, 300) + lesson(1), lesson(1), [FORM_WORDS])
    kinds = [each.kind for each in shortened(one)]
    assert (CUT, CUT) not in pairwise(kinds)


def test_a_masked_text_is_shown_in_the_places_of_the_text():
    text = "授课教师梁禾清" + lesson(1)
    one, _ = beside(text, lesson(1), [])
    assert joined(covered(one, text.replace("梁禾清", "■■■"))).startswith("授课教师■■■")
