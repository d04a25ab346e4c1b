"""Packs of seed pieces: whole or not at all, by experts who agree, and no part of the round."""

import csv
import secrets

import pytest

from models.calibration import expert_marks, seed_pieces
from workbench.errors import InputError, RefusedError
from workbench.services.calibration_packs import export_pack, import_pack
from workbench.services.county import county_overview
from workbench.services.places import place_names
from workbench.services.results import results

COUNTY, RATER, SLOTS = "XF01", "PS01", ("A1-1", "A2-1", "A3-1")


def test_a_pack_comes_in_with_the_experts_marks_and_a_purpose_for_each_piece(county):
    made = county.take_in(5)
    assert (made.pack_id, made.pieces, made.refused) == ("k01", 15, ())
    with county.workspace.store() as store:
        purposes = [row["purpose"] for row in seed_pieces(store)]
        marks = expert_marks(store)
    assert [purposes.count(each) for each in ("practice", "qualification", "hidden")] == [3, 6, 6]
    asked = sum(len(county.slot(slot).criteria) for slot in SLOTS)
    assert len(marks) == 5 * asked
    assert set(marks["met"]) == {1}


def test_the_same_pack_twice_changes_nothing(county):
    package = county.pack(2)
    first = import_pack(county.workspace, package, county.act(COUNTY), secrets.token_bytes)
    before = county.count("audit_log")
    again = import_pack(county.workspace, package, county.act(COUNTY), secrets.token_bytes)
    assert again.known and again.pack_id == first.pack_id
    assert county.count("audit_log") == before


def test_what_experts_differ_on_or_left_unread_is_no_standard_and_the_rest_comes_in(county):
    made = county.take_in(2, differ="A1-1-1", bare="A2-1-2")
    assert made.pieces == 4
    assert [said[:6] for said in made.refused] == ["A1-1-1", "A2-1-2"]
    assert "A1-1.P1" in made.refused[0]


def test_one_expert_alone_sets_no_standard(county):
    with pytest.raises(InputError, match="专家只有 1 人"):
        county.take_in(1, experts=("专家甲",))
    assert county.count("seed_pack") == 0
    assert county.count("audit_log", action="calibration.import") == 0


def test_only_county_chair_or_administrator_bring_a_pack(county):
    with pytest.raises(RefusedError):
        import_pack(county.workspace, county.pack(1), county.act(RATER), secrets.token_bytes)


def test_a_pack_without_marks_says_which_file_is_missing(county):
    package = county.pack(1)
    (package / "marks.csv").unlink()
    with pytest.raises(InputError, match=r"marks\.csv"):
        import_pack(county.workspace, package, county.act(COUNTY), secrets.token_bytes)


def test_seed_pieces_are_no_part_of_the_round(county):
    before = results(county.workspace)
    places = place_names(county.workspace)
    county.take_in(3)
    assert results(county.workspace) == before
    assert place_names(county.workspace) == places
    overview = county_overview(county.workspace, COUNTY)
    assert [school.school for school in overview.schools] == ["青禾小学"]


def test_a_pack_goes_out_and_comes_in_elsewhere_as_it_was(county, rounds, tmp_path):
    county.take_in(2)
    out = tmp_path / "out"
    assert export_pack(county.workspace, out, county.act(COUNTY)) == 6
    other = rounds("seeds")
    made = import_pack(other.workspace, out, other.act(COUNTY), secrets.token_bytes)
    assert (made.pieces, made.refused) == (6, ())
    with county.workspace.store() as one, other.workspace.store() as two:
        assert [r["purpose"] for r in seed_pieces(one)] == [r["purpose"] for r in seed_pieces(two)]
        assert list(expert_marks(one)["met"]) == list(expert_marks(two)["met"])
    with (out / "manifest.csv").open(encoding="utf-8-sig", newline="") as file:
        assert {row["slot"] for row in csv.DictReader(file)} == set(SLOTS)
    with pytest.raises(InputError, match="not empty"):
        export_pack(county.workspace, out, county.act(COUNTY))
