"""Pictures to hide again: scenes, lit rooms, slides and written pages, and what people do to them.

Scenes are smooth clouds with shapes in them; rooms are perspectives of lit
surfaces with rows of objects; slides put other words on a few backgrounds; pages
are scribbled lines on paper; photographs are grain of every size with figures
before it. They have nothing in common but that they are pictures.
"""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
from PIL import Image, ImageDraw, ImageFilter, ImageOps

Change = Callable[[Image.Image, np.random.Generator], Image.Image]


def scene(draw: np.random.Generator) -> Image.Image:
    """Clouds of colour with ellipses and boxes in them."""
    width, height = int(draw.integers(900, 1500)), int(draw.integers(650, 1100))
    small = draw.integers(0, 256, (int(draw.integers(5, 12)), int(draw.integers(6, 15)), 3))
    picture = Image.fromarray(small.astype(np.uint8)).resize(
        (width, height), Image.Resampling.BICUBIC
    )
    pen = ImageDraw.Draw(picture)
    for _ in range(int(draw.integers(6, 30))):
        x, y = draw.integers(0, width), draw.integers(0, height)
        box = (int(x), int(y), int(x + draw.integers(20, 300)), int(y + draw.integers(20, 300)))
        shape = pen.ellipse if draw.random() < 0.5 else pen.rectangle
        shape(box, fill=tuple(draw.integers(0, 256, 3).tolist()))
    return _noisy(picture.filter(ImageFilter.GaussianBlur(2)), draw)


