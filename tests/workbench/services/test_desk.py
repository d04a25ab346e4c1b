"""The desk: drafts with versions, one read however often it is sent, and ten seconds to take it back."""

from __future__ import annotations

import secrets
import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.assignments import assignments_of
from models.desk_store import FILE_NAME, DeskStore
from models.drafts import Task, draft, pending_of
from models.ratings import all_reads
from models.store import Act
from workbench.errors import InputError, RefusedError
from workbench.services import desk, desk_settling, phrases
from workbench.services.adjudication import mark_first
from workbench.services.assignments import allocate_reads, plan_reads
from workbench.services.desk_leaving import leave as leave_piece
from workbench.services.desk_tasks import my_tasks, next_task, progress
from workbench.services.people import Directory, TeacherRow, piece_id_of
from workbench.services.rating import import_ratings
from workbench.services.workspace import Workspace, create

START = datetime(2026, 11, 2, 1, tzinfo=UTC)
CHAIR, RATERS = "ZZ01", ("PS01", "PS02", "PS03")
SLOTS = ("A1-1", "A1-2", "A2-1", "A2-2", "A3-1")


def after(seconds: float) -> datetime:
    return START + timedelta(seconds=seconds)


@pytest.fixture
def workspace(folder, tmp_path) -> Workspace:
    """One teacher with five pieces, three raters of another school, a chair."""
    return Workspace(Path(shutil.copytree(folder, tmp_path / "w")))


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = create(
        tmp_path_factory.mktemp("desk") / "w",
        "national-2.0",
        "2026",
        "松岚县",
        Act("登记员", "", START),
        secrets.token_bytes,
    )
    with made.store() as store, store.transaction(Act("登记员", "", START), "test") as tx:
        directory = Directory(store, tx, secrets.token_bytes)
        row = TeacherRow("T1", "梁禾清", "青禾小学", {"hours_online": "50", "hours_practice": "50"})
        directory.teacher(row)
        for rater in RATERS:
            directory.rater(rater, name=f"评{rater}", school="临溪中学", department="语文教研组")
        directory.rater(CHAIR, name="组长", roles=["chair"])
        for code in sorted({slot[:2] for slot in SLOTS}):
            row = {"submission_id": code, "teacher_id": "T1", "competency": code, "attempt": 1}
            tx.insert("submission", [row])
        for slot in SLOTS:
            piece = piece_id_of("T1", slot, 1)
            row = {"piece_id": piece, "submission_id": slot[:2], "slot_id": slot}
            tx.insert("piece", [row])
    return made.folder


@pytest.fixture(scope="module")
def given_out_folder(folder, tmp_path_factory) -> Path:
    made = Path(shutil.copytree(folder, tmp_path_factory.mktemp("given") / "w"))
    allocate_reads(Workspace(made), "7", Act(CHAIR, "", START))
    return made


@pytest.fixture
def given_out(given_out_folder, tmp_path) -> Workspace:
    return Workspace(Path(shutil.copytree(given_out_folder, tmp_path / "w")))


def slot_of(workspace: Workspace, slot: str):
    return workspace.rubrics[slot[:2]].slot(slot)


def criteria(workspace: Workspace, slot: str) -> list[str]:
    return [c.criterion_id for c in slot_of(workspace, slot).criteria]


def first_task(workspace: Workspace) -> tuple[str, str, str]:
    """A rater with something to do, the first piece and its slot."""
    with workspace.store() as store:
        for rater in RATERS:
            if rows := assignments_of(store, rater):
                return rater, rows[0]["piece_id"], rows[0]["slot_id"]
    raise AssertionError


def sent(piece: str, version: int, marks: dict, comments: dict | None = None, **other) -> dict:
    return {
        "key": secrets.token_hex(8),
        "piece": piece,
        "round": "blind",
        "reading": 1,
        "version": version,
        "marks": marks,
        "comments": comments or {},
        **other,
    }


