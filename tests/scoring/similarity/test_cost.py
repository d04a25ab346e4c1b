"""What a text costs grows as sorting does, and what is planted is found in two unlike counties."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.invented_texts import TeacherPhrases
from benchmarks.pictures_found import picture_rows, slide_rows
from benchmarks.planted_copies import DISGUISES, LANGUAGES, UNSEEN, county, pages, quoting
from benchmarks.planted_found import found_in
from scoring.similarity.fingerprints import known_hashes, own_fingerprint
from scoring.similarity.packed import PackedPrints
from scoring.similarity.sharing import Owners, shared_parts

SEEDS = (11, 12)
EACH = 18  # copies of each kind in a county; three languages and two seeds make 108 of each


def measured(rows):
    return {row["measure"]: row["value"] for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_copies_are_found_and_decoys_are_not_in_any_county(language):
    counties = (county(900, seed, language, EACH) for seed in SEEDS)
    found = measured(found_in(counties, language.__name__))
    assert found["precision"] >= 0.98
    assert found["recall"] >= 0.98
    assert found["recall, popular"] >= 0.9
    assert all(found[f"recall, {kind}"] == 1.0 for kind in ("verbatim", "edited 30", *DISGUISES))
    assert found["recall, paragraph"] >= 0.9


@pytest.mark.slow
@pytest.mark.parametrize("language", LANGUAGES)
def test_quotations_of_three_sentences_nobody_registered_are_no_copies_where_copies_are_few(
    language,
):
    found = measured(found_in([county(900, 21, quoting(language, 3), 2)], language.__name__))
    assert found["precision"] >= 0.98
    assert found["recall, verbatim"] == 1.0


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_small_round_with_forms_nobody_registered_has_no_decoy_among_its_pairs(language):
    found = measured(found_in([county(260, 3, language)], language.__name__, known=()))
    assert found["precision"] >= 0.98
    assert found["recall"] >= 0.98


@pytest.mark.slow
@pytest.mark.parametrize("language", UNSEEN)
@pytest.mark.parametrize("known", [("forms",), ()], ids=["registered", "unregistered"])
def test_copies_are_found_in_small_counties_whose_language_came_after_the_search(language, known):
    found = measured(found_in((county(120, seed, language, 2) for seed in (3, 4)), "", known))
    assert found["precision"] >= 0.97  # one pair of eighty may be chance
    assert found["recall"] >= 0.9  # long tables torn cell by cell hide parts of a mosaic
    assert all(found[f"recall, {kind}"] == 1.0 for kind in ("verbatim", "edited 30", *DISGUISES))


@pytest.mark.slow
def test_changed_pictures_are_found_and_others_of_one_build_are_not():
    found = measured(picture_rows(18, seed=3))
    assert found["recall"] >= 0.95
    assert found["false pairs"] == 0


@pytest.mark.slow
def test_copied_slides_are_found_and_those_on_one_background_are_not():
    found = measured(slide_rows(90, seed=3))
    assert found["recall, copied slides"] >= 0.95
    assert found["false pairs"] == 0


def test_joining_by_parts_gives_what_joining_at_once_gives(monkeypatch):
    forms, texts = pages(60, 5, TeacherPhrases)
    prints = PackedPrints(own_fingerprint(text, known_hashes(forms)) for text in texts)
    owners = Owners.of([f"t{at}" for at in range(60)], [""] * 60)
    (whole,) = shared_parts(prints, owners, 0.8)
    monkeypatch.setattr("scoring.similarity.sharing._PART", 3000)
    parts = list(shared_parts(prints, owners, 0.8))
    assert len(parts) > 3
    for name in ("documents", "positions", "teachers"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tolist() == getattr(whole, name).tolist()
