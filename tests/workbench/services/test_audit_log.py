"""The audit log as people read it, and the files they may take away or send in."""

import hashlib
import itertools
import shutil
import sys
import time
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from models.store import Act
from workbench.errors import InputError, RefusedError
from workbench.messages import use_language
from workbench.services import jobs, uploads
from workbench.services.audit_log import COLUMNS, Asked, audit_faults, audit_page, audit_table
from workbench.services.downloads import export_file, export_rows
from workbench.services.people import Directory, TeacherRow
from workbench.services.workspace import Workspace, create

START = datetime(2026, 9, 1, 20, tzinfo=UTC)  # 4 o'clock of 2 September in China
TOWN, HILL = "城关小学", "青山小学"


@pytest.fixture
def fresh():
    counter = itertools.count()
    return lambda size: hashlib.shake_256(str(next(counter)).encode()).digest(size)


@pytest.fixture
def house(house_folder, tmp_path):
    return Workspace(Path(shutil.copytree(house_folder, tmp_path / "w")))


@pytest.fixture(scope="module")
def house_folder(tmp_path_factory):
    counter = itertools.count(1000)
    fresh = lambda size: hashlib.shake_256(str(next(counter)).encode()).digest(size)  # noqa: E731
    act = Act("建档", "", START)
    folder = tmp_path_factory.mktemp("house") / "w"
    made = create(folder, "national-2.0", "秋季", "示例县", act, fresh)
    with made.store() as store:
        with store.transaction(act, "roster.import") as tx:
            people = Directory(store, tx, fresh)
            for school in (TOWN, HILL):
                people.teacher(TeacherRow("", f"{school}教师", school, {}))
            for person_id, role, school in (
                ("G1", "registrar", TOWN),
                ("G2", "registrar", HILL),
                ("K1", "county", ""),
                ("R1", "rater", TOWN),
            ):
                people.rater(person_id, name=f"人员{person_id}", school=school, roles=[role])
        for who, at in (("G1", START), ("人员G1", START.replace(day=3)), ("G2", START)):
            with store.transaction(Act(who, "registrar", at, f"=理由{who}"), "test.act", "对象"):
                pass
    return folder


def seqs(page):
    return [line["seq"] for line in page.lines]


def test_the_newest_line_comes_first_and_pages_follow_each_other(house):
    first = audit_page(house, "K1", Asked(), 2)
    second = audit_page(house, "K1", Asked(), 2, 2)
    assert (seqs(first), seqs(second), first.total) == ([5, 4], [3, 2], 5)
    assert first.actors == ["G1", "G2", "人员G1", "建档"]
    assert first.lines[0]["name"] == "人员G2"


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        (Asked(action="test.act"), [5, 4, 3]),
        (Asked(actor="G1"), [3]),
        (Asked(word=" 理由人员 "), [4]),
        (Asked(first_day=date(2026, 9, 3)), [4]),  # 20:00 UTC on the 3rd is the 4th in China
        (Asked(first_day=date(2026, 9, 2), last_day=date(2026, 9, 3)), [5, 3, 2, 1]),
        (Asked(last_day=date(2026, 9, 1)), []),
        (Asked(word="' OR 1=1 --"), []),
    ],
)
def test_lines_are_found_by_what_was_done_by_whom_and_when(house, asked, expected):
    assert seqs(audit_page(house, "K1", asked, 10)) == expected


def test_a_registrar_sees_what_the_own_school_did(house):
    found = audit_page(house, "G1", Asked(), 10)
    assert seqs(found) == [4, 3] and found.bound
    assert found.actors == ["G1", "人员G1"]
    assert not audit_page(house, "K1", Asked(), 10).bound


def test_a_rater_sees_no_line(house):
    for look in (
        lambda: audit_page(house, "R1", Asked(), 10),
        lambda: audit_table(house, "R1", Asked()),
        lambda: audit_faults(house, "R1"),
    ):
        with pytest.raises(RefusedError):
            look()


def test_the_table_opens_in_chinese_and_holds_no_formula(house):
    table = audit_table(house, "K1", Asked(action="test.act"))
    lines = table.decode("utf-8-sig").splitlines()
    assert table.startswith(b"\xef\xbb\xbf") and lines[0] == ",".join(COLUMNS)
    assert len(lines) == 4 and all(",'=理由" in line for line in lines[1:])


def test_a_whole_log_has_no_faults(house):
    assert audit_faults(house, "K1") == []


@pytest.fixture
def exported(house):
    for school in (TOWN, HILL):
        folder = house.exports / "certificates" / school
        folder.mkdir(parents=True)
        (folder / "单.pdf").write_bytes(school.encode())
    (house.exports / "certificates" / "trusted.pub").write_text("key")
    return house


