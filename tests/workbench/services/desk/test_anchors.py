"""Anchors: taken at the desk, kept in the draft and with the read, and found again by what they decide."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pysqlite3 import dbapi2 as sqlite

from models.store import Act
from workbench.errors import InputError
from workbench.services.desk_anchors import (
    KINDS,
    MOST_ANCHORS,
    Anchor,
    anchor_words,
    anchors_of_piece,
    clock,
    deciding_anchors,
    given_anchors,
    places_in_words,
)

PAGE_3 = {"part": 1, "kind": "page", "place": 3}
SECOND_75 = {"part": 2, "kind": "second", "place": 75}


def masked(panel, piece: str, *files: str) -> None:
    """Files of a piece with a masked copy of one part each."""
    with panel.workspace.store() as store, store.transaction(Act("t", "", panel.at(0)), "t") as tx:
        for place, sha256 in enumerate(files):
            row = {
                "piece_id": piece,
                "item": str(place),
                "path": f"{place}.pdf",
                "sha256": sha256,
                "bytes": 1,
            }
            told = {"attached": 1, "verdict": "accept", "stated": "{}", "submitted_at": ""}
            tx.insert("evidence_file", [{**row, **told}])
            part = {"kind": "none", "media_type": "pdf", "labels": [], "notices": []}
            part |= {"pages": [], "files": [], "reading": ""}
            content = json.dumps({"parts": [part]})
            tx.insert("blind_copy", [{"piece_id": piece, "sha256": sha256, "content": content}])


def test_places_are_in_the_draft_when_it_is_opened_again(panel):
    rater, piece = panel.first()
    name = panel.criteria(piece)[0]
    panel.save(rater, piece, 5, marks={name: 1}, anchors={name: [PAGE_3]})
    assert panel.view(rater, piece, 9)["draft"]["anchors"] == {name: [PAGE_3]}


def test_places_are_kept_with_the_read_and_name_the_original_they_lie_in(panel):
    rater, piece = panel.first()
    masked(panel, piece, "aa", "bb")
    name = panel.criteria(piece)[0]
    panel.read(rater, piece, 20, anchors={name: [PAGE_3, SECOND_75]})
    with panel.workspace.store() as store:
        (own,) = anchors_of_piece(store, piece).values()
        assert own == {name: (Anchor(1, "page", 3, "aa"), Anchor(2, "second", 75, "bb"))}
        assert deciding_anchors(store, piece, name, 1) == own[name]
        assert deciding_anchors(store, piece, name, 0) == ()


def test_places_of_every_read_that_found_a_criterion_unmet_are_told_together(panel):
    _, piece = panel.first()
    masked(panel, piece, "aa", "bb")
    name = panel.criteria(piece)[0]
    low = {**dict.fromkeys(panel.criteria(piece), 1), name: 0}
    for turn, row in enumerate(panel.given_to(piece)):
        places = [PAGE_3, {**SECOND_75, "place": turn}]
        given = {"marks": low, "comments": {name: "没有写出方法"}, "anchors": {name: places}}
        panel.read(row["rater_id"], piece, 20 * turn, **given)
    with panel.workspace.store() as store:
        found = deciding_anchors(store, piece, name, 0)
    assert places_in_words(found) == "文件 1：第 3 页、文件 2：0:00、文件 2：0:01"
    assert places_in_words(found[:1], "en") == "page 3"


def test_a_part_that_is_no_longer_there_has_no_place(panel):
    rater, piece = panel.first()
    masked(panel, piece, "aa")
    name = panel.criteria(piece)[0]
    panel.read(rater, piece, 20, anchors={name: [PAGE_3, SECOND_75]})
    assert [row["part"] for row in panel.rows("evidence_anchor")] == [1]


def test_recorded_places_are_never_changed(panel):
    rater, piece = panel.first()
    masked(panel, piece, "aa")
    panel.read(rater, piece, 20, anchors={panel.criteria(piece)[0]: [PAGE_3]})
    act = Act("t", "", panel.at(99))
    with (
        panel.workspace.store() as store,
        pytest.raises(sqlite.IntegrityError, match="append-only"),
        store.transaction(act, "t") as tx,
    ):
        tx.change("UPDATE evidence_anchor SET place = 9", {})
    assert [row["place"] for row in panel.rows("evidence_anchor")] == [3]


@pytest.mark.parametrize(
    "wrong",
    [
        {"part": 0, "kind": "page", "place": 1},
        {"part": 1, "kind": "corner", "place": 1},
        {"part": 1, "kind": "page", "place": "1"},
        {"part": 1, "kind": "page", "place": True},
        {"part": 1, "kind": "page"},
        "page 3",
    ],
)
def test_a_malformed_place_is_refused_at_the_door(panel, wrong):
    rater, piece = panel.first()
    with pytest.raises(InputError):
        panel.save(rater, piece, 5, anchors={panel.criteria(piece)[0]: [wrong]})


def test_more_places_than_anybody_needs_are_refused(panel):
    rater, piece = panel.first()
    many = [{**PAGE_3, "place": n} for n in range(1, MOST_ANCHORS + 2)]
    with pytest.raises(InputError):
        panel.save(rater, piece, 5, anchors={panel.criteria(piece)[0]: many})


def test_a_place_of_another_slots_criterion_is_refused(panel):
    rater, piece = panel.first()
    slot = panel.criteria(piece)[0].split(".")[0]
    other = "A2-1.P1" if slot != "A2-1" else "A1-1.P1"
    with pytest.raises(InputError, match="not those of one slot"):
        marks = {panel.criteria(piece)[0]: 1}
        panel.save(rater, piece, 5, marks=marks, anchors={other: [PAGE_3]})


@given(
    st.lists(st.tuples(st.integers(1, 9), st.sampled_from(KINDS), st.integers(0, 500)), max_size=12)
)
def test_given_places_come_back_each_once_and_in_their_order(places):
    sent = [dict(zip(("part", "kind", "place"), each, strict=True)) for each in places]
    found = given_anchors({"c": sent}).get("c", ())
    assert [(a.part, a.kind, a.place) for a in found] == list(dict.fromkeys(places))
    assert given_anchors({"c": [a.as_json() for a in found]}).get("c", ()) == found


def test_a_place_is_said_as_people_say_it():
    assert anchor_words(Anchor(1, "page", 3)) == "第 3 页"
    assert anchor_words(Anchor(2, "second", 75), several=True) == "文件 2：1:15"
    both = (Anchor(1, "slide", 4), Anchor(2, "paragraph", 12))
    assert places_in_words(both) == "文件 1：第 4 张、文件 2：第 12 段"
    assert (clock(0), clock(3599), clock(3600)) == ("0:00", "59:59", "1:00:00")