def all_met(workspace: Workspace, slot: str) -> dict[str, int]:
    return dict.fromkeys(criteria(workspace, slot), 1)


def hand_in(workspace: Workspace, rater: str, piece: str, marks, comments=None, at=START, **other):
    view = desk.open_piece(workspace, rater, piece, at)
    request = sent(piece, view["draft"]["version"], marks, comments, round=view["round"], **other)
    return desk.submit(workspace, rater, request, at)


def leave(workspace: Workspace, rater: str, piece: str, kind: str, words: str, at=START):
    return leave_piece(workspace, rater, {"piece": piece, "exit": kind, "words": words}, at)


def reads(workspace: Workspace) -> list[dict]:
    with workspace.store() as store:
        return store.where("read")


def test_a_piece_opens_with_its_criteria_and_an_empty_draft_and_says_nothing_of_its_author(
    given_out,
):
    rater, piece, slot = first_task(given_out)
    view = desk.open_piece(given_out, rater, piece, START)
    assert [c["id"] for c in view["criteria"]] == criteria(given_out, slot)
    assert view["draft"]["marks"] == {}
    assert view["mode"] == "reader"
    assert view["reads"] == []
    told = str(view)
    assert not any(word in told for word in ("T1", "梁禾清", "青禾小学"))


def test_a_saved_draft_is_there_when_the_piece_is_opened_again(given_out):
    rater, piece, slot = first_task(given_out)
    name = criteria(given_out, slot)[0]
    desk.open_piece(given_out, rater, piece, START)
    answer = desk.save(
        given_out, rater, sent(piece, 0, {name: 0}, {name: "第二页没有写"}), after(5)
    )
    assert answer == {"state": "saved", "version": 1}
    view = desk.open_piece(given_out, rater, "", after(60))
    assert view["piece"] == piece
    assert view["draft"]["marks"] == {name: 0}
    assert view["draft"]["comments"] == {name: "第二页没有写"}


def test_the_same_save_sent_twice_changes_nothing_and_is_answered_alike(given_out):
    rater, piece, slot = first_task(given_out)
    desk.open_piece(given_out, rater, piece, START)
    request = sent(piece, 0, {criteria(given_out, slot)[0]: 1})
    first = desk.save(given_out, rater, request, after(1))
    assert desk.save(given_out, rater, request, after(2)) == first
    assert draft_of(given_out, rater, piece)["version"] == 1


def test_a_save_from_an_older_version_gets_the_other_windows_draft_and_overwrites_nothing(
    given_out,
):
    rater, piece, slot = first_task(given_out)
    one, two = criteria(given_out, slot)[:2]
    desk.open_piece(given_out, rater, piece, START)
    desk.save(given_out, rater, sent(piece, 0, {one: 1}), after(1))
    answer = desk.save(given_out, rater, sent(piece, 0, {two: 0}), after(2))
    assert (answer["state"], answer["version"], answer["marks"]) == ("conflict", 1, {one: 1})
    assert draft_of(given_out, rater, piece)["content"]["marks"] == {one: 1}


def test_somebody_elses_piece_is_refused_to_open_save_submit_and_hand_back(given_out):
    rater, piece, slot = first_task(given_out)
    with given_out.store() as store:
        others = [
            r for r in RATERS if piece not in {a["piece_id"] for a in assignments_of(store, r)}
        ]
    stranger = others[0]
    with pytest.raises(RefusedError, match="not on this person's desk"):
        desk.open_piece(given_out, stranger, piece, START)
    with pytest.raises(RefusedError, match="not been opened"):
        desk.save(given_out, stranger, sent(piece, 0, {}), START)
    with pytest.raises(RefusedError, match="not on this person's desk"):
        desk.submit(given_out, stranger, sent(piece, 0, all_met(given_out, slot)), START)
    with pytest.raises(RefusedError, match="not on this person's desk"):
        leave(given_out, stranger, piece, "conflict", "认识作者", START)
    with pytest.raises(RefusedError, match="not on this person's desk"):
        desk.open_piece(given_out, CHAIR, piece, START)
    assert rater not in others


