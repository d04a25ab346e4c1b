"""Pictures: size, time of the shot, and difference hashes that survive re-saving.

dHash-256 as measured on photographs and slides: each of 16 × 16 cells says
whether it is darker than its right neighbour. Two pictures at most 50 bits
apart are alike; other words on the same slide background stay above 54.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import IO

import numpy as np
from PIL import ExifTags, Image, ImageOps, UnidentifiedImageError

from workbench.readers.errors import Unreadable
from workbench.readers.facts import FileFacts, Picture
from workbench.readers.limits import MIB, Limits

FORMATS = {
    "JPEG": "jpg",
    "PNG": "png",
    "WEBP": "webp",
    "GIF": "gif",
    "BMP": "bmp",
    "TIFF": "tiff",
    "MPO": "jpg",  # the JPEG of phones that store a depth picture beside it
}

_SIDE = 16  # cells a side: 256 bits
_SKETCH = 64  # cells a side of the sketch that confirms a find
_WORK = 512  # longer side hashes are computed from, pixels
_SMALLEST = 200  # pixels; smaller pictures are icons and not compared
_FLATTEST = 12.0  # standard deviation of grey levels (0–255); below it there is nothing to compare
_BORDER_STEP = 24  # grey levels a pixel may differ from its border's median
_BORDER_SHARE = 0.01  # share of pixels in a border row that may differ more
_MOST_TRIMMED = 0.4  # share of a side that may be border
_BORDERS = 4  # one inside the other: a frame, its blurred edge, the paper's margin

# (left, top, right, bottom) cut off, in shares of the side: whole; all sides; one side
WINDOWS = (
    (0.0, 0.0, 0.0, 0.0),
    *((cut, cut, cut, cut) for cut in (0.03, 0.06, 0.10)),
    *(
        tuple(cut if side == place else 0.0 for place in range(4))
        for cut in (0.08, 0.16)
        for side in range(4)
    ),
)


def read_image(path: Path, limits: Limits) -> FileFacts:
    """Facts of a picture file; the media type is that of the content.

    Raises
    ------
    Unreadable
        ``too_large`` (bytes or megapixels), ``too_long`` (frames) or ``broken``.
    """
    if path.stat().st_size > limits.image_mib * MIB:
        raise Unreadable("too_large", f"more than {limits.image_mib} MiB")
    with path.open("rb") as file, opened(file, limits) as image:
        media_type = FORMATS[image.format or ""]
        exif = image.getexif()
        details = exif.get_ifd(ExifTags.IFD.Exif)
        width, height = _upright_size(image.size, exif.get(ExifTags.Base.Orientation))
        grey = working_copy(image)
        hashes, mirror = hashes_of(grey)
        sketch = sketch_of(grey) if hashes else ""
    return FileFacts(
        media_type,
        width=width,
        height=height,
        dhash=hashes,
        mirror=mirror,
        sketch=sketch,
        taken_at=_exif_time(details.get(ExifTags.Base.DateTimeOriginal)),
        encoder=_exif_text(exif.get(ExifTags.Base.Software)),
    )


def hash_picture(data: bytes, name: str, limits: Limits) -> tuple[Picture, int]:
    """Hash a picture inside a document, and count the pixels that had to be decoded.

    A picture that cannot be decoded keeps its SHA-256, with a width of None.
    """
    sha256 = hashlib.sha256(data).hexdigest()
    try:
        with opened(io.BytesIO(data), limits) as image:
            grey = working_copy(image)
            hashes, mirror = hashes_of(grey)
            sketch = sketch_of(grey) if hashes else ""
            width, height = image.info.get("full_size", image.size)
    except Unreadable:
        return Picture(name, sha256), 0
    return Picture(name, sha256, width, height, hashes, mirror, sketch), width * height


def hashes_of(grey: Image.Image, smallest: int = _SMALLEST) -> tuple[tuple[str, ...], str]:
    """Twelve window hashes and the mirror's, of a grey picture.

    Parameters
    ----------
    grey : Image
        Mode ``L``, at its working size; ``full_size`` in its ``info`` is the original's.
    smallest : int
        Pixels; a picture whose shorter side is less is not compared.

    Returns
    -------
    (tuple of str, str)
        Hashes as 64 hexadecimal digits, in the order of :data:`WINDOWS`; empty
        for a picture that is tiny or flat.
    """
    if min(grey.info.get("full_size", grey.size)) < smallest:
        return (), ""
    trimmed = _trim(grey)
    if float(np.asarray(trimmed, dtype=np.float32).std()) < _FLATTEST:
        return (), ""
    hashes = tuple(_dhash(trimmed, window) for window in WINDOWS)
    return hashes, _dhash(ImageOps.mirror(trimmed), WINDOWS[0])


def sketch_of(grey: Image.Image) -> str:
    """Sketch of a grey picture: 64 × 64 cells of 16 shades as hexadecimal digits, row by row.

    Borders are cut off and the shades stretched, all but the darkest and the
    lightest fiftieth of the cells.
    """
    cells = np.asarray(
        _trim(grey).resize((_SKETCH, _SKETCH), Image.Resampling.BOX), dtype=np.float32
    )
    dark, light = np.percentile(cells, (2, 98))
    shades = ((cells - dark) * (15 / max(light - dark, 1.0))).round().clip(0, 15)
    return "".join(f"{int(shade):x}" for shade in shades.ravel())


def frame_hash(grey: Image.Image) -> str:
    """Hash of one video frame, whole and untrimmed; ``""`` if it is flat."""
    if float(np.asarray(grey, dtype=np.float32).std()) < _FLATTEST:
        return ""
    return _dhash(grey, WINDOWS[0])


def _dhash(grey: Image.Image, window: tuple[float, ...]) -> str:
    width, height = grey.size
    left, top, right, bottom = window
    box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
    cells = np.asarray(grey.resize((_SIDE + 1, _SIDE), Image.Resampling.BOX, box=box))
    return np.packbits(cells[:, :-1] < cells[:, 1:]).tobytes().hex()


def _trim(grey: Image.Image) -> Image.Image:
    """Cut off borders of one shade, and what margin the picture has inside them."""
    cells = np.asarray(grey, dtype=np.int16)
    left, top, right, bottom = 0, 0, cells.shape[1], cells.shape[0]
    for _ in range(_BORDERS):
        inside = cells[top:bottom, left:right]
        sides = [_border(side) for side in (inside.T, inside, inside.T[::-1], inside[::-1])]
        if not any(sides) or min(inside.shape) < _SIDE:
            break
        left, right = left + sides[0], max(right - sides[2], left + sides[0] + 1)
        top, bottom = top + sides[1], max(bottom - sides[3], top + sides[1] + 1)
    return grey.crop((left, top, right, bottom))


def _border(cells: np.ndarray) -> int:
    """Rows from the start that are of the first row's shade."""
    shade = np.median(cells[0])
    odd = (np.abs(cells - shade) > _BORDER_STEP).mean(axis=1) > _BORDER_SHARE
    rows = int(np.argmax(odd)) if odd.any() else 0
    return rows if rows <= _MOST_TRIMMED * len(cells) else 0


