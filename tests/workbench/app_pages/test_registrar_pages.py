"""Pages of the registrar: each opens for its role, leaves what the command leaves, and keeps to scope."""

import io
import json
import shutil
import zipfile
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path

import pypdfium2 as pdfium
import pytest
from PIL import Image
from streamlit.testing.v1 import AppTest

from models.store import Act
from tests import small_county
from tests.workbench.app_pages.conftest import draw_page
from workbench import messages, session
from workbench.app_pages import certificates, feedback, intake
from workbench.commands.reporting import progress
from workbench.errors import InputError, RefusedError
from workbench.services import intake_history, publicity_views
from workbench.services.certificates import write_certificates
from workbench.services.certification import approve, propose, propose_procedure
from workbench.services.certification_views import (
    ledger_entries,
    proposals,
    school_prospects,
    verify_ledgers,
    write_checkpoint,
)
from workbench.services.downloads import export_file
from workbench.services.feedback import add_reason
from workbench.services.feedback_notes import write_feedback
from workbench.services.feedback_views import notes_due
from workbench.services.intake_jobs import CHECK, IMPORT, ROSTER, begin_intake, own_job, report_of
from workbench.services.jobs import Job
from workbench.services.keys import lock_key
from workbench.services.publicity import answer, close_publicity, object_to, open_publicity
from workbench.services.sheet_packs import (
    begin_sheets,
    pack_school,
    sheet_rows,
    sheet_states,
    verify_sent,
)
from workbench.services.uploads import receive
from workbench.services.windows import set_window
from workbench.services.workspace import Workspace, create

pytestmark = pytest.mark.slow

AT = datetime(2026, 9, 21, 2, tzinfo=UTC)
TOWN, HILL = "城关小学", "青山小学"
SCHOOLS = {"s1": TOWN, "s2": HILL}
TEACHERS = {"T1": "s1", "T2": "s1", "T3": "s2", "T5": "s1"}
SLOTS = {"B8-1": 4, "B8-2": 3}
MARKS = {
    "T1": ("111111", "11111"),
    "T2": ("111100", "11111"),
    "T3": ("101111", "11111"),
    "T5": ("111111",),
}
PEOPLE = {
    "R1": ("评审一", None, "rater"),
    "R2": ("评审二", None, "rater"),
    "C1": ("组长甲", None, "chair"),
    "K1": ("复核甲", None, "county"),
    "G1": ("登记甲", None, "registrar"),
    "G2": ("登记乙", "s1", "registrar"),
    "G3": ("登记丙", "s2", "registrar"),
}  # fmt: skip
POLICY = (
    small_county.POLICY
    + small_county.CERTIFIES_UNSEEN
    + """
[rule.audit]
county_check_before_certification = { value = false, unit = "yes-no", source = "test" }
"""
)
PAGES = ("intake", "completeness", "publicity", "certification", "certificates", "feedback")


def fresh_bytes():
    counter = count()
    return lambda size: next(counter).to_bytes(size, "big")


FRESH = fresh_bytes()


def act(who="G1", reason="", at=AT):
    return Act(who, "", at, reason)


def enter_people(tx):
    tx.insert("school", [{"school_id": key, "name": name} for key, name in SCHOOLS.items()])
    for person, (name, school, role) in PEOPLE.items():
        row = {"person_id": person, "name": name, "school_id": school, "department": ""}
        roles = {"roles": json.dumps([role]), "relations": "[]", "pseudonym": f"r{person}"}
        tx.insert("person", [{**row, **roles}])
    for teacher, school in TEACHERS.items():
        row = {"teacher_id": teacher, "teacher_no": teacher, "name": f"教师{teacher[1]}"}
        tx.insert("teacher", [{**row, "school_id": school}])
        for name, value in {"online_passed": "1", "choices": '["B8"]'}.items():
            tx.insert("teacher_fact", [{"teacher_id": teacher, "name": name, "value": value}])
        alias = {"teacher_id": teacher, "pseudonym": f"t{teacher[1] * 15}", "salt": "00" * 32}
        tx.insert("alias", [alias])


def enter_evidence(tx):
    for teacher, words in MARKS.items():
        owned = {"submission_id": f"{teacher}.B8.1", "teacher_id": teacher, "competency": "B8"}
        tx.insert("submission", [{**owned, "attempt": 1}])
        for slot, word in zip(SLOTS, words, strict=False):
            piece = f"p-{teacher}-{slot}"
            told = {"piece_id": piece, "submission_id": f"{teacher}.B8.1", "slot_id": slot}
            tx.insert("piece", [told])
            for rater in ("R1", "R2"):
                enter_read(tx, piece, slot, rater, word)


