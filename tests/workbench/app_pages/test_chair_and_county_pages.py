"""Pages of the chair and the county: each opens for its role, acts through its service, refuses others."""

import json
import random
import shutil
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
import streamlit as st

from models.ratings import all_reads
from models.store import Act
from tests import small_county
from workbench import messages
from workbench.app_pages import case_lists
from workbench.app_pages.drawing import csv_table
from workbench.errors import InputError, RefusedError
from workbench.services import case_network
from workbench.services.adjudication import mark_first, rule, ruling_view, rulings_due
from workbench.services.case_queue import case_rows, visible_flags
from workbench.services.case_view import case_view
from workbench.services.county import county_overview
from workbench.services.flags import raise_flags
from workbench.services.holds import show_hold
from workbench.services.panel_view import panel_view
from workbench.services.progress import progress_of, reminder
from workbench.services.supervision import sample
from workbench.services.supervision_view import supervision_view
from workbench.services.workspace import Workspace, create

pytestmark = pytest.mark.slow

AT = datetime(2026, 9, 21, 2, tzinfo=UTC)
SCHOOLS = {"s1": "城关小学", "s2": "青山小学", "s3": "县教研室"}
TEACHERS = {"T1": "s1", "T2": "s1", "T3": "s2", "T4": "s2"}
PEOPLE = {
    "R1": ("评审一", "s3", "rater"),
    "R2": ("评审二", "s3", "rater"),
    "R3": ("评审三", "s3", "rater"),
    "C1": ("组长甲", "s3", "chair"),
    "C2": ("组长乙", "s2", "chair"),
    "K1": ("复核甲", "s3", "county"),
    "K2": ("复核乙", "s3", "county"),
    "G1": ("登记甲", "s1", "registrar"),
}
PASS_COUNT = {"B8-1": 4, "B8-2": 3}
READS = [
    *[(t, s, r, "1" * 6 if s == "B8-1" else "1" * 5) for t in ("T1", "T2") for s in PASS_COUNT
      for r in ("R1", "R2")],
    ("T3", "B8-1", "R1", "111111"), ("T3", "B8-1", "R2", "101111"),  # waits for a third read
    ("T4", "B8-1", "R1", "111111"), ("T4", "B8-1", "R2", "101111"),
    ("T4", "B8-1", "R3", "1?1111"),  # the third reader cannot judge: the chair rules
    ("T4", "B8-2", "R1", "11111"),
]  # fmt: skip
POLICY = (
    small_county.POLICY
    + """
[rule.audit]
county_min_per_school = { value = 1, unit = "pieces", source = "test" }
always_include = { value = ["held_by_anomaly"], unit = "list", source = "test" }
"""
)


def essay(seed, chars=700):
    rng = random.Random(f"essay {seed}")
    body = "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(chars))
    return "。".join(body[start : start + 20] for start in range(0, chars, 20))


def piece_id(teacher, slot):
    return f"p-{teacher}-{slot}"


def text_of(teacher, slot):
    """T4's second text is T1's: a case for both."""
    return essay(f"{'T1' if (teacher, slot) == ('T4', 'B8-2') else teacher} {slot}")


def enter_people(tx):
    tx.insert("school", [{"school_id": i, "name": name} for i, name in SCHOOLS.items()])
    tx.insert("person", [
        {"person_id": i, "name": name, "school_id": school, "department": "",
         "roles": json.dumps([role]), "relations": "[]", "pseudonym": f"r{i}"}
        for i, (name, school, role) in PEOPLE.items()
    ])  # fmt: skip
    for teacher, school in TEACHERS.items():
        row = {"teacher_id": teacher, "teacher_no": teacher, "name": f"教师{teacher[1]}"}
        tx.insert("teacher", [{**row, "school_id": school}])
        facts = {"online_passed": "1", "choices": '["B8"]'}
        tx.insert("teacher_fact", [
            {"teacher_id": teacher, "name": name, "value": value} for name, value in facts.items()
        ])  # fmt: skip
        tx.insert("alias", [{"teacher_id": teacher, "pseudonym": teacher, "salt": "00"}])


