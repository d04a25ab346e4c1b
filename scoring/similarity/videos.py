"""Re-used videos: the same file, the same frames, or the same recording by its container."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np

from scoring.similarity.bits import BITS, distances, words
from scoring.similarity.pairs import (
    LOOK,
    SELF,
    STRONG,
    VIDEO,
    Pair,
    clustered,
    in_order,
    strongest,
)

_BLANK = "0" * (BITS // 4)
_NO_CLOCK = ("1904-01-01", "1970-01-01", "2000-01-01")  # what a container says that knows no time


@dataclass(frozen=True)
class VideoRow:
    """One video of a piece.

    ``frames`` are difference hashes of frames at twelve moments, 64
    hexadecimal digits each, ``""`` where a frame is flat or missing; empty for
    a video known by its metadata alone. ``duration_s`` is in seconds, None
    where unknown; ``recorded_at`` as the container states it.
    """

    piece_id: str
    teacher_id: str
    sha256: str = ""
    frames: tuple[str, ...] = ()
    duration_s: float | None = None
    width: int | None = None
    height: int | None = None
    recorded_at: str = ""


@dataclass(frozen=True)
class VideoLimits:
    """When two videos are a pair: the ``flag.reused_video`` rules of the policy.

    Measured: a copy at a quarter of the bitrate and half the size differs in
    0 to 7 bits a frame, another video in 115 or more.
    """

    frame: int = 40  # bits of 256 up to which two frames are one
    frames_alike: int = 9  # of the twelve
    duration_s: float = 0.01  # seconds two durations of one recording may differ
    many_teachers: int = 5  # more than these have one file: each is set beside the first alone


_DEFAULT = VideoLimits()


def compare_videos(rows: Iterable[VideoRow], limits: VideoLimits = _DEFAULT) -> list[Pair]:
    """Find videos handed in twice.

    Parameters
    ----------
    rows : iterable of VideoRow
        Videos of all pieces, in any order.
    limits : VideoLimits

    Returns
    -------
    list of Pair
        At most one for two pieces. The same bytes, or frames alike in a video
        whose picture changes, are strong; frames alike in a standing picture
        (a recorded slide), or only the same recording time and duration, are
        to be looked at. ``share`` is frames alike of those sampled.

    Raises
    ------
    ScoringError
        For a frame hash that is not 64 hexadecimal digits.
    """
    videos = sorted(set(rows), key=lambda row: (row.piece_id, row.sha256, row.recorded_at))
    many = _files_of_many(videos, limits)
    first = {sha256: group[0] for sha256, group in many.items()}
    single = [v for v in videos if v.sha256 not in first or v is first[v.sha256]]
    pairs = [
        *_same_bytes(videos, many),
        *_same_frames(single, limits),
        *_same_recording(single, limits),
    ]
    return clustered(strongest(pairs, _closeness))


def moments_alike(
    one: Sequence[str], other: Sequence[str], limits: VideoLimits = _DEFAULT
) -> tuple[bool, ...]:
    """Whether two videos show the same frame, moment by moment as `compare_videos` holds them together.

    Parameters
    ----------
    one, other : sequence of str
        Difference hashes as `VideoRow.frames` has them.
    limits : VideoLimits

    Returns
    -------
    tuple of bool
        One for each moment; empty where the two were not sampled at as many.

    Raises
    ------
    ScoringError
        For a frame hash that is not 64 hexadecimal digits.

    Examples
    --------
    >>> moments_alike(["f" * 64, "f" * 64, ""], ["f" * 63 + "0", "1" * 64, ""])
    (True, False, False)
    """
    if len(one) != len(other):
        return ()
    return tuple(
        _clear(a) and _clear(b) and int(distances(words([a]), words([b]))[0, 0]) <= limits.frame
        for a, b in zip(one, other, strict=True)
    )


def _by_bytes(videos: Sequence[VideoRow]) -> dict[str, list[VideoRow]]:
    groups: dict[str, list[VideoRow]] = {}
    for video in videos:
        if video.sha256:
            groups.setdefault(video.sha256, []).append(video)
    return groups


def _files_of_many(videos: Sequence[VideoRow], limits: VideoLimits) -> dict[str, list[VideoRow]]:
    """Videos of one file that more than ``many_teachers`` handed in."""
    return {
        sha256: group
        for sha256, group in _by_bytes(videos).items()
        if len({video.teacher_id for video in group}) > limits.many_teachers
    }


def _same_bytes(videos: Sequence[VideoRow], many: Mapping[str, list[VideoRow]]) -> list[Pair]:
    """One file handed in twice; where many did, each is set beside the first alone."""
    return [
        _pair(one, two, LOOK if sha256 in many else STRONG, "identical_file", 1.0, 0)
        for sha256, group in _by_bytes(videos).items()
        for one, two in (
            ((group[0], video) for video in group[1:]) if sha256 in many else combinations(group, 2)
        )
        if one.piece_id != two.piece_id
    ]


def _same_frames(videos: Sequence[VideoRow], limits: VideoLimits) -> list[Pair]:
    """Two videos alike frame by frame, moment by moment."""
    sampled = [video for video in videos if _sampled(video)]
    found = []
    for moments in sorted({len(video.frames) for video in sampled}):
        group = [video for video in sampled if len(video.frames) == moments]
        hashes = words([frame or _BLANK for video in group for frame in video.frames])
        frames = hashes.reshape(len(group), moments, -1)
        clear = np.array([[_clear(frame) for frame in video.frames] for video in group])
        alike = np.zeros((len(group), len(group)), dtype=np.int64)
        for moment in range(moments):
            apart = distances(frames[:, moment], frames[:, moment])
            both = clear[:, None, moment] & clear[None, :, moment]
            alike += (apart <= limits.frame) & both
        for one, two in np.argwhere(np.triu(alike >= limits.frames_alike, k=1)).tolist():
            if group[one].piece_id != group[two].piece_id:
                found.append(_frame_pair(group[one], group[two], int(alike[one, two]), limits))
    return found


def _frame_pair(one: VideoRow, two: VideoRow, alike: int, limits: VideoLimits) -> Pair:
    shown = [pair for pair in zip(one.frames, two.frames, strict=True) if all(map(_clear, pair))]
    apart = [int(distances(words([a]), words([b]))[0, 0]) for a, b in shown]
    moving = _moves(one, limits) and _moves(two, limits)
    tier = STRONG if moving else LOOK
    return _pair(one, two, tier, "frames", alike / len(one.frames), int(np.median(apart)))


def _moves(video: VideoRow, limits: VideoLimits) -> bool:
    """Whether the picture changes between frames; a recorded slide does not."""
    frames = words([frame for frame in video.frames if _clear(frame)])
    return bool((distances(frames[:1], frames) > limits.frame).any())


def _same_recording(videos: Sequence[VideoRow], limits: VideoLimits) -> list[Pair]:
    """Same recording time, size and duration where frames are not there to say otherwise."""
    groups: dict[tuple[str, int | None, int | None], list[VideoRow]] = {}
    for video in videos:
        if video.recorded_at and not video.recorded_at.startswith(_NO_CLOCK):
            key = (video.recorded_at, video.width, video.height)
            groups.setdefault(key, []).append(video)
    return [
        _pair(one, two, LOOK, "container", None, None)
        for group in groups.values()
        for one, two in combinations(group, 2)
        if one.piece_id != two.piece_id
        and one.duration_s is not None
        and two.duration_s is not None
        and abs(one.duration_s - two.duration_s) <= limits.duration_s
        and not (_sampled(one) and _sampled(two))
    ]


def _sampled(video: VideoRow) -> bool:
    """Whether any frame can be compared."""
    return any(map(_clear, video.frames))


def _clear(frame: str) -> bool:
    """Whether a frame has something to compare: a black one hashes to nothing."""
    return bool(frame) and frame != _BLANK


def _pair(
    one: VideoRow, two: VideoRow, tier: str, reason: str, share: float | None, distance: int | None
) -> Pair:
    return in_order(
        Pair(
            kind=VIDEO,
            a=one.piece_id,
            b=two.piece_id,
            teacher_a=one.teacher_id,
            teacher_b=two.teacher_id,
            share=share,
            distance=distance,
            tier=SELF if one.teacher_id == two.teacher_id else tier,
            reason=reason,
            exhibits=(one.sha256, two.sha256),
        )
    )


def _closeness(pair: Pair) -> tuple[float, ...]:
    order = ("identical_file", "frames", "container")
    return (order.index(pair.reason), -(pair.share or 0.0), pair.distance or 0)
