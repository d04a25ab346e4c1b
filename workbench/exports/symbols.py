"""Pictures of printed codes: written, and told from any other picture without the library that makes codes.

Loading what makes a code costs more than all else that verifying a sheet takes.
A picture as written here (one bit a pixel, four pixels a module) is read to its
modules, so that nothing can hide between them, and the code in it is then read;
any other picture is for the slow comparison.
"""

from __future__ import annotations

import zlib
from collections.abc import Iterable

SCALE = 4
BORDER = 4
_HEAD = b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
_BILEVEL = b"\x01\x00\x00\x00\x00"  # one bit, grey, the usual packing, no interlacing
_MOST = 4096
_PIXELS = bytes.maketrans(b"\x00\x01", b"10")
_SHADES = bytes.maketrans(b"01", b"\x00\xff")


def code_picture(modules: Iterable[bytes | bytearray]) -> bytes:
    """PNG of the modules of a symbol, row by row, dark ones 1; with its quiet zone.

    Every row of modules is one line of pixels and the mark that the next ones are the same.
    """
    dark = [row.translate(_PIXELS).decode("ascii") for row in modules]
    side = SCALE * (len(dark) + 2 * BORDER)
    length = (side + 7) // 8
    edge, same = "1" * (SCALE * BORDER), b"\x02" + bytes(length)
    lines = ["1" * (side - 2 * len(edge))] * BORDER
    lines += ["".join(pixel * SCALE for pixel in row) for row in dark]
    data = b"".join(
        b"\x00"
        + int(f"{edge}{line}{edge}".ljust(8 * length, "0"), 2).to_bytes(length, "big")
        + same * (SCALE - 1)
        for line in (*lines, *lines[:BORDER])
    )
    size = side.to_bytes(4, "big")
    chunks = (b"IHDR" + size * 2 + _BILEVEL, b"IDAT" + zlib.compress(data, 9), b"IEND")
    return _HEAD[:8] + b"".join(
        (len(each) - 4).to_bytes(4, "big") + each + zlib.crc32(each).to_bytes(4, "big")
        for each in chunks
    )


def code_alone(picture: bytes) -> str | None:
    """Text of the code that a picture consists of; None where it is another picture.

    Parameters
    ----------
    picture : bytes
        A PNG.
    """
    rows = _pixel_rows(picture)
    if rows is None or not _are_modules(rows):
        return None
    import zxingcpp

    pixels = memoryview("".join(rows).encode().translate(_SHADES))
    found = zxingcpp.read_barcodes(
        pixels.cast("B", (len(rows), len(rows))),
        zxingcpp.BarcodeFormats(zxingcpp.BarcodeFormat.QRCode),
        try_rotate=False,
        try_downscale=False,
        try_invert=False,
        is_pure=True,
    )
    return found[0].text if len(found) == 1 else None


def _pixel_rows(picture: bytes) -> list[str] | None:
    """Rows of a square bilevel PNG as texts of 0 and 1; None for any other picture."""
    side = int.from_bytes(picture[16:20], "big")
    square = picture[16:20] == picture[20:24] and 0 < side <= _MOST
    if not (picture.startswith(_HEAD) and square and picture[24:29] == _BILEVEL):
        return None
    data = _unpacked(picture)
    step = (side + 7) // 8 + 1
    if data is None or len(data) != step * side:
        return None
    rows: list[str] = []
    for start in range(0, len(data), step):
        row = _unfiltered(data[start], data[start + 1 : start + step], rows)
        if row is None:
            return None
        rows.append(row[:side])
    return rows


def _unfiltered(kind: int, line: bytes, rows: list[str]) -> str | None:
    """Bits of a line: as they stand, or the same as the line above (PNG filters 0 and 2)."""
    if kind == 0:
        return f"{int.from_bytes(line, 'big'):0{8 * len(line)}b}"
    return rows[-1] if kind == 2 and rows and not any(line) else None


def _unpacked(picture: bytes) -> bytes | None:
    """Content of the one data chunk after the head; None where there are others."""
    size = int.from_bytes(picture[33:37], "big")
    tail = picture[41 + size + 4 :]
    if picture[37:41] != b"IDAT" or tail[4:8] != b"IEND" or len(tail) != 12:
        return None
    stream = zlib.decompressobj()
    try:
        data = stream.decompress(picture[41 : 41 + size], _MOST * _MOST // 8 + _MOST)
    except zlib.error:
        return None
    return data if stream.eof else None


def _are_modules(rows: list[str]) -> bool:
    """Whether the pixels are the modules of one symbol: squares of one shade in a white border."""
    modules = len(rows) // SCALE - 2 * BORDER
    edge = SCALE * BORDER
    blank = "1" * len(rows)
    if len(rows) % SCALE or modules < 21 or modules % 4 != 1:  # 17 + 4 × version
        return False
    if any(row != blank for row in (*rows[:edge], *rows[-edge:])):
        return False
    if any(row[:edge] != blank[:edge] or row[-edge:] != blank[:edge] for row in rows):
        return False
    for start in range(0, len(rows), SCALE):
        row = rows[start]
        if any(other != row for other in rows[start + 1 : start + SCALE]):
            return False
        if row[::SCALE].replace("0", "0" * SCALE).replace("1", "1" * SCALE) != row:
            return False
    return True