@contextlib.contextmanager
def opened(file: IO[bytes], limits: Limits) -> Iterator[Image.Image]:
    """Open a picture of the formats taken, within the limits; decoding faults are ``broken``."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # own pixel limit below; odd metadata is no fault
            with Image.open(file, formats=tuple(FORMATS)) as image:
                _within(image, limits)
                yield image
    except UnidentifiedImageError:
        raise Unreadable("broken", "not a picture of a known format") from None
    except Image.DecompressionBombError as error:
        raise Unreadable("too_large", str(error)) from None
    except MemoryError:
        raise
    except (OSError, ValueError, SyntaxError, RuntimeError, IndexError, KeyError) as error:
        raise Unreadable("broken", f"picture: {error}") from None


def _within(image: Image.Image, limits: Limits) -> None:
    width, height = image.size
    if width * height > limits.image_mpx * 1_000_000:
        raise Unreadable("too_large", f"{width} × {height} pixels, at most {limits.image_mpx} Mpx")
    if getattr(image, "n_frames", 1) > limits.image_frames:
        raise Unreadable("too_long", f"more than {limits.image_frames} frames")


def working_copy(image: Image.Image) -> Image.Image:
    """Grey picture at working size, upright; transparency on white, as viewers show it."""
    full_size = image.size
    orientation = image.getexif().get(ExifTags.Base.Orientation)
    image.draft("L", (_WORK, _WORK))
    image.load()
    if image.has_transparency_data:
        rgba = image.convert("RGBA")
        rgba.thumbnail((_WORK, _WORK), Image.Resampling.BOX)
        white = Image.new("RGBA", rgba.size, "white")
        grey = Image.alpha_composite(white, rgba).convert("L")
    else:
        grey = narrow(image)
        grey.thumbnail((_WORK, _WORK), Image.Resampling.BOX)
    grey = upright(grey, orientation)
    grey.info = {"full_size": full_size}
    image.info["full_size"] = full_size
    return grey


def narrow(image: Image.Image) -> Image.Image:
    """Grey of any mode; 16-bit scans are scaled, not cut off."""
    if image.mode.startswith("I") or image.mode == "F":
        cells = np.asarray(image, dtype=np.float32)
        top = float(cells.max()) or 1.0
        return Image.fromarray((cells * (255.0 / top)).clip(0, 255).astype(np.uint8))
    return image.convert("L") if image.mode != "L" else image.copy()


_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


def upright(image: Image.Image, orientation: int | None) -> Image.Image:
    """Picture turned as its EXIF orientation says."""
    turn = _TURNS.get(orientation or 1)
    return image if turn is None else image.transpose(turn)


def _upright_size(size: tuple[int, int], orientation: int | None) -> tuple[int, int]:
    return (size[1], size[0]) if orientation in (5, 6, 7, 8) else size


def _exif_time(value: object) -> str:
    """ISO time of an EXIF one (``2026:03:05 09:10:11``), local and without a zone."""
    text = _exif_text(value)
    day, _, clock = text.partition(" ")
    parts = day.split(":")
    if len(parts) != 3 or not all(part.isdigit() for part in parts) or parts[0] == "0000":
        return ""
    return f"{'-'.join(parts)}T{clock}" if clock else "-".join(parts)


def _exif_text(value: object) -> str:
    return value.strip("\0 ") if isinstance(value, str) else ""