def enter_read(tx, piece, slot, rater, word):
    row = {"piece_id": piece, "rater_id": rater, "round": "blind", "reading": 1}
    times = {"opened_at": "2026-09-20T01:00:00Z", "submitted_at": "2026-09-20T01:05:00Z"}
    (read_id,) = tx.insert("read", [{**row, **times, "comment": "", "replaces": None}])
    names = [f"P{n + 1}" for n in range(SLOTS[slot])] + ["E1", "E2"]
    tx.insert_marks(
        read_id, [(f"{slot}.{name}", int(sign), "") for name, sign in zip(names, word, strict=True)]
    )


def intake_lines(package, *lines):
    """Lines of a report: item, teacher, slot, verdict, and the code of the reason if any."""
    told = {"package": package, "competency": "B8", "seconds": "0.1", "peak_mib": "30"}
    return [
        {
            **told,
            "item": item,
            "teacher_id": teacher,
            "slot": slot,
            "file": f"{TOWN}/{teacher}/{slot}.docx",
            "verdict": verdict,
            "code": code,
            "reason": json.dumps(
                [{"code": code, "severity": verdict, "values": {}}] if code else []
            ),
        }
        for item, teacher, slot, verdict, code in lines
    ]


@pytest.fixture(scope="session")
def round_folder(tmp_path_factory):
    """A round read to the end; T5 lacks a slot, and two packages have been taken in."""
    folder = tmp_path_factory.mktemp("registrar")
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    made = create(
        folder / "workspace", str(folder / "policy.toml"), "2026秋", "示例县", act("建档人"), FRESH
    )
    with made.store() as store:
        with store.transaction(act("建档人"), "roster.import") as tx:
            enter_people(tx)
            enter_evidence(tx)
        lines = [("1", "T1", "B8-1", "accept", ""), ("2", "T5", "B8-2", "reject", "file_missing")]
        with store.transaction(act("G1"), "intake.import") as tx:
            tx.insert("intake_line", intake_lines("aa11", *lines))
        with store.transaction(act("G2"), "intake.import") as tx:
            tx.insert("intake_line", intake_lines("bb22", ("9", "T2", "B8-1", "accept", "")))
    return folder / "workspace"


@pytest.fixture
def workspace(round_folder, tmp_path):
    return Workspace(shutil.copytree(round_folder, tmp_path / "workspace"))


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    """The pages' clock stands at a Monday of the round until a test moves it."""
    hands = [AT]
    monkeypatch.setattr(session, "now", lambda: hands[0])
    messages.use_language("zh")
    yield hands
    messages.use_language("zh")


def page(workspace, name, person, language="zh"):
    drawn = AppTest.from_function(draw_page, args=(name,), default_timeout=120)
    drawn.user = {"person": person, "workspace": str(workspace.folder), "language": language}
    return drawn.run()


def button(drawn, key):
    return next(each for each in drawn.button if each.key == key)


def has_button(drawn, key):
    return any(each.key == key for each in drawn.button)


def said(drawn):
    kinds = (drawn.success, drawn.error, drawn.info, drawn.warning)
    return [each.value for kind in kinds for each in kind]


def frames(drawn):
    return [each.value for each in drawn.dataframe]


def rows_of(workspace, table, **values):
    with workspace.store() as store:
        return [{k: v for k, v in row.items() if k != "tx"} for row in store.where(table, **values)]


def last_act(workspace):
    with workspace.store() as store:
        return {k: store.where("audit_log")[-1][k] for k in ("actor", "role", "action", "object")}


def published(workspace, *, closed=False):
    open_publicity(workspace, [], act())
    if closed:
        close_publicity(workspace, [], act(at=AT + timedelta(days=30)))
    return workspace


def certified(workspace):
    published(workspace, closed=True)
    later = AT + timedelta(days=31)
    for made in propose(workspace, [], act(at=later)):
        approve(workspace, made.proposal_id, act("K1", at=later), FRESH)
    return workspace


