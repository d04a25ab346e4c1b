"""Jobs: heavy work started from the app runs as a ``workbench`` command of its own.

A job is a folder with what was asked, what came out and how it ended; the app
reads these and stays quick while the work goes on.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from workbench.errors import InputError, RefusedError
from workbench.messages import language
from workbench.services.acting import act_of
from workbench.services.roles import authorise
from workbench.services.workspace import Fresh, Workspace

COMMANDS: dict[str, tuple[str, ...]] = {
    "intake.check": ("intake", "check"),
    "intake": ("intake", "import"),
    "roster": ("roster", "import"),
    "ratings": ("rate", "import"),
    "blind": ("blind",),
    "leaks": ("leaks",),
    "flags": ("flags",),
    "analyse": ("analyse",),
    "certificates": ("certificates", "--out"),
    "feedback": ("feedback", "--out"),
}
"""Commands a page may start, by kind; what follows is given by the page's service alone."""

_MOST_AT_ONCE = 2
_LAST_BYTES = 20_000


@dataclass(frozen=True)
class Job:
    """One job; ``state`` is ``running``, ``done`` (exit status 0 or 1), ``failed`` or ``lost``.

    ``done`` of ``total`` steps have been made; ``total`` is 0 where the command did not say.
    """

    job_id: str
    kind: str
    person_id: str
    began_at: str
    state: str
    exit_status: int | None
    output: str
    done: int = 0
    total: int = 0


def start_job(
    workspace: Workspace,
    kind: str,
    arguments: list[str],
    person_id: str,
    at: datetime,
    fresh: Fresh,
) -> Job:
    """Start a command in the background as that person, in the language of the page.

    Raises
    ------
    InputError
        If the kind is unknown.
    RefusedError
        If the person may start none, or enough of them run already.
    """
    if kind not in COMMANDS:
        raise InputError(f"there is no job of kind {kind}.", key="job.kind", kind=kind)
    with workspace.store() as store:
        authorise(store, act_of(person_id, at), "job.start")
    if sum(job.state == "running" for job in list_jobs(workspace)) >= _MOST_AT_ONCE:
        raise RefusedError(
            f"{_MOST_AT_ONCE} jobs are running already; wait until one has ended.",
            key="job.busy",
            most=_MOST_AT_ONCE,
        )
    job_id = f"{at:%Y%m%d-%H%M%S}-{fresh(3).hex()}"
    folder = workspace.folder / "jobs" / job_id
    folder.mkdir(parents=True, mode=0o700)
    command = [
        *(sys.executable, "-m", "workbench", "--workspace", str(workspace.folder.resolve())),
        *("--lang", language(), "--as", person_id, *COMMANDS[kind], *arguments),
    ]
    runner = [sys.executable, "-m", "workbench.services.job_runner", str(folder.resolve())]
    running = subprocess.Popen([*runner, *command], start_new_session=True)
    told = {"kind": kind, "by": person_id, "at": at.isoformat(), "pid": running.pid}
    (folder / "job.json").write_text(json.dumps(told), encoding="utf-8")
    return job(workspace, job_id)


def job(workspace: Workspace, job_id: str) -> Job:
    """One job as it stands; InputError where there is none of that id."""
    folder = workspace.folder / "jobs" / Path(job_id).name
    try:
        told = json.loads((folder / "job.json").read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"there is no job {job_id}.", key="job.missing", job=job_id) from error
    return _read(folder, told)


def list_jobs(workspace: Workspace) -> list[Job]:
    """Every job, the newest first."""
    folders = sorted((workspace.folder / "jobs").glob("*/job.json"), reverse=True)
    return [_read(path.parent, json.loads(path.read_text(encoding="utf-8"))) for path in folders]


def _read(folder: Path, told: dict[str, Any]) -> Job:
    code = folder / "code"
    status = int(code.read_text()) if code.is_file() else None
    if status is not None:
        state = "done" if status in (0, 1) else "failed"
    else:
        state = "running" if _runs(told["pid"]) else "lost"
    out = folder / "out"
    last = out.read_bytes()[-_LAST_BYTES:].decode("utf-8", "replace") if out.is_file() else ""
    done, total = _progress(folder / "progress")
    return Job(folder.name, told["kind"], told["by"], told["at"], state, status, last, done, total)


def _progress(path: Path) -> tuple[int, int]:
    """How much is done of how much, as the command last wrote it."""
    words = path.read_text(encoding="ascii").split() if path.is_file() else []
    return (int(words[0]), int(words[1])) if len(words) == 2 else (0, 0)


def _runs(pid: int) -> bool:
    try:
        if os.waitpid(pid, os.WNOHANG) != (0, 0):
            return False
    except ChildProcessError:  # started by an earlier server
        pass
    try:
        os.kill(pid, 0)
    except OSError:
        return False
    return True
