"""A picture that is a code and nothing else is told from every other picture."""

import io

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image, ImageDraw

from workbench.exports.receipt import qr_png
from workbench.exports.symbols import BORDER, SCALE, code_alone

TEXT = "EVW2:" + "0123456789ABCDEFGHIJ $%*+-./:" * 20
SMALL = "EVW1:A"


def png(picture):
    kept = io.BytesIO()
    picture.save(kept, "PNG")
    return kept.getvalue()


def opened(data):
    return Image.open(io.BytesIO(data)).convert("1")


@pytest.mark.parametrize("text", [SMALL, TEXT])
def test_our_own_picture_says_its_text_also_when_saved_anew_as_one_bit(text):
    assert code_alone(qr_png(text)) == text
    assert code_alone(png(opened(qr_png(text)))) in (text, None)  # an encoder may filter otherwise


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_a_single_pixel_drawn_anywhere_makes_it_another_picture(data):
    picture = opened(qr_png(SMALL))
    place = tuple(data.draw(st.integers(0, side - 1)) for side in picture.size)
    picture.putpixel(place, 0 if picture.getpixel(place) else 1)
    assert code_alone(png(picture)) is None


def test_words_made_of_modules_beside_the_code_are_no_code_alone():
    code = opened(qr_png(SMALL))
    wide = Image.new("1", (code.width * 2, code.height * 2), 1)
    wide.paste(code, (0, 0))
    ImageDraw.Draw(wide).rectangle(
        [code.width + SCALE, SCALE * 8, code.width + SCALE * 6 - 1, SCALE * 9 - 1], fill=0
    )
    assert code_alone(png(wide)) is None


def test_a_module_in_the_margin_is_no_code_alone():
    picture = opened(qr_png(SMALL))
    edge = SCALE * (BORDER - 2)
    ImageDraw.Draw(picture).rectangle([edge, edge, edge + SCALE - 1, edge + SCALE - 1], fill=0)
    assert code_alone(png(picture)) is None


@pytest.mark.parametrize(
    "spoil",
    [
        lambda data: data[:-20],
        lambda data: data[:60],
        lambda data: b"",
        lambda data: b"\xff\xd8\xff" + data,
        lambda data: data + b"more",
        lambda data: png(Image.open(io.BytesIO(data)).convert("L")),
        lambda data: png(Image.new("1", (116, 116), 1)),
    ],
)
def test_other_pictures_and_broken_ones_are_none(spoil):
    assert code_alone(spoil(qr_png(SMALL))) is None
