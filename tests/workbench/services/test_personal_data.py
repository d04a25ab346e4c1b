"""A person erased: nothing names them here, the ledger verifies, and the sheet in their hand too."""

import hashlib
import io
import json
import os
from datetime import timedelta

import pytest
from pysqlite3 import dbapi2 as sqlite

from models.drafts import Task, open_draft, save_draft
from models.erasing import desk_traces, erased, traces
from models.ledger.reading import current_results, read_entries
from models.precedents import keep_precedents
from rubrics.canonical import canonical_json
from workbench.errors import InputError, RefusedError
from workbench.services.appeals import appeal
from workbench.services.certificates import issue_certificates, write_certificates
from workbench.services.certification import approve
from workbench.services.flags import list_flags, raise_flags
from workbench.services.holds import list_holds, resolve
from workbench.services.keys import trusted_keys
from workbench.services.ledgers import verify
from workbench.services.personal_data import erase_person, export, report
from workbench.services.precedent_texts import fts_query
from workbench.services.precedents import terms_of
from workbench.services.publicity import answer, close_publicity, object_to, open_publicity
from workbench.services.resubmission import give_feedback
from workbench.services.results import results
from workbench.services.retention import appeals_end, apply_retention, retention
from workbench.services.verification import verify_sheet

TOWN, HILL = "城关小学", "青山小学"
NAME = "教师1"


@pytest.fixture
def posted(certified_town):
    return certified_town


def erase(walk, *, dry_run=False, who="登记员", reason="本人申请"):
    return erase_person(walk.workspace, "T1", "request", walk.act(who, reason), dry_run=dry_run)


def erase_wholly(walk):
    asked = erase(walk)
    walk.approve(asked.proposal_id)
    return erase(walk)


def kept_bytes(walk):
    """Everything the workspace's database files hold, free pages included."""
    folder = walk.workspace.folder
    return b"".join(path.read_bytes() for path in folder.glob("working.db*"))


def test_a_rehearsal_counts_what_would_go_and_touches_nothing(posted):
    before = kept_bytes(posted)
    planned = erase(posted, dry_run=True)
    assert (planned.state, planned.rows["teacher"], planned.rows["evidence_file"]) == (
        "planned",
        1,
        2,
    )
    assert planned.files == 1  # T4 handed in the other text too
    assert kept_bytes(posted) == before


def test_erasing_takes_two_people_when_the_ledger_speaks_of_the_person(posted):
    asked = erase(posted)
    assert (asked.state, erase(posted).proposal_id) == ("proposed", asked.proposal_id)
    with pytest.raises(RefusedError, match="same person"):
        approve(posted.workspace, asked.proposal_id, posted.act("登记员"), posted.fresh)
    posted.approve(asked.proposal_id)
    assert erase(posted).state == "done"


def test_after_erasing_nothing_names_the_person_and_everything_still_verifies(posted, tmp_path):
    walk, school = posted, posted.school(TOWN)
    out = tmp_path / "sheets"
    write_certificates(walk.workspace, out, walk.act().at.date(), [school])
    (sheet,) = out.rglob("*_T1_*.docx")
    keys, ledger = trusted_keys(walk.workspace), walk.workspace.ledger_path(school)
    salt = export(walk.workspace, "T1", walk.act("登记员"))["salt"]
    assert salt.encode() in kept_bytes(walk)
    pieces = len(results(walk.workspace))

    done = erase_wholly(walk)

    assert done.state == "done"
    held = kept_bytes(walk)
    assert salt.encode() not in held
    with walk.workspace.store() as store:
        row = store.one("teacher", teacher_id=done.teacher_id)
        assert (row["name"], row["teacher_no"]) == ("", "")
        assert store.where("alias", teacher_id=done.teacher_id) == []
        assert store.where("teacher_fact", teacher_id=done.teacher_id) == []
        assert store.audit_faults() == []
        assert list(erased(store)) == [done.teacher_id]
    assert [each.found.ok for each in verify(walk.workspace, [school])] == [True]
    assert [e["kind"] for e in read_entries(ledger)][-1] == "erase_notice"
    assert verify_sheet(sheet, keys, [ledger]).ok
    assert len(results(walk.workspace)) < pieces
    with pytest.raises(InputError, match="no such teacher"):
        erase(walk)


WORDS = "教师1说明：两份是同一次教研的成果"


