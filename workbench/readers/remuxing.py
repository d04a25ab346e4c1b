"""Sound and video packed anew without what the container tells, in a form browsers play.

Picture and sound are copied as they are where browsers play them; otherwise
they are coded anew, smaller if need be. Tags, chapters, covers, subtitles and
tracks of places (GPS of cameras) stay behind. Faces and voices remain: they
cannot be covered here, and whoever shows the copy has to say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from itertools import pairwise
from pathlib import Path
from typing import Any

import av
from av.video.reformatter import VideoReformatter

from workbench.readers.errors import Unreadable
from workbench.readers.limits import MIB, Limits
from workbench.readers.media import CONTAINERS, is_cover

_COPIED = {  # container written -> what is copied into it unchanged
    "mp4": (("h264", "av1"), ("aac", "mp3", "mp3float")),
    "webm": (("vp8", "vp9", "av1"), ("opus", "vorbis")),
}
_SHORTER = 720  # pixels the shorter side of a video coded anew has at most
_RATE = Fraction(30)  # frames a second it has at most
_CODED = {"preset": "veryfast", "crf": "27", "bf": "0", "threads": "2"}
_BASE = Fraction(1, 90_000)  # seconds, the clock of a video coded anew
_TURNS = {  # clockwise degrees -> filters
    90: (("transpose", "clock"),),
    180: (("hflip",), ("vflip",)),
    270: (("transpose", "cclock"),),
}
_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}
_KNOWN_TAGS = frozenset(
    "major_brand minor_version compatible_brands encoder handler_name vendor_id language "
    "duration".split()
)
_MOST_CHAPTERS = 40
_MOST_FAULTS = 50  # packets in a row that may fail before a stream counts as ended


@dataclass(frozen=True)
class Packed:
    """What came of it: ``video`` or ``audio``, its MIME type, seconds, and whether coded anew.

    ``tags`` are names of tags still there that should not be; empty as it should be.
    ``chapters`` are starts in seconds and titles as the original has them, uncovered.
    """

    kind: str
    file: str
    mime: str
    duration_s: float | None
    coded_anew: bool
    tags: tuple[str, ...]
    chapters: tuple[tuple[float, str], ...] = ()


def remux(path: Path, media_type: str, folder: Path, limits: Limits) -> Packed:
    """Pack sound or video anew into a folder.

    Raises
    ------
    Unreadable
        ``too_large``; ``broken`` where it cannot be opened or nothing can be written.
    """
    if path.stat().st_size > limits.media_mib * MIB:
        raise Unreadable("too_large", f"more than {limits.media_mib} MiB")
    options = {"format_whitelist": CONTAINERS[media_type], "protocol_whitelist": "file"}
    try:
        with av.open(str(path), options=options, metadata_errors="replace") as source:
            packed = _pack(source, folder)
    except av.error.MemoryError:
        raise MemoryError from None
    except (av.error.FFmpegError, OSError, ValueError, IndexError) as error:
        remark = getattr(error, "strerror", None) or error
        raise Unreadable("broken", f"{media_type}: {remark}") from None
    return packed


def _pack(source: Any, folder: Path) -> Packed:
    video = next((each for each in source.streams.video if not is_cover(each)), None)
    audio = next(iter(source.streams.audio), None)
    if video is None and audio is None:
        raise Unreadable("broken", "neither picture nor sound")
    target, anew = _target(video, audio)
    kind = "audio" if video is None else "video"
    name = f"media.{target}"
    duration = source.duration / av.time_base if source.duration else None
    options = _OPTIONS if target == "mp4" else {"fflags": "+bitexact"}
    if target == "mp3":
        options = {"fflags": "+bitexact", "write_xing": "0", "id3v2_version": "0"}
    with av.open(str(folder / name), "w", format=target, options=options) as made:
        shown = [stream for stream in (video, audio) if stream is not None]
        lines = [_line(source, made, stream, target) for stream in shown]
        _copy(source, made, lines)
    mime = f"{kind}/{_SUBTYPE.get(target, target)}"
    chapters = tuple(_chapters(source))
    return Packed(kind, name, mime, duration, anew, _left_tags(folder / name), chapters)


_SUBTYPE = {"mp3": "mpeg"}


def _target(video: Any, audio: Any) -> tuple[str, bool]:
    """Container to write, and whether picture or sound has to be coded anew for it."""
    if video is None and audio.codec_context.name.startswith("mp3"):
        return "mp3", False
    for name, (pictures, sounds) in _COPIED.items():
        seen = video is None or (video.codec_context.name in pictures and _common(video))
        heard = audio is None or audio.codec_context.name in sounds
        if seen and heard:
            return name, False
    return "mp4", True


def _common(video: Any) -> bool:
    """Whether the pixels are of the kind browsers decode: 8 bits, 4:2:0."""
    return video.codec_context.format is None or video.codec_context.format.name in (
        "yuv420p",
        "yuvj420p",
    )


class _Copied:
    """A stream whose packets are passed on."""

    def __init__(self, made: Any, stream: Any) -> None:
        self.source = stream
        self._stream = made.add_stream_from_template(stream)

    def take(self, packet: Any) -> Iterable[Any]:
        """Return the packet, now of the new stream."""
        if packet.dts is None:
            return ()
        packet.stream = self._stream
        return (packet,)

    def rest(self) -> Iterable[Any]:
        """Return nothing: packets are passed on at once."""
        return ()


class _Pictures:
    """A video stream coded anew as H.264, upright."""

    def __init__(self, made: Any, stream: Any, turn: int) -> None:
        self.source = stream
        rate = Fraction(min(stream.average_rate or Fraction(25), _RATE))
        self._stream = made.add_stream("libx264", rate=rate, options=_CODED)
        width, height = stream.codec_context.width, stream.codec_context.height
        if turn in (90, 270):
            width, height = height, width
        share = min(1.0, _SHORTER / max(min(width, height), 1))
        self._stream.width = max(2, int(width * share) // 2 * 2)
        self._stream.height = max(2, int(height * share) // 2 * 2)
        self._stream.pix_fmt = "yuv420p"
        self._stream.codec_context.time_base = _BASE
        self._half_step = float(1 / rate) / 2
        self._turner = _Turner(turn)
        self._scaler = VideoReformatter()
        self._last = -1.0

    def take(self, packet: Any) -> Iterable[Any]:
        """Return what the encoder gives for the packet's frames."""
        for frame in _decoded(packet):
            at = self._last + 2 * self._half_step if frame.time is None else float(frame.time)
            if at < self._last + self._half_step:
                continue  # more frames a second than are kept
            self._last = at
            shown = self._scaler.reformat(
                self._turner.turned(frame), self._stream.width, self._stream.height, "yuv420p"
            )
            shown.pts, shown.time_base = int(at / _BASE), _BASE
            shown.pict_type = av.video.frame.PictureType.NONE
            yield from self._stream.encode(shown)

    def rest(self) -> Iterable[Any]:
        """Return what the encoder still holds."""
        return self._stream.encode(None)


