"""Texts are folded to one spelling, and every folded character knows where it came from."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.similarity.normalising import fold, normalise
from scoring.similarity.traditional import SIMPLIFIED, TRADITIONAL


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("ＡＢｃ１２３", "abc123"),  # full-width, capitals
        ("課堂導入環節設計", "课堂导入环节设计"),  # traditional
        ("教学\u200b设\ufeff计\u00ad", "教学设计"),  # zero-width signs, soft hyphen
        ("教学\r\n  设计，（一）！", "教学设计一"),  # line breaks, punctuation
        ("⾼⼀⼈⼯智能", "高一人工智能"),  # Kangxi radicals, as PDF readers give them
        ("50㎡ ①②", "50m2 1 2"),  # one sign for several
        ("résumé", "resume"),
        ("réfléchi", "re\u0301fle\u0301chi"),  # one sign or letter and accent
    ],
)
def test_two_spellings_of_one_text_are_the_same(one, other):
    assert normalise(one).text == normalise(other).text
    assert normalise(one).digest == normalise(other).digest


@pytest.mark.parametrize("line", ["3", "- 3 -", "第 3 页", "第3页 共12页", "3/12", "Page 3 of 9"])
def test_a_line_that_is_a_page_number_alone_is_dropped(line):
    assert normalise(f"教学目标\n{line}\n教学过程").text == "教学目标教学过程"


def test_a_number_within_a_line_is_kept():
    assert normalise("第3页练习第2题").text == "第3页练习第2题"


def test_a_text_without_letters_is_empty_and_not_an_error():
    assert normalise("").text == ""
    assert normalise("……\n\n12\n").text == ""


def test_a_lone_surrogate_is_dropped():
    assert normalise("教\ud800学").text == "教学"


def test_the_table_of_simplified_characters_is_one_to_one_and_final():
    assert len(TRADITIONAL) == len(SIMPLIFIED) == len(set(TRADITIONAL)) > 2900
    assert not set(TRADITIONAL) & set(SIMPLIFIED)


def test_every_entry_of_the_table_is_used_by_fold():
    # Compatibility signs are folded by Unicode before the table is asked.
    for traditional, simplified in zip(TRADITIONAL, SIMPLIFIED, strict=True):
        if unicodedata.normalize("NFKD", traditional) == traditional:
            assert fold(traditional) == simplified


@given(st.text(max_size=200))
def test_every_folded_character_comes_from_the_place_it_names(text):
    normal = normalise(text)
    assert len(normal.codes) == len(normal.places)
    assert (normal.places[1:] >= normal.places[:-1]).all()
    for sign, place in zip(normal.text, normal.places.tolist(), strict=True):
        assert sign in fold(text[place])


@given(st.text(alphabet="教学设计運用ＡBｃ，。 \n12", max_size=80))
def test_normalising_twice_changes_nothing(text):
    once = normalise(text).text
    if not once.isdigit():  # digits alone on a line are a page number the second time
        assert normalise(once).text == once
