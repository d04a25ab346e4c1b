"""Reading files others handed in, each in a process of its own.

A child that crashes, hangs or eats memory is one rejected reading; the next
file is read as if nothing had happened. The prepared process (``zygote``) is
started by a plain command, not by a fork of the caller, so it inherits neither
threads nor an open database.

The limits on memory, processor time and files hold on Linux, and except for
memory on macOS. Windows cannot fork: there every file starts a new Python,
which costs most of a second, and only the time limit holds.
"""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Protocol

from workbench.readers import wire
from workbench.readers.copies import Copy, Wish
from workbench.readers.errors import Unreadable
from workbench.readers.facts import FileFacts
from workbench.readers.limits import DEFAULT, Limits
from workbench.readers.office import TARGETS, Office, find_office
from workbench.readers.strips import StripFrame
from workbench.readers.tables import Sheet

_MODULE = "workbench.readers.zygote"
_GRACE = 30.0  # seconds beyond the time limit before the prepared process itself is given up
_AHEAD = 16  # readings finished early that wait for their turn
_TRIES = 2


@dataclass(frozen=True)
class Reading:
    """What came of one file: facts, or a code of ``errors.CODES`` with a remark.

    ``seconds`` is wall time, ``cpu_s`` processor seconds, ``peak_mib`` the
    largest memory of the child (0 where the system does not tell).
    """

    path: Path
    name: str
    facts: FileFacts | None
    code: str = ""
    detail: str = ""
    seconds: float = 0.0
    peak_mib: float = 0.0
    cpu_s: float = 0.0


class _Line(Protocol):
    """The way to whoever reads: requests in, answers out, in any order."""

    def ask(self, request: dict[str, Any]) -> None: ...

    def hear(self) -> dict[str, Any] | None: ...

    def close(self) -> None: ...


