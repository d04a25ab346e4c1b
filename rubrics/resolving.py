"""Policy packs: each file checked, then laid over what it inherits and over the defaults."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from rubrics.errors import PolicyError
from rubrics.faults import Fault, fault, refusal, shown, unknown_key
from rubrics.parameters import FOLDER, ORDERED, check_value, parameters, settled
from rubrics.policy_pack import PolicyPack, Rule
from rubrics.toml_file import read_table

DEFAULTS = "defaults"
_HEAD = ("id", "name_zh", "name_en", "issuer", "document_no", "issued", "inherits")
_HEAD_REQUIRED = ("id", "name_zh", "name_en")
_RULE = ("value", "unit", "source", "anchor", "note")
_RULE_REQUIRED = ("value", "unit", "source")
_BROKEN_LINES = ("unknown_parent", "inheritance_cycle", "faulty_parent")


@dataclass(frozen=True)
class Sheet:
    """One pack as its own file has it, before anything is laid under it."""

    head: Mapping[str, str]
    rules: Mapping[str, Rule]


def list_policies() -> list[str]:
    """Names of the shipped policy packs, national ones first."""
    names = {path.stem for path in FOLDER.glob("*.toml")} - {DEFAULTS, "parameters"}
    return sorted(names, key=lambda name: (not name.startswith("national"), name))


def load_policy(name_or_path: str | Path) -> PolicyPack:
    """Load a policy pack, resolved over what it inherits and the defaults.

    Parameters
    ----------
    name_or_path : str or Path
        Name of a shipped pack, or a file; text that ends in ``.toml`` or holds
        a slash is a file.

    Returns
    -------
    PolicyPack
        Its rules in the order of ``parameters.toml``; a value "none" is None.

    Raises
    ------
    PolicyError
        For a name that is not shipped, or listing every fault of the file.
    """
    text = str(name_or_path)
    if isinstance(name_or_path, Path) or text.endswith(".toml") or "/" in text or "\\" in text:
        return _load_file(Path(name_or_path))
    known = list_policies()
    if text in known:
        return _load_shipped(text)
    raise PolicyError(
        f"there is no policy pack {text!r}. Shipped are {', '.join(known)}; "
        "a file is given by its path.",
        key="policy.unknown_pack",
        came=text,
        known=", ".join(known),
    )


def check_policy_file(path: Path) -> list[Fault]:
    """Every fault of one policy file; nothing where it can be loaded."""
    return resolve(Path(path))[1]


def default_rules() -> Mapping[str, Rule]:
    """Every rule of the product with its default, by key."""
    return _defaults().rules


@cache
def _load_shipped(name: str) -> PolicyPack:
    return _load_file(FOLDER / f"{name}.toml")


def _load_file(path: Path) -> PolicyPack:
    pack, faults = resolve(path)
    if pack is None:
        raise refusal(PolicyError, "policy.faults", faults)
    return pack


def resolve(path: Path) -> tuple[PolicyPack | None, list[Fault]]:
    """Resolve the pack of a file: defaults, then what it inherits, then its own rules.

    Returns
    -------
    pack, faults
        The pack, or None with every fault of the file at once; a fault inside
        an inherited pack is one fault naming that file.
    """
    layers, faults = _lineage(path)
    rules: dict[str, Rule] = {}
    for sheet in (_defaults(), *reversed(layers)):
        rules.update(sheet.rules)
    if not any(found.code in _BROKEN_LINES for found in faults):
        faults += _disagreements(path, rules, layers[0].rules)
    if faults:
        return None, faults
    return _pack(layers[0].head, rules), []


def _pack(head: Mapping[str, str], rules: Mapping[str, Rule]) -> PolicyPack:
    ordered = {key: rules[key] for key in parameters() if key in rules}
    return PolicyPack(
        pack_id=head["id"],
        name_zh=head["name_zh"],
        name_en=head["name_en"],
        issuer=head.get("issuer", ""),
        document_no=head.get("document_no", ""),
        rules=ordered,
        issued=head.get("issued", ""),
        inherits=head.get("inherits", ""),
    )


def _lineage(path: Path) -> tuple[list[Sheet], list[Fault]]:
    """Sheets from the file up to its last ancestor, or the faults on the way."""
    first, faults = _read_sheet(path)
    layers = [first]
    chain = [first.head.get("id", path.stem)]
    here = path
    while parent := layers[-1].head.get("inherits"):
        key = "pack.inherits"
        if parent in chain:
            circle = " → ".join([*chain, parent])
            return layers, [*faults, fault(path, key, "inheritance_cycle", chain=circle)]
        found = _find(parent, here)
        if found is None:
            unknown = fault(here, key, "unknown_parent", came=parent, allowed=list_policies())
            return layers, [*faults, unknown]
        sheet, inner = _read_sheet(found)
        if inner:
            return layers, [
                *faults,
                fault(path, key, "faulty_parent", came=parent, other=str(found)),
            ]
        layers.append(sheet)
        chain.append(parent)
        here = found
    return layers, faults


def _find(name: str, beside: Path) -> Path | None:
    """File of an inherited pack: beside the heir first, then among the shipped ones."""
    for folder in (beside.parent, FOLDER):
        candidate = folder / f"{name}.toml"
        if candidate.is_file():
            return candidate
    return None


@cache
def _defaults() -> Sheet:
    sheet, faults = _read_sheet(FOLDER / f"{DEFAULTS}.toml")
    if faults:
        raise PolicyError(f"the default rules are damaged: {faults[0]} Install again.")
    return sheet


def _read_sheet(path: Path) -> tuple[Sheet, list[Fault]]:
    table, faults = read_table(path)
    if table is None:
        return Sheet({}, {}), faults
    known = ("pack", "rule")
    faults = [unknown_key(path, key, key, known) for key in table if key not in known]
    for part in known:
        if not isinstance(table.setdefault(part, {}), dict):
            faults.append(fault(path, part, "not_table", came=shown(table[part])))
            table[part] = {}
    head = {key: value for key, value in table["pack"].items() if isinstance(value, str)}
    faults += _check_head(path, table["pack"])
    rules: dict[str, Rule] = {}
    for key, entry in _entries(table["rule"], ""):
        wrong = _check_rule(path, key, entry)
        faults += wrong
        if not wrong:
            rules[key] = _rule(key, entry, head.get("id", path.stem))
    return Sheet(head, rules), faults


def _check_head(path: Path, head: dict[str, Any]) -> list[Fault]:
    found = [unknown_key(path, f"pack.{key}", key, _HEAD) for key in head if key not in _HEAD]
    found += [
        fault(path, f"pack.{key}", "missing_key") for key in _HEAD_REQUIRED if key not in head
    ]
    for key in _HEAD:
        found += _text_fault(path, f"pack.{key}", head.get(key, "-"))
    return found


def _text_fault(path: Path, key: str, value: Any) -> list[Fault]:
    if not isinstance(value, str):
        return [fault(path, key, "not_text", came=shown(value))]
    return [] if value.strip() else [fault(path, key, "empty_text")]


def _entries(table: dict[str, Any], prefix: str) -> Iterator[tuple[str, Any]]:
    """Key and entry of every rule; a table that is no section counts as a rule."""
    for name, part in table.items():
        key = prefix + name
        section = isinstance(part, dict) and key not in parameters() and not set(part) & set(_RULE)
        if section:
            yield from _entries(part, f"{key}.")
        else:
            yield key, part


def _check_rule(path: Path, key: str, entry: Any) -> list[Fault]:
    parameter = parameters().get(key)
    if parameter is None:
        return [unknown_key(path, key, key, tuple(parameters()))]
    if not isinstance(entry, dict):
        return [fault(path, key, "not_a_rule", came=shown(entry))]
    found = [unknown_key(path, f"{key}.{name}", name, _RULE) for name in entry if name not in _RULE]
    found += [
        fault(path, f"{key}.{name}", "missing_key") for name in _RULE_REQUIRED if name not in entry
    ]
    for name in ("unit", "source", "anchor", "note"):
        found += _text_fault(path, f"{key}.{name}", entry.get(name, "-"))
    unit = entry.get("unit")
    if isinstance(unit, str) and unit.strip() and unit != parameter.unit:
        found.append(
            fault(
                path, f"{key}.unit", "wrong_unit", came=shown(unit), expected=shown(parameter.unit)
            )
        )
    if "value" in entry:
        for place, code, values in check_value(parameter, entry["value"]):
            found.append(fault(path, f"{key}.value{place}", code, **values))
    return found


def _rule(key: str, entry: dict[str, Any], pack: str) -> Rule:
    return Rule(
        key=key,
        value=settled(parameters()[key], entry["value"]),
        unit=entry["unit"],
        source=entry["source"],
        anchor=entry.get("anchor", ""),
        note=entry.get("note", ""),
        pack=pack,
    )


def _disagreements(path: Path, rules: Mapping[str, Rule], own: Mapping[str, Rule]) -> list[Fault]:
    """Bounds that cross, where this file set one of the two."""
    found = []
    for low, high in ORDERED:
        first, second = rules[low].value, rules[high].value
        unset = "" in (first, second)  # a date may be left open
        if (low in own or high in own) and not unset and first > second:
            place = low if low in own else high
            values = {"low_value": first, "high_value": second}
            found.append(fault(path, place, "bounds_crossed", low=low, high=high, **values))
    return found
