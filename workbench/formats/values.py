"""What people write for times, lengths, numbers and yes or no, read without guessing."""

from __future__ import annotations

import re
import unicodedata
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

from workbench.formats.cells import squeezed

CHINA = timezone(timedelta(hours=8), "UTC+8")
_EXCEL_DAY_ZERO = datetime(1899, 12, 30)
_SERIALS = (20_000, 80_000)  # 1954 to 2119: a plain number outside is no date of ours

_DATE = (
    r"(?P<y>\d{4})(?:[-./](?P<m>\d{1,2})[-./](?P<d>\d{1,2})|年(?P<m2>\d{1,2})月(?P<d2>\d{1,2})日?)"
)
_TIME = r"(?:(?P<h>\d{1,2})[:时点](?P<mi>\d{1,2})分?(?:[:]?(?P<s>\d{1,2})(?:\.\d+)?秒?)?)"
_ZONE = r"(?P<z>Z|[+-]\d{2}:?\d{2})?"
_MOMENT = re.compile(rf"{_DATE}(?:[T\s]*{_TIME})?\s*{_ZONE}", re.IGNORECASE)
_COMPACT = re.compile(r"(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2}))?")
_SERIAL = re.compile(r"\d{5}(?:\.\d+)?")
_CLOCK = re.compile(r"(?:(\d{1,2}):)?(\d{1,3}):(\d{1,2})(?:\.\d+)?")
_SPOKEN = re.compile(
    r"(?:(?P<h>\d+(?:\.\d+)?)(?:小时|时|h))?"
    r"(?:(?P<m>\d+(?:\.\d+)?)(?:分钟?|min|m|′|'))?"
    r"(?:(?P<s>\d+(?:\.\d+)?)(?:秒钟?|sec|s|″|\"|'')?)?",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(\d+(?:\.\d+)?)(?:个?学时|课时|小时|分|h|hours?|px|像素)?", re.IGNORECASE)
_SHA256 = re.compile(r"[0-9a-f]{64}")

YES = frozenset(
    "1 是 对 有 真 √ ✓ ✔ ☑ y yes true t 合格 通过 已通过 达标 已合格 已完成 完成 优秀 良好 及格".split()
)
NO = frozenset(
    "0 否 不是 无 没有 × ✗ ✘ ☒ x n no false f 不合格 未通过 不通过 未达标 未合格 未完成 不及格".split()
)


def read_moment(text: str, zone: tzinfo = CHINA) -> datetime | None:
    """Time a cell states, in UTC; None where it states none that is unambiguous.

    Day-first and month-first dates are not read: 5/11/2021 has two meanings.
    A date alone is its midnight in ``zone``.

    Parameters
    ----------
    text : str
        2021.11.5, 2021/11/5 10:30, 20211105, 2021年11月5日, ISO 8601, or an
        Excel serial (days since 1899-12-30).
    zone : tzinfo
        The zone meant where the cell names none.

    Examples
    --------
    >>> read_moment("2021年11月5日 10:30").isoformat()
    '2021-11-05T02:30:00+00:00'
    >>> read_moment("44505") == read_moment("2021.11.5") == read_moment("20211105")
    True
    >>> read_moment("5/11/2021") is None
    True
    """
    text = unicodedata.normalize("NFKC", text).strip()
    found = _MOMENT.fullmatch(text)
    try:
        if found:
            return _from_parts(found, zone)
        compact = _COMPACT.fullmatch(text)
        if compact:
            return _utc(datetime(*[int(part) for part in compact.groups() if part]), zone)  # type: ignore[arg-type]
        if _SERIAL.fullmatch(text) and _SERIALS[0] <= float(text) <= _SERIALS[1]:
            seconds = round(float(text) * 86_400)
            return _utc(_EXCEL_DAY_ZERO + timedelta(seconds=seconds), zone)
    except ValueError:  # the thirtieth of February
        return None
    return None


def _from_parts(found: re.Match[str], zone: tzinfo) -> datetime:
    part = found.groupdict()
    day = date(int(part["y"]), int(part["m"] or part["m2"]), int(part["d"] or part["d2"]))
    clock = time(int(part["h"] or 0), int(part["mi"] or 0), int(part["s"] or 0))
    return _utc(datetime.combine(day, clock), _zone(part["z"]) or zone)


def _zone(text: str | None) -> tzinfo | None:
    if not text:
        return None
    if text in "Zz":
        return UTC
    hours, minutes = int(text[1:3]), int(text[-2:])
    return timezone((-1 if text[0] == "-" else 1) * timedelta(hours=hours, minutes=minutes))


def _utc(moment: datetime, zone: tzinfo) -> datetime:
    return moment.replace(tzinfo=zone).astimezone(UTC)


def read_duration(text: str) -> float | None:
    """Seconds a cell states; None where it states none.

    Two numbers with a colon are minutes and seconds, as on a player.

    Examples
    --------
    >>> [read_duration(t) for t in ("5:30", "5分30秒", "330", "0:05:30", "5.5分钟")]
    [330.0, 330.0, 330.0, 330.0, 330.0]
    >>> read_duration("五分钟") is None
    True
    """
    text = squeezed(text).replace("’", "'").replace("”", '"')
    clock = _CLOCK.fullmatch(text)
    if clock:
        hours, minutes, seconds = (int(part or 0) for part in clock.groups())
        if seconds >= 60 or (clock.group(1) and minutes >= 60):
            return None
        return float(hours * 3600 + minutes * 60 + seconds)
    spoken = _SPOKEN.fullmatch(text)
    if not text or not spoken:
        return None
    parts = [float(spoken[name] or 0) for name in "hms"]
    return parts[0] * 3600 + parts[1] * 60 + parts[2]


def excel_took_minutes_for_hours(text: str) -> bool:
    """Whether a length looks like 5:30 typed into Excel, which stores 5 h 30 min.

    Examples
    --------
    >>> excel_took_minutes_for_hours("5:30:00"), excel_took_minutes_for_hours("0:05:30")
    (True, False)
    """
    clock = _CLOCK.fullmatch(squeezed(text))
    return bool(clock and int(clock[1] or 0) >= 1 and int(clock[3]) == 0)


def read_number(text: str) -> float | None:
    """Number of a cell without its unit: 50学时 is 50; None where there is none.

    Examples
    --------
    >>> read_number("50学时"), read_number("25.5"), read_number("1,920"), read_number("约50")
    (50.0, 25.5, 1920.0, None)
    """
    text = re.sub(r"(?<=\d),(?=\d{3}(?!\d))", "", squeezed(text))
    found = _NUMBER.fullmatch(text)
    return float(found[1]) if found else None


def read_yes_no(text: str) -> bool | None:
    """True for 是, 合格, √, 1 …; False for 否, 不合格, ×, 0 …; None for anything else.

    Examples
    --------
    >>> read_yes_no("√"), read_yes_no("未通过"), read_yes_no("1.0"), read_yes_no("也许")
    (True, False, True, None)
    """
    word = squeezed(text).casefold()
    word = word[:-2] if word in ("1.0", "0.0") else word
    return True if word in YES else False if word in NO else None


def read_sha256(text: str) -> str | None:
    """Lower-case hexadecimal digest of 64 digits; None for anything else."""
    digest = squeezed(text).casefold().removeprefix("sha256:")
    return digest if _SHA256.fullmatch(digest) else None


def split_list(text: str) -> tuple[str, ...]:
    """Parts of a cell that lists several things, in order, blanks dropped.

    Examples
    --------
    >>> split_list("A1、A3；B6 / C4")
    ('A1', 'A3', 'B6', 'C4')
    """
    return tuple(p.strip() for p in re.split(r"[、,，;；/|\n]+", text) if p.strip())
