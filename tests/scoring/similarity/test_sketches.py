"""Sketches agree where two pictures are one, whole or in part, and not where only their build is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import ScoringError
from scoring.similarity.sketches import SIDE, WINDOWS, agreement, cells_of, mirrored
from workbench.readers import images


def cells(seed):
    return np.random.default_rng(seed).integers(0, 16, (SIDE, SIDE)).astype(np.float32)


def written(values):
    return "".join(f"{int(value):x}" for value in values.ravel())


def smooth(seed, side=SIDE * 4):
    """Structure that a cell holds: noise of 1/12 of the picture, in 4 × 4 fine cells a cell."""
    rough = np.random.default_rng(seed).normal(0, 1, (side // 10 + 2, side // 10 + 2))
    places = np.arange(side) / 10
    low, part = places.astype(int), places % 1
    lines = rough[low] * (1 - part)[:, None] + rough[low + 1] * part[:, None]
    return lines[:, low] * (1 - part) + lines[:, low + 1] * part


def sketch(fine):
    parts = np.array_split(np.arange(len(fine)), SIDE)
    rows = np.stack([fine[part].mean(axis=0) for part in parts])
    columns = np.array_split(np.arange(fine.shape[1]), SIDE)
    shades = np.stack([rows[:, part].mean(axis=1) for part in columns], axis=1)
    return ((shades - shades.min()) / (np.ptp(shades)) * 15).round().astype(np.float32)


@given(st.integers(0, 10_000))
def test_a_sketch_is_read_as_it_was_written(seed):
    assert (cells_of(written(cells(seed))) == cells(seed)).all()


@pytest.mark.parametrize("wrong", ["", "0" * 1023, "g" * 1024, "A" * 1024])
def test_what_is_no_sketch_is_named(wrong):
    with pytest.raises(ScoringError, match="expected 1024 hexadecimal digits"):
        cells_of(wrong)


@given(st.integers(0, 10_000), st.floats(0.3, 1.5), st.floats(-3, 3))
@settings(max_examples=30, deadline=None)
def test_a_picture_agrees_with_itself_lighter_or_paler(seed, contrast, light):
    assert agreement(cells(seed), cells(seed) * contrast + light) > 0.95


@given(st.integers(0, 10_000))
@settings(max_examples=30, deadline=None)
def test_two_pictures_do_not_agree(seed):
    assert agreement(cells(seed), cells(seed + 20_000)) < 0.4


@pytest.mark.parametrize("seed", range(6))
def test_a_crop_agrees_with_the_picture_it_was_cut_from(seed):
    fine = smooth(seed)
    cut = fine[5:118, 9:121]  # 4 to 8 % off each side
    start = WINDOWS[2]
    assert agreement(sketch(fine), sketch(cut), start) > 0.65
    assert agreement(sketch(smooth(seed + 50)), sketch(cut), start) < 0.5


def test_a_mirrored_picture_agrees_once_it_is_turned():
    assert agreement(mirrored(cells(1)), mirrored(mirrored(mirrored(cells(1))))) > 0.99
    assert agreement(cells(1), mirrored(cells(1))) < 0.4


def test_a_flat_picture_agrees_with_nothing():
    assert (
        agreement(np.full((SIDE, SIDE), 7, np.float32), np.full((SIDE, SIDE), 7, np.float32)) < 0.1
    )


def test_windows_are_those_the_readers_hash():
    assert [(a, b, 1 - c, 1 - d) for a, b, c, d in WINDOWS] == [
        pytest.approx(window) for window in images.WINDOWS
    ]
