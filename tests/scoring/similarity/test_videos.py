"""Re-used videos are found by bytes, frames or container; black frames prove nothing."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.similarity.pairs import LOOK, SELF, STRONG
from scoring.similarity.videos import VideoRow, compare_videos


def frame(seed):
    return f"{random.Random(seed).getrandbits(256):064x}"


def film(seed, other=0, bits=0):
    """Twelve frames: the last ``other`` of them another film's, the rest with bits turned."""
    kept = [frame(f"{seed}-{at}") for at in range(12 - other)]
    turned = [
        f"{int(one, 16) ^ sum(1 << p for p in random.Random(one).sample(range(256), bits)):064x}"
        for one in kept
    ]
    return (*turned, *(frame(f"other-{seed}-{at}") for at in range(other)))


def video(piece, frames=(), teacher="", **facts):
    return VideoRow(piece, teacher or f"t-{piece}", frames=tuple(frames), **facts)


def brief(pairs):
    return [(pair.a, pair.b, pair.share, pair.distance, pair.tier, pair.reason) for pair in pairs]


def test_a_video_that_many_handed_in_is_set_beside_the_first_and_looked_at():
    frames = film(1)
    rows = [video(f"p{at:03}", frames, sha256="x") for at in range(300)]
    again = video("q", film(1, bits=5), sha256="y")
    pairs = compare_videos([*rows, again])
    assert len(pairs) == 300
    assert {pair.cluster for pair in pairs} == {1}
    assert {pair.tier for pair in pairs if pair.b != "q"} == {LOOK}
    assert [(pair.a, pair.reason) for pair in pairs if pair.b == "q"] == [("p000", "frames")]


def test_the_same_file_is_strong_even_without_frames():
    rows = [video("p1", sha256="x"), video("p2", sha256="x"), video("p3", sha256="y")]
    assert brief(compare_videos(rows)) == [("p1", "p2", 1.0, 0, STRONG, "identical_file")]


@pytest.mark.parametrize(("alike", "found"), [(12, True), (9, True), (8, False)])
def test_nine_of_twelve_frames_alike_make_a_copy(alike, found):
    rows = [video("p1", film("a")), video("p2", film("a", other=12 - alike))]
    assert bool(compare_videos(rows)) is found


@pytest.mark.parametrize(("bits", "found"), [(7, True), (40, True), (41, False)])
def test_a_recoded_copy_differs_in_few_bits_a_frame(bits, found):
    rows = [video("p1", film("a")), video("p2", film("a", bits=bits))]
    expected = [("p1", "p2", 1.0, bits, STRONG, "frames")] if found else []
    assert brief(compare_videos(rows)) == expected


@pytest.mark.parametrize("nothing", ["", "0" * 64])
def test_black_or_missing_frames_are_not_alike(nothing):
    rows = [
        video("p1", [nothing] * 6 + list(film("a"))[:6]),
        video("p2", [nothing] * 6 + list(film("a"))[:6]),
    ]
    assert compare_videos(rows) == []


def test_a_standing_picture_is_only_to_be_looked_at():
    slide = [frame("slide")] * 12
    assert brief(compare_videos([video("p1", slide), video("p2", slide)])) == [
        ("p1", "p2", 1.0, 0, LOOK, "frames")
    ]


CONTAINER = {"duration_s": 612.48, "width": 1280, "height": 720}


def test_a_container_with_the_same_recording_time_and_duration_is_to_be_looked_at():
    rows = [
        video("p1", recorded_at="2026-10-12T08:31:07Z", **CONTAINER),
        video("p2", recorded_at="2026-10-12T08:31:07Z", **CONTAINER),
        video("p3", recorded_at="2026-10-12T08:31:07Z", **{**CONTAINER, "duration_s": 612.6}),
        video("p4", recorded_at="2026-10-12T09:31:07Z", **CONTAINER),
    ]
    assert brief(compare_videos(rows)) == [("p1", "p2", None, None, LOOK, "container")]


def test_a_container_without_a_clock_says_nothing():
    rows = [video(piece, recorded_at="1904-01-01T00:00:00Z", **CONTAINER) for piece in "ab"]
    assert compare_videos(rows) == []


def test_frames_that_differ_outweigh_a_container_that_agrees():
    rows = [
        video("p1", film("a"), recorded_at="2026-10-12T08:31:07Z", **CONTAINER),
        video("p2", film("b"), recorded_at="2026-10-12T08:31:07Z", **CONTAINER),
    ]
    assert compare_videos(rows) == []


def test_a_teachers_own_video_has_its_own_tier():
    rows = [video("p1", film("a"), "t"), video("p2", film("a"), "t")]
    assert [pair.tier for pair in compare_videos(rows)] == [SELF]


ROWS = [
    *(video(f"p{at}", film("a", bits=at)) for at in range(4)),
    video("q1", sha256="x", recorded_at="2026-10-12T08:31:07Z", **CONTAINER),
    video("q2", sha256="x", recorded_at="2026-10-12T08:31:07Z", **CONTAINER),
    video("q3", sha256="z", recorded_at="2026-10-12T08:31:07Z", **CONTAINER),
]


@given(st.permutations(ROWS))
@settings(max_examples=20, deadline=None)
def test_the_order_of_videos_never_matters(rows):
    assert compare_videos(rows) == compare_videos(ROWS)


def test_no_video_gives_no_pair():
    assert compare_videos([]) == []
