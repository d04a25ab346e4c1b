"""Canonical JSON (RFC 8785, restricted) and digests: one byte string for one meaning.

Restricted so that every language writes the same bytes: ASCII keys, no floats,
integers within 2^53, text in Unicode NFC. Within these bounds sorted keys and
the shortest separators are RFC 8785; the tests hold this against the ``rfc8785``
package.
"""

from __future__ import annotations

import hashlib
import json
import re
import unicodedata
from collections.abc import Mapping

Json = None | bool | int | str | list["Json"] | dict[str, "Json"]

_LARGEST = 2**53 - 1
_SURROGATE = re.compile("[\ud800-\udfff]")


def canonical_json(value: object) -> bytes:
    """Bytes of a value in canonical form.

    Parameters
    ----------
    value : None, bool, int, str, or list, tuple and dict of these

    Returns
    -------
    bytes
        UTF-8, keys sorted, no blanks.

    Raises
    ------
    ValueError
        For a float, an integer beyond 2^53 - 1, a key that is not ASCII, text
        outside NFC, a lone surrogate or any other type, named by its path.

    Examples
    --------
    >>> canonical_json({"b": "量", "a": [1, True, None]}).decode()
    '{"a":[1,true,null],"b":"量"}'
    """
    _check(value, "$")
    text = json.dumps(value, ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    return text.encode("utf-8")


def digest(value: object) -> str:
    """SHA-256 of the canonical JSON, in lower-case hexadecimal."""
    return hashlib.sha256(canonical_json(value)).hexdigest()


def exact(value: object) -> Json:
    """A JSON-like value with floats written as their shortest decimal text.

    >>> exact({"rate": 0.1, "days": 5})
    {'rate': '0.1', 'days': 5}
    """
    if isinstance(value, float):
        return str(int(value)) if value.is_integer() else repr(value)
    if isinstance(value, Mapping):
        return {str(key): exact(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [exact(part) for part in value]
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if value is None or isinstance(value, bool | int):
        return value
    raise ValueError(f"a {type(value).__name__} has no canonical form")


def _check(value: object, path: str) -> None:
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > _LARGEST:
            raise ValueError(f"{path}: {value} is beyond 2^53 - 1; write it as text")
    elif isinstance(value, str):
        if not value.isascii():
            if not unicodedata.is_normalized("NFC", value):
                raise ValueError(f"{path}: text is not in Unicode NFC")
            if _SURROGATE.search(value):
                raise ValueError(f"{path}: text holds a lone surrogate")
    elif isinstance(value, dict):
        for key, part in value.items():
            if not isinstance(key, str) or not key.isascii():
                raise ValueError(f"{path}: key {key!r} is not ASCII text")
            _check(part, f"{path}.{key}")
    elif isinstance(value, list | tuple):
        for place, part in enumerate(value):
            _check(part, f"{path}[{place}]")
    else:
        raise ValueError(f"{path}: a {type(value).__name__} has no canonical form")