class ReaderPool:
    """Reads files in child processes; a context manager, for one thread.

    Examples
    --------
    >>> import tempfile
    >>> with tempfile.TemporaryDirectory() as folder, ReaderPool() as pool:
    ...     path = Path(folder, "反思.txt")
    ...     _ = path.write_text("课后反思", encoding="utf-8")
    ...     pool.read(path).facts.chars
    4
    """

    def __init__(self, limits: Limits = DEFAULT, workers: int = 2, convert: bool = True) -> None:
        """Take the limits, children at work at once, and whether to use LibreOffice if there."""
        self._limits = limits
        self._workers = workers
        self._convert = convert
        self._asked: dict[int, dict[str, Any]] = {}
        self._heard: dict[int, dict[str, Any]] = {}
        self._next = 0

    def __enter__(self) -> ReaderPool:
        """Start the prepared process."""
        self._folder = Path(tempfile.mkdtemp(prefix="workbench-reading-"))
        self._office = Office(find_office() if self._convert else None, self._folder)
        self._line = _line()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """End the prepared process and its children."""
        self._line.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def read(self, path: Path, name: str = "", limits: Limits | None = None) -> Reading:
        """Read one file. ``name`` is the one it was handed in under, if another."""
        return self._reading(self._ask("facts", path, name, limits), path, name)

    def read_many(
        self, files: Iterable[Path | tuple[Path, str]], limits: Limits | None = None
    ) -> Iterator[Reading]:
        """Read files, a few at once, and give the readings in the order of the files."""
        waiting: deque[tuple[int, Path, str]] = deque()
        for file in files:
            path, name = file if isinstance(file, tuple) else (file, "")
            while len(self._asked) >= self._workers:
                self._listen()
            while waiting and (len(waiting) >= _AHEAD or waiting[0][0] in self._heard):
                yield self._reading(*waiting.popleft())
            waiting.append((self._ask("facts", path, name, limits), path, name))
        while waiting:
            yield self._reading(*waiting.popleft())

    def table(self, path: Path, name: str = "", limits: Limits | None = None) -> list[Sheet]:
        """Sheets of a manifest, roster or ratings file; ``Unreadable`` as ``read_table``."""
        answer = self._answer(self._ask("table", path, name, limits))
        if "sheets" not in answer:
            raise Unreadable(answer["code"], answer["detail"])
        return [Sheet.from_json(sheet) for sheet in answer["sheets"]]

    def copy(self, path: Path, name: str, wish: Wish, limits: Limits | None = None) -> Copy:
        """Make the copy of a file that may be shown; ``Unreadable`` as ``copies.copy_file``."""
        request = self._ask("copy", path, name, limits, wish.to_json())
        answer = self._answer(request)
        if "copy" not in answer:
            raise Unreadable(answer["code"], answer["detail"])
        return Copy.from_json(answer["copy"])

    def traces(self, path: Path, name: str = "") -> list[tuple[str, str]]:
        """What in a file may name somebody, with the kind of place; ``Unreadable`` if it is shut."""
        answer = self._answer(self._ask("traces", path, name, None))
        if "traces" not in answer:
            raise Unreadable(answer["code"], answer["detail"])
        return [(where, words) for where, words in answer["traces"]]

    def strip(self, path: Path, name: str = "") -> tuple[StripFrame, ...]:
        """Frames of a video as small pictures; ``Unreadable`` as ``strips.read_strip``."""
        answer = self._answer(self._ask("strip", path, name, None))
        if "strip" not in answer:
            raise Unreadable(answer["code"], answer["detail"])
        return tuple(map(StripFrame.from_json, answer["strip"]))

    @property
    def limits(self) -> Limits:
        """Bounds of every reading that is given none of its own."""
        return self._limits

    @property
    def has_office(self) -> bool:
        """Whether LibreOffice is here to convert."""
        return self._office.program is not None

    def convert_many(self, files: Sequence[tuple[Path, str]], target: str) -> list[Path | None]:
        """Convert stored files (path, media type) in one go; None for one that could not be.

        Results lie in a folder that goes when the pool is left: move them.
        """
        return self._office.convert_many(files, target, self._limits.convert_s)

    def convert(self, path: Path, media_type: str, target: str) -> Path:
        """Convert a stored file for showing (``target`` such as ``pdf``) within the time limit.

        The result lies in a folder that goes when the pool is left: move it.
        """
        return self._office.convert(path, media_type, target, self._limits.convert_s)

    def _ask(
        self,
        task: str,
        path: Path,
        name: str,
        limits: Limits | None,
        wish: dict[str, Any] | None = None,
    ) -> int:
        self._next += 1
        request = {
            "id": self._next,
            "task": task,
            "path": str(path.absolute()),
            "name": name or path.name,
            "limits": (limits or self._limits).to_json(),
            "tries": 1,
            **({"wish": wish} if wish else {}),
        }
        self._asked[self._next] = request
        self._tell(request)
        return self._next

    def _tell(self, request: dict[str, Any]) -> None:
        # A prepared process that has ended is noticed when its answer is due.
        with contextlib.suppress(OSError):
            self._line.ask(request)

    def _answer(self, number: int) -> dict[str, Any]:
        while number not in self._heard:
            self._listen()
        return self._heard.pop(number)

    def _listen(self) -> None:
        """Take in one answer; start anew if the prepared process is gone."""
        answer = self._line.hear()
        if answer is not None:
            self._asked.pop(answer["id"])
            self._heard[answer["id"]] = answer
            return
        self._line.close()
        self._line = _line()
        for number, request in list(self._asked.items()):
            if request["tries"] >= _TRIES:
                del self._asked[number]
                self._heard[number] = {"code": "died", "detail": "the reading process ended"}
                continue
            request["tries"] += 1
            self._tell(request)

    def _reading(self, number: int, path: Path, name: str) -> Reading:
        answer = self._answer(number)
        facts = FileFacts.from_json(answer["facts"]) if "facts" in answer else None
        reading = Reading(
            path,
            name or path.name,
            facts,
            answer.get("code", ""),
            answer.get("detail", ""),
            answer.get("seconds", 0.0),
            answer.get("peak_mib", 0.0),
            answer.get("cpu_s", 0.0),
        )
        waits = facts is not None and facts.media_type in TARGETS and not facts.previewable
        return self._by_office(reading) if waits and self._office.program else reading

    def _by_office(self, reading: Reading) -> Reading:
        """Convert an old office file and take text, pages and pictures from the result."""
        facts = reading.facts
        if facts is None:
            return reading
        started = time.monotonic()
        converted: FileFacts | None = None
        detail = ""
        try:
            target = TARGETS[facts.media_type]
            result = self._office.convert(
                reading.path, facts.media_type, target, self._limits.convert_s
            )
            answer = self._answer(self._ask("facts", result, "", None))
            shutil.rmtree(result.parent, ignore_errors=True)
            detail = answer.get("detail", "")
            converted = FileFacts.from_json(answer["facts"]) if "facts" in answer else None
        except Unreadable as refused:
            detail = str(refused)
        seconds = reading.seconds + time.monotonic() - started
        return replace(reading, facts=_joined(facts, converted), detail=detail, seconds=seconds)