@pytest.mark.parametrize(
    "wrong",
    [{"marks": {"A1-1.P1": 2}}, {"marks": {"A1-1.P1": True}}, {"version": "x"}, {"round": "best"}],
)
def test_a_malformed_request_is_refused_at_the_door(given_out, wrong):
    with pytest.raises(InputError):
        desk.save(given_out, "PS01", {**sent("p", 0, {}), **wrong}, START)


def test_criteria_of_two_slots_in_one_request_are_refused(given_out):
    rater, piece, _ = first_task(given_out)
    desk.open_piece(given_out, rater, piece, START)
    with pytest.raises(InputError, match="not those of one slot"):
        desk.save(given_out, rater, sent(piece, 0, {"A1-1.P1": 1, "A1-2.P1": 1}), START)


def test_an_incomplete_read_is_not_handed_in_and_says_what_lacks(given_out):
    rater, piece, slot = first_task(given_out)
    one, two, *rest = criteria(given_out, slot)
    marks = {one: 0, **dict.fromkeys(rest, 1)}
    answer = hand_in(given_out, rater, piece, marks)
    assert answer["state"] == "incomplete"
    assert answer["missing"] == [
        {"criterion": one, "what": "comment"},
        {"criterion": two, "what": "mark"},
    ]
    assert reads(given_out) == []


def test_an_unmet_excellent_criterion_needs_no_comment_but_an_unsure_one_does(given_out):
    rater, piece, slot = first_task(given_out)
    last = slot_of(given_out, slot).excellent_ids[-1]
    marks = {**all_met(given_out, slot), last: None}
    answer = hand_in(given_out, rater, piece, marks)
    assert answer["missing"] == [{"criterion": last, "what": "comment"}]
    assert hand_in(given_out, rater, piece, {**marks, last: 0})["state"] == "submitted"


def test_a_page_or_moment_alone_is_no_reason(given_out):
    rater, piece, slot = first_task(given_out)
    one = criteria(given_out, slot)[0]
    marks = {**all_met(given_out, slot), one: 0}
    answer = hand_in(given_out, rater, piece, marks, {one: "〔第 2 页〕"})
    assert answer["missing"] == [{"criterion": one, "what": "comment"}]
    assert hand_in(given_out, rater, piece, marks, {one: "〔第 2 页〕没有"})["state"] == "submitted"


def test_nobody_sees_a_read_before_its_ten_seconds_are_over_and_then_it_is_recorded(given_out):
    rater, piece, slot = first_task(given_out)
    answer = hand_in(given_out, rater, piece, all_met(given_out, slot))
    assert (answer["state"], answer["seconds"]) == ("submitted", 10)
    assert answer["next"] not in ("", piece)
    assert desk.settle(given_out, after(9.9)) == 0
    assert reads(given_out) == []
    assert desk.settle(given_out, after(10)) == 1
    assert [(r["piece_id"], r["rater_id"], r["round"]) for r in reads(given_out)] == [
        (piece, rater, "blind")
    ]
    assert draft_of(given_out, rater, piece) is None


def test_a_submission_taken_back_in_time_is_a_draft_again_with_everything_in_it(given_out):
    rater, piece, slot = first_task(given_out)
    hand_in(given_out, rater, piece, all_met(given_out, slot), {criteria(given_out, slot)[0]: "好"})
    assert desk.undo(given_out, rater, piece, after(9))["state"] == "taken_back"
    assert desk.settle(given_out, after(60)) == 0
    view = desk.open_piece(given_out, rater, piece, after(61))
    assert view["draft"]["marks"] == all_met(given_out, slot)
    assert view["draft"]["comments"] == {criteria(given_out, slot)[0]: "好"}


def test_a_submission_cannot_be_taken_back_after_ten_seconds(given_out):
    rater, piece, slot = first_task(given_out)
    hand_in(given_out, rater, piece, all_met(given_out, slot))
    assert desk.undo(given_out, rater, piece, after(10))["state"] == "too_late"
    assert len(reads(given_out)) == 1


