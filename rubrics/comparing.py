"""What changed between two rubrics or two policy packs, by meaning and not by wording of the file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from rubrics.policy_pack import PolicyPack, Rule
from rubrics.rubric import Rubric


@dataclass(frozen=True)
class Change:
    """One difference: ``kind`` is changed, added or removed.

    ``before`` is None for what was added and ``after`` None for what was
    removed; a rule whose value is "none" has None there too, so ask ``kind``.
    """

    key: str
    before: Any
    after: Any
    kind: str = "changed"


def diff_rubrics(a: Rubric, b: Rubric) -> list[Change]:
    """Differences from one rubric to another, slots and criteria matched by their ids.

    Returns
    -------
    list of Change
        Keys are dotted by id (``A1-1.limits.max_mb``, ``A1-1.P1.text_zh``);
        ``….order`` tells that what both have stands in another order. Empty
        exactly when the digests are equal.
    """
    return list(_differences("", a.canonical(), b.canonical()))


def diff_policies(a: PolicyPack, b: PolicyPack) -> list[Change]:
    """Differences from one resolved pack to another, rule by rule.

    Returns
    -------
    list of Change
        Key ``hours.total_min`` for another value, ``hours.total_min.unit`` and
        ``hours.total_min.source`` for another unit or source. Names, notes and
        anchors of a pack are no rules and are not compared.
    """
    found: list[Change] = []
    for key in dict.fromkeys((*a.rules, *b.rules)):
        before, after = a.rules.get(key), b.rules.get(key)
        if before is None:
            found.append(Change(key, None, b.rules[key].value, "added"))
        elif after is None:
            found.append(Change(key, before.value, None, "removed"))
        else:
            found += _rule_changes(before, after)
    return found


def _rule_changes(before: Rule, after: Rule) -> Iterator[Change]:
    # 1 and True are equal in Python, but not in a rule
    if (type(before.value), before.value) != (type(after.value), after.value):
        yield Change(before.key, before.value, after.value)
    if before.unit != after.unit:
        yield Change(f"{before.key}.unit", before.unit, after.unit)
    if before.source != after.source:
        yield Change(f"{before.key}.source", before.source, after.source)


def _differences(key: str, before: Any, after: Any) -> Iterator[Change]:
    if isinstance(before, Mapping) and isinstance(after, Mapping):
        yield from _of_tables(key, before, after)
    elif _has_ids(before) and _has_ids(after):
        yield from _of_tables(key, _by_id(before), _by_id(after), named=True)
        shared = set(_by_id(before)) & set(_by_id(after))
        old = [name for name in _by_id(before) if name in shared]
        new = [name for name in _by_id(after) if name in shared]
        if old != new:
            yield Change(f"{key}.order", old, new)
    elif before != after:
        yield Change(key, before, after)


def _of_tables(
    key: str, before: Mapping[str, Any], after: Mapping[str, Any], *, named: bool = False
) -> Iterator[Change]:
    """Differences of two tables; the id of a named entry stands for its whole path."""
    for name in dict.fromkeys((*before, *after)):
        if name == "id":
            continue
        inner = name if named or not key else f"{key}.{name}"
        if name not in before:
            yield Change(inner, None, after[name], "added")
        elif name not in after:
            yield Change(inner, before[name], None, "removed")
        else:
            yield from _differences(inner, before[name], after[name])


def _has_ids(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(part, Mapping) for part in value)


def _by_id(entries: list[Mapping[str, Any]]) -> dict[str, Mapping[str, Any]]:
    return {str(entry["id"]): entry for entry in entries}
