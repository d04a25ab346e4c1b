"""Times, lengths, numbers and yes or no, as people write them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.formats.cells import cell_text, formula_safe, grid_of, is_lossy
from workbench.formats.paths import check_path
from workbench.formats.values import (
    CHINA,
    excel_took_minutes_for_hours,
    read_duration,
    read_moment,
    read_number,
    read_sha256,
    read_yes_no,
    split_list,
)
from workbench.readers.tables import Sheet

MIDNIGHT = datetime(2021, 11, 4, 16, tzinfo=UTC)  # 5 November 00:00 in China


@pytest.mark.parametrize(
    "text",
    ["2021.11.5", "2021/11/5", "2021-11-05", "20211105", "2021年11月5日", "44505", "２０２１．１１．５",
     "2021-11-05 00:00:00", "2021-11-05T00:00:00+08:00", "2021-11-04T16:00:00Z"],
)  # fmt: skip
def test_one_day_in_many_writings(text):
    assert read_moment(text) == MIDNIGHT


@pytest.mark.parametrize(
    "text", ["2021.11.5 10:30", "2021年11月5日10时30分", "44505.4375", "20211105103000"]
)
def test_the_time_of_day_is_kept(text):
    assert read_moment(text) == MIDNIGHT + timedelta(hours=10, minutes=30)


@pytest.mark.parametrize(
    "text", ["5/11/2021", "2021.2.30", "11月5日", "昨天", "21.11.5", "123", ""]
)
def test_what_is_no_unambiguous_date_is_not_read(text):
    assert read_moment(text) is None


@given(
    st.datetimes(datetime(2000, 1, 1), datetime(2100, 1, 1)).map(lambda t: t.replace(microsecond=0))
)
def test_iso_times_come_back_as_written(moment):
    assert read_moment(moment.isoformat()).astimezone(CHINA).replace(tzinfo=None) == moment


@pytest.mark.parametrize(
    "text", ["5:30", "05:30", "5分30秒", "330", "330秒", "0:05:30", "5.5分钟", "5'30\"", "330s"]
)
def test_one_length_in_many_writings(text):
    assert read_duration(text) == 330


@pytest.mark.parametrize("text", ["", "五分钟", "5:75", "很长", "-3", "0.229166天"])
def test_what_is_no_length_is_not_read(text):
    assert read_duration(text) is None


def test_minutes_that_excel_took_for_hours_are_noticed():
    assert excel_took_minutes_for_hours("05:30:00")
    assert not excel_took_minutes_for_hours("00:05:30")
    assert not excel_took_minutes_for_hours("5:30")


@pytest.mark.parametrize(
    ("text", "number"),
    [("50学时", 50), ("25.5 学时", 25.5), ("1,920", 1920), ("０", 0), ("约50", None), ("", None)],
)
def test_numbers_lose_their_unit_and_nothing_else(text, number):
    assert read_number(text) == number


@pytest.mark.parametrize("text", ["合格", "通过", "是", "√", "1", "TRUE", " 已 通过 "])
def test_words_for_yes(text):
    assert read_yes_no(text) is True


@pytest.mark.parametrize("text", ["不合格", "未通过", "否", "×", "0", "不及格"])
def test_words_for_no(text):
    assert read_yes_no(text) is False


@pytest.mark.parametrize("text", ["", "85", "待定"])
def test_neither_yes_nor_no_is_unknown(text):
    assert read_yes_no(text) is None


def test_a_checksum_is_64_hexadecimal_digits():
    assert read_sha256("A" * 64) == "a" * 64
    assert read_sha256("a" * 63) is None


def test_lists_in_one_cell():
    assert split_list("A1、A3；B6\nC4 / C5,") == ("A1", "A3", "B6", "C4", "C5")


@given(st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=20))
def test_what_is_made_safe_from_formulas_is_read_back(text):
    cleaned = cell_text(text)
    safe = formula_safe(cleaned)
    assert not safe.startswith(("=", "+", "-", "@", "\t"))
    assert cell_text(safe) == cleaned


def test_long_numbers_are_lossy_and_long_texts_are_not():
    assert is_lossy("9.99999198001011E+17")
    assert not is_lossy("99999119800101101X")
    assert not is_lossy("20211105103000")


def test_cells_merged_downwards_are_repeated_and_those_merged_sideways_are_not():
    sheet = Sheet(
        "", (("花名册", ""), ("甲校", "王"), ("", "李"), ("", "赵")), ((0, 0, 0, 1), (1, 0, 3, 0))
    )
    assert [row[0] for row in grid_of(sheet)] == ["花名册", "甲校", "甲校", "甲校"]
    assert grid_of(sheet)[0][1] == ""


@pytest.mark.parametrize(
    ("written", "path"),
    [
        ("a\\b\\c.docx", "a/b/c.docx"),
        ("./a//b", "a/b"),
        ("e\u0301.txt", "\u00e9.txt"),
        ("a..b/c", "a..b/c"),
    ],
)
def test_a_path_has_one_form(written, path):
    assert check_path(written).path == path
    assert not check_path(written).problem


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("../a", "outside"), ("a/../../b", "outside"), ("..\\a", "outside"), ("a/..", "outside"),
        (".", "outside"),
        ("/etc/passwd", "absolute"), ("\\\\server\\share", "absolute"), ("C:\\a", "absolute"),
        ("c:a", "absolute"),
        ("~/a", "absolute"), ("https://x/y.mp4", "address"), ("www.x.cn/a", "address"),
        ("a\x00.docx", "characters"), ("a\u202exfdp.exe", "characters"),
    ],
)  # fmt: skip
def test_a_path_that_leaves_the_package_is_refused(written, problem):
    assert check_path(written).problem == problem


@given(st.text(max_size=30))
def test_an_accepted_path_is_relative_and_stable(text):
    checked = check_path(text)
    if not checked.problem:
        assert not checked.path.startswith("/")
        assert ".." not in checked.path.split("/")
        assert check_path(checked.path) == checked
