"""Every kind, tier and reason of a pair can be said in both languages."""

from __future__ import annotations

import pytest

from scoring.similarity.pairs import KINDS, LOOK, REASONS, SELF, TIERS, Pair, clustered, in_order
from workbench.messages import LANGUAGES, catalogue


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_kind_tier_and_reason_has_its_words(language):
    keys = catalogue(language)
    wanted = [f"kind.{one}" for one in KINDS] + [f"tier.{one}" for one in TIERS]
    wanted += [f"{part}.{one}" for one in (*REASONS, "own") for part in ("reason", "innocent")]
    assert [one for one in wanted if f"similarity.{one}" not in keys] == []


def test_a_pair_in_order_names_the_smaller_piece_first():
    turned = in_order(Pair("image", "p9", "p1", "t9", "t1", exhibits=("x9", "x1")))
    assert (turned.a, turned.teacher_a, turned.exhibits) == ("p1", "t1", ("x1", "x9"))


def test_a_pair_without_a_second_piece_stays_and_has_its_own_cluster():
    alone = Pair("document", "p1", "", "t1", "t2")
    assert in_order(alone) == alone
    other = Pair("document", "p0", "", "t0", "t2")
    assert [(pair.a, pair.cluster) for pair in clustered([alone, other])] == [("p0", 1), ("p1", 2)]


def test_what_needs_a_person_first_comes_first():
    own = Pair("text", "p1", "p2", "t1", "t1", share=1.0, tier=SELF)
    look = Pair("text", "p3", "p4", "t3", "t4", share=0.15, tier=LOOK)
    assert [pair.a for pair in clustered([own, look])] == ["p3", "p1"]


def test_no_pair_has_no_cluster():
    assert clustered([]) == []