def speak(walk):
    """T1's text is T4's, both cases are resolved, a draft is open, and R9 may not read T1."""
    raise_flags(walk.workspace, walk.act())
    for case in list_holds(walk.workspace):
        resolve(walk.workspace, case["hold_id"], "certify", WORDS, walk.act("复核乙"))
    walk.approve(walk.propose(TOWN)[0].proposal_id)
    task = Task(walk.piece("T1", "B8-1"), "R3", "third", 1)
    with walk.workspace.desk() as desk:
        open_draft(desk, task, walk.now)
        save_draft(desk, task, 0, {"comment": WORDS}, walk.now)
    with walk.workspace.store() as store, store.transaction(walk.act("登记员"), "test") as tx:
        row = store.one("person", person_id="R1")
        told = {"person_id": "R9", "name": "评审9", "pseudonym": "p9", "tx": tx.seq}
        tx.insert("person", [{**row, **told, "relations": json.dumps([NAME, "别人"])}])
        content = {"criterion": "B8-1.P1", "words": WORDS, "excerpt": WORDS}
        where = {"competency": "B8", "slot_id": "B8-1", "criterion_id": "B8-1.P1", "met": 1}
        kept = {"number": 1, "precedent_id": "P1", "wording": "w", "rubric_version": "1"}
        about = {"year": 2026, "scope": "", "author": "a1", "pack": "", "content": content}
        mine = {**where, **kept, **about, "piece_id": task.piece_id}
        other = {**content, "words": "另一件", "excerpt": "学情分析用了前测问卷"}
        theirs = {**mine, "precedent_id": "P2", "piece_id": "elsewhere", "content": other}
        keep_precedents(store, tx, [(row, terms_of(row["content"])) for row in (mine, theirs)])


@pytest.fixture(scope="module")
def spoken_folder(further, checked_folder):
    return further(checked_folder, lambda walk: speak(walk.on("2026-10-23")))


class TestWordsElsewhere:
    """What speaks of a person in cases, flags, drafts and the relations of readers."""

    @pytest.fixture
    def spoken(self, spoken_folder, walk_in):
        """T1's text is T4's, both cases are resolved, a draft is open, and R9 may not read T1."""
        return walk_in(spoken_folder, "2026-10-23")

    def indexed(self, walk, words):
        with walk.workspace.store() as store:
            query = "SELECT rowid FROM precedent_term WHERE precedent_term MATCH ?"
            return [row["rowid"] for row in store.rows(query, (fts_query(words),))]

    def test_the_index_of_precedents_forgets_them_and_finds_the_others(self, spoken):
        assert (self.indexed(spoken, "教研"), self.indexed(spoken, "前测")) == ([1], [2])
        erase_wholly(spoken)
        assert (self.indexed(spoken, "教研"), self.indexed(spoken, "前测")) == ([], [2])
        connection = sqlite.connect(str(spoken.workspace.folder / "working.db"))
        connection.execute(
            "CREATE VIRTUAL TABLE temp.words USING fts5vocab('main', 'precedent_term', 'row')"
        )
        left = {term for (term,) in connection.execute("SELECT term FROM words")}
        segments = "SELECT count(DISTINCT segid) FROM precedent_term_idx"
        assert connection.execute(segments).fetchone() == (1,)  # none in which deleted words stand
        connection.close()
        assert {"前测", "问卷"} <= left
        assert left & {"教师", "师1", "教研", "成果"} == set()

    def everything(self, walk):
        folder = walk.workspace.folder
        return kept_bytes(walk) + b"".join(path.read_bytes() for path in folder.glob("desk.db*"))

    def test_a_rehearsal_lists_them(self, spoken):
        rows = erase(spoken, dry_run=True).rows
        kinds = ("hold_event", "flag", "person", "draft", "precedent")
        assert {kind: rows[kind] for kind in kinds} == dict.fromkeys(kinds, 1)

    def test_erasing_leaves_none_of_them_and_the_others_words_stay(self, spoken):
        before = self.everything(spoken)
        assert before.count(WORDS.encode()) >= 3  # the cases of T1 and T4, and the draft
        erase_wholly(spoken)
        with spoken.workspace.store() as store:
            said = [row["words"] for row in store.where("hold_event", kind="resolution")]
            (flag,) = store.where("flag", code="copied_text")
            assert json.loads(store.one("person", person_id="R9")["relations"]) == ["别人"]
            precedent = store.one("precedent", precedent_id="P1")
            assert (precedent["author"], WORDS in precedent["content"]) == ("", False)
        assert sorted(said) == ["", WORDS]  # T4's own case keeps its reason
        assert json.loads(flag["exhibit"])["values"]["a"] == "—"
        with spoken.workspace.desk() as desk:
            assert desk.rows("SELECT * FROM draft") == []
        desk_bytes = (spoken.workspace.folder / "desk.db").read_bytes()
        assert WORDS.encode() not in desk_bytes
        assert [each.found.ok for each in verify(spoken.workspace)] == [True]
        assert list_flags(spoken.workspace)  # it is still told, without naming anybody

    def test_nothing_is_left_to_count(self, spoken):
        erase_wholly(spoken)
        with spoken.workspace.store() as store, spoken.workspace.desk() as desk:
            rows = traces(store, "T1").rows
            assert set(desk_traces(store, desk, "T1").values()) == {0}
        assert {table: count for table, count in rows.items() if count} == {}

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE hold_event SET words = '' WHERE words <> ''",
            "UPDATE flag SET exhibit = json_set(exhibit, '$.erased', json('true'))",
            "UPDATE person SET relations = '[]'",
            "UPDATE precedent SET content = '{}'",
        ],
    )
    def test_while_nobody_is_erased_they_cannot_be_blanked(self, spoken, statement):
        with (
            spoken.workspace.store() as store,
            pytest.raises(Exception, match="append-only"),
            store.transaction(spoken.act("登记员"), "test") as tx,
        ):
            tx.change(statement, {})