@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_each_page_opens_for_the_registrar_in_both_languages(workspace, name, language):
    drawn = page(certified(workspace), name, "G1", language)
    assert not drawn.exception
    assert not drawn.error
    assert drawn.title[0].value == messages.sentence(language, f"page.{name}")


@pytest.mark.parametrize("name", PAGES)
def test_each_page_says_what_to_do_before_there_is_anything(tmp_path, name):
    (tmp_path / "policy.toml").write_text(POLICY, encoding="utf-8")
    made = create(
        tmp_path / "w", str(tmp_path / "policy.toml"), "2026秋", "示例县", act("x"), FRESH
    )
    with made.store() as store, store.transaction(act("x"), "account.add") as tx:
        row = {"person_id": "G1", "name": "登记甲", "school_id": None, "department": ""}
        tx.insert(
            "person", [{**row, "roles": '["registrar"]', "relations": "[]", "pseudonym": "g"}]
        )
    drawn = page(made, name, "G1")
    assert not drawn.exception
    assert drawn.info


@pytest.mark.parametrize("name", PAGES)
def test_a_rater_is_refused_by_the_services_of_every_page(workspace, name):
    drawn = page(workspace, name, "R1")
    assert not drawn.exception
    assert any("角色" in told.value for told in drawn.error)
    assert not frames(drawn)


def test_intake_shows_what_was_sent_back_with_its_reason_in_words(workspace):
    drawn = page(workspace, "intake", "G1")
    picking = next(each for each in drawn.selectbox if each.key == "intake_tx")
    picking.select_index(1).run()
    shown = frames(drawn)[-1]
    assert shown["verdict"].tolist() == ["退回"]
    assert "没有这个文件" in shown["reason"][0]
    assert shown["file"].tolist() == ["B8-2.docx"]


def test_a_schools_registrar_sees_packages_of_the_own_school_and_no_others(workspace):
    everything = [row["package"] for row in intake_history.packages_taken(workspace, "G1")]
    assert everything == ["bb22", "aa11"]
    assert [r["package"] for r in intake_history.packages_taken(workspace, "G2")] == ["bb22"]
    assert intake_history.packages_taken(workspace, "G3") == []
    with pytest.raises(RefusedError):
        intake_history.packages_taken(workspace, "K1")


def test_a_report_goes_out_as_a_table_office_programs_read(workspace):
    tx = intake_history.packages_taken(workspace, "G1")[1]["tx"]
    written = intake_history.package_table(workspace, "G1", tx).decode("utf-8-sig").splitlines()
    assert written[0].startswith("item,teacher_id,competency,slot,file,verdict,code,reason")
    assert len(written) == 3


def send(workspace, name, content=b"x", person="G1"):
    with receive(workspace, person, name, AT, FRESH) as (file, upload_id):
        file.write(content)
    return upload_id


@pytest.fixture
def jobs(monkeypatch):
    """Jobs that would be started, without starting them."""
    begun = []

    def start(workspace, kind, arguments, person_id, at, fresh):
        begun.append((kind, arguments, person_id))
        return Job("j1", kind, person_id, at.isoformat(), "done", 0, "")

    for module in ("intake_jobs", "sheet_packs", "feedback_views"):
        monkeypatch.setattr(f"workbench.services.{module}.start_job", start)
    return begun


@pytest.mark.parametrize(
    ("kind", "name"), [(CHECK, "包.zip"), (IMPORT, "包.zip"), (ROSTER, "名册.xlsx")]
)
def test_what_was_sent_is_handed_to_the_command_that_takes_it_in(workspace, jobs, kind, name):
    sent = send(workspace, name)
    begin_intake(workspace, kind, sent, "G1", AT, FRESH, TOWN if kind == ROSTER else "")
    ((begun, arguments, person),) = jobs
    assert (begun, person, Path(arguments[0]).name) == (kind, "G1", name)
    more = (
        ["--school", TOWN]
        if kind == ROSTER
        else ["--report", str(Path(arguments[0]).with_name("report.json"))]
    )
    assert arguments[1:] == more


def test_only_ones_own_uploads_of_the_right_form_are_taken_in(workspace, jobs):
    with pytest.raises(InputError, match="expected a file ending in"):
        begin_intake(workspace, IMPORT, send(workspace, "名册.xlsx"), "G1", AT, FRESH)
    with pytest.raises(InputError, match="no upload"):
        begin_intake(workspace, IMPORT, send(workspace, "包.zip"), "G2", AT, FRESH)
    with pytest.raises(RefusedError):
        begin_intake(workspace, IMPORT, send(workspace, "包.zip", person="K1"), "K1", AT, FRESH)
    assert jobs == []