def enter_evidence(tx):
    for number, (teacher, slot) in enumerate((t, s) for t in TEACHERS for s in PASS_COUNT):
        submission = f"{teacher}.B8.1"
        if slot == "B8-1":
            tx.insert("submission", [{"submission_id": submission, "teacher_id": teacher,
                                      "competency": "B8", "attempt": 1}])  # fmt: skip
        piece = {"piece_id": piece_id(teacher, slot), "submission_id": submission, "slot_id": slot}
        tx.insert("piece", [piece])
        sha256 = f"{number:064x}"
        tx.insert("evidence_file", [{
            "piece_id": piece["piece_id"], "item": f"{number}", "path": "教案.docx", "bytes": 1,
            "attached": 1, "verdict": "accept", "stated": "{}", "sha256": sha256,
            "submitted_at": "2026-09-10T02:00:00Z",
        }])  # fmt: skip
        facts = json.dumps({"media_type": "docx", "text": text_of(teacher, slot)})
        tx.insert("extract", [{"sha256": sha256, "media_type": "docx", "facts": facts}])


def enter_reads(tx, reads=READS):
    for number, (teacher, slot, rater, word) in enumerate(reads):
        at = AT - timedelta(days=1) + timedelta(minutes=10 * number)
        written = [f"{each:%Y-%m-%dT%H:%M:%SZ}" for each in (at, at + timedelta(minutes=6))]
        round_name = {"R3": "third", "K1": "county"}.get(rater, "blind")
        read_id = tx.insert("read", [{
            "piece_id": piece_id(teacher, slot), "rater_id": rater, "round": round_name,
            "reading": 1, "opened_at": written[0], "submitted_at": written[1], "comment": "",
            "replaces": None,
        }])[0]  # fmt: skip
        marks = []
        for place, sign in enumerate(word):
            passes = PASS_COUNT[slot]
            name = f"P{place + 1}" if place < passes else f"E{place + 1 - passes}"
            met = {"1": 1, "0": 0, "?": None}[sign]
            marks.append((f"{slot}.{name}", met, "" if met else f"<b>未见</b> {rater}"))
        tx.insert_marks(read_id, marks)


def enter_assignments(tx):
    rows = [("T3", "B8-1", "R3", "third"), ("T3", "B8-2", "R1", "blind"),
            ("T3", "B8-2", "R2", "blind"), ("T4", "B8-2", "R2", "blind")]  # fmt: skip
    tx.insert("assignment", [
        {"piece_id": piece_id(teacher, slot), "rater_id": rater, "round": round_name,
         "reading": 1, "position": place}
        for place, (teacher, slot, rater, round_name) in enumerate(rows, 1)
    ])  # fmt: skip


@pytest.fixture(scope="session")
def round_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("pages")
    pack = folder / "policy.toml"
    pack.write_text(POLICY, encoding="utf-8")
    act = Act("登记员", "", AT - timedelta(days=20))
    made = create(folder / "w", str(pack), "2026秋", "示例县", act, lambda n: bytes(range(n)))
    with made.store() as store, store.transaction(act, "test") as tx:
        for enter in (enter_people, enter_evidence, enter_reads, enter_assignments):
            enter(tx)
    raise_flags(made, Act("K1", "", AT))
    return folder / "w"


@pytest.fixture
def workspace(round_folder, tmp_path):
    """Two schools under way: one piece awaits a third read, one a ruling, two are held as copied."""
    return Workspace(Path(shutil.copytree(round_folder, tmp_path / "w")))


def words(page):
    """Everything a page says, in one string."""
    kinds = ("title", "subheader", "caption", "info", "warning", "success", "error", "markdown")
    said = [each.value for kind in (*kinds, "text", "code") for each in page.get(kind)]
    return "\n".join([*said, *(each.proto.body for each in page.get("html"))])


def press(page, label):
    return next(each for each in page.button if each.label == label).click().run()


def count(workspace, table):
    with workspace.store() as store:
        return len(store.where(table))


def last(workspace, table):
    with workspace.store() as store:
        return store.where(table)[-1]


PAGES = {
    "progress": "C1", "agreement": "C1", "holds": "C1", "adjudication": "C1", "county": "K1",
    "supervision": "K1",
}  # fmt: skip
REFUSED = {
    "progress": "R1", "agreement": "G1", "holds": "R1", "adjudication": "R1", "county": "C1",
    "supervision": "G1",
}  # fmt: skip


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("name", PAGES)
def test_each_page_opens_for_its_role_in_both_languages(open_page, name, language):
    page = open_page(name, PAGES[name], language)
    assert not page.exception
    assert not page.error
    assert page.title[0].value == messages.sentence(language, f"page.{name}")


