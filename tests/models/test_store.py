"""The working database: one door, one chain, rows that are only ever added."""

import shutil
import subprocess
import sys
from datetime import UTC, datetime, timedelta, timezone
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysqlite3 import dbapi2 as sqlite
from sqlite_utils import Database

from models import store as store_module
from models.errors import StoreError
from models.schema import migrations
from models.store import Act, Store, instant, wal_is_safe

AT = datetime(2026, 11, 21, 3, 4, 5, tzinfo=UTC)
ACT = Act("登记员", "registrar", AT, "收件")


@pytest.fixture(scope="module")
def laid_down(tmp_path_factory):
    """A new database; each test gets a copy."""
    path = tmp_path_factory.mktemp("new") / "working.db"
    Store(path, create=True).close()
    return path


@pytest.fixture
def path(tmp_path, laid_down):
    return Path(shutil.copy(laid_down, tmp_path))


@pytest.fixture
def store(path):
    with Store(path) as opened:
        yield opened


def school(number=1):
    return {"school_id": f"s{number:02d}", "name": f"第{number}小学"}


def tamper(path, *statements):
    """Edit the file as somebody with access to it could, triggers out of the way."""
    connection = sqlite.connect(str(path))
    for (name,) in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'trigger'"
    ).fetchall():
        connection.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        connection.execute(statement)
    connection.commit()
    connection.close()


def write(store, count=1, start=1):
    for number in range(start, start + count):
        with store.transaction(ACT, "roster.import", f"n{number}") as tx:
            tx.insert("school", [school(number)])


class TestOneDoor:
    def test_rows_carry_the_line_of_the_log_that_wrote_them(self, store):
        write(store, 2)
        assert [row["tx"] for row in store.where("school")] == [1, 2]
        line = store.one("audit_log", seq=2)
        assert (line["actor"], line["role"], line["action"]) == (
            "登记员",
            "registrar",
            "roster.import",
        )
        assert (line["object"], line["reason"], line["at"]) == (
            "n2",
            "收件",
            "2026-11-21T03:04:05Z",
        )

    @pytest.mark.parametrize(
        "statement",
        [
            "INSERT INTO school VALUES ('s09', '别校', 1)",
            "UPDATE school SET name = '改名'",
            "DELETE FROM school",
            "DROP TABLE school",
            "CREATE TABLE other (a TEXT)",
        ],
    )
    def test_nothing_is_written_outside_a_transaction(self, store, statement):
        write(store)
        with pytest.raises(sqlite.OperationalError, match="readonly"):
            store.rows(statement)
        assert len(store.where("school")) == 1

    def test_nor_before_the_first_transaction(self, path):
        with Store(path) as store, pytest.raises(sqlite.OperationalError, match="readonly"):
            store.rows("CREATE TABLE other (a TEXT)")

    def test_a_transaction_is_shut_once_it_is_over(self, store):
        with store.transaction(ACT, "roster.import") as tx:
            tx.insert("school", [school(1)])
        with pytest.raises(sqlite.OperationalError, match="readonly"):
            tx.insert("school", [school(2)])
        assert len(store.where("school")) == 1

    def test_the_door_is_shut_again_after_a_failure(self, store):
        with pytest.raises(RuntimeError), store.transaction(ACT, "roster.import"):
            raise RuntimeError
        with pytest.raises(sqlite.OperationalError, match="readonly"):
            store.rows("DELETE FROM audit_log")

    @pytest.mark.parametrize("actor", ["", "  "])
    def test_a_write_needs_an_actor(self, store, actor):
        with (
            pytest.raises(StoreError, match="needs an actor"),
            store.transaction(Act(actor, "", AT), "roster.import"),
        ):
            pass
        assert store.where("audit_log") == []

    def test_a_transaction_does_not_open_inside_another(self, store):
        with store.transaction(ACT, "outer") as tx:
            with pytest.raises(StoreError, match="inside another"), store.transaction(ACT, "inner"):
                pass
            tx.insert("school", [school()])
        assert [row["action"] for row in store.where("audit_log")] == ["outer"]

    def test_a_time_needs_a_zone(self, store):
        with (
            pytest.raises(StoreError, match="no zone"),
            store.transaction(Act("a", "", datetime(2026, 1, 1)), "x"),
        ):
            pass
        assert store.where("audit_log") == []