def test_an_upload_on_the_page_starts_the_check_and_then_shows_its_report(
    workspace, jobs, monkeypatch
):
    sent = send(workspace, "包.zip")
    monkeypatch.setattr(intake, "send_box", lambda key, _: sent if key == "intake_package" else "")
    ended = Job("j1", CHECK, "G1", "2026-09-21T02:00:00+00:00", "done", 1, "")
    monkeypatch.setattr(intake, "job_line", lambda kinds: ended if CHECK in kinds else None)
    line = {"item": "3", "teacher_id": "T1", "slot": "B8-1", "file": "a/b.docx"}
    report = [{**line, "verdict": "reject", "reason": "文件已损坏。"}]
    path = workspace.folder / "uploads" / sent / "report.json"
    path.write_text(json.dumps(report), encoding="utf-8")
    drawn = page(workspace, "intake", "G1")
    assert jobs[0][0] == CHECK
    assert report_of(workspace, "G1", sent).counts == {"reject": 1}
    assert "文件已损坏。" in frames(drawn)[0]["reason"].tolist()
    monkeypatch.setattr(intake, "send_box", lambda *_: "")
    button(drawn, "import_this").click().run()
    assert jobs[1][0] == IMPORT


def test_nobody_reads_anothers_job(workspace):
    folder = workspace.folder / "jobs" / "j9"
    folder.mkdir(parents=True)
    told = {"kind": IMPORT, "by": "G1", "at": AT.isoformat(), "pid": 1}
    (folder / "job.json").write_text(json.dumps(told), encoding="utf-8")
    (folder / "code").write_text("0")
    (folder / "progress").write_text("3 8")
    found = own_job(workspace, "G1", "j9")
    assert (found.state, found.done, found.total) == ("done", 3, 8)
    with pytest.raises(InputError):
        own_job(workspace, "G2", "j9")


def test_completeness_names_what_each_teacher_lacks(workspace):
    rows = intake_history.completeness(workspace, "G1")
    assert {row["name"]: (row["handed_in"], row["state"]) for row in rows} == {
        "教师1": (2, "complete"),
        "教师2": (2, "complete"),
        "教师3": (2, "complete"),
        "教师5": (1, "missing"),
    }
    drawn = page(workspace, "completeness", "G1")
    assert "B8-2" in frames(drawn)[1]["missing"][0]
    assert "教师5" in drawn.code[0].value
    assert {row["school"] for row in intake_history.completeness(workspace, "G3")} == {HILL}


def test_a_window_is_noticed_and_closed_on_the_page_as_by_the_command(
    workspace, round_folder, tmp_path
):
    by_command = Workspace(shutil.copytree(round_folder, tmp_path / "command"))
    for state in ("noticed", "closed"):
        set_window(by_command, "s1", state, act())
        drawn = page(workspace, "completeness", "G1")
        assert button(drawn, f"do_{state}").disabled
        next(e for e in drawn.checkbox if e.key == f"sure_{state}_s1").check().run()
        button(drawn, f"do_{state}").click().run()
        assert not drawn.exception
        assert drawn.success
    assert rows_of(workspace, "submission_window") == rows_of(by_command, "submission_window")
    assert last_act(workspace) == last_act(by_command)


def test_a_window_of_another_school_is_not_touched(workspace):
    with pytest.raises(RefusedError, match="another school"):
        set_window(workspace, "s1", "noticed", act("G3"))
    drawn = page(workspace, "completeness", "G3")
    assert next(e for e in drawn.selectbox if e.key == "window_school").options == [HILL]
    assert not has_button(page(workspace, "completeness", "K1"), "do_noticed")


def test_publicity_opens_and_closes_on_the_page_as_by_the_command(
    workspace, round_folder, tmp_path, clock
):
    by_command = Workspace(shutil.copytree(round_folder, tmp_path / "command"))
    drawn = page(workspace, "publicity", "G1")
    assert len(frames(drawn)[0]) == 6
    next(e for e in drawn.checkbox if e.key == "publicity_sure").check().run()
    button(drawn, "open").click().run()
    open_publicity(by_command, [], act())
    for table in ("publication", "published_result"):
        assert rows_of(workspace, table) == rows_of(by_command, table)
    assert not has_button(page(workspace, "publicity", "G1"), "close")
    clock[0] = AT + timedelta(days=30)
    drawn = page(workspace, "publicity", "G1")
    button(drawn, "close").click().run()
    close_publicity(by_command, [], act(at=clock[0]))
    assert rows_of(workspace, "publication_end") == rows_of(by_command, "publication_end")


