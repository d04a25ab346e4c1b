"""Reach: the people of a school act for it alone, whatever is in what they bring."""

import csv

import openpyxl
import pytest

from workbench.errors import RefusedError
from workbench.services.intake import import_package
from workbench.services.reach import act_for, may_name, schools_seen
from workbench.services.roster import import_roster


def test_the_county_reaches_all_schools_and_a_registrar_the_own(opened):
    own = opened.school("城关小学")
    with opened.workspace.store() as store:
        names = {row["school_id"]: row["name"] for row in store.where("school")}
        every = list(names)
        assert schools_seen(store, "G1", "publicity.show") == {own: "城关小学"}
        assert schools_seen(store, "K1", "publicity.show") == names
        assert act_for(store, opened.act("G1"), "publicity.open")[1] == [own]
        assert act_for(store, opened.act("登记员"), "publicity.open")[1] == every
        assert act_for(store, opened.act("G1"), "publicity.open")[0].role == "registrar"


def test_another_school_asked_for_by_name_is_refused(opened):
    with opened.workspace.store() as store, pytest.raises(RefusedError, match="another school"):
        act_for(store, opened.act("G1"), "publicity.open", [opened.school("青山小学")])


def test_names_are_for_the_registrar_and_the_county(opened):
    with opened.workspace.store() as store:
        told = {person: may_name(store, person) for person in ("G1", "K1", "C1", "R1")}
    assert told == {"G1": True, "K1": True, "C1": False, "R1": False}


def test_a_registrar_takes_in_no_evidence_of_another_school(opened, tmp_path):
    folder = tmp_path / "package-of-two"
    folder.mkdir()
    rows = [("T1", "教师1", "城关小学"), ("T3", "教师3", "青山小学")]
    with (folder / "manifest.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["teacher_id", "teacher_name", "school", "competency", "slot", "file"])
        for teacher, name, school in rows:
            (folder / f"{teacher}.txt").write_text(opened.essay(teacher), encoding="utf-8")
            writer.writerow([teacher, name, school, "B8", "B8-1", f"{teacher}.txt"])
    report = import_package(opened.workspace, folder, opened.act("G1"), opened.fresh)
    assert [line.verdict == "reject" for line in report.lines] == [False, True]
    assert report.lines[1].code == "other_school"
    assert "青山小学" in report.lines[1].remarks[-1].sentence("zh")
    assert opened.count("piece") == 1


def test_a_registrars_roster_brings_people_of_the_own_school_alone(opened, tmp_path):
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.append(["教师编号", "姓名", "学校", "学科", "能力点1"])
    sheet.append(["T8", "教师8", "城关小学", "语文", "B8"])
    sheet.append(["T9", "教师9", "青山小学", "语文", "B8"])
    path = tmp_path / "two-schools.xlsx"
    book.save(path)
    before = opened.count("teacher")
    report = import_roster(opened.workspace, path, opened.act("G1"), opened.fresh)
    assert (report.teachers, opened.count("teacher") - before) == (1, 1)
    assert report.faults[-1][1].sentence("zh").startswith("有 1 行不属于城关小学")
