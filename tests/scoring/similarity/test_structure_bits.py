"""Structure bits: pictures of one fine structure differ in few, others in about half."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import ScoringError
from scoring.similarity.bits import distances
from scoring.similarity.sketches import SIDE
from scoring.similarity.structure_bits import MOST, structure_words


def sketch(cells):
    return "".join(f"{int(cell):x}" for cell in cells.ravel())


def drawn(seed):
    """Structure as wide as four cells, which a rough sketch still has."""
    small = np.random.default_rng(seed).integers(0, 16, (SIDE // 4, SIDE // 4))
    return np.kron(small, np.ones((4, 4), np.int64))


def apart(one, other, **turned):
    left, right = structure_words([sketch(one)], **turned), structure_words([sketch(other)])
    return int(distances(left, right)[0, 0])


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_unrelated_pictures_differ_in_about_half_of_the_bits(seed):
    assert apart(drawn(seed), drawn(seed + 20_000)) > MOST


@given(st.integers(0, 10_000))
@settings(max_examples=25, deadline=None)
def test_a_picture_stamped_across_a_corner_stays_near(seed):
    stamped = drawn(seed)
    stamped[50:60, 4:44] = np.minimum(stamped[50:60, 4:44] + 5, 15)
    assert apart(drawn(seed), stamped) <= MOST // 2


def test_a_mirrored_picture_is_near_once_it_is_turned():
    assert apart(drawn(1), drawn(1)[:, ::-1]) > MOST
    assert apart(drawn(1), drawn(1)[:, ::-1], turned=True) == 0


def test_no_sketch_gives_no_row_and_a_wrong_one_is_named():
    assert structure_words([]).shape == (0, 4)
    with pytest.raises(ScoringError, match="expected 4096 hexadecimal digits"):
        structure_words(["0"])