def test_opening_shows_the_last_day_with_the_holidays_between(workspace):
    found, rows = publicity_views.upcoming_rows(workspace, "G1", date(2026, 9, 30))
    assert found.closes_on == date(
        2026, 10, 13
    )  # seven days off, and five days of work from the 8th
    assert [row["school"] for row in rows] == [TOWN] * 4 + [HILL] * 2


def test_a_schools_registrar_opens_and_sees_that_school_alone(workspace):
    drawn = page(workspace, "publicity", "G2")
    assert set(frames(drawn)[0]["school"]) == {TOWN}
    opened = open_publicity(workspace, [], act("G2"))
    assert [each.school_id for each in opened] == ["s1"]
    with pytest.raises(RefusedError, match="another school"):
        open_publicity(workspace, ["s2"], act("G2"))
    assert publicity_views.publications(workspace, "G3", AT.date()) == []
    with pytest.raises(InputError, match="no publicity"):
        publicity_views.published_rows(workspace, "G3", opened[0].publication_id)
    with pytest.raises(RefusedError, match="another school"):
        object_to(workspace, "T1", "B8", "T1", "理由", act("G3"))


def test_an_objection_is_recorded_by_the_registrar_and_answered_by_the_chair(workspace):
    published(workspace)
    drawn = page(workspace, "publicity", "G1")
    about = next(e for e in drawn.selectbox if e.key == "objection_about")
    about.select_index(next(n for n, told in enumerate(about.options) if "教师2　B8" in told)).run()
    next(e for e in drawn.text_input if e.key == "objection_by").input("T2")
    next(e for e in drawn.text_area if e.key == "objection_words").input("请复核。")
    button(drawn, "object").click().run()
    (made,) = rows_of(workspace, "objection")
    assert (made["teacher_id"], made["raised_by"], made["words"]) == ("T2", "T2", "请复核。")
    assert not has_button(page(workspace, "publicity", "G1"), "answer")
    drawn = page(workspace, "publicity", "C1")
    assert not has_button(drawn, "object")
    next(e for e in drawn.text_area if e.key.startswith("answer_words_")).input(
        "证据第二部分未见。"
    )
    button(drawn, "answer").click().run()
    assert rows_of(workspace, "objection_answer")[0]["answer"] == "stands"
    assert last_act(workspace)["role"] == "chair"
    with pytest.raises(InputError):
        answer(workspace, made["objection_id"], "stands", "再答", act("C1"))


def test_words_written_for_one_objection_never_answer_another(workspace):
    published(workspace)
    drawn = page(workspace, "publicity", "G1")
    for place, by in enumerate(("T1", "T2")):
        next(e for e in drawn.selectbox if e.key == "objection_about").select_index(place).run()
        next(e for e in drawn.text_input if e.key == "objection_by").input(by)
        next(e for e in drawn.text_area if e.key == "objection_words").input(f"{by}请复核。")
        drawn = button(drawn, "object").click().run()
        assert {e.value for e in drawn.text_area if e.key == "objection_words"} == {""}
    drawn = page(workspace, "publicity", "C1")  # shows one, which another chair answers
    box = next(e for e in drawn.text_area if e.key.startswith("answer_words_"))
    shown = box.key.removeprefix("answer_words_")
    answer(workspace, shown, "stands", "已核对", act("C2"))
    box.input("第二页未见。")
    drawn = button(drawn, "answer").click().run()
    assert [row["objection_id"] for row in rows_of(workspace, "objection_answer")] == [shown]
    (other,) = {row["objection_id"] for row in rows_of(workspace, "objection")} - {shown}
    assert [e.value for e in drawn.text_area if e.key == f"answer_words_{other}"] == [""]


