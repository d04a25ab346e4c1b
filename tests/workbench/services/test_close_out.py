"""Close-out: every line counts what is open, nothing closes over it, and a closed round stays."""

import ast
import json
from pathlib import Path

import pytest
from click.testing import CliRunner

import workbench
from models.errors import StoreError
from models.store import Act
from models.tables.closing import AFTER_CLOSING
from rubrics.parameters import parameters
from workbench.cli import cli
from workbench.errors import InputError, RefusedError
from workbench.services.accounts import set_roles
from workbench.services.backup import make_backup
from workbench.services.certificates import issue_certificates
from workbench.services.close_out import (
    DONE,
    NOT_ASKED,
    OPEN,
    WAIVED,
    close_out,
    close_out_seen,
    close_round,
    reopen_round,
    waive,
)
from workbench.services.close_out_lines import LINES
from workbench.services.phrases import keep
from workbench.services.roles import ALLOWED, authorise
from workbench.services.windows import set_window

HILL, TOWN = "青山小学", "城关小学"
HERE = Path(workbench.__file__).parent

# Acts that change a round, and so are refused once it is closed.
REFUSED_AFTER = {
    *("roster.import", "intake.import", "intake.window", "form.register", "similarity.import"),
    *("blind.make", "allocation.plan", "allocation.relax", "allocation.terms", "rating.import"),
    *("calibration.import", "calibration.take", "calibration.decide", "calibration.trial"),
    *("read.submit", "read.rule", "read.county", "read.unlock", "read.back", "read.stand_back"),
    *("read.cannot_judge", "read.conflict", "read.unreadable", "read.other"),
    *("flags.raise", "hold.open", "hold.assign", "hold.reply", "hold.resolve"),
    *("publicity.open", "publicity.object", "publicity.answer", "publicity.close"),
    *("publicity.appeal", "leaks.scan"),
    *("precedent.save", "precedent.end", "precedent.publish", "precedent.import"),
    *("supervision.sample", "supervision.decide", "feedback.reason"),
    *("certify.propose", "certify.void", "policy.adopt", "rubric.adopt"),
    *("precedent.save", "precedent.end", "precedent.publish", "precedent.import", "leaks.scan"),
    *("round.close", "round.waive"),
}


def lines(walk):
    return {line.code: line for line in close_out(walk.workspace, walk.now).lines}


def state(walk, code):
    return lines(walk)[code].state


@pytest.fixture
def ended(checked):
    """All that is left after the county check, done: certified, told, printed, kept."""
    walk = checked
    for name in (HILL, TOWN):
        set_window(walk.workspace, name, "noticed", walk.act())
        set_window(walk.workspace, name, "closed", walk.act())
    walk.rate(("T5", "B8-1", "R1", "1111 11"), ("T5", "B8-1", "R2", "1111 11"))
    walk.publish()
    walk.check(HILL, TOWN, words={("T5", "B8-1"): "1111 11"})
    for proposal in walk.propose(HILL, TOWN):
        walk.approve(proposal.proposal_id)
    issue_certificates(walk.workspace, walk.folder / "sheets", walk.act(), formats=["xlsx"])
    for code in ("feedback", "checkpoint"):
        waive(walk.workspace, code, walk.act("K1", "纸质签收单已存档"))
    make_backup(walk.workspace, walk.folder / "kept.zip", walk.act("K1"))
    return walk


