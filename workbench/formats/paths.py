"""Paths a manifest names: relative, inside the package, and the same on every system."""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass
from typing import Literal

PathProblem = Literal["", "absolute", "outside", "address", "characters"]

_DRIVE = re.compile(r"[A-Za-z]:")
_ADDRESS = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://|www\.", re.IGNORECASE)
_CONTROL = frozenset(
    chr(c) for c in (*range(32), 127, *range(0x202A, 0x202F), *range(0x2066, 0x206A))
)


@dataclass(frozen=True)
class CheckedPath:
    """A path in its one form, or why it cannot be followed."""

    path: str
    problem: PathProblem = ""


def check_path(text: str) -> CheckedPath:
    """Bring a path into its one form: NFC, forward slashes, no ``./``.

    Nothing is resolved and nothing is looked up: a path that leaves the
    package, or would on another system, is refused as text.

    Examples
    --------
    >>> check_path("一小\\\\王小山\\\\A1.docx").path
    '一小/王小山/A1.docx'
    >>> [check_path(p).problem for p in ("../a", "/etc/a", "C:a", "http://a/b", "a\\x00b")]
    ['outside', 'absolute', 'absolute', 'address', 'characters']
    """
    path = unicodedata.normalize("NFC", text).strip()
    if _CONTROL & set(path):
        return CheckedPath(path, "characters")
    if _ADDRESS.match(path):
        return CheckedPath(path, "address")
    path = path.replace("\\", "/")
    if path.startswith(("/", "~/")) or _DRIVE.match(path):
        return CheckedPath(path, "absolute")
    parts = [part for part in path.split("/") if part not in ("", ".")]
    if ".." in parts or not parts:
        return CheckedPath(path, "outside")
    return CheckedPath("/".join(parts))