def test_the_list_for_the_wall_says_name_school_competency_and_level_alone(workspace):
    import docx

    published(workspace)
    name = publicity_views.make_public_list(workspace, "G1", "g0001")
    path = export_file(workspace, "G2", "publicity", name)
    with pytest.raises(RefusedError):
        export_file(workspace, "G3", "publicity", name)
    made = docx.Document(path)
    rows = [[cell.text for cell in row.cells] for row in made.tables[0].rows]
    assert rows[0] == ["序号", "姓名", "能力点", "等级"]
    assert [row[1] for row in rows[1:]] == ["教师1", "教师1", "教师2", "教师2"]
    words = "".join(p.text for p in made.paragraphs) + "".join(map("".join, rows))
    assert TOWN in words
    assert "T1" not in words


def test_certification_takes_two_people_and_says_why_the_rest_waits(workspace, clock):
    published(workspace, closed=True)
    clock[0] = AT + timedelta(days=31)
    (town, hill) = school_prospects(workspace, "G1")
    assert (town["ready"], town["no_level"], hill["ready"]) == (4, 2, 2)
    drawn = page(workspace, "certification", "G1")
    button(drawn, "propose").click().run()
    ids = [row["proposal_id"] for row in rows_of(workspace, "proposal")]
    assert ids == ["c0001", "c0002"]
    drawn = page(workspace, "certification", "G1")
    assert not has_button(drawn, "approve_c0001")
    assert any("由您提出" in told for told in said(drawn))
    drawn = page(workspace, "certification", "K1")
    next(e for e in drawn.checkbox if e.key == "sure_c0001").check().run()
    button(drawn, "approve_c0001").click().run()
    assert not drawn.error
    assert [row["state"] for row in proposals(workspace, "G1")] == ["waiting", "approved"]
    entries = ledger_entries(workspace, "G1", "s1")
    assert [row["subject"] for row in entries if row["is_result"]][-1] == "教师1"
    assert last_act(workspace)["actor"] == "K1"


def test_a_locked_key_asks_for_its_passphrase_and_a_wrong_one_posts_nothing(workspace, clock):
    certified(workspace)
    clock[0] = AT + timedelta(days=32)
    lock_key(workspace, "s1", act("K1", at=clock[0]), None, "一把长长的锁 2026")
    (made,) = propose_procedure(workspace, ["s1"], act(at=clock[0]))
    number = made.proposal_id
    before = len(ledger_entries(workspace, "G1", "s1"))
    drawn = page(workspace, "certification", "K1")
    for phrase, posted in (("错的", 0), ("一把长长的锁 2026", made.results)):
        asked = next(e for e in drawn.text_input if e.key == f"phrase_{number}")
        asked.input(phrase).run()
        next(e for e in drawn.checkbox if e.key == f"sure_{number}").check().run()
        button(drawn, f"approve_{number}").click().run()
        assert bool(drawn.error) == (posted == 0)
        assert len(ledger_entries(workspace, "G1", "s1")) == before + posted


def test_an_approval_cut_short_before_the_ledger_is_shown_and_made_good(workspace, clock):
    published(workspace, closed=True)
    clock[0] = AT + timedelta(days=31)
    (made,) = propose(workspace, ["s1"], act(at=clock[0]))
    number = made.proposal_id
    with workspace.store() as store, store.transaction(act("K1", at=clock[0]), "test") as tx:
        tx.insert("approval", [{"proposal_id": number}])  # and there the power failed
    assert [row["state"] for row in proposals(workspace, "G1")] == ["unposted"]
    drawn = page(workspace, "certification", "K1")
    assert any("中断" in told for told in said(drawn))
    next(e for e in drawn.checkbox if e.key == f"sure_{number}").check().run()
    button(drawn, f"approve_{number}").click().run()
    assert not any("中断" in told for told in said(drawn))
    assert [row["state"] for row in proposals(workspace, "G1")] == ["approved"]
    entries = ledger_entries(workspace, "G1", "s1")
    assert sum(row["is_result"] for row in entries) == made.results


def test_a_registrar_of_another_school_may_not_approve(workspace):
    published(workspace, closed=True)
    later = AT + timedelta(days=31)
    (made,) = propose(workspace, ["s1"], act(at=later))
    with pytest.raises(RefusedError, match="another school"):
        approve(workspace, made.proposal_id, act("G3", at=later), FRESH)
    assert proposals(workspace, "G3") == []
    assert proposals(workspace, "G2")[0]["may_approve"]


def test_the_chair_sees_pseudonyms_in_the_ledger(workspace):
    certified(workspace)
    subjects = {row["subject"] for row in ledger_entries(workspace, "C1", "s1") if row["is_result"]}
    assert subjects == {"t1111111", "t2222222"}
    with pytest.raises(RefusedError, match="another school"):
        ledger_entries(workspace, "G3", "s1")


