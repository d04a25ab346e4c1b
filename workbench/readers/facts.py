"""What a file turned out to be: the facts every later stage works from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

MEDIA_TYPES = (
    *("docx", "doc", "wps", "pptx", "ppt", "xlsx", "xls", "csv", "pdf", "txt", "md"),
    *("jpg", "png", "webp", "gif", "bmp", "tiff"),
    *("mp3", "m4a", "mp4", "mov", "mkv", "webm", "avi", "wmv"),
    *("zip", "unknown"),
)

WARNINGS = (
    "mislabelled",  # the extension differs from the content, within one family
    "no_preview",  # kept, but cannot be shown here
    "no_text",  # pages, and not one character: probably a scan
    "text_cut",  # more text than is kept
    "rows_cut",  # more rows than are read
    "pictures_cut",  # more embedded pictures than are hashed
    "picture_broken",  # an embedded picture that cannot be decoded
    "html_inside",  # a web page saved under an office name
    "macros",  # holds macros; they are never run
    "active_content",  # scripts, launch actions or files inside a PDF
    "active_unknown",  # the PDF is too damaged to look for active content
    "restricted",  # a PDF that forbids printing or copying, but opens
    "no_duration",  # the container does not say how long it is
    "frames_missing",  # fewer frames than the stated duration promises: cut short
    "frames_approximate",  # sampled near, not at, the twelve moments
    "convert_failed",  # LibreOffice could not convert it
)


@dataclass(frozen=True)
class Picture:
    """A picture inside a document. Hashes as in :class:`FileFacts`; empty if not comparable."""

    name: str
    sha256: str
    width: int | None = None
    height: int | None = None
    dhash: tuple[str, ...] = ()
    mirror: str = ""
    sketch: str = ""


@dataclass(frozen=True)
class FileFacts:
    """Facts of one file. What is not known is ``None`` or empty, never zero.

    ``dhash`` holds twelve 256-bit difference hashes as 64 hexadecimal digits
    each, the whole picture first, then eleven smaller windows; ``mirror`` is
    the hash of the whole picture flipped left to right, ``sketch`` its 64 × 64
    cells of 16 shades. ``frames`` holds one hash for each of twelve moments of a
    video, ``""`` where the frame is flat or missing. Times are ISO 8601 as the file
    states them, in UTC if it says so, else without a zone. ``pages`` are PDF pages,
    slides, or the pages Word counted. ``fps`` is frames a second, ``duration_s`` seconds.
    """

    media_type: str
    text: str = ""
    pages: int | None = None
    width: int | None = None
    height: int | None = None
    duration_s: float | None = None
    codec: str = ""
    fps: float | None = None
    frames: tuple[str, ...] = ()
    dhash: tuple[str, ...] = ()
    mirror: str = ""
    sketch: str = ""
    pictures: tuple[Picture, ...] = ()
    author: str = ""
    last_modified_by: str = ""
    created_at: str = ""
    modified_at: str = ""
    editing_minutes: int | None = None
    revision_ids: tuple[str, ...] = ()
    template: str = ""
    taken_at: str = ""
    recorded_at: str = ""
    encoder: str = ""
    members: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    previewable: bool = True
    chars: int = field(init=False)

    def __post_init__(self) -> None:
        """Count the characters that are not blank."""
        object.__setattr__(self, "chars", count_chars(self.text))

    def to_json(self) -> dict[str, Any]:
        """Facts as plain lists, numbers and strings, ``chars`` included."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> FileFacts:
        """Facts from :meth:`to_json`, also after a trip through JSON."""
        known = {key: _tuple(value) for key, value in data.items() if key != "chars"}
        known["pictures"] = tuple(
            Picture(**{key: _tuple(value) for key, value in picture.items()})
            for picture in data.get("pictures", ())
        )
        return cls(**known)


def count_chars(text: str) -> int:
    """Count characters that are not blank.

    Examples
    --------
    >>> count_chars(" 教学 设计\\n")
    4
    """
    return len("".join(text.split()))


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value