class _Turner:
    """Turns frames by quarters, as the container asks players to."""

    def __init__(self, turn: int) -> None:
        self._filters = _TURNS.get(turn, ())
        self._graph: Any = None

    def turned(self, frame: Any) -> Any:
        """Return the frame upright."""
        if not self._filters:
            return frame
        if self._graph is None:
            self._graph = self._laid(frame)
        self._graph.push(frame)
        return self._graph.pull()

    def _laid(self, frame: Any) -> Any:
        graph = av.filter.Graph()
        first = graph.add_buffer(
            width=frame.width,
            height=frame.height,
            format=frame.format.name,
            time_base=frame.time_base,
        )
        chain = [first, *(graph.add(*each) for each in self._filters), graph.add("buffersink")]
        for one, two in pairwise(chain):
            one.link_to(two)
        graph.configure()
        return graph


class _Sound:
    """A sound stream coded anew as AAC."""

    def __init__(self, made: Any, stream: Any) -> None:
        self.source = stream
        rate = min(stream.codec_context.sample_rate or 44_100, 48_000)
        self._stream = made.add_stream("aac", rate=rate)
        self._stream.layout = "stereo" if stream.codec_context.channels > 1 else "mono"
        self._stream.bit_rate = 96_000
        self._resampler = av.AudioResampler(
            format="fltp", layout=self._stream.layout.name, rate=rate
        )

    def take(self, packet: Any) -> Iterable[Any]:
        """Return what the encoder gives for the packet's frames."""
        for frame in _decoded(packet):
            for part in self._resampler.resample(frame):
                yield from self._stream.encode(part)

    def rest(self) -> Iterable[Any]:
        """Return what resampler and encoder still hold."""
        for part in self._resampler.resample(None):
            yield from self._stream.encode(part)
        yield from self._stream.encode(None)


_Line = _Copied | _Pictures | _Sound


def _line(source: Any, made: Any, stream: Any, target: str) -> _Line:
    video = stream.type == "video"
    copied = target == "mp3" or stream.codec_context.name in _COPIED[target][0 if video else 1]
    if copied and (not video or _common(stream)):
        return _Copied(made, stream)
    return _Pictures(made, stream, _turn(source, stream)) if video else _Sound(made, stream)


def _turn(source: Any, video: Any) -> int:
    """Clockwise degrees the frames have to be turned by; the source is at its start again."""
    turn = 0
    for packet in source.demux(video):
        frames = _decoded(packet)
        if frames:
            turn = -int(frames[0].rotation) % 360
            break
    source.seek(0)
    return turn


def _copy(source: Any, made: Any, lines: list[_Line]) -> None:
    by_index = {line.source.index: line for line in lines}
    written, faults = 0, 0
    for packet in source.demux([line.source for line in lines]):
        try:
            for each in by_index[packet.stream_index].take(packet):
                made.mux(each)
                written += 1
        except av.error.InvalidDataError:
            faults += 1
            if faults > _MOST_FAULTS:
                break
            continue
        faults = 0
    for line in lines:
        for each in line.rest():
            made.mux(each)
            written += 1
    if not written:
        raise Unreadable("broken", "not one frame can be decoded")


def _decoded(packet: Any) -> tuple[Any, ...]:
    try:
        return tuple(packet.decode())
    except av.error.InvalidDataError:
        return ()


def _chapters(source: Any) -> Iterable[tuple[float, str]]:
    for chapter in source.chapters()[:_MOST_CHAPTERS]:
        start = float(chapter["start"] * chapter["time_base"])
        yield max(0.0, round(start, 1)), str(chapter["metadata"].get("title", ""))


def _left_tags(path: Path) -> tuple[str, ...]:
    """Names of tags in the new file that tell more than its form."""
    with av.open(str(path)) as made:
        names = set(made.metadata)
        for stream in made.streams:
            names |= set(stream.metadata)
    return tuple(sorted(name for name in names if name.lower() not in _KNOWN_TAGS))
