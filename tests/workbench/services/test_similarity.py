"""A round is compared with itself and with earlier ones, and what could not be compared is said."""

from __future__ import annotations

import gzip
import json
import random
from datetime import UTC, datetime

import pytest

from models.store import Act
from rubrics.public_texts import public_texts
from workbench.errors import InputError
from workbench.services.earlier_rounds import import_prints
from workbench.services.pairs import similarity_report
from workbench.services.similarity import compare_all, export_fingerprints, known_texts
from workbench.services.workspace import create

ACT = Act("王登记", "registrar", datetime(2026, 11, 20, 2, tzinfo=UTC))


def lesson(seed, chars=900):
    rng = random.Random(seed)
    return "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(chars))


def opened(folder, round_name, files):
    """A workspace in which each teacher handed in one file: (name, school, facts)."""
    made = create(folder, "national-2.0", round_name, "示例县", ACT, lambda size: b"k" * size)
    with made.store() as store, store.transaction(ACT, "test") as tx:
        for school in dict.fromkeys(school for _, school, _ in files):
            tx.insert("school", [{"school_id": school, "name": school}])
        for at, (name, school, facts) in enumerate(files):
            hand_in(tx, f"{round_name}{at}", name, school, facts)
    return made


def hand_in(tx, key, name, school, facts):
    teacher = {"teacher_id": f"t{key}", "teacher_no": f"n{key}", "name": name}
    tx.insert("teacher", [{**teacher, "school_id": school}])
    submission = {"submission_id": f"s{key}", "teacher_id": f"t{key}", "competency": "A1"}
    tx.insert("submission", [{**submission, "attempt": 1}])
    tx.insert("piece", [{"piece_id": f"p{key}", "submission_id": f"s{key}", "slot_id": "A1-1"}])
    file = {"piece_id": f"p{key}", "item": f"#{key}", "path": "教案.docx", "sha256": key}
    rest = {"bytes": 1, "attached": 1, "verdict": "accept", "stated": "{}", "submitted_at": ""}
    tx.insert("evidence_file", [{**file, **rest}])
    told = {"media_type": "docx", **facts}
    row = {"sha256": key, "media_type": told["media_type"], "facts": json.dumps(told)}
    tx.insert("extract", [row])


def compared(workspace):
    with workspace.store() as store:
        return compare_all(workspace, store)


@pytest.fixture
def last_year(tmp_path):
    files = [("张一", "一小", {"text": lesson(1)}), ("李二", "二小", {"text": lesson(2)})]
    return opened(tmp_path / "old", "2025年", files)


@pytest.fixture
def this_year(tmp_path):
    files = [
        ("王三", "三小", {"text": "开头。" + lesson(1)}),
        ("李二", "二小", {"text": lesson(2) + "结尾。"}),
        ("赵四", "一小", {"text": lesson(4)}),
    ]
    return opened(tmp_path / "new", "2026年", files)


def test_last_years_work_under_another_name_is_found_and_ones_own_is_a_kind_of_its_own(
    last_year, this_year, tmp_path
):
    path = tmp_path / "prints.gz"
    assert export_fingerprints(last_year, path) == 2
    assert compared(this_year).pairs == []
    assert import_prints(this_year, path, ACT) == ("示例县 2025年", 2)
    found = {(pair.a, pair.b, pair.tier) for pair in compared(this_year).pairs}
    assert found == {
        ("p2026年0", "示例县 2025年：一小 n2025年0 A1-1", "strong"),
        ("p2026年1", "示例县 2025年：二小 n2025年1 A1-1", "self"),
    }


FRAMES = [f"{random.Random(at).getrandbits(256):064x}" for at in range(12)]
FILM = {"media_type": "mp4", "duration_s": 61.0, "width": 640, "height": 360, "recorded_at": ""}


def test_last_years_video_and_last_years_file_reworded_are_known_again(tmp_path):
    sessions = [f"00AB{at:04X}" for at in range(6)]
    told = {"revision_ids": sessions, "author": "张一", "created_at": "2025-10-12T08:31:07Z"}
    old = [
        ("张一", "一小", {**FILM, "frames": FRAMES}),
        ("李二", "二小", {"text": lesson(1), **told}),
    ]
    shorter = {**FILM, "duration_s": 60.5, "frames": [*FRAMES[:10], FRAMES[0], FRAMES[1]]}
    new = [
        ("王三", "三小", shorter),
        ("赵四", "四小", {"text": lesson(2), "revision_ids": [*sessions, "00FF0001"]}),
    ]
    path = tmp_path / "prints.gz"
    assert export_fingerprints(opened(tmp_path / "old", "2025年", old), path) == 2
    assert "张一" not in gzip.decompress(path.read_bytes()).decode()
    this_year = opened(tmp_path / "new", "2026年", new)
    import_prints(this_year, path, ACT)
    found = {(pair.kind, pair.reason, pair.a, pair.b) for pair in compared(this_year).pairs}
    assert found == {
        ("video", "frames", "p2026年0", "示例县 2025年：一小 n2025年0 A1-1"),
        ("document", "revisions", "p2026年1", "示例县 2025年：二小 n2025年1 A1-1"),
    }


def test_a_file_of_fingerprints_holds_neither_text_nor_name(last_year, tmp_path):
    export_fingerprints(last_year, tmp_path / "prints.gz")
    content = gzip.decompress((tmp_path / "prints.gz").read_bytes()).decode()
    assert "张一" not in content
    assert not any(lesson(1)[at : at + 4] in content for at in range(0, 896, 4))


