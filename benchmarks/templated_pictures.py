"""Pictures on few templates, with everything own: what must not be taken for copies, and what must be.

Slides, screens of one program, handwritten pages on one ruled form and charts of one
template differ in their words, writing and figures alone; beside them photographs of
every aspect and texture. Two of six changes may follow each other.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from functools import cache

import numpy as np
import pylopdf_fonts_zh_cn
from PIL import Image, ImageDraw, ImageFilter, ImageFont, ImageOps

Draw = np.random.Generator
Shade = tuple[int, int, int]

_SIZES = ((1200, 900), (900, 1200), (1600, 900), (720, 1280), (1600, 640), (1000, 1000))
_INK = (30, 30, 60)
_PAPER = (250, 250, 248)
_TEMPLATES = 4  # of slides, screens and charts; forms have three


def photograph(draw: Draw) -> Image.Image:
    """People before a ground of any roughness, in any aspect, sometimes out of focus."""
    width, height = _SIZES[draw.integers(len(_SIZES))]
    ground = _grain(draw, width, height, draw.uniform(0.9, 1.8))
    tint = draw.uniform(0.6, 1.2, 3)
    picture = _shaded(110 + 40 * ground[..., None] * tint)
    pen = ImageDraw.Draw(picture)
    for _ in range(int(draw.integers(3, 15))):
        x, y = int(draw.integers(0, width)), int(height * draw.uniform(0.3, 0.95))
        size = int(draw.integers(20, height // 6))
        pen.ellipse((x - size // 2, y - 2 * size, x + size // 2, y - size), fill=_shade(draw, 120))
        pen.rounded_rectangle((x - size, y - size, x + size, y + 2 * size), size // 3, _shade(draw))
    cells = np.asarray(picture, np.float32) + 12 * _grain(draw, width, height, 0.8)[..., None]
    picture = _shaded(cells)
    if draw.random() < 0.3:
        picture = picture.filter(ImageFilter.GaussianBlur(draw.uniform(1, 5)))
    return _noisy(picture, draw, draw.uniform(2, 9))


def slide(draw: Draw) -> Image.Image:
    """A title and a few lines on one of four designs, a picture in some."""
    number = int(draw.integers(_TEMPLATES))
    look = _template(1, number)
    width, height = ((1280, 720), (1440, 1080))[number % 2]
    top, bottom = np.array(_shade(look, 160)), np.array(_shade(look, 200))
    rows = top + (bottom - top) * np.linspace(0, 1, height)[:, None, None]
    picture = _shaded(np.broadcast_to(rows, (height, width, 3)))
    pen = ImageDraw.Draw(picture)
    dark = _decorated(pen, look, width, height)
    title = (width // 6, height // 14), _words(draw, draw.integers(5, 14))
    pen.text(*title, font=_font(height // 13), fill=_PAPER if dark else _INK)
    for line in range(int(draw.integers(4, 8))):
        place = width // 6, height // 4 + line * height // 11
        words = "● " + _words(draw, draw.integers(6, 26))
        pen.text(place, words, font=_font(height // 24), fill=_INK)
    if draw.random() < 0.35:
        inside = _shaded(110 + 40 * _grain(draw, 300, 220, 1.4)[..., None].repeat(3, axis=2))
        picture.paste(inside, (width - 380, height - 300))
    return picture


def _decorated(pen: ImageDraw.ImageDraw, look: Draw, width: int, height: int) -> bool:
    """Put bars or figures of a design; whether its title stands on a dark bar."""
    style = int(look.integers(3))
    if style == 0:
        pen.rectangle((0, 0, width, height // 8), fill=_shade(look, 20, 160))
        pen.rectangle((0, height - 30, width, height), fill=_shade(look, 20, 160))
    elif style == 1:
        for _ in range(9):
            x, y, r = look.integers(0, width), look.integers(0, 80), int(look.integers(20, 140))
            y = height - y if look.random() < 0.5 else y
            pen.ellipse((x - r, y - r, x + r, y + r), fill=_shade(look, 90, 230))
    else:
        pen.rectangle((0, 0, width // 7, height), fill=_shade(look, 20, 160))
        pen.ellipse((width - 160, 20, width - 30, 150), fill=_shade(look, 20, 200))
    return style == 0


def screen(draw: Draw) -> Image.Image:
    """One of four programs' windows: writing, a table of numbers, or boxes in it."""
    number = int(draw.integers(_TEMPLATES))
    look = _template(2, number)
    width, height = ((1366, 768), (1920, 1080))[number % 2]
    step = height // 48
    picture = Image.new("RGB", (width, height), _shade(look, 235, 256))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, width, 2 * step), fill=_shade(look, 20, 200))
    pen.text((20, step // 3), _words(look, 8), font=_font(step), fill="white")
    for icon in range(18):
        x = 20 + icon * width // 19
        pen.rectangle((x, 3 * step, x + 2 * step, 5 * step), fill=_shade(look, 60, 220))
        pen.text((x, 5 * step + 5), _words(look, 2), font=_font(step * 3 // 4), fill=(60, 60, 60))
    for item in range(14):
        words = _words(look, look.integers(3, 7))
        pen.text((16, 8 * step + item * 5 * step // 2), words, font=_font(step), fill=(70, 70, 70))
    pen.rectangle((width // 6, 7 * step, width, height - 2 * step), fill="white")
    inside = (width // 6, 9 * step, width, height)
    (_written, _tabled, _boxed)[int(draw.integers(3))](pen, draw, inside, step)
    return picture


def _written(pen: ImageDraw.ImageDraw, draw: Draw, box: tuple[int, ...], step: int) -> None:
    for line in range(int(draw.integers(8, 16))):
        place = box[0] + 30, box[1] + line * int(2.3 * step)
        words = _words(draw, draw.integers(10, 34))
        pen.text(place, words, font=_font(int(1.3 * step)), fill=(20, 20, 20))


def _tabled(pen: ImageDraw.ImageDraw, draw: Draw, box: tuple[int, ...], step: int) -> None:
    wide, high = box[2] // 11, 5 * step // 2
    for row in range(14):
        for column in range(8):
            x, y = box[0] + 20 + column * wide, box[1] + row * high
            pen.rectangle((x, y, x + wide, y + high), outline=(160, 160, 160))
            if draw.random() < 0.8:
                number = str(draw.integers(0, 10 ** int(draw.integers(1, 6))))
                told = number if column else _words(draw, 3)
                pen.text((x + 6, y + 4), told, font=_font(step), fill="black")


def _boxed(pen: ImageDraw.ImageDraw, draw: Draw, box: tuple[int, ...], step: int) -> None:
    for _ in range(int(draw.integers(3, 7))):
        x, y = draw.integers(box[0] + 20, box[2] - 200), draw.integers(box[1], box[3] - 200)
        far = int(x + draw.integers(120, 420)), int(y + draw.integers(60, 240))
        pen.rounded_rectangle((int(x), int(y), *far), 12, fill=_shade(draw, 80, 250))
        pen.text((int(x) + 8, int(y) + 8), _words(draw, 6), font=_font(3 * step // 2), fill="black")


def form(draw: Draw) -> Image.Image:
    """A page of one of three ruled forms, filled in by hand and scanned a little askew."""
    look = _template(3, int(draw.integers(3)))
    picture = Image.new("RGB", (1000, 1400), _PAPER)
    pen = ImageDraw.Draw(picture)
    pen.text((300, 60), _words(look, 10), font=_font(40), fill="black")
    lines = []
    for y in (150, 200, 250):
        pen.rectangle((60, y, 940, y + 50), outline="black", width=2)
        pen.line((220, y, 220, y + 50), fill="black", width=2)
        pen.text((75, y + 10), _words(look, 4), font=_font(28), fill="black")
        lines.append((240, y + 40, 26))
    step = int(look.integers(42, 60))
    for y in range(300 + step, 1340, step):
        pen.line((60, y, 940, y), fill=(90, 120, 160), width=2)
        lines.append((70, y - 6, step - 18))
    pen.rectangle((60, 150, 940, 1340), outline="black", width=3)
    filled, hand = draw.uniform(0.5, 1), draw.uniform(0.8, 1.15)
    for start, y, size in lines[: max(3, round(filled * len(lines)))]:
        end = start + (920 - start) * (draw.uniform(0.3, 1) if draw.random() < 0.25 else 1)
        _by_hand(pen, draw, start, end, y, int(size * hand))
    askew = picture.rotate(draw.uniform(-0.6, 0.6), Image.Resampling.BICUBIC, fillcolor=_PAPER)
    return _noisy(_shaded(np.asarray(askew, np.float32) * draw.uniform(0.85, 1)), draw, 3)


def _by_hand(
    pen: ImageDraw.ImageDraw, draw: Draw, start: float, end: float, y: int, size: int
) -> None:
    while start < end - size:
        for _ in range(int(draw.integers(3, 9))):
            places = draw.uniform(0, size, (int(draw.integers(2, 4)), 2))
            stroke = [(start + x, y - high) for x, high in places.tolist()]
            pen.line(stroke, fill=(35, 35, 70), width=max(2, size // 14))
        start += size * draw.uniform(1.0, 1.35)


def chart(draw: Draw) -> Image.Image:
    """Bars or lines of other numbers under one of four titles, with its axis and legend."""
    number = int(draw.integers(_TEMPLATES))
    look = _template(4, number)
    width, height = ((960, 600), (1200, 700))[number % 2]
    picture = Image.new("RGB", (width, height), "white")
    pen = ImageDraw.Draw(picture)
    pen.text((width // 3, 20), _words(look, 9), font=_font(34), fill=(40, 40, 40))
    deep = height - 190
    for tick in range(7):
        y = height - 90 - tick * deep // 6
        pen.line((80, y, width - 160, y), fill=(210, 210, 210))
        pen.text((30, y - 12), str(tick * 20), font=_font(20), fill=(80, 80, 80))
    count = int(look.integers(5, 9))
    shades = [_shade(look, 40, 220) for _ in range(3)]
    for row, shade in enumerate(shades):
        box = (width - 140, 120 + 40 * row, width - 120, 140 + 40 * row)
        pen.rectangle(box, fill=shade)
        pen.text((width - 112, 116 + 40 * row), _words(look, 4), font=_font(20), fill=(60, 60, 60))
    values, apart = draw.uniform(0.08, 1, (3, count)), (width - 260) // count
    for row, shade in enumerate(shades):
        tops = [(90 + at * apart, int(height - 90 - values[row, at] * deep)) for at in range(count)]
        if number % 3 == 2:
            pen.line(tops, fill=shade, width=5)
            continue
        for left, top in tops:
            bar = (left + row * apart // 4, top, left + (row + 1) * apart // 4 - 3, height - 90)
            pen.rectangle(bar, fill=shade)
    return picture


def _resized(picture: Image.Image, draw: Draw) -> Image.Image:
    factor = draw.uniform(0.35, 1.5)
    return picture.resize((round(picture.width * factor), round(picture.height * factor)))


def _recompressed(picture: Image.Image, draw: Draw) -> Image.Image:
    file = io.BytesIO()
    picture.save(file, "JPEG", quality=int(draw.integers(18, 40)))
    return Image.open(file).convert("RGB")


def _cropped(picture: Image.Image, draw: Draw) -> Image.Image:
    """Cut up to nine hundredths off each side, all alike or each by itself."""
    even = np.full(4, draw.uniform(0.02, 0.09))
    cut = draw.uniform(0, 0.09, 4) if draw.random() < 0.6 else even
    width, height = picture.size
    box = (cut[0] * width, cut[1] * height, (1 - cut[2]) * width, (1 - cut[3]) * height)
    left, top, right, bottom = map(round, box)
    return picture.crop((left, top, right, bottom))


def _bordered(picture: Image.Image, draw: Draw) -> Image.Image:
    """Put a frame all round, or lay the picture off centre on a larger sheet."""
    if draw.random() < 0.5:
        return ImageOps.expand(picture, int(draw.integers(8, 140)), _shade(draw, 0))
    wide, high = (round(side * draw.uniform(1.02, 1.2)) for side in picture.size)
    sheet = Image.new("RGB", (wide, high), _shade(draw, 0))
    sheet.paste(picture, ((wide - picture.width) // 2, (high - picture.height) // 3))
    return sheet


def _stamped(picture: Image.Image, draw: Draw) -> Image.Image:
    """Write across an edge, or faintly four times over the whole."""
    over = picture.convert("RGBA")
    layer = Image.new("RGBA", over.size, (0, 0, 0, 0))
    pen = ImageDraw.Draw(layer)
    width, height = over.size
    if draw.random() < 0.5:
        place = draw.uniform(0.02, 0.6) * width, draw.choice([0.03, 0.9]) * height
        ink = (*_shade(draw, 0), 180)
        pen.text(place, _words(draw, 9), font=_font(max(14, height // 22)), fill=ink)
    else:
        words = _words(draw, 6)
        for row in range(4):
            place = draw.uniform(0, 0.7) * width, (row + 0.2) / 4 * height
            pen.text(place, words, font=_font(max(14, height // 16)), fill=(128, 128, 128, 70))
    return Image.alpha_composite(over, layer).convert("RGB")


KINDS: dict[str, Callable[[Draw], Image.Image]] = {
    "photographs": photograph,
    "slides": slide,
    "screens": screen,
    "forms": form,
    "charts": chart,
}

CHANGES: dict[str, Callable[[Image.Image, Draw], Image.Image]] = {
    "resize": _resized,
    "recompress": _recompressed,
    "crop": _cropped,
    "border": _bordered,
    "watermark": _stamped,
    "mirror": lambda picture, _: ImageOps.mirror(picture),
}


def _template(kind: int, number: int) -> Draw:
    """Draws of a template's look: the same whoever uses it."""
    return np.random.default_rng(50_000 + 97 * kind + number)


def _grain(draw: Draw, width: int, height: int, steep: float) -> np.ndarray:
    across, down = np.fft.rfftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    strength = (across**2 + down**2 + 1e-6) ** (-steep / 2)
    noise = np.fft.rfft2(draw.normal(size=(height, width)))
    grain = np.fft.irfft2(noise * strength, s=(height, width))
    return (grain - grain.mean()) / grain.std()


def _shaded(cells: np.ndarray) -> Image.Image:
    return Image.fromarray(cells.clip(0, 255).astype(np.uint8))


def _noisy(picture: Image.Image, draw: Draw, spread: float) -> Image.Image:
    cells = np.asarray(picture, np.float32)
    return _shaded(cells + draw.normal(0, spread, (*picture.size[::-1], 1)))


def _shade(draw: Draw, low: int = 10, high: int = 256) -> Shade:
    red, green, blue = draw.integers(low, high, 3).tolist()
    return (red, green, blue)


def _words(draw: Draw, count: int) -> str:
    return "".join(chr(each) for each in draw.integers(0x4E00, 0x4E00 + 3_000, count).tolist())


@cache
def _font(size: int) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(str(pylopdf_fonts_zh_cn.sans_path()), size)