@pytest.mark.parametrize("name", REFUSED)
def test_each_page_is_refused_to_other_roles_by_its_service(open_page, name):
    page = open_page(name, REFUSED[name])
    assert not page.exception
    assert len(page.error) == 1
    assert not page.dataframe
    assert not page.metric


def test_progress_counts_what_each_school_waits_for(workspace):
    found = progress_of(workspace, "C1")
    hill = next(row for row in found.schools if row.school_id == "s2")
    assert (hill.pieces, hill.settled) == (4, 0)
    assert (hill.awaiting_blind, hill.awaiting_third, hill.awaiting_ruling) == (2, 1, 1)
    town = next(row for row in found.schools if row.school_id == "s1")
    assert town.settled_share == 1
    assert (found.total.pieces, found.total.settled_share) == (8, 0.5)


def test_a_median_needs_enough_timed_reads(workspace):
    by_rater = {row.rater_id: row for row in progress_of(workspace, "C1").raters}
    assert by_rater["R1"].median_minutes == 6
    assert by_rater["R3"].median_minutes is None  # one read only
    assert (by_rater["R3"].assigned, by_rater["R3"].read, by_rater["R3"].left) == (2, 1, 1)


def test_the_reminder_names_who_has_something_left_and_nobody_else(open_page, workspace):
    page = open_page("progress", "C1")
    page.segmented_control(key="progress_view").set_value("remind")
    said = page.run().code[-1]
    assert said.value == reminder(progress_of(workspace, "C1"), "2026秋")
    assert "评审二老师：还有 2 件" in said.value
    assert "教师" not in said.value.replace("老师", "")


def test_a_chair_of_one_school_sees_that_school_only(workspace):
    assert [row.school_id for row in progress_of(workspace, "C2").schools] == ["s2"]
    assert {row["school"] for row in case_rows(workspace, "C2", AT.date())} == {"青山小学"}
    (other,) = (r for r in case_rows(workspace, "C1", AT.date()) if r["school"] == "城关小学")
    with pytest.raises(RefusedError, match="another school"):
        case_view(workspace, "C2", other["hold_id"], AT.date())


def test_agreement_without_an_interval_says_too_few_instead_of_a_number(open_page, workspace):
    view = panel_view(workspace, "C1")
    assert view.pieces == 6
    assert view.headline["exact"].value == pytest.approx(4 / 6)  # T3 and T4 differ on B8-1
    assert view.headline["exact"].lo is None
    page = open_page("agreement", "C1")
    assert "区间：数据不足" in words(page)
    assert [each.label for each in page.metric][:2] == ["等级完全一致", "不合格的特定一致率"]


def test_without_two_reads_the_page_says_why_there_is_no_agreement(open_page, workspace):
    with workspace.store() as store, store.transaction(Act("x", "", AT), "test") as tx:
        tx.insert("reopening", [
            {"piece_id": piece_id(teacher, slot), "reading": 2, "cause": "test"}
            for teacher in TEACHERS for slot in PASS_COUNT
        ])  # fmt: skip
    page = open_page("agreement", "C1")
    assert not page.exception
    assert not page.metric
    assert messages.sentence("zh", "error.panel.no_pairs") in words(page)


def test_the_list_of_cases_counts_open_and_overdue_ones(open_page, workspace, clock):
    assert "未处置 2 件，其中已过答复期限 0 件" in words(open_page("holds", "C1"))
    clock["now"] = AT + timedelta(days=40)
    assert "其中已过答复期限 2 件" in words(open_page("holds", "C1"))
    assert all(row["overdue"] for row in case_rows(workspace, "C1", date(2026, 11, 1)))


def test_a_case_shows_both_texts_with_the_same_runs_marked(open_page, workspace):
    view = case_view(workspace, "C1", "h0001", AT.date())
    one, other = view.texts
    assert [s.words for s in one if s.kind == "copied"] == [
        s.words for s in other if s.kind == "copied"
    ]
    assert view.pieces[0].own
    assert not view.pieces[1].own
    said = words(open_page("holds", "C1", hold="h0001"))
    assert said.count("<mark><sup>1</sup>") == 2
    assert messages.text("flag.copied_text.innocent") in said


