"""What faults are made with: real processes struck at a call, and a disk that loses power."""

import random
import re
import shutil
import subprocess
from pathlib import Path
from types import SimpleNamespace

import pytest

CALL = re.compile(r"(pwrite64|fsync|fdatasync|ftruncate|unlink|write)\((.*)\) += (\d+)")


def run(command, **options):
    given = {"capture_output": True, "text": True, "input": "\n", **options}
    return subprocess.run(command, check=False, **given)


def struck(fault, number, calls):
    """Prefix of a command whose ``number``-th call of these fails, or ends it."""
    inject = f"--inject={calls}:{fault}:when={number}"
    return ["strace", "-f", "-qq", "-e", f"trace={calls}", inject, "-o", "/dev/null"]


def count_calls(command, calls, folder):
    """How many calls of these a command makes."""
    log = folder / "calls"
    run(["strace", "-f", "-qq", "-e", f"trace={calls}", "-o", str(log), *command])
    return sum("(" in line for line in log.read_text().splitlines())


class Disk:
    """What a disk may hold after power fails: every synced byte, and any part of the others."""

    def __init__(self, files):
        self.safe = dict(files)
        self.now = dict(files)
        self.loose = []  # (path, place, data) since the last sync of that file; see `_apply`

    def write(self, path, data, offset):
        held = self.now.get(path, b"").ljust(offset, b"\0")
        self.now[path] = held[:offset] + data + held[offset + len(data) :]
        self.loose.append((path, offset, data))

    def truncate(self, path, size):
        self.now[path] = self.now.get(path, b"")[:size].ljust(size, b"\0")
        self.loose.append((path, size, None))

    def sync(self, path):
        for name, offset, data in [each for each in self.loose if each[0] == path]:
            self._apply(name, offset, data)
        self.loose = [each for each in self.loose if each[0] != path]
        self.safe.setdefault(path, self.now.get(path, b""))

    def unlink(self, path):
        self.now.pop(path, None)
        self.loose.append((path, -1, b""))

    def sync_folder(self):
        for path, *_ in [each for each in self.loose if each[1] == -1]:
            self.safe.pop(path, None)
        self.loose = [each for each in self.loose if each[1] != -1]

    def _apply(self, path, offset, data):
        """Bytes at a place; without data the file's new length; at -1 the file is gone."""
        if offset < 0:
            self.safe.pop(path, None)
            return
        held = self.safe.get(path, b"").ljust(offset, b"\0")
        rest = b"" if data is None else data + held[offset + len(data) :]
        self.safe[path] = held[:offset] + rest

    def after_power_loss(self, rng):
        """One of the states the disk may be in: loose writes kept, dropped or torn at 512 bytes."""
        kept = Disk(self.safe)
        for path, offset, data in self.loose:
            fate = rng.choice(("kept", "dropped", "torn"))
            if fate == "torn" and offset >= 0 and len(data or b"") > 512:
                kept._apply(path, offset, data[: 512 * rng.randrange(1, len(data) // 512 + 1)])
            elif fate != "dropped":
                kept._apply(path, offset, data)
        return kept.safe


def traced(command, log):
    calls = "pwrite64,fsync,fdatasync,ftruncate,unlink,write"
    strace = ["strace", "-f", "-qq", "-y", "-xx", "-s", "400000", "-e", f"trace={calls}"]
    assert run([*strace, "-o", str(log), *command]).returncode == 0
    return [found for line in log.read_text().splitlines() if (found := CALL.search(line))]


def unhex(text):
    return bytes.fromhex(text.replace("\\x", ""))


def replay(calls, disk, folder, acknowledging):
    """Play the calls on the disk; after each, how many acts were acknowledged so far."""
    acknowledged = 0
    yield acknowledged
    for call in calls:
        verb, arguments = call[1], call[2]
        target = re.match(r"\d+<((?:\\x..|[^>])*)>", arguments)
        name = unhex(target[1]).decode() if target and "\\x" in target[1] else target and target[1]
        if verb == "write":
            acknowledged += acknowledging.encode().hex() in arguments.replace("\\x", "")
        elif verb == "unlink":
            disk.unlink(Path(unhex(re.search(r'"(.*)"', arguments)[1]).decode()).name)
        elif Path(name).parent != folder and Path(name) != folder:
            continue  # a file that is not the database's
        elif verb == "pwrite64":
            data, _, offset = re.search(r'"(.*)", (\d+), (\d+)', arguments).groups()
            disk.write(Path(name).name, unhex(data), int(offset))
        elif verb == "ftruncate":
            disk.truncate(Path(name).name, int(arguments.rsplit(", ", 1)[1]))
        elif Path(name) == folder:
            disk.sync_folder()
        else:
            disk.sync(Path(name).name)
        yield acknowledged


def states_after_power_loss(path, command, draws, folder, acknowledging):
    """Acts acknowledged and a copy of the file as power failing may leave it, after each call."""
    before = {path.name: path.read_bytes()}
    disk, rng = Disk(before), random.Random(11)
    for acknowledged in replay(traced(command, folder / "log"), disk, path.parent, acknowledging):
        for _ in range(draws):
            after = folder / "after"
            after.mkdir()
            for name, data in disk.after_power_loss(rng).items():
                (after / name).write_bytes(data)
            yield acknowledged, after / path.name
            shutil.rmtree(after)


@pytest.fixture(scope="session")
def fire():
    """The means, as one object: tests of other files cannot import from here."""
    means = (run, struck, count_calls, states_after_power_loss)
    return SimpleNamespace(**{each.__name__: each for each in means})