def test_verifying_names_the_first_fault_and_a_ledger_that_is_gone(workspace):
    certified(workspace)
    assert all(each.ok for each in verify_ledgers(workspace, "G1"))
    drawn = page(workspace, "certification", "G1")
    button(drawn, "verify").click().run()
    assert sum("全部核验通过" in told for told in said(drawn)) == 2
    workspace.ledger_path("s1").unlink()
    found = verify_ledgers(workspace, "G2")
    assert [(each.school, each.ok) for each in found] == [(TOWN, False)]
    assert "从备份恢复" in found[0].first_fault


def test_a_checkpoint_is_downloaded_by_the_own_school_and_the_county(workspace):
    certified(workspace)
    name = write_checkpoint(workspace, "G2", "s1")
    assert (
        export_file(workspace, "K1", "checkpoints", name).read_text().startswith("示例县/2026秋/s1")
    )
    with pytest.raises(RefusedError):
        write_checkpoint(workspace, "G3", "s1")
    with pytest.raises(RefusedError):
        export_file(workspace, "G3", "checkpoints", name)


def test_sheets_are_made_packed_and_kept_to_the_school(workspace, jobs):
    certified(workspace)
    assert [row["state"] for row in sheet_states(workspace, "G1")] == ["none", "none"]
    drawn = page(workspace, "certificates", "G2")
    button(drawn, "make_s1").click().run()
    assert jobs[0][0] == "certificates"
    assert jobs[0][1][1:] == ["--school", "s1"]
    with pytest.raises(RefusedError, match="another school"):
        begin_sheets(workspace, "s1", "G3", AT, FRESH)
    write_certificates(workspace, workspace.exports / "certificates", AT.date(), formats=("docx",))
    (town,) = sheet_states(workspace, "G2")
    assert (town["state"], town["files"], town["sheets"]) == ("current", 3, 3)
    packed = export_file(workspace, "G2", "certificates", pack_school(workspace, "G2", "s1"))
    assert len(zipfile.ZipFile(packed).namelist()) == 3
    rows = sheet_rows(workspace, "G2")
    assert [row["is_summary"] for row in rows] == [True, False, False]
    assert {row["school"] for row in rows} == {TOWN}
    with pytest.raises(RefusedError, match="another school"):
        pack_school(workspace, "G3", "s1")


def test_a_sheet_with_a_cell_changed_is_found_out_and_not_kept(workspace, monkeypatch):
    certified(workspace)
    out = workspace.exports / "certificates"
    made = write_certificates(workspace, out, AT.date(), ["s1"], formats=("docx",))
    sheet = next(path for path in made if "教师2" in path.name)
    changed = sheet.with_name("改动.docx")
    with zipfile.ZipFile(sheet) as old, zipfile.ZipFile(changed, "w") as new:
        for item in old.infolist():
            data = old.read(item).replace(">合格<".encode(), ">优秀<".encode(), 1)
            new.writestr(item, data if item.filename == "word/document.xml" else old.read(item))
    name, report = verify_sent(workspace, "G1", send(workspace, sheet.name, sheet.read_bytes()))
    assert (name, report.faults) == (sheet.name, ())
    assert list((workspace.folder / "uploads").iterdir()) == []
    sent = send(workspace, changed.name, changed.read_bytes())
    monkeypatch.setattr(certificates, "send_box", lambda key, *_: sent if key == "sheet" else "")
    drawn = page(workspace, "certificates", "G1")
    assert any("核验不通过" in told for told in said(drawn))
    cell = frames(drawn)[-1].iloc[0]
    assert (cell["expected"], cell["found"]) == ("合格", "优秀")


def test_a_stamped_scan_is_sent_in_verified_kept_and_listed(workspace, monkeypatch):
    certified(workspace)
    out = workspace.exports / "certificates"
    made = write_certificates(workspace, out, AT.date(), ["s1"], formats=("pdf",))
    sheet = next(path for path in made if "教师2" in path.name)
    scan = io.BytesIO()
    pdfium.PdfDocument(sheet)[0].render(scale=200 / 72).to_pil().convert("L").save(scan, "PNG")
    sent = send(workspace, "盖章.png", scan.getvalue())
    monkeypatch.setattr(certificates, "send_box", lambda key, *_: sent if key == "scan" else "")
    drawn = page(workspace, "certificates", "G1")
    assert any("扫描件已存档" in told for told in said(drawn))
    (kept,) = rows_of(workspace, "stamped_scan")
    assert workspace.evidence.path(kept["sha256"]).read_bytes() == scan.getvalue()
    assert frames(drawn)[-1].iloc[0]["sha256"] == kept["sha256"][:12]


