"""身份证 numbers: checked, turned into a keyed hash, and let go.

The check digit is ISO 7064 MOD 11-2 (GB 11643-1999). A plain hash would be no
protection, as some ten million candidates share an area, age and sex; the key
(pepper) therefore lives in a file of its own, apart from the data.
"""

from __future__ import annotations

import hashlib
import hmac
import re
import unicodedata
from datetime import date
from typing import Literal, NoReturn

from workbench.formats.cells import is_lossy

_WEIGHTS = tuple(pow(2, 17 - place, 11) for place in range(17))
_CHECK_DIGITS = "10X98765432"
_FULL = re.compile(r"[0-9]{17}[0-9X]")
_IN_TEXT = re.compile(r"(?<!\d)\d{17}[\dXxＸｘ](?!\d)")  # \d is full-width digits too

Problem = Literal["lossy", "old", "check_digit", "birth_date", "malformed"]


class IdNumber:
    """A checked number that can be hashed and compared, and is not shown.

    Examples
    --------
    >>> IdNumber("11010519491231002x")
    IdNumber(1101**********002X)
    >>> str(IdNumber("11010519491231002X"))
    '1101**********002X'
    """

    __slots__ = ("__number",)

    def __init__(self, number: str) -> None:
        self.__number = normalise(number)

    def key(self, pepper: bytes) -> str:
        """Keyed hash under which the person can be found again: 64 hexadecimal digits."""
        return person_key(pepper, self.__number)

    def __repr__(self) -> str:
        return f"IdNumber({mask(self.__number)})"

    def __str__(self) -> str:
        return mask(self.__number)

    def __format__(self, spec: str) -> str:
        return format(str(self), spec)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, IdNumber) and hmac.compare_digest(self.__number, other.__number)

    def __hash__(self) -> int:
        return hash(self.__number)

    def __reduce__(self) -> NoReturn:
        raise TypeError("an IdNumber is not stored: keep key(pepper) instead")


def normalise(number: str) -> str:
    """Compared form: NFKC, no blanks, upper-case X.

    Examples
    --------
    >>> normalise(" １１０１０５ 19491231 002ｘ ")
    '11010519491231002X'
    """
    text = unicodedata.normalize("NFKC", number)
    return "".join(text.split()).strip("'\u200b\u202a\u202c\ufeff").upper()


def check_digit(first17: str) -> str:
    """Check digit of 17 digits by ISO 7064 MOD 11-2: 0 to 9 or X.

    Examples
    --------
    >>> check_digit("11010519491231002")
    'X'
    """
    total = sum(int(digit) * weight for digit, weight in zip(first17, _WEIGHTS, strict=True))
    return _CHECK_DIGITS[total % 11]


def check_digit_ok(number: str) -> bool:
    """Whether a number has 18 places and the check digit the other 17 ask for."""
    number = normalise(number)
    return bool(_FULL.fullmatch(number)) and check_digit(number[:17]) == number[17]


def read_id_number(cell: object) -> IdNumber | Problem:
    """Take the number of a cell, or say why it cannot be taken.

    ``lossy``: Excel made a float of it and the last digits are gone, so it is
    refused and never repaired. ``old``: 15 digits, of the numbers withdrawn
    in 2013. ``malformed``: another kind of document, or a slip.
    """
    if is_lossy(cell):
        return "lossy"
    number = normalise(str(cell))
    if re.fullmatch(r"\d{15}", number):
        return "old"
    if not _FULL.fullmatch(number):
        return "malformed"
    if check_digit(number[:17]) != number[17]:
        return "check_digit"
    if not _is_date(number[6:14]):
        return "birth_date"
    return IdNumber(number)


def _is_date(digits: str) -> bool:
    try:
        date(int(digits[:4]), int(digits[4:6]), int(digits[6:]))
    except ValueError:
        return False
    return True


def person_key(pepper: bytes, number: str) -> str:
    """HMAC-SHA256 of the normalised number under the pepper, in hexadecimal."""
    return hmac.new(pepper, normalise(number).encode(), hashlib.sha256).hexdigest()


def mask(number: str) -> str:
    """First and last four places, the rest as stars; all stars for anything shorter than 12.

    Examples
    --------
    >>> mask("11010519491231002X"), mask("12345")
    ('1101**********002X', '*****')
    """
    number = normalise(number)
    if len(number) < 12:
        return "*" * len(number)
    return number[:4] + "*" * (len(number) - 8) + number[-4:]


def without_numbers(text: str) -> str:
    """Text with every ID number in it masked.

    Examples
    --------
    >>> without_numbers("证件 11010519491231002X 已核")
    '证件 1101**********002X 已核'
    """
    return _IN_TEXT.sub(lambda m: mask(m[0]) if check_digit_ok(m[0]) else m[0], text)
