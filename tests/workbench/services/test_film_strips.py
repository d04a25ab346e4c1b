"""Frame strips of a case of a re-used video: made once, the shared frames numbered, for who may see it."""

import json
import shutil
from datetime import UTC, datetime

import pytest

from models.blind_copies import files_of
from models.store import Act
from tests.workbench.readers.test_media import film
from workbench.errors import InputError, RefusedError
from workbench.services import film_strips as strips
from workbench.services.blinding import copies_lacking, make_blind_copies
from workbench.services.film_strips import MISSING, UNATTACHED, film_strips, strip_path
from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds, resolve
from workbench.services.personal_data import erase_person

AT = datetime(2026, 9, 21, 2, tzinfo=UTC)
VIDEOS = (("T1", "B8-1", 24, 300_000), ("T4", "B8-1", 48, 80_000))


@pytest.fixture(scope="module")
def filmed_folder(tmp_path_factory, opened_folder, Walk):
    """Two teachers of two schools hand in one lesson, coded in two ways: a case for both."""
    folder = tmp_path_factory.mktemp("filmed")
    shutil.copytree(opened_folder, folder, dirs_exist_ok=True)
    walk = Walk(folder)
    files = []
    for teacher, slot, gop, bits in VIDEOS:
        path = film(folder / f"{teacher}.mp4", seconds=6.0, gop=gop, bits=bits)
        files.append(({"teacher_id": teacher, "slot": slot, "file": path.name}, path.read_bytes()))
    walk.take_in(files)
    raise_flags(walk.workspace, Act("登记员", "", AT))
    return folder


@pytest.fixture
def filmed(filmed_folder, walk_in):
    return walk_in(filmed_folder, "2026-09-21")


def case_of(walk):
    return next(each for each in list_holds(walk.workspace) if each["code"] == "reused_video")


def digests(walk):
    with walk.workspace.store() as store:
        return [row["sha256"] for row in store.where("evidence_file")]


def shut(monkeypatch):
    def opened(*_, **__):
        raise AssertionError("a video was decoded again")

    monkeypatch.setattr(strips, "ReaderPool", opened)


def test_both_sides_show_twelve_frames_with_the_same_numbers(filmed):
    one, other = film_strips(filmed.workspace, "K1", case_of(filmed)["hold_id"])
    assert {one.piece_id, other.piece_id} == {
        filmed.piece("T1", "B8-1"),
        filmed.piece("T4", "B8-1"),
    }
    for strip in (one, other):
        assert [tile.moment_s for tile in strip.tiles] == pytest.approx(
            [0.25 + 0.5 * j for j in range(12)]
        )
        assert all(tile.picture.startswith(b"\xff\xd8") for tile in strip.tiles)
    numbers = [tile.number for tile in one.tiles]
    assert numbers == [tile.number for tile in other.tiles]
    assert len(set(numbers) - {0}) >= 9  # what the policy calls one video
    assert sorted(set(numbers) - {0}) == list(range(1, max(numbers) + 1))


def test_a_frame_the_other_side_does_not_have_bears_no_number(filmed):
    hold_id = case_of(filmed)["hold_id"]
    film_strips(filmed.workspace, "K1", hold_id)
    path = strip_path(filmed.workspace, digests(filmed)[0])
    told = json.loads(path.read_text())
    inverted = int(told["frames"][2]["hash"], 16) ^ (2**256 - 1)
    told["frames"][2]["hash"] = f"{inverted:064x}"
    told["frames"][0]["hash"] = ""  # a flat frame is like nothing, not even another flat one
    path.write_text(json.dumps(told))
    for strip in film_strips(filmed.workspace, "K1", hold_id):
        assert [tile.number for tile in strip.tiles[:4]] == [0, 1, 0, 2]


def test_a_strip_is_decoded_once_and_made_anew_where_its_file_was_cut_short(filmed, monkeypatch):
    hold_id = case_of(filmed)["hold_id"]
    first = film_strips(filmed.workspace, "K1", hold_id)
    path = strip_path(filmed.workspace, digests(filmed)[0])
    path.write_bytes(path.read_bytes()[:100])
    assert film_strips(filmed.workspace, "K1", hold_id) == first
    shut(monkeypatch)
    assert film_strips(filmed.workspace, "K1", hold_id) == first


def test_who_may_not_see_the_case_gets_no_strip_and_nothing_is_decoded(filmed, monkeypatch):
    shut(monkeypatch)
    with pytest.raises(RefusedError):
        film_strips(filmed.workspace, "R1", case_of(filmed)["hold_id"])
    with pytest.raises(InputError):
        film_strips(filmed.workspace, "K1", "h9999")


def test_a_video_that_is_gone_or_damaged_says_so_beside_the_other(filmed):
    first, second = digests(filmed)
    hold_id = case_of(filmed)["hold_id"]
    kept = filmed.workspace.evidence.path(first)
    kept.unlink()
    whys = {strip.why: len(strip.tiles) for strip in film_strips(filmed.workspace, "K1", hold_id)}
    assert whys == {MISSING: 0, "": 12}
    damaged = filmed.workspace.evidence.path(second).read_bytes().partition(b"mdat")[0] + b"mdat"
    kept.write_bytes(damaged)
    whys = {strip.why: len(strip.tiles) for strip in film_strips(filmed.workspace, "K1", hold_id)}
    assert whys == {"broken": 0, "": 12}
    assert json.loads(strip_path(filmed.workspace, first).read_text())["why"] == "broken"


def test_a_video_only_stated_has_no_frames(filmed, monkeypatch):
    def stated(store, piece_id):
        return [{**row, "attached": 0, "media_type": ""} for row in files_of(store, piece_id)]

    monkeypatch.setattr(strips, "files_of", stated)
    shut(monkeypatch)
    found = film_strips(filmed.workspace, "K1", case_of(filmed)["hold_id"])
    assert [(strip.tiles, strip.why) for strip in found] == [((), UNATTACHED)] * 2


def test_pieces_lack_their_copies_until_they_are_made(filmed):
    pieces = [filmed.piece("T1", "B8-1"), filmed.piece("T4", "B8-1")]
    assert copies_lacking(filmed.workspace, pieces) == dict.fromkeys(pieces, True)
    make_blind_copies(filmed.workspace, filmed.act(), pieces=pieces[:1])
    assert copies_lacking(filmed.workspace, pieces) == {pieces[1]: True}


def test_a_strip_goes_with_its_teacher_who_is_erased(filmed):
    film_strips(filmed.workspace, "K1", case_of(filmed)["hold_id"])
    kept = sorted((filmed.workspace.folder / "converted").rglob("*.strip.json"))
    assert len(kept) == 2
    for each in list_holds(filmed.workspace):
        resolve(filmed.workspace, each["hold_id"], "certify", "合上一节课", filmed.act("复核甲"))
    done = erase_person(filmed.workspace, "T1", "request", filmed.act(reason="本人申请"))
    assert done.state == "done"
    with filmed.workspace.store() as store:
        (others,) = files_of(store, filmed.piece("T4", "B8-1"))
    left = [path for path in kept if path.exists()]
    assert left == [strip_path(filmed.workspace, others["sha256"])]
