"""The prepared process: libraries loaded once, one forked child for each file.

Started by ``isolation`` as ``python -I -m workbench.readers.zygote FD``. It has
one thread and touches no file itself. A child has limits on memory, processor
time, written bytes and open files, cannot gain privileges, and is killed when
its time is up; whatever happens to it, the answer is one message.

Where a process cannot be forked (Windows) ``--once`` reads one request from
standard input and answers on standard output, with a time limit only.
"""

from __future__ import annotations

import codecs
import contextlib
import ctypes
import gc
import json
import os
import select
import signal
import socket
import sys
import time
from dataclasses import dataclass, field
from typing import Any

from PIL import Image

from workbench.readers import images, wire
from workbench.readers.answering import answer
from workbench.readers.limits import MIB, Limits

_ANSWER_FD = 3  # in the child, once everything else is closed
_MOST_FD = 4_096
_MOST_NOISE = 2_000  # bytes kept of what a library wrote to standard error
_NO_NEW_PRIVILEGES, _DIE_WITH_PARENT = 38, 1  # prctl options, Linux


@dataclass
class _Job:
    """One child at work."""

    number: int
    pid: int
    started: float
    deadline: float
    answers: int
    noise: int
    data: bytearray = field(default_factory=bytearray)
    said: bytearray = field(default_factory=bytearray)
    late: bool = False


def serve(line: socket.socket) -> None:
    """Answer requests until the other side is gone."""
    jobs: dict[int, _Job] = {}  # by the pipe its answer comes through
    while True:
        ready = _wait(line, jobs)
        if line in ready:
            request = wire.receive(line)
            if request is None:
                break
            job = _start(request)
            jobs[job.answers] = job
        for job in list(jobs.values()):
            _hear(job, ready)
            if job.answers in ready and not _more(job.answers, job.data):
                del jobs[job.answers]
                wire.send(line, _finish(job))
        _stop_late(jobs)
    for job in jobs.values():
        os.kill(job.pid, signal.SIGKILL)


def _wait(line: socket.socket, jobs: dict[int, _Job]) -> list[Any]:
    """Everything that has something to say, or nothing when a deadline passes."""
    now = time.monotonic()
    due = [job.deadline - now for job in jobs.values() if not job.late]
    sources: list[Any] = [line, *jobs, *(job.noise for job in jobs.values() if job.noise >= 0)]
    return select.select(sources, [], [], max(0.0, min(due)) if due else None)[0]


def _hear(job: _Job, ready: list[Any]) -> None:
    """Take in what the child's libraries wrote to standard error."""
    if job.noise < 0 or job.noise not in ready:
        return
    more = _more(job.noise, job.said)
    del job.said[:-_MOST_NOISE]
    if not more:
        os.close(job.noise)
        job.noise = -1


def _more(pipe: int, into: bytearray) -> bool:
    part = os.read(pipe, MIB)
    into += part
    return bool(part)


def _stop_late(jobs: dict[int, _Job]) -> None:
    now = time.monotonic()
    for job in jobs.values():
        if now >= job.deadline and not job.late:
            job.late = True
            os.kill(job.pid, signal.SIGKILL)


def _start(request: dict[str, Any]) -> _Job:
    answers, answers_in = os.pipe()
    noise, noise_in = os.pipe()
    pid = os.fork()
    if pid == 0:
        _be_child(request, answers_in, noise_in)
    os.close(answers_in)
    os.close(noise_in)
    now = time.monotonic()
    return _Job(request["id"], pid, now, now + request["limits"]["wall_s"], answers, noise)


def _be_child(request: dict[str, Any], answers: int, noise: int) -> None:
    """Read the file and leave; nothing of the prepared process stays reachable."""
    code = 1
    try:
        nothing = os.open(os.devnull, os.O_RDONLY)
        os.dup2(nothing, 0)
        os.dup2(noise, 1)
        os.dup2(noise, 2)
        os.dup2(answers, _ANSWER_FD)
        os.closerange(_ANSWER_FD + 1, _MOST_FD)
        _confine(Limits.from_json(request["limits"]))
        data = memoryview(answer(request))
        while data:
            data = data[os.write(_ANSWER_FD, data) :]
        code = 0
    finally:
        os._exit(code)


