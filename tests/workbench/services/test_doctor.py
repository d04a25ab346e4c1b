"""Doctor: what is wrong with a machine or a workspace is named, with what to do about it."""

import json
import sqlite3
from datetime import UTC, datetime, timedelta

import pytest
from click.testing import CliRunner

from models.store import instant
from workbench import messages
from workbench.cli import cli
from workbench.services.backup import make_backup
from workbench.services.doctor import _filesystem, examine

NOW = datetime(2027, 3, 1, 9, tzinfo=UTC)


def states(walk, now=NOW):
    found = {}
    for check in examine(walk.workspace, now):
        found.setdefault(check.code, []).append(check.state)
    return found


def key_file(walk):
    return walk.workspace.folder / "keys" / f"{walk.school('城关小学')}.pem"


def test_a_sound_workspace_asks_for_nothing_but_a_backup(certified, tmp_path):
    assert {code for code, found in states(certified).items() if "wrong" in found} == set()
    assert states(certified)["backup_none"] == ["look"]
    make_backup(certified.workspace, tmp_path / "b.zip", certified.act(at=NOW))
    assert states(certified)["backup"] == ["fine"]


def test_a_backup_is_asked_for_again_after_a_week_in_which_something_was_done(certified, tmp_path):
    make_backup(certified.workspace, tmp_path / "b.zip", certified.act(at=NOW))
    later = NOW + timedelta(days=8)
    assert states(certified, later)["backup"] == ["fine"]
    with (
        certified.workspace.store() as store,
        store.transaction(certified.act(at=later), "test.write"),
    ):
        pass
    assert states(certified, later)["backup"] == ["look"]


def test_a_kept_policy_that_was_altered_is_named(certified):
    folder = certified.workspace.folder / "policies"
    folder.mkdir()
    text = (certified.workspace.folder / "policy.json").read_text(encoding="utf-8")
    digest = certified.workspace.policy.digest
    (folder / f"{digest}.json").write_text(text, encoding="utf-8")
    assert "policy_kept" not in states(certified)
    (folder / f"{'ab' * 32}.json").write_text(text, encoding="utf-8")
    assert states(certified)["policy_kept"] == ["wrong"]


def test_a_clock_before_the_last_act_is_wrong(certified):
    assert states(certified, certified.now - timedelta(days=1))["clock_back"] == ["wrong"]
    assert states(certified, datetime(1970, 1, 1, tzinfo=UTC))["clock"] == ["wrong"]


def test_a_key_that_is_gone_or_open_to_others_is_named(certified):
    path = key_file(certified)
    path.chmod(0o644)
    assert states(certified)["key_open"] == ["wrong"]
    path.unlink()
    (wrong,) = [check for check in examine(certified.workspace, NOW) if check.state == "wrong"]
    assert (wrong.code, wrong.values["file"]) == ("key", f"keys/{path.name}")


def test_a_torn_database_is_named_and_the_rest_is_still_looked_at(certified):
    path = certified.workspace.ledger_path(certified.school("城关小学"))
    path.write_bytes(b"SQLite format 3\0" + b"\xff" * 5000)
    found = states(certified)
    assert "wrong" in found["workspace"]
    assert found["audit_log"] == ["fine"]


def test_a_ledger_put_into_wal_mode_is_named(certified):
    path = certified.workspace.ledger_path(certified.school("城关小学"))
    with sqlite3.connect(path) as changed:
        changed.execute("PRAGMA journal_mode=WAL")
    changed.close()
    assert states(certified)["journal"] == ["wrong"]


def test_a_line_of_the_audit_log_changed_behind_the_program_is_named(certified):
    with sqlite3.connect(certified.workspace.folder / "working.db") as changed:
        changed.execute("DROP TRIGGER audit_log_keeps_rows")
        changed.execute("UPDATE audit_log SET actor = 'nobody' WHERE seq = 3")
    changed.close()
    (wrong,) = [check for check in examine(certified.workspace, NOW) if check.code == "audit_log"]
    assert (wrong.state, wrong.values["line"]) == ("wrong", "3")


@pytest.mark.parametrize(
    ("folder", "kind"),
    [("/data/county/ws", "cifs"), ("/data2/ws", "ext4"), ("/data/local/ws", "xfs")],
)
def test_the_file_system_of_the_nearest_mount_counts(tmp_path, folder, kind):
    mounts = tmp_path / "mounts"
    mounts.write_text(
        "/dev/a / ext4 rw 0 0\n//box/share /data cifs rw 0 0\n/dev/b /data/local xfs rw 0 0\n"
    )
    assert _filesystem(type(tmp_path)(folder), mounts) == kind


def test_every_finding_has_its_sentences_in_both_languages(certified):
    for check in examine(certified.workspace, NOW):
        for language in messages.LANGUAGES:
            key = f"doctor.{check.code}.{check.state}"
            assert messages.sentence(language, key, **check.values)
            if check.state != "fine":
                assert messages.sentence(language, f"doctor.{check.code}.remedy", **check.values)


def test_the_command_ends_with_one_where_something_is_wrong(certified):
    key_file(certified).unlink()
    done = CliRunner().invoke(
        cli, ["--workspace", str(certified.workspace.folder), "doctor", "--json"]
    )
    rows = json.loads(done.output)
    assert done.exit_code == 1
    assert [row["code"] for row in rows if row["state"] == "wrong"] == ["key"]
    assert all(row["remedy"] for row in rows if row["state"] != "fine")


def test_without_a_workspace_the_machine_alone_is_looked_at(tmp_path):
    codes = {check.code for check in examine(None, NOW)}
    assert {"sqlite", "clock", "office"} <= codes
    assert not codes & {"database", "key", "audit_log"}
    assert instant(NOW) == "2027-03-01T09:00:00Z"
