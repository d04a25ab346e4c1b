"""Working days by China's calendar, shifted days 调休 included."""

from __future__ import annotations

from datetime import date, datetime, timedelta, timezone

import chinese_calendar

CHINA = timezone(timedelta(hours=8), "UTC+8")


def day_of(at: datetime) -> date:
    """Day in China of a moment, whatever zone it is given in.

    >>> day_of(datetime.fromisoformat("2026-10-08T17:00:00+00:00"))
    datetime.date(2026, 10, 9)
    """
    return at.astimezone(CHINA).date()


def add_working_days(start: date, count: int) -> tuple[date, bool]:
    """Find the last of ``count`` working days after ``start``.

    Returns
    -------
    date, bool
        The day, and whether a year's holidays were not published yet, so that
        Monday to Friday were counted there.

    Examples
    --------
    >>> add_working_days(date(2026, 9, 30), 1)  # the National Day holiday lies between
    (datetime.date(2026, 10, 8), False)
    """
    day, assumed = start, False
    while count > 0:
        day += timedelta(days=1)
        works, guessed = _works(day)
        assumed = assumed or guessed
        count -= works
    return day, assumed


def _works(day: date) -> tuple[bool, bool]:
    try:
        return bool(chinese_calendar.is_workday(day)), False
    except NotImplementedError:  # a year the State Council has not arranged yet
        return day.weekday() < 5, True
