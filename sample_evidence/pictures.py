"""Drawn pictures that stand for photos, screenshots and charts; no two alike.

Every picture lies under its own uneven light: a coarse random field that gives each a
gradient pattern of its own, as real light does, so that difference hashes of two
pictures differ in about half their bits whatever is drawn.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from random import Random

import numpy as np
import pylopdf_fonts_zh_cn
from PIL import ExifTags, Image, ImageDraw, ImageFont

Colour = tuple[int, int, int]
_FIELD = (20, 15)
_LIGHT = 30.0  # grey levels the light may add or take


@dataclass(frozen=True)
class Scene:
    """What a picture shows; the same scene is always drawn the same."""

    key: str
    kind: str
    caption: str
    size: tuple[int, int] = (800, 600)


@cache
def font(size: int) -> ImageFont.FreeTypeFont:
    """The embedded Chinese font; no font of the system is used."""
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), size)


def draw(scene: Scene) -> Image.Image:
    """Draw a scene."""
    rng = Random(f"scene {scene.key}")
    image = Image.new("RGB", scene.size, _colour(rng, 150, 225))
    _SCENES[scene.kind](ImageDraw.Draw(image), rng, scene)
    return _lit(image, scene)


def jpeg(scene: Scene, *, quality: int = 70, taken: datetime | None = None) -> bytes:
    """The scene as JPEG, with the time of the shot where a camera would have left it."""
    exif = Image.Exif()
    if taken is not None:
        text = taken.strftime("%Y:%m:%d %H:%M:%S")
        exif[ExifTags.Base.DateTime] = text
        exif.get_ifd(ExifTags.IFD.Exif)[ExifTags.Base.DateTimeOriginal] = text
    return _saved(draw(scene), "JPEG", quality=quality, exif=exif)


def resaved(scene: Scene, *, share: float = 0.75, quality: int = 60) -> bytes:
    """The same picture as it comes out of a chat: smaller, stronger compressed, without EXIF."""
    original = Image.open(io.BytesIO(jpeg(scene)))
    size = (round(original.width * share), round(original.height * share))
    return _saved(original.resize(size, Image.Resampling.LANCZOS), "JPEG", quality=quality)


def png(scene: Scene) -> bytes:
    """The scene as PNG of 64 colours."""
    image = draw(scene).quantize(64, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return _saved(image, "PNG", optimize=False)


def other(scene: Scene, kind: str) -> bytes:
    """The scene as WEBP, GIF or BMP."""
    image = draw(scene)
    if kind == "gif":
        image = image.quantize(48, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE)
    return _saved(image, kind.upper())


def _saved(image: Image.Image, kind: str, **options: object) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def _lit(image: Image.Image, scene: Scene) -> Image.Image:
    """Put the scene under its own light."""
    field = np.random.default_rng(list(scene.key.encode())).uniform(-1, 1, _FIELD[::-1])
    light = Image.fromarray(field.astype(np.float32)).resize(image.size, Image.Resampling.BICUBIC)
    lit = np.asarray(image, np.float32) + _LIGHT * np.asarray(light)[..., None]
    return Image.fromarray(lit.clip(0, 255).astype(np.uint8))


def _colour(rng: Random, low: int = 40, high: int = 220) -> Colour:
    return (rng.randint(low, high), rng.randint(low, high), rng.randint(low, high))


def _person(pen: ImageDraw.ImageDraw, rng: Random, x: int, y: int, r: int) -> None:
    pen.rounded_rectangle((x - r, y + r, x + r, y + 4 * r), r, fill=_colour(rng))
    skin = (rng.randint(205, 235), rng.randint(165, 195), rng.randint(135, 165))
    pen.ellipse((x - r, y - r, x + r, y + r), fill=skin)
    pen.pieslice((x - r, y - r, x + r, y + r), 180, 360, fill=(40, 32, 30))


def _words(
    pen: ImageDraw.ImageDraw, place: tuple[float, float], text: str, size: int, fill: Colour
) -> None:
    pen.text(place, text, font=font(size), fill=fill)


def _classroom(pen: ImageDraw.ImageDraw, rng: Random, scene: Scene) -> None:
    width, height = scene.size
    floor = int(height * rng.uniform(0.55, 0.7))
    pen.rectangle((0, floor, width, height), fill=_colour(rng, 110, 170))
    left, top = int(width * rng.uniform(0.05, 0.3)), int(height * rng.uniform(0.06, 0.15))
    right, bottom = int(width * rng.uniform(0.6, 0.92)), int(height * rng.uniform(0.38, 0.5))
    pen.rectangle((left, top, right, bottom), fill=(30, rng.randint(60, 95), rng.randint(45, 85)))
    _words(pen, (left + width / 40, top + height / 40), scene.caption, width // 30, (240, 240, 225))
    for _ in range(rng.randint(3, 6)):
        y = rng.randint(top + (bottom - top) // 2, bottom - 8)
        x = rng.randint(left + 8, right - 60)
        pen.line((x, y, x + rng.randint(30, 160), y - rng.randint(0, 12)), (225, 225, 215), 2)
    _person(pen, rng, rng.randint(left, right), floor - height // 5, width // 28)
    columns = rng.randint(4, 7)
    for row in range(rng.randint(2, 3)):
        y = floor + (height - floor) * row // 3
        for column in range(columns):
            x = width * (2 * column + 1) // (2 * columns) + rng.randint(-20, 20)
            if rng.random() < 0.85:
                _person(pen, rng, x, y, width // 34 + 3 * row)
            desk = (x - width // 20, y + height // 12, x + width // 20, y + height // 8)
            pen.rectangle(desk, fill=_colour(rng, 120, 190))


def _works(pen: ImageDraw.ImageDraw, rng: Random, scene: Scene) -> None:
    width, height = scene.size
    _words(pen, (width * 0.05, height * 0.03), scene.caption, width // 32, (50, 40, 40))
    columns, rows = rng.randint(2, 4), rng.randint(2, 3)
    for row in range(rows):
        for column in range(columns):
            x = width * (column + 0.12) / columns + rng.randint(-8, 8)
            y = height * (0.12 + 0.86 * (row + 0.08) / rows) + rng.randint(-6, 6)
            w, h = width * 0.76 / columns, height * 0.7 / rows
            pen.rectangle((x, y, x + w, y + h), fill=_colour(rng, 190, 250), outline=(90, 80, 70))
            for _ in range(rng.randint(2, 5)):
                a, b = x + w * rng.uniform(0.05, 0.6), y + h * rng.uniform(0.05, 0.6)
                box = (a, b, a + w * rng.uniform(0.1, 0.35), b + h * rng.uniform(0.1, 0.35))
                shape = rng.choice((pen.ellipse, pen.rectangle))
                shape(box, fill=_colour(rng), outline=(60, 60, 60))
            for line in range(rng.randint(1, 4)):
                y2 = y + h * (0.7 + 0.07 * line)
                pen.line((x + w * 0.08, y2, x + w * rng.uniform(0.4, 0.92), y2), (90, 90, 95), 2)


def _bench(pen: ImageDraw.ImageDraw, rng: Random, scene: Scene) -> None:
    width, height = scene.size
    edge = int(height * rng.uniform(0.45, 0.6))
    pen.rectangle((0, edge, width, height), fill=_colour(rng, 90, 160))
    _words(pen, (width * 0.06, height * 0.06), scene.caption, width // 32, (45, 45, 60))
    for _ in range(rng.randint(6, 10)):
        x, y = rng.randint(0, width - 80), rng.randint(edge - 120, height - 140)
        w, h = rng.randint(40, 120), rng.randint(50, 150)
        fill = _colour(rng, 60, 230)
        match rng.randrange(4):
            case 0:
                pen.polygon(
                    [(x, y + h), (x + w, y + h), (x + w * 2 // 3, y), (x + w // 3, y)], fill
                )
            case 1:
                pen.ellipse((x, y, x + w, y + w), fill=fill, outline=(50, 50, 50), width=3)
            case 2:
                pen.rectangle((x, y, x + w, y + h), fill=fill, outline=(60, 60, 60), width=2)
            case _:
                points = [(x + rng.randint(0, 160), y + rng.randint(0, 120)) for _ in range(5)]
                pen.line(points, fill, 5, joint="curve")
    for _ in range(rng.randint(1, 3)):
        _person(pen, rng, rng.randint(60, width - 60), edge - height // 6, width // 24)


def _outdoor(pen: ImageDraw.ImageDraw, rng: Random, scene: Scene) -> None:
    width, height = scene.size
    ground = int(height * rng.uniform(0.5, 0.68))
    pen.rectangle((0, 0, width, ground), fill=_colour(rng, 150, 235))
    for _ in range(3):
        x, reach = rng.randint(-100, width), rng.randint(200, 400)
        peak = ground - rng.randint(60, 220)
        pen.polygon(
            [(x, ground), (x + reach // 2, peak), (x + reach, ground)], _colour(rng, 70, 160)
        )
    pen.rectangle((0, ground, width, height), fill=_colour(rng, 90, 180))
    for _ in range(rng.randint(3, 7)):
        x, y = rng.randint(0, width), ground + rng.randint(-30, 60)
        pen.rectangle((x, y - 90, x + 12, y), fill=(95, 70, 45))
        crown = rng.randint(30, 60)
        green = (rng.randint(30, 120), rng.randint(90, 170), rng.randint(30, 90))
        pen.ellipse((x - crown, y - 90 - crown, x + crown, y - 60), fill=green)
    for _ in range(rng.randint(3, 8)):
        y = rng.randint(ground, max(ground + 4, height - 90))
        _person(pen, rng, rng.randint(30, width - 30), y, width // 40 + (y - ground) // 20)
    _words(pen, (width * 0.04, height * 0.92), scene.caption, width // 36, (250, 250, 245))


def _chart(pen: ImageDraw.ImageDraw, rng: Random, scene: Scene) -> None:
    width, height = scene.size
    tint = (rng.randint(205, 245), rng.randint(205, 245), rng.randint(200, 240))
    pen.rectangle((0, 0, width, height), fill=tint)
    left, right = width * rng.uniform(0.08, 0.3), width * rng.uniform(0.72, 0.95)
    top, base = height * rng.uniform(0.16, 0.34), height * rng.uniform(0.68, 0.88)
    _words(pen, (left, height * 0.04), scene.caption, width // 30, (40, 40, 50))
    pen.rectangle((left, top, right, base), fill=_colour(rng, 215, 252))
    pen.line((left, top, left, base, right, base), (60, 60, 60), 3)
    count = rng.randint(5, 11)
    shape = rng.choice((_columns, _bars, _curve))
    shape(pen, rng, (left, top, right, base), count)
    note = f"n={rng.randint(36, 52)}  2026年10月  共{count}组，单位：分"
    _words(pen, (left, height * 0.93), note, width // 44, (80, 80, 90))


Box = tuple[float, float, float, float]


def _columns(pen: ImageDraw.ImageDraw, rng: Random, box: Box, count: int) -> None:
    left, top, right, base = box
    step, colour = (right - left) / count, _colour(rng, 40, 150)
    for n in range(count):
        x = left + step * (n + 0.2)
        reach = (base - top) * rng.uniform(0.15, 0.95)
        fill = (colour[0] + 9 * n, colour[1] + 6 * n, colour[2] + 4 * n)
        pen.rectangle((x, base - reach, x + step * 0.6, base), fill=fill)
        _words(pen, (x, base + 6), f"{n + 1}组", 14, (70, 70, 70))


def _bars(pen: ImageDraw.ImageDraw, rng: Random, box: Box, count: int) -> None:
    left, top, right, base = box
    step, colour = (base - top) / count, _colour(rng, 40, 150)
    for n in range(count):
        y = top + step * (n + 0.2)
        reach = (right - left) * rng.uniform(0.15, 0.95)
        fill = (colour[0] + 4 * n, colour[1] + 9 * n, colour[2] + 6 * n)
        pen.rectangle((left, y, left + reach, y + step * 0.6), fill=fill)
        _words(pen, (left + reach + 6, y), f"{n + 1}组", 14, (70, 70, 70))


def _curve(pen: ImageDraw.ImageDraw, rng: Random, box: Box, count: int) -> None:
    left, top, right, base = box
    step = (right - left) / count
    for _ in range(rng.randint(1, 3)):
        colour = _colour(rng, 30, 170)
        points = [
            (left + step * (n + 0.5), base - (base - top) * rng.uniform(0.1, 0.95))
            for n in range(count)
        ]
        pen.line(points, colour, 7)
        for x, y in points:
            pen.ellipse((x - 9, y - 9, x + 9, y + 9), fill=colour)


def _screen(pen: ImageDraw.ImageDraw, rng: Random, scene: Scene) -> None:
    width, height = scene.size
    bar = height // 11
    pen.rectangle((0, 0, width, bar), fill=_colour(rng, 40, 120))
    _words(pen, (width * 0.04, bar * 0.2), scene.caption, width // 34, (250, 250, 250))
    y = bar + 16
    while y < height - 70:
        wide, high = rng.randint(width // 4, int(width * 0.7)), rng.randint(34, 90)
        mine = rng.random() < 0.45
        x = width - wide - 30 if mine else 30
        fill = (168, 222, 150) if mine else (250, 250, 250)
        pen.rounded_rectangle((x, y, x + wide, y + high), 12, fill=fill, outline=(150, 150, 150))
        for line in range(high // 24):
            reach = rng.randint(wide // 4, wide - 24)
            yy = y + 12 + 22 * line
            pen.rectangle((x + 12, yy, x + reach, yy + 9), fill=(120, 120, 125))
        y += high + rng.randint(10, 34)


_SCENES: dict[str, Callable[[ImageDraw.ImageDraw, Random, Scene], None]] = {
    "classroom": _classroom,
    "works": _works,
    "bench": _bench,
    "outdoor": _outdoor,
    "chart": _chart,
    "screen": _screen,
}
PHOTOS = ("classroom", "works", "bench", "outdoor")
