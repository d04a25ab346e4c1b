"""Nearness of texts by pairs of characters: a score worked by hand, order, and what two texts share."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from scoring.precedents import nearest, pairs, share_of, shared_words

HAN = st.text(alphabet="学情分析问卷目标检测，。", max_size=40)


def test_the_score_is_bm25_of_the_pairs_both_have():
    # pairs 甲乙 乙丙 | 丙丁: n = 1 of N = 2, weight ln(1 + 1.5 / 1.5) = ln 2; lengths 2 and 1, mean 1.5
    found = nearest("甲乙", ["甲乙丙", "丙丁"], 5)
    saturated = 2.2 / (1 + 1.2 * (0.25 + 0.75 * 2 / 1.5))
    assert [near.place for near in found] == [0]
    assert found[0].score == pytest.approx(math.log(2) * saturated)


def test_a_rare_pair_weighs_more_than_one_everybody_has():
    texts = ["学情分析", "学情问卷", "学情目标"]
    assert nearest("学情问卷", texts, 1)[0].place == 1


def test_nothing_in_common_is_not_near():
    assert nearest("板书", ["问卷", ""], 3) == [] == nearest("", ["问卷"], 3)


@given(HAN, st.lists(HAN, max_size=6))
def test_each_text_is_named_once_in_falling_order_with_words_both_have(query, texts):
    found = nearest(query, texts, 9)
    scores = [near.score for near in found]
    assert scores == sorted(scores, reverse=True)
    assert len({near.place for near in found}) == len(found)
    for near in found:
        for word in near.words:
            assert set(pairs(word)) <= set(pairs(query)) & set(pairs(texts[near.place]))


@given(HAN, HAN)
def test_a_part_of_a_text_is_wholly_in_it_or_too_short_to_say(before, excerpt):
    assert share_of(excerpt, f"{before}。{excerpt}") in (0.0, 1.0)


def test_words_shared_are_the_longest_and_common_ones_are_left_out():
    assert shared_words("学生可以用问卷星", "教师让学生用问卷星") == ("用问卷星",)
