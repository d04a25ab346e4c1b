"""What it costs to ask for help, beside a Python that does nothing."""

from __future__ import annotations

import os
import resource
import subprocess
import sys

LIMIT_S = 0.25
_RUNS = 7


def run() -> list[dict[str, object]]:
    """CPU seconds of ``workbench --help`` at the median; the bar is 0.25."""
    helped = _median([sys.executable, "-m", "workbench", "--help"])
    nothing = _median([sys.executable, "-c", "pass"])
    return [
        {
            "measure": "workbench --help",
            "value": round(helped, 3),
            "unit": "CPU s",
            "limit": LIMIT_S,
            "times_a_bare_python": round(helped / nothing, 1),
        }
    ]


def _median(command: list[str]) -> float:
    taken = []
    for _ in range(_RUNS):
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run(command, stdout=subprocess.DEVNULL, check=True, env=dict(os.environ))
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        taken.append(after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime)
    return sorted(taken)[_RUNS // 2]