class TestTheLines:
    def test_say_what_is_open_by_identifier_and_of_how_many(self, read):
        found = lines(read)
        assert (found["reads"].state, found["reads"].open, found["reads"].of) == (OPEN, 1, 9)
        assert found["reads"].ids == (read.piece("T5", "B8-1"),)
        assert found["missing"].ids == ("T5.B8",)
        assert found["publicity"].open == 8  # four teachers: a result and a conclusion each
        assert found["county_check"].of == 2
        assert found["locks"].state == NOT_ASKED  # no seed pieces in this round
        assert found["rulings"].state == found["holds"].state == DONE

    def test_a_third_read_and_a_ruling_that_wait_are_counted_apart(self, read):
        read.rate(("T1", "B8-1", "R1", "0111 11"), ("T1", "B8-1", "R2", "1011 11"), reason="更正")
        assert lines(read)["third_reads"].ids == (read.piece("T1", "B8-1"),)
        read.rate(("T1", "B8-1", "R3", "1111 11", "third"))
        found = lines(read)
        assert (found["third_reads"].open, found["rulings"].open) == (0, 1)

    def test_a_result_is_certified_once_the_ledger_states_it(self, checked):
        before = lines(checked)["certified"]
        for proposal in checked.propose(HILL):
            checked.approve(proposal.proposal_id)
        after = lines(checked)["certified"]
        assert (before.open, after.open, after.of) == (8, 4, 8)
        assert all(each.startswith(("T1", "T2")) for each in after.ids)
        assert lines(checked)["sheets"].ids == (checked.school(HILL),)

    def test_a_backup_counts_until_the_round_changes_again(self, checked):
        assert state(checked, "backup") == OPEN
        make_backup(checked.workspace, checked.folder / "kept.zip", checked.act())
        assert state(checked, "backup") == DONE
        checked.propose(HILL)
        assert state(checked, "backup") == OPEN

    def test_an_objection_waits_for_its_answer(self, published):
        assert lines(published)["objections"].of == 0

    def test_somebody_of_one_school_sees_that_school(self, read):
        found = {x.code: x for x in close_out_seen(read.workspace, "G1", read.now).lines}
        assert found["reads"].of == 5  # of 9: T1 and T2 have two pieces each, T5 one
        assert found["county_check"].of == 1
        with pytest.raises(RefusedError, match="asks for the role"):
            close_out_seen(read.workspace, "R1", read.now)

    def test_every_line_has_its_sentences_and_a_page(self):
        from workbench import navigation
        from workbench.messages import catalogue

        known = {name for pages in navigation.PAGES.values() for name in pages}
        for code, condition in LINES.items():
            assert condition.page in known
            assert {f"closing.line.{code}", f"closing.about.{code}"} <= catalogue("zh").keys()

    def test_policy_may_let_pass_only_lines_there_are(self):
        assert list(parameters()["closing.waivable"].choices) == list(LINES)

    def test_the_command_says_the_same_and_ends_in_1_while_a_line_is_open(self, read):
        asked = ["--workspace", str(read.workspace.folder), "close", "list", "--json"]
        told = CliRunner().invoke(cli, asked)
        assert told.exit_code == 1
        rows = {row["code"]: row for row in json.loads(told.stdout)}
        assert rows.keys() == LINES.keys()
        keys = "code state open of ids page waivable words actor at".split()
        assert list(rows["reads"]) == keys
        assert rows["reads"]["ids"] == [read.piece("T5", "B8-1")]

    def test_the_command_passes_a_line_and_refuses_to_close_over_the_others(self, read):
        given = ["--workspace", str(read.workspace.folder), "--as", "K1", "close"]
        done = CliRunner().invoke(cli, [*given, "waive", "missing", "--reason", "该教师已调离"])
        assert done.exit_code == 0 and "待补件已了结" in done.stdout
        refused = CliRunner().invoke(cli, [*given, "round"])
        assert refused.exit_code == 2 and "初评完成 1" in refused.stderr


class TestPassingALine:
    def test_passes_what_is_open_now_and_nothing_that_comes_later(self, read):
        made = waive(read.workspace, "missing", read.act("K1", "该教师已调离"))
        assert made.ids == ("T5.B8",)
        line = lines(read)["missing"]
        assert (line.state, line.words, line.actor) == (WAIVED, "该教师已调离", "K1")
        read.take_in([({"teacher_id": "T6", "slot": "B8-1", "school": TOWN}, read.essay("T6"))])
        assert state(read, "missing") == OPEN

    def test_needs_a_reason_a_line_that_policy_names_and_something_open(self, read):
        with pytest.raises(InputError, match="reason"):
            waive(read.workspace, "missing", read.act("K1"))
        with pytest.raises(RefusedError, match="does not let reads"):
            waive(read.workspace, "reads", read.act("K1", "来不及"))
        with pytest.raises(RefusedError, match="nothing is open"):
            waive(read.workspace, "parked", read.act("K1", "没有"))
        with pytest.raises(InputError, match="no line"):
            waive(read.workspace, "reeds", read.act("K1", "没有"))

    @pytest.mark.parametrize("who", ["C1", "G1"])
    def test_is_for_the_roles_that_policy_names(self, read, who):
        with pytest.raises(RefusedError, match="lets county pass"):
            waive(read.workspace, "missing", read.act(who, "该教师已调离"))
        assert read.count("closing_waiver") == 0


