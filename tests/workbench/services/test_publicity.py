"""Publicity: shown for working days, objected to, closed; what changes is shown anew."""

from datetime import date

import pytest

from workbench.errors import InputError, RefusedError
from workbench.services.publicity import (
    answer,
    close_publicity,
    list_publicity,
    object_to,
    open_publicity,
)
from workbench.services.results import CONCLUSION

TOWN, HILL = "城关小学", "青山小学"


@pytest.fixture
def shown(read):
    """Both schools shown from Monday 28 September on."""
    read.on("2026-09-28")
    open_publicity(read.workspace, [], read.act())
    return read


def object_(walk, teacher="T3", competency="B8", words="请再看第二条"):
    return object_to(walk.workspace, teacher, competency, teacher, words, walk.act())


def reply(walk, objection, given, who="组长甲"):
    return answer(walk.workspace, objection, given, "已核对", walk.act(who))


def shown_levels(walk):
    with walk.workspace.store() as store:
        return [
            (r["publication_id"], r["teacher_id"], r["competency"], r["level"])
            for r in store.where("published_result")
        ]


class TestOpening:
    def test_shows_every_level_and_nothing_without_one(self, read):
        opened = open_publicity(read.workspace, [], read.act())
        # T1, T2 of the town, T3, T4 of the hill: a point and a conclusion each; T5 has none
        assert [(o.results) for o in opened] == [4, 4]
        assert not {teacher for _, teacher, _, _ in shown_levels(read)} & {"T5"}

    def test_runs_over_the_national_day_holiday_and_the_shifted_saturday(self, read):
        """From Monday 28 September: 29, 30, then 8, 9 and Saturday 10 October."""
        read.on("2026-09-28")
        opened = open_publicity(read.workspace, [], read.act())
        assert {o.closes_on for o in opened} == {date(2026, 10, 10)}

    def test_counts_from_the_day_in_china(self, read):
        read.on("2026-09-27", 17)  # already Monday there
        opened = open_publicity(read.workspace, [], read.act())
        assert {o.closes_on for o in opened} == {date(2026, 10, 10)}
        assert list_publicity(read.workspace)[0]["opened_on"] == "2026-09-28"

    def test_shows_nothing_twice(self, shown):
        assert open_publicity(shown.workspace, [], shown.act()) == []

    def test_may_be_for_one_school(self, read):
        opened = open_publicity(read.workspace, [read.school(HILL)], read.act())
        assert [o.school_id for o in opened] == [read.school(HILL)]


class TestClosing:
    def test_is_refused_until_the_last_day_is_over_in_china(self, shown):
        for day, hour in (("2026-09-29", 2), ("2026-10-10", 2), ("2026-10-10", 15)):
            shown.on(day, hour)
            with pytest.raises(RefusedError, match="runs until 2026-10-10"):
                close_publicity(shown.workspace, [], shown.act())
        shown.on("2026-10-10", 16)  # midnight in China
        assert len(close_publicity(shown.workspace, [], shown.act())) == 2

    def test_is_refused_while_an_objection_is_unanswered_and_closes_nothing(self, shown):
        objection = object_(shown)
        shown.on("2026-10-12")
        with pytest.raises(RefusedError, match="nobody has answered"):
            close_publicity(shown.workspace, [], shown.act())
        assert {row["state"] for row in list_publicity(shown.workspace)} == {"open"}
        assert close_publicity(shown.workspace, [shown.school(TOWN)], shown.act()) == ["g0001"]
        reply(shown, objection, "stands")
        assert close_publicity(shown.workspace, [], shown.act()) == ["g0002"]

    def test_needs_something_open(self, read):
        with pytest.raises(RefusedError, match="no publicity is open"):
            close_publicity(read.workspace, [], read.act())


