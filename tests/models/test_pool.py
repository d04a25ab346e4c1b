"""Connections kept open: lent to one user at a time, and never to another file than the one asked for."""

import threading
from datetime import UTC, datetime

import pytest

from models.pool import Pool
from models.store import Act, Store


class Opened:
    """Stands in for a connection: notes that it was closed."""

    def __init__(self, path):
        self.path, self.closed = path, False

    def close(self):
        self.closed = True


@pytest.fixture
def path(tmp_path):
    path = tmp_path / "some.db"
    path.write_bytes(b"")
    return path


def used(pool):
    with pool.lend() as connection:
        return connection


def test_the_next_user_is_lent_the_connection_that_came_back(path):
    pool = Pool(path, Opened)
    first = used(pool)
    assert used(pool) is first
    assert not first.closed


def test_two_users_at_once_are_never_lent_the_same(path):
    pool = Pool(path, Opened)
    with pool.lend() as first, pool.lend() as second:
        assert first is not second
    assert {used(pool), used(pool)} <= {first, second}


def test_a_connection_left_by_an_error_is_closed_and_lent_no_more(path):
    pool = Pool(path, Opened)
    with pytest.raises(ValueError, match="of the user"), pool.lend() as broken:
        raise ValueError("of the user")
    assert broken.closed
    assert used(pool) is not broken


def test_a_file_put_in_the_place_of_another_is_opened_anew(path):
    pool = Pool(path, Opened)
    old = used(pool)
    path.with_name("other.db").write_bytes(b"")
    path.with_name("other.db").replace(path)
    new = used(pool)
    assert new is not old
    assert old.closed


def test_a_file_replaced_while_it_was_lent_is_not_taken_for_the_new_one(path):
    pool = Pool(path, Opened)
    with pool.lend() as old:
        path.with_name("other.db").write_bytes(b"")
        path.with_name("other.db").replace(path)
    assert used(pool) is not old


def test_no_more_are_kept_than_asked_for(path):
    pool = Pool(path, Opened, most_kept=1)
    with pool.lend() as first, pool.lend() as second:
        pass
    assert sorted(each.closed for each in (first, second)) == [False, True]


def test_a_closed_pool_keeps_nothing_but_still_serves(path):
    pool = Pool(path, Opened)
    with pool.lend() as lent:
        kept = used(pool)
        pool.close()
        assert kept.closed
        assert not lent.closed
    assert lent.closed
    assert used(pool).closed


def test_a_store_is_used_by_one_thread_after_another_and_sees_what_was_written(tmp_path):
    path = tmp_path / "working.db"
    Store(path, create=True).close()
    pool, found = Pool(path, Store), []

    def count():
        with pool.lend() as store:
            found.append(store.rows("SELECT count(*) AS n FROM audit_log")[0]["n"])

    for _ in range(2):
        thread = threading.Thread(target=count)
        thread.start()
        thread.join()
        act = Act("someone", "chair", datetime(2026, 11, 21, tzinfo=UTC))
        with Store(path) as other, other.transaction(act, "test"):
            pass
    assert found == [0, 1]
