"""The old binary container of Word, Excel and PowerPoint: which streams it holds.

Only the directory is read ([MS-CFB] §2.2, §2.6): enough to tell the kinds
apart and to see a password. The content is left to LibreOffice.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

from workbench.readers.errors import Unreadable

MAGIC = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
_ENTRY = 128
_END = 0xFFFFFFFA  # from here on a sector number is a mark, not a place
_MOST_SECTORS = 4_096


@dataclass(frozen=True)
class Compound:
    """Streams by name, and for each the offset of its first sector in the file."""

    streams: dict[str, int]
    protected: bool

    @property
    def kind(self) -> str:
        """``doc``, ``xls`` or ``ppt`` by its main stream; ``""`` for anything else."""
        for stream, kind in _MAIN.items():
            if stream in self.streams:
                return kind
        return ""


_MAIN = {
    "WordDocument": "doc",
    "Workbook": "xls",
    "Book": "xls",
    "PowerPoint Document": "ppt",
}


def read_compound(data: bytes) -> Compound:
    """Directory of a compound file; ``Unreadable("broken")`` if it leads nowhere."""
    try:
        shift, fat_count, start = _header(data)
        streams = _directory(data, shift, _fat(data, shift, fat_count), start)
    except (struct.error, IndexError, ValueError) as error:
        raise Unreadable("broken", f"compound file directory: {error}") from None
    return Compound(streams, _protected(data, streams))


def _header(data: bytes) -> tuple[int, int, int]:
    (shift,) = struct.unpack_from("<H", data, 30)
    (fat_count,) = struct.unpack_from("<I", data, 44)
    (start,) = struct.unpack_from("<I", data, 48)
    if shift not in (9, 12):
        raise ValueError(f"sector size 2^{shift}")
    return shift, fat_count, start


def _fat(data: bytes, shift: int, count: int) -> list[int]:
    """Sector chain table: which sector follows which."""
    size = 1 << shift
    table: list[int] = []
    for place in _fat_places(data, size)[:count]:
        if place < _END:
            table.extend(_numbers(data, place, size))
    return table


def _fat_places(data: bytes, size: int) -> list[int]:
    """Sectors of the table: 109 in the header, more in a chain of their own."""
    places = list(struct.unpack_from("<109I", data, 76))
    (sector,) = struct.unpack_from("<I", data, 68)
    while sector < _END and len(places) < _MOST_SECTORS:
        more = _numbers(data, sector, size)
        places += more[:-1]
        sector = more[-1]
    return places


def _numbers(data: bytes, sector: int, size: int) -> list[int]:
    return list(struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size))


def _directory(data: bytes, shift: int, fat: list[int], start: int) -> dict[str, int]:
    size = 1 << shift
    streams: dict[str, int] = {}
    sector, seen = start, 0
    while sector < _END and seen < _MOST_SECTORS:
        block = data[(sector + 1) * size : (sector + 2) * size]
        for at in range(0, len(block) - _ENTRY + 1, _ENTRY):
            name, first = _entry(block[at : at + _ENTRY])
            if name:
                streams[name] = (first + 1) * size
        sector, seen = fat[sector], seen + 1
    return streams


def _entry(entry: bytes) -> tuple[str, int]:
    length, kind = struct.unpack_from("<HB", entry, 64)
    if kind not in (1, 2) or not 2 <= length <= 64:
        return "", 0
    (first,) = struct.unpack_from("<I", entry, 116)
    return entry[: length - 2].decode("utf-16-le", "replace"), first


def _protected(data: bytes, streams: dict[str, int]) -> bool:
    """Whether a password is set ([MS-OFFCRYPTO] names; for Word the flag in the FIB)."""
    if "EncryptedPackage" in streams or "EncryptedSummary" in streams:
        return True
    at = streams.get("WordDocument")
    if at is None or at + 12 > len(data):
        return False
    (flags,) = struct.unpack_from("<H", data, at + 10)
    return bool(flags & 0x0100)
