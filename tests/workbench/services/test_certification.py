"""Certification: the one road to the ledger, and every other road tried."""

import re

import pytest
from pysqlite3 import dbapi2 as sqlite

from models.errors import LedgerError
from models.ledger.verifying import current_results
from models.publications import cleared_levels
from workbench.errors import InputError, RefusedError
from workbench.services import certification
from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds, reply, resolve
from workbench.services.ledgers import audit_log, ledgers, show, verify
from workbench.services.publicity import object_to, open_publicity
from workbench.services.supervision import decide, sample

TOWN, HILL = "城关小学", "青山小学"
B1, B2 = "B8-1", "B8-2"


def certified(walk, name):
    """Level of each result that stands in a school's ledger, by teacher and competency."""
    path = walk.workspace.ledger_path(walk.school(name))
    with walk.workspace.store() as store:
        teachers = {row["pseudonym"]: row["teacher_id"] for row in store.where("alias")}
    found = current_results(path) if path.exists() else []
    return {(teachers[r["subject"]], r["competency"]): r["level"] for r in found}


def refusals(walk, *schools):
    with pytest.raises(RefusedError, match="nothing can be certified") as caught:
        walk.propose(*schools)
    counted = re.findall(r"(\w+): (\d+)", caught.value.message)
    return {reason: int(count) for reason, count in counted}


def change(walk, teacher="T2", word="1111 11"):
    """Both readers of a piece correct their marks."""
    walk.rate((teacher, B1, "R1", word), (teacher, B1, "R2", word), reason="更正")


def no_ledger(walk):
    return not list((walk.folder / "workspace" / "ledger").iterdir())


class TestTheRoad:
    def test_two_people_bring_a_schools_results_to_its_ledger(self, checked):
        (proposal,) = checked.propose(TOWN)
        assert (proposal.results, proposal.refused) == (4, {"no_level": 2})
        assert no_ledger(checked)  # proposing writes nothing there
        made = checked.approve(proposal.proposal_id)
        assert made.seqs == (1, 2, 3, 4)
        assert certified(checked, TOWN) == {
            ("T1", "B8"): "excellent",
            ("T1", ""): "pass",
            ("T2", "B8"): "pass",
            ("T2", ""): "pass",
        }
        assert list(ledgers(checked.workspace)) == [checked.school(TOWN)]

    def test_what_was_certified_verifies(self, checked):
        for proposal in checked.propose():
            checked.approve(proposal.proposal_id)
        found = verify(checked.workspace)
        assert [each.found.ok for each in found] == [True, True]
        assert audit_log(checked.workspace)[1] == []

    def test_an_entry_says_what_decided_and_who_approved_without_a_name(self, checked):
        (proposal,) = checked.propose(HILL)
        checked.approve(proposal.proposal_id)
        entries = show(checked.workspace, checked.school(HILL))
        fail = next(e for e in entries if e.get("level") == "fail" and e["competency"] == "B8")
        assert [(d["slot"], d["criteria"]) for d in fail["decided_by"]] == [(B1, ["B8-1.P2"])]
        assert sorted({r["round"] for r in fail["reads"]}) == ["blind"]
        assert len(fail["evidence"]) == 2
        assert len(set(fail["approvers"])) == 2
        written = str(entries)
        assert not [n for n in ("教师3", "T3", "复核甲", "登记员", "R1") if f"'{n}'" in written]

    def test_what_stands_already_is_not_proposed_again(self, checked):
        (proposal,) = checked.propose(TOWN)
        checked.approve(proposal.proposal_id)
        assert refusals(checked, TOWN) == {"no_level": 2}


