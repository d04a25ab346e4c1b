"""The county's check: a sample read again, and each school accepted or reopened."""

import pytest

from workbench.errors import InputError, RefusedError
from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds, resolve
from workbench.services.publicity import open_publicity
from workbench.services.supervision import compare, decide, sample

TOWN, HILL = "城关小学", "青山小学"


def words(sign, *teachers):
    """Every mark of these teachers' pieces the same."""
    sizes = {"B8-1": 6, "B8-2": 5}
    return {(t, slot): sign * size for t in teachers for slot, size in sizes.items()}


def draw(walk, seed="2026"):
    return sample(walk.workspace, seed, walk.act("复核甲"))


def settle(walk, school, decision, words="见复核记录"):
    return decide(walk.workspace, walk.school(school), decision, words, walk.act("复核甲"))


def of_school(walk, name):
    wanted = walk.school(name)
    return next(row for row in compare(walk.workspace) if row["school_id"] == wanted)


class TestTheSample:
    def test_is_the_same_for_the_same_seed_and_kept(self, read):
        first, second = draw(read), draw(read)
        assert first == second
        with read.workspace.store() as store:
            assert [row["random_seed"] for row in store.where("county_sample")] == ["2026", "2026"]

    def test_comes_from_every_school(self, read):
        assert {d.school_id for d in draw(read)} == {read.school(TOWN), read.school(HILL)}

    def test_holds_what_was_ever_held_also_once_released(self, read):
        raise_flags(read.workspace, read.act())
        for case in list_holds(read.workspace):
            resolve(read.workspace, case["hold_id"], "certify", "核对无误", read.act("组长甲"))
        must = {d.piece_id for d in draw(read) if d.why == "held_by_anomaly"}
        assert must == {read.piece(t, s) for t in ("T1", "T4") for s in ("B8-1", "B8-2")}

    def test_needs_levels_to_draw_from(self, handed_in):
        with pytest.raises(RefusedError, match="no piece has a level"):
            draw(handed_in)


class TestDeciding:
    def test_waits_until_every_piece_of_the_sample_is_read_again(self, read):
        drawn = draw(read)
        with pytest.raises(RefusedError, match="1 of 1 sampled pieces have not been"):
            settle(read, TOWN, "accept")
        own = [d for d in drawn if d.school_id == read.school(TOWN)]
        read.county_reads(own)
        assert settle(read, TOWN, "accept") == []
        with pytest.raises(RefusedError, match="have not been"):
            settle(read, HILL, "accept")

    def test_a_school_nobody_sampled_is_not_accepted(self, read):
        with pytest.raises(RefusedError, match="0 of 0"):
            settle(read, TOWN, "accept")

    def test_needs_a_reason_and_one_of_two_words(self, read):
        read.county_reads(draw(read))
        for decision, words in (("accept", " "), ("maybe", "理由")):
            with pytest.raises(InputError, match="accept or reopen"):
                settle(read, TOWN, decision, words)

    def test_a_read_that_could_not_judge_is_no_read(self, read):
        drawn = draw(read)
        read.county_reads(drawn, words("?", "T1", "T2", "T3", "T4"))
        with pytest.raises(RefusedError, match="have not been"):
            settle(read, TOWN, "accept")

    def test_reopens_only_where_the_county_differs(self, read):
        drawn = draw(read)
        read.county_reads(drawn, words("0", "T1", "T2"))
        assert of_school(read, TOWN)["lowered"] == 1
        reopened = settle(read, TOWN, "reopen")
        assert reopened == [d.piece_id for d in drawn if d.school_id == read.school(TOWN)]
        assert settle(read, HILL, "reopen") == []

    def test_the_countys_own_read_decides_no_level(self, read):
        before = read.level("T1"), read.level("T2")
        read.county_reads(draw(read), words("0", "T1", "T2"))
        assert (read.level("T1"), read.level("T2")) == before

    def test_a_new_sample_makes_earlier_decisions_void(self, read):
        read.check(TOWN, HILL)
        assert of_school(read, TOWN)["decision"] == "accept"
        draw(read, "another")
        assert of_school(read, TOWN)["decision"] == ""


class TestComparing:
    def test_a_share_that_reaches_the_limit_is_over_it(self, read):
        """One piece a school: lowered, it is a share of 1, and the limit .2 is reached."""
        read.county_reads(draw(read), words("0", "T1", "T2"))
        town, hill = of_school(read, TOWN), of_school(read, HILL)
        assert (town["lowered_share"], town["over_limit"]) == (1.0, True)
        assert (hill["lowered_share"], hill["over_limit"]) == (0.0, False)

    def test_nothing_read_again_is_unknown_not_nought(self, read):
        draw(read)
        assert of_school(read, TOWN)["lowered_share"] is None
        assert not of_school(read, TOWN)["over_limit"]

    def test_reopening_does_not_lose_the_countys_reads(self, read):
        open_publicity(read.workspace, [], read.act())
        drawn = draw(read)
        read.county_reads(drawn, words("0", "T1", "T2"))
        settle(read, TOWN, "reopen")
        assert of_school(read, TOWN)["reread"] == 0  # the school's own level is awaited
        with read.workspace.store() as store:
            assert len(store.where("read", round="county")) == len(drawn)

    def test_a_county_read_of_a_reopened_piece_counts_though_it_finds_the_same_again(self, read):
        drawn, low = draw(read), words("0", "T1", "T2")
        read.county_reads(drawn, low)
        (reopened,) = settle(read, TOWN, "reopen")
        read.county_reads(drawn, low)
        read.county_reads(drawn, low)  # the same file once more changes nothing
        with read.workspace.store() as store:
            found = {each.piece_id: [] for each in drawn}
            for row in store.where("read", round="county"):
                found[row["piece_id"]].append(row["reading"])
        assert found.pop(reopened) == [1, 2]
        assert set(map(tuple, found.values())) == {(1,)}