class TestReasonsInTheLog:
    """Reasons are sealed: their words can go, and the chain, and what names it, stay as they were."""

    OWN = "教师1（编号 T1）来电，说第二件交错了"
    OTHER = "编号 T12 的表格重传"

    @pytest.fixture
    def told(self, posted):
        """Reasons that name T1, that are about T1's piece, and about somebody of a longer number."""
        about = [("roster.import", "x", self.OWN), ("read.rule", "p", "该教师说明了缘由")]
        with posted.workspace.store() as store:
            piece = posted.piece("T1", "B8-1")
            for action, where, reason in (*about, ("roster.import", "x", self.OTHER)):
                whereof = piece if where == "p" else where
                with store.transaction(posted.act("登记员", reason), action, whereof):
                    pass
        return posted

    def lines(self, walk):
        with walk.workspace.store() as store:
            assert store.audit_faults() == []
            return {row["seq"]: row for row in store.where("audit_log")}

    def test_words_that_name_the_person_or_are_about_their_work_go_and_others_stay(self, told):
        before = self.lines(told)
        assert erase(told, dry_run=True).rows["audit_reason"] == 2
        erase_wholly(told)
        after = self.lines(told)
        gone = {before[seq]["reason"] for seq in before if not after[seq]["reason"]} - {""}
        assert gone == {self.OWN, "该教师说明了缘由"}
        kept = ("at", "actor", "role", "action", "object", "chain", "sealed")
        assert all(before[seq][key] == after[seq][key] for seq in before for key in kept)
        held = kept_bytes(told)
        assert self.OWN.encode() not in held
        assert self.OTHER.encode() in held
        assert "本人申请" in {row["reason"] for row in after.values()}  # why it was erased
        rows = {row["kind"]: row for row in report(told.workspace)}
        assert (rows["audit_reason"]["rows"], rows["audit_reason"]["people"]) == (2, 1)

    def test_the_checkpoints_line_of_the_log_is_still_found(self, told):
        erase_wholly(told)
        assert [each.found.ok for each in verify(told.workspace)] == [True] * len(
            verify(told.workspace)
        )

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE audit_log SET reason = '' WHERE seq = {seq}",
            "UPDATE audit_log SET reason = '', salt = '' WHERE seq = {seq}",
            "UPDATE audit_log SET reason = '别的', salt = '', sealed = '' WHERE seq = {seq}",
            "UPDATE audit_log SET sealed = '{zeros}' WHERE seq = {seq}",
        ],
    )
    def test_whoever_takes_or_changes_words_past_the_triggers_is_found(self, told, statement):
        (seq,) = [seq for seq, row in self.lines(told).items() if row["reason"] == self.OTHER]
        statement = statement.format(seq=seq, zeros="0" * 64)
        connection = sqlite.connect(str(told.workspace.folder / "working.db"))
        with pytest.raises(sqlite.DatabaseError, match="append-only"):
            connection.execute(statement)
        connection.execute("DROP TRIGGER audit_log_keeps_rows")
        connection.execute(statement)
        connection.commit()
        connection.close()
        with told.workspace.store() as store:
            assert seq in store.audit_faults()

    def test_a_line_of_an_early_release_verifies_as_it_was_keeps_its_words_and_is_counted(
        self, told
    ):
        """Its chain is over the words themselves: SHA-256 of the link before and the canonical line."""
        with told.workspace.store() as store:
            (last,) = store.rows("SELECT * FROM audit_log ORDER BY seq DESC LIMIT 1")
        line = {
            **{key: last[key] for key in ("at", "actor", "role", "action", "object")},
            "seq": last["seq"] + 1,
            "reason": self.OWN,
        }
        chain = hashlib.sha256(bytes.fromhex(last["chain"]) + canonical_json(line)).hexdigest()
        row = {**line, "prev": last["chain"], "chain": chain}
        connection = sqlite.connect(str(told.workspace.folder / "working.db"))
        names = ", ".join(row)
        places = ", ".join(f":{key}" for key in row)
        connection.execute(f"INSERT INTO audit_log ({names}) VALUES ({places})", row)
        connection.commit()
        connection.close()
        assert erase(told, dry_run=True).rows["audit_fixed"] == 1
        erase_wholly(told)
        assert self.lines(told)[line["seq"]]["reason"] == self.OWN
        rows = {row["kind"]: row["rows"] for row in report(told.workspace)}
        assert rows["audit_fixed"] == 1


