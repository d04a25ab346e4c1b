"""Reasons of rulings: each has its words, and policy chooses among exactly these."""

from rubrics.parameters import parameters
from rubrics.resolving import default_rules
from rubrics.ruling_reasons import ruling_reasons


def test_each_reason_has_its_words_in_both_languages():
    for reason in ruling_reasons():
        assert all(words.strip() for words in vars(reason).values())


def test_policy_chooses_among_the_reasons_that_ship():
    codes = [reason.code for reason in ruling_reasons()]
    assert list(parameters()["adjudication.reasons"].choices) == codes
    assert set(default_rules()["adjudication.reasons"].value) <= set(codes)