class TestObjecting:
    def test_ends_with_the_last_day(self, shown):
        shown.on("2026-10-10", 15)
        assert object_(shown) == "o0001"
        shown.on("2026-10-10", 16)
        with pytest.raises(RefusedError, match="not in a publicity"):
            object_(shown, "T4")

    def test_is_to_something_shown(self, shown):
        with pytest.raises(RefusedError, match="not in a publicity"):
            object_(shown, "T5")

    def test_needs_grounds(self, shown):
        with pytest.raises(InputError, match="grounds"):
            object_(shown, words=" ")

    def test_is_answered_once_with_a_reason(self, shown):
        objection = object_(shown)
        with pytest.raises(InputError, match="one of stands, re_read"):
            reply(shown, objection, "perhaps")
        with pytest.raises(InputError, match="one of stands"):
            answer(shown.workspace, objection, "stands", " ", shown.act("组长甲"))
        assert reply(shown, objection, "stands") == []
        with pytest.raises(InputError, match="no unanswered objection"):
            reply(shown, objection, "re_read")

    def test_reopens_by_reading_again_never_by_edit(self, shown):
        objection = object_(shown)
        assert set(reply(shown, objection, "re_read")) == {
            shown.piece("T3", "B8-1"),
            shown.piece("T3", "B8-2"),
        }
        assert shown.level("T3") == "awaiting_read"
        assert ("g0002", "T3", "B8", "fail") in shown_levels(shown)  # what was shown was shown

    def test_to_a_conclusion_reopens_all_it_rests_on(self, shown):
        objection = object_(shown, competency=CONCLUSION)
        assert len(reply(shown, objection, "re_read")) == 2


class TestShowingAnew:
    def reread(self, walk, word):
        reply(walk, object_(walk), "re_read")
        reads = [
            ("T3", s, r, w) for r in ("R3", "R4") for s, w in (("B8-1", word), ("B8-2", "111 11"))
        ]
        walk.rate(*reads)

    def test_a_level_that_changed_is_shown_again_for_its_own_days(self, shown):
        self.reread(shown, "1111 11")
        assert shown.level("T3") == "excellent"
        shown.on("2026-10-12")
        close_publicity(shown.workspace, [], shown.act())
        opened = open_publicity(shown.workspace, [], shown.act())
        assert [(o.publication_id, o.results) for o in opened] == [("g0003", 2)]
        assert ("g0003", "T3", "B8", "excellent") in shown_levels(shown)
        with pytest.raises(RefusedError, match="runs until"):
            close_publicity(shown.workspace, [], shown.act())

    def test_an_objection_goes_to_what_is_shown_now(self, shown):
        self.reread(shown, "1111 00")
        open_publicity(shown.workspace, [], shown.act())
        object_(shown)
        with shown.workspace.store() as store:
            assert store.where("objection")[-1]["publication_id"] == "g0003"

    def test_a_level_that_came_out_the_same_is_not(self, shown):
        self.reread(shown, "1011 11")
        assert shown.level("T3") == "fail"
        assert open_publicity(shown.workspace, [], shown.act()) == []


class TestAgain:
    """A second objection to the same result of the same publicity."""

    def test_waits_for_the_answer_to_the_first(self, shown):
        first = object_(shown)
        with pytest.raises(RefusedError, match="stands") as refused:
            object_to(shown.workspace, "T3", "B8", "同组教师", "也请再看", shown.act())
        assert refused.value.key == "publicity.objection_waits"
        reply(shown, first, "stands")
        again = object_to(shown.workspace, "T3", "B8", "同组教师", "也请再看", shown.act())
        assert again == "o0002"

    def test_by_the_same_person_is_an_appeal(self, shown):
        reply(shown, object_(shown), "stands")
        with pytest.raises(RefusedError) as refused:
            object_(shown)
        assert refused.value.key == "publicity.objected_before"
        assert object_(shown, "T4") == "o0002"  # another result is another matter

    def test_is_not_taken_once_the_result_is_read_again(self, shown):
        reply(shown, object_(shown), "re_read")
        with pytest.raises(RefusedError) as refused:
            object_to(shown.workspace, "T3", "B8", "同组教师", "也请再看", shown.act())
        assert refused.value.key == "publicity.read_again"

    def test_to_the_conclusion_does_not_reopen_what_is_read_again_already(self, shown):
        about_the_point = object_(shown)
        about_all = object_(shown, competency=CONCLUSION)
        assert len(reply(shown, about_all, "re_read")) == 2
        assert reply(shown, about_the_point, "re_read") == []
        with shown.workspace.store() as store:
            assert {row["reading"] for row in store.where("reopening")} == {2}