def test_a_registrar_has_the_sheets_of_the_own_school(exported):
    assert export_file(exported, "G1", "certificates", f"{TOWN}/单.pdf").read_text() == TOWN
    assert [row["name"] for row in export_rows(exported, "G1", "certificates")] == [
        "trusted.pub",
        f"{TOWN}/单.pdf",
    ]
    assert len(export_rows(exported, "K1", "certificates")) == 3


@pytest.mark.parametrize(
    "name", [f"{HILL}/单.pdf", f"{TOWN}/../{HILL}/单.pdf", "没有的学校/单.pdf"]
)
def test_no_road_leads_to_the_sheets_of_another_school(exported, name):
    with pytest.raises(RefusedError):
        export_file(exported, "G1", "certificates", name)


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        ("certificates", "../../workspace.toml"),
        ("certificates", f"{TOWN}/没有.pdf"),
        ("certificates", TOWN),
        ("keys", "pepper"),
    ],
)
def test_what_is_no_export_is_not_there(exported, kind, name):
    with pytest.raises(InputError) as refused:
        export_file(exported, "K1", kind, name)
    assert refused.value.key == "download.missing"


def test_an_upload_belongs_to_who_sent_it(house, fresh):
    with uploads.receive(house, "G1", "C:\\包\\证据.zip", START, fresh) as (file, made):
        file.write(b"PK")
    found = uploads.upload(house, "G1", made)
    assert (found.name, found.bytes, found.path.read_bytes()) == ("证据.zip", 2, b"PK")
    for who, upload_id in (("G2", made), ("G1", "../keys"), ("G1", "")):
        with pytest.raises(InputError):
            uploads.upload(house, who, upload_id)


@pytest.mark.parametrize("name", ["坏.exe", "", "zip", "..", "a.zip/"])
def test_a_form_nothing_here_reads_is_not_taken(house, fresh, name):
    with (
        pytest.raises(InputError) as refused,
        uploads.receive(house, "G1", name, START, fresh),
    ):
        pass
    assert refused.value.key == "upload.form"


def test_what_breaks_off_leaves_nothing_behind(house, fresh, monkeypatch):
    monkeypatch.setattr(uploads, "LARGEST_MIB", 0)
    with (
        pytest.raises(InputError, match="larger"),
        uploads.receive(house, "G1", "a.zip", START, fresh) as (file, _),
    ):
        file.write(b"x")
    assert list((house.folder / "uploads").iterdir()) == []


def ended(house, job_id):
    until = time.monotonic() + 300
    while time.monotonic() < until:
        found = jobs.job(house, job_id)
        if found.state != "running":
            return found
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def test_a_job_runs_the_command_as_the_person_and_says_how_it_ended(house, fresh):
    begun = jobs.start_job(house, "roster", ["没有.xlsx"], "G1", START, fresh)
    assert begun.kind == "roster" and begun.person_id == "G1"
    found = ended(house, begun.job_id)
    assert (found.state, found.exit_status) == ("failed", 2)
    assert "没有.xlsx" in found.output
    assert [job.job_id for job in jobs.list_jobs(house)] == [begun.job_id]


@pytest.mark.parametrize(("spoken", "word"), [("zh", "找不到文件"), ("en", "does not exist")])
def test_a_job_speaks_the_language_of_the_page_that_began_it(house, fresh, spoken, word):
    use_language(spoken)
    begun = jobs.start_job(house, "roster", ["nowhere.xlsx"], "G1", START, fresh)
    assert word in ended(house, begun.job_id).output


def test_jobs_are_for_those_who_may_and_never_too_many_at_once(house, fresh, monkeypatch):
    with pytest.raises(RefusedError):
        jobs.start_job(house, "roster", [], "R1", START, fresh)
    with pytest.raises(InputError):
        jobs.start_job(house, "rm", [], "G1", START, fresh)
    monkeypatch.setattr(jobs, "_MOST_AT_ONCE", 0)
    with pytest.raises(RefusedError) as refused:
        jobs.start_job(house, "roster", [], "G1", START, fresh)
    assert refused.value.key == "job.busy"


def test_a_job_whose_process_is_gone_is_lost(house, fresh):
    folder = house.folder / "jobs" / "j1"
    folder.mkdir(parents=True)
    gone = 2**22 + 1 if sys.platform == "linux" else 99_999_999
    (folder / "job.json").write_text(
        f'{{"kind": "intake", "by": "G1", "at": "", "pid": {gone}}}', encoding="utf-8"
    )
    assert jobs.job(house, "j1").state == "lost"
    with pytest.raises(InputError):
        jobs.job(house, "none")
