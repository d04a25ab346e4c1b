"""What documents say of themselves counts only where neither machine nor form explains it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.similarity.pairs import LOOK, SELF, STRONG
from scoring.similarity.traces import DocumentRow, compare_traces, is_nobody

NAMES = {f"t{at}": f"教师{sign}" for at, sign in enumerate("甲乙丙丁戊己")}
SESSIONS = tuple(f"00AB{at:04X}" for at in range(10))


def document(piece, teacher, **facts):
    return DocumentRow(piece, teacher, **facts)


def found(*rows, forms=()):
    return [(pair.reason, pair.a, pair.b, pair.tier) for pair in compare_traces(rows, NAMES, forms)]


def test_an_author_who_is_another_teacher_is_set_beside_that_teachers_document():
    (pair,) = compare_traces([document("p1", "t1", author="教师丙"), document("p2", "t2")], NAMES)
    assert (pair.kind, pair.a, pair.b, pair.teacher_b) == ("document", "p1", "p2", "t2")
    assert (pair.reason, pair.exhibits, pair.tier) == ("author_is_teacher", ("教师丙",), LOOK)


def test_the_last_editor_counts_like_the_author():
    rows = document("p1", "t1", author="教师乙", last_modified_by=" 教师 丙 "), document("p2", "t2")
    assert found(*rows) == [("author_is_teacher", "p1", "p2", LOOK)]


def test_a_teacher_without_a_document_is_named_all_the_same():
    (pair,) = compare_traces([document("p1", "t1", author="教师丙")], NAMES)
    assert (pair.a, pair.b, pair.teacher_a, pair.teacher_b) == ("p1", "", "t1", "t2")


def test_ones_own_name_is_no_trace():
    assert found(document("p1", "t1", author="教师乙"), document("p2", "t2", author="教师丙")) == []


def test_a_homonyms_own_document_is_no_trace():
    names = NAMES | {"t9": "教师乙"}
    assert compare_traces([document("p1", "t9", author="教师乙")], names) == []


@pytest.mark.parametrize(("teachers", "pairs"), [(2, 1), (3, 3), (4, 0)])
def test_one_author_of_more_than_three_teachers_is_the_schools_machine(teachers, pairs):
    rows = [document(f"p{at}", f"t{at}", author="zhaolin") for at in range(teachers)]
    assert found(*rows) == [("author", *two, LOOK) for two in _twos(teachers)][:pairs]


def _twos(count):
    return [(f"p{one}", f"p{two}") for one in range(count) for two in range(one + 1, count)]


@pytest.mark.parametrize(
    "name",
    [
        "admin",
        "Administrator",
        "user",
        "微软用户",
        "lenovo",
        "WPS_1678",
        "",
        "python-docx",
        "PC",
        "雨林木风",
    ],
)
def test_a_name_that_is_nobodys_is_no_trace(name):
    assert is_nobody(name)
    assert found(document("p1", "t1", author=name), document("p2", "t2", author=name)) == []


@pytest.mark.parametrize("name", ["赵琳", "Winnie", "userkova", "macy zhao", "史密斯"])
def test_a_persons_name_is_somebodys(name):
    assert not is_nobody(name)


def test_a_registered_forms_own_traces_are_nobodys():
    facts = {
        "author": "赵琳",
        "created_at": "2026-09-01T08:00:00Z",
        "revision_ids": SESSIONS,
        "sha256": "blank",
    }
    rows = [document("p1", "t1", **facts), document("p2", "t2", **facts)]
    assert len(found(*rows)) == 4
    assert found(*rows, forms=[document("", "", **facts)]) == []


def test_the_same_file_twice_is_strong():
    rows = [document("p1", "t1", sha256="x"), document("p2", "t2", sha256="x")]
    assert found(*rows) == [("identical_file", "p1", "p2", STRONG)]


def test_a_file_that_many_handed_in_is_joined_to_the_first_and_looked_at():
    rows = [document(f"p{at}", f"t{at}", sha256="x") for at in range(5)]
    assert found(*rows) == [("identical_file", "p0", f"p{at}", LOOK) for at in range(1, 5)]


def test_documents_created_in_the_same_second_are_to_be_looked_at():
    rows = [
        document("p1", "t1", created_at="2026-10-12T08:31:07Z"),
        document("p2", "t2", created_at="2026-10-12T08:31:07Z"),
        document("p3", "t3", created_at="2026-10-12T08:31:08Z"),
        document("p4", "t4", created_at="2026-10-12"),
        document("p5", "t5", created_at="2026-10-12"),  # a day alone says nothing
    ]
    assert found(*rows) == [("created", "p1", "p2", LOOK)]


def test_the_birth_date_of_a_library_is_no_trace():
    rows = [document(f"p{at}", f"t{at}", created_at="2013-12-23T23:15:00Z") for at in (1, 2)]
    assert found(*rows) == []


@pytest.mark.parametrize(
    ("one", "two", "tier"),
    [
        (SESSIONS[:6], SESSIONS[:6], STRONG),  # the same history
        (SESSIONS[:6], (*SESSIONS[:6], "00F1", "00F2"), STRONG),  # one went on from the other
        (SESSIONS[:6], (*SESSIONS[:4], "00F1", "00F2"), LOOK),  # 4 of 6
        (SESSIONS[:9], (*SESSIONS[:4], *(f"00F{at}" for at in range(5))), None),  # 4 of 9
        (SESSIONS[:3], SESSIONS[:3], None),  # three saved sessions are too few
    ],
)
def test_saved_sessions_in_common_tell_of_a_common_file(one, two, tier):
    rows = [document("p1", "t1", revision_ids=one), document("p2", "t2", revision_ids=two)]
    assert found(*rows) == ([("revisions", "p1", "p2", tier)] if tier else [])


def test_sessions_of_more_than_three_teachers_are_a_form_nobody_registered():
    rows = [document(f"p{at}", f"t{at}", revision_ids=SESSIONS) for at in range(4)]
    assert found(*rows) == []


def test_a_teachers_own_files_are_no_trace_but_the_same_bytes_are_own_re_use():
    facts = {"author": "赵琳", "created_at": "2026-10-12T08:31:07Z", "revision_ids": SESSIONS}
    rows = [document("p1", "t1", sha256="x", **facts), document("p2", "t1", sha256="x", **facts)]
    assert found(*rows) == [("identical_file", "p1", "p2", SELF)]


ROWS = [
    document("p1", "t1", author="教师丙", revision_ids=SESSIONS[:6], sha256="x"),
    document("p1", "t1", author="赵琳", sha256="y"),
    document("p2", "t2", author="赵琳", revision_ids=SESSIONS[:5]),
    document("p3", "t2", created_at="2026-10-12T08:31:07Z", sha256="x"),
    document("p4", "t3", created_at="2026-10-12T08:31:07Z", author="教师乙"),
]


@given(st.permutations(ROWS))
@settings(max_examples=40, deadline=None)
def test_the_order_of_documents_never_matters(rows):
    assert compare_traces(rows, NAMES) == compare_traces(ROWS, NAMES)


def test_no_document_gives_no_pair():
    assert compare_traces([], NAMES) == []
