"""Appeals: in time, once, read by a panel nobody of which has seen the case, and final."""

from __future__ import annotations

from dataclasses import replace

import pytest

from models.ratings import all_reads
from workbench.errors import InputError, RefusedError
from workbench.services.appeals import appeal
from workbench.services.assignments import allocate_reads
from workbench.services.objections import appeal_until
from workbench.services.publicity import answer, list_publicity, object_to, open_publicity

B1, B2 = "B8-1", "B8-2"
PANEL = ("R3", "R4", "R5")


@pytest.fixture
def shown(read):
    """All levels are shown from Monday 28 September on; T3 is 不合格, read by R1 and R2."""
    open_publicity(read.workspace, [], read.on("2026-09-28").act())
    return read


@pytest.fixture
def answered(shown):
    """T3 has objected and was told on the 29th that the result stands."""
    made = object_to(shown.workspace, "T3", "B8", "T3", "请再看", shown.act())
    answer(shown.workspace, made, "stands", "核对", shown.on("2026-09-29").act("组长甲"))
    return shown


def appealed(walk, objection="o0001", words="答复没有回应第二条"):
    return appeal(walk.workspace, objection, "T3", words, walk.act())


def panel_reads(walk, *words, teacher="T3", raters=PANEL):
    rows = [(teacher, B1, rater, word) for rater, word in zip(raters, words, strict=True)]
    return walk.rate(*rows, *((teacher, B2, rater, "111 11") for rater in raters))


def told(walk, objection):
    return next(
        (each["outcome"], each["level_after"], each["against"], each["appeal_until"])
        for row in list_publicity(walk.workspace)
        for each in row["objections"]
        if each["objection_id"] == objection
    )


def refusal(walk, **given):
    with pytest.raises(RefusedError) as refused:
        appealed(walk, **given)
    return refused.value.key


def test_the_last_day_is_five_working_days_after_the_answer(answered):
    """After Tuesday 29: the 30th, then 8, 9, Saturday 10 (shifted) and 12 October."""
    assert told(answered, "o0001") == ("stands", "", "", "2026-10-12")
    assert refusal(answered.on("2026-10-13")) == "publicity.appeal_over"
    made, pieces = appealed(answered.on("2026-10-12"))
    assert set(pieces) == {answered.piece("T3", B1), answered.piece("T3", B2)}
    assert told(answered, made) == ("reading", "", "o0001", "")


def test_an_appeal_needs_grounds_a_decided_objection_and_comes_once(shown):
    made = object_to(shown.workspace, "T3", "B8", "T3", "请再看", shown.act())
    assert refusal(shown) == "publicity.not_decided"
    answer(shown.workspace, made, "stands", "核对", shown.act("组长甲"))
    with pytest.raises(InputError, match="grounds"):
        appealed(shown, words=" ")
    with pytest.raises(InputError, match="no objection"):
        appealed(shown, objection="o0009")
    again, _ = appealed(shown)
    assert refusal(shown) == refusal(shown, objection=again) == "publicity.appealed"


def test_the_panel_is_as_many_fresh_readers_as_policy_asks_and_two_do_not_do(answered):
    appealed(answered)
    piece = answered.piece("T3", B1)
    plan = allocate_reads(answered.workspace, "1", answered.act("组长甲")).plan
    assert set(plan.readers[piece]) == set(PANEL)
    stale = answered.rate(("T3", B1, "R1", "1111 11")).refused
    assert {remark.code for each in stale for remark in each.remarks} == {"not_fresh"}
    panel_reads(answered, "1111 00", "1111 00", raters=PANEL[:2])
    assert answered.level("T3") == "awaiting_read"
    panel_reads(answered, "1011 00", raters=PANEL[2:])
    assert answered.level("T3") == "pass"  # two of three found the criterion met


def test_both_readings_are_kept_and_a_changed_level_is_shown_anew(answered):
    made, _ = appealed(answered)
    panel_reads(answered, "1111 11", "1111 11", "1111 00")
    assert told(answered, made)[:2] == ("raised", "excellent")
    with answered.workspace.store() as store:
        reads = all_reads(store, answered.piece("T3", B1))
    assert [row["reading"] for row in reads] == [1, 1, 2, 2, 2]
    opened = open_publicity(answered.workspace, [], answered.on("2026-10-14").act())
    assert [each.results for each in opened] == [2]  # the point and the conclusion
    with pytest.raises(RefusedError) as refused:
        object_to(answered.workspace, "T3", "B8", "T3", "仍不服", answered.act())
    assert refused.value.key == "publicity.appeal_final"


def test_after_a_fresh_reading_the_days_run_from_its_last_read(shown):
    made = object_to(shown.workspace, "T3", "B8", "T3", "请再看", shown.act())
    answer(shown.workspace, made, "re_read", "核对", shown.act("组长甲"))
    assert refusal(shown) == "publicity.not_decided"
    panel_reads(shown.on("2026-10-12"), "1011 00", "1011 00", raters=PANEL[:2])
    assert told(shown, made) == ("kept", "fail", "", "2026-10-19")
    again, _ = appealed(shown.on("2026-10-19"))
    assert told(shown, again)[0] == "reading"


def test_a_policy_without_days_grants_no_appeal(answered):
    kept = answered.workspace.policy
    days = replace(kept.rule("publicity.appeal_days"), value=0)
    none = replace(kept, rules={**kept.rules, days.key: days})
    with answered.workspace.store() as store:
        (case,) = store.where("objection")
        assert appeal_until(store, kept, case, "stands") is not None
        assert appeal_until(store, none, case, "stands") is None
