"""Intake: what can be taken is, whatever the rest is like, and twice is once."""

import hashlib
import shutil
import zipfile

import av
import numpy as np
import pytest

from models.errors import StoreError
from models.submissions import files_by_piece
from workbench.errors import InputError, RefusedError
from workbench.services.intake import check_package, import_package, register_forms
from workbench.services.results import results

NUMBERED = "teacher_id teacher_name school competency slot file sha256 location".split()
NAMED = "teacher_name school competency slot file".split()


def verdicts(report):
    return [(line.verdict, line.code) for line in report.lines]


def last_package(walk):
    return max(walk.folder.glob("package-*"), key=lambda path: path.stat().st_mtime)


def again(walk):
    return import_package(walk.workspace, last_package(walk), walk.act(), walk.fresh)


def zipped(folder, names=None):
    path = folder.with_suffix(".zip")
    with zipfile.ZipFile(path, "w") as archive:
        for file in sorted(folder.iterdir()):
            archive.write(file, (names or {}).get(file.name, file.name))
    return path


def film(path, shade):
    """Two seconds of one shade of grey."""
    with av.open(str(path), "w") as container:
        stream = container.add_stream("libx264", rate=5)
        stream.width, stream.height, stream.pix_fmt = 64, 48, "yuv420p"
        for _ in range(10):
            picture = np.full((48, 64, 3), shade, dtype=np.uint8)
            container.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        container.mux(stream.encode(None))
    return path.read_bytes()


class TestTwiceIsOnce:
    def test_the_same_package_again_writes_nothing(self, handed_in):
        before = handed_in.log()
        shutil.copytree(last_package(handed_in), handed_in.folder / "package-copy")
        report = import_package(
            handed_in.workspace, handed_in.folder / "package-copy", handed_in.act(), handed_in.fresh
        )
        assert report.new_files == 0
        assert handed_in.log() == before

    def test_nor_does_one_that_names_teachers_without_the_numbers_the_roster_has(self, opened):
        row = {"teacher_id": "", "teacher_name": "教师1", "slot": "B8-1", "file": "a.txt"}
        opened.take_in([(row, opened.essay("a"))])
        before = opened.log()
        assert again(opened).new_files == 0
        assert opened.log() == before
        assert opened.count("teacher") == 5

    def test_a_refused_package_is_reported_once(self, opened):
        opened.take_in([({"teacher_id": "T1", "slot": "B8-1", "file": "none.txt"}, None)])
        before = opened.log()
        assert again(opened).new_files == 0
        assert opened.log() == before

    def test_one_more_file_brings_only_itself(self, handed_in):
        report = handed_in.take_in([({"teacher_id": "T5", "slot": "B8-2"}, handed_in.essay("x"))])
        assert report.new_files == 1
        assert handed_in.level("T5") == "awaiting_read"


class TestAfterReading:
    def test_another_file_for_a_piece_somebody_read_is_refused(self, read):
        report = read.take_in([({"teacher_id": "T1", "slot": "B8-1"}, "改过的方案" * 200)])
        assert verdicts(report) == [("reject", "already_read")]
        assert report.new_files == 0

    def test_also_where_the_package_knows_the_teacher_by_name_alone(self, read):
        row = {"teacher_id": "", "teacher_name": "教师1", "slot": "B8-1", "file": "改.txt"}
        report = read.take_in([(row, "改过的方案" * 200)])
        assert verdicts(report) == [("reject", "already_read")]

    def test_before_reading_it_is_added_beside_the_first(self, handed_in):
        report = handed_in.take_in([({"teacher_id": "T1", "slot": "B8-1"}, handed_in.essay("b"))])
        assert report.new_files == 1
        with handed_in.workspace.store() as store:
            assert len(files_by_piece(store)[handed_in.piece("T1", "B8-1")]) == 2

    def test_the_pre_check_says_the_same_and_writes_nothing(self, read):
        folder = read.folder / "package-check"
        read.take_in([({"teacher_id": "T1", "slot": "B8-1"}, "改过的方案" * 200)], name="other")
        shutil.copytree(next(read.folder.glob("other-*")), folder)
        before = read.log(), sorted((read.folder / "workspace" / "evidence").rglob("*"))
        report = check_package(read.workspace, folder)
        assert verdicts(report) == [("reject", "already_read")]
        assert (read.log(), sorted((read.folder / "workspace" / "evidence").rglob("*"))) == before