def room(draw: np.random.Generator) -> Image.Image:
    """A lit wall, floor and rows of desks in perspective, a board somewhere."""
    width, height = 1280, 960
    horizon = int(height * draw.uniform(0.25, 0.6))
    light = np.linspace(draw.integers(90, 250), draw.integers(90, 250), width)
    rows = np.where(np.arange(height) < horizon, draw.uniform(0.7, 1), draw.uniform(0.35, 0.8))
    cells = (rows[:, None] * light[None, :]).clip(0, 255).astype(np.uint8)
    picture = Image.fromarray(cells).convert("RGB")
    pen = ImageDraw.Draw(picture)
    left, top = draw.integers(50, 700), draw.integers(20, horizon // 2)
    board = (int(left), int(top), int(left + draw.integers(250, 520)), int(horizon - 10))
    pen.rectangle(board, fill=tuple(draw.integers(20, 240, 3).tolist()))
    for row in range(int(draw.integers(3, 7))):
        y = horizon + (row + 1) ** 2 * int(draw.integers(9, 18))
        size = 14 + row * int(draw.integers(14, 26))
        for seat in range(int(draw.integers(4, 9))):
            x = int(width * (seat + draw.uniform(0.1, 0.9)) / 8)
            shade = tuple(draw.integers(0, 256, 3).tolist())
            pen.ellipse((x, y - size, x + size, y), fill=shade)
            pen.rectangle((x - size, y, x + 2 * size, y + size // 2), fill=shade[::-1])
    return _noisy(picture, draw)


def slide(draw: np.random.Generator, background: int) -> Image.Image:
    """Words and perhaps a chart on one of a few backgrounds everybody uses."""
    look = np.random.default_rng(900 + background)
    width, height = 1280, 720
    picture = Image.new("RGB", (width, height), tuple(look.integers(200, 256, 3).tolist()))
    pen = ImageDraw.Draw(picture)
    for _ in range(5):
        x, y = look.integers(0, width), look.choice([0, height - 90])
        box = (int(x), int(y), int(x + look.integers(80, 500)), int(y + 90))
        pen.rectangle(box, fill=tuple(look.integers(60, 230, 3).tolist()))
    _write(pen, draw, 140, int(draw.integers(350, 640)), int(draw.integers(24, 46)))
    if draw.random() < 0.5:
        for bar in range(int(draw.integers(3, 7))):
            top = int(draw.integers(200, 520))
            shade = tuple(draw.integers(0, 200, 3).tolist())
            pen.rectangle((760 + bar * 70, top, 800 + bar * 70, 600), fill=shade)
    return picture


def page(draw: np.random.Generator) -> Image.Image:
    """Scribbled lines on paper that is not quite evenly lit."""
    width, height = 900, 1240
    light = np.linspace(draw.integers(200, 250), draw.integers(200, 250), height)[:, None]
    cells = np.repeat(light, width, axis=1).astype(np.uint8)
    picture = Image.fromarray(cells).convert("RGB")
    _write(ImageDraw.Draw(picture), draw, 70, height - 60, int(draw.integers(30, 60)))
    return _noisy(picture, draw)


def photograph(draw: np.random.Generator) -> Image.Image:
    """Grain of every size, as landscapes have it, with a light and a few dark figures before it."""
    width, height = int(draw.integers(800, 1400)), int(draw.integers(700, 1100))
    across, down = np.fft.fftfreq(width)[None, :], np.fft.fftfreq(height)[:, None]
    steep = (across**2 + down**2 + 1e-5) ** (-draw.uniform(0.55, 0.75))
    grain = np.real(np.fft.ifft2(np.fft.fft2(draw.normal(size=(height, width))) * steep))
    grain = (grain - grain.mean()) / grain.std()
    light = np.linspace(-draw.uniform(0, 1), draw.uniform(0, 1), width)[None, :]
    cells = (128 + 45 * grain + 30 * light).clip(0, 255).astype(np.uint8)
    picture = Image.fromarray(cells).convert("RGB")
    pen = ImageDraw.Draw(picture)
    for _ in range(int(draw.integers(1, 6))):
        x, y = int(draw.integers(0, width)), int(height * draw.uniform(0.4, 0.8))
        size = int(draw.integers(30, 130))
        shade = tuple(draw.integers(10, 120, 3).tolist())
        pen.ellipse((x - size // 2, y - size, x + size // 2, y), fill=shade)
        pen.rectangle((x - size, y, x + size, y + 3 * size), fill=shade)
    return _noisy(picture, draw)


def _write(
    pen: ImageDraw.ImageDraw, draw: np.random.Generator, top: int, end: int, step: int
) -> None:
    """Put lines of dark strokes as long as words."""
    for y in range(top, end, step):
        x, stop = int(draw.integers(60, 140)), int(draw.integers(200, 700))
        while x < stop:
            word = int(draw.integers(8, 60))
            pen.rectangle((x, y, x + word, y + step // 2), fill=(20, 20, 60))
            x += word + int(draw.integers(4, 22))


def _noisy(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
    cells = np.asarray(picture, dtype=np.float32) + draw.normal(0, 4, (*picture.size[::-1], 1))
    return Image.fromarray(cells.clip(0, 255).astype(np.uint8))


def _cropped(left: float, top: float, right: float, bottom: float) -> Change:
    def change(picture: Image.Image, _: np.random.Generator) -> Image.Image:
        width, height = picture.size
        box = (left * width, top * height, (1 - right) * width, (1 - bottom) * height)
        return picture.crop(tuple(map(round, box)))

    return change


def _cut_anyhow(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
    return _cropped(*draw.uniform(0.02, 0.10, 4))(picture, draw)


def _marked(picture: Image.Image, draw: np.random.Generator) -> Image.Image:
    """Put a half-transparent stamp across a corner, as platforms do."""
    over = picture.convert("RGBA")
    layer = Image.new("RGBA", over.size, (0, 0, 0, 0))
    width, height = over.size
    pen = ImageDraw.Draw(layer)
    x, y = int(draw.uniform(0.05, 0.6) * width), int(draw.uniform(0.7, 0.9) * height)
    for word in range(5):
        box = (x + word * width // 16, y, x + (word * 10 + 8) * width // 160, y + height // 18)
        pen.rectangle(box, fill=(255, 255, 255, 130))
    return Image.alpha_composite(over, layer).convert("RGB")


SCENES: tuple[Callable[[np.random.Generator], Image.Image], ...] = (
    scene,
    room,
    page,
    lambda draw: slide(draw, int(draw.integers(3))),
    photograph,
)

CHANGES: dict[str, Change] = {
    "resize": lambda p, draw: p.resize(
        (round(p.width * (f := draw.uniform(0.35, 1.6))), round(p.height * f))
    ),
    "recompress": lambda p, _: p,  # saved at quality 30
    "crop all sides": _cropped(0.05, 0.05, 0.05, 0.05),
    "crop one side": _cropped(0, 0, 0.18, 0),
    "crop anyhow": _cut_anyhow,
    "border": lambda p, draw: ImageOps.expand(
        p, int(draw.integers(20, 120)), tuple(draw.integers(0, 256, 3).tolist())
    ),
    "watermark": _marked,
    "mirror": lambda p, _: ImageOps.mirror(p),
    "screenshot": lambda p, draw: ImageOps.expand(
        _cut_anyhow(p, draw).resize((p.width * 2 // 3, p.height * 2 // 3)), 24, (245, 245, 245)
    ),
}


def saved(picture: Image.Image, quality: int = 85) -> bytes:
    """Bytes of the picture as JPEG."""
    file = io.BytesIO()
    picture.convert("RGB").save(file, "JPEG", quality=quality)
    return file.getvalue()
