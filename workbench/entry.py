"""The door of the command line: a plain ``verify`` goes straight in, all else by way of click.

Whoever holds a sheet waits for the program to start, and click, with what it loads, costs as much as
reading and proving the sheet. Only a line that leaves no doubt goes straight in; help, a slip and a file
that is not there are click's to explain, and the answer is the same on either way.
"""

from __future__ import annotations

import gc
import importlib
import os
import sys
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import TextIO

_GROUP = {"--workspace": "folder", "--lang": "lang", "--as": "actor"}
_OWN = {"--trust": "trust", "--ledger": "ledgers"}
# Named at the head of dataclasses, zipfile and urllib, and not asked for anything to read a sheet.
_SELDOM_USED = ("inspect", "bz2", "lzma", "shutil", "ipaddress")


def main() -> None:
    """Run the command line."""
    asked = plain_verify(sys.argv[1:], os.environ)
    if asked is not None:
        for name in _SELDOM_USED:
            _put_off(name)
    if asked is None or not _sound(asked):
        from workbench.cli import main as whole

        whole()
        return
    if len(asked["files"]) == 1:
        gc.disable()  # the process ends before there is anything worth collecting
    try:
        status = _verify(asked)
    except (KeyboardInterrupt, OSError) as error:
        from workbench.cli import end

        end(error)
    gc.freeze()  # nor is it worth looking through all that is left at the end
    sys.exit(status)


def plain_verify(
    words: Sequence[str], environment: Mapping[str, str]
) -> dict[str, list[str]] | None:
    """What a line asks of ``verify``: lists by option, and ``files``; None where click should read it.

    >>> plain_verify(["--lang", "en", "verify", "a.pdf", "--trust=k.pub"], {})["trust"]
    ['k.pub']
    >>> plain_verify(["verify", "--help"], {}) is None
    True
    """
    if os.name == "nt" or "_WORKBENCH_COMPLETE" in environment:  # click's own expansions
        return None
    asked = {
        "folder": [environment.get("WORKBENCH_WORKSPACE") or "workspace"],
        "lang": [environment.get("WORKBENCH_LANG") or "zh"],
    }
    known, left = _GROUP, list(words)
    while left:
        word = left.pop(0)
        name, equals, value = word.partition("=")
        if word == "verify" and known is _GROUP:
            known = _OWN
        elif word == "--json" and known is _OWN:
            asked["json"] = [word]
        elif name in known:
            if not equals and (not left or left[0].startswith("-")):
                return None
            asked.setdefault(known[name], []).append(value if equals else left.pop(0))
        elif known is _OWN and word and not word.startswith("-"):
            asked.setdefault("files", []).append(word)
        else:
            return None
    return asked if known is _OWN and "files" in asked else None


def _sound(asked: Mapping[str, Sequence[str]]) -> bool:
    """Whether every file can be read, and language and folder are what they should be."""
    from workbench import messages

    needed = [*asked["files"], *asked.get("trust", ()), *asked.get("ledgers", ())]
    folder = asked["folder"][-1]
    return (
        asked["lang"][-1] in messages.LANGUAGES
        and all(os.path.isfile(one) and os.access(one, os.R_OK) for one in needed)  # noqa: PTH113
        and (os.path.isdir(folder) or not os.path.exists(folder))  # noqa: PTH110, PTH112
    )


def _verify(asked: Mapping[str, Sequence[str]]) -> int:
    """Verify, print, and give the exit status: 0 proven, 1 not, 2 where a file cannot be taken."""
    from pathlib import Path

    from rubrics.errors import WorkbenchError
    from workbench import messages
    from workbench.commands.verify_lines import Asked, answer

    messages.use_language(asked["lang"][-1])
    files, ledgers = (tuple(map(Path, asked.get(one, ()))) for one in ("files", "ledgers"))
    trust = Path(asked["trust"][-1]) if "trust" in asked else None
    try:
        said, fine = answer(
            Asked(Path(asked["folder"][-1]), files, trust, ledgers, "json" in asked)
        )
    except WorkbenchError as error:
        return _say(messages.explain(error), sys.stderr, 2)
    return _say(said, sys.stdout, 0 if fine else 1)


def _say(words: str, stream: TextIO, status: int) -> int:
    """Print a line; one with an escape, or a stream of another encoding, is click's to handle."""
    if "\x1b" in words or (stream.encoding or "").lower() != "utf-8":
        import click

        click.echo(words, err=stream is sys.stderr)
    else:
        stream.write(words + "\n")
        stream.flush()
    return status


def _put_off(name: str) -> None:
    """Let a module be loaded when something is first asked of it."""
    if name in sys.modules:
        return
    asleep = ModuleType(name)

    def wake(wanted: str) -> object:
        del sys.modules[name], vars(asleep)["__getattr__"]
        vars(asleep).update(vars(importlib.import_module(name)))
        return getattr(asleep, wanted)

    vars(asleep)["__getattr__"] = wake
    sys.modules[name] = asleep
