"""What ``workbench verify SHEET`` costs as a process, beside a Python that imports Ed25519 alone.

The commands run by turns, each with bytecode written before; the ratio is the median of the pairs.
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from statistics import median

from benchmarks.sheets import school_of
from workbench.exports.payload import for_teacher
from workbench.exports.sheets import FORMATS, write_sheets

BAR = {"docx": 3.0, "xlsx": 3.0}
RUNS = 25
_FLOOR = "import cryptography.hazmat.primitives.asymmetric.ed25519"


def run(runs: int = RUNS) -> list[dict]:
    """One row a format: CPU milliseconds, those of the floor, and the ratio, all at the median."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        school, key = school_of(place, 60)
        (place / "key.pub").write_text(key, encoding="utf-8")
        write_sheets([for_teacher(school, next(iter(school.people)))], place / "sheets")
        commands = {"floor": [sys.executable, "-c", _FLOOR]}
        for file_format in FORMATS:
            (sheet,) = (place / "sheets").glob(f"*.{file_format}")
            verify = ["verify", str(sheet), "--trust", str(place / "key.pub")]
            commands[file_format] = [sys.executable, "-m", "workbench", *verify]
        environment = {**os.environ, "PYTHONPYCACHEPREFIX": str(place / "bytecode")}
        environment.pop("PYTHONDONTWRITEBYTECODE", None)
        spent = _by_turns(commands, environment, runs)
    return [_row(file_format, spent[file_format], spent["floor"]) for file_format in FORMATS]


def _by_turns(
    commands: Mapping[str, Sequence[str]], environment: Mapping[str, str], runs: int
) -> dict[str, list[float]]:
    """CPU milliseconds of each command, run after run; the first round is thrown away."""
    spent: dict[str, list[float]] = {name: [] for name in commands}
    for _ in range(runs + 1):
        for name, command in commands.items():
            spent[name].append(_cpu_ms(command, environment))
    return {name: found[1:] for name, found in spent.items()}


def _cpu_ms(command: Sequence[str], environment: Mapping[str, str]) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=dict(environment))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return 1e3 * (after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)


def _row(file_format: str, spent: Sequence[float], floor: Sequence[float]) -> dict:
    return {
        "measure": f"workbench verify a sheet, {file_format}, CPU ms / importing Ed25519 alone",
        "value": round(median(spent), 1),
        "floor": round(median(floor), 1),
        "ratio": round(median(a / b for a, b in zip(spent, floor, strict=True)), 2),
        "bar": BAR.get(file_format),
    }


if __name__ == "__main__":
    for row in run():
        print(row)