class TestRoadsThatAreClosed:
    def test_a_result_without_a_level(self, checked):
        (proposal,) = checked.propose(TOWN)
        checked.approve(proposal.proposal_id)
        assert not [key for key in certified(checked, TOWN) if key[0] == "T5"]

    def test_an_undecided_result(self, handed_in):
        assert refusals(handed_in) == {"no_level": 10}

    def test_an_unpublished_result(self, read):
        read.check(TOWN, HILL)
        assert refusals(read) == {"not_published": 8, "no_level": 2}

    def test_a_result_whose_publicity_is_still_open(self, read):
        open_publicity(read.workspace, [], read.act())
        read.check(TOWN, HILL)
        assert refusals(read) == {"not_published": 8, "no_level": 2}

    def test_a_result_published_with_another_level(self, checked):
        change(checked)
        assert checked.level("T2") == "excellent"
        (proposal,) = checked.propose(TOWN)
        assert proposal.refused == {"no_level": 2, "not_published": 1}
        open_publicity(checked.workspace, [], checked.act())  # shown anew, not yet closed
        (proposal,) = checked.propose(TOWN)
        assert proposal.refused == {"no_level": 2, "not_published": 1}

    def test_a_result_somebody_objects_to_even_if_its_publicity_was_closed(self, read):
        open_publicity(read.workspace, [], read.act())
        object_to(read.workspace, "T3", "B8", "T3", "请再看", read.act())
        with read.workspace.store() as store:
            with store.transaction(read.act(), "publicity.close") as tx:  # past the service
                ended = {"publication_id": "g0002", "closed_on": "2026-10-20"}
                tx.insert("publication_end", [ended])
            assert ("T3", "B8") not in cleared_levels(store)
            assert ("T4", "B8") in cleared_levels(store)

    def test_a_result_the_county_has_not_checked(self, published):
        assert refusals(published) == {"not_checked": 8, "no_level": 2}

    def test_a_school_whose_check_was_not_accepted(self, published):
        published.check(TOWN)
        decide(
            published.workspace, published.school(HILL), "reopen", "说明", published.act("复核甲")
        )
        assert [p.school_id for p in published.propose()] == [published.school(TOWN)]
        assert refusals(published, HILL) == {"not_checked": 4}

    def test_a_held_result(self, checked):
        raise_flags(checked.workspace, checked.act())
        refused = {p.school_id: p.refused for p in checked.propose()}
        assert refused[checked.school(TOWN)] == {"held": 2, "no_level": 2}  # T1
        assert refused[checked.school(HILL)] == {"held": 2}  # T4
        for proposal_id in ("c0001", "c0002"):
            checked.approve(proposal_id)
        assert not {("T1", "B8"), ("T1", "")} & certified(checked, TOWN).keys()
        assert not {("T4", "B8"), ("T4", "")} & certified(checked, HILL).keys()

    def test_a_result_whose_evidence_was_rejected(self, checked):
        raise_flags(checked.workspace, checked.act())
        case = next(h for h in list_holds(checked.workspace) if h["submissions"] == ["T4.B8.1"])
        reply(checked.workspace, case["hold_id"], "T4", "无异议", "", checked.act())
        for who in ("组长甲", "复核甲"):
            resolve(checked.workspace, case["hold_id"], "reject", "抄袭属实", checked.act(who))
        (proposal,) = checked.propose(HILL)
        assert proposal.refused == {"no_level": 2}

    def test_a_result_sent_to_the_chair_who_has_not_ruled(self, checked):
        raise_flags(checked.workspace, checked.act())
        for case in list_holds(checked.workspace):
            resolve(
                checked.workspace, case["hold_id"], "adjudicate", "请裁定", checked.act("复核甲")
            )
        (proposal,) = checked.propose(HILL)
        assert proposal.refused == {"no_level": 2}

    def test_a_conclusion_some_of_whose_points_are_undecided(self, checked):
        """T3 has failed already; the point handed in since is still to be read."""
        checked.take_in(
            [
                ({"teacher_id": "T3", "slot": "A4-2", "competency": "A4"}, checked.essay("x")),
                ({"teacher_id": "T3", "slot": "A4-1", "competency": "A4"}, checked.essay("y")),
            ]
        )
        assert (checked.level("T3", "A4"), checked.level("T3", "")) == ("awaiting_read", "fail")
        (proposal,) = checked.propose(HILL)
        assert proposal.refused == {"no_level": 2}
        checked.approve(proposal.proposal_id)
        assert ("T3", "B8") in certified(checked, HILL)
        assert ("T3", "") not in certified(checked, HILL)

    def test_a_draft_the_ledger_could_not_state_is_not_even_proposed(self, checked, monkeypatch):
        monkeypatch.setattr("workbench.services.entries.school_label", lambda *_: '"城关"小学')
        with pytest.raises(LedgerError, match="school"):
            checked.propose(TOWN)
        assert checked.count("proposal") == 0


