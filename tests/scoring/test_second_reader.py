"""The second reader: it orders, it knows when to be silent, and copies do not flatter it."""

import random

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn.metrics import cohen_kappa_score

from scoring.second_reader import (
    NO_BETTER_THAN_LENGTH,
    NOTHING_VARIES,
    ON,
    TOO_FEW,
    TOO_FEW_GROUPS,
    TOO_WEAK,
    Limits,
    folds_of,
    groups_of,
    quadratic_weighted_kappa,
    second_reader,
)

GOOD = ["学情数据", "差异任务", "即时反馈", "调整教学", "依据证据"]
PLAIN = ["打开课件", "播放视频", "布置作业", "集体朗读", "完成练习"]
FILLER = [chr(code) for code in range(0x4E00, 0x4E00 + 600)]


def piece(number, rng, schools, longer=0.0, telling=True):
    """A text whose telling phrases, or whose length, go with its quality."""
    quality = rng.random()
    words = []
    for _ in range(40 + int(longer * 200 * quality)):
        words += rng.choices(FILLER, k=3)
        if telling:
            words.append(rng.choice(GOOD if rng.random() < quality else PLAIN))
    target = min(1.0, max(0.0, quality + rng.gauss(0, 0.08)))
    rank = 0 if target < 0.33 else 1 if target < 0.67 else 2
    school = number % schools
    return (f"p{number:04d}", f"A{number % 3}", f"t{number // 2}", f"s{school}", "",
            "".join(words), target, rank)  # fmt: skip


COLUMNS = "piece_id slot_id teacher_id school_id cluster text target rank".split()


def county(n=320, schools=20, seed=1, **kwargs):
    rng = random.Random(seed)
    made = pd.DataFrame([piece(k, rng, schools, **kwargs) for k in range(n)], columns=COLUMNS)
    return made.assign(teacher_id=made["school_id"] + made["teacher_id"])


def test_it_finds_the_piece_whose_result_does_not_go_with_its_text():
    pieces = county()
    pieces.loc[7, ["target", "rank"]] = (1.0, 2) if pieces.loc[7, "rank"] == 0 else (0.0, 0)
    found = second_reader(pieces, Limits())
    assert found.state == ON
    assert found.qwk > 0.5
    assert found.r > found.r_length + 0.3
    assert "p0007" in found.order[:10]  # of 320
    assert list(map(abs, found.apart)) == sorted(map(abs, found.apart), reverse=True)


def test_the_order_of_the_pieces_given_does_not_matter():
    pieces = county()
    assert second_reader(pieces, Limits()) == second_reader(
        pieces.sample(frac=1, random_state=3), Limits()
    )


@pytest.mark.parametrize(
    ("pieces", "limits", "state"),
    [
        (county(120), Limits(), TOO_FEW),
        (county(schools=4), Limits(), TOO_FEW_GROUPS),
        (county(telling=False), Limits(), TOO_WEAK),
        (county().assign(rank=1), Limits(), NOTHING_VARIES),
        (county(telling=False, longer=4.0), Limits(min_qwk=-1.0), NO_BETTER_THAN_LENGTH),
    ],
)  # fmt: skip
def test_it_is_silent_and_says_why(pieces, limits, state):
    found = second_reader(pieces, limits)
    assert found.state == state
    assert found.order == ()


def test_one_copied_text_through_all_schools_leaves_no_folds_apart():
    pieces = county()
    pieces["cluster"] = ["c1" if k < 20 else "" for k in range(len(pieces))]  # one in each school
    assert second_reader(pieces, Limits()).state == TOO_FEW_GROUPS


def test_what_is_linked_is_one_group_and_lies_in_one_fold():
    pieces = county(60, schools=12)
    pieces.loc[[0, 1], "cluster"] = "c1"  # of schools 0 and 1
    groups = groups_of(pieces)
    assert len(set(groups)) == 11
    fold = folds_of(groups)
    assert all(len(set(fold[groups == group])) == 1 for group in set(groups))
    assert max(np.bincount(fold)) <= 15  # 60 in 5 folds: groups of 5, and one of 10


@given(st.lists(st.tuples(st.integers(0, 2), st.integers(0, 2)), min_size=2, max_size=60))
def test_kappa_is_that_of_scikit_learn(pairs):
    one, other = (np.array(side) for side in zip(*pairs, strict=True))
    if len(set(one) | set(other)) > 1:
        expected = cohen_kappa_score(one, other, labels=[0, 1, 2], weights="quadratic")
        assert quadratic_weighted_kappa(one, other) == pytest.approx(expected)