def _joined(facts: FileFacts, converted: FileFacts | None) -> FileFacts:
    """Facts of the original, filled from its conversion; what LibreOffice itself wrote is left."""
    if converted is None:
        return replace(facts, warnings=(*facts.warnings, "convert_failed"))
    own = tuple(code for code in facts.warnings if code != "no_preview")
    return replace(
        converted,
        media_type=facts.media_type,
        revision_ids=(),
        template="",
        encoder="",
        warnings=(*own, *converted.warnings),
    )


def _line() -> _Line:
    return _Prepared() if hasattr(os, "fork") else _OneByOne()


class _Prepared:
    """The prepared process at the other end of a socket pair."""

    def __init__(self) -> None:
        self._socket, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-I", "-m", _MODULE, str(theirs.fileno())],
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                start_new_session=True,
                env=_environment(),
            )
        self.pid = self._process.pid
        self._wait_s = DEFAULT.wall_s

    def ask(self, request: dict[str, Any]) -> None:
        """Send a request."""
        self._wait_s = max(self._wait_s, request["limits"]["wall_s"])
        wire.send(self._socket, request)

    def hear(self) -> dict[str, Any] | None:
        """Next answer; None when the process is gone or no longer answers."""
        self._socket.settimeout(self._wait_s + _GRACE)
        try:
            return wire.receive(self._socket)
        except OSError:
            return None

    def close(self) -> None:
        """End the process; its children end with it."""
        self._socket.close()
        try:
            self._process.wait(timeout=2)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()


class _OneByOne:
    """A new Python for each file, where nothing can be forked."""

    def __init__(self) -> None:
        self._requests: deque[dict[str, Any]] = deque()

    def ask(self, request: dict[str, Any]) -> None:
        """Queue a request."""
        self._requests.append(request)

    def hear(self) -> dict[str, Any] | None:
        """Carry out the oldest request and wait for it."""
        request = self._requests.popleft()
        started = time.monotonic()
        answer = self._run(request)
        return {"id": request["id"], "seconds": time.monotonic() - started, **answer}

    def close(self) -> None:
        """Forget what was queued."""
        self._requests.clear()

    @staticmethod
    def _run(request: dict[str, Any]) -> dict[str, Any]:
        try:
            done = subprocess.run(
                [sys.executable, "-I", "-m", _MODULE, "--once"],
                input=json.dumps(request).encode("ascii"),
                capture_output=True,
                timeout=request["limits"]["wall_s"],
                env=_environment(),
                check=False,
            )
            answer: dict[str, Any] = json.loads(done.stdout)
        except subprocess.TimeoutExpired:
            return {"code": "timeout", "detail": "stopped: out of time"}
        except ValueError:
            return {"code": "died", "detail": f"status {done.returncode}"}
        return answer


def _environment() -> dict[str, str]:
    """Surroundings of the readers: one thread in numpy, which a fork needs."""
    return {**os.environ, "OPENBLAS_NUM_THREADS": "1", "OMP_NUM_THREADS": "1"}
