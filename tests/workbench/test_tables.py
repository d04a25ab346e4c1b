"""Tables of ratings or marks from anywhere: headers in either language, and marks nobody could give."""

from pathlib import Path

import pytest

from workbench.errors import InputError
from workbench.services.tables import marks_of_table, rows_of_table


def table(tmp_path: Path, *lines: str) -> Path:
    path = tmp_path / "table.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    return path


def test_chinese_headers_are_read_and_other_columns_kept(tmp_path):
    rows = rows_of_table(table(tmp_path, "评审员,学校,作品,等级", "r1,一小,u1,合格"))
    assert rows == [{"学校": "一小", "rater": "r1", "unit": "u1", "level": "合格"}]


@pytest.mark.parametrize(
    ("header", "cells", "piece"),
    [
        ("piece", "p1", "p1"),
        ("序号", "17", "17"),
        ("教师编号,证据", "T1,A1-1", "T1 A1-1"),
    ],
)
def test_a_piece_is_named_by_its_code_by_its_item_or_by_teacher_and_slot(
    tmp_path, header, cells, piece
):
    path = table(tmp_path, f"{header},评审员,指标,打点,轮次", f"{cells},r1,A1-1.P1,未达到,县复核")
    (row,) = marks_of_table(path)
    assert (row["piece_id"], row["met"], row["round"]) == (piece, 0, "county")


def test_a_mark_nobody_could_give_is_left_out_and_a_strange_one_stays_as_it_is(tmp_path):
    lines = ["piece,rater,criterion,met", "p1,r1,c1,无法判断", "p1,r2,c1,good", "p1,r3,c1,1"]
    rows = marks_of_table(table(tmp_path, *lines))
    assert [(row["rater_id"], row["met"]) for row in rows] == [("r2", "good"), ("r3", 1)]


def test_what_is_no_table_is_refused_by_name(tmp_path):
    path = tmp_path / "picture.png"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(64))
    with pytest.raises(InputError, match=r"picture\.png"):
        rows_of_table(path)
