import av
import numpy as np
import pytest
from PIL import Image

from workbench.readers.errors import Unreadable
from workbench.readers.limits import Limits
from workbench.readers.reading import read_file

SIZE = (320, 240)


def lesson(seed, moment):
    """One frame of a lesson: a still room, and somebody walking through it."""
    rng = np.random.default_rng(seed)
    room = Image.fromarray(rng.integers(0, 256, (9, 12, 3), dtype=np.uint8)).resize(SIZE)
    frame = np.asarray(room).copy()
    at = int(moment * 40) % (SIZE[0] - 60)
    frame[60:240, at : at + 60] = (moment * 20) % 200
    return frame


HASTE = {"libx264": {"preset": "veryfast"}, "libvpx": {"deadline": "realtime", "cpu-used": "8"}}


def film(path, seed=1, seconds=4.0, rate=10, gop=12, codec="libx264", bits=300_000, **tags):
    with av.open(str(path), "w", options={"movflags": "faststart"}) as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=rate, options=HASTE.get(codec, {}))
        stream.width, stream.height, stream.pix_fmt = *SIZE, "yuv420p"
        stream.bit_rate, stream.gop_size = bits, gop
        for number in range(int(seconds * rate)):
            frame = av.VideoFrame.from_ndarray(lesson(seed, number / rate), format="rgb24")
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def sound(path, codec, seconds=1.0):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=44_100)
        size = 1024
        for number in range(int(seconds * 44_100 / size)):
            wave = np.sin(np.arange(size) * (0.05 + number % 5 / 100)).astype(np.float32)
            frame = av.AudioFrame.from_ndarray(wave[None, :], format="fltp", layout="mono")
            frame.sample_rate, frame.pts = 44_100, number * size
            container.mux(stream.encode(frame))
        container.mux(stream.encode(None))
    return path


def apart(one, other):
    return (int(one, 16) ^ int(other, 16)).bit_count()


def alike(one, other):
    pairs = zip(one.frames, other.frames, strict=True)
    return sum(apart(a, b) <= 40 for a, b in pairs if a and b)


def code_of(path):
    with pytest.raises(Unreadable) as caught:
        read_file(path)
    return caught.value.code


@pytest.mark.parametrize(
    ("suffix", "codec", "shown"),
    [
        ("mp4", "libx264", True),
        ("mov", "libx264", True),
        ("mkv", "libx264", True),
        ("webm", "libvpx", True),
        ("avi", "mpeg4", False),
        ("wmv", "wmv2", False),
    ],
)
def test_every_container_gives_its_facts_and_twelve_frames(tmp_path, suffix, codec, shown):
    facts = read_file(film(tmp_path / f"课例.{suffix}", codec=codec))
    assert facts.media_type == suffix
    assert (facts.width, facts.height) == SIZE
    assert facts.duration_s == pytest.approx(4.0, abs=0.2)
    assert facts.fps == pytest.approx(10, abs=0.5)
    assert len(facts.frames) == 12
    assert all(facts.frames)
    assert facts.previewable is shown
    assert ("no_preview" in facts.warnings) is not shown


def test_a_video_coded_again_keeps_its_frames_and_another_does_not(tmp_path):
    first = read_file(film(tmp_path / "a.mp4", gop=12))
    again = read_file(film(tmp_path / "b.mkv", gop=30, bits=80_000))
    other = read_file(film(tmp_path / "c.mp4", seed=2))
    assert alike(first, again) >= 9
    assert alike(first, other) == 0


def test_the_frames_are_those_at_the_twelve_moments(tmp_path):
    from workbench.readers.images import frame_hash

    facts = read_file(film(tmp_path / "a.mp4", seconds=6.0, gop=60))
    for place, found in enumerate(facts.frames):
        moment = round((place + 0.5) / 12 * 6.0 * 10) / 10
        near = [
            frame_hash(Image.fromarray(lesson(1, moment + step)).convert("L"))
            for step in (-0.1, 0, 0.1)
        ]
        assert min(apart(found, each) for each in near) <= 16


def test_large_frames_are_sampled_nearby_and_said_so(tmp_path):
    path = film(tmp_path / "a.mp4", seconds=6.0, gop=60)
    facts = read_file(path, Limits(frames_mpx=1))
    assert facts.warnings == ("frames_approximate",)
    assert all(facts.frames)


def test_when_it_was_recorded_and_by_what(tmp_path):
    path = film(tmp_path / "a.mp4", creation_time="2026-03-05T01:02:03Z")
    facts = read_file(path)
    assert facts.recorded_at == "2026-03-05T01:02:03.000000Z"
    assert facts.encoder.startswith("Lavf")


@pytest.mark.parametrize(("suffix", "codec"), [("mp3", "libmp3lame"), ("m4a", "aac")])
def test_sound_has_a_duration_and_no_frames(tmp_path, suffix, codec):
    facts = read_file(sound(tmp_path / f"录音.{suffix}", codec))
    assert facts.media_type == suffix
    assert facts.duration_s == pytest.approx(1.0, abs=0.2)
    assert (facts.frames, facts.width) == ((), None)


def test_sound_in_a_video_container_is_called_sound(tmp_path):
    assert read_file(sound(tmp_path / "a.mp4", "aac")).media_type == "m4a"


def test_a_video_cut_off_in_the_middle_lacks_frames(tmp_path):
    data = film(tmp_path / "a.mp4", seconds=6.0).read_bytes()
    (tmp_path / "b.mp4").write_bytes(data[: len(data) // 2])
    facts = read_file(tmp_path / "b.mp4")
    assert facts.duration_s == pytest.approx(6.0, abs=0.2)
    assert facts.frames[0]
    assert facts.frames[-1] == ""
    assert "frames_missing" in facts.warnings


def test_a_video_without_its_content_is_broken(tmp_path):
    data = film(tmp_path / "a.mp4").read_bytes()
    (tmp_path / "b.mp4").write_bytes(data[: data.index(b"mdat") + 8])
    assert code_of(tmp_path / "b.mp4") == "broken"


def test_a_playlist_named_mp4_opens_no_other_file(tmp_path):
    film(tmp_path / "secret.mp4")
    (tmp_path / "a.mp4").write_text("ffconcat version 1.0\nfile secret.mp4\n")
    (tmp_path / "b.mp4").write_text("#EXTM3U\n#EXTINF:4,\nsecret.mp4\n")
    assert code_of(tmp_path / "a.mp4") == "mislabelled"
    assert code_of(tmp_path / "b.mp4") == "mislabelled"


def test_a_playlist_behind_the_head_of_a_video_opens_no_other_file(tmp_path):
    film(tmp_path / "secret.mp4")
    head = b"\0\0\0\x18ftypisom\0\0\0\0"
    (tmp_path / "a.mp4").write_bytes(head + b"\nffconcat version 1.0\nfile secret.mp4\n")
    assert code_of(tmp_path / "a.mp4") == "broken"
