"""The grammar of entry fields: each shape is the pattern its canonical JSON must match.

Texts in an entry hold no quote, backslash or control character, so canonical
JSON never escapes anything and one pattern states form and canonical spelling
at once. Posting and verifying match the same pattern.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import NamedTuple


class Field(NamedTuple):
    """One shape: a pattern over canonical JSON, and what is expected in words."""

    pattern: str
    expected: str


# An 18-digit identity number or an 11-digit mobile number is never an identifier.
_PERSONAL = r'(?!1[3-9][0-9]{9}"|[0-9]{17}[0-9Xx]")'
# No quote, backslash, control, zero-width or direction-changing character.
_LABEL_SIGN = r'[^"\\\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]'
_DAY = r"[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]"

DIGEST = Field('"[0-9a-f]{64}"', "a SHA-256 in lower-case hexadecimal")
# 15 digits at most: below 2^53, so every JSON reader keeps the number exactly.
COUNT = Field("(?:0|[1-9][0-9]{0,14})", "a whole number from 0")
ORDINAL = Field("[1-9][0-9]{0,14}", "a whole number from 1")
TIME = Field(f'"{_DAY}T{_CLOCK}Z"', "a UTC time such as 2026-11-21T03:04:05Z")
FLAG = Field("(?:true|false)", "true or false")
IDENTIFIER = Field(
    rf'"{_PERSONAL}[!#-\[\]-~]{{1,80}}"',
    "an identifier: 1 to 80 visible ASCII characters, no identity or mobile number",
)
LABEL = Field(
    rf'"(?! ){_PERSONAL}{_LABEL_SIGN}{{1,80}}(?<! )"',
    "a label: 1 to 80 characters without quotes, backslashes or control characters",
)
ORIGIN = Field(
    r'"[^"\\\s+\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]{1,120}"',
    "an origin: 1 to 120 characters without blanks or '+', such as county.example/school-7",
)
KEY = Field(
    r'"[^"\\\s\x00-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff\ud800-\udfff]{1,200}"',
    "a verifier key: name+id+base64",
)
CODE = Field('"[a-z][a-z0-9_]{0,39}"', "a code: lower-case letters, digits and '_', at most 40")
BASE64 = Field('"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?"', "base64")


def one_of(words: Iterable[str]) -> Field:
    """One of the listed words."""
    listed = tuple(words)
    return Field('"(?:' + "|".join(listed) + ')"', "one of " + ", ".join(listed))


def constant(number: int) -> Field:
    """Exactly this number."""
    return Field(str(number), str(number))


def or_empty(field: Field) -> Field:
    """The shape, or the empty text."""
    return Field(f'(?:{field.pattern}|"")', f"{field.expected}, or an empty text")


def or_null(field: Field) -> Field:
    """The shape, or null."""
    return Field(f"(?:{field.pattern}|null)", f"{field.expected}, or null")


def list_of(field: Field) -> Field:
    """A list of any length of the shape."""
    # Each item once in the pattern: written out for the first and the others it doubles with depth.
    items = rf"(?:{field.pattern}(?:,(?!\])|(?=\])))*+"
    return Field(rf"\[{items}\]", f"a list; each item {field.expected}")


def record(fields: Mapping[str, Field]) -> Field:
    """An object with exactly these keys."""
    inside = ",".join(f'"{key}":{fields[key].pattern}' for key in sorted(fields))
    expected = "; ".join(f"{key}: {fields[key].expected}" for key in sorted(fields))
    return Field(rf"\{{{inside}\}}", f"an object of {{{expected}}}")


def people(least: int, most: int) -> Field:
    """Between so many identifiers of different people; at most two."""
    one = IDENTIFIER.pattern
    two = rf'"(?P<first_person>{one[1:-1]})","(?!(?P=first_person)"){one[1:]}'
    patterns = {0: r"\[\]", 1: rf"\[{one}\]", 2: rf"\[{two}\]"}
    numbers = " or ".join(str(number) for number in range(least, most + 1))
    return Field(
        "(?:" + "|".join(patterns[number] for number in range(least, most + 1)) + ")",
        f"a list of {numbers} identifiers of different people",
    )


def named_record(fields: Mapping[str, Field]) -> str:
    """Pattern of an object with exactly these keys, each value in a group of its key's name."""
    inside = ",".join(f'"{key}":(?P<{key}>{fields[key].pattern})' for key in sorted(fields))
    return rf"\{{{inside}\}}"
