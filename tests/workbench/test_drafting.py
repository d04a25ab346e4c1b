"""intake draft: a manifest from folder and file names, and every doubt about it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook

from rubrics.loading import load_set
from workbench.errors import InputError
from workbench.formats.manifest import parse_manifest
from workbench.messages import use_language
from workbench.readers.limits import DEFAULT
from workbench.readers.spreadsheets import read_table
from workbench.services.drafting import draft


@pytest.fixture
def folder(tmp_path) -> Path:
    made = tmp_path / "收件"
    made.mkdir()
    return made


def put(folder: Path, *files: str) -> None:
    for file in files:
        path = folder / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(b"x")


@pytest.fixture
def roster(tmp_path) -> Path:
    book = Workbook()
    for row in (
        ["参训教师名册"],
        ["教师编号", "姓名", "学校", "学科", "能力点1", "能力点2", "能力点3"],
        ["T1", "王小山", "青石镇中心小学", "语文", "A1", "A6", None],
        ["T2", "李小河", "青石镇中心小学", "数学", "A1", None, None],
        ["T3", "李小河", "城关第一中学", "英语", "A6", None, None],
        ["T4", "赵小川", "城关第一中学", "物理", "A6", None, None],
        ["T5", "孙小溪", "城关第一中学", "语文", None, None, None],
        ["T6", "孙小溪", "城关第一中学", "数学", None, None, None],
    ):
        book.worksheets[0].append(row)
    path = tmp_path / "名册.xlsx"
    book.save(path)
    return path


def guesses(report) -> dict[str, str]:
    """Whose each file is taken to be: id, else name."""
    return {row.file: row.teacher_id or row.teacher_name for row in report.draft.rows}


def doubts(report, file: str) -> list[str]:
    return [doubt.code for row in report.draft.rows if row.file == file for doubt in row.doubts]


@pytest.mark.parametrize(
    ("file", "slot_id", "asked"),
    [
        ("A1-1.docx", "A1-1", []),
        ("a1－2 报告.mp4", "A1-2", []),
        ("A1技术支持的学情分析/学情分析方案.docx", "A1-1", []),
        ("技术支持的学情分析/王小山-学情分析报告.mp4", "A1-2", []),
        ("A6/教学反思.docx", "A6-3", []),
        ("A6/课堂视频.mp4", "A6-2", ["slot_by_kind"]),
        ("A6/IMG_2031.MOV", "A6-2", ["slot_by_kind"]),
        ("A6/3.docx", "A6-3", ["slot_by_number"]),
        ("A5/教学设计.docx", "A5-1", ["slot_by_part"]),
        ("A6/终稿.docx", "", ["slot_unknown"]),
        ("A10/方案.docx", "A10-1", ["slot_by_part"]),
        ("导入环节教学设计.docx", "A5-1", ["competency_by_slot"]),
        ("教学设计.docx", "", ["competency_unknown"]),
        ("A1/A6-1 教学设计.docx", "", ["competency_conflict"]),
        ("A6-2.docx", "A6-2", ["form"]),
        ("A6-1 教学设计 - 副本.docx", "A6-1", ["copy"]),
    ],
)
def test_what_a_file_fills_is_read_from_its_names(folder, tmp_path, file, slot_id, asked):
    put(folder, f"青石镇中心小学/王小山/{file}")
    report = draft(folder, tmp_path / "manifest.csv")
    (row,) = report.draft.rows
    assert (row.slot_id, [doubt.code for doubt in row.doubts]) == (slot_id, asked)
    assert (row.teacher_name, row.school) == ("王小山", "青石镇中心小学")


def test_a_roster_tells_who_is_meant(folder, tmp_path, roster):
    put(
        folder,
        "青石镇中心小学/王小山/A1-1.docx",
        "青石镇中心小学/李小河/A1-1.docx",
        "城关第一中学/T3/A6-1.docx",
        "城关第一中学/A6-1 教学设计（赵小川）.docx",
        "城关第一中学/孙小溪/A6-1.docx",
        "城关第一中学/孙小溪_T6/A6-1.docx",
        "城关第一中学/周小湖/A6-1.docx",
        "青石镇中心小学/赵小川/A6-1.docx",
    )
    report = draft(folder, tmp_path / "manifest.csv", roster)
    found = guesses(report)
    assert found["青石镇中心小学/王小山/A1-1.docx"] == "T1"
    assert found["青石镇中心小学/李小河/A1-1.docx"] == "T2"
    assert found["城关第一中学/T3/A6-1.docx"] == "T3"
    assert found["城关第一中学/A6-1 教学设计（赵小川）.docx"] == "T4"
    assert found["城关第一中学/孙小溪_T6/A6-1.docx"] == "T6"
    assert found["城关第一中学/孙小溪/A6-1.docx"] == "孙小溪"
    assert doubts(report, "城关第一中学/孙小溪/A6-1.docx") == ["homonym"]
    assert doubts(report, "城关第一中学/周小湖/A6-1.docx") == ["teacher_not_in_roster"]
    assert doubts(report, "青石镇中心小学/赵小川/A6-1.docx") == ["other_school"]


def test_what_the_roster_promises_and_nobody_handed_in_is_listed(folder, tmp_path, roster):
    put(folder, "青石镇中心小学/王小山/A1-1.docx", "青石镇中心小学/李小河/A6-1.docx")
    report = draft(folder, tmp_path / "manifest.csv", roster)
    general = {
        (doubt.code, doubt.values.get("name"), doubt.values.get("choices"))
        for doubt in report.draft.doubts
        if not doubt.file
    }
    assert ("choice_without_files", "王小山", ("A6",)) in general
    assert ("teacher_without_files", "赵小川", None) in general
    assert ("slots_without_file", "王小山", None) in general
    assert doubts(report, "青石镇中心小学/李小河/A6-1.docx") == ["not_chosen"]


def test_without_a_roster_one_doubt_says_that_names_are_taken_from_folders(folder, tmp_path):
    put(folder, "一中/王小山/A6-1.docx", "一中/A6-3 李小河.docx", "杂项/A6-1.docx")
    report = draft(folder, tmp_path / "manifest.csv")
    assert [d.code for d in report.draft.doubts if not d.file].count("no_roster") == 1
    assert doubts(report, "一中/A6-3 李小河.docx") == ["teacher_by_file_name"]
    assert doubts(report, "杂项/A6-1.docx") == ["teacher_unknown", "school_unknown"]


def test_several_files_for_one_slot_are_asked_about_unless_it_takes_several(folder, tmp_path):
    put(folder, "一中/王小山/A6-1 教学设计.docx", "一中/王小山/A6-1 教学设计终稿.docx")
    put(folder, "一中/王小山/A9-2 活动1.jpg", "一中/王小山/A9-2 活动2.jpg")
    report = draft(folder, tmp_path / "manifest.csv")
    asked = {row.slot_id: [d.code for d in row.doubts] for row in report.draft.rows}
    assert asked == {"A6-1": ["several_files"], "A9-2": []}


def test_system_files_links_and_empty_files_are_left_out_and_said(folder, tmp_path):
    put(
        folder,
        "一中/王小山/A6-1.docx",
        "一中/Thumbs.db",
        "一中/~$A6-1.docx",
        "一中/.DS_Store",
        "__MACOSX/x",
    )
    (folder / "一中/空.docx").touch()
    (folder / "一中/链接.docx").symlink_to(folder / "一中/王小山/A6-1.docx")
    (folder / "外面").symlink_to(tmp_path)
    os.close(os.open(os.fsencode(folder) + b"/\xc4\xe3.docx", os.O_CREAT | os.O_WRONLY))
    report = draft(folder, folder / "manifest.xlsx")
    assert report.lines == 1
    assert sorted(doubt.code for doubt in report.draft.ignored) == [
        "bad_name",
        "empty",
        "link",
        "link",
    ]


@pytest.mark.parametrize("language", ["zh", "en"])
@pytest.mark.parametrize("ending", [".csv", ".xlsx"])
def test_the_draft_is_a_manifest_that_reads_back(folder, tmp_path, roster, ending, language):
    put(
        folder,
        "青石镇中心小学/王小山/A1-1.docx",
        "青石镇中心小学/王小山/A6/IMG.mp4",
        "=cmd/王小山/A6-3.docx",
    )
    out = tmp_path / f"manifest{ending}"
    use_language(language)
    try:
        report = draft(folder, out, roster)
    finally:
        use_language("zh")
    (sheet,) = read_table(out, DEFAULT)
    manifest = parse_manifest(sheet.rows, load_set("micro_competencies"))
    assert [row.file for row in manifest.rows] == [row.file for row in report.draft.rows]
    assert manifest.unknown_columns == ()
    assert [fault.code for fault in manifest.faults] == []
    assert {(row.teacher_id, row.slot_id) for row in manifest.rows} == {
        ("T1", "A1-1"),
        ("T1", "A6-2"),
        ("T1", "A6-3"),
    }


def test_doubts_stand_beside_their_file_and_nothing_is_a_formula(folder, tmp_path):
    put(folder, "=1+1/王小山/A6/终稿.docx")
    draft(folder, tmp_path / "manifest.xlsx")
    rows = list(load_workbook(tmp_path / "manifest.xlsx").worksheets[0].iter_rows())
    assert rows[0][-1].value == "疑问"
    assert "看不出是A6的哪一项证据" in rows[1][-1].value
    assert (rows[1][7].value, rows[1][7].data_type) == ("=1+1/王小山/A6/终稿.docx", "s")
    draft(folder, tmp_path / "manifest.csv")
    written = (tmp_path / "manifest.csv").read_bytes()
    assert written.startswith(b"\xef\xbb\xbf")
    assert b"'=1+1/" in written


def test_every_doubt_is_a_sentence_in_both_languages(folder, tmp_path, roster):
    put(folder, "一中/王小山/A1/终稿.docx", "一中/钱小湾/乱.docx", "一中/王小山/A6-2.docx")
    report = draft(folder, tmp_path / "manifest.csv", roster)
    for language in ("zh", "en"):
        use_language(language)
        try:
            assert len(report.sentences) == len(report.draft.doubts)
        finally:
            use_language("zh")
    assert any(line.startswith("一中/王小山/A1/终稿.docx：") for line in report.sentences)


def test_nothing_is_overwritten_unasked(folder, tmp_path):
    put(folder, "一中/王小山/A6-1.docx")
    out = tmp_path / "manifest.csv"
    out.write_text("corrected by hand")
    with pytest.raises(InputError, match="--force"):
        draft(folder, out)
    assert out.read_text() == "corrected by hand"
    assert draft(folder, out, force=True).lines == 1


def test_wrong_use_is_said(folder, tmp_path):
    with pytest.raises(InputError, match="is not a folder"):
        draft(tmp_path / "没有", tmp_path / "m.csv")
    with pytest.raises(InputError, match=r"\.xlsx or \.csv"):
        draft(folder, tmp_path / "m.docx")
    (tmp_path / "坏.xlsx").write_bytes(b"PK\x03\x04")
    with pytest.raises(InputError, match="cannot be read as a table"):
        draft(folder, tmp_path / "m.csv", tmp_path / "坏.xlsx")
    assert [d.code for d in draft(folder, tmp_path / "m.csv").draft.doubts] == ["no_files"]
