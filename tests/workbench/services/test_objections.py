"""How objections end: by fresh eyes, both readings kept, and counted as overturned or not."""

import pytest
from hypothesis import given as drawn
from hypothesis import strategies as st

from models.ratings import all_reads
from workbench.services.assignments import allocate_reads
from workbench.services.objections import OUTCOMES, overturned
from workbench.services.publicity import answer, list_publicity, object_to, open_publicity
from workbench.services.resubmission import give_feedback
from workbench.services.results import CONCLUSION

B1, B2 = "B8-1", "B8-2"


@pytest.fixture
def shown(read):
    """All levels are shown from 28 September on: T3 不合格, T2 合格, T1 and T4 优秀."""
    open_publicity(read.workspace, [], read.on("2026-09-28").act())
    return read


def objected(walk, teacher, given="re_read", competency="B8"):
    made = object_to(walk.workspace, teacher, competency, teacher, "请再看", walk.act())
    answer(walk.workspace, made, given, "核对", walk.act("组长甲"))
    return made


def reread(walk, teacher, word, raters=("R3", "R4")):
    words = ((B1, word), (B2, "111 11"))
    walk.rate(*((teacher, slot, rater, each) for rater in raters for slot, each in words))


def outcomes(walk):
    return {
        each["objection_id"]: (each["outcome"], each["level_after"])
        for row in list_publicity(walk.workspace)
        for each in row["objections"]
    }


def test_each_objection_says_how_it_ended(shown):
    object_to(shown.workspace, "T4", CONCLUSION, "T4", "请再看", shown.act())
    objected(shown, "T4", "stands")
    lifted, same, lower = (objected(shown, teacher) for teacher in ("T3", "T2", "T1"))
    assert outcomes(shown)[lifted] == ("reading", "")
    reread(shown, "T3", "1111 00")
    reread(shown, "T2", "1111 00")
    reread(shown, "T1", "0111 11")
    assert outcomes(shown) == {
        "o0001": ("pending", ""),
        "o0002": ("stands", ""),
        lifted: ("raised", "pass"),
        same: ("kept", "pass"),
        lower: ("lowered", "fail"),
    }


def test_the_publicity_tells_how_many_were_overturned(shown):
    objected(shown, "T4", "stands")
    objected(shown, "T3")
    reread(shown, "T3", "1111 00")
    hill = list_publicity(shown.workspace)[1]
    assert (hill["decided"], hill["overturned"], hill["overturned_share"]) == (2, 1, 0.5)
    # exact bounds for 1 of 2: 1 - sqrt(.975) and sqrt(.975)
    assert hill["overturned_lo"] == pytest.approx(1 - 0.975**0.5)
    assert hill["overturned_hi"] == pytest.approx(0.975**0.5)
    town = list_publicity(shown.workspace)[0]
    assert (town["decided"], town["overturned_share"]) == (0, None)  # unknown is not zero


def test_what_came_of_an_objection_is_not_changed_by_a_later_attempt(shown):
    made = objected(shown, "T3")
    reread(shown, "T3", "1011 11")
    assert outcomes(shown)[made] == ("kept", "fail")
    give_feedback(shown.workspace, [], shown.act())
    row = {"teacher_id": "T3", "slot": B1}
    shown.take_in([(row, shown.essay("better"))], name="again")
    assert outcomes(shown)[made] == ("kept", "fail")


def test_nobody_who_saw_the_case_reads_it_again_and_both_readings_are_kept(shown):
    shown.rate(("T3", B2, "R3", "111 11", "third"))  # of the other piece of the case only
    objected(shown, "T3")
    plan = allocate_reads(shown.workspace, "1", shown.act("组长甲")).plan
    piece = shown.piece("T3", B1)
    assert set(plan.readers[piece]) == {"R4", "R5"}
    refused = shown.rate(("T3", B1, "R3", "1111 11")).refused
    assert {remark.code for each in refused for remark in each.remarks} == {"not_fresh"}
    reread(shown, "T3", "1111 11", ("R4", "R5"))
    with shown.workspace.store() as store:
        reads = all_reads(store, piece)
    assert [(r["rater_id"], r["reading"]) for r in reads] == [
        *(("R1", 1), ("R2", 1)),
        *(("R4", 2), ("R5", 2)),
    ]


@drawn(st.lists(st.sampled_from(OUTCOMES), max_size=30))
def test_the_share_counts_decided_objections_only(told):
    found = overturned(told)
    assert sum(found.counts.values()) == len(told)
    assert (found.share is None) == (found.decided == 0)
    if found.share is not None:
        assert 0 <= found.lo <= found.share <= found.hi <= 1