def test_a_paper_that_is_no_sheet_is_not_kept_as_one(workspace, monkeypatch):
    certified(workspace)
    blank = io.BytesIO()
    Image.new("L", (600, 800), 255).save(blank, "PNG")
    sent = send(workspace, "白纸.png", blank.getvalue())
    monkeypatch.setattr(certificates, "send_box", lambda key, *_: sent if key == "scan" else "")
    drawn = page(workspace, "certificates", "G1")
    assert any("二维码" in told for told in (each.value for each in drawn.error))
    assert rows_of(workspace, "stamped_scan") == []


def test_notes_are_due_for_what_was_published_failed_and_what_is_missing(workspace, jobs):
    published(workspace)
    rows = notes_due(workspace, "G1", AT.date())
    assert [(row["who"], row["outcome"]) for row in rows] == [
        ("教师5", "missing_evidence"),
        ("教师3", "fail"),
    ]
    assert [row["who"] for row in notes_due(workspace, "G3", AT.date())] == ["教师3"]
    drawn = page(workspace, "feedback", "G2")
    button(drawn, "make").click().run()
    assert jobs[0][1][1:] == ["--school", "s1"]
    write_feedback(workspace, workspace.exports / "feedback", AT.date(), ["s1"])
    made = {row["who"]: row["file"] for row in notes_due(workspace, "G1", AT.date())}
    assert export_file(workspace, "G2", "feedback", made["教师5"]).is_file()
    assert made["教师3"] == ""


def test_the_chair_words_a_reason_without_learning_who_the_teacher_is(workspace, monkeypatch):
    published(workspace)
    row = next(r for r in notes_due(workspace, "C1", AT.date()) if r["outcome"] == "fail")
    assert (row["who"], row["teacher_no"], row["file"]) == ("t3333333", "", "")
    monkeypatch.setattr(feedback, "table", lambda rows, *_, **__: rows[-1])
    drawn = page(workspace, "feedback", "C1")
    assert not has_button(drawn, "make")
    key = f"{row['key']}_0"
    next(e for e in drawn.text_area if e.key == f"words_{key}").input("缺少分组依据。")
    button(drawn, f"save_{key}").click().run()
    (kept,) = rows_of(workspace, "feedback_reason")
    assert (kept["piece_id"], kept["criterion_id"], kept["words"]) == (
        "p-T3-B8-1",
        "B8-1.P2",
        "缺少分组依据。",
    )
    assert notes_due(workspace, "G1", AT.date())[-1]["worded"] == 1
    with pytest.raises(RefusedError):
        add_reason(workspace, "p-T3-B8-1", "B8-1.P2", "x", "", act("G1"))
    with pytest.raises(InputError, match="nowhere"):
        add_reason(workspace, "nowhere", "B8-1.P2", "x", "", act("C1"))


def test_before_publicity_the_chair_does_not_learn_names(workspace):
    _, rows = publicity_views.upcoming_rows(workspace, "C1", AT.date())
    assert {(row["name"], row["teacher_no"]) for row in rows} == {
        ("t1111111", ""),
        ("t2222222", ""),
        ("t3333333", ""),
    }


def test_an_objection_without_grounds_or_a_name_is_refused_in_words(workspace):
    published(workspace)
    drawn = page(workspace, "publicity", "G1")
    button(drawn, "object").click().run()
    assert drawn.error
    with pytest.raises(InputError, match="who raises it"):
        object_to(workspace, "T1", "B8", " ", "理由", act())


def test_a_command_writes_how_far_it_is_where_its_job_reads_it(tmp_path, monkeypatch):
    monkeypatch.setenv("WORKBENCH_PROGRESS", str(tmp_path / "progress"))
    with progress("…") as tick:
        tick(1, 4)
        assert (tmp_path / "progress").read_text() == "1 4"
        tick(2, 4)
        tick(4, 4)
    assert (tmp_path / "progress").read_text() == "4 4"