def test_once_the_round_is_closed_a_desk_still_open_takes_neither_draft_nor_read(given_out):
    rater, piece, slot = first_task(given_out)
    desk.open_piece(given_out, rater, piece, START)
    with given_out.store() as store, store.transaction(Act("K1", "", START), "round.close") as tx:
        tx.insert("closing_event", [{"kind": "closed", "checklist": "[]", "words": ""}])
    for act in (desk.save, desk.submit):
        with pytest.raises(RefusedError, match="round is closed"):
            act(given_out, rater, sent(piece, 0, all_met(given_out, slot)), START)


def test_nobody_takes_back_what_somebody_else_handed_in(given_out):
    rater, piece, slot = first_task(given_out)
    hand_in(given_out, rater, piece, all_met(given_out, slot))
    other = next(each for each in RATERS if each != rater)
    assert desk.undo(given_out, other, piece, after(1))["state"] == "too_late"
    assert desk.settle(given_out, after(11)) == 1


def test_a_submission_sent_twice_is_one_read(given_out):
    rater, piece, slot = first_task(given_out)
    view = desk.open_piece(given_out, rater, piece, START)
    request = sent(piece, view["draft"]["version"], all_met(given_out, slot))
    first = desk.submit(given_out, rater, request, START)
    assert desk.submit(given_out, rater, request, after(1)) == first  # same key: same answer
    again = desk.submit(given_out, rater, {**request, "key": secrets.token_hex(8)}, after(2))
    assert again["state"] == "submitted"
    desk.settle(given_out, after(20))
    desk.settle(given_out, after(21))
    assert len(reads(given_out)) == 1
    assert desk.submit(given_out, rater, request, after(30)) == first
    assert len(reads(given_out)) == 1


def test_a_recorded_read_cannot_be_opened_or_changed_at_the_desk(given_out):
    rater, piece, slot = first_task(given_out)
    hand_in(given_out, rater, piece, all_met(given_out, slot))
    desk.settle(given_out, after(10))
    with pytest.raises(RefusedError, match="the read is recorded"):
        desk.open_piece(given_out, rater, piece, after(11))
    with pytest.raises(RefusedError, match="recorded already"):
        desk.save(given_out, rater, sent(piece, 1, {}), after(11))


def test_what_was_handed_in_survives_a_stop_between_the_two_databases(given_out, monkeypatch):
    rater, piece, slot = first_task(given_out)
    hand_in(given_out, rater, piece, all_met(given_out, slot))

    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(desk_settling, "drop_draft", stop)
    with pytest.raises(KeyboardInterrupt):
        desk.settle(given_out, after(10))
    monkeypatch.undo()
    assert len(reads(given_out)) == 1
    assert desk.settle(given_out, after(20)) == 0  # recorded already, and now let go
    assert len(reads(given_out)) == 1
    with DeskStore(given_out.folder / FILE_NAME) as opened:
        assert pending_of(opened, rater) == []


def test_everything_handed_in_is_recorded_when_the_server_stops(given_out):
    rater, piece, slot = first_task(given_out)
    hand_in(given_out, rater, piece, all_met(given_out, slot))
    assert desk.settle(given_out, after(1), everything=True) == 1


