"""Voiding a result, and a ledger's key: rotated, locked, revoked, lost; two people each time."""

import pytest

from models.errors import LedgerError
from models.ledger.notes import parse_key
from models.ledger.reading import current_results, key_in_force
from models.ledger.statements import county_key
from workbench.errors import InputError, RefusedError
from workbench.services.certifiable import prospects
from workbench.services.certification import (
    approve,
    continue_ledger,
    propose_procedure,
)
from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds, resolve
from workbench.services.keys import is_locked, lock_key, trusted_keys
from workbench.services.ledger_acts import (
    prepare_continuation,
    propose_erase_notice,
    propose_revocation,
    propose_rotation,
    propose_void,
)
from workbench.services.ledgers import show, verify
from workbench.services.witness import admit, answer, set_up, state
from workbench.services.witnessed import requests, trust_witness, witness_keys

TOWN = "城关小学"
NAME = "county.example/witness"


@pytest.fixture
def posted(certified_town):
    """The town's four results stand in its ledger, as entries 1 to 4."""
    return certified_town


def path(walk):
    return walk.workspace.ledger_path(walk.school(TOWN))


def standing(walk):
    return [entry["seq"] for entry in current_results(path(walk))]


def void(walk, *seqs, cause="wrong_result", reason="分数录错了人", who="登记员"):
    act = walk.act(who, reason)
    return propose_void(walk.workspace, walk.school(TOWN), list(seqs), cause, act)


def sound(walk):
    return [each.found.ok for each in verify(walk.workspace, [walk.school(TOWN)])]


class TestVoiding:
    def test_two_people_void_a_result_and_it_no_longer_stands(self, posted):
        proposal = void(posted, 1)
        assert standing(posted) == [1, 2, 3, 4]
        assert posted.approve(proposal.proposal_id).seqs == (5,)
        assert standing(posted) == [2, 3, 4]
        last = show(posted.workspace, posted.school(TOWN))[-1]
        assert (last["kind"], last["supersedes"], last["reason"]) == ("void", 1, "wrong_result")
        assert len(set(last["approvers"])) == 2
        assert "分数" not in str(last)
        assert sound(posted) == [True]

    def test_one_person_cannot(self, posted):
        proposal = void(posted, 1)
        with pytest.raises(RefusedError, match="same person"):
            posted.approve(proposal.proposal_id, who="登记员")

    def test_approved_twice_it_is_posted_once(self, posted):
        proposal = void(posted, 1)
        first = posted.approve(proposal.proposal_id)
        assert posted.approve(proposal.proposal_id) == first
        assert len(show(posted.workspace, posted.school(TOWN))) == 6

    def test_what_no_longer_stands_when_it_is_approved_is_not_posted(self, posted):
        one, other = void(posted, 1), void(posted, 1, 2)
        posted.approve(one.proposal_id)
        with pytest.raises(RefusedError, match="moved"):
            posted.approve(other.proposal_id)

    def test_a_voided_result_is_not_certified_again_unless_it_changed(self, posted):
        posted.approve(void(posted, *standing(posted)).proposal_id)
        with pytest.raises(RefusedError, match="voided: 4"):
            posted.propose(TOWN)
        (seen,) = [
            p for p in prospects(posted.workspace, "K1") if p.school_id == posted.school(TOWN)
        ]
        assert (seen.ready, seen.posted, seen.refused["voided"]) == (0, 0, 4)
        posted.rate(("T2", "B8-1", "R1", "1111 11"), ("T2", "B8-1", "R2", "1111 11"), reason="更正")
        posted.publish(TOWN)
        (proposal,) = posted.propose(TOWN)
        assert (proposal.results, proposal.refused["voided"]) == (2, 2)  # the point and conclusion
        posted.approve(proposal.proposal_id)
        assert sound(posted) == [True]

    @pytest.mark.parametrize("seqs", [(0,), (9,), (1, 9), ()])
    def test_only_results_that_stand_can_be_voided(self, posted, seqs):
        with pytest.raises(InputError, match="no results that stand"):
            void(posted, *seqs)

    @pytest.mark.parametrize(("cause", "reason"), [("mood", "话"), ("withdrawn", " ")])
    def test_a_reason_is_needed(self, posted, cause, reason):
        with pytest.raises(InputError, match="needs a reason"):
            void(posted, 1, cause=cause, reason=reason)

    def test_a_rater_cannot(self, posted):
        with pytest.raises(RefusedError):
            void(posted, 1, who="评审1")


def rotate(walk, passphrase=None):
    act = walk.act(reason="按期更换")
    made = propose_rotation(walk.workspace, walk.school(TOWN), act, walk.fresh, passphrase)
    return made.proposal_id


