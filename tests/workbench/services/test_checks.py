"""Times and editing at intake: what is remarked on, and what is left alone by rule."""

from datetime import date

import pytest

from rubrics.loading import load_set
from rubrics.policy_pack import PolicyPack, Rule
from rubrics.resolving import load_policy
from workbench.readers.facts import FileFacts
from workbench.services.checks import Checks, check_file

SLOT = load_set("micro_competencies")["B8"].slot("B8-1")


def checks(**forms):
    pack = load_policy("national-2.0")
    dates = {"window.opens": "2026-09-01", "window.closes": "2026-10-15"}
    rules = {key: Rule(key, value, "date", "test") for key, value in dates.items()}
    return Checks(
        PolicyPack("t", "名", "Name", "", "", {**pack.rules, **rules}),
        form_stamps=frozenset(forms.values()),
    )


def remarks(facts, submitted_on=None, **forms):
    found = check_file(SLOT, facts, 1000, submitted_on, checks(**forms))
    return [
        (r.code, r.values.get("what") or r.values.get("minutes"))
        for r in found
        if r.code in ("outside_window", "edited_briefly")
    ]


def written(chars=1600, **facts):
    return FileFacts("docx", text="字" * chars, **facts)


@pytest.mark.parametrize(
    ("stamp", "expected"),
    [
        ("2026-08-31T09:10:11", [("outside_window", "taken")]),
        ("2026-10-16T09:10:11", [("outside_window", "taken")]),
        ("2026-09-20T09:10:11", []),
        ("", []),  # chat programs take it out
        ("2026-01-01T00:00:42", []),  # a clock that was never set
        ("1980-01-06T12:00:00", []),
    ],
)
def test_a_photo_taken_outside_the_window_is_remarked_on(stamp, expected):
    assert remarks(FileFacts("jpg", taken_at=stamp)) == expected


def test_so_is_a_video_recorded_before_it():
    assert remarks(FileFacts("mp4", recorded_at="2026-03-05T09:10:11+08:00")) == [
        ("outside_window", "recorded")
    ]


@pytest.mark.parametrize(
    "stamp", ["2013-12-23T23:15:00Z", "2013-01-27T09:14:16Z", "2006-09-16T00:00:00Z", "form"]
)
def test_a_creation_time_nobody_set_is_left_alone(stamp):
    form = "2020-05-01T08:00:00Z"
    facts = written(created_at=form if stamp == "form" else stamp, editing_minutes=90)
    assert remarks(facts, form=form) == []


def test_a_creation_time_of_the_file_itself_is_not():
    assert remarks(written(created_at="2020-05-01T08:00:00Z")) == [("outside_window", "created")]


@pytest.mark.parametrize(
    ("modified", "submitted", "expected"),
    [
        ("2026-10-08T09:00:00Z", date(2026, 10, 8), []),
        ("2026-10-09T09:00:00Z", date(2026, 10, 8), [("outside_window", "changed")]),
        ("2026-10-15T09:00:00Z", None, []),  # the last day itself
        ("2026-10-16T09:00:00Z", None, [("outside_window", "changed")]),
        ("2026-08-31T09:00:00Z", None, [("outside_window", "modified")]),
        ("", date(2026, 10, 8), []),
    ],
)
def test_a_file_changed_after_it_was_handed_in_is_remarked_on(modified, submitted, expected):
    assert remarks(written(modified_at=modified), submitted) == expected


@pytest.mark.parametrize(
    ("minutes", "chars", "told"),
    [(1, 1600, True), (2, 1500, True), (3, 1600, False), (2, 1499, False)],
)
def test_a_long_text_edited_for_a_minute_or_two_is_remarked_on(minutes, chars, told):
    found = remarks(written(chars, editing_minutes=minutes))
    assert found == ([("edited_briefly", str(minutes))] if told else [])


@pytest.mark.parametrize("minutes", [0, None])
def test_a_program_that_does_not_count_says_nothing(minutes):
    assert remarks(written(editing_minutes=minutes)) == []