class TestOneBadFile:
    def test_never_ends_the_batch(self, opened):
        broken = {"teacher_id": "T1", "slot": "B8-1", "file": "坏.docx"}
        bad_hash = {"teacher_id": "T3", "slot": "B8-1", "sha256": "0" * 64}
        report = opened.take_in(
            [
                (broken, b"PK\x03\x04 this is no document"),
                ({"teacher_id": "T1", "slot": "B8-2"}, opened.essay("1")),
                ({"teacher_id": "T2", "slot": "B8-1", "file": "没有.txt"}, None),
                ({"teacher_id": "T2", "slot": "B8-2"}, opened.essay("2")),
                (bad_hash, opened.essay("3")),
                ({"teacher_id": "T3", "slot": "B8-2", "file": "../外面.txt"}, None),
                ({"teacher_id": "T9", "slot": "B8-1", "school": "没有的小学"}, opened.essay("9")),
            ],
            NUMBERED,
        )
        assert [line.verdict for line in report.lines] == [
            *("reject", "accept", "reject", "accept", "reject", "reject", "reject")
        ]
        codes = [line.code for line in report.lines]
        assert codes[2] == "file_missing"
        assert codes[4] == "sha256_differs"
        assert codes[5].endswith("path_outside")
        assert codes[6].endswith("unknown_school")
        assert report.new_files == opened.count("evidence_file") == 2

    def test_lists_the_slots_nobody_filled(self, opened):
        report = opened.take_in([({"teacher_id": "T1", "slot": "B8-2"}, opened.essay("1"))])
        assert report.missing == (("T1", "B8", "B8-1"),)

    def test_a_link_out_of_the_package_is_not_followed(self, opened):
        secret = opened.folder / "secret.txt"
        secret.write_text("不该读到" * 200, encoding="utf-8")
        opened.take_in([({"teacher_id": "T1", "slot": "B8-1", "file": "a.txt"}, "x" * 600)])
        folder = last_package(opened)
        (folder / "a.txt").unlink()
        (folder / "a.txt").symlink_to(secret)
        assert [line.verdict for line in again(opened).lines] == ["reject"]


class TestPackages:
    @pytest.fixture
    def folder(self, opened):
        opened.take_in([({"teacher_id": "T1", "slot": "B8-1"}, opened.essay("1"))], name="made")
        return next(opened.folder.glob("made-*"))

    def take(self, walk, path):
        return import_package(walk.workspace, path, walk.act(), walk.fresh)

    def test_a_zip_is_as_good_as_the_folder(self, opened, folder):
        assert self.take(opened, zipped(folder)).new_files == 0  # the same content

    def test_a_zip_of_a_folder_is_found_too(self, opened, folder):
        inside = {file.name: f"一年级/{file.name}" for file in folder.iterdir()}
        report = self.take(opened, zipped(folder, inside))
        assert [line.verdict for line in report.lines] == ["warn"]

    def test_a_zip_that_leads_outside_itself_is_refused_whole(self, opened, folder):
        path = zipped(folder, {"T1-B8-1.txt": "../../逃.txt"})
        before = opened.log()
        with pytest.raises(InputError, match="cannot be opened") as caught:
            self.take(opened, path)
        assert caught.value.key == "package.refused"
        assert opened.log() == before

    def test_a_zip_that_is_none_is_refused(self, opened):
        path = opened.folder / "package.zip"
        path.write_bytes(b"not a zip")
        with pytest.raises(InputError, match="cannot be opened"):
            self.take(opened, path)

    def test_without_a_manifest_the_way_to_one_is_named(self, opened, folder):
        (folder / "manifest.csv").unlink()
        with pytest.raises(InputError, match="intake draft"):
            self.take(opened, folder)

    def test_a_package_that_is_not_there_is_named(self, opened):
        with pytest.raises(InputError, match="no package at"):
            self.take(opened, opened.folder / "nowhere")

    def test_a_manifest_with_no_usable_row_is_reported_and_writes_nothing(self, opened, folder):
        (folder / "manifest.csv").write_text("甲,乙\n1,2\n", encoding="utf-8")
        before = opened.log()
        report = self.take(opened, folder)
        assert (report.lines, [f.severity for f in report.table_faults]) == ((), ["reject"])
        assert opened.log() == before

    def test_on_a_full_disk_nothing_is_recorded(self, opened, folder, monkeypatch):
        def full(*_, **__):
            raise StoreError("no space left", key="evidence.no_space")

        monkeypatch.setattr("models.evidence_store._copy", full)
        (folder / "T1-B8-1.txt").write_text(opened.essay("2"), encoding="utf-8")
        before = opened.log()
        with pytest.raises(StoreError, match="no space left"):
            self.take(opened, folder)
        assert opened.log() == before


