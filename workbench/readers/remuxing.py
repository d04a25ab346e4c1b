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
from pathlib import Path
from typing import Any

import av
from av.video.reformatter import VideoReformatter

from workbench.readers.errors import Unreadable
from workbench.readers.limits import MIB, Limits
from workbench.readers.media import CONTAINERS, is_cover

_COPIED = {  # container written -> what is copied into it unchanged
    "mp4": (("h264", "av1"), ("aac", "mp3")),
    "webm": (("vp8", "vp9", "av1"), ("opus", "vorbis")),
}
_HEIGHT = 720  # lines a video coded anew has at most
_RATE = Fraction(30)  # frames a second it has at most
_CODED = {"preset": "veryfast", "crf": "27", "bf": "0", "threads": "2"}
_OPTIONS = {"movflags": "+faststart", "fflags": "+bitexact"}
_KNOWN_TAGS = frozenset(
    "major_brand minor_version compatible_brands encoder handler_name vendor_id language "
    "duration".split()
)
_MOST_FAULTS = 50  # packets in a row that may fail before a stream counts as ended


@dataclass(frozen=True)
class Packed:
    """What came of it: ``video`` or ``audio``, its MIME type, seconds, and whether coded anew.

    ``tags`` are names of tags still there that should not be; empty as it should be.
    """

    kind: str
    file: str
    mime: str
    duration_s: float | None
    width: int | None
    height: int | None
    coded_anew: bool
    tags: tuple[str, ...]


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
        lines = [
            _line(made, stream, target)
            for stream in (video, audio)
            if stream is not None
        ]
        _copy(source, made, lines)
    size = (None, None) if video is None else _size(video, lines[0])
    return Packed(
        kind, name, f"{kind}/{_SUBTYPE.get(target, target)}", duration, *size, anew,
        _left_tags(folder / name),
    )


_SUBTYPE = {"mp3": "mpeg"}


def _target(video: Any, audio: Any) -> tuple[str, bool]:
    """Container to write, and whether picture or sound has to be coded anew for it."""
    if video is None and audio.codec_context.name == "mp3":
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
    """A video stream coded anew as H.264."""

    def __init__(self, made: Any, stream: Any) -> None:
        self.source = stream
        rate = stream.average_rate or stream.guessed_rate or Fraction(25)
        self._stream = made.add_stream("libx264", rate=min(Fraction(rate), _RATE), options=_CODED)
        share = min(1.0, _HEIGHT / max(stream.codec_context.height, 1))
        self._stream.width = max(2, int(stream.codec_context.width * share) // 2 * 2)
        self._stream.height = max(2, int(stream.codec_context.height * share) // 2 * 2)
        self._stream.pix_fmt = "yuv420p"
        self._base = Fraction(1, 90_000)
        self._stream.codec_context.time_base = self._base
        self._step = float(1 / min(Fraction(rate), _RATE)) * 0.5
        self._scaler = VideoReformatter()
        self._last = -1.0

    def take(self, packet: Any) -> Iterable[Any]:
        """Return what the encoder gives for the packet's frames."""
        for frame in _decoded(packet):
            at = self._last + 2 * self._step if frame.time is None else float(frame.time)
            if at < self._last + self._step:
                continue  # more frames a second than are kept
            self._last = at
            shown = self._scaler.reformat(
                frame, self._stream.width, self._stream.height, "yuv420p"
            )
            shown.pts, shown.time_base = int(at / self._base), self._base
            shown.pict_type = av.video.frame.PictureType.NONE
            yield from self._stream.encode(shown)

    def rest(self) -> Iterable[Any]:
        """Return what the encoder still holds."""
        return self._stream.encode(None)


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


def _line(made: Any, stream: Any, target: str) -> _Line:
    video = stream.type == "video"
    copied = target == "mp3" or stream.codec_context.name in _COPIED[target][0 if video else 1]
    if copied and (not video or _common(stream)):
        return _Copied(made, stream)
    return _Pictures(made, stream) if video else _Sound(made, stream)


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


def _decoded(packet: Any) -> Iterable[Any]:
    try:
        return tuple(packet.decode())
    except av.error.InvalidDataError:
        return ()


def _size(video: Any, line: _Line) -> tuple[int, int]:
    del line
    return video.codec_context.width, video.codec_context.height


def _left_tags(path: Path) -> tuple[str, ...]:
    """Names of tags in the new file that tell more than its form."""
    with av.open(str(path)) as made:
        names = set(made.metadata)
        for stream in made.streams:
            names |= set(stream.metadata)
    return tuple(sorted(name for name in names if name.lower() not in _KNOWN_TAGS))
