"""Intake of the sample package: files a second, beside hashing the same bytes."""

from __future__ import annotations

import hashlib
import os
import resource
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path

from models.store import Act
from workbench.services.intake import import_package
from workbench.services.workspace import create

_COUNTY = Path(__file__).parents[1] / "sample_evidence" / "county"


def run() -> list[dict[str, object]]:
    """CPU of taking in the sample county (children included), per file, beside hashing it."""
    files = [path for path in (_COUNTY / "package").rglob("*") if path.is_file()]
    act = Act("bench", "", datetime(2026, 11, 2, tzinfo=UTC))
    with tempfile.TemporaryDirectory() as folder:
        policy = str(_COUNTY / "policy.toml")
        workspace = create(Path(folder) / "w", policy, "批次", "示例县", act, os.urandom)
        before, started = _cpu(), time.monotonic()
        report = import_package(workspace, _COUNTY / "package", act, os.urandom)
        spent, wall = _cpu() - before, time.monotonic() - started
    before = _cpu()
    size = sum(len(path.read_bytes()) for path in files)
    for path in files:
        with path.open("rb") as file:
            hashlib.file_digest(file, "sha256")
    hashing = _cpu() - before
    taken = report.new_files
    return [
        {
            "measure": "package of every kind",
            "files": taken,
            "mib": round(size / 2**20, 1),
            "files_a_second": round(taken / wall, 1),
            "cpu_ms_a_file": round(1000 * spent / taken, 1),
            "hashing_ms_a_file": round(1000 * hashing / taken, 2),
            "times_hashing": round(spent / hashing),
        }
    ]


def _cpu() -> float:
    own, children = (
        resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)
    )
    return own.ru_utime + own.ru_stime + children.ru_utime + children.ru_stime
