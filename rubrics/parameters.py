"""What a policy pack may set: every rule's type, bounds, unit and name."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from rubrics.errors import PolicyError
from rubrics.faults import shown
from rubrics.toml_file import read_table

FOLDER = Path(__file__).parent / "catalogue" / "policies"
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")
_FILE = FOLDER / "parameters.toml"

# the first may not exceed the second
ORDERED = (
    ("window.opens", "window.closes"),
    ("hours.online_min", "hours.total_min"),
    ("hours.practice_min", "hours.total_min"),
    ("hours.awarded_by_passing", "hours.total_min"),
    ("choice.points_required", "choice.points_of"),
    ("flag.copied_text.look_share", "flag.copied_text.strong_share"),
    ("flag.copied_text.look_run", "flag.copied_text.strong_run"),
    ("flag.reused_image.slide", "flag.reused_image.alike"),
    ("intake.limits.office_packed_mib", "intake.limits.office_unpacked_mib"),
    ("intake.limits.cpu_s", "intake.limits.wall_s"),
    ("retention.backups_months", "retention.originals_months"),
)

Finding = tuple[str, str, dict[str, Any]]  # place after the rule's key, fault code, values


@dataclass(frozen=True)
class Parameter:
    """One rule a pack may set.

    ``kind`` is number, integer, boolean, enum, text, date, list, table or any;
    ``low`` and ``high`` bound numbers, ``choices`` an enum or the items of a
    list; ``optional`` lets the value be "none".
    """

    key: str
    kind: str
    unit: str
    zh: str
    en: str
    low: float = -math.inf
    high: float = math.inf
    choices: tuple[str, ...] = ()
    optional: bool = False


@cache
def parameters() -> dict[str, Parameter]:
    """All parameters by key, in the order of the file."""
    table, faults = read_table(_FILE)
    if table is None:
        raise PolicyError(f"the list of parameters is damaged: {faults[0]}. Install again.")
    return {parameter.key: parameter for parameter in _walk(table, "")}


def _walk(table: dict[str, Any], prefix: str) -> Iterator[Parameter]:
    for name, part in table.items():
        if isinstance(part.get("type"), str):
            yield _parameter(prefix + name, part)
        else:
            yield from _walk(part, f"{prefix}{name}.")


def _parameter(key: str, table: dict[str, Any]) -> Parameter:
    return Parameter(
        key=key,
        kind=table["type"],
        unit=table["unit"],
        zh=table["zh"],
        en=table["en"],
        low=table.get("min", -math.inf),
        high=table.get("max", math.inf),
        choices=tuple(table.get("choices", ())),
        optional=table.get("none", False),
    )


def settled(parameter: Parameter, value: Any) -> Any:
    """Value as the rules use it: "none" as None where allowed, whole numbers as integers."""
    return None if parameter.optional and value == "none" else _plain(value)


def _plain(value: Any) -> Any:
    # 20 and 20.0 are one value and must give one digest
    if isinstance(value, float) and value.is_integer():
        return int(value)
    if isinstance(value, list):
        return [_plain(part) for part in value]
    if isinstance(value, dict):
        return {name: _plain(part) for name, part in value.items()}
    return value


def check_value(parameter: Parameter, value: Any) -> list[Finding]:
    """Name everything wrong with a value of that parameter; nothing where it is fine."""
    if parameter.optional and value == "none":
        return []
    return _CHECKS[parameter.kind](parameter, value)


def _number(parameter: Parameter, value: Any) -> list[Finding]:
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        return [("", "not_number", {"came": shown(value)})]
    return _within(parameter, value)


def _integer(parameter: Parameter, value: Any) -> list[Finding]:
    if isinstance(value, bool) or not isinstance(value, int):
        return [("", "not_integer", {"came": shown(value)})]
    return _within(parameter, value)


def _within(parameter: Parameter, value: float) -> list[Finding]:
    if parameter.low <= value <= parameter.high:
        return []
    bounds = {"low": parameter.low, "high": parameter.high, "unit": parameter.unit}
    return [("", "out_of_range", {"came": shown(value), **bounds})]


def _boolean(parameter: Parameter, value: Any) -> list[Finding]:  # noqa: ARG001
    return [] if isinstance(value, bool) else [("", "not_boolean", {"came": shown(value)})]


def _text(parameter: Parameter, value: Any) -> list[Finding]:  # noqa: ARG001
    if not isinstance(value, str):
        return [("", "not_text", {"came": shown(value)})]
    return [] if value.strip() else [("", "empty_text", {})]


def _date(parameter: Parameter, value: Any) -> list[Finding]:  # noqa: ARG001
    if value == "" or (isinstance(value, str) and _DAY.fullmatch(value) and _is_day(value)):
        return []
    return [("", "not_date", {"came": shown(value)})]


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def _enum(parameter: Parameter, value: Any) -> list[Finding]:
    if isinstance(value, str) and value in parameter.choices:
        return []
    return [("", "not_allowed", {"came": shown(value), "allowed": parameter.choices})]


def _list(parameter: Parameter, value: Any) -> list[Finding]:
    if not isinstance(value, list):
        return [("", "not_list", {"came": shown(value)})]
    found: list[Finding] = []
    for place, item in enumerate(value):
        if parameter.choices:
            found += [(f"[{place}]", code, values) for _, code, values in _enum(parameter, item)]
        if item in value[:place]:
            first = f"[{value.index(item)}]"
            found.append((f"[{place}]", "duplicate", {"came": shown(item), "first": first}))
    return found + _anything(parameter, value)


def _table(parameter: Parameter, value: Any) -> list[Finding]:
    if not isinstance(value, dict):
        return [("", "not_table", {"came": shown(value)})]
    return _anything(parameter, value)


def _anything(parameter: Parameter, value: Any, place: str = "") -> list[Finding]:
    """Refuse, at any depth, what has no canonical form: dates, infinities, keys beyond ASCII."""
    if isinstance(value, dict):
        found: list[Finding] = []
        for name, part in value.items():
            if not name.isascii():
                found.append(
                    (f"{place}.{name}", "invalid", {"came": name, "reason": "key not ASCII"})
                )
            found += _anything(parameter, part, f"{place}.{name}")
        return found
    if isinstance(value, list):
        return [
            finding
            for at, part in enumerate(value)
            for finding in _anything(parameter, part, f"{place}[{at}]")
        ]
    if isinstance(value, float) and not math.isfinite(value):
        return [(place, "not_number", {"came": shown(value)})]
    if isinstance(value, str | int | float):
        return []
    return [(place, "not_text", {"came": shown(value)})]


_CHECKS = {
    "number": _number,
    "integer": _integer,
    "boolean": _boolean,
    "text": _text,
    "date": _date,
    "enum": _enum,
    "list": _list,
    "table": _table,
    "any": _anything,
}
