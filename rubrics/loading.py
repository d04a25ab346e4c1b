"""Loading rubrics and policy packs from files: every fault at once, or the thing itself.

The only place of this package that uses pydantic: it checks keys and types
and names every one that is wrong; ``rubric_checks`` adds what keys mean to each
other. Policy packs are checked and laid over one another in ``resolving``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from rubrics.canonical import digest
from rubrics.errors import RubricError
from rubrics.faults import Fault, fault, refusal, shown, unknown_key
from rubrics.levels import Level
from rubrics.resolving import check_policy_file, list_policies, load_policy
from rubrics.rubric import Criterion, Limit, Rubric, RubricSet, Slot
from rubrics.rubric_checks import Names, check_rubric, subject_at
from rubrics.toml_file import read_table

__all__ = [
    "Fault",
    "check_policy_file",
    "check_rubric_file",
    "check_set_folder",
    "list_policies",
    "list_sets",
    "load_policy",
    "load_rubric",
    "load_set",
    "load_set_folder",
    "shipped_set_folder",
]

_CATALOGUE = Path(__file__).parent / "catalogue"
_SETS = ("micro_competencies", "leadership")
_SET_FILE = "set.toml"

# --- the shapes of the files -------------------------------------------------

Text = Annotated[str, Field(pattern=r"\S")]
Provenance = Literal["official-fact", "provincial-fact", "derived"]


class _Shape(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Limit(_Shape):
    value: Annotated[float, Field(gt=0, allow_inf_nan=False)]
    provenance: Provenance


class _Limits(_Shape):
    max_mb: _Limit | None = None
    min_chars: _Limit | None = None
    max_chars: _Limit | None = None
    min_pages: _Limit | None = None
    max_pages: _Limit | None = None
    max_minutes: _Limit | None = None
    min_items: _Limit | None = None
    max_items: _Limit | None = None


class _Provenance(_Shape):
    form: Provenance = "derived"
    criteria: Provenance = "derived"
    refs: list[Text] = []
    note: Text | None = None


class _Criterion(_Shape):
    id: Text
    level: Literal["pass", "excellent"]
    text_zh: Text
    text_en: Text


class _Slot(_Shape):
    id: Text
    name_zh: Text
    name_en: Text
    kind: Literal["document", "image", "slides", "spreadsheet", "text", "video", "audio"]
    core: bool
    accepts: Annotated[list[Text], Field(min_length=1)]
    limits: _Limits = _Limits()
    provenance: _Provenance = _Provenance()
    criterion: Annotated[list[_Criterion], Field(min_length=1)]


class _Rubric(_Shape):
    competency: Text
    version: Text
    name_zh: Text
    name_en: Text
    dimension: Text
    environment: Text
    question_zh: Text
    question_en: Text
    source: dict[str, Text] = {}
    slot: Annotated[list[_Slot], Field(min_length=1)]


class _Place(_Shape):
    zh: Text
    en: Text
    short_zh: Text | None = None
    description_zh: Text | None = None
    description_en: Text | None = None
    refs: list[Text] = []


class _Said(_Shape):
    zh: Text
    en: Text
    refs: list[Text] = []


class _Source(_Shape):
    kind: Text
    title: Text
    address: Text | None = None


class _Set(_Shape):
    id: Text
    title_zh: Text
    title_en: Text
    order: Annotated[list[Text], Field(min_length=1)]
    environments: dict[str, _Place]
    dimensions: dict[str, _Place]
    rules: dict[str, _Said] = {}
    provenance: dict[str, Text] = {}
    sources: dict[str, _Source] = {}


# the shape standing at a place, list numbers and free names left out
_SHAPES: dict[tuple[str, ...], type[_Shape]] = {
    ("slot",): _Slot,
    ("slot", "limits"): _Limits,
    ("slot", "limits", "*"): _Limit,
    ("slot", "provenance"): _Provenance,
    ("slot", "criterion"): _Criterion,
    ("environments", "*"): _Place,
    ("dimensions", "*"): _Place,
    ("rules", "*"): _Said,
    ("sources", "*"): _Source,
}

_CODES = {
    "missing": "missing_key",
    "string_type": "not_text",
    "string_pattern_mismatch": "empty_text",
    "float_type": "not_number",
    "finite_number": "not_number",
    "bool_type": "not_boolean",
    "list_type": "not_list",
    "dict_type": "not_table",
    "model_type": "not_table",
    "greater_than": "not_positive",
    "too_short": "empty_list",
}


def _shape_faults(file: Path, shape: type[_Shape], table: dict[str, Any]) -> list[Fault]:
    """Every key and type that does not fit a shape."""
    try:
        shape.model_validate(table)
    except ValidationError as error:
        return [
            _shape_fault(file, shape, table, found) for found in error.errors(include_url=False)
        ]
    return []


def _shape_fault(file: Path, shape: type[_Shape], table: dict[str, Any], found: Any) -> Fault:
    place: tuple[str | int, ...] = found["loc"]
    key, subject = _dotted(place), subject_at(table, place)
    came = shown(found["input"])
    if found["type"] == "extra_forbidden":
        name = str(place[-1])
        return unknown_key(file, key, name, _known_keys(shape, place[:-1]), subject)
    if found["type"] == "literal_error":
        allowed = re.findall("'([^']*)'", found["ctx"]["expected"])
        return fault(file, key, "not_allowed", subject=subject, came=came, allowed=allowed)
    code = _CODES.get(found["type"])
    if code is None:
        return fault(file, key, "invalid", subject=subject, came=came, reason=found["msg"])
    return fault(file, key, code, subject=subject, came=came)


def _dotted(place: tuple[str | int, ...]) -> str:
    parts = [f"[{step}]" if isinstance(step, int) else f".{step}" for step in place]
    return "".join(parts).removeprefix(".")


def _known_keys(shape: type[_Shape], place: tuple[str | int, ...]) -> list[str]:
    names = tuple(step for step in place if isinstance(step, str))
    inner = _SHAPES.get(names) or _SHAPES.get((*names[:-1], "*")) if names else shape
    return list((inner or shape).model_fields)


# --- rubrics -----------------------------------------------------------------


def list_sets() -> list[str]:
    """Names of the shipped sets of rubrics."""
    return list(_SETS)


@cache
def load_set(set_id: str) -> RubricSet:
    """Load a shipped set of rubrics; RubricError for a name that is not shipped."""
    return load_set_folder(shipped_set_folder(set_id))


def shipped_set_folder(set_id: str) -> Path:
    """Folder of a shipped set; RubricError for a name that is not shipped."""
    if set_id not in _SETS:
        raise RubricError(
            f"there is no set of rubrics {set_id!r}. Shipped are {', '.join(_SETS)}.",
            key="rubric.unknown_set",
            came=set_id,
            known=", ".join(_SETS),
        )
    return _CATALOGUE / set_id


def load_set_folder(path: Path) -> RubricSet:
    """Load a set from a folder of ``set.toml`` and one file a rubric.

    Raises
    ------
    RubricError
        Listing every fault of every file in the folder.
    """
    loaded, faults = _read_folder(Path(path))
    if loaded is None:
        raise refusal(RubricError, "rubric.faults", faults)
    return loaded


def load_rubric(path: Path) -> Rubric:
    """Load one rubric; RubricError listing every fault of the file.

    Names of dimensions and environments come from the ``set.toml`` beside it,
    or from the shipped sets where there is none.
    """
    rubric, faults = _read_alone(Path(path))
    if rubric is None:
        raise refusal(RubricError, "rubric.faults", faults)
    return rubric


def check_rubric_file(path: Path) -> list[Fault]:
    """Every fault of one rubric file; nothing where it can be loaded."""
    return _read_alone(Path(path))[1]


def check_set_folder(path: Path) -> list[Fault]:
    """Every fault of a folder with ``set.toml`` and its rubrics."""
    return _read_folder(Path(path))[1]


def _read_alone(path: Path) -> tuple[Rubric | None, list[Fault]]:
    beside = path.parent / _SET_FILE
    if not beside.is_file():
        return _read_rubric(path, _shipped_names())
    table, faults = _read_set_file(beside)
    if table is None or faults:
        broken = fault(path, "", "faulty_set", other=str(beside))
        return None, [broken, *_read_rubric(path, _shipped_names())[1]]
    return _read_rubric(path, _names(table))


def _read_rubric(path: Path, names: Names) -> tuple[Rubric | None, list[Fault]]:
    table, faults = read_table(path)
    if table is None:
        return None, faults
    faults = _shape_faults(path, _Rubric, table) + check_rubric(path, table, names)
    return (None, faults) if faults else (_rubric(_Rubric.model_validate(table), names), [])


def _read_set_file(path: Path) -> tuple[dict[str, Any] | None, list[Fault]]:
    table, faults = read_table(path)
    return table, faults if table is None else _shape_faults(path, _Set, table)


def _read_folder(folder: Path) -> tuple[RubricSet | None, list[Fault]]:
    table, faults = _read_set_file(folder / _SET_FILE)
    if table is None or faults:
        return None, faults
    names, order = _names(table), table["order"]
    faults = _folder_faults(folder, order)
    rubrics: dict[str, Rubric] = {}
    for code in dict.fromkeys(order):
        path = folder / f"{code}.toml"
        if not path.is_file():
            continue
        rubric, wrong = _read_rubric(path, names)
        faults += wrong
        if rubric is None:
            continue
        if rubric.competency != code:
            values = {"came": rubric.competency, "expected": code}
            faults.append(fault(path, "competency", "name_mismatch", **values))
        rubrics[code] = rubric
    if faults:
        return None, faults
    return RubricSet(table["id"], rubrics, table["title_zh"], table["title_en"]), []


def _folder_faults(folder: Path, order: list[str]) -> list[Fault]:
    """Codes listed twice or without a file, and files that are not listed."""
    path = folder / _SET_FILE
    found = []
    for number, code in enumerate(order):
        key = f"order[{number}]"
        if code in order[:number]:
            first = f"order[{order.index(code)}]"
            found.append(fault(path, key, "duplicate", came=shown(code), first=first))
        elif not (folder / f"{code}.toml").is_file():
            found.append(fault(path, key, "file_missing", came=code, expected=f"{code}.toml"))
    for file in sorted(folder.glob("*.toml")):
        if file.name != _SET_FILE and file.stem not in order:
            found.append(fault(path, "order", "file_unlisted", came=file.name))
    return found


def _names(table: dict[str, Any]) -> Names:
    return Names(
        dimensions={key: (part["zh"], part["en"]) for key, part in table["dimensions"].items()},
        environments={key: (part["zh"], part["en"]) for key, part in table["environments"].items()},
        sources=frozenset(table.get("sources", ())),
    )


@cache
def _shipped_names() -> Names:
    """Names of all shipped sets together, for a rubric that stands alone."""
    dimensions: dict[str, tuple[str, str]] = {}
    environments: dict[str, tuple[str, str]] = {}
    for set_id in _SETS:
        table, faults = _read_set_file(_CATALOGUE / set_id / _SET_FILE)
        if table is None or faults:
            raise refusal(RubricError, "rubric.faults", faults)
        names = _names(table)
        dimensions |= names.dimensions
        environments |= names.environments
    return Names(dimensions, environments)


def _rubric(shape: _Rubric, names: Names) -> Rubric:
    dimension_zh, dimension_en = names.dimensions[shape.dimension]
    environment_zh, environment_en = names.environments[shape.environment]
    rubric = Rubric(
        competency=shape.competency,
        version=shape.version,
        name_zh=shape.name_zh,
        name_en=shape.name_en,
        dimension=shape.dimension,
        dimension_zh=dimension_zh,
        dimension_en=dimension_en,
        environment=shape.environment,
        environment_zh=environment_zh,
        environment_en=environment_en,
        question_zh=shape.question_zh,
        question_en=shape.question_en,
        slots=tuple(_slot(slot) for slot in shape.slot),
        source=shape.source,
    )
    return replace(rubric, digest=digest(rubric.canonical()))


def _slot(shape: _Slot) -> Slot:
    limits: dict[str, _Limit] = {name: limit for name, limit in shape.limits if limit is not None}
    return Slot(
        slot_id=shape.id,
        name_zh=shape.name_zh,
        name_en=shape.name_en,
        kind=shape.kind,
        core=shape.core,
        accepts=tuple(shape.accepts),
        limits={name: Limit(limit.value, limit.provenance) for name, limit in limits.items()},
        criteria=tuple(
            Criterion(part.id, Level(part.level), part.text_zh, part.text_en)
            for part in shape.criterion
        ),
        form_provenance=shape.provenance.form,
        criteria_provenance=shape.provenance.criteria,
        refs=tuple(shape.provenance.refs),
        note=shape.provenance.note or "",
    )