class TestTwoPeople:
    @pytest.mark.parametrize("again", ["登记甲", "G1", " 登记甲"])
    def test_who_proposed_does_not_approve_under_any_name(self, checked, again):
        (proposal,) = checked.propose(TOWN, who="登记甲")
        with pytest.raises(RefusedError, match="same person"):
            checked.approve(proposal.proposal_id, who=again)
        assert no_ledger(checked)

    def test_a_name_nobody_knows_is_still_one_person(self, checked):
        (proposal,) = checked.propose(TOWN, who="校长")
        with pytest.raises(RefusedError, match="same person"):
            checked.approve(proposal.proposal_id, who=" 校长")

    def test_who_holds_another_role_does_not_approve(self, checked):
        (proposal,) = checked.propose(TOWN)
        with pytest.raises(RefusedError, match="asks for the role") as caught:
            checked.approve(proposal.proposal_id, who="评审1")
        assert caught.value.key == "role_missing"
        assert checked.count("approval") == 0

    def test_there_has_to_be_a_proposal(self, checked):
        with pytest.raises(InputError, match="no proposal c0042"):
            checked.approve("c0042")


class TestWhatMovesInBetween:
    def test_a_changed_level_stops_the_approval(self, checked):
        (proposal,) = checked.propose(TOWN)
        change(checked)
        with pytest.raises(RefusedError, match="moved"):
            checked.approve(proposal.proposal_id)
        assert no_ledger(checked)
        assert "certify.approve" not in checked.log()

    def test_a_hold_raised_since_stops_the_approval(self, checked):
        (proposal,) = checked.propose(TOWN)
        raise_flags(checked.workspace, checked.act())
        with pytest.raises(RefusedError, match="moved"):
            checked.approve(proposal.proposal_id)

    def test_a_new_sample_of_the_county_stops_the_approval(self, checked):
        (proposal,) = checked.propose(TOWN)
        sample(checked.workspace, "another", checked.act("复核甲"))
        with pytest.raises(RefusedError, match="moved"):
            checked.approve(proposal.proposal_id)

    def test_of_two_proposals_of_the_same_only_one_is_posted(self, checked):
        (first,), (second,) = checked.propose(TOWN), checked.propose(TOWN)
        checked.approve(second.proposal_id)
        with pytest.raises(RefusedError, match="moved"):
            checked.approve(first.proposal_id)
        assert len(show(checked.workspace, checked.school(TOWN))) == 5

    def test_a_proposal_altered_in_the_database_is_not_posted(self, checked):
        (proposal,) = checked.propose(HILL)
        connection = sqlite.connect(str(checked.folder / "workspace" / "working.db"))
        connection.execute("DROP TRIGGER proposal_keeps_rows")
        connection.execute(
            """UPDATE proposal SET content = replace(content, '"level": "fail"', '"level": "pass"')"""
        )
        connection.commit()
        connection.close()
        with pytest.raises(RefusedError, match="altered"):
            checked.approve(proposal.proposal_id)
        assert no_ledger(checked)


