"""Working days in China: holidays, shifted days, and years not arranged yet."""

from datetime import UTC, date, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from workbench.services.working_days import add_working_days, day_of


@pytest.mark.parametrize(
    ("start", "count", "last"),
    [
        ("2026-09-28", 5, "2026-10-10"),  # 29, 30, then past the holiday 8, 9, Saturday the 10th
        ("2026-09-22", 5, "2026-09-30"),  # past mid-autumn, 25 to 27 September
        ("2026-03-06", 1, "2026-03-09"),  # an ordinary weekend
        ("2026-03-04", 0, "2026-03-04"),
    ],
)
def test_the_last_of_so_many_working_days(start, count, last):
    made = add_working_days(date.fromisoformat(start), count)
    assert made == (date.fromisoformat(last), False)


def test_a_year_not_arranged_yet_counts_weekdays_and_says_so():
    assert add_working_days(date(2099, 1, 2), 1) == (date(2099, 1, 5), True)  # Friday to Monday


@given(st.dates(date(2020, 1, 1), date(2026, 6, 1)), st.integers(0, 15))
def test_one_day_more_is_never_earlier(start, count):
    assert add_working_days(start, count)[0] < add_working_days(start, count + 1)[0]


@given(st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)), st.integers(-12, 12))
def test_the_day_of_a_moment_does_not_hang_on_the_zone_it_is_told_in(moment, hours):
    at = moment.replace(tzinfo=UTC)
    assert day_of(at.astimezone(timezone(timedelta(hours=hours)))) == day_of(at)
    assert day_of(at) == (at + timedelta(hours=8)).date()