def certify_more(walk):
    walk.rate(("T2", "B8-1", "R1", "1111 11"), ("T2", "B8-1", "R2", "1111 11"), reason="更正")
    walk.publish(TOWN)
    return walk.propose(TOWN)[0].proposal_id


class TestProcedure:
    def record(self, walk):
        (made,) = propose_procedure(walk.workspace, [walk.school(TOWN)], walk.act())
        return walk.approve(made.proposal_id)

    def test_publicity_and_county_check_are_recorded_once_with_what_results_name(self, posted):
        assert len(self.record(posted).seqs) == 2
        entries = show(posted.workspace, posted.school(TOWN))
        publicity, county = entries[-2:]
        assert (publicity["kind"], county["kind"]) == ("publicity", "county_confirm")
        assert publicity["publicity"] == entries[1]["publicity"]
        assert county["county_check"] == entries[1]["county_check"]
        assert publicity["opened_at"] < publicity["closed_at"]
        assert (county["sampled"], county["differing"]) == (1, 0)
        assert sound(posted) == [True]
        with pytest.raises(RefusedError, match="nothing to record"):
            propose_procedure(posted.workspace, [posted.school(TOWN)], posted.act())

    def test_a_resolved_hold_is_recorded_without_its_words(self, checked):
        raise_flags(checked.workspace, checked.act())
        case = next(h for h in list_holds(checked.workspace) if "T1.B8.1" in h["submissions"])
        resolve(checked.workspace, case["hold_id"], "certify", "同一模板", checked.act("复核乙"))
        self.record(checked)
        last = show(checked.workspace, checked.school(TOWN))[-1]
        assert (last["kind"], last["hold"]) == ("hold_release", case["hold_id"])
        assert (last["disposition"], last["flag"]) == ("certify", case["code"])
        assert "模板" not in str(last)
        assert sound(checked) == [True]

    def test_an_erasure_is_noticed_by_commitment_and_the_ledger_still_verifies(self, posted):
        entry = current_results(path(posted))[0]
        act = posted.act(reason="本人申请")
        school = posted.school(TOWN)
        made = propose_erase_notice(posted.workspace, school, entry["subject"], "request", act)
        posted.approve(made.proposal_id)
        last = show(posted.workspace, school)[-1]
        assert (last["kind"], last["commits"]) == ("erase_notice", [entry["pii_commit"]])
        assert sound(posted) == [True]
        with pytest.raises(InputError, match="says nothing"):
            propose_erase_notice(posted.workspace, school, "nobody", "request", act)


class TestKeys:
    def test_the_old_key_hands_over_and_the_new_one_signs_from_then_on(self, posted):
        old = key_in_force(path(posted))
        posted.approve(rotate(posted))
        new = key_in_force(path(posted))
        assert new != old
        posted.approve(certify_more(posted))
        assert sound(posted) == [True]
        assert {old, new} <= set(
            trusted_keys(posted.workspace)
        )  # old sheets still prove themselves

    def test_a_rotation_cut_short_is_completed_by_the_next_act(self, posted, monkeypatch):
        proposal = rotate(posted)
        with monkeypatch.context() as patch:
            patch.setattr("workbench.services.certification.settle_key", lambda *_: None)
            posted.approve(proposal)  # the ledger names the new key, its file is not in place
        posted.approve(certify_more(posted))
        assert sound(posted) == [True]

    def test_a_locked_key_posts_with_its_passphrase_alone(self, posted):
        school = posted.school(TOWN)
        lock_key(posted.workspace, school, posted.act(), None, "北窗 7")
        assert is_locked(posted.workspace, school)
        proposal = void(posted, 1).proposal_id
        for wrong in (None, "南窗"):
            with pytest.raises(LedgerError, match="passphrase"):
                approve(posted.workspace, proposal, posted.act("复核甲"), posted.fresh, wrong)
        assert standing(posted) == [1, 2, 3, 4]
        approve(posted.workspace, proposal, posted.act("复核甲"), posted.fresh, "北窗 7")
        assert standing(posted) == [2, 3, 4]

    def test_a_lost_key_is_not_drawn_anew_in_silence(self, posted):
        (posted.workspace.folder / "keys" / f"{posted.school(TOWN)}.pem").unlink()
        with pytest.raises(LedgerError, match="No such file"):
            posted.approve(void(posted, 1).proposal_id)

    def test_a_clock_that_went_back_is_accepted_in_words_only(self, posted):
        proposal = void(posted, 1).proposal_id
        posted.later(-3)
        with pytest.raises(LedgerError, match="Set the clock right"):
            posted.approve(proposal)
        approve(posted.workspace, proposal, posted.act("复核甲"), posted.fresh, accept_clock=True)
        assert show(posted.workspace, posted.school(TOWN))[-1]["clock_back"] is True


