"""The catalogue of rubrics and policies: list them, show one, check a file, compare two."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from rubrics.comparing import Change, diff_policies, diff_rubrics
from rubrics.faults import Fault, listed
from rubrics.parameters import parameters
from rubrics.policy_pack import PolicyPack
from rubrics.resolving import check_policy_file, list_policies, load_policy
from rubrics.rubric import Rubric, Slot
from workbench import messages
from workbench.errors import InputError

Row = dict[str, Any]
_NO_PACK = ("defaults.toml", "parameters.toml")

# rubrics.loading brings pydantic, which policies do without: it is imported where it is needed


def rubric_rows(set_id: str = "") -> list[Row]:
    """One row a rubric of the shipped sets, or of one of them.

    Raises
    ------
    RubricError
        For a set that is not shipped.
    """
    from rubrics.loading import list_sets, load_set

    return [
        {
            "set": name,
            "competency": rubric.competency,
            "name_zh": rubric.name_zh,
            "name_en": rubric.name_en,
            "dimension": rubric.dimension,
            "dimension_zh": rubric.dimension_zh,
            "environment": rubric.environment,
            "environment_zh": rubric.environment_zh,
            "slots": len(rubric.slots),
            "criteria": sum(len(slot.criteria) for slot in rubric.slots),
            "version": rubric.version,
            "digest": rubric.digest,
        }
        for name in ([set_id] if set_id else list_sets())
        for rubric in load_set(name)
    ]


def find_rubric(name: str) -> Rubric:
    """Rubric of a code (A1), a full Chinese name or a file.

    Raises
    ------
    InputError
        If nothing shipped has that name and it is no file either.
    RubricError
        If it is a file with faults; all are listed.
    """
    from rubrics.loading import list_sets, load_rubric, load_set

    for set_id in list_sets():
        found = load_set(set_id).find(name)
        if found is not None:
            return found
    if Path(name).is_file():
        return load_rubric(Path(name))
    raise InputError(
        f"there is no rubric {name!r}: neither a code such as A1, nor a full name, nor a file. "
        "See `workbench rubrics list`.",
        key="catalogue.no_rubric",
        came=name,
    )


def criterion_rows(rubric: Rubric) -> list[Row]:
    """One row a criterion, with the slot it belongs to."""
    return [
        {
            "competency": rubric.competency,
            "version": rubric.version,
            "digest": rubric.digest,
            **_slot_facts(slot),
            "criterion": criterion.criterion_id,
            "level": criterion.level.value,
            "text_zh": criterion.text_zh,
            "text_en": criterion.text_en,
        }
        for slot in rubric.slots
        for criterion in slot.criteria
    ]


def _slot_facts(slot: Slot) -> Row:
    return {
        "slot": slot.slot_id,
        "slot_zh": slot.name_zh,
        "slot_en": slot.name_en,
        "kind": slot.kind,
        "core": slot.core,
        "accepts": ",".join(slot.accepts),
        **{name: limit.value for name, limit in slot.limits.items()},
        "official_limits": ",".join(n for n, limit in slot.limits.items() if limit.official),
    }


def check_rubrics(paths: Sequence[Path]) -> list[Fault]:
    """Every fault of rubric files; a folder, or the ``set.toml`` in it, is checked as a set."""
    from rubrics.loading import check_rubric_file, check_set_folder

    found: list[Fault] = []
    for path in paths:
        if path.is_dir() or path.name == "set.toml":
            found += check_set_folder(path if path.is_dir() else path.parent)
        else:
            found += check_rubric_file(path)
    return found


def rubric_changes(before: str, after: str) -> list[Row]:
    """One row a difference between two rubrics, each a code, a name or a file."""
    return rubric_change_rows(find_rubric(before), find_rubric(after))


def rubric_change_rows(before: Rubric, after: Rubric) -> list[Row]:
    """One row a difference between two rubrics."""
    return _change_rows(diff_rubrics(before, after))


def policy_rows() -> list[Row]:
    """One row a shipped policy pack."""
    return [_pack_row(load_policy(name)) for name in list_policies()]


def _pack_row(pack: PolicyPack) -> Row:
    return {
        "policy": pack.pack_id,
        "name_zh": pack.name_zh,
        "name_en": pack.name_en,
        "issuer": pack.issuer,
        "document_no": pack.document_no,
        "issued": pack.issued,
        "inherits": pack.inherits,
        "rules": len(pack.rules),
        "own_rules": sum(rule.pack == pack.pack_id for rule in pack.rules.values()),
        "digest": pack.digest,
    }


def find_policy(name: str) -> PolicyPack:
    """Policy pack of a shipped name or a file; PolicyError says what is wrong."""
    return load_policy(Path(name) if Path(name).is_file() else name)


def rule_rows(pack: PolicyPack) -> list[Row]:
    """One row a rule that holds, in the order of the parameters; those since the pack at the end."""
    return [
        {
            "key": rule.key,
            "name_zh": parameters()[rule.key].zh,
            "name_en": parameters()[rule.key].en,
            "value": rule.value,
            "unit": rule.unit,
            "source": rule.source,
            "pack": rule.pack,
            "anchor": rule.anchor,
            "note": rule.note,
        }
        for rule in (*pack.rules.values(), *pack.since.values())
        if rule.key in parameters()
    ]


def check_policies(paths: Sequence[Path]) -> list[Fault]:
    """Every fault of policy files; a folder stands for the packs in it."""
    return [found for path in _pack_files(paths) for found in check_policy_file(path)]


def _pack_files(paths: Sequence[Path]) -> Iterator[Path]:
    for path in paths:
        if path.is_dir():
            yield from (p for p in sorted(path.glob("*.toml")) if p.name not in _NO_PACK)
        else:
            yield path


def policy_changes(before: str, after: str) -> list[Row]:
    """One row a difference between two packs, each a shipped name or a file."""
    return change_rows(find_policy(before), find_policy(after))


def change_rows(before: PolicyPack, after: PolicyPack) -> list[Row]:
    """One row a difference between two packs."""
    return _change_rows(diff_policies(before, after))


def changed_rules(changes: Sequence[Row]) -> tuple[list[Row], int]:
    """Differences of ``change_rows`` in what rules say, by name; how many others are of source or note."""
    names = parameters()
    rows = [
        {**row, "name_zh": names[row["key"]].zh, "name_en": names[row["key"]].en}
        for row in changes
        if row["key"] in names
    ]
    return rows, len(changes) - len(rows)


def _change_rows(changes: Sequence[Change]) -> list[Row]:
    return [
        {"key": change.key, "change": change.kind, "before": change.before, "after": change.after}
        for change in changes
    ]


def fault_rows(faults: Sequence[Fault]) -> list[Row]:
    """One row a fault, said in the language of the run."""
    return [
        {
            "file": found.file,
            "key": found.key,
            "subject": found.subject,
            "code": found.code,
            "message": messages.text(f"fault.{found.code}.message", **_said(found)),
            "remedy": messages.text(f"fault.{found.code}.remedy", **_said(found)),
        }
        for found in faults
    ]


def _said(found: Fault) -> dict[str, object]:
    """Values of a fault as the language of the run writes them."""
    sign = messages.text("catalogue.and")
    said = {name: listed(value, sign) for name, value in found.values.items()}
    if "unit" in said:
        said["unit"] = messages.text(f"policies.unit.{said['unit']}")
    return said
