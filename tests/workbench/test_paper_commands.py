"""Personal data and paper on the command line, and the backup page, through the same services."""

import json
import shlex
import subprocess
import sys
from datetime import UTC, datetime
from hashlib import shake_256

import pyrage
import pytest
from click.testing import CliRunner
from streamlit.testing.v1 import AppTest

from models.store import Act
from workbench.cli import cli
from workbench.errors import InputError, RefusedError
from workbench.messages import LANGUAGES, catalogue
from workbench.services.downloads import export_file
from workbench.services.kept_backups import backup_folder, keep_backup, kept_backups
from workbench.services.people import Directory
from workbench.services.restoring import check_backup
from workbench.services.workspace import create

NOW = datetime(2026, 9, 2, tzinfo=UTC)
PHRASE = "correct horse battery"
PEOPLE = {"A1": "admin", "G1": "registrar", "R1": "rater"}


@pytest.fixture
def house(tmp_path):
    draws = iter(range(1000))
    fresh = lambda size: shake_256(str(next(draws)).encode()).digest(size)  # noqa: E731
    act = Act("建档", "", NOW)
    made = create(tmp_path / "w", "national-2.0", "秋季", "示例县", act, fresh)
    roster = tmp_path / "roster.csv"
    roster.write_text("教师编号,姓名,学校\nT1,王小山,一小\nT2,李大河,一小\n", encoding="utf-8")
    assert run(made, filled("roster import {roster}", roster=roster)).exit_code == 0
    with made.store() as store, store.transaction(act, "roster.import") as tx:
        people = Directory(store, tx, fresh)
        for person_id, role in PEOPLE.items():
            people.rater(person_id, name=f"人员{person_id}", school="一小", roles=[role])
    return made


def run(workspace, line, actor="王登记"):
    words = ["--workspace", str(workspace.folder), *(["--as", actor] if actor else [])]
    return CliRunner().invoke(cli, [*words, *shlex.split(line)])


def filled(line, **places):
    return line.format(**{name: shlex.quote(str(path)) for name, path in places.items()})


def told(workspace, line):
    made = run(workspace, f"{line} --json")
    assert made.exit_code == 0, made.output
    return json.loads(made.output)


class TestPersonalData:
    def test_a_rehearsal_says_what_would_go(self, house):
        (planned,) = told(house, "pii erase T1 --reason 本人申请 --dry-run")
        assert (planned["state"], planned["rows"]["teacher"], planned["rows"]["alias"]) == (
            "planned",
            1,
            1,
        )

    def test_somebody_the_ledger_never_spoke_of_goes_at_once(self, house):
        made = run(house, "pii erase T1 --reason 本人申请")
        assert made.exit_code == 0, made.output
        assert "已删除" in made.output
        kinds = {(row["kind"], row["people"]) for row in told(house, "pii report")}
        assert {("teacher", 1), ("erasure", 1)} <= kinds

    def test_what_is_kept_is_written_for_the_person(self, house, tmp_path):
        made = run(house, filled("pii export 李大河 --out {new}", new=tmp_path / "me.json"))
        assert made.exit_code == 0, made.output
        assert json.loads((tmp_path / "me.json").read_text(encoding="utf-8"))["teacher_no"] == "T2"

    @pytest.mark.parametrize(
        "line",
        ["pii erase T1 --reason 申请", "pii export T1 --out {new}", "pii erase T9 --reason x"],
    )
    def test_a_write_without_a_name_is_refused(self, house, tmp_path, line):
        made = run(house, filled(line, new=tmp_path / "x.json"), actor="")
        assert made.exit_code == 2

    def test_retention_lists_every_kind_and_deletes_only_after_a_yes(self, house):
        rows = {row["kind"]: row for row in told(house, "pii retention")}
        assert {"originals", "blind_copies", "identity", "logs", "backups", "uploads"} <= set(rows)
        assert not any(row["is_due"] for row in rows.values())
        assert "没有到期" in run(house, "pii retention --apply").output


def test_a_scan_is_kept_only_of_a_ledger_here(house, tmp_path):
    picture = tmp_path / "scan.png"
    picture.write_bytes(b"\x89PNG no picture")
    made = run(house, filled("certificates --stamped {picture}", picture=picture))
    assert made.exit_code == 2
    assert "无法作为图片打开" in made.output


def test_verifying_a_picture_loads_neither_pandas_nor_streamlit():
    code = (
        "import sys\nimport workbench.services.verification\nimport workbench.commands.verify\n"
        "found = {'pandas', 'streamlit', 'numpy', 'zxingcpp', 'PIL'} & set(sys.modules)\n"
        "sys.exit(' '.join(found) or 0)"
    )
    made = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert (made.returncode, made.stderr) == (0, "")


class TestBackupPage:
    def opened(self, house, person_id, language="zh"):
        code = "from workbench.app_pages import backup\nbackup.draw()"
        test = AppTest.from_string(code, default_timeout=120)
        test.user = {"person": person_id, "workspace": str(house.folder), "language": language}
        return test.run()

    @pytest.mark.slow
    @pytest.mark.parametrize("language", LANGUAGES)
    @pytest.mark.parametrize("person", ["A1", "G1"])
    def test_it_opens_with_the_doctors_findings(self, house, person, language):
        test = self.opened(house, person, language)
        assert not test.exception and not test.error
        assert test.title[0].value == catalogue(language)["page.backup"]
        assert len(test.dataframe[0].value) > 5

    @pytest.mark.slow
    def test_a_backup_is_made_encrypted_and_whole(self, house):
        test = self.opened(house, "A1")
        test.text_input(key="phrase").set_value(PHRASE)
        test.text_input(key="phrase_again").set_value(PHRASE)
        test.button[0].click().run()
        (row,) = kept_backups(house, "A1")
        found = check_backup(backup_folder(house) / row["name"], PHRASE)
        assert found.place == "示例县"

    def test_it_is_downloaded_by_officers_of_the_county_alone(self, house, monkeypatch):
        monkeypatch.setattr(pyrage.passphrase, "encrypt", lambda content, _: content)  # not opened
        made = keep_backup(house, Act("A1", "", NOW), PHRASE)
        assert export_file(house, "A1", "backups", made.path.name) == made.path
        for person in ("G1", "R1"):
            with pytest.raises(RefusedError):
                export_file(house, person, "backups", made.path.name)
        with pytest.raises(InputError):
            export_file(house, "A1", "backups", "../w/workspace.toml")

    @pytest.mark.parametrize(("phrase", "folder"), [("short", ""), (PHRASE, "/nowhere/at/all")])
    def test_a_short_phrase_or_a_missing_folder_is_refused(self, house, phrase, folder):
        with pytest.raises(InputError):
            keep_backup(house, Act("A1", "", NOW), phrase, folder)
