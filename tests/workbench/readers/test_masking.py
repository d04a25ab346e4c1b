import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.readers.masking import (
    EMAIL,
    ID,
    NAME,
    NUMBER,
    PHONE,
    SCHOOL,
    Mask,
    Surnames,
    Word,
    discovered,
)

SURNAMES = Surnames(frozenset("梁苏高王课"), ("欧阳",), frozenset({"课题", "高一"}))
MASK = Mask(
    (
        Word(NAME, "梁禾清"),
        Word(SCHOOL, "青禾小学"),
        Word(NAME, "高明", sides=2),
        Word(NAME, "王一", sides=1),
    )
)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("执教梁禾清。", "执教■■■。"),
        ("梁 禾　清", "■■■■■"),  # blanks inside do not hide a name
        ("梁禾\n清", "■■\n■"),  # nor does the end of a line
        ("青禾⼩学", "■■■■"),  # a radical in place of the character, as some PDFs have
        ("高明的办法", "高明的办法"),  # two characters are covered only where they stand alone
        ("组长：高明，", "组长：■■，"),
        ("王一进步明显", "■■进步明显"),  # one the document lists needs one free side
        ("国王一直在等", "国王一直在等"),
    ],
)
def test_names_are_covered_however_they_are_set(text, expected):
    assert MASK.cover(text) == expected


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("身份证 11010519491231002X", ID),
        ("证件号110105 19491231 0021", ID),
        ("联系 １３８００００１１１１", PHONE),  # full-width digits
        ("手机138-0000-1111", PHONE),
        ("办公室 0531-86012345", PHONE),
        ("邮箱 lhq_2026@example.edu.cn", EMAIL),
        ("学号：20260317", NUMBER),
    ],
)
def test_numbers_are_covered_by_their_form(text, kind):
    assert list(Mask().counts(text)) == [kind]


@pytest.mark.parametrize(
    "text",
    [
        "2026年10月13日，第13800步",
        "95 88 76 138 123 456 78",  # marks in a table
        "圆周率 3.14159265358979",
        "播放 13800001111.5 次",
        "100%、7（3）班45人",
    ],
)
def test_ordinary_numbers_stay(text):
    assert Mask().cover(text) == text


@given(st.text(alphabet="梁禾清青小学 \n高明的13800001111：", max_size=60))
def test_what_was_covered_is_found_no_more_and_keeps_its_length(text):
    covered = MASK.cover(text)
    assert len(covered) == len(text)
    assert covered.count("\n") == text.count("\n")
    assert MASK.spans(covered) == []


def words(*texts, tables=()):
    return {word.text for word in discovered(texts, tables, SURNAMES)}


def test_labelled_names_and_schools_are_found_in_the_text():
    assert words("学校：青石镇中心小学（东校区）  姓名：苏知远 学科：语文") == {
        "青石镇中心小学(东校区)",
        "苏知远",
    }
    assert words("姓 名：梁 清", "执教教师：欧阳文静") == {"梁清", "欧阳文静"}


def test_a_cell_beside_its_label_is_a_name_and_the_labels_below_are_not():
    table = [["学校", "城关一中", "姓名", "苏知远"], ["班级", "七（3）班", "课题", "高一"]]
    assert words(tables=[table]) == {"城关一中", "苏知远"}


def test_a_column_headed_as_names_is_covered_whole_even_where_a_surname_is_rare():
    table = [
        ["姓名", "前测", "后测"],
        ["王一", "60", "80"],
        ["梁二文", "70", "90"],
        ["仉三", "1", "2"],
    ]
    assert words(tables=[table]) == {"王一", "梁二文", "仉三"}


def test_a_column_of_other_things_is_no_column_of_names():
    table = [["学生", "表现"], ["全体", "好"], ["多数", "可"], ["个别", "弱"]]
    assert words(tables=[table]) == set()


def test_authors_that_are_taught_are_not_teachers():
    assert words("作者：王勃", "教师：提问后板书。") == set()