def test_words_of_teachers_are_escaped_in_exhibits(open_page, workspace):
    copied = f"<script>alert(1)</script>{essay('T1 B8-2')}"
    with workspace.store() as store, store.transaction(Act("x", "", AT), "test") as tx:
        sha256 = "f" * 64
        tx.insert("evidence_file", [{
            "piece_id": piece_id("T1", "B8-2"), "item": "x", "path": "b.docx", "bytes": 1,
            "attached": 1, "verdict": "accept", "stated": "{}", "sha256": sha256,
            "submitted_at": "",
        }])  # fmt: skip
        facts = json.dumps({"media_type": "docx", "text": copied})
        tx.insert("extract", [{"sha256": sha256, "media_type": "docx", "facts": facts}])
    said = words(open_page("holds", "C1", hold="h0001"))
    assert "<script>" not in said
    assert "&lt;script&gt;" in said


def test_a_reply_recorded_on_the_page_is_the_row_of_the_service(open_page, workspace):
    page = open_page("holds", "C1", hold="h0001")
    page.text_area(key="reply_words_h0001").set_value("集体备课的教案")
    page = press(page, "登记")
    assert not page.exception
    event = last(workspace, "hold_event")
    assert (event["kind"], event["words"], event["actor"]) == ("reply", "集体备课的教案", "C1")
    assert event["party"] in TEACHERS
    assert "已登记对 h0001 的答复" in words(page)


def view_of(page, name):
    return page.segmented_control(key="holds_view").set_value(name).run()


def test_the_views_of_the_page_each_open(open_page):
    said = {
        "flags": "共 1 个标记",
        "network": "2 位教师连成 1 组，最大一组 2 位，跨学校的 1 组",
        "raters": "没有涉及评审员的标记和个案",
        "schools": "有未处置个案的学校 2 所",
        "alarms": "还没有办结的标记",
    }
    for name, sentence in said.items():
        page = view_of(open_page("holds", "K1"), name)
        assert not page.exception
        assert sentence in words(page)


def test_a_county_without_copies_has_no_network_to_draw(open_page, monkeypatch):
    monkeypatch.setattr(case_network, "standing_flags", lambda *_: [])
    page = view_of(open_page("holds", "K1"), "network")
    assert not page.exception
    assert not page.error
    assert "没有两位教师之间的雷同标记" in words(page)


def test_a_passage_of_unknown_origin_is_registered_on_the_page(open_page, workspace, monkeypatch):
    both = [piece_id("T1", "B8-2"), piece_id("T4", "B8-2")]
    values = {"a": "甲", "b": "乙", "share": "10%", "run": "120"}
    exhibit = json.dumps({"variant": "sentence", "values": values})
    numbers = {"effect": "0.1", "p": "", "q": "", "exhibit": exhibit}
    with workspace.store() as store, store.transaction(Act("x", "", AT), "test") as tx:
        head = {"flag_id": "fpassage", "code": "shared_passage", "subject": "pair"}
        tx.insert("flag", [{**head, "ids": json.dumps(both), "tier": "passage", **numbers}])
    codes = [row["code"] for row in visible_flags(workspace, "K1")]
    ticked = {"flags_table": codes.index("shared_passage")}
    monkeypatch.setattr(case_lists, "table", lambda rows, headings, key, *_, **__: ticked.get(key))
    page = view_of(open_page("holds", "K1"), "flags")
    assert essay("T1 B8-2")[:40] in words(page)
    page = press(page, "登记为公共引文")
    assert not page.exception
    assert "已登记公共引文" in words(page)
    assert last(workspace, "blank_form")["name"].startswith(essay("T1 B8-2")[:10])


def test_the_page_says_when_everything_was_looked_at_and_what_came_in_since(open_page, workspace):
    assert "上次查找：" in words(open_page("holds", "K1"))
    before = words(open_page("holds", "K1"))
    assert "此后新收" not in before
    with workspace.store() as store, store.transaction(Act("R3", "rater", AT), "test") as tx:
        read = {"piece_id": piece_id("T3", "B8-1"), "rater_id": "R3", "round": "third"}
        times = {"opened_at": "", "submitted_at": "", "comment": "", "replaces": None}
        tx.insert("read", [{**read, **times, "reading": 1}])
    assert "此后新收 0 个文件、1 次评阅" in words(open_page("holds", "K1"))


def test_somebody_is_named_to_handle_a_case_on_the_page(open_page, workspace):
    page = open_page("holds", "C1", hold="h0001")
    page.selectbox(key="assignee_h0001").set_value("K2").run()
    page = press(page, "指定")
    assert not page.error
    assert last(workspace, "hold_assignee")["person_id"] == "K2"
    assert "h0001 由" in words(page)