class TestRollback:
    @pytest.mark.parametrize("error", [RuntimeError, KeyboardInterrupt])
    def test_whatever_fails_leaves_nothing_behind(self, store, error):
        with pytest.raises(error), store.transaction(ACT, "roster.import") as tx:
            tx.insert("school", [school()])
            raise error
        assert store.where("school") == []
        assert store.where("audit_log") == []

    def test_a_row_the_schema_refuses_takes_the_others_with_it(self, store):
        with pytest.raises(sqlite.IntegrityError), store.transaction(ACT, "x") as tx:
            tx.insert("school", [school(1)])
            tx.insert("school", [{**school(2), "name": None}])
        assert store.where("school") == []

    def test_a_row_of_nobody_is_refused(self, store):
        teacher = {"teacher_id": "t1", "teacher_no": "", "name": "甲", "school_id": "s99"}
        with pytest.raises(sqlite.IntegrityError), store.transaction(ACT, "x") as tx:
            tx.insert("teacher", [teacher])

    def test_rows_that_are_there_are_passed_over_but_faulty_ones_are_not(self, store):
        write(store)
        with store.transaction(ACT, "x") as tx:
            assert tx.insert_missing("school", [school(1), school(2)]) == 1
        faulty = {"sample_id": "k1", "random_seed": "1", "rate": None}
        with pytest.raises(sqlite.IntegrityError), store.transaction(ACT, "x") as tx:
            tx.insert_missing("county_sample", [faulty])


class TestAppendOnly:
    def test_no_table_lets_a_row_be_changed_or_lost(self, store):
        """Every table with a transaction column; only ``alias`` rows may go, to erase a person."""
        tables = [
            row["name"]
            for row in store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
            if not row["name"].startswith(
                ("_", "sqlite", "precedent_term")
            )  # an index, not a record
        ]
        triggers = {row["name"] for row in store.rows("SELECT name FROM sqlite_master")}
        assert len(tables) > 30
        for table in tables:
            assert f"{table}_keeps_rows" in triggers
            assert (f"{table}_loses_none" in triggers) == (table != "alias")

    @pytest.mark.parametrize(
        "statement",
        [
            "UPDATE school SET name = '改名'",
            "DELETE FROM school",
            "INSERT OR REPLACE INTO school VALUES ('s01', '改名', 1)",
            "UPDATE audit_log SET actor = '别人'",
            "DELETE FROM audit_log",
        ],
    )
    def test_even_inside_a_transaction(self, store, statement):
        write(store)
        with (
            pytest.raises(sqlite.IntegrityError, match="append-only"),
            store.transaction(ACT, "x"),
        ):
            store.rows(statement)
        assert store.where("school")[0]["name"] == "第1小学"


class TestAuditChain:
    def test_an_untouched_log_has_no_faults(self, store):
        write(store, 5)
        assert store.audit_faults() == []
        assert store.audit_head() == store.where("audit_log")[-1]["chain"]

    def test_an_empty_log_starts_from_noughts(self, store):
        assert store.audit_head() == "0" * 64

    @pytest.mark.parametrize(
        ("statement", "faults"),
        [
            ("UPDATE audit_log SET actor = '别人' WHERE seq = 3", [3]),
            ("UPDATE audit_log SET reason = '' WHERE seq = 3", [3]),
            ("UPDATE audit_log SET at = '2026-11-20T00:00:00Z' WHERE seq = 3", [3]),
            ("UPDATE audit_log SET reason = 'e' || char(769) WHERE seq = 3", [3]),  # not NFC
            ("UPDATE audit_log SET chain = 'not hex' WHERE seq = 3", [3, 4]),
            ("DELETE FROM audit_log WHERE seq = 3", [4]),
        ],
    )
    def test_a_changed_or_missing_line_is_found(self, path, statement, faults):
        with Store(path) as store:
            write(store, 5)
        tamper(path, "PRAGMA foreign_keys=OFF", statement)
        with Store(path) as store:
            assert store.audit_faults() == faults

    @given(st.integers(1, 4), st.sampled_from(["actor", "role", "action", "object", "reason"]))
    def test_whatever_is_changed_is_named(self, tmp_path_factory, seq, column):
        path = tmp_path_factory.mktemp("audit") / "working.db"
        with Store(path, create=True) as store:
            write(store, 4)
        tamper(path, f"UPDATE audit_log SET {column} = {column} || 'x' WHERE seq = {seq}")
        with Store(path) as store:
            assert store.audit_faults() == [seq]

    @pytest.mark.parametrize("text", ["e\u0301", "名单\udcff.csv"])
    def test_names_of_files_need_not_be_clean(self, store, text):
        """A Mac writes file names decomposed; a foreign zip leaves bytes nobody can decode."""
        act = Act("登记员", "registrar", AT, text)
        with store.transaction(act, "rating.import", text):
            pass
        assert store.audit_faults() == []


def test_two_processes_writing_at_once_both_get_their_turn(path):
    script = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from models.store import Act, Store
act = Act(sys.argv[2], "", datetime(2026, 11, 21, tzinfo=UTC))
with Store(Path(sys.argv[1])) as store:
    for number in range(40):
        with store.transaction(act, "roster.import") as tx:
            row = {"school_id": f"{sys.argv[2]}{number}", "name": f"{sys.argv[2]}{number}"}
            tx.insert("school", [row])
