"""Reading one TOML file: its table, or the fault that keeps it from being one."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

from rubrics.faults import Fault, fault

_PLACE = re.compile(r"\(at line (\d+), column (\d+)\)$")


def read_table(path: Path) -> tuple[dict[str, Any] | None, list[Fault]]:
    """Table of a TOML file, or None and the one fault that stopped the reading.

    A byte order mark, as some editors write it, is passed over.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        return None, [fault(path, "", "unreadable", reason=error.strerror or type(error).__name__)]
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        return None, [fault(path, "", "not_utf8", byte=error.start + 1)]
    try:
        return tomllib.loads(text), []
    except tomllib.TOMLDecodeError as error:
        return None, [_not_toml(path, text, str(error))]
    except RecursionError:
        return None, [fault(path, "", "bad_toml", line=1, column=1, reason="nested too deeply")]


def _not_toml(path: Path, text: str, reason: str) -> Fault:
    place = _PLACE.search(reason)
    if place:
        line, column = int(place[1]), int(place[2])
    else:  # the parser says "at end of document"
        lines = text.split("\n")
        line, column = len(lines), len(lines[-1]) + 1
    said = re.sub(r" \(at .*\)$", "", reason)
    return fault(path, "", "bad_toml", line=line, column=column, reason=said)
