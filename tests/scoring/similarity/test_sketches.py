"""Sketches agree where two pictures are one, whole or in part, and not where only their build is."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.errors import ScoringError
from scoring.similarity.overlaying import agreement, structure_shared
from scoring.similarity.sketches import (
    ROUGH,
    SIDE,
    WINDOWS,
    cells_of,
    mirrored,
    rough,
    turned_frame,
)
from workbench.readers import images


def cells(seed):
    return np.random.default_rng(seed).integers(0, 16, (SIDE, SIDE)).astype(np.float32)


def written(values):
    return "".join(f"{int(value):x}" for value in values.ravel())


def smooth(seed, side=SIDE * 8):
    """Structure that a cell holds: noise of 1/12 of the picture, in 8 × 8 fine cells a cell."""
    rough = np.random.default_rng(seed).normal(0, 1, (side // 40 + 2, side // 40 + 2))
    places = np.arange(side) / 40
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


@pytest.mark.parametrize("wrong", ["", "0" * 1023, "0" * 4095, "g" * 4096, "A" * 1024])
def test_what_is_no_sketch_is_named(wrong):
    with pytest.raises(ScoringError, match="expected 4096 hexadecimal digits"):
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
    cut = fine[20:472, 36:484]  # 4 to 8 % off each side
    start = WINDOWS[2]
    assert agreement(sketch(fine), sketch(cut), [start]) > 0.87
    assert agreement(sketch(smooth(seed + 50)), sketch(cut), [start]) < 0.5


def test_a_sketch_of_an_earlier_version_is_held_against_the_rough_one():
    fine = smooth(3)
    early = rough(sketch(fine))
    assert early.shape == (ROUGH, ROUGH)
    assert (cells_of(written(early.round())) == early.round()).all()
    assert agreement(early, sketch(fine)) > 0.87
    assert agreement(sketch(smooth(60)), early) < 0.5


def page_on_a_form(seed):
    """A heavy frame and ruled lines that all pages have, and writing of their own."""
    cells = np.full((SIDE, SIDE), 14.0, np.float32)
    cells[2:5], cells[-5:-2], cells[:, 2:5], cells[:, -5:-2] = 2, 2, 2, 2
    cells[8::6] = 9
    draw = np.random.default_rng(seed)
    for line in range(9, SIDE - 8, 6):
        cells[line : line + 4, 8:56] = draw.choice([4.0, 14.0], (4, 48))
    return cells


@pytest.mark.parametrize("seed", range(5))
def test_two_pages_of_one_form_are_not_one_page_however_much_of_it_is_the_form(seed):
    one, other = page_on_a_form(seed), page_on_a_form(seed + 100)
    assert np.corrcoef(one.ravel(), other.ravel())[0, 1] > 0.5  # alike to a coarse look
    assert structure_shared(one, other) < 0.7
    assert structure_shared(one, one * 0.7 + 2) > 0.99  # the same one scanned paler


def test_figures_of_a_template_do_not_outweigh_its_words():
    def slide(seed):
        cells = np.full((SIDE, SIDE), 8.0, np.float32)
        cells[:10, ::6], cells[:10, 1::6], cells[-10:, ::6] = 15, 15, 0  # strong, everybody's
        words = np.random.default_rng(seed).choice([6.0, 10.0], (30, 50))
        cells[16:46, 7:57] = words
        return cells

    assert structure_shared(slide(1), slide(2)) < 0.75


def test_what_has_structure_in_hardly_any_place_confirms_nothing():
    cells = np.full((SIDE, SIDE), 7.0, np.float32)
    cells[30:33, 30:33] = 15
    assert structure_shared(cells, cells) == 0.0


def test_a_frame_turned_twice_lies_where_it_lay():
    frame = (0.1, 0.2, 0.75, 0.9)
    assert turned_frame(frame) == pytest.approx((0.25, 0.2, 0.9, 0.9))
    assert turned_frame(turned_frame(frame)) == pytest.approx(frame)


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
