"""Masked copies over a whole round: who is covered, what is kept, and going on after a stop."""

import io
import json
import sqlite3
import zipfile
from contextlib import nullcontext

import docx
import pytest
from PIL import Image

from workbench.errors import RefusedError
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import Limits
from workbench.readers.masking import NAME, Word
from workbench.readers.office import find_office
from workbench.services import blinding
from workbench.services.blinding import make_blind_copies, pending
from workbench.services.mask_words import MaskWords, name_words, school_forms

needs_office = pytest.mark.skipif(find_office() is None, reason="LibreOffice is not installed")


@pytest.fixture(scope="module")
def without_office():
    """A pool that has no LibreOffice, for all tests here that need none."""
    with ReaderPool(Limits(written_mib=64, cpu_s=30), convert=False) as pool:
        yield pool


@pytest.fixture
def bare(monkeypatch, without_office):
    monkeypatch.setattr(blinding, "ReaderPool", lambda _: nullcontext(without_office))


def document(*paragraphs):
    made = docx.Document()
    made.core_properties.author = "教师1"
    for each in paragraphs:
        made.add_paragraph(each)
    file = io.BytesIO()
    made.save(file)
    return file.getvalue()


def photo():
    file = io.BytesIO()
    Image.effect_mandelbrot((300, 200), (-2, -1.2, 1, 1.2), 40).save(file, "JPEG")
    return file.getvalue()


def packed(**members):
    file = io.BytesIO()
    with zipfile.ZipFile(file, "w") as archive:
        for name, data in members.items():
            archive.writestr(name.replace("_", "."), data)
    return file.getvalue()


def contents(walk):
    with walk.workspace.store() as store:
        return [json.loads(row["content"]) for row in store.where("blind_copy")]


def kept_files(walk):
    return [path for path in (walk.workspace.folder / "blind").rglob("*") if path.is_file()]


def readings(walk):
    """Texts of all reading views kept."""
    return "\n".join(
        block.get("text", "")
        for content in contents(walk)
        for part in content["parts"]
        for block in json.loads(
            (
                walk.workspace.folder
                / "blind"
                / part["reading"][:2]
                / part["reading"][2:4]
                / part["reading"]
            ).read_bytes()
        )["blocks"]
        if part["reading"]
    )


@pytest.fixture(scope="module")
def two_teachers_folder(further, opened_folder):
    words = "与教师1、教师2、教师3 在城关小学、青山小学共同备课。" * 20

    def do(walk):
        for teacher in ("T1", "T3"):
            row = {"teacher_id": teacher, "slot": "B8-1", "file": f"{teacher}.docx"}
            walk.on("2026-09-02").take_in([(row, document(words + walk.essay(teacher)))])

    return further(opened_folder, do)


@pytest.fixture
def two_teachers(two_teachers_folder, walk_in):
    """T1 and T2 of one school, T3 of another, each naming each other."""
    return walk_in(two_teachers_folder, "2026-09-02")


def test_everybody_of_the_school_is_covered_and_other_schools_are_not(two_teachers, bare):
    report = make_blind_copies(two_teachers.workspace, two_teachers.act())
    assert (report.files, report.made, report.sound) == (2, 2, True)
    first, second = readings(two_teachers).split("\n")
    assert "教师1" not in first and "教师2" not in first and "城关小学" not in first
    assert "教师3" in first and "青山小学" in first
    assert "教师3" not in second and "青山小学" not in second
    assert "教师1" in second


def test_no_file_kept_names_its_author(two_teachers, bare):
    make_blind_copies(two_teachers.workspace, two_teachers.act())
    assert kept_files(two_teachers)
    for content in contents(two_teachers):
        assert "T1.docx" not in json.dumps(content) and "教师1" not in json.dumps(content)


def test_doing_it_again_makes_nothing_and_asking_for_it_makes_all(two_teachers, bare):
    walk = two_teachers
    assert pending(walk.workspace) == 2
    make_blind_copies(walk.workspace, walk.act())
    assert pending(walk.workspace) == 0
    before = walk.log()
    assert make_blind_copies(walk.workspace, walk.act()).made == 0
    assert walk.log() == before
    assert make_blind_copies(walk.workspace, walk.act(), again=True).made == 2


