"""A case of a re-used video on its page: the frames of both sides, and the copies it still lacks."""

import csv
import itertools
import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from models.store import Act
from tests import small_county
from tests.workbench.readers.test_media import film
from workbench import messages
from workbench.cli import cli
from workbench.services import jobs
from workbench.services.blinding import copies_lacking
from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds
from workbench.services.intake import import_package
from workbench.services.workspace import Workspace, create

pytestmark = pytest.mark.slow

AT = datetime(2026, 9, 21, 2, tzinfo=UTC)
SCHOOLS = {"s1": "城关小学", "s2": "青山小学", "s3": "县教研室"}
TEACHERS = {"T1": "s1", "T4": "s2"}
PEOPLE = {"R1": ("评审一", "rater"), "C1": ("组长甲", "chair"), "K1": ("复核甲", "county")}
CODED = {"T1": (24, 300_000), "T4": (48, 80_000)}  # one lesson, coded in two ways


def enter_people(tx):
    tx.insert("school", [{"school_id": i, "name": name} for i, name in SCHOOLS.items()])
    tx.insert("person", [
        {"person_id": i, "name": name, "school_id": "s3", "department": "",
         "roles": json.dumps([role]), "relations": "[]", "pseudonym": f"r{i}"}
        for i, (name, role) in PEOPLE.items()
    ])  # fmt: skip
    for teacher, school in TEACHERS.items():
        row = {"teacher_id": teacher, "teacher_no": teacher, "name": f"教师{teacher[1]}"}
        tx.insert("teacher", [{**row, "school_id": school}])
        choices = {"teacher_id": teacher, "name": "choices", "value": '["B8"]'}
        tx.insert("teacher_fact", [choices])
        tx.insert("alias", [{"teacher_id": teacher, "pseudonym": teacher, "salt": "00"}])


def hand_in(workspace, folder):
    rows = []
    for teacher, (gop, bits) in CODED.items():
        path = film(folder / f"{teacher}.mp4", seconds=6.0, gop=gop, bits=bits)
        about = {"teacher_id": teacher, "teacher_name": f"教师{teacher[1]}", "competency": "B8"}
        school = SCHOOLS[TEACHERS[teacher]]
        rows.append({**about, "school": school, "slot": "B8-1", "file": path.name})
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    counter = itertools.count()
    act = Act("登记员", "", AT)
    import_package(workspace, folder, act, lambda n: next(counter).to_bytes(n, "big"))


@pytest.fixture(scope="module")
def round_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strips")
    pack = folder / "policy.toml"
    pack.write_text(small_county.POLICY, encoding="utf-8")
    act = Act("登记员", "", AT)
    made = create(folder / "w", str(pack), "2026秋", "示例县", act, lambda n: bytes(range(n)))
    with made.store() as store, store.transaction(act, "test") as tx:
        enter_people(tx)
    package = folder / "package"
    package.mkdir()
    hand_in(made, package)
    raise_flags(made, Act("登记员", "", AT))
    return folder / "w"


@pytest.fixture
def workspace(round_folder, tmp_path):
    return Workspace(Path(shutil.copytree(round_folder, tmp_path / "w")))


@pytest.fixture
def hold_id(workspace):
    return next(c["hold_id"] for c in list_holds(workspace) if c["code"] == "reused_video")


def markup(page):
    return "\n".join(each.proto.body for each in page.get("html"))


def captions(page):
    return [each.value for each in page.caption]


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_a_case_shows_both_strips_and_says_how_many_frames_are_the_same(
    open_page, hold_id, language
):
    page = open_page("holds", "K1", language, hold=hold_id)
    assert not page.exception
    shown = markup(page)
    assert shown.count('<img alt="') == 24
    assert shown.count("data:image/jpeg;base64,") == 24
    alike = shown.count('class="fs-tile alike"') // 2
    assert alike >= 9
    assert messages.sentence(language, "page_holds.strip.said", count=alike) in captions(page)
    for number in range(1, alike + 1):
        assert shown.count(f"<b>{number}</b>") == 2
    assert shown.count("<figcaption>0:00.2</figcaption>") == 2
    assert shown.count(messages.sentence(language, "viewer.label.face_voice")) == 2


def test_a_rater_gets_no_strip(open_page, hold_id):
    page = open_page("holds", "R1", hold=hold_id)
    assert len(page.error) == 1
    assert "<img" not in markup(page)


def test_who_may_not_make_copies_is_told_who_can(open_page, hold_id):
    page = open_page("holds", "C1", hold=hold_id)
    said = [each.value for each in page.info]
    told = messages.text("page_holds.copies.lacking", n=2) + messages.text("page_holds.copies.ask")
    assert told in said
    assert "case_copies" not in [each.key for each in page.button]


def test_who_may_makes_the_copies_from_the_case(open_page, workspace, hold_id, monkeypatch):
    asked = []

    def start(workspace, kind, arguments, person_id, at, fresh):
        command = [
            "--workspace",
            str(workspace.folder),
            "--lang",
            "zh",
            "--as",
            person_id,
            *jobs.COMMANDS[kind],
        ]
        done = CliRunner().invoke(cli, [*command, *arguments])
        asked.append((kind, arguments))
        return jobs.Job("j", kind, person_id, str(at), "done", done.exit_code, done.output)

    monkeypatch.setattr(jobs, "start_job", start)
    monkeypatch.setattr(
        jobs, "job", lambda *_: jobs.Job("j", "blind", "K1", str(AT), "done", 0, "")
    )
    page = open_page("holds", "K1", hold=hold_id)
    page = page.button(key="case_copies").click().run()
    assert not page.exception
    ((kind, arguments),) = asked
    pieces = arguments[1::2]
    assert (kind, arguments[::2], len(pieces)) == ("blind", ["--piece"] * 2, 2)
    assert copies_lacking(workspace, pieces) == {}
    assert messages.text("page_holds.copies.made") in [each.value for each in page.success]
    assert "case_copies" not in [each.key for each in page.button]
