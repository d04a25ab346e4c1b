"""Times as people in China read them."""

from __future__ import annotations

from datetime import datetime, timedelta, timezone

CHINA = timezone(timedelta(hours=8), "UTC+8")
"""Dates on papers, publicities and due dates are days of this zone, whatever the machine's."""


def moment_words(at: str) -> str:
    """Write a stored UTC time as people in China read it; empty where there is none.

    >>> moment_words("2026-11-20T18:30:00Z")
    '2026-11-21 02:30'
    """
    return f"{datetime.fromisoformat(at).astimezone(CHINA):%Y-%m-%d %H:%M}" if at else ""
