"""What must hold inside a rubric beyond the types of its keys: ids, levels, bounds, names."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from rubrics.faults import Fault, fault, shown

PROVENANCE = ("official-fact", "provincial-fact", "derived")
_LETTER = {"pass": "P", "excellent": "E"}
_CODE = re.compile(r"[A-Z]+[0-9]+")
_ENDING = re.compile(r"[a-z0-9]+")
_BOUNDS = (("min_chars", "max_chars"), ("min_items", "max_items"), ("min_pages", "max_pages"))


@dataclass(frozen=True)
class Names:
    """Names a rubric may refer to: dimensions and environments (zh, en), and sources.

    ``sources`` is None where no set stands beside the rubric; its references
    are then not checked.
    """

    dimensions: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    environments: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    sources: frozenset[str] | None = None


def check_rubric(file: Path, table: Mapping[str, Any], names: Names) -> list[Fault]:
    """Every fault of meaning in a rubric's table; values of a wrong type are passed over."""
    found = _check_code(file, table.get("competency"))
    found += _check_name(file, "dimension", table.get("dimension"), names.dimensions)
    found += _check_name(file, "environment", table.get("environment"), names.environments)
    if names.sources is not None:
        source = table.get("source")
        document = source.get("document") if isinstance(source, dict) else None
        found += _check_name(file, "source.document", document, names.sources)
    slots = list(_tables(table, "slot", ""))
    found += _duplicates(file, [(place, slot.get("id")) for place, slot in slots])
    for place, slot in slots:
        found += _check_slot(file, place, slot, table.get("competency"), names)
    if slots and all(slot.get("core") is False for _, slot in slots):
        found.append(fault(file, "slot", "no_core"))
    return found


def subject_at(table: Any, place: tuple[str | int, ...]) -> str:
    """Id standing nearest above a place in a table; empty where there is none."""
    nearest = ""
    for step in place:
        try:
            table = table[step]
        except (KeyError, IndexError, TypeError):
            break
        if isinstance(table, dict) and isinstance(table.get("id"), str):
            nearest = table["id"]
    return nearest


def _tables(
    table: Mapping[str, Any], key: str, prefix: str
) -> Iterator[tuple[str, dict[str, Any]]]:
    """Place and table of each entry of a list of tables, what is no table left out."""
    entries = table.get(key)
    for number, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield f"{prefix}{key}[{number}]", entry


def _check_code(file: Path, code: Any) -> list[Fault]:
    if not isinstance(code, str) or _CODE.fullmatch(code):
        return []
    return [fault(file, "competency", "bad_code", came=shown(code), example="A1")]


def _check_name(
    file: Path, key: str, name: Any, known: Mapping[str, Any] | frozenset[str], subject: str = ""
) -> list[Fault]:
    if not isinstance(name, str) or name in known:
        return []
    allowed = sorted(known)
    return [fault(file, key, "not_in_set", subject=subject, came=shown(name), allowed=allowed)]


def _duplicates(file: Path, ids: list[tuple[str, Any]]) -> list[Fault]:
    first: dict[str, str] = {}
    found = []
    for place, name in ids:
        if not isinstance(name, str):
            continue
        if name in first:
            at = first[name]
            found.append(
                fault(file, f"{place}.id", "duplicate", subject=name, came=shown(name), first=at)
            )
        first.setdefault(name, f"{place}.id")
    return found


def _check_slot(
    file: Path, place: str, slot: dict[str, Any], competency: Any, names: Names
) -> list[Fault]:
    slot_id = slot.get("id")
    subject = slot_id if isinstance(slot_id, str) else ""
    found = _check_prefix(file, f"{place}.id", slot_id, competency, "-")
    found += _check_endings(file, place, slot.get("accepts"), subject)
    found += _check_limits(file, f"{place}.limits", slot.get("limits"), subject)
    found += _check_provenance(file, f"{place}.provenance", slot.get("provenance"), subject, names)
    criteria = list(_tables(slot, "criterion", f"{place}."))
    found += _duplicates(file, [(at, criterion.get("id")) for at, criterion in criteria])
    for at, criterion in criteria:
        found += _check_prefix(file, f"{at}.id", criterion.get("id"), slot_id, ".")
        found += _check_letter(file, f"{at}.id", criterion)
    levels = [criterion.get("level") for _, criterion in criteria]
    if all(level == "excellent" for level in levels):
        found.append(
            fault(
                file,
                f"{place}.criterion",
                "no_pass_criteria",
                subject=subject,
                came=subject or place,
            )
        )
    return found


def _check_prefix(file: Path, key: str, name: Any, owner: Any, sign: str) -> list[Fault]:
    if not isinstance(name, str) or not isinstance(owner, str):
        return []
    expected = owner + sign
    if name.startswith(expected) and len(name) > len(expected):
        return []
    return [
        fault(file, key, "wrong_prefix", subject=name, came=shown(name), expected=shown(expected))
    ]


def _check_letter(file: Path, key: str, criterion: dict[str, Any]) -> list[Fault]:
    name, level = criterion.get("id"), criterion.get("level")
    if not isinstance(name, str) or level not in _LETTER or "." not in name:
        return []
    letter = _LETTER[level]
    if re.fullmatch(letter + "[0-9]+", name.rpartition(".")[2]):
        return []
    expected = f"{letter}1, {letter}2 …"
    values = {"came": shown(name), "level": level, "expected": expected}
    return [fault(file, key, "wrong_letter", subject=name, **values)]


def _check_endings(file: Path, place: str, endings: Any, subject: str) -> list[Fault]:
    found = []
    for number, ending in enumerate(endings if isinstance(endings, list) else ()):
        key = f"{place}.accepts[{number}]"
        if not isinstance(ending, str):
            continue
        if not _ENDING.fullmatch(ending):
            found.append(fault(file, key, "bad_ending", subject=subject, came=shown(ending)))
        if ending in endings[:number]:
            first = f"{place}.accepts[{endings.index(ending)}]"
            values = {"came": shown(ending), "first": first}
            found.append(fault(file, key, "duplicate", subject=subject, **values))
    return found


def _check_limits(file: Path, place: str, limits: Any, subject: str) -> list[Fault]:
    if not isinstance(limits, dict):
        return []
    values = {
        name: limit["value"]
        for name, limit in limits.items()
        if isinstance(limit, dict) and isinstance(limit.get("value"), int | float)
    }
    found = []
    for low, high in _BOUNDS:
        if low in values and high in values and values[low] > values[high]:
            bounds = {
                "low": low,
                "low_value": values[low],
                "high": high,
                "high_value": values[high],
            }
            found.append(
                fault(file, f"{place}.{low}.value", "bounds_crossed", subject=subject, **bounds)
            )
    return found


def _check_provenance(
    file: Path, place: str, provenance: Any, subject: str, names: Names
) -> list[Fault]:
    if names.sources is None or not isinstance(provenance, dict):
        return []
    refs = provenance.get("refs")
    found = []
    for number, ref in enumerate(refs if isinstance(refs, list) else ()):
        found += _check_name(file, f"{place}.refs[{number}]", ref, names.sources, subject)
    return found