def test_scans_of_the_own_stamped_sheet_go_and_those_that_show_others_too_stay(posted):
    workspace, school = posted.workspace, posted.school(TOWN)
    results_here = current_results(workspace.ledger_path(school))
    pseudonym = export(workspace, "T1", posted.act("登记员"))["pseudonym"]
    own = [entry["seq"] for entry in results_here if entry["subject"] == pseudonym]
    everybody = [entry["seq"] for entry in results_here]
    assert 0 < len(own) < len(everybody)
    scans = {}
    with workspace.store() as store, store.transaction(posted.act("登记员"), "test") as tx:
        for name, seqs in (("own", own), ("all", everybody)):
            sha256 = workspace.evidence.take(io.BytesIO(name.encode()), "scan.png", 100).sha256
            about = {"sha256": sha256, "origin": "o", "entries": json.dumps(seqs)}
            tx.insert("stamped_scan", [{"school_id": school, **about}])
            scans[name] = workspace.evidence.path(sha256)
    erase_wholly(posted)
    assert {name: path.is_file() for name, path in scans.items()} == {"own": False, "all": True}


def test_the_others_are_certified_and_printed_as_before(posted, tmp_path):
    erase_wholly(posted)
    (proposal,) = posted.propose("青山小学")
    assert posted.approve(proposal.proposal_id).seqs
    written = issue_certificates(posted.workspace, tmp_path / "out", posted.act("登记员"))
    names = [path.name for path in written]
    assert any("_T2_" in name for name in names)
    assert not any("_T1_" in name for name in names)
    assert all(verify_sheet(path, trusted_keys(posted.workspace)).ok for path in written[:3])


def test_rows_of_people_who_are_not_erased_cannot_be_touched(posted):
    with posted.workspace.store() as store:
        (row,) = store.where("teacher", teacher_no="T2")
        for statement in (
            "UPDATE teacher SET name = '', teacher_no = '' WHERE teacher_id = :t",
            "DELETE FROM teacher_fact WHERE teacher_id = :t",
            "DELETE FROM intake_line WHERE teacher_id = :t",
        ):
            told = {"t": row["teacher_id"]}
            with (
                pytest.raises(Exception, match="append-only"),
                store.transaction(posted.act("登记员"), "test") as tx,
            ):
                tx.change(statement, told)


def test_an_erased_persons_row_can_be_blanked_and_never_rewritten(posted):
    done = erase_wholly(posted)
    with (
        posted.workspace.store() as store,
        pytest.raises(Exception, match="append-only"),
        store.transaction(posted.act("登记员"), "test") as tx,
    ):
        told = {"t": done.teacher_id}
        tx.change("UPDATE teacher SET name = '别人' WHERE teacher_id = :t", told)


def test_what_is_kept_is_handed_out_whole_and_the_handing_out_is_logged(posted):
    told = export(posted.workspace, NAME, posted.act("登记员"))
    assert (told["name"], told["school"]) == (NAME, TOWN)
    assert {entry["subject"] for entry in told["ledger"]} == {told["pseudonym"]}
    assert [each["slot"] for each in told["evidence"]] == ["B8-1", "B8-2"]
    assert json.dumps(told)
    with posted.workspace.store() as store:
        assert store.where("audit_log", action="pii.export")


def test_the_report_counts_people_and_erasures(posted):
    erase_wholly(posted)
    rows = {(row["school"], row["kind"]): row for row in report(posted.workspace)}
    assert rows[TOWN, "teacher"]["people"] == 2  # T2 and T5 are left of three
    assert rows["", "erasure"]["rows"] == 1


