import io

import numpy as np
import pytest
from PIL import ExifTags, Image, PngImagePlugin

from workbench.readers.errors import Unreadable
from workbench.readers.limits import DEFAULT
from workbench.readers.repainting import repaint


def half_red(size=(400, 300)):
    """Red on the left, blue on the right."""
    cells = np.zeros((size[1], size[0], 3), np.uint8)
    cells[:, : size[0] // 2, 0] = 220
    cells[:, size[0] // 2 :, 2] = 220
    return Image.fromarray(cells)


def painted(path, folder):
    made = repaint(path, folder, DEFAULT)
    return [Image.open(folder / each["file"]) for each in made]


def test_a_portrait_photo_stays_upright_and_loses_all_it_tells(tmp_path):
    exif = Image.Exif()
    exif[ExifTags.Base.Orientation] = 6  # the camera was held upright
    exif[ExifTags.Base.Artist] = "梁禾清"
    exif.get_ifd(ExifTags.IFD.GPSInfo)[ExifTags.GPS.GPSLatitude] = (30.0, 12.0, 1.0)
    path = tmp_path / "a.jpg"
    half_red().save(path, exif=exif, comment=b"T0007", quality=95)
    (image,) = painted(path, tmp_path)
    assert image.size == (300, 400)
    top, bottom = (
        image.convert("RGB").getpixel((150, 50)),
        image.convert("RGB").getpixel((150, 350)),
    )
    assert top[0] > 150 > top[2] and bottom[2] > 150 > bottom[0]  # red was at the left
    assert dict(image.getexif()) == {}
    data = (tmp_path / image.filename).read_bytes()
    assert b"Exif" not in data
    assert "梁禾清".encode() not in data and b"T0007" not in data


def test_texts_of_a_png_and_its_transparency(tmp_path):
    told = PngImagePlugin.PngInfo()
    told.add_itxt("Author", "梁禾清")
    image = half_red().convert("RGBA")
    image.putalpha(128)
    image.save(tmp_path / "a.png", pnginfo=told)
    (made,) = painted(tmp_path / "a.png", tmp_path)
    assert made.mode == "RGBA"
    assert "Author" not in made.info
    assert "梁禾清".encode() not in (tmp_path / "picture-0001.webp").read_bytes()


def test_pages_of_a_scan_come_out_one_by_one(tmp_path):
    pages = [Image.new("L", (200, 300), shade) for shade in (10, 120, 240)]
    pages[0].save(tmp_path / "a.tiff", save_all=True, append_images=pages[1:])
    made = painted(tmp_path / "a.tiff", tmp_path)
    assert [page.convert("L").getpixel((9, 9)) for page in made] == pytest.approx(
        [10, 120, 240], abs=3
    )


def test_an_animation_stays_one(tmp_path):
    frames = [Image.new("RGB", (60, 40), colour) for colour in ("red", "lime", "blue")]
    frames[0].save(tmp_path / "a.gif", save_all=True, append_images=frames[1:], duration=200)
    (made,) = painted(tmp_path / "a.gif", tmp_path)
    assert made.n_frames == 3


@pytest.mark.parametrize("mode", ["CMYK", "I;16", "P", "1", "LA"])
def test_every_mode_can_be_shown(tmp_path, mode):
    name = "a.tiff" if mode == "CMYK" else "a.png"
    image = half_red().convert("L").convert("I;16") if mode == "I;16" else half_red().convert(mode)
    image.save(tmp_path / name)
    (made,) = painted(tmp_path / name, tmp_path)
    assert made.mode in ("RGB", "RGBA")
    assert made.convert("L").getextrema()[0] < made.convert("L").getextrema()[1]


def test_a_large_photo_is_made_smaller_and_a_long_strip_fits(tmp_path):
    Image.new("RGB", (8_000, 6_000), "grey").save(tmp_path / "a.jpg")
    (made,) = painted(tmp_path / "a.jpg", tmp_path)
    assert made.size == (3_200, 2_400)


def test_a_damaged_picture_is_refused(tmp_path):
    data = io.BytesIO()
    half_red().save(data, "PNG")
    (tmp_path / "a.png").write_bytes(data.getvalue()[:300])
    with pytest.raises(Unreadable):
        repaint(tmp_path / "a.png", tmp_path, DEFAULT)
