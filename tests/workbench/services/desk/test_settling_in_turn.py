"""Recording what was handed in: one at a time, and who comes for something else does not stand in line."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from workbench.services import desk
from workbench.services.desk_settling import Settling
from workbench.services.workspace import ServedWorkspace


@pytest.fixture
def served(panel):
    """The panel at a server, whose connections stay open."""
    panel.workspace = ServedWorkspace(panel.workspace.folder)
    yield panel
    panel.workspace.close()


def test_who_opens_a_piece_while_others_are_recorded_does_not_wait_and_nothing_is_lost(served):
    rater, piece = served.first()
    served.hand_in(rater, piece, 0)
    turn = served.workspace.memory(Settling)
    assert turn.begin(wait=False)
    assert served.view(rater, seconds=11)["piece"] != piece
    assert served.rows("read") == []
    turn.end()
    assert served.settle(11) == 1
    assert [row["piece_id"] for row in served.rows("read")] == [piece]


def test_who_opens_a_piece_when_nobody_is_at_it_records_what_is_due(served):
    rater, piece = served.first()
    served.hand_in(rater, piece, 0)
    served.view(rater, seconds=11)
    assert [row["piece_id"] for row in served.rows("read")] == [piece]


def test_the_turn_is_given_back_when_recording_fails(served, monkeypatch):
    rater, piece = served.first()
    served.hand_in(rater, piece, 0)

    def fails(*_):
        raise ZeroDivisionError

    with monkeypatch.context() as patch:
        patch.setattr("workbench.services.desk_settling._settle_one", fails)
        with pytest.raises(ZeroDivisionError):
            served.settle(11)
    assert served.settle(12) == 1


def test_many_who_record_at_once_record_each_read_once(served):
    handed_in = []
    for rater, piece in {
        row["rater_id"]: row["piece_id"] for row in served.rows("assignment")
    }.items():
        served.hand_in(rater, piece, 0)
        handed_in.append((rater, piece))
    at = served.at(11)
    with ThreadPoolExecutor(8) as pool:
        counts = list(pool.map(lambda _: desk.settle(served.workspace, at), range(8)))
    assert sum(counts) == len(handed_in)
    found = sorted((row["rater_id"], row["piece_id"]) for row in served.rows("read"))
    assert found == sorted(handed_in)
