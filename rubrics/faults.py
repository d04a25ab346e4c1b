"""Faults of a rubric or policy file: where, what came, and what to do about it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import TypeVar

from rubrics.errors import PolicyError, RubricError

_Refusal = TypeVar("_Refusal", RubricError, PolicyError)

SENTENCES: dict[str, tuple[str, str]] = {
    # reading
    "unreadable": ("the file cannot be read ({reason})", "check the path and who may read it"),
    "not_utf8": ("byte {byte} is not UTF-8", "save the file as UTF-8"),
    "bad_toml": (
        "line {line}, column {column} is not TOML ({reason})",
        "correct that line: text stands in quotes, and a key only once in its table",
    ),
    # keys and types
    "unknown_key": ("there is no key {came}", "remove it"),
    "unknown_key_near": (
        "there is no key {came}",
        "write {nearest} if that was meant, or remove it",
    ),
    "missing_key": ("this key is missing", "add it"),
    "not_text": ("{came} is not text", "write text in quotes"),
    "not_number": ("{came} is not a number", "write a finite number without quotes"),
    "not_integer": ("{came} is not a whole number", "write a whole number without quotes"),
    "not_boolean": ("{came} is neither true nor false", "write true or false without quotes"),
    "not_date": (
        "{came} is not a date",
        'write year-month-day in quotes, such as "2026-09-01", or "" for none',
    ),
    "not_list": ("{came} is not a list", "write a list in square brackets"),
    "not_table": ("{came} is not a table", "write a table of keys and values"),
    "empty_text": ("the text is empty", "write the text, or remove the key if it may be left out"),
    "empty_list": ("the list is empty", "list at least one"),
    "invalid": ("{came} cannot be used ({reason})", "correct the value"),
    # values
    "not_allowed": ("{came} is not one of {allowed}", "write one of them"),
    "out_of_range": (
        "{came} is outside {low} to {high} {unit}",
        "write a value within these bounds",
    ),
    "not_positive": ("{came} is not above zero", "write a value above zero, or remove the limit"),
    "bounds_crossed": (
        "{low} ({low_value}) is above {high} ({high_value})",
        "lower the first or raise the second",
    ),
    # rubrics
    "bad_code": ("{came} is not a code such as {example}", "write capital letters, then digits"),
    "bad_ending": ("{came} is not a file ending", "write it in small letters without the dot"),
    "duplicate": (
        "{came} already stands at {first}",
        "keep one of them, or give this one its own id",
    ),
    "wrong_prefix": ("{came} does not begin with {expected}", "begin the id with {expected}"),
    "wrong_letter": (
        "{came} is a criterion of level {level}, so {expected} must follow the dot",
        "correct the id or the level",
    ),
    "no_pass_criteria": (
        "slot {came} has no criterion of level pass",
        "add at least one, or every read of this slot would pass",
    ),
    "no_core": (
        "no slot is core, so every result would be excellent",
        "set core = true on at least one slot",
    ),
    "not_in_set": ("{came} is not named in the set; it names {allowed}", "use a name of the set"),
    # sets
    "file_missing": (
        "{came} is listed, but there is no {expected}",
        "add the file or shorten the order",
    ),
    "file_unlisted": (
        "{came} stands in the folder, but not in the order",
        "list it or move it away",
    ),
    "name_mismatch": (
        "the file holds {came}, not {expected}",
        "rename the file or correct the code",
    ),
    # policies
    "not_a_rule": (
        "{came} is not a rule",
        "write {{ value = …, unit = …, source = … }}",
    ),
    "wrong_unit": ("the unit is {came}, but this rule counts in {expected}", "write {expected}"),
    "unknown_parent": (
        "there is no pack {came} to inherit; shipped are {allowed}",
        "name a shipped pack, or put {came}.toml beside this file",
    ),
    "inheritance_cycle": ("the packs inherit in a circle: {chain}", "remove one of the links"),
    "faulty_parent": ("the inherited pack {came} has faults of its own", "correct {other} first"),
    "faulty_set": ("the set beside this file has faults of its own", "correct {other} first"),
}


@dataclass(frozen=True)
class Fault:
    """One thing wrong in one file.

    ``key`` is the place inside the file, dotted (``slot[2].criterion[0].level``,
    counted from 0; a policy rule by its own key, ``hours.total_min.unit``) and
    empty where the whole file is meant; ``subject`` is the id standing nearest
    to it. ``code`` and ``values`` let another language say the same.
    """

    file: str
    key: str
    message: str
    remedy: str
    code: str
    subject: str = ""
    values: Mapping[str, object] = field(default_factory=dict, compare=False)

    def __str__(self) -> str:
        place = f"{self.key} ({self.subject})" if self.subject else self.key
        where = f"{self.file}, {place}" if place else self.file
        return f"{where}: {self.message}. Way out: {self.remedy}."


def fault(file: object, key: str, code: str, *, subject: str = "", **values: object) -> Fault:
    """Make the fault of a code, its English sentences filled with the values."""
    message, remedy = SENTENCES[code]
    filled = {name: listed(value) for name, value in values.items()}
    return Fault(
        str(file), key, message.format(**filled), remedy.format(**filled), code, subject, values
    )


def unknown_key(
    file: object, key: str, came: str, known: Sequence[str], subject: str = ""
) -> Fault:
    """Make the fault of a key nobody knows, with the nearest known one where it is near."""
    near = get_close_matches(came, known, n=1, cutoff=0.6)
    if near:
        return fault(file, key, "unknown_key_near", subject=subject, came=came, nearest=near[0])
    return fault(file, key, "unknown_key", subject=subject, came=came)


def shown(value: object) -> str:
    """Write a value from a file the way it stands there, cut to a readable length."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Mapping):
        return "{…}"
    if isinstance(value, list | tuple):
        return "[…]" if value else "[]"
    text = f'"{value}"' if isinstance(value, str) else str(value)
    return text if len(text) <= 60 else text[:59] + "…"


def listed(value: object, sign: str = ", ") -> object:
    """Join a list for a sentence; anything else stays as it is."""
    return sign.join(str(part) for part in value) if isinstance(value, list | tuple) else value


def refusal(kind: type[_Refusal], key: str, faults: Sequence[Fault]) -> _Refusal:
    """Make the error of a file with faults: its message lists all, ``values["faults"]`` holds them."""
    lines = "\n".join(str(found) for found in faults)
    files = ", ".join(dict.fromkeys(found.file for found in faults))
    return kind(
        f"{len(faults)} fault(s) in {files}:\n{lines}",
        key=key,
        files=files,
        count=len(faults),
        where=faults[0].key or faults[0].file,
        faults=tuple(faults),
    )
