"""Comparing rubrics and packs by meaning."""

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from rubrics.canonical import digest
from rubrics.comparing import Change, diff_policies, diff_rubrics
from rubrics.levels import Level
from rubrics.loading import load_policy, load_set
from rubrics.policy_pack import PolicyPack, Rule
from rubrics.rubric import Criterion, Limit, Rubric, Slot


def rubric(slots=None, **changes):
    criterion = Criterion("X1-1.P1", Level.PASS, "写明目的", "States the purpose")
    slot = Slot(
        "X1-1", "方案", "Plan", "document", True, ("docx", "pdf"),
        {"max_mb": Limit(20, "derived")}, (criterion,),
    )  # fmt: skip
    plain = Rubric(
        "X1", "1", "能力点", "Point", "d", "维", "D", "e", "境", "E", "问", "Q",
        tuple(slots or (slot,)),
    )  # fmt: skip
    return replace(plain, **changes)


def changed_slot(**changes):
    return rubric((replace(rubric().slots[0], **changes),))


def pack(**values):
    rules = {key: Rule(key, value, "days", "default") for key, value in values.items()}
    return PolicyPack("p", "名", "Name", "", "", rules)


def test_equal_rubrics_have_no_differences():
    assert diff_rubrics(rubric(), changed_slot(accepts=("pdf", "docx"), note="x")) == []


def test_a_changed_limit_is_named_by_its_slot():
    other = changed_slot(limits={"max_mb": Limit(30, "derived")})
    assert diff_rubrics(rubric(), other) == [
        Change("X1-1.limits.max_mb", ["20", "derived"], ["30", "derived"])
    ]


def test_changed_added_and_removed_criteria_are_named_by_their_ids():
    old = rubric().slots[0].criteria[0]
    new = Criterion("X1-1.P2", Level.PASS, "写明对象", "States the students")
    (changed,) = diff_rubrics(rubric(), changed_slot(criteria=(replace(old, text_zh="新"),)))
    assert changed == Change("X1-1.P1.text_zh", "写明目的", "新")
    (added,) = diff_rubrics(rubric(), changed_slot(criteria=(old, new)))
    assert (added.key, added.kind, added.before) == ("X1-1.P2", "added", None)
    (removed,) = diff_rubrics(changed_slot(criteria=(old, new)), rubric())
    assert (removed.key, removed.kind, removed.after) == ("X1-1.P2", "removed", None)


def test_another_order_of_criteria_is_a_difference():
    one = rubric().slots[0].criteria[0]
    two = Criterion("X1-1.P2", Level.PASS, "写明对象", "States the students")
    (found,) = diff_rubrics(changed_slot(criteria=(one, two)), changed_slot(criteria=(two, one)))
    assert found == Change("X1-1.criteria.order", ["X1-1.P1", "X1-1.P2"], ["X1-1.P2", "X1-1.P1"])


CODES = st.sampled_from(list(load_set("micro_competencies").rubrics))


@given(a=CODES, b=CODES)
def test_no_difference_exactly_where_the_digests_agree(a, b):
    first, second = (load_set("micro_competencies")[code] for code in (a, b))
    assert (diff_rubrics(first, second) == []) == (first.digest == second.digest)


@given(
    changes=st.fixed_dictionaries(
        {},
        optional={
            "name_zh": st.sampled_from(["方案", "计划"]),
            "kind": st.sampled_from(["document", "text"]),
            "core": st.booleans(),
            "accepts": st.permutations(["docx", "pdf"]).map(tuple),
            "note": st.sampled_from(["", "见于来源"]),
            "limits": st.sampled_from([{}, {"max_mb": Limit(20.0, "derived")}]),
        },
    )
)
def test_a_difference_is_found_exactly_where_the_digest_changes(changes):
    other = changed_slot(**changes)
    same = digest(rubric().canonical()) == digest(other.canonical())
    assert (diff_rubrics(rubric(), other) == []) == same


def test_packs_differ_by_value_unit_and_source():
    other = pack(a=5, b=1)
    other = replace(other, rules={**other.rules, "b": Rule("b", 1, "hours", "本县")})
    assert diff_policies(pack(a=7, b=1), other) == [
        Change("a", 7, 5),
        Change("b.unit", "days", "hours"),
        Change("b.source", "default", "本县"),
    ]


def test_a_rule_that_is_none_is_not_a_rule_that_is_missing():
    assert diff_policies(pack(cap=None), pack(cap=None)) == []
    assert diff_policies(pack(), pack(cap=None)) == [Change("cap", None, None, "added")]
    assert diff_policies(pack(cap=None), pack()) == [Change("cap", None, None, "removed")]


def test_true_and_one_are_different_values():
    assert diff_policies(pack(a=True), pack(a=1)) == [Change("a", True, 1)]


def test_shipped_packs_differ_where_their_documents_do():
    keys = {
        change.key for change in diff_policies(*map(load_policy, ("national-2.0", "yueyang-2021")))
    }
    assert {"hours.total_min", "hours.total_min.source", "hours.awarded_by_passing"} <= keys
    assert "review.reviewers_per_piece" not in keys