@pytest.fixture(scope="module")
def seen_folder(further, certified_town_folder):
    def do(walk):
        walk.on("2026-10-23")
        county = walk.folder / "witness"
        trust_witness(walk.workspace, [set_up(county, NAME, walk.fresh)], walk.act())
        admit(county, trusted_keys(walk.workspace))
        files = requests(walk.workspace, walk.folder / "out", [walk.school(TOWN)])
        assert answer(county, files, walk.folder / "back", walk.now)[0].code == ""

    return further(certified_town_folder, do)


@pytest.fixture
def seen(seen_folder, walk_in):
    """The county has witnessed the last checkpoint."""
    return walk_in(seen_folder, "2026-10-23")


def stated(walk, action, key):
    origin = parse_key(key_in_force(path(walk))).name
    return state(walk.folder / "witness", action, origin, key).encode()


class TestLostAndStolenKeys:
    def test_a_revoked_key_closes_the_ledger(self, seen):
        key = key_in_force(path(seen))
        note = stated(seen, "revoke", key)
        act = seen.act(reason="密钥外泄")
        seen.approve(propose_revocation(seen.workspace, seen.school(TOWN), note, act).proposal_id)
        assert sound(seen) == [True]
        with pytest.raises(LedgerError, match="closed"):
            seen.approve(void(seen, 1).proposal_id)

    def test_a_revocation_needs_the_countys_word_about_this_key(self, seen):
        school, act = seen.school(TOWN), seen.act(reason="密钥外泄")
        other = witness_keys(seen.workspace)[0]
        note = stated(seen, "revoke", county_key(other).text)
        with pytest.raises(RefusedError, match="the statement says"):
            propose_revocation(seen.workspace, school, note, act)
        with pytest.raises(LedgerError, match="does not belong"):
            propose_revocation(seen.workspace, school, note.replace(b"revoke", b"recoke"), act)

    def test_a_lost_key_is_followed_by_a_ledger_that_continues(self, seen):
        school, act = seen.school(TOWN), seen.act(reason="密钥遗失")
        before = [
            {k: e[k] for k in ("subject", "competency", "level", "attempt", "approvers")}
            for e in current_results(path(seen))
        ]
        (seen.workspace.folder / "keys" / f"{school}.pem").unlink()
        new = prepare_continuation(seen.workspace, school, act, seen.fresh)
        note = stated(seen, "continue", new)
        continue_ledger(seen.workspace, school, note, act)
        assert key_in_force(path(seen)) == new
        after = [{k: e[k] for k in before[0]} for e in current_results(path(seen))]
        assert after == before
        genesis = show(seen.workspace, school)[0]
        assert genesis["continues"]["size"] == 5
        assert sound(seen) == [True, True]  # the closed one, and the one that continues it
        seen.approve(void(seen, 1).proposal_id)
        with pytest.raises(RefusedError, match="the statement says"):
            continue_ledger(seen.workspace, school, note, act)

    def test_the_closed_ledger_taken_away_is_found(self, seen):
        school, act = seen.school(TOWN), seen.act(reason="密钥遗失")
        new = prepare_continuation(seen.workspace, school, act, seen.fresh)
        continue_ledger(seen.workspace, school, stated(seen, "continue", new), act)
        path(seen).with_name(f"{school}.1.db").unlink()
        (found,) = verify(seen.workspace, [school])
        assert [fault.code for fault in found.found.faults] == ["continues"]

    def test_whoever_trusts_the_county_trusts_what_it_says_continues(self, seen):
        school, act = seen.school(TOWN), seen.act(reason="密钥遗失")
        new = prepare_continuation(seen.workspace, school, act, seen.fresh)
        continue_ledger(seen.workspace, school, stated(seen, "continue", new), act)
        county = county_key(witness_keys(seen.workspace)[0]).text
        closed, continuing = verify(seen.workspace, [school], [county])
        assert (closed.found.ok, continuing.found.ok) == (False, True)

    def test_entries_the_county_has_not_seen_must_be_witnessed_first(self, seen):
        school, act = seen.school(TOWN), seen.act(reason="密钥遗失")
        seen.approve(void(seen, 1).proposal_id)
        new = prepare_continuation(seen.workspace, school, act, seen.fresh)
        with pytest.raises(RefusedError, match="cosigned first"):
            continue_ledger(seen.workspace, school, stated(seen, "continue", new), act)
