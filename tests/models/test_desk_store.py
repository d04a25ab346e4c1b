"""The desk's database: the writes of one process wait for each other in line."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from models import desk_store
from models.desk_store import FILE_NAME, DeskStore
from models.errors import StoreError

KEEP = "INSERT INTO phrase VALUES (?, 'R1', 'A1-1.P1', ?, 0, '2026-11-02T01:00:00Z')"


@pytest.fixture
def opened(tmp_path):
    """Open connections that share one turn."""
    turn, made = threading.Lock(), []

    def connect():
        made.append(DeskStore(tmp_path / FILE_NAME, turn))
        return made[-1]

    yield connect
    for each in made:
        each.close()


def phrases(desk):
    return [row["phrase_id"] for row in desk.rows("SELECT phrase_id FROM phrase ORDER BY 1")]


def test_a_write_waits_until_the_transaction_of_another_is_over(opened):
    one, other = opened(), opened()
    with ThreadPoolExecutor(1) as pool:
        with one.transaction():
            one.write(KEEP, (1, "甲"))
            waiting = pool.submit(other.write, KEEP, (2, "乙"))
            assert not waiting.done()
        assert waiting.result(30) == 1
    assert phrases(one) == [1, 2]


def test_every_save_of_many_threads_arrives(opened):
    desks = [opened() for _ in range(8)]

    def save(number):
        desk = desks[number]
        for turn in range(10):
            with desk.transaction():
                desk.write(KEEP, (100 * number + turn, f"{number} {turn}"))

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(save, range(8)))
    assert phrases(desks[0]) == [100 * number + turn for number in range(8) for turn in range(10)]


def test_a_transaction_undone_gives_its_turn_back(opened):
    one, other = opened(), opened()
    with pytest.raises(ZeroDivisionError), one.transaction():
        one.write(KEEP, (1, "甲"))
        raise ZeroDivisionError
    other.write(KEEP, (2, "乙"))
    assert phrases(other) == [2]


def test_who_waits_for_too_long_is_told_that_others_write(opened, monkeypatch):
    monkeypatch.setattr(desk_store, "_LONGEST_S", 0.01)
    one, other = opened(), opened()
    with one.transaction(), pytest.raises(StoreError, match="written by somebody else") as told:
        other.write(KEEP, (1, "甲"))
    assert told.value.key == "store.busy"