class TestACrashBetweenApprovalAndPosting:
    @pytest.fixture
    def cut_short(self, checked, monkeypatch):
        """Approved by the county's first reviewer; the machine stopped before the ledger was written."""
        (proposal,) = checked.propose(TOWN)

        def crash(*_, **__):
            raise OSError("power cut")

        with monkeypatch.context() as patch:
            patch.setattr(certification, "post", crash)
            with pytest.raises(OSError, match="power cut"):
                checked.approve(proposal.proposal_id)
        assert checked.count("approval") == 1
        assert certified(checked, TOWN) == {}
        return checked

    def test_is_healed_by_approving_again_and_names_who_approved_first(self, cut_short):
        made = cut_short.approve("c0001", who="复核乙")
        assert len(made.seqs) == 4
        with cut_short.workspace.store() as store:
            first = store.one("person", person_id="K1")["pseudonym"]
        entry = show(cut_short.workspace, cut_short.school(TOWN))[1]
        assert entry["approvers"][1] == first
        assert [each.found.ok for each in verify(cut_short.workspace)] == [True]

    def test_is_not_healed_by_who_proposed(self, cut_short):
        with pytest.raises(RefusedError, match="same person"):
            cut_short.approve("c0001", who="登记员")

    def test_leaves_no_road_for_what_was_held_since(self, cut_short):
        raise_flags(cut_short.workspace, cut_short.act())
        with pytest.raises(RefusedError, match="moved"):
            cut_short.approve("c0001")
        assert certified(cut_short, TOWN) == {}
        (anew,) = cut_short.propose(TOWN)
        cut_short.approve(anew.proposal_id)
        assert set(certified(cut_short, TOWN)) == {("T2", "B8"), ("T2", "")}

    def test_posting_happens_once_however_often_it_is_approved(self, checked):
        (proposal,) = checked.propose(TOWN)
        first = checked.approve(proposal.proposal_id)
        checked.later(1)
        assert checked.approve(proposal.proposal_id) == first
        assert checked.approve(proposal.proposal_id, who="复核乙") == first
        assert len(show(checked.workspace, checked.school(TOWN))) == 5


class TestSuperseding:
    def test_a_result_read_again_supersedes_the_entry_that_stands(self, checked):
        (proposal,) = checked.propose(TOWN)
        checked.approve(proposal.proposal_id)
        change(checked)
        checked.publish(TOWN)
        (again,) = checked.propose(TOWN)
        assert again.results == 2  # and the conclusion, whose level is as before, of other parts
        checked.approve(again.proposal_id)
        (entry,) = [
            each
            for each in show(checked.workspace, checked.school(TOWN))[-2:]
            if each["competency"] == "B8"
        ]
        assert (entry["kind"], entry["level"], entry["reason"]) == (
            "supersede",
            "excellent",
            "re_read",
        )
        assert certified(checked, TOWN)[("T2", "B8")] == "excellent"
        assert [each.found.ok for each in verify(checked.workspace)] == [True]

    def test_the_earlier_entry_stays(self, checked):
        (proposal,) = checked.propose(TOWN)
        checked.approve(proposal.proposal_id)
        before = show(checked.workspace, checked.school(TOWN))
        change(checked)
        checked.publish(TOWN)
        checked.approve(checked.propose(TOWN)[0].proposal_id)
        assert show(checked.workspace, checked.school(TOWN))[: len(before)] == before


def test_a_video_kept_elsewhere_without_a_checksum_does_not_stop_its_school(checked):
    columns = "teacher_id teacher_name school competency slot file location".split()
    about = {"teacher_id": "T2", "competency": "A4"}
    checked.take_in(
        [
            ({**about, "slot": "A4-1", "location": "校本部硬盘3号"}, None),
            ({**about, "slot": "A4-2"}, checked.essay("A4")),
        ],
        columns,
    )
    words = {"A4-1": "11111 11", "A4-2": "111 11"}
    checked.rate(
        *[("T2", s, r, w, "blind", "", "A4") for s, w in words.items() for r in ("R1", "R2")]
    )
    assert checked.level("T2", "A4") == "excellent"
    checked.publish(TOWN)
    (proposal,) = checked.propose(TOWN)
    checked.approve(proposal.proposal_id)
    assert certified(checked, TOWN)[("T2", "A4")] == "excellent"
    assert [each.found.ok for each in verify(checked.workspace)] == [True]


def test_where_policy_asks_for_no_county_check_certification_does_not_wait_for_one(
    published, monkeypatch
):
    monkeypatch.setattr(
        "workbench.services.workspace.Workspace.policy",
        Without(published.workspace.policy, "audit.county_check_before_certification"),
    )
    (proposal,) = published.propose(TOWN)
    published.approve(proposal.proposal_id)
    assert len(certified(published, TOWN)) == 4
    entry = show(published.workspace, published.school(TOWN))[1]
    assert entry["county_check"] is None


class Without:
    """A policy with one switch turned off."""

    def __init__(self, policy, key):
        self._policy, self._key = policy, key

    def __getitem__(self, key):
        return False if key == self._key else self._policy[key]

    def __getattr__(self, name):
        return getattr(self._policy, name)

    def __contains__(self, key):
        return key in self._policy
