"""Short clips and recordings, encoded so that the same seed gives the same bytes."""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from datetime import datetime
from fractions import Fraction
from random import Random

import av
import numpy as np
from PIL import Image, ImageDraw

from sample_evidence.pictures import PHOTOS, Scene, draw

_FPS = 5
_CODECS = {"mp4": "libx264", "mov": "libx264", "mkv": "libx264", "avi": "mpeg4", "wmv": "wmv2"}
_CODECS["webm"] = "libvpx"
_FORMATS = {"mkv": "matroska", "wmv": "asf", "m4a": "ipod"}
_RATE = 16_000


@dataclass(frozen=True)
class Clip:
    """A clip of a few shots; ``frames`` at five a second."""

    key: str
    kind: str
    caption: str
    frames: int
    recorded: datetime
    size: tuple[int, int] = (320, 180)
    crf: int = 31


def encode(clip: Clip, shown: Clip | None = None) -> bytes:
    """Encode a clip; ``shown`` is another clip whose pictures it repeats."""
    buffer = io.BytesIO()
    options = {"fflags": "bitexact"}
    form = _FORMATS.get(clip.kind, clip.kind)
    with av.open(buffer, "w", format=form, options=options) as container:
        container.metadata["creation_time"] = clip.recorded.strftime("%Y-%m-%dT%H:%M:%S.000000Z")
        stream = container.add_stream(_CODECS[clip.kind], rate=_FPS)
        assert isinstance(stream, av.VideoStream)
        stream.width, stream.height = clip.size
        stream.pix_fmt = "yuv420p"
        stream.codec_context.thread_count = 1
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        _tune(stream, clip)
        for number, image in enumerate(_frames(shown or clip)):
            picture = image if image.size == clip.size else image.resize(clip.size)
            frame = av.VideoFrame.from_ndarray(np.asarray(picture), format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, _FPS)
            container.mux(stream.encode(frame))
        container.mux(stream.encode())
    return buffer.getvalue()


def recoded(clip: Clip, later: datetime) -> bytes:
    """The same clip sent on: smaller, stronger compressed, with another time of making."""
    copy = replace(clip, kind="mp4", size=(256, 144), crf=38, recorded=later)
    return encode(copy, shown=clip)


def _tune(stream: av.VideoStream, clip: Clip) -> None:
    if _CODECS[clip.kind] == "libx264":
        # zerolatency leaves out the look-ahead, whose arithmetic is not repeatable.
        stream.options = {"crf": str(clip.crf), "preset": "veryfast", "tune": "zerolatency"}
    else:
        stream.bit_rate = 60_000
        stream.options = {"deadline": "realtime", "cpu-used": "8"} if clip.kind == "webm" else {}


def _frames(clip: Clip) -> list[Image.Image]:
    """Shots that drift a little, with somebody moving through them."""
    rng = Random(f"clip {clip.key}")
    width, height = clip.size
    wide = (width + 24, height + 16)
    shots = [
        draw(Scene(f"{clip.key} {n}", rng.choice(PHOTOS), clip.caption, wide))
        for n in range(rng.randint(2, 3))
    ]
    frames = []
    for number in range(clip.frames):
        shot = shots[number * len(shots) // clip.frames]
        shift = 12 + round(10 * np.sin(number / 6))
        image = shot.crop((shift, 8, shift + width, 8 + height))
        x, y = width * ((number * 7) % 97) // 97, height * 3 // 5
        pen = ImageDraw.Draw(image)
        pen.ellipse((x, y, x + 16, y + 16), fill=(225, 185, 150))
        pen.rectangle((x - 2, y + 16, x + 18, y + 50), fill=(60, 70, 120))
        frames.append(image)
    return frames


def recording(key: str, kind: str, seconds: int) -> bytes:
    """A voice-like recording: syllables of hum, each with a pitch of its own."""
    sound = _voice(Random(f"voice {key}"), seconds)
    buffer = io.BytesIO()
    form = _FORMATS.get(kind, kind)
    with av.open(buffer, "w", format=form, options={"fflags": "bitexact"}) as container:
        stream = container.add_stream("libmp3lame" if kind == "mp3" else "aac", rate=_RATE)
        assert isinstance(stream, av.AudioStream)
        stream.bit_rate = 24_000
        stream.codec_context.layout = "mono"
        stream.codec_context.flags |= av.codec.context.Flags.bitexact
        sample = "s16p" if kind == "mp3" else "fltp"
        data = sound if kind == "m4a" else (sound * 32_000).astype(np.int16)
        frame = av.AudioFrame.from_ndarray(data[None, :], format=sample, layout="mono")
        frame.sample_rate, frame.pts = _RATE, 0
        for packet in stream.encode(frame):
            container.mux(packet)
        container.mux(stream.encode())
    return buffer.getvalue()


def _voice(rng: Random, seconds: int) -> np.ndarray:
    pieces: list[np.ndarray] = []
    total = 0
    while total < seconds * _RATE:
        length = rng.randint(_RATE // 8, _RATE // 4)
        time = np.arange(length) / _RATE
        pitch = rng.uniform(180, 320)
        tone = sum(
            np.sin(2 * np.pi * pitch * k * time) / k ** rng.uniform(0.8, 1.6) for k in (1, 2, 3, 5)
        )
        pieces.append(0.2 * np.hanning(length) * tone)
        pause = rng.choice((0, 0, _RATE // 20, _RATE // 6))
        pieces.append(np.zeros(pause))
        total += length + pause
    return np.concatenate(pieces)[: seconds * _RATE].astype(np.float32)
