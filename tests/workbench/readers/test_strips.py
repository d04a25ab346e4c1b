"""Frame strips: small upright pictures of the very moments videos are compared at."""

import io

import numpy as np
import pytest
from PIL import Image

from tests.workbench.readers.test_media import film, lesson, sound
from tests.workbench.readers.test_remuxing import turn_a_quarter, write_video
from workbench.readers.errors import Unreadable
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import DEFAULT
from workbench.readers.reading import read_file
from workbench.readers.strips import TILE, StripFrame, read_strip


def picture(frame):
    return Image.open(io.BytesIO(frame.picture))


def test_a_strip_has_the_frames_the_video_is_compared_by(tmp_path):
    path = film(tmp_path / "a.mp4", seconds=6.0)
    strip = read_strip(path, path.name, DEFAULT)
    assert tuple(frame.hash for frame in strip) == read_file(path).frames
    assert [frame.moment_s for frame in strip] == pytest.approx([0.25 + 0.5 * j for j in range(12)])


def test_each_tile_shows_what_the_video_shows_at_its_time(tmp_path):
    path = film(tmp_path / "a.mp4", seconds=6.0, bits=2_000_000)
    for frame in read_strip(path, path.name, DEFAULT):
        shown = picture(frame)
        assert shown.size == (TILE, TILE * 240 // 320)
        errors = [
            np.abs(
                np.asarray(shown, float)
                - np.asarray(Image.fromarray(lesson(1, moment)).resize(shown.size), float)
            ).mean()
            for moment in (round(frame.moment_s * 10) / 10 + step for step in (-0.1, 0.0, 0.1))
        ]
        assert min(errors) < 12  # of 255; another moment's walker is some 20 off, another room 60


def test_a_turned_video_is_shown_upright(tmp_path):
    write_video(tmp_path / "a.mp4", sound="")
    flat = picture(read_strip(tmp_path / "a.mp4", "a.mp4", DEFAULT)[0])
    turn_a_quarter(tmp_path / "a.mp4")
    turned = picture(read_strip(tmp_path / "a.mp4", "a.mp4", DEFAULT)[0])
    assert turned.size == flat.size[::-1]
    red, _, blue = turned.getpixel(
        (turned.width // 2, 10)
    )  # red was left; clockwise that is the top
    assert red > blue


def test_a_sound_has_no_strip(tmp_path):
    path = sound(tmp_path / "录音.m4a", "aac")
    with pytest.raises(Unreadable) as caught:
        read_strip(path, path.name, DEFAULT)
    assert caught.value.code == "unsupported"


def test_the_isolated_process_gives_the_same_strip_and_refuses_a_damaged_video(tmp_path):
    path = film(tmp_path / "a.mp4")
    cut = tmp_path / "b.mp4"
    cut.write_bytes(path.read_bytes().partition(b"mdat")[0] + b"mdat")
    with ReaderPool(convert=False) as pool:
        assert pool.strip(path) == read_strip(path, path.name, DEFAULT)
        with pytest.raises(Unreadable) as caught:
            pool.strip(cut)
    assert caught.value.code == "broken"


def test_a_strip_goes_through_json_whole():
    frame = StripFrame(1.5, "ab" * 32, b"\xff\xd8\x00")
    assert StripFrame.from_json(frame.to_json()) == frame