def test_desk_and_ratings_file_leave_the_same_rows(given_out, tmp_path):
    rater, piece, slot = first_task(given_out)
    names = criteria(given_out, slot)
    marks = {name: int(place != 1) for place, name in enumerate(names)}
    hand_in(given_out, rater, piece, marks, {names[1]: "没有写出方法"}, at=after(90))
    desk.settle(given_out, after(120))
    other = next(r for r in RATERS if r != rater)
    lines = ["item,rater,criterion,met,round,opened_at,submitted_at,comment"]
    opened, submitted = "2026-11-02T01:01:30Z", "2026-11-02T01:01:30Z"
    for name in names:
        said = "没有写出方法" if name == names[1] else ""
        lines.append(f"{piece},{other},{name},{marks[name]},blind,{opened},{submitted},{said}")
    path = tmp_path / "ratings.csv"
    path.write_text("\n".join(lines), encoding="utf-8")
    report = import_ratings(given_out, path, Act(CHAIR, "", after(130)), secrets.token_bytes)
    assert report.new == 1, report
    with given_out.store() as store:
        rows = store.where("read")
        both = all_reads(store, piece)
    differ = ("read_id", "rater_id", "tx")
    plain = [{k: v for k, v in row.items() if k not in differ} for row in both]
    assert len(rows) == 2
    assert plain[0] == plain[1]


def test_progress_counts_what_is_handed_in_and_the_next_piece_waits(given_out):
    rater, piece, slot = first_task(given_out)
    mine = my_tasks(given_out, rater)
    assert progress(mine, piece) == {"total": len(mine), "done": 0, "left": len(mine), "place": 1}
    hand_in(given_out, rater, piece, all_met(given_out, slot))
    found = my_tasks(given_out, rater)
    assert progress(found)["done"] == 1
    assert next_task(found, piece) not in ("", piece)
    view = desk.open_piece(given_out, rater, piece, after(2))  # a refresh on the piece just sent
    assert view["piece"] != piece
    assert view["undo"]["piece"] == piece
    assert 7 < view["undo"]["seconds"] <= 8


def test_when_all_is_done_the_desk_says_so_and_the_last_can_still_be_taken_back(given_out):
    rater = first_task(given_out)[0]
    for task in my_tasks(given_out, rater):
        answer = hand_in(given_out, rater, task.task.piece_id, all_met(given_out, task.slot_id))
    assert answer["next"] == ""
    view = desk.open_piece(given_out, rater, "", after(3))
    assert view["done"] is True
    assert view["undo"]["piece"] == task.task.piece_id


def read_by_both(workspace: Workspace, piece: str, slot: str, unmet: str) -> None:
    """Two blind reads that differ on one 合格 criterion."""
    with workspace.store() as store:
        given = [a for r in RATERS for a in assignments_of(store, r) if a["piece_id"] == piece]
    for place, row in enumerate(given):
        marks = {**all_met(workspace, slot), unmet: place % 2}
        comments = {} if place else {unmet: "没有写"}
        assert hand_in(workspace, row["rater_id"], piece, marks, comments)["state"] == "submitted"
    desk.settle(workspace, after(10))


def test_a_contested_piece_goes_to_a_fresh_third_reader_who_is_told_nothing(given_out):
    _, piece, slot = first_task(given_out)
    unmet = slot_of(given_out, slot).pass_ids[0]
    read_by_both(given_out, piece, slot, unmet)
    with given_out.store() as store:
        third = [
            (r, a)
            for r in RATERS
            for a in assignments_of(store, r)
            if a["piece_id"] == piece and a["round"] == "third"
        ]
    assert len(third) == 1
    view = desk.open_piece(given_out, third[0][0], piece, after(20))
    assert (view["mode"], view["reads"]) == ("reader", [])
    assert all(c["open"] and "decided" not in c for c in view["criteria"])
    assert plan_reads(given_out, "1").rounds == {}  # nothing is lacking any more


