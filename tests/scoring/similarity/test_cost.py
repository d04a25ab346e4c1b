"""What a text costs grows as sorting does, and what is planted is found in two unlike counties."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.invented_texts import DrawnWords, TeacherPhrases
from benchmarks.planted_copies import DISGUISES, county, pages
from benchmarks.similarity import found_of, picture_rows
from scoring.similarity.fingerprints import known_hashes, own_fingerprint
from scoring.similarity.joining import Owners, shared_parts


def measured(rows):
    return {row["measure"]: row["value"] for row in rows}


@pytest.mark.slow
@pytest.mark.parametrize("language", [DrawnWords, TeacherPhrases])
@pytest.mark.parametrize("seed", [11, 12])
def test_copies_are_found_and_decoys_are_not_in_either_county(language, seed):
    found = measured(found_of(county(900, seed, language), language.__name__))
    assert found["precision"] >= 0.98
    assert found["recall"] >= 0.98
    assert found["recall, copied by 28"] >= 0.9
    assert all(found[f"recall, {kind}"] == 1.0 for kind in ("verbatim", "edited 30", *DISGUISES))


@pytest.mark.parametrize("language", [DrawnWords, TeacherPhrases])
def test_a_small_round_with_forms_nobody_registered_has_no_decoy_among_its_pairs(language):
    found = measured(found_of(county(260, 3, language), language.__name__, known=()))
    assert found["precision"] >= 0.98
    assert found["recall"] >= 0.98


@pytest.mark.slow
def test_changed_pictures_are_found_and_others_of_one_build_are_not():
    found = measured(picture_rows(16, seed=3))
    assert found["recall"] >= 0.95
    assert found["false pairs"] == 0


def test_joining_by_parts_gives_what_joining_at_once_gives(monkeypatch):
    forms, texts = pages(60, 5, TeacherPhrases)
    prints = [own_fingerprint(text, known_hashes(forms)) for text in texts]
    owners = Owners.of([f"t{at}" for at in range(60)], [""] * 60)
    (whole,) = shared_parts(prints, owners, 0.8)
    monkeypatch.setattr("scoring.similarity.joining._PART", 3000)
    parts = list(shared_parts(prints, owners, 0.8))
    assert len(parts) > 3
    for name in ("documents", "positions", "teachers"):
        joined = np.concatenate([getattr(part, name) for part in parts])
        assert joined.tolist() == getattr(whole, name).tolist()