class TestWhoIsMeant:
    def test_one_name_at_two_schools_is_two_people(self, opened):
        rows = [
            (
                {"teacher_id": "", "teacher_name": "王芳", "school": s, "slot": "B8-2", "file": f},
                "同" * 400,
            )
            for s, f in (("城关小学", "a.txt"), ("青山小学", "b.txt"))
        ]
        report = opened.take_in(rows)
        assert report.new_files == 2
        with opened.workspace.store() as store:
            assert len(store.where("teacher", name="王芳")) == 2

    def test_one_name_at_one_school_with_two_numbers_is_two_people(self, opened):
        for number in ("N1", "N2"):
            opened.take_in(
                [
                    (
                        {"teacher_id": number, "teacher_name": "王芳", "slot": "B8-2"},
                        opened.essay(number),
                    )
                ]
            )
        with opened.workspace.store() as store:
            found = store.where("teacher", name="王芳")
        assert [row["teacher_id"] for row in found] == ["N1", "N2"]

    def test_of_two_namesakes_nobody_guesses_which_is_meant(self, opened):
        for number in ("N1", "N2"):
            opened.take_in(
                [
                    (
                        {"teacher_id": number, "teacher_name": "王芳", "slot": "B8-2"},
                        opened.essay(number),
                    )
                ]
            )
        row = {"teacher_id": "", "teacher_name": "王芳", "slot": "B8-1", "file": "c.txt"}
        assert verdicts(opened.take_in([(row, opened.essay("3"))])) == [
            ("reject", "homonym_without_id")
        ]

    def test_a_number_somebody_else_bears_is_refused(self, opened):
        row = {"teacher_id": "T1", "teacher_name": "赵六", "slot": "B8-1"}
        assert verdicts(opened.take_in([(row, opened.essay("1"))])) == [
            ("reject", "one_id_several_people")
        ]

    def test_pieces_say_nothing_of_their_author(self, handed_in):
        assert not [p for p in (handed_in.piece("T1", "B8-1"),) if "T1" in p or "B8" in p]


class TestVideosKeptElsewhere:
    @pytest.fixture
    def stated(self, opened, tmp_path):
        """A4-1 of T1 stated by place and checksum; the film itself comes later."""
        self.film = film(tmp_path / "lesson.mp4", 90)
        row = self.row(location="校本部硬盘3号", sha256=hashlib.sha256(self.film).hexdigest())
        report = opened.take_in([(row, None)], NUMBERED)
        assert [line.verdict for line in report.lines] == ["warn"]
        return opened

    def row(self, **more):
        return {"teacher_id": "T1", "competency": "A4", "slot": "A4-1", **more}

    def files(self, walk):
        with walk.workspace.store() as store:
            return files_by_piece(store)[walk.piece("T1", "A4-1")]

    def test_are_there_by_metadata_first_and_attached_later(self, stated):
        assert [f["attached"] for f in self.files(stated)] == [0]
        report = stated.take_in([(self.row(file="课.mp4"), self.film)], NUMBERED)
        assert report.new_files == 1
        (file,) = self.files(stated)
        assert (file["attached"], file["bytes"]) == (1, len(self.film))

    def test_are_attached_once(self, stated):
        stated.take_in([(self.row(file="课.mp4"), self.film)], NUMBERED)
        before = stated.log()
        assert again(stated).new_files == 0
        assert stated.log() == before

    def test_are_not_another_film(self, stated, tmp_path):
        other = film(tmp_path / "other.mp4", 200)
        report = stated.take_in([(self.row(file="课.mp4"), other)], NUMBERED)
        assert verdicts(report) == [("reject", "sha256_differs")]
        assert [f["attached"] for f in self.files(stated)] == [0]

    def test_may_be_attached_also_after_the_piece_was_read(self, stated):
        stated.rate(("T1", "A4-1", "R1", "11111 11", "blind", "", "A4"))
        report = stated.take_in([(self.row(file="课.mp4"), self.film)], NUMBERED)
        assert report.new_files == 1

    def test_are_not_stated_anew_once_the_piece_was_read(self, stated):
        stated.rate(("T1", "A4-1", "R1", "11111 11", "blind", "", "A4"))
        row = self.row(location="别处", sha256="1" * 64)
        assert ("reject", "already_read") in verdicts(stated.take_in([(row, None)], NUMBERED))


def test_blank_forms_are_registered_once_and_need_text(opened):
    form = opened.folder / "表.txt"
    form.write_text("教学目标：（请填写）\n" * 30, encoding="utf-8")
    assert register_forms(opened.workspace, [form], opened.act()) == 1
    assert register_forms(opened.workspace, [form], opened.act()) == 0
    form.write_text(" ", encoding="utf-8")
    with pytest.raises(InputError, match="no text"):
        register_forms(opened.workspace, [form], opened.act())


def test_a_rater_does_not_take_evidence_in(opened):
    with pytest.raises(RefusedError, match="asks for the role"):
        import_package(opened.workspace, opened.folder, opened.act("评审1"), opened.fresh)


def test_results_await_what_was_handed_in(handed_in):
    waiting = {str(row.reason_none) for row in results(handed_in.workspace)}
    assert waiting == {"awaiting_read", "missing_evidence"}
