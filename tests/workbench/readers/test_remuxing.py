import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from workbench.readers.errors import Unreadable
from workbench.readers.limits import DEFAULT
from workbench.readers.remuxing import remux

SECRETS = ("梁禾清", "青禾小学", "T0007")


def write_video(path, codec="libx264", seconds=4, rate=5, size=(160, 120), sound="aac", tags=True):
    """A video red on the left and blue on the right, with sound, that tells whose it is."""
    cells = np.zeros((size[1], size[0], 3), np.uint8)
    cells[:, : size[0] // 2, 0] = 200
    cells[:, size[0] // 2 :, 2] = 200
    with av.open(str(path), "w") as made:
        if tags:
            made.metadata.update({"title": SECRETS[1], "artist": SECRETS[0], "comment": SECRETS[2]})
            made.metadata["location"] = "+30.1200+120.3400/"
        picture = made.add_stream(codec, rate=rate)
        picture.width, picture.height = size
        picture.pix_fmt = "yuv420p"
        picture.metadata["handler_name"] = SECRETS[0]
        voice = made.add_stream(sound, rate=44_100, layout="mono") if sound else None
        for number in range(seconds * rate):
            frame = av.VideoFrame.from_ndarray(cells, format="rgb24")
            frame.pts, frame.time_base = number, Fraction(1, rate)
            made.mux(picture.encode(frame))
        made.mux(picture.encode(None))
        if voice is not None:
            voice.bit_rate = 64_000
            hum = np.sin(np.arange(44_100 * seconds) / 40).astype(np.float32)[None]
            for start in range(0, hum.shape[1], 1024):
                part = av.AudioFrame.from_ndarray(
                    np.ascontiguousarray(hum[:, start : start + 1024]), format="fltp", layout="mono"
                )
                part.sample_rate, part.pts = 44_100, start
                made.mux(voice.encode(part))
            made.mux(voice.encode(None))


def with_chapters(source, target):
    """The same video with two chapters."""
    with av.open(str(source)) as old, av.open(str(target), "w") as made:
        (line,) = old.streams.video
        copy = made.add_stream_from_template(line)
        base = Fraction(1, 1000)
        made.set_chapters(
            [
                {"id": n, "start": a, "end": b, "time_base": base, "metadata": {"title": title}}
                for n, a, b, title in ((1, 0, 2000, "导入 梁禾清"), (2, 2000, 4000, "新授"))
            ]
        )
        for packet in old.demux(line):
            if packet.dts is not None:
                packet.stream = copy
                made.mux(packet)


def turn_a_quarter(path):
    """Let the container say that the picture is to be turned clockwise by 90 degrees."""
    data = bytearray(path.read_bytes())
    place = data.index(b"tkhd") + 4 + 40  # version 0: the matrix stands 40 bytes after the type
    data[place : place + 36] = struct.pack(
        ">9i", 0, 0x10000, 0, -0x10000, 0, 0, 120 * 0x10000, 0, 0x40000000
    )
    path.write_bytes(data)


def first_frame(path):
    with av.open(str(path)) as made:
        return next(made.decode(video=0))


def codecs(path):
    with av.open(str(path)) as made:
        return [stream.codec_context.name for stream in made.streams]


def packets(path):
    """The coded pictures of a video, as they lie in it."""
    with av.open(str(path)) as made:
        return [bytes(packet) for packet in made.demux(video=0) if packet.size]


def test_tags_are_gone_and_picture_and_sound_are_as_they_were(tmp_path):
    write_video(tmp_path / "a.mp4")
    assert all(secret.encode() in (tmp_path / "a.mp4").read_bytes() for secret in SECRETS[:2])
    packed = remux(tmp_path / "a.mp4", "mp4", tmp_path, DEFAULT)
    data = (tmp_path / packed.file).read_bytes()
    assert (packed.kind, packed.mime, packed.coded_anew) == ("video", "video/mp4", False)
    assert packed.tags == ()
    assert not [secret for secret in (*SECRETS, "+30.1200") if secret.encode() in data]
    assert codecs(tmp_path / packed.file) == ["h264", "aac"]
    assert data.index(b"moov") < data.index(b"mdat")  # plays before it is loaded whole
    assert packed.duration_s == pytest.approx(4, abs=0.1)


def test_chapters_are_told_and_not_in_the_copy(tmp_path):
    write_video(tmp_path / "plain.mp4", sound="")
    with_chapters(tmp_path / "plain.mp4", tmp_path / "a.mp4")
    packed = remux(tmp_path / "a.mp4", "mp4", tmp_path, DEFAULT)
    assert packed.chapters == ((0.0, "导入 梁禾清"), (2.0, "新授"))
    with av.open(str(tmp_path / packed.file)) as made:
        assert made.chapters() == []


@pytest.mark.parametrize(
    ("name", "codec", "sound"), [("a.avi", "mpeg4", "mp3"), ("a.wmv", "wmv2", "ac3")]
)
def test_what_browsers_do_not_play_is_coded_anew(tmp_path, name, codec, sound):
    write_video(tmp_path / name, codec, sound=sound)
    packed = remux(tmp_path / name, name[-3:], tmp_path, DEFAULT)
    assert (packed.mime, packed.coded_anew) == ("video/mp4", True)
    assert codecs(tmp_path / packed.file)[0] == "h264"
    assert codecs(tmp_path / packed.file)[1] in ("aac", "mp3", "mp3float")
    with av.open(str(tmp_path / packed.file)) as made:
        assert made.duration / av.time_base == pytest.approx(4, abs=0.3)


def test_a_turned_video_stays_turned_where_it_is_copied(tmp_path):
    write_video(tmp_path / "a.mp4", sound="")
    turn_a_quarter(tmp_path / "a.mp4")
    before = first_frame(tmp_path / "a.mp4").rotation
    packed = remux(tmp_path / "a.mp4", "mp4", tmp_path, DEFAULT)
    assert before % 180 == 90
    assert first_frame(tmp_path / packed.file).rotation == before


def test_a_turned_video_is_upright_where_it_is_coded_anew(tmp_path):
    write_video(tmp_path / "a.mp4", "mpeg4", sound="")
    turn_a_quarter(tmp_path / "a.mp4")
    packed = remux(tmp_path / "a.mp4", "mp4", tmp_path, DEFAULT)
    frame = first_frame(tmp_path / packed.file)
    assert (packed.coded_anew, frame.rotation) == (True, 0)
    assert (frame.width, frame.height) == (120, 160)
    cells = frame.to_ndarray(format="rgb24")
    top, bottom = cells[20, 60], cells[140, 60]
    assert top[0] > 120 > top[2] and bottom[2] > 120 > bottom[0]  # the left side is above now


def test_of_a_lesson_of_ten_minutes_no_picture_is_coded_anew(tmp_path):
    write_video(tmp_path / "a.mp4", seconds=600, rate=2, sound="")
    packed = remux(tmp_path / "a.mp4", "mp4", tmp_path, DEFAULT)
    assert packed.duration_s == pytest.approx(600, abs=1)
    copied = packets(tmp_path / packed.file)
    assert len(copied) == 1200
    assert copied == packets(tmp_path / "a.mp4")


def test_a_recording_keeps_its_sound_and_nothing_else(tmp_path):
    with av.open(str(tmp_path / "a.mp3"), "w") as made:
        made.metadata["artist"] = SECRETS[0]
        voice = made.add_stream("mp3", rate=44_100, layout="mono")
        for start in range(0, 44_100, 1152):
            part = av.AudioFrame.from_ndarray(
                np.zeros((1, 1152), np.float32), format="fltp", layout="mono"
            )
            part.sample_rate, part.pts = 44_100, start
            made.mux(voice.encode(part))
        made.mux(voice.encode(None))
    packed = remux(tmp_path / "a.mp3", "mp3", tmp_path, DEFAULT)
    assert (packed.kind, packed.mime, packed.coded_anew) == ("audio", "audio/mpeg", False)
    assert SECRETS[0].encode() not in (tmp_path / packed.file).read_bytes()
    assert SECRETS[0].encode("utf-16-le") not in (tmp_path / packed.file).read_bytes()


def test_a_damaged_video_is_refused(tmp_path):
    (tmp_path / "a.mp4").write_bytes(b"\0\0\0\x18ftypisom" + b"\0" * 400)
    with pytest.raises(Unreadable):
        remux(tmp_path / "a.mp4", "mp4", tmp_path, DEFAULT)
