"""What a reading process answers: facts or sheets, or the code of why not."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from workbench.readers import copies, spreadsheets, strips, traces
from workbench.readers.errors import Unreadable
from workbench.readers.limits import Limits
from workbench.readers.reading import read_file

_DETAIL = 300  # characters


def answer(request: dict[str, Any]) -> bytes:
    """Carry out one request and write the answer as JSON; never raises.

    ``request`` holds ``task`` (``facts``, ``table``, ``traces``, ``strip`` or ``copy``), ``path``,
    ``name``, ``limits``, and for a copy the ``wish``. Rust panics and some
    parsers' faults are no ``Exception``, so everything is caught here.
    """
    try:
        return json.dumps(_carry_out(request)).encode("ascii")
    except Unreadable as refused:
        return _refusal(refused.code, refused.detail)
    except MemoryError:
        return _refusal("memory", "more memory than allowed")
    except BaseException as error:  # noqa: BLE001 (PanicException is a BaseException)
        return _refusal("broken", f"{type(error).__name__}: {error}")


def _carry_out(request: dict[str, Any]) -> dict[str, Any]:
    path, limits = Path(request["path"]), Limits.from_json(request["limits"])
    if request["task"] == "table":
        sheets = spreadsheets.read_table(path, limits, request["name"])
        return {"sheets": [sheet.to_json() for sheet in sheets]}
    if request["task"] == "traces":
        return {"traces": traces.traces_of(path, request["name"], limits)}
    if request["task"] == "strip":
        return {
            "strip": [each.to_json() for each in strips.read_strip(path, request["name"], limits)]
        }
    if request["task"] == "copy":
        wish = copies.Wish.from_json(request["wish"])
        return {"copy": copies.copy_file(path, request["name"], limits, wish).to_json()}
    return {"facts": read_file(path, limits, request["name"]).to_json()}


def _refusal(code: str, detail: str) -> bytes:
    return json.dumps({"code": code, "detail": detail[:_DETAIL]}).encode("ascii")
