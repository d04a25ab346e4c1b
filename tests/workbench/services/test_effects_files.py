"""Tables ``effects`` and ``schools`` take in shapes nobody promised: read, or refused by what is wrong."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner

from workbench.cli import cli
from workbench.errors import InputError
from workbench.services.effects_files import read_files

CRITERIA = ("c1", "c2", "c3", "c4")


def write(path: Path, rows: list[dict]) -> Path:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def scored(raters: int = 6, pieces: int = 90, lenient: int = 2, seed: int = 3) -> list[dict]:
    """Scores 1 to 5; one rater gives a point more."""
    rng = np.random.default_rng(seed)
    rows = []
    for piece in range(pieces):
        for rater in rng.choice(raters, 2, replace=False):
            found = 3 + rng.normal(0, 0.6, len(CRITERIA)) + (piece % 5 - 2) * 0.4
            found = np.clip(np.round(found + (rater == lenient)), 1, 5).astype(int)
            rows.append(
                {
                    "piece": f"p{piece}",
                    "rater": f"r{rater}",
                    **dict(zip(CRITERIA, found, strict=True)),
                }
            )
    return rows


def renamed(rows: list[dict], names: dict[str, str]) -> list[dict]:
    return [{names.get(key, key): value for key, value in row.items()} for row in rows]


def columns_of(path: Path) -> tuple[tuple[str, ...], tuple[str, ...]]:
    read = read_files(path, None, None, None)
    return read.criteria, read.left_out


def asked(tmp_path: Path, *words: str):
    return CliRunner().invoke(cli, ["--workspace", str(tmp_path / "none"), *words])


def lenient_of(tmp_path: Path, path: Path) -> list[list[str]]:
    ran = asked(tmp_path, "effects", str(path), "--json")
    assert ran.exit_code == 0, ran.output
    found = json.loads(ran.stdout)
    return [e["ids"] for e in found if e["flagged"] and e["code"] == "lenient_rater"]


def test_totals_numbers_of_rows_years_and_notes_are_no_criteria(tmp_path):
    rows = [
        {"id": n, **row, "sum of all": sum(row[c] for c in CRITERIA), "when": 2026, "said": "好"}
        for n, row in enumerate(scored())
    ]
    path = write(tmp_path / "t.csv", rows)
    assert columns_of(path) == (CRITERIA, ("id", "sum of all", "when"))
    assert lenient_of(tmp_path, path) == [["r2"]]


def test_headers_may_be_chinese_and_rows_may_be_one_a_score(tmp_path):
    wide = scored()
    chinese = write(tmp_path / "zh.csv", renamed(wide, {"piece": "证据", "rater": "评审员"}))
    assert lenient_of(tmp_path, chinese) == [["r2"]]
    long = [
        {"piece": row["piece"], "rater": row["rater"], "criterion": c, "score": row[c]}
        for row in wide for c in CRITERIA
    ]  # fmt: skip
    path = write(tmp_path / "long.csv", long)
    assert columns_of(path)[0] == CRITERIA
    assert lenient_of(tmp_path, path) == [["r2"]]


def test_columns_of_nought_and_one_are_marks(tmp_path):
    rows = [{**row, **{c: int(row[c] > 3) for c in CRITERIA}} for row in scored()]
    read = read_files(write(tmp_path / "t.csv", rows), None, None, None)
    assert read.scores is None
    assert {mark["met"] for mark in read.marks} == {0, 1}
    assert len(read.marks) == len(rows) * len(CRITERIA)


def test_a_read_without_scores_is_left_out_and_hides_nobody(tmp_path):
    rows = scored()
    rows[0] |= dict.fromkeys(CRITERIA, "")
    rows[5]["c2"] = "N/A"
    assert lenient_of(tmp_path, write(tmp_path / "t.csv", rows)) == [["r2"]]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: [*rows, rows[0]], "two rows on piece p0"),
        (lambda rows: [{**rows[0], "c3": "good"}, *rows[1:]], "c3 is 'good', expected a number"),
        (lambda rows: [{**row, "round": "三评"} for row in rows], "no blind read"),
    ],
)
def test_what_is_wrong_with_a_table_of_scores_is_named(tmp_path, change, said):
    path = write(tmp_path / "t.csv", change(scored()))
    with pytest.raises(InputError, match=said):
        read_files(path, None, None, None)


def test_two_raters_alone_are_a_pair_and_nobody_is_singled_out(tmp_path):
    rows = scored(raters=2, lenient=1)
    path = write(tmp_path / "t.csv", rows)
    found = json.loads(asked(tmp_path, "effects", str(path), "--json").stdout)
    severe = [each for each in found if each["code"] in ("severe_rater", "lenient_rater")]
    assert [(each["subject"], each["ids"], each["flagged"]) for each in severe] == [
        ("rater_pair", ["r0", "r1"], True)
    ]
    assert "无法判断是谁偏离" in asked(tmp_path, "effects", str(path)).stdout


def test_of_a_rater_who_shares_no_piece_it_is_said_that_nothing_can_be_said(tmp_path):
    scores = [*scored(), {"piece": "other", "rater": "alone", **dict.fromkeys(CRITERIA, 3)}]
    marks = [{**row, **{c: int(row[c] > 3) for c in CRITERIA}} for row in scores]
    for rows in (scores, marks):
        said = asked(tmp_path, "effects", str(write(tmp_path / "t.csv", rows))).stdout
        assert "alone：数据不足：与他人共同评阅 0 次" in said


def test_scores_all_alike_and_few_reads_are_said_in_words(tmp_path):
    alike = write(tmp_path / "a.csv", [{**row, **dict.fromkeys(CRITERIA, 3)} for row in scored()])
    assert asked(tmp_path, "effects", str(alike)).stdout.count("未发现差异；但按现有数据") == 6
    few = write(tmp_path / "f.csv", scored(pieces=5))
    assert "数据不足" in asked(tmp_path, "effects", str(few)).stdout


def test_a_sentence_about_scores_does_not_speak_of_marks(tmp_path):
    said = asked(tmp_path, "effects", str(write(tmp_path / "t.csv", scored()))).stdout
    assert "评审员 r2 的评分平均高" in said
    assert "判为达到" not in said


def test_files_beside_may_have_chinese_headers_and_must_be_of_the_same_table(tmp_path):
    table = write(tmp_path / "t.csv", scored())
    raters = [{"评审员": f"r{n}", "学校": f"s{n % 2}"} for n in range(6)]
    pieces = [{"证据": f"p{n}", "学校": f"s{n % 2}", "字数": 900} for n in range(90)]
    read = read_files(
        table, write(tmp_path / "p.csv", pieces), write(tmp_path / "r.csv", raters), None
    )
    assert dict(read.beside.pieces[0]) == {"piece": "p0", "school": "s0", "chars": "900"}
    others = write(tmp_path / "o.csv", [{"piece": "zz", "school": "s1"}])
    with pytest.raises(InputError, match=r"no piece of it \(zz"):
        read_files(table, others, None, None)
    nameless = write(tmp_path / "n.csv", [{"name": "x"}])
    with pytest.raises(InputError, match="rater missing"):
        read_files(table, None, nameless, None)


def test_experts_marks_may_be_words_and_a_strange_one_is_named(tmp_path):
    rows = [{**row, **{c: int(row[c] > 3) for c in CRITERIA}} for row in scored()]
    table = str(write(tmp_path / "t.csv", rows))
    for mark, code in (("达到", 0), ("7", 2)):
        seeds = [
            {"piece": f"p{n}", "criterion": c, "met": mark} for n in range(4) for c in CRITERIA
        ]
        ran = asked(tmp_path, "effects", table, "--seeds", str(write(tmp_path / "s.csv", seeds)))
        assert ran.exit_code == code
    assert "标准件文件中证据 p0 的指标 c1 的打点“7”" in ran.output


def test_a_comparison_of_schools_refuses_files_of_another_table(tmp_path):
    marks = [
        {"piece": f"p{n}", "rater": f"r{k}", "criterion": "A1-1.P1", "met": 1}
        for n in range(4) for k in range(2)
    ]  # fmt: skip
    table = str(write(tmp_path / "m.csv", marks))
    pieces = [{"piece": f"p{n}", "school": "s1"} for n in range(4)]
    own = str(write(tmp_path / "p.csv", pieces))
    for name, rows, words in (
        ("a.csv", [{"piece": "zz", "school": "s1"}], ("--pieces",)),
        ("b.csv", [{"name": "x"}], ("--pieces", own, "--raters")),
        ("c.csv", [{"piece": "zz"}], ("--pieces", own, "--seeds")),
    ):
        ran = asked(tmp_path, "schools", table, *words, str(write(tmp_path / name, rows)))
        assert ran.exit_code == 2
        assert name in ran.output
    twice = str(write(tmp_path / "d.csv", [*marks, marks[0]]))
    assert "打点两次" in asked(tmp_path, "schools", twice, "--pieces", own).output
    third = str(write(tmp_path / "e.csv", [{**row, "round": "三评"} for row in marks]))
    assert "没有初评" in asked(tmp_path, "schools", third, "--pieces", own).output
