import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageEnhance, ImageOps

from workbench.readers.errors import Unreadable
from workbench.readers.images import WINDOWS, hash_picture
from workbench.readers.limits import DEFAULT, Limits
from workbench.readers.reading import read_file

ALIKE = 50  # bits of 256


def scene(seed, size=(480, 360)):
    """A photo-like picture: broad shapes, finer ones, and grain."""
    rng = np.random.default_rng(seed)
    broad = Image.fromarray(rng.integers(0, 256, (5, 7, 3), dtype=np.uint8))
    fine = Image.fromarray(rng.integers(0, 256, (30, 40, 3), dtype=np.uint8))
    mixed = Image.blend(
        broad.resize(size, Image.Resampling.BICUBIC),
        fine.resize(size, Image.Resampling.BICUBIC),
        0.4,
    )
    grain = rng.integers(-6, 7, (size[1], size[0], 1))
    return Image.fromarray((np.asarray(mixed, dtype=int) + grain).clip(0, 255).astype(np.uint8))


def hashed(picture, form="BMP", **options):
    data = io.BytesIO()
    picture.save(data, form, **options)
    return hash_picture(data.getvalue(), "picture", DEFAULT)[0]


def apart(one, other):
    return (int(one, 16) ^ int(other, 16)).bit_count()


def framed(picture, border):
    return ImageOps.expand(picture, border, "white")


def cropped(picture, share):
    width, height = picture.size
    left, top = int(width * share), int(height * share)
    return picture.crop((left, top, width - left, height - top))


seeds = st.integers(0, 10_000)


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_a_picture_saved_anew_is_alike(seed):
    original = scene(seed)
    first = hashed(original).dhash[0]
    assert apart(first, hashed(original.resize((320, 240))).dhash[0]) <= ALIKE
    assert apart(first, hashed(original, "JPEG", quality=30).dhash[0]) <= ALIKE
    assert apart(first, hashed(ImageEnhance.Brightness(original).enhance(1.2)).dhash[0]) <= ALIKE
    assert apart(first, hashed(framed(original, 40)).dhash[0]) <= ALIKE


@settings(max_examples=10, deadline=None)
@given(seeds, seeds)
def test_another_picture_is_not_alike(one, other):
    if one != other:
        assert apart(hashed(scene(one)).dhash[0], hashed(scene(other)).dhash[0]) > ALIKE


@settings(max_examples=10, deadline=None)
@given(seeds)
def test_a_mirrored_copy_is_found_by_the_mirror_hash(seed):
    original, flipped = hashed(scene(seed)), hashed(ImageOps.mirror(scene(seed)))
    assert apart(original.mirror, flipped.dhash[0]) <= ALIKE
    assert apart(original.dhash[0], flipped.dhash[0]) > ALIKE


@settings(max_examples=10, deadline=None)
@given(seeds, st.sampled_from([0.03, 0.06, 0.10]))
def test_an_evenly_cropped_copy_is_found_by_a_window(seed, share):
    original, copy = hashed(scene(seed)), hashed(cropped(scene(seed), share))
    assert min(apart(window, copy.dhash[0]) for window in original.dhash) <= ALIKE


def test_there_are_twelve_windows_the_whole_first():
    assert len(WINDOWS) == len(set(WINDOWS)) == 12
    assert WINDOWS[0] == (0.0, 0.0, 0.0, 0.0)


@pytest.mark.parametrize(
    "picture", [Image.new("RGB", (800, 600), "navy"), scene(1, (160, 120))], ids=["flat", "tiny"]
)
def test_what_cannot_be_compared_has_no_hash(picture):
    found = hashed(picture)
    assert (found.dhash, found.mirror) == ((), "")
    assert len(found.sha256) == 64


@pytest.mark.parametrize(
    ("form", "suffix"),
    [
        ("JPEG", "jpg"),
        ("PNG", "png"),
        ("WEBP", "webp"),
        ("GIF", "gif"),
        ("BMP", "bmp"),
        ("TIFF", "tiff"),
    ],
)
def test_every_format_gives_its_size_and_nearly_the_same_hash(tmp_path, form, suffix):
    path = tmp_path / f"板书.{suffix}"
    scene(3).save(path, form)
    facts = read_file(path)
    assert (facts.media_type, facts.width, facts.height) == (suffix, 480, 360)
    assert apart(facts.dhash[0], hashed(scene(3)).dhash[0]) <= 12


def test_a_photo_taken_upright_is_read_upright_with_its_time(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6  # turn a quarter right to show
    exif.get_ifd(0x8769)[0x9003] = "2026:03:05 09:10:11"
    upright = scene(4, (600, 800))
    upright.rotate(90, expand=True).save(tmp_path / "a.jpg", exif=exif)
    facts = read_file(tmp_path / "a.jpg")
    assert (facts.width, facts.height) == (600, 800)
    assert facts.taken_at == "2026-03-05T09:10:11"
    assert apart(facts.dhash[0], hashed(upright).dhash[0]) <= ALIKE


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGBA", "CMYK", "I;16", "F"])
def test_every_mode_of_a_picture_is_hashed(tmp_path, mode):
    grey = scene(5).convert("L")
    if mode in ("I;16", "F"):
        cells = np.asarray(grey, dtype=np.uint16 if mode == "I;16" else np.float32)
        picture = Image.fromarray(cells * 200)
    else:
        picture = grey.convert(mode) if mode != "CMYK" else scene(5).convert(mode)
    picture.save(tmp_path / "a.tiff")
    assert apart(read_file(tmp_path / "a.tiff").dhash[0], hashed(grey).dhash[0]) <= ALIKE


def test_a_truncated_photo_is_broken(tmp_path):
    data = io.BytesIO()
    scene(6).save(data, "JPEG")
    (tmp_path / "a.jpg").write_bytes(data.getvalue()[:-4000])
    with pytest.raises(Unreadable) as caught:
        read_file(tmp_path / "a.jpg")
    assert caught.value.code == "broken"


def test_more_pixels_or_frames_than_allowed(tmp_path):
    scene(7).save(tmp_path / "a.png")
    frames = [scene(seed, (40, 30)) for seed in range(4)]
    frames[0].save(tmp_path / "b.gif", save_all=True, append_images=frames[1:])
    for name, limits, code in (
        ("a.png", Limits(image_mpx=0), "too_large"),
        ("b.gif", Limits(image_frames=3), "too_long"),
    ):
        with pytest.raises(Unreadable) as caught:
            read_file(tmp_path / name, limits)
        assert caught.value.code == code