@pytest.mark.parametrize("reason", ["", "because"])
def test_erasing_needs_a_reason_of_the_list(posted, reason):
    with pytest.raises(InputError, match="needs a reason"):
        erase_person(posted.workspace, "T1", reason, posted.act("登记员", "说明"))


class TestRetention:
    def table(self, walk, day):
        today = walk.on(day).act().at.date()
        return {row.kind: row for row in retention(walk.workspace, today)}

    def test_originals_are_due_twelve_months_after_the_appeals_ended(self, published):
        with published.workspace.store() as store:
            (closed,) = {row["closed_on"] for row in store.where("publication_end")}
        due = self.table(published, "2026-11-01")["originals"]
        assert (due.due_on, due.is_due) == (closed.replace("2026", "2027"), False)
        assert (
            self.table(published, due.due_on)["originals"].files == 8
        )  # of nine, two are the same

    def test_while_a_publicity_is_open_nothing_has_begun(self, read):
        assert self.table(read, "2036-01-01")["originals"].due_on == ""

    def ended(self, walk):
        with walk.workspace.store() as store:
            return str(appeals_end(walk.workspace, store) or "")

    def test_the_days_to_appeal_after_an_answer_are_waited_for(self, read):
        """Answered on Friday 9 October: Saturday 10 (shifted), then 12 to 15 are five working days."""
        open_publicity(read.workspace, [], read.on("2026-09-28").act())
        made = object_to(read.workspace, "T3", "B8", "T3", "请再看", read.act())
        answer(read.workspace, made, "stands", "核对", read.on("2026-10-09").act("组长甲"))
        close_publicity(read.workspace, [], read.on("2026-10-12").act())
        assert self.ended(read) == "2026-10-15"
        appeal(read.workspace, made, "T3", "答复没有回应", read.act())
        assert self.ended(read) == ""  # the panel is reading

    def test_a_result_shown_late_is_waited_for(self, read):
        read.on("2026-09-28")
        read.publish(HILL)
        assert self.ended(read) == ""  # the town's results have yet to be shown
        read.on("2026-10-20")
        read.publish(TOWN)
        with read.workspace.store() as store:
            days = {row["closed_on"] for row in store.where("publication_end")}
        assert self.ended(read) == max(days) > min(days)

    def test_handing_in_again_is_waited_for_until_its_result_has_been_shown(self, read):
        open_publicity(read.workspace, [], read.on("2026-09-28").act())
        give_feedback(read.workspace, [], read.on("2026-10-08").act())
        close_publicity(read.workspace, [], read.on("2026-10-12").act())
        assert self.ended(read) == "2026-10-22"  # two weeks after the note
        row = {"teacher_id": "T3", "slot": "B8-1"}
        read.take_in([(row, read.essay("better"))], name="again")
        assert self.ended(read) == ""
        read.rate(*(("T3", "B8-1", rater, "1111 11") for rater in ("R3", "R4")))
        assert self.ended(read) == ""  # decided, and not shown yet
        read.on("2026-11-02")
        read.publish(HILL)
        assert self.ended(read) > "2026-11-02"

    def test_what_is_not_due_is_not_deleted(self, published):
        act = published.on("2026-11-01").act("登记员")
        for kind in ("originals", "identity", "everything"):
            with pytest.raises(InputError, match="not due"):
                apply_retention(published.workspace, [kind], act)

    def test_due_files_go_and_the_log_says_how_many(self, published):
        act = published.on("2028-01-01").act("登记员")
        gone = apply_retention(published.workspace, ["originals"], act)
        assert [(row.kind, row.files) for row in gone] == [("originals", 8)]
        evidence = published.workspace.folder / "evidence"
        assert [path for path in evidence.rglob("*") if path.is_file()] == []
        with published.workspace.store() as store:
            (line,) = store.where("audit_log", action="retention.apply")
        assert line["object"] == "originals:8"

    def test_temporary_files_go_by_their_own_age(self, opened):
        today = opened.act().at
        for name, age in (("old", 31), ("new", 3)):
            folder = opened.workspace.folder / "uploads" / name
            folder.mkdir(parents=True)
            (folder / "package.zip").write_bytes(b"x" * 10)
            stamp = (today - timedelta(days=age)).timestamp()
            os.utime(folder, (stamp, stamp))
        gone = apply_retention(opened.workspace, ["uploads"], opened.act("登记员"))
        assert [(row.files, row.bytes) for row in gone] == [(1, 10)]
        assert [p.name for p in (opened.workspace.folder / "uploads").iterdir()] == ["new"]