@pytest.mark.slow
class TestClosing:
    def test_is_refused_while_anything_is_open_and_says_what(self, read):
        with pytest.raises(RefusedError, match="reads: 1") as refused:
            close_round(read.workspace, read.act("K1"))
        assert ("closing.line.reads", 1) in refused.value.values["lines"]
        assert "round.close" not in read.log()

    def test_stands_in_the_audit_log_with_what_was_passed(self, ended):
        walk = ended
        found = close_round(walk.workspace, walk.act("K1", "全部完成"))
        assert found.open_lines == ()
        assert walk.log()[-1] == "round.close"
        after = close_out(walk.workspace, walk.now)
        assert after.closed_at and not after.may_close
        kept = {row["code"]: row for row in after.events[-1]["checklist"]}
        assert kept.keys() == LINES.keys()
        assert kept["feedback"] == {
            "code": "feedback", "state": WAIVED, "open": kept["feedback"]["open"],
            "words": "纸质签收单已存档",
        }  # fmt: skip

    def test_is_for_who_acts_for_the_whole_round(self, ended):
        walk = ended
        set_roles(walk.workspace, "G1", ["chair"], walk.act("管理员"))
        with pytest.raises(RefusedError, match="about 2 schools"):
            close_round(walk.workspace, walk.act("G1"))

    def test_a_closed_round_changes_again_only_after_it_was_reopened(self, ended):
        walk = ended
        close_round(walk.workspace, walk.act("K1"))
        with pytest.raises(RefusedError, match="round is closed"):
            walk.rate(("T1", "B8-1", "R3", "1111 11"))
        with pytest.raises(InputError, match="reason"):
            reopen_round(walk.workspace, walk.act("K1"))
        reopen_round(walk.workspace, walk.act("K1", "查出漏评"))
        with walk.workspace.store() as store:
            assert store.where("audit_log")[-1]["reason"] == "查出漏评"
        assert authorised(walk, "rating.import")
        with pytest.raises(RefusedError, match="not closed"):
            reopen_round(walk.workspace, walk.act("K1", "查出漏评"))


def authorised(walk, action):
    with walk.workspace.store() as store:
        return bool(authorise(store, walk.act("某人"), action))


def shut(walk):
    """Close a round as it stands, past its own conditions: what comes after is looked at."""
    with (
        walk.workspace.store() as store,
        store.transaction(Act("K1", "county", walk.now), "round.close") as tx,
    ):
        tx.insert("closing_event", [{"kind": "closed", "checklist": "[]", "words": ""}])
    return walk


@pytest.fixture
def closed(opened):
    return shut(opened)


def written_acts():
    """Names of acts the code writes under, where they stand in one piece."""
    for path in HERE.rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            called = isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "transaction"
            if called and len(node.args) > 1 and isinstance(node.args[1], ast.Constant):
                yield node.args[1].value


class TestAfterClosing:
    def test_every_act_is_one_that_is_refused_or_one_that_is_not(self):
        """A new act has to be put on one side here: by default it is refused."""
        known = REFUSED_AFTER | AFTER_CLOSING
        assert set() == REFUSED_AFTER & AFTER_CLOSING
        assert set(ALLOWED) - known == set()

    @pytest.mark.parametrize("action", sorted(REFUSED_AFTER))
    def test_what_would_change_the_round_is_refused_at_both_doors(self, closed, action):
        with closed.workspace.store() as store:
            with pytest.raises(RefusedError, match="round is closed"):
                authorise(store, closed.act("某人"), action)
            with (
                pytest.raises(Exception, match="round is closed"),
                store.transaction(closed.act("某人"), action),
            ):
                pass
            assert store.where("audit_log")[-1]["action"] == "round.close"

    @pytest.mark.parametrize("action", sorted(AFTER_CLOSING & ALLOWED.keys()))
    def test_papers_safe_keeping_and_accounts_go_on(self, closed, action):
        assert authorised(closed, action)

    def test_results_proposed_before_are_not_approved_after(self, checked):
        proposals = checked.propose(HILL)
        shut(checked)
        with pytest.raises(StoreError, match="round is closed"):
            checked.approve(proposals[0].proposal_id)
        assert not checked.workspace.ledger_path(checked.school(HILL)).exists()

    def test_an_act_nobody_thought_of_is_refused_too(self, closed):
        with (
            closed.workspace.store() as store,
            pytest.raises(Exception, match="round is closed"),
            store.transaction(closed.act("某人"), "something.new"),
        ):
            pass

    def test_what_the_code_writes_under_is_known_on_either_side(self):
        written = set(written_acts())
        assert {"rating.import", "read.rule", "publicity.open"} <= written - AFTER_CLOSING
        assert {"analysis.store", "backup.make"} <= written & AFTER_CLOSING

    def test_somebodys_own_phrases_are_no_part_of_the_round(self, closed):
        (kept,) = keep(closed.workspace, "R1", "B8-1.P1", "目标不具体", closed.now)
        assert kept["words"] == "目标不具体"
