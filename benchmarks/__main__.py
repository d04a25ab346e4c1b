"""Run the benchmarks and print one table: ``python -m benchmarks [NAME ...]``."""

from __future__ import annotations

import importlib
import json
import sys

NAMES = (
    "intake",
    "reading",
    "results",
    "allocation",
    "similarity",
    "sheets",
    "ledger",
    "starting",
    "app",
    "effects",
    "schools",
    "second_reader",
    "statistics",
    "load",
)


def main(names: list[str]) -> None:
    """Run the benchmarks named, or all; each gives rows with what was measured and its bar."""
    for name in names or NAMES:
        for row in importlib.import_module(f"benchmarks.{name}").run():
            print(json.dumps({"benchmark": name, **row}, ensure_ascii=False), flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
