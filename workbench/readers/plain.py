"""Text files in the encodings county offices really use."""

from __future__ import annotations

import codecs
from collections.abc import Callable
from pathlib import Path

from workbench.readers.errors import Unreadable
from workbench.readers.facts import FileFacts
from workbench.readers.limits import MIB, Limits

_BOMS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),  # before UTF-16: its mark begins alike
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_SAMPLE = 8_192  # bytes looked at to tell GB18030 from Big5
_TEXT_BYTES = bytes(byte for byte in range(256) if byte >= 0x20 or byte in b"\t\n\v\f\r\x1a\x1b")
_MOST_CONTROLS = 0.01  # share of control characters above which content is binary


def read_text(path: Path, media_type: str, limits: Limits) -> FileFacts:
    """Facts of a text file; ``Unreadable`` if too large, binary or blank."""
    text, warnings = cut(decode(read_bytes(path, limits.text_mib)), limits)
    if not text.strip():
        raise Unreadable("empty", "nothing but blanks")
    return FileFacts(media_type, text=text, warnings=warnings)


def read_bytes(path: Path, most_mib: int) -> bytes:
    """Content of a file; ``Unreadable("too_large")`` above the bound."""
    if path.stat().st_size > most_mib * MIB:
        raise Unreadable("too_large", f"more than {most_mib} MiB")
    return path.read_bytes()


def cut(text: str, limits: Limits) -> tuple[str, tuple[str, ...]]:
    """Text within the limit, and the warning if some had to go."""
    if len(text) <= limits.text_chars:
        return text, ()
    return text[: limits.text_chars], ("text_cut",)


def decode(data: bytes) -> str:
    """Text of bytes: by byte order mark, else UTF-8, else GB18030 or Big5.

    GB18030 decodes nearly anything, so where both fit the one that yields more
    everyday characters is taken. ``Unreadable("mislabelled")`` for binary data.

    Examples
    --------
    >>> decode("教师".encode("gb18030"))
    '教师'
    """
    for mark, encoding in _BOMS:
        if data.startswith(mark):
            return _strictly(data, encoding)
    if b"\0" in data or len(data.translate(None, _TEXT_BYTES)) > len(data) * _MOST_CONTROLS:
        raise Unreadable("mislabelled", "binary content, not text")
    try:
        return data.decode("utf-8")
    except UnicodeDecodeError:
        return _chinese(data)


def decode_head(head: bytes) -> str:
    """Text of the first bytes of a file, where the last character may be cut through."""
    for shorter in range(min(4, len(head))):
        try:
            return decode(head[: len(head) - shorter])
        except Unreadable as error:
            refused = error
    raise refused


def _strictly(data: bytes, encoding: str) -> str:
    try:
        return data.decode(encoding)
    except UnicodeDecodeError as error:
        raise Unreadable("broken", f"not valid {encoding}: {error.reason}") from None


def _chinese(data: bytes) -> str:
    candidates = []
    for encoding, everyday in (("gb18030", _everyday_gb), ("big5", _everyday_big5)):
        try:
            candidates.append((_share(data[:_SAMPLE], everyday), data.decode(encoding)))
        except UnicodeDecodeError:
            continue
    if not candidates:
        raise Unreadable("mislabelled", "neither UTF-8, UTF-16, GB18030 nor Big5")
    return max(candidates, key=lambda candidate: candidate[0])[1]


def _everyday_gb(first: int, second: int) -> bool:
    """Punctuation or level 1 of GB 2312 (3,755 common characters)."""
    return second >= 0xA1 and (0xB0 <= first <= 0xD7 or first in (0xA1, 0xA3))


def _everyday_big5(first: int, second: int) -> bool:
    """Punctuation or level 1 of Big5 (5,401 common characters)."""
    return 0xA1 <= first <= 0xC6 and (0x40 <= second <= 0x7E or 0xA1 <= second <= 0xFE)


def _share(data: bytes, everyday: Callable[[int, int], bool]) -> float:
    """Share of double-byte characters that are everyday ones."""
    at, double, usual = 0, 0, 0
    while at < len(data) - 1:
        if data[at] < 0x80:
            at += 1
            continue
        double += 1
        usual += everyday(data[at], data[at + 1])
        at += 2
    return usual / double if double else 0.0