def _confine(limits: Limits) -> None:
    """Set the limits of this process; none can be raised again."""
    import resource

    memory = _mapped_bytes() + limits.memory_mib * MIB
    written = limits.written_mib * MIB
    for kind, soft, hard in (
        (resource.RLIMIT_AS, memory, memory),
        # one second apart, so that the first signal says which limit it was
        (resource.RLIMIT_CPU, limits.cpu_s, limits.cpu_s + 1),
        (resource.RLIMIT_FSIZE, written, written),
        (resource.RLIMIT_NOFILE, limits.open_files, limits.open_files),
        (resource.RLIMIT_CORE, 0, 0),
    ):
        with contextlib.suppress(ValueError, OSError):
            resource.setrlimit(kind, (soft, hard))
    if _LIBC is not None:
        _LIBC.prctl(_NO_NEW_PRIVILEGES, 1, 0, 0, 0)
        _LIBC.prctl(_DIE_WITH_PARENT, signal.SIGKILL, 0, 0, 0)


def _mapped_bytes() -> int:
    """Address space the loaded libraries take already; 0 where the system does not say."""
    try:
        with open("/proc/self/statm", "rb") as file:  # noqa: PTH123 (a path object costs more)
            return int(file.read().split()[0]) * os.sysconf("SC_PAGE_SIZE")
    except OSError:
        return 0


def _libc() -> Any:
    return ctypes.CDLL(None) if sys.platform == "linux" else None


_LIBC = _libc()


def _finish(job: _Job) -> dict[str, Any]:
    """Answer of a child that has ended, however it did, and what it cost."""
    os.close(job.answers)
    if job.noise >= 0:
        os.close(job.noise)
    _, status, usage = os.wait4(job.pid, 0)
    unit = MIB if sys.platform == "darwin" else 1024
    return {
        "id": job.number,
        "seconds": time.monotonic() - job.started,
        "peak_mib": usage.ru_maxrss / unit,
        "cpu_s": usage.ru_utime + usage.ru_stime,
        **_verdict(job, status),
    }


def _verdict(job: _Job, status: int) -> dict[str, Any]:
    said = job.said.decode("utf-8", "replace").strip()
    ended_by = os.WTERMSIG(status) if os.WIFSIGNALED(status) else 0
    if job.late:
        return {"code": "timeout", "detail": "stopped: out of time"}
    if ended_by == signal.SIGXCPU:
        return {"code": "timeout", "detail": "stopped: out of processor time"}
    if ended_by == signal.SIGABRT and ("alloc" in said or "memory" in said):
        return {"code": "memory", "detail": said[-_MOST_NOISE:]}
    if ended_by or status:
        how = f"signal {ended_by}" if ended_by else f"status {os.waitstatus_to_exitcode(status)}"
        return {"code": "died", "detail": f"{how} {said}".strip()}
    try:
        found: dict[str, Any] = json.loads(bytes(job.data))
    except ValueError:
        return {"code": "died", "detail": "no answer"}
    return found


def _once() -> None:
    request = json.loads(sys.stdin.buffer.read())
    sys.stdout.buffer.write(answer(request))


def _warm() -> None:
    """Load what libraries would load at first use, once for all children."""
    Image.init()
    for encoding in ("utf-8-sig", "utf-16", "utf-32", "gb18030", "big5", "cp437"):
        codecs.lookup(encoding)
    images.hashes_of(Image.radial_gradient("L"))


def main() -> None:
    """Serve on the socket whose number is given, or answer once."""
    if sys.argv[1] == "--once":
        _once()
        return
    _warm()
    gc.collect()
    gc.freeze()  # children then copy fewer pages
    with socket.socket(fileno=int(sys.argv[1])) as line:
        serve(line)


if __name__ == "__main__":
    main()
