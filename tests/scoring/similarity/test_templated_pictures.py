"""Pictures on few templates: none is taken for another's, and changed ones are found again."""

from __future__ import annotations

import pytest

from benchmarks.pictures_found import template_rows


@pytest.mark.slow
def test_pages_of_one_form_and_slides_of_one_design_are_no_pair_and_changed_copies_are():
    rows = {row["measure"]: row["value"] for row in template_rows(8, (31,))}
    assert rows["on templates, false pairs"] == 0
    assert rows["on templates, recall, all"] >= 0.85  # of 40; .95 pooled over hundreds
    assert rows["on templates, recall, photographs"] == 1
