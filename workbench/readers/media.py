"""Sound and video: what the container says, and twelve frames that prove it plays.

FFmpeg also opens text playlists that name other files; only an explicit list
of container formats stops it, so each kind is opened as nothing but itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import av
from PIL import Image

from workbench.readers import images
from workbench.readers.errors import Unreadable
from workbench.readers.facts import FileFacts
from workbench.readers.limits import MIB, Limits

SAMPLES = 12
CONTAINERS = {
    **dict.fromkeys(("mp4", "mov", "m4a"), "mov,mp4,m4a,3gp,3g2,mj2"),
    **dict.fromkeys(("mkv", "webm"), "matroska,webm"),
    "avi": "avi",
    "wmv": "asf",
    "mp3": "mp3",
}
_BROWSERS_PLAY = {  # container -> video codecs current Chrome and Edge show
    **dict.fromkeys(("mp4", "mov"), ("h264", "av1", "vp9")),
    "webm": ("vp8", "vp9", "av1"),
    "mkv": ("h264", "vp8", "vp9", "av1"),
}
_NEAR = 0.5  # seconds before the wanted moment from which every frame is decoded
_FRAME_WIDTH = 160  # pixels a frame is scaled to before hashing
_MOST_FAULTS = 50  # packets in a row that may fail before a stream counts as ended
_SHORTFALL = 2  # samples that may be missing before a video counts as cut short


def read_media(path: Path, media_type: str, limits: Limits) -> FileFacts:
    """Facts of a sound or video file.

    Raises
    ------
    Unreadable
        ``too_large``; ``broken`` where the container cannot be opened or not
        one frame can be decoded.
    """
    with opened(path, media_type, limits) as container:
        return _facts(container, media_type, limits)


@contextmanager
def opened(path: Path, media_type: str, limits: Limits) -> Iterator[Any]:
    """Open a sound or video file as nothing but its kind; what FFmpeg says is put as ``Unreadable``."""
    if path.stat().st_size > limits.media_mib * MIB:
        raise Unreadable("too_large", f"more than {limits.media_mib} MiB")
    options = {"format_whitelist": CONTAINERS[media_type], "protocol_whitelist": "file"}
    try:
        with av.open(str(path), options=options, metadata_errors="replace") as container:
            yield container
    except av.error.MemoryError:
        raise MemoryError from None
    except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
        remark = getattr(error, "strerror", None) or error  # without the path in the store
        raise Unreadable("broken", f"{media_type}: {remark}") from None


def _facts(container: Any, media_type: str, limits: Limits) -> FileFacts:
    video = picture_stream(container)
    common = _container_facts(container)
    if video is None:
        return _sound_facts(container, media_type, common)
    sample = _sample(container, video, common["duration_s"], limits)
    warnings = [] if common["duration_s"] else ["no_duration"]
    warnings += sample.warnings
    shown = video.codec_context.name in _BROWSERS_PLAY.get(media_type, ())
    if not shown:
        warnings.append("no_preview")
    width, height = video.codec_context.width, video.codec_context.height
    if sample.rotation % 180:
        width, height = height, width
    rate = video.average_rate
    return FileFacts(
        media_type,
        width=width,
        height=height,
        codec=video.codec_context.name,
        fps=round(float(rate), 3) if rate else None,
        frames=sample.frames,
        warnings=tuple(warnings),
        previewable=shown,
        **common,
    )


def duration_of(container: Any) -> float | None:
    """Seconds a container says it lasts; None where it does not say."""
    return container.duration / av.time_base if container.duration else None


def _container_facts(container: Any) -> dict[str, Any]:
    tags = {key.lower(): value for key, value in container.metadata.items()}
    for stream in container.streams.video:
        tags = {**{key.lower(): value for key, value in stream.metadata.items()}, **tags}
    return {
        "duration_s": duration_of(container),
        "recorded_at": tags.get("com.apple.quicktime.creationdate", "")
        or tags.get("creation_time", "")
        or tags.get("date", ""),
        "encoder": tags.get("encoder", "") or tags.get("com.apple.quicktime.software", ""),
        "author": tags.get("artist", "") or tags.get("author", ""),
    }


def picture_stream(container: Any) -> Any:
    """First stream of moving pictures, set to be decoded by one thread; None where there is none."""
    video = next((each for each in container.streams.video if not is_cover(each)), None)
    if video is not None:
        video.codec_context.thread_count = 1
    return video


def is_cover(stream: Any) -> bool:
    """Whether a video stream is only the cover picture of a song."""
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _sound_facts(container: Any, media_type: str, common: dict[str, Any]) -> FileFacts:
    if not container.streams.audio:
        raise Unreadable("broken", "neither picture nor sound")
    stream = container.streams.audio[0]
    if next(_decoded(container, stream), None) is None:
        raise Unreadable("broken", "not one frame of sound can be decoded")
    kind = "m4a" if media_type in ("mp4", "mov") else media_type
    warnings = () if common["duration_s"] else ("no_duration",)
    return FileFacts(kind, codec=stream.codec_context.name, warnings=warnings, **common)


@dataclass(frozen=True)
class _Sample:
    frames: tuple[str, ...]
    rotation: int
    warnings: tuple[str, ...]


def _sample(container: Any, stream: Any, duration_s: float | None, limits: Limits) -> _Sample:
    """Hash the frames at (j + ½) ∕ 12 of the duration, each reached from the key frame before."""
    if not duration_s:
        first = next(_decoded(container, stream), None)
        if first is None:
            raise Unreadable("broken", "not one frame can be decoded")
        return _Sample((), first.rotation, ())
    reader = Frames(container, stream, limits)
    each = (reader.at(moment) for moment in moments(duration_s))
    found = [None if frame is None else (hash_of(frame), frame.rotation) for frame in each]
    frames = [frame for frame in found if frame is not None]
    if not frames:
        raise Unreadable("broken", "not one frame can be decoded")
    warnings = ["frames_missing"] if len(frames) < SAMPLES - _SHORTFALL else []
    warnings += ["frames_approximate"] if reader.approximate else []
    hashes = tuple("" if frame is None else frame[0] for frame in found)
    return _Sample(hashes, frames[0][1], tuple(warnings))


def moments(duration_s: float) -> tuple[float, ...]:
    """Seconds from the start at which a video is sampled.

    >>> moments(24.0)[:3]
    (1.0, 3.0, 5.0)
    """
    return tuple(duration_s * (j + 0.5) / SAMPLES for j in range(SAMPLES))


def _budget(stream: Any, limits: Limits) -> int:
    """Frames that may be decoded for one sample, fewer the larger they are."""
    pixels = max(stream.codec_context.width * stream.codec_context.height, 1)
    return max(1, int(limits.frames_mpx * 1_000_000 / SAMPLES / pixels))


class Frames:
    """Frames of a video at rising moments, decoding as little as leads there."""

    def __init__(self, container: Any, stream: Any, limits: Limits) -> None:
        self._container, self._stream = container, stream
        self._budget = _budget(stream, limits)
        self._start = float(stream.start_time * stream.time_base) if stream.start_time else 0.0
        self._base = float(stream.time_base)
        self._gap = 0.75 / float(stream.average_rate) if stream.average_rate else 0.05
        self._frames = iter(())
        self._last: Any = None
        self.approximate = False

    def at(self, since_start_s: float) -> Any:
        """Frame at a moment after the start, as it is coded; None past the end."""
        moment_s = self._start + since_start_s
        if self._last is None or self._key_before(moment_s) > self._time(self._last):
            self._seek(moment_s)
        decoded = 0
        while self._last is None or self._time(self._last) < moment_s - self._gap:
            if decoded >= self._budget:
                self.approximate = True
                break
            far = self._last is None or self._time(self._last) < moment_s - _NEAR
            self._stream.codec_context.skip_frame = "NONREF" if far else "DEFAULT"
            frame = next(self._frames, None)
            if frame is None:
                self._last = None
                return None
            self._last, decoded = frame, decoded + 1
        return self._last

    def _key_before(self, moment_s: float) -> float:
        """Time of the key frame before a moment, by the container's index; -1 if it has none."""
        entries = self._stream.index_entries
        if not len(entries):
            return moment_s if moment_s > self._time(self._last) + 2.0 else -1.0
        place = entries.search_timestamp(int(moment_s / self._base), backward=True)
        return entries[place].timestamp * self._base if place >= 0 else -1.0

    def _seek(self, moment_s: float) -> None:
        self._container.seek(int(moment_s / self._base), stream=self._stream, backward=True)
        self._frames = _decoded(self._container, self._stream)
        self._last = None

    def _time(self, frame: Any) -> float:
        return float(frame.time) if frame.time is not None else 0.0


def _decoded(container: Any, stream: Any) -> Any:
    """Frames of a stream, passing over packets that cannot be decoded."""
    faults = 0
    for packet in container.demux(stream):
        try:
            frames = packet.decode()
        except av.error.InvalidDataError:
            faults += 1
            if faults > _MOST_FAULTS:
                return
            continue
        faults = 0
        yield from frames


def hash_of(frame: Any) -> str:
    """Hash of a frame as two videos are compared by; empty if it is flat."""
    height = max(1, round(frame.height * _FRAME_WIDTH / max(frame.width, 1)))
    grey = frame.reformat(width=_FRAME_WIDTH, height=height, format="gray")
    return images.frame_hash(Image.fromarray(grey.to_ndarray()))