def test_what_looking_came_to_is_kept_with_the_decision(open_page, workspace):
    page = open_page("holds", "C1", hold="h0001")
    page.radio(key="found_h0001").set_value("innocent")
    decide(page, "h0001", "certify", "同课异构，已核实")
    assert last(workspace, "hold_found")["found"] == "innocent"


def decide(page, hold_id, disposition, reason):
    page.radio(key=f"disposition_{hold_id}").set_value(disposition)
    page.text_area(key=f"reason_{hold_id}").set_value(reason)
    return press(page, "确定处置")


def test_a_case_is_decided_on_the_page_with_its_reason_in_the_log(open_page, workspace):
    page = decide(open_page("holds", "C1", hold="h0001"), "h0001", "certify", "同课异构，已核实")
    assert not page.exception
    assert show_hold(workspace, "h0001")["state"] == "resolved"
    log = last(workspace, "audit_log")
    assert (log["action"], log["actor"], log["role"]) == ("hold.resolution", "C1", "chair")
    assert log["reason"] == "同课异构，已核实"


def test_a_decision_without_a_reason_is_refused_in_words(open_page, workspace):
    before = count(workspace, "hold_event")
    page = decide(open_page("holds", "C1", hold="h0001"), "h0001", "certify", " ")
    assert len(page.error) == 1
    assert count(workspace, "hold_event") == before


def test_who_raised_a_case_is_offered_no_decision(open_page):
    page = open_page("holds", "K1", hold="h0001")
    assert not [each for each in page.radio if each.key == "disposition_h0001"]
    assert messages.sentence("zh", "error.hold.raised_by_same", hold="h0001") in words(page)


def test_an_adverse_decision_waits_for_a_second_person(open_page, workspace, clock):
    clock["now"] = AT + timedelta(days=40)  # the due date has passed without a reply
    page = decide(open_page("holds", "C1", hold="h0001"), "h0001", "reject", "无正当原因")
    assert last(workspace, "hold_event")["kind"] == "proposal"
    assert "须由另一人决定" in words(page)
    assert "reject" not in page.radio(key="disposition_h0001").options
    decide(open_page("holds", "K2", hold="h0001"), "h0001", "reject", "同意")
    assert show_hold(workspace, "h0001")["state"] == "resolved"


def test_an_adverse_decision_is_not_offered_before_the_other_side_was_heard(workspace):
    refusals = case_view(workspace, "C1", "h0001", AT.date()).refusals
    assert list(refusals) == ["reject"]


@pytest.fixture
def unlocked(workspace):
    """The chair has marked T4's contested criterion before seeing the reads."""
    mark_first(workspace, piece_id("T4", "B8-1"), {"B8-1.P2": 1}, Act("C1", "", AT))


def test_before_own_marks_the_chair_sees_nothing_of_the_reads(open_page, workspace):
    view = ruling_view(workspace, "C1", piece_id("T4", "B8-1"))
    assert (view.unlocked, view.reads, view.cause) == (False, (), "")
    assert [each.criterion_id for each in view.criteria] == ["B8-1.P2"]
    said = words(open_page("adjudication", "C1"))
    assert "未见" not in said and "初评 1" not in said
    with pytest.raises(RefusedError, match="before seeing the reads"):
        rule(workspace, view.piece_id, {"B8-1.P2": (1, "第 2 页")}, Act("C1", "", AT))


def turned_to(monkeypatch):
    """Keep where pages send people to: the address of the page, and its query."""
    kept = []
    monkeypatch.setattr(
        st, "switch_page", lambda page, query_params: kept.append((page.url_path, query_params))
    )
    return kept


def test_a_ruling_among_the_tasks_leads_to_the_chairs_room_and_a_read_to_the_desk(
    open_page, monkeypatch
):
    kept = turned_to(monkeypatch)
    for person in ("C1", "R1"):
        press(open_page("tasks", person), messages.sentence("zh", "desk.tasks.start"))
    assert kept == [
        ("adjudication", {"piece": "p-T4-B8-1"}),
        ("desk", {"piece": "p-T3-B8-2"}),
    ]


def test_the_desk_sends_a_ruling_on_to_the_room_with_its_piece(open_page, monkeypatch):
    kept = turned_to(monkeypatch)
    page = open_page("desk", "C1", piece="p-T4-B8-1")
    press(page, messages.sentence("zh", "page_adjudication.to_room"))
    assert kept == [("adjudication", {"piece": "p-T4-B8-1"})]