def test_a_run_that_was_stopped_goes_on_where_it_was(handed_in, bare, monkeypatch):
    monkeypatch.setattr(blinding, "_BATCH", 2)

    def stop(done, total):
        if done >= 4:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        make_blind_copies(handed_in.workspace, handed_in.act(), stop)
    left = pending(handed_in.workspace)
    assert left == 9 - 4
    assert make_blind_copies(handed_in.workspace, handed_in.act()).made == left


def test_files_of_a_zip_are_shown_one_by_one(opened, bare):
    data = packed(a_txt="教师1 记录", b_jpg=photo(), c_zip=packed(x_txt="x"))
    row = {"teacher_id": "T1", "slot": "B8-1", "file": "材料.zip"}
    opened.take_in([(row, data)])
    report = make_blind_copies(opened.workspace, opened.act())
    (content,) = contents(opened)
    assert [part["kind"] for part in content["parts"]] == ["reading", "image", "none"]
    assert [failure["code"] for failure in report.failed] == ["unsupported"]


def test_a_damaged_file_is_said_to_be_not_shown_and_the_others_are_made(two_teachers, bare):
    walk = two_teachers
    with walk.workspace.store() as store:
        broken = store.where("evidence_file")[0]["sha256"]
    path = walk.workspace.evidence.path(broken)
    path.chmod(0o600)
    path.write_bytes(b"PK\3\4")
    report = make_blind_copies(walk.workspace, walk.act())
    assert report.made == 2
    assert [failure["file"] for failure in report.failed] == [broken[:16]]


@needs_office
def test_pages_are_added_once_libreoffice_is_there(two_teachers, bare, monkeypatch):
    walk = two_teachers
    report = make_blind_copies(walk.workspace, walk.act())
    assert report.without_office == 2
    assert all(content["parts"][0]["notices"] == ["no_office"] for content in contents(walk))
    monkeypatch.setattr(blinding, "ReaderPool", ReaderPool)
    report = make_blind_copies(walk.workspace, walk.act())
    assert (report.made, report.without_office) == (2, 0)
    newest = contents(walk)[2:]
    assert all(content["parts"][0]["kind"] == "pages" for content in newest)
    assert pending(walk.workspace) == 0


def test_without_libreoffice_on_the_path_there_is_a_reading_view(two_teachers, monkeypatch):
    monkeypatch.setenv("PATH", "")
    report = make_blind_copies(two_teachers.workspace, two_teachers.act())
    assert (report.made, report.without_office, report.sound) == (2, 2, True)


def test_only_those_who_keep_the_files_make_copies(two_teachers, bare):
    with pytest.raises(RefusedError, match="asks for the role"):
        make_blind_copies(two_teachers.workspace, two_teachers.act("评审1"))


def test_a_row_once_written_stays(two_teachers, bare):
    make_blind_copies(two_teachers.workspace, two_teachers.act())
    database = sqlite3.connect(two_teachers.workspace.folder / "working.db")
    with pytest.raises(sqlite3.DatabaseError, match="append-only"):
        database.execute("UPDATE blind_copy SET content = '{}'")
    database.close()


@pytest.mark.parametrize(
    ("name", "forms"),
    [
        ("松岚县第一中学", {"松岚县第一中学", "松岚县一中", "县一中", "第一中学", "一中"}),
        ("青石镇中心小学", {"青石镇中心小学", "青石镇小学", "青石镇中心校"}),
        (
            "城东区实验小学（北校区）",
            {"城东区实验小学（北校区）", "城东区实验小学", "实验小学", "实小"},
        ),
    ],
)
def test_a_school_is_known_by_its_usual_short_names(name, forms):
    assert forms <= set(school_forms(name))


def test_what_every_school_could_be_called_is_no_name(opened):
    assert not {"小学", "中学", "中心小学"} & set(school_forms("青石镇中心小学"))


def test_a_teacher_is_known_by_surname_and_title():
    words = {word.text for word in name_words("欧阳文静")}
    assert {"欧阳文静", "欧阳老师", "文静老师"} <= words
    assert "欧" not in words and "文静" not in words


def test_the_own_name_of_two_characters_is_covered_everywhere(opened):
    with opened.workspace.store() as store:
        mask = MaskWords(store).mask("T1", store.one("teacher", teacher_id="T1")["school_id"])
    assert Word(NAME, "教师1") in mask.words