"""
    running = [
        subprocess.Popen([sys.executable, "-c", script, str(path), name]) for name in ("a", "b")
    ]
    assert [process.wait(60) for process in running] == [0, 0]
    with Store(path) as store:
        assert [row["seq"] for row in store.where("audit_log")] == list(range(1, 81))
        assert store.audit_faults() == []
        assert len(store.where("school")) == 80


def test_who_waits_too_long_is_told_and_nothing_is_written(path, monkeypatch):
    real = sqlite.connect
    monkeypatch.setattr(
        store_module.sqlite, "connect", lambda name, **given: real(name, **{**given, "timeout": 0})
    )
    with Store(path) as first, Store(path) as second, first.transaction(ACT, "long"):
        with (
            pytest.raises(StoreError, match="somebody else is writing"),
            second.transaction(ACT, "short"),
        ):
            pass
        with pytest.raises(sqlite.OperationalError, match="readonly"):
            second.rows("DELETE FROM school")
    with Store(path) as store:
        assert [row["action"] for row in store.where("audit_log")] == ["long"]


def test_a_reader_sees_what_was_committed_while_another_writes(path):
    with Store(path) as writer, Store(path) as reader:
        write(writer)
        with writer.transaction(ACT, "x") as tx:
            tx.insert("school", [school(2)])
            assert len(reader.where("school")) == 1
        assert len(reader.where("school")) == 2


def test_a_folder_that_is_no_workspace_is_named_with_the_way_out(tmp_path):
    with pytest.raises(StoreError, match="workbench init") as caught:
        Store(tmp_path / "working.db")
    assert caught.value.key == "store.no_workspace"
    assert list(tmp_path.iterdir()) == []


def test_an_sqlite_that_can_corrupt_a_wal_file_is_refused(path, monkeypatch):
    monkeypatch.setattr(store_module.sqlite, "sqlite_version_info", (3, 40, 1))
    monkeypatch.setattr(store_module.sqlite, "sqlite_version", "3.40.1")
    with pytest.raises(StoreError, match=r"SQLite 3\.40\.1 can corrupt"):
        Store(path)


@pytest.mark.parametrize(
    ("version", "safe"),
    [
        ((3, 7, 0), False),
        ((3, 44, 5), False),
        ((3, 44, 6), True),
        ((3, 45, 0), False),  # a repair of 3.44 is none of 3.45
        ((3, 50, 6), False),
        ((3, 50, 7), True),
        ((3, 51, 2), False),
        ((3, 51, 3), True),
        ((4, 0, 0), True),
    ],
)
def test_versions_of_sqlite_with_the_repair(version, safe):
    assert wal_is_safe(version) is safe


def test_the_database_is_durable_and_in_wal_mode(store):
    assert store.rows("PRAGMA journal_mode")[0] == {"journal_mode": "wal"}
    assert store.rows("PRAGMA synchronous")[0] == {"synchronous": 2}
    assert store.rows("PRAGMA foreign_keys")[0] == {"foreign_keys": 1}


def test_times_are_written_in_utc():
    assert instant(AT.astimezone(timezone(timedelta(hours=8)))) == "2026-11-21T03:04:05Z"


class TestMigrationSteps:
    @pytest.fixture
    def steps(self):
        empty = Database(sqlite.connect(":memory:"))
        return [step.name for step in migrations.pending(empty)]

    def earlier(self, path, stop_before):
        """A database as an earlier release left it: fewer steps, and no number of them."""
        connection = sqlite.connect(str(path), isolation_level=None)
        migrations.apply(Database(connection), stop_before=stop_before)
        connection.close()

    def version(self, path):
        connection = sqlite.connect(str(path))
        ((found,),) = connection.execute("PRAGMA user_version").fetchall()
        connection.close()
        return found

    def test_the_file_says_how_many_it_has_had(self, path, steps):
        assert self.version(path) == len(steps)

    def test_are_not_looked_through_again_once_the_file_has_had_them(self, path, monkeypatch):
        def looked(*_):
            raise AssertionError("the steps were looked through")

        monkeypatch.setattr(type(migrations), "pending", looked)
        with Store(path) as store:
            assert store.where("school") == []

    def test_that_lack_are_made_good_at_the_next_opening(self, tmp_path, steps):
        path = tmp_path / "working.db"
        self.earlier(path, steps[1])
        assert self.version(path) == 0
        with Store(path) as store:
            assert store.where("assignment") == []
        assert self.version(path) == len(steps)

    def test_of_an_earlier_release_that_lacks_none_are_only_counted(self, path, steps):
        with Store(path) as store:
            write(store)
        tamper(path, "PRAGMA user_version=0")
        with Store(path) as store:
            assert len(store.where("school")) == 1
        assert self.version(path) == len(steps)