def test_own_marks_open_the_reads_and_stand_in_the_log(open_page, workspace):
    piece = piece_id("T4", "B8-1")
    page = open_page("adjudication", "C1")
    page.radio(key=f"first_{piece}_B8-1.P2").set_value("unmet")
    page = press(page, "提交打点，打开各次评阅")
    assert "初评 1" in words(page) and "本人先评" in words(page)
    line = last(workspace, "audit_log")
    assert (line["action"], line["actor"], line["object"]) == ("read.unlock", "C1", piece)
    assert last(workspace, "own_mark")["met"] == 0
    assert not ruling_view(workspace, "C2", piece).unlocked  # another chair marks for themselves
    with pytest.raises(RefusedError, match="stay as they were"):
        mark_first(workspace, piece, {"B8-1.P2": 1}, Act("C1", "", AT))


def test_own_marks_cover_what_is_contested_and_nothing_else(workspace):
    piece = piece_id("T4", "B8-1")
    for marks in ({}, {"B8-1.P1": 1}, {"B8-1.P1": 1, "B8-1.P2": 1}):
        with pytest.raises(InputError, match="every contested criterion"):
            mark_first(workspace, piece, marks, Act("C1", "", AT))
    assert count(workspace, "own_mark") == 0


@pytest.mark.usefixtures("unlocked")
def test_the_chair_sees_every_read_by_criterion_without_names(open_page, workspace):
    view = ruling_view(workspace, "C1", piece_id("T4", "B8-1"))
    contested = next(each for each in view.criteria if each.open)
    assert contested.criterion_id == "B8-1.P2"
    assert [mark.met for mark in contested.marks] == [1, 0, None]
    assert view.reads == ("初评 1", "初评 2", "三评")
    said = words(open_page("adjudication", "C1"))
    assert "&lt;b&gt;未见&lt;/b&gt;" in said
    assert not any(name in said for name in ("评审一", "教师4", "青山小学"))


@pytest.mark.usefixtures("unlocked")
def test_a_ruling_on_the_page_is_a_chair_read_with_its_reason(open_page, workspace):
    piece = piece_id("T4", "B8-1")
    page = open_page("adjudication", "C1")
    page.radio(key=f"ruling_{piece}_B8-1.P2").set_value(1)
    page.selectbox(key=f"ruling_code_{piece}_B8-1.P2").set_value("place_shown")
    page.text_area(key=f"ruling_reason_{piece}_B8-1.P2").set_value("第 2 页写明了学情")
    page = press(page, "提交裁定，下一件")
    assert not page.exception
    assert not page.error
    read = last(workspace, "read")
    assert (read["round"], read["rater_id"], read["piece_id"]) == ("chair", "C1", piece)
    assert read["opened_at"] <= read["submitted_at"]
    with workspace.store() as store:
        recorded = all_reads(store, piece)[-1]
    assert recorded["marks"] == {"B8-1.P2": 1}
    assert recorded["comments"] == {"B8-1.P2": "第 2 页写明了学情"}
    assert last(workspace, "audit_log")["action"] == "read.rule"
    assert last(workspace, "ruling_ground")["code"] == "place_shown"
    assert "没有待仲裁的证据" in words(page)


@pytest.mark.usefixtures("unlocked")
def test_a_ruling_without_its_kind_of_reason_or_words_writes_nothing(open_page, workspace):
    piece, before = piece_id("T4", "B8-1"), count(workspace, "read")
    page = open_page("adjudication", "C1")
    page.radio(key=f"ruling_{piece}_B8-1.P2").set_value(0)
    page = press(page, "提交裁定，下一件")
    assert "理由类别" in page.error[0].value
    page.selectbox(key=f"ruling_code_{piece}_B8-1.P2").set_value("other")
    page = press(page, "提交裁定，下一件")
    assert "没有写理由" in page.error[0].value
    assert count(workspace, "read") == before


