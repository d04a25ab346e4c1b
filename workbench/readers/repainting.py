"""Pictures painted anew: upright, in sRGB, of a size for screens, and without anything beside the pixels."""

from __future__ import annotations

import io
import math
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

from PIL import ExifTags, Image, ImageCms, ImageSequence

from workbench.readers import images
from workbench.readers.limits import MIB, Limits

_SIDE = 3_200  # pixels of the longer side kept, enough to read a photographed page
_QUALITY = 85
_MOVING = ("GIF", "WEBP", "PNG")  # formats whose frames follow each other in time
_MOST_MOVING = 40_000_000  # pixels of all frames together; a longer animation stands still


def repaint(path: Path, folder: Path, limits: Limits) -> list[dict[str, Any]]:
    """Paint a picture file anew into a folder, as webp.

    Pages of a scan kept in one TIFF come out one by one; an animation stays
    one, unless it is large.

    Returns
    -------
    list of dict
        ``file``, ``width`` and ``height`` in pixels, one for each page.

    Raises
    ------
    Unreadable
        As :func:`images.opened`.
    """
    with path.open("rb") as file, images.opened(file, limits) as image:
        frames = getattr(image, "n_frames", 1)
        if image.format == "TIFF":
            made = (_still(frame) for frame in ImageSequence.Iterator(image))
            return [_saved(page, folder, number) for number, page in enumerate(made, start=1)]
        moving = frames > 1 and image.format in _MOVING
        if moving and frames * image.width * image.height <= _MOST_MOVING:
            return [_moving(image, folder)]
        return [_saved(_still(image), folder, 1)]


def repaint_inside(data: bytes, folder: Path, number: int, limits: Limits) -> dict[str, Any]:
    """Paint a picture from inside a document anew; as :func:`repaint`."""
    file: IO[bytes] = io.BytesIO(data)
    if len(data) > limits.image_mib * MIB:
        return {}
    with images.opened(file, limits) as image:
        return _saved(_still(image, most=1_600), folder, number)


def _still(image: Image.Image, most: int = _SIDE) -> Image.Image:
    orientation = image.getexif().get(ExifTags.Base.Orientation)
    image.draft("RGB", (most, most))
    image.load()
    painted = _in_srgb(image)
    painted.thumbnail((most, most), Image.Resampling.LANCZOS)
    return images.upright(painted, orientation)


def _in_srgb(image: Image.Image) -> Image.Image:
    """Copy in RGB or RGBA; 16-bit scans are scaled, a colour profile is carried out and dropped."""
    profile = image.info.get("icc_profile")
    if image.mode.startswith("I") or image.mode == "F":
        return images.narrow(image).convert("RGB")
    mode = "RGBA" if image.has_transparency_data else "RGB"
    if profile and image.mode in ("RGB", "CMYK"):
        try:
            made = ImageCms.profileToProfile(
                image,
                ImageCms.ImageCmsProfile(io.BytesIO(profile)),
                ImageCms.createProfile("sRGB"),
                outputMode="RGB",
            )
        except (ImageCms.PyCMSError, OSError, ValueError):
            made = None  # a damaged profile: the plain colours will do
        if made is not None:
            return _bare(made)
    return _bare(image.convert(mode))


def _bare(image: Image.Image) -> Image.Image:
    """Same pixels with nothing beside them."""
    bare = Image.new(image.mode, image.size)
    bare.paste(image)
    return bare


def _moving(image: Image.Image, folder: Path) -> dict[str, Any]:
    durations, frames = [], []
    for frame in _frames(image):
        durations.append(int(frame.info.get("duration", 100)) or 100)
        frames.append(_bare(frame.convert("RGBA")))
    name = "picture-0001.webp"
    frames[0].save(
        folder / name,
        "WEBP",
        save_all=True,
        append_images=frames[1:],
        duration=durations,
        loop=0,
        quality=_QUALITY,
    )
    return {"file": name, "width": frames[0].width, "height": frames[0].height}


def _frames(image: Image.Image) -> Iterator[Image.Image]:
    yield from ImageSequence.Iterator(image)


def _saved(image: Image.Image, folder: Path, number: int) -> dict[str, Any]:
    name = f"picture-{number:04d}.webp"
    longest = max(image.size)
    if longest > 16_383:  # what webp can hold
        share = 16_383 / longest
        size = (math.ceil(image.width * share), math.ceil(image.height * share))
        image = image.resize(size)
    image.save(folder / name, "WEBP", quality=_QUALITY, method=2)
    return {"file": name, "width": image.width, "height": image.height}
