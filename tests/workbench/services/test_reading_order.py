"""The second reader orders what the county must read again, and never what chance has drawn."""

from types import SimpleNamespace

import pytest

from models.store import Act
from workbench.services import desk_tasks, second_reader
from workbench.services.second_reader import unlike_first


@pytest.fixture
def ordered(monkeypatch):
    """A stored analysis that lists these pieces, the least like their prediction first."""

    def order(*pieces):
        payload = {"order": [{"piece_id": piece, "apart": 2.0} for piece in pieces]}
        stored = SimpleNamespace(payload=payload) if pieces else None
        monkeypatch.setattr(second_reader, "last_analysis", lambda *_: stored)

    return order


def test_what_is_least_like_its_prediction_comes_first_and_the_rest_as_it_was(read, ordered):
    ordered("p3", "p1")
    assert unlike_first(read.workspace, ["p1", "p2", "p3", "p4"]) == ["p3", "p1", "p2", "p4"]


def test_without_an_analysis_nothing_is_put_in_another_order(read, ordered):
    ordered()
    assert unlike_first(read.workspace, ["p2", "p1"]) == ["p2", "p1"]


def test_pieces_drawn_by_chance_keep_their_place(read, ordered):
    with read.workspace.store() as store:
        pieces = [row["piece_id"] for row in store.where("piece")][:5]
        act = Act("K1", "", read.now)
        head = {"sample_id": "k0001", "random_seed": "7", "rate": "0.5"}
        why = ["stratified", "held", "stratified", "held", "held"]
        with store.transaction(act, "supervision.sample", "k0001") as tx:
            tx.insert("county_sample", [head])
            tx.insert("county_sample_piece", [
                {"sample_id": "k0001", "piece_id": piece, "why": each}
                for piece, each in zip(pieces, why, strict=True)
            ])  # fmt: skip
        ordered(pieces[4], pieces[0], pieces[1])
        rows = [{"piece_id": piece} for piece in pieces]
        found = [row["piece_id"] for row in desk_tasks._in_order(store, read.workspace, rows)]
    assert found == [pieces[0], pieces[2], pieces[4], pieces[1], pieces[3]]
