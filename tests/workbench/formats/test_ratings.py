"""The ratings file: marks in long form."""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from workbench.formats.ratings import parse_ratings

KEYS = ["item", "rater", "criterion", "met", "round", "submitted_at", "comment"]
CRITERIA = ("A1-1.P1", "A1-1.P2", "A1-1.E1")


def mark(
    criterion="A1-1.P1", met="1", item="7", rater="R1", round_="blind", at="", comment=""
) -> list[str]:
    return [item, rater, criterion, met, round_, at, comment]


def read(**changes: str) -> list[list[str]]:
    """All marks of one read, met."""
    return [mark(criterion, **changes) for criterion in CRITERIA]


@pytest.fixture
def parsed(rubric_set):
    def parse(*rows, header=KEYS, **given):
        return parse_ratings([header, *rows], rubric_set, "ratings.csv", **given)

    return parse


@pytest.fixture
def codes(parsed):
    def find(*rows, **given):
        return [fault.code for fault in parsed(*rows, **given).faults]

    return find


def test_a_whole_read_has_no_fault(parsed):
    ratings = parsed(*read())
    assert ratings.faults == ()
    assert len(ratings.reads) == 1
    assert [row.met for row in ratings.accepted] == [1, 1, 1]
    assert (ratings.rows[0].competency, ratings.rows[0].slot_id) == ("A1", "A1-1")


def test_chinese_headers_and_pieces_named_by_teacher_competency_and_slot(parsed):
    header = ["轮次", "教师编号", "能力点", "证据", "评审员", "指标", "打点", "评语"]
    rows = [
        ["初评", "T1", "技术支持的学情分析", "学情分析方案", "R1", criterion, "达到", ""]
        for criterion in ("P1", "p2", "学情分析方案指标E1")
    ]
    ratings = parsed(*rows, header=header)
    assert ratings.faults == ()
    assert {row.criterion_id for row in ratings.rows} == set(CRITERIA)
    assert {row.piece for row in ratings.rows} == {("T1", "A1", "A1-1")}


@pytest.mark.parametrize(
    ("text", "met"),
    [("1", 1), ("达到", 1), ("是", 1), ("√", 1), ("0", 0), ("未达到", 0),
     ("否", 0), ("×", 0), ("", None), ("无法判断", None)],
)  # fmt: skip
def test_marks_are_met_not_met_or_cannot_judge(parsed, text, met):
    rows = read()
    rows[0][3] = text
    assert parsed(*rows).accepted[0].met is met


@pytest.mark.parametrize(
    ("text", "name"),
    [("初评", "blind"), ("三评", "third"), ("仲裁", "chair"), ("标准件", "seed"),
     ("县复核", "county"), ("Blind", "blind")],
)  # fmt: skip
def test_rounds_go_by_code_or_chinese_name(parsed, text, name):
    assert {row.round for row in parsed(*read(round_=text)).rows} == {name}


def test_a_mark_that_is_neither_says_so_in_full(parsed):
    rows = read()
    rows[1][3] = "good"
    ratings = parsed(*rows)
    (fault,) = ratings.faults
    assert fault.sentence("en") == (
        "criterion A1-1.P2 of rubric A1 v3: mark 'good' is neither 1 (met) nor 0 (not met). "
        "Correct row 3 of ratings.csv, or load the rubric version it was marked under."
    )
    assert "既不是 1（达到）也不是 0（未达到）" in fault.sentence("zh")
    assert ratings.accepted == ()  # half a read is no read


def test_missing_criteria_of_a_read_are_named_together(parsed):
    ratings = parsed(mark(), *read(rater="R2"))
    (fault,) = ratings.faults
    assert (fault.code, fault.values["criteria"]) == ("missing_criteria", ("A1-1.P2", "A1-1.E1"))
    assert {row.rater for row in ratings.accepted} == {"R2"}


def test_a_chair_rules_on_contested_criteria_only(codes):
    assert codes(mark(round_="chair")) == []


def test_an_unknown_criterion_spoils_its_read_and_is_told_once(parsed):
    rows = read()
    rows[2][2] = "A1-1.E9"
    ratings = parsed(*rows)
    assert [fault.code for fault in ratings.faults] == ["unknown_criterion"]
    assert ratings.faults[0].values["criteria"] == CRITERIA
    assert ratings.accepted == ()


def test_the_same_mark_twice_is_left_out_and_contradicting_marks_both(parsed):
    assert [(f.row_number, f.code) for f in parsed(*read(), mark()).faults] == [
        (5, "duplicate_mark")
    ]
    contradicting = parsed(*read(), mark(met="0")).faults
    assert [(f.row_number, f.code) for f in contradicting] == [
        (2, "contradicting_marks"),
        (5, "contradicting_marks"),
    ]


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"rater": ""}, "missing_value"),
        ({"round_": "终评"}, "unknown_round"),
        ({"round_": ""}, "no_round"),
    ],
)
def test_a_line_without_rater_or_round_is_refused(parsed, changes, code):
    ratings = parsed(*read(**changes))
    assert {fault.code for fault in ratings.faults} == {code}
    assert ratings.accepted == ()


def test_without_a_round_column_reads_are_blind_and_a_warning_says_so(parsed):
    header = ["item", "rater", "criterion", "met"]
    ratings = parsed(*[row[:4] for row in read()], header=header)
    assert [(f.row_number, f.code, f.severity) for f in ratings.faults] == [
        (0, "no_round_column", "warn")
    ]
    assert {row.round for row in ratings.accepted} == {"blind"}


def test_items_are_held_against_the_evidence_taken_in(parsed):
    items = {"7": ("T1", "A1", "A1-1"), "8": ("T1", "A1", "A1-1")}
    ratings = parsed(*read(), items=items)
    assert {row.piece for row in ratings.accepted} == {("T1", "A1", "A1-1")}
    assert {f.code for f in parsed(*read(item="9"), items=items).faults} == {"unknown_item"}
    again = parsed(*read(), *read(item="8"), items=items)  # two files of one piece
    assert {f.code for f in again.faults} == {"duplicate_mark"}


def test_a_criterion_of_another_slot_is_refused(codes):
    items = {"7": ("T1", "A6", "A6-1")}
    assert set(codes(*read(), items=items)) == {"unknown_criterion"}


def test_missing_columns_are_named_together(parsed):
    (fault,) = parsed(["7", "1"], header=["item", "met"]).faults
    assert fault.values["columns"] == ("评审员 (rater)", "指标 (criterion)")


def test_times_are_utc_and_impossible_order_is_asked_about(parsed):
    header = [*KEYS, "opened_at"]
    rows = [[*row, "2021-11-05 11:00"] for row in read(at="2021-11-05 10:00")]
    ratings = parsed(*rows, header=header)
    assert {f.code for f in ratings.faults} == {"submitted_before_opened"}
    assert ratings.rows[0].opened_at is None
    assert ratings.rows[0].submitted_at.isoformat() == "2021-11-05T02:00:00+00:00"


@settings(
    max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None
)
@given(st.permutations(range(len(KEYS))), st.permutations(range(6)))
def test_the_order_of_columns_and_lines_never_matters(rubric_set, columns, lines):
    rows = [*read(), *read(rater="R2", met="0")]
    plain = parse_ratings([KEYS, *rows], rubric_set)
    moved = [[rows[n][c] for c in columns] for n in lines]
    shuffled = parse_ratings([[KEYS[c] for c in columns], *moved], rubric_set)

    def marks(ratings):
        return {(row.read, row.criterion_id, row.met) for row in ratings.accepted}

    assert marks(shuffled) == marks(plain)
    assert not shuffled.faults
