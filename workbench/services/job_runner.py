"""Child of a job: runs one command, keeps what it says, and leaves its exit status behind."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path


def run(folder: Path, command: list[str]) -> int:
    """Run a command into ``out``; ``code`` appears whole, and only when it has ended."""
    with (folder / "out").open("wb") as out:
        told = {**os.environ, "WORKBENCH_PROGRESS": str(folder / "progress")}
        status = subprocess.call(
            command, stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=told
        )
    part = folder / "code.part"
    part.write_text(str(status), encoding="ascii")
    part.replace(folder / "code")
    return status


if __name__ == "__main__":
    sys.exit(run(Path(sys.argv[1]), sys.argv[2:]))