def test_a_chair_rules_neither_twice_nor_on_what_is_settled(workspace):
    act = Act("C1", "", AT)
    mark_first(workspace, piece_id("T4", "B8-1"), {"B8-1.P2": 0}, act)
    with pytest.raises(InputError, match="none of place_shown"):
        given = {"B8-1.P2": (0, "理由")}
        rule(workspace, piece_id("T4", "B8-1"), given, act, codes={"B8-1.P2": "whim"})
    with pytest.raises(RefusedError):
        rule(workspace, piece_id("T1", "B8-1"), {"B8-1.P1": (0, "理由")}, act)
    with pytest.raises(InputError, match="lack the kind of reason"):
        rule(workspace, piece_id("T4", "B8-1"), {"B8-1.P2": (0, "理由")}, act)
    codes = {"B8-1.P2": "place_absent"}
    rule(workspace, piece_id("T4", "B8-1"), {"B8-1.P2": (0, "理由")}, act, codes=codes)
    assert rulings_due(workspace, "C1") == []
    with pytest.raises(RefusedError):
        rule(workspace, piece_id("T4", "B8-1"), {"B8-1.P2": (1, "改判")}, act)


def test_the_county_has_no_share_of_few_results_and_counts_what_is_held(workspace):
    found = county_overview(workspace, "K1")
    assert [row.school for row in found.schools] == ["城关小学", "青山小学"]
    assert found.county.pass_share is None
    town = found.schools[0]
    assert (town.excellent, town.held, town.waiting) == (1, 1, 0)
    assert found.schools[1].waiting == 2
    assert county_overview(workspace, "K1", 1).schools[0].pass_share == 1


def test_a_sample_is_drawn_compared_and_accepted_on_the_page(open_page, workspace):
    page = open_page("supervision", "K1")
    page.text_input(key="supervision_seed").set_value("2026-1")
    page = press(page, "抽取样本")
    assert not page.exception
    assert last(workspace, "county_sample")["random_seed"] == "2026-1"
    view = supervision_view(workspace, "K1")
    assert view.unread == len(view.pieces) > 0
    with workspace.store() as store, store.transaction(Act("K1", "", AT), "test") as tx:
        town = [row["piece_id"] for row in view.pieces if row["school"] == "城关小学"]
        reads = [(*piece.split("-", 2)[1:], "K1", "1" * (6 if "B8-1" in piece else 5))
                 for piece in town]  # fmt: skip
        enter_reads(tx, reads)
    page = open_page("supervision", "K1")
    page.selectbox(key="supervision_school").set_value("s1")
    page.radio(key="supervision_decision").set_value("accept")
    page.text_area(key="supervision_reason").set_value("复评一致")
    page = press(page, "确定")
    assert not page.exception
    assert not page.error
    row = last(workspace, "county_decision")
    assert (row["school_id"], row["decision"], row["words"]) == ("s1", "accept", "复评一致")


def test_a_school_is_not_decided_before_its_sample_is_read(open_page, workspace):
    sample(workspace, "2026-1", Act("K1", "", AT))
    page = open_page("supervision", "K1")
    page.radio(key="supervision_decision").set_value("accept")
    page.text_area(key="supervision_reason").set_value("复评一致")
    page = press(page, "确定")
    assert len(page.error) == 1
    assert count(workspace, "county_decision") == 0


def test_a_sample_needs_a_seed(open_page, workspace):
    page = open_page("supervision", "K1")
    page = press(page, "抽取样本")
    assert len(page.error) == 1
    assert count(workspace, "county_sample") == 0


def test_an_export_has_no_formulas_and_leaves_the_unknown_empty():
    made = csv_table([{"a": "=1+1", "b": None}], {"a": "甲", "b": "乙"}).decode("utf-8-sig")
    assert made.splitlines() == ["甲,乙", "'=1+1,"]


@pytest.mark.parametrize("view", ["rates", "severity", "agreement", "cases", "schools", "order"])
def test_each_view_of_the_county_opens_and_ranks_no_school(open_page, view):
    page = open_page("county", "K1")
    page.session_state["county_view"] = view
    page.run()
    assert not page.exception
    assert not page.error
    assert "第一名" not in words(page)


@pytest.mark.parametrize(
    ("query", "heading"),
    [({"school": "s1"}, "城关小学 的证据"), ({"rater": "R1"}, "评审员 R1 评审一 评阅的证据"),
     ({"slot": "B8-1"}, "B8-1 的证据")],
)  # fmt: skip
def test_a_mark_of_the_county_leads_to_its_pieces(open_page, query, heading):
    page = open_page("county", "K1", **query)
    assert not page.exception
    assert page.subheader[0].value == heading
    assert len(page.dataframe[0].value) > 0