def test_taking_the_same_fingerprints_twice_changes_nothing(last_year, this_year, tmp_path):
    export_fingerprints(last_year, tmp_path / "prints.gz")
    import_prints(this_year, tmp_path / "prints.gz", ACT)
    assert import_prints(this_year, tmp_path / "prints.gz", ACT) == ("示例县 2025年", 0)


def test_a_rounds_own_fingerprints_are_refused(last_year, tmp_path):
    export_fingerprints(last_year, tmp_path / "prints.gz")
    with pytest.raises(InputError, match="this very round"):
        import_prints(last_year, tmp_path / "prints.gz", ACT)


@pytest.mark.parametrize(
    "damage",
    [
        lambda raw: b"no gzip",
        lambda raw: raw[: len(raw) // 2],
        lambda raw: gzip.compress(
            gzip.decompress(raw).replace(b"fingerprints-2", b"fingerprints-1")
        ),
        lambda raw: gzip.compress(gzip.decompress(raw).replace(b'"chars"', b'"signs"')),
        lambda raw: gzip.compress(gzip.decompress(raw).replace(b'"hashes": "', b'"hashes": "AAAA')),
        lambda raw: gzip.compress(
            gzip.decompress(raw).replace(b'"videos": []', b'"videos": [{"frames": ["xy"]}]')
        ),
    ],
    ids=["no gzip", "cut", "another format", "a key missing", "out of order", "no frame"],
)
def test_a_damaged_file_of_fingerprints_is_named_and_nothing_is_taken(
    last_year, this_year, tmp_path, damage
):
    path = tmp_path / "prints.gz"
    export_fingerprints(last_year, path)
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(InputError, match=r"prints\.gz is not a whole file"):
        import_prints(this_year, path, ACT)
    with this_year.store() as store:
        assert store.where("earlier_print") == []


def test_fingerprints_do_not_overwrite_a_file(last_year, tmp_path):
    (tmp_path / "prints.gz").write_bytes(b"mine")
    with pytest.raises(InputError, match="there already"):
        export_fingerprints(last_year, tmp_path / "prints.gz")


def test_every_kind_of_gap_is_said(tmp_path):
    picture = {"media_type": "jpg", "dhash": [], "mirror": "", "pictures": []}
    video = {"media_type": "mp4", "frames": ["", ""], "duration_s": 3.0, "width": 2, "height": 2}
    files = [
        ("甲", "一小", {"text": ""}),
        ("乙", "一小", {"text": lesson(1, 90)}),
        ("丙", "一小", picture),
        ("丁", "一小", {**video, "recorded_at": ""}),
        ("戊", "一小", {"text": lesson(2), "warnings": ["text_cut"]}),
    ]
    report = similarity_report(opened(tmp_path / "w", "2026年", files))
    assert [row["reason"] for row in report.gaps] == [
        "no_text",
        "flat_picture",
        "no_frames",
        "partly",
        "too_short",
    ]
    assert "未比对" in report.gaps[0]["sentence"]
    assert "只有一所学校" in report.remarks[0]
    assert any("数据不足" in remark for remark in report.remarks)


def test_a_text_of_which_everything_is_common_is_said_to_be_not_compared(tmp_path):
    one, other = lesson(1), lesson(2)
    many = [(f"甲{at}", f"{at % 5}小", {"text": one}) for at in range(25)]
    many += [(f"乙{at}", f"{at % 5}小", {"text": other}) for at in range(25)]
    made = [*many, ("丙", "一小", {"text": one[:450] + other[:450]})]
    report = similarity_report(opened(tmp_path / "w", "2026年", made))
    assert ("p2026年50", "crowded") in {(row["item"], row["reason"]) for row in report.gaps}
    assert "未比对：1 件的正文几乎人人相同，请先登记表格。" in report.remarks


def test_a_picture_that_many_handed_in_is_said_to_be_public(tmp_path):
    picture = {"media_type": "jpg", "dhash": ["5a" * 32], "mirror": "", "pictures": []}
    files = [(f"教师{at}", f"{at}小", picture) for at in range(8)]
    report = similarity_report(opened(tmp_path / "w", "2026年", files))
    assert report.pairs == []
    assert "未成对比对：8 件的图片许多教师都有，视为公共素材。" in report.remarks


def test_three_hundred_copies_of_one_file_are_one_cluster_and_each_is_named(tmp_path):
    files = [(f"教师{at}", f"{at % 5}小", {"text": lesson(1)}) for at in range(300)]
    found = compared(opened(tmp_path / "w", "2026年", files))
    assert {pair.cluster for pair in found.pairs} == {1}
    assert len({piece for pair in found.pairs for piece in (pair.a, pair.b)}) == 300
    assert len(found.pairs) < 600  # each beside the fullest, not with each other


def test_quoting_the_programmes_own_words_is_no_copy(tmp_path):
    quoted = public_texts()[0]
    files = [(f"教师{at}", f"{at}小", {"text": quoted + lesson(at)}) for at in range(2)]
    made = opened(tmp_path / "w", "2026年", files)
    assert compared(made).pairs == []
    with made.store() as store:
        rubric = made.rubrics["A1"].slots[0].criteria[0].text_zh
        assert any(rubric in text for text in known_texts(made, store))


def test_the_shipped_texts_name_nobody_to_write_to():
    for text in public_texts():
        assert len(text) > 1000
        assert "@" not in text
        assert "联系" not in text
