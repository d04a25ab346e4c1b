"""doc, wps and ppt by way of LibreOffice, where it is installed.

It runs in a process group of its own with a private profile in which macros
and links to other places are off, an empty environment, and a time limit of
its own. Where it is missing or fails, the file is kept and cannot be shown:
that is never the teacher's fault.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from pathlib import Path

from workbench.readers.errors import Unreadable

# media type -> what LibreOffice turns it into
TARGETS = {"doc": "docx", "wps": "docx", "ppt": "pptx"}
_PLACES = (
    "/Applications/LibreOffice.app/Contents/MacOS/soffice",
    "C:/Program Files/LibreOffice/program/soffice.exe",
)
_MEMORY = 4 * 1024**3  # bytes of address space
_SETTINGS = """<?xml version="1.0" encoding="UTF-8"?>
<oor:items xmlns:oor="http://openoffice.org/2001/registry">
{items}</oor:items>
"""
_SECURITY = "/org.openoffice.Office.Common/Security/Scripting"
_ITEM = (
    '<item oor:path="{path}"><prop oor:name="{name}" oor:op="fuse">'
    "<value>{value}</value></prop></item>\n"
)
_OFF = (
    (_SECURITY, "MacroSecurityLevel", "3"),
    (_SECURITY, "DisableMacrosExecution", "true"),
    (_SECURITY, "BlockUntrustedRefererLinks", "true"),
    (_SECURITY, "DisableActiveContent", "true"),
    ("/org.openoffice.Office.Writer/Content/Update", "Link", "0"),
    ("/org.openoffice.Office.Calc/Content/Update", "Link", "0"),
)


def find_office() -> Path | None:
    """Where LibreOffice is, or None."""
    found = shutil.which("soffice") or shutil.which("libreoffice")
    places = [found] if found else [place for place in _PLACES if Path(place).exists()]
    return Path(places[0]) if places else None


class Office:
    """LibreOffice with a private profile, for one conversion after another."""

    def __init__(self, program: Path | None, folder: Path) -> None:
        """Take the program (None: not installed) and an empty folder to work in."""
        self.program = program
        self._profile = folder / "profile"
        self._folder = folder

    def convert(self, path: Path, media_type: str, target: str, seconds: float) -> Path:
        """Convert a file, also to ``pdf`` for showing; the result lies in the working folder.

        The caller removes the folder the result lies in. ``Unreadable`` with
        ``unsupported`` (not installed), ``timeout`` or ``broken``.
        """
        if self.program is None:
            raise Unreadable("unsupported", "LibreOffice is not installed")
        self._prepare()
        out = Path(tempfile.mkdtemp(prefix="convert-", dir=self._folder))
        source = out / f"source.{'doc' if media_type == 'wps' else media_type}"
        shutil.copyfile(path, source)
        try:
            self._run(source, target, out, seconds)
            result = out / f"source.{target}"
            if not result.is_file() or result == source:
                raise Unreadable("broken", "LibreOffice wrote nothing")
        except BaseException:
            shutil.rmtree(out, ignore_errors=True)
            raise
        source.unlink()
        return result

    def _prepare(self) -> None:
        settings = self._profile / "user" / "registrymodifications.xcu"
        if settings.exists():
            return
        settings.parent.mkdir(parents=True, exist_ok=True)
        items = "".join(
            _ITEM.format(path=path, name=name, value=value) for path, name, value in _OFF
        )
        settings.write_text(_SETTINGS.format(items=items), encoding="utf-8")

    def _run(self, source: Path, target: str, out: Path, seconds: float) -> None:
        command = [
            str(self.program),
            f"-env:UserInstallation={self._profile.as_uri()}",
            *("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"),
            *("--convert-to", target, "--outdir", str(out), str(source)),
        ]
        process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            env=_environment(self._folder),
            start_new_session=True,
            preexec_fn=_limit_memory if os.name == "posix" else None,  # noqa: PLW1509 (no threads)
        )
        try:
            process.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            raise Unreadable("timeout", f"LibreOffice took over {seconds:g} s") from None
        finally:
            _stop(process)


def _environment(folder: Path) -> dict[str, str]:
    keep = ("PATH", "SYSTEMROOT", "LANG")
    kept = {key: os.environ[key] for key in keep if key in os.environ}
    return {**kept, "HOME": str(folder), "TMPDIR": str(folder), "SAL_USE_VCLPLUGIN": "svp"}


def _limit_memory() -> None:
    import resource

    with contextlib.suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_AS, (_MEMORY, _MEMORY))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End LibreOffice with everything it started."""
    if os.name == "posix":
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
    else:
        process.kill()
    process.wait()
