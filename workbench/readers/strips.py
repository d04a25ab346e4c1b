"""Frame strips: the twelve frames two videos are compared by, as small pictures people can look at."""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from PIL import Image

from workbench.readers.errors import Unreadable
from workbench.readers.kinds import FAMILIES, kind_of
from workbench.readers.limits import Limits
from workbench.readers.media import Frames, duration_of, hash_of, moments, opened, picture_stream

TILE = 192
"""Pixels of the longer side of a tile."""

_QUALITY = 78  # of JPEG: about 5 KB a tile


@dataclass(frozen=True)
class StripFrame:
    """One frame of a strip.

    ``moment_s`` is in seconds from the start; ``hash`` what it is compared by,
    empty if it is flat; ``picture`` a JPEG, upright, empty past the end.
    """

    moment_s: float
    hash: str
    picture: bytes

    def to_json(self) -> dict[str, Any]:
        """Frame as plain JSON, the picture in base 64."""
        shown = base64.b64encode(self.picture).decode("ascii")
        return {"moment_s": self.moment_s, "hash": self.hash, "picture": shown}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> StripFrame:
        """Frame from :meth:`to_json`."""
        shown = base64.b64decode(data["picture"], validate=True)
        return cls(float(data["moment_s"]), str(data["hash"]), shown)


def read_strip(path: Path, name: str, limits: Limits) -> tuple[StripFrame, ...]:
    """Strip of one video, in this process: call it through ``isolation.ReaderPool``.

    Twelve frames as ``media.moments`` has them; the first alone of a video that
    does not say how long it lasts.

    Raises
    ------
    Unreadable
        ``unsupported`` for what has no moving picture; ``too_large``; ``broken``
        where not one frame can be decoded.
    """
    media_type = kind_of(path, name, limits).media_type
    if media_type not in FAMILIES["video"]:
        raise Unreadable("unsupported", media_type)
    with opened(path, media_type, limits) as container:
        stream = picture_stream(container)
        if stream is None:
            raise Unreadable("unsupported", f"{media_type} without a picture")
        duration_s = duration_of(container)
        reader = Frames(container, stream, limits)
        wanted = moments(duration_s) if duration_s else (0.0,)
        found = tuple(_frame(moment, reader.at(moment)) for moment in wanted)
    if not any(frame.picture for frame in found):
        raise Unreadable("broken", "not one frame can be decoded")
    return found


def _frame(moment_s: float, frame: Any) -> StripFrame:
    if frame is None:
        return StripFrame(moment_s, "", b"")
    scale = TILE / max(frame.width, frame.height, 1)
    width, height = (max(1, round(side * scale)) for side in (frame.width, frame.height))
    small = frame.reformat(width=width, height=height, format="rgb24")
    picture = Image.fromarray(small.to_ndarray())
    if frame.rotation:
        picture = picture.rotate(frame.rotation, expand=True)
    out = io.BytesIO()
    picture.save(out, "JPEG", quality=_QUALITY)
    return StripFrame(moment_s, hash_of(frame), out.getvalue())