def test_the_chair_rules_on_what_is_contested_only_and_with_a_reason(given_out):
    _, piece, slot = first_task(given_out)
    unmet = slot_of(given_out, slot).pass_ids[0]
    read_by_both(given_out, piece, slot, unmet)
    with given_out.store() as store:
        third = next(
            r
            for r in RATERS
            for a in assignments_of(store, r)
            if a["piece_id"] == piece and a["round"] == "third"
        )
    hand_in(
        given_out,
        third,
        piece,
        {**all_met(given_out, slot), unmet: None},
        {unmet: "看不清"},
        after(20),
    )
    desk.settle(given_out, after(40))
    mark_first(given_out, piece, {unmet: 1}, Act(CHAIR, "", after(45)))
    view = desk.open_piece(given_out, CHAIR, piece, after(50))
    assert (view["mode"], view["cause"], len(view["reads"])) == ("chair", "undecided", 3)
    assert [c["id"] for c in view["criteria"] if c["open"]] == [unmet]
    assert "PS0" not in str(view["reads"])
    bare = hand_in(given_out, CHAIR, piece, {unmet: 0}, at=after(51))
    assert bare["missing"] == [{"criterion": unmet, "what": "comment"}]
    ruled = hand_in(given_out, CHAIR, piece, {unmet: 0}, {unmet: "第三页确实没有"}, after(52))
    assert ruled["state"] == "submitted"
    assert desk.settle(given_out, after(70)) == 1
    last = reads(given_out)[-1]
    assert (last["round"], last["rater_id"]) == ("chair", CHAIR)
    with given_out.store() as store:
        assert store.where("audit_log")[-1]["role"] == "chair"


def test_a_read_that_can_no_longer_be_recorded_becomes_a_draft_that_says_why(given_out, tmp_path):
    rater, piece, slot = first_task(given_out)
    hand_in(given_out, rater, piece, all_met(given_out, slot))
    rows = [
        f"{piece},{rater},{name},{int(name[-2:] != 'E1')},blind"
        for name in criteria(given_out, slot)
    ]
    path = tmp_path / "ratings.csv"
    path.write_text("item,rater,criterion,met,round\n" + "\n".join(rows), encoding="utf-8")
    import_ratings(given_out, path, Act(CHAIR, "", START), secrets.token_bytes)
    assert desk.settle(given_out, after(10)) == 0
    assert len(reads(given_out)) == 1
    kept = draft_of(given_out, rater, piece)["content"]
    assert kept["refused"] == ["rating.marks_differ"]
    assert kept["marks"] == all_met(given_out, slot)


def test_allocation_asks_for_a_chair_and_refuses_when_nothing_is_left(given_out):
    with pytest.raises(RefusedError, match="asks for the role"):
        allocate_reads(given_out, "8", Act("PS01", "", START))
    with pytest.raises(RefusedError, match="nothing to allocate"):
        allocate_reads(given_out, "8", Act(CHAIR, "", START))


def test_a_department_that_must_stand_back_leaves_pieces_short_and_says_so(workspace):
    with workspace.store() as store, store.transaction(Act("登记员", "", START), "test") as tx:
        directory = Directory(store, tx, secrets.token_bytes)
        directory.rater("PS04", name="梁禾清", school="青禾小学")  # the author by name
        directory.rater("PS05", name="丙", relations=["T1"])
    plan = plan_reads(workspace, "3")
    given = {rater for readers in plan.plan.readers.values() for rater in readers}
    assert given <= set(RATERS)
    assert plan.sound


def test_the_comment_bank_belongs_to_its_person_and_puts_first_what_is_used(workspace):
    phrases.keep(workspace, "PS01", "A1-1.P1", "没有写出  方法", START)
    phrases.keep(workspace, "PS01", "", "过于笼统", START)
    phrases.keep(workspace, "PS01", "", "过于笼统", START)
    found = phrases.phrases(workspace, "PS01")
    assert [p["words"] for p in found] == ["过于笼统", "没有写出 方法"]
    phrases.use(workspace, "PS01", found[1]["id"])
    assert phrases.phrases(workspace, "PS01")[0]["words"] == "没有写出 方法"
    assert phrases.phrases(workspace, "PS02") == []
    phrases.drop(workspace, "PS02", found[0]["id"])
    assert len(phrases.phrases(workspace, "PS01")) == 2
    with pytest.raises(InputError, match="1 to 300"):
        phrases.keep(workspace, "PS01", "", " ", START)


def draft_of(workspace: Workspace, rater: str, piece: str):
    with DeskStore(workspace.folder / FILE_NAME) as opened:
        return draft(opened, Task(piece, rater, "blind", 1))
