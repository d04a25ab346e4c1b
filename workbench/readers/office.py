"""Office files by way of LibreOffice, where it is installed: old ones to read, all to show.

It runs in a process group of its own with a private profile in which macros
and links to other places are off, an empty environment, and a time limit of
its own. Chinese fonts that are not installed are stood in for by ones of the
same kind; left to itself the system takes Japanese forms of characters. Where
it is missing or fails, the file is kept and cannot be shown:
that is never the teacher's fault.
"""

from __future__ import annotations

import contextlib
import os
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from pylopdf_fonts_zh_cn import sans_path

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
# Windows and WPS names -> first of these that is there; the last one of each comes with us
_FONTS = (
    (
        "宋体, SimSun, NSimSun, 新宋体, 方正书宋_GBK, 方正小标宋简体, 方正小标宋_GBK, 华文宋体, STSong, "
        "华文中宋, STZhongsong",
        "SimSun, Noto Serif CJK SC, Source Han Serif SC, Noto Serif SC",
    ),
    (
        "黑体, SimHei, 微软雅黑, Microsoft YaHei, Microsoft YaHei UI, 等线, DengXian, 华文细黑, STXihei, "
        "方正黑体_GBK, 幼圆, YouYuan, 隶书, LiSu",
        "SimHei, Microsoft YaHei, Noto Sans CJK SC, Source Han Sans SC, Noto Sans SC",
    ),
    (
        "仿宋, FangSong, 仿宋_GB2312, FangSong_GB2312, 华文仿宋, STFangsong, 方正仿宋_GBK",
        "FangSong, FandolFang R, Noto Serif CJK SC, Source Han Serif SC, Noto Serif SC",
    ),
    (
        "楷体, KaiTi, 楷体_GB2312, KaiTi_GB2312, 华文楷体, STKaiti, 方正楷体_GBK",
        "KaiTi, AR PL UKai CN, FandolKai, Noto Serif CJK SC, Source Han Serif SC, Noto Serif SC",
    ),
)
_FONTS_FILE = "fonts.conf"
_FONTS_CONF = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
<match target="pattern">
  <edit name="lang" mode="prepend"><string>zh-cn</string></edit>
</match>
<dir>{own}</dir>
{rules}
<include ignore_missing="yes">/etc/fonts/fonts.conf</include>
</fontconfig>
"""


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
            self._run([source], target, out, seconds)
            result = out / f"source.{target}"
            if not result.is_file() or result == source:
                raise Unreadable("broken", "LibreOffice wrote nothing")
        except BaseException:
            shutil.rmtree(out, ignore_errors=True)
            raise
        source.unlink()
        return result

    def convert_many(
        self, files: Sequence[tuple[Path, str]], target: str, seconds: float
    ) -> list[Path | None]:
        """Convert files (path, media type) in one run, which is quicker than one by one.

        ``seconds`` is meant for one file. What a run that failed did not give
        is tried again by itself; None stands for what cannot be converted.
        """
        if self.program is None or not files:
            return [None] * len(files)
        found = self._together(files, target, seconds)
        for place, (path, media_type) in enumerate(files):
            if found[place] is None:
                with contextlib.suppress(Unreadable):
                    found[place] = self.convert(path, media_type, target, seconds)
        return found

    def _together(
        self, files: Sequence[tuple[Path, str]], target: str, seconds: float
    ) -> list[Path | None]:
        self._prepare()
        out = Path(tempfile.mkdtemp(prefix="convert-", dir=self._folder))
        sources = [
            out / f"source-{place}.{'doc' if media_type == 'wps' else media_type}"
            for place, (_, media_type) in enumerate(files)
        ]
        for (path, _), source in zip(files, sources, strict=True):
            shutil.copyfile(path, source)
        with contextlib.suppress(Unreadable):
            self._run(sources, target, out, seconds + len(files) * seconds / 6)
        results = [source.with_suffix(f".{target}") for source in sources]
        for source in sources:
            source.unlink()
        return [result if result.is_file() else None for result in results]

    def _prepare(self) -> None:
        settings = self._profile / "user" / "registrymodifications.xcu"
        if settings.exists():
            return
        settings.parent.mkdir(parents=True, exist_ok=True)
        items = "".join(
            _ITEM.format(path=path, name=name, value=value) for path, name, value in _OFF
        )
        settings.write_text(_SETTINGS.format(items=items), encoding="utf-8")
        (self._folder / _FONTS_FILE).write_text(_fonts_conf(), encoding="utf-8")

    def _run(self, sources: Sequence[Path], target: str, out: Path, seconds: float) -> None:
        command = [
            str(self.program),
            f"-env:UserInstallation={self._profile.as_uri()}",
            *("--headless", "--norestore", "--nolockcheck", "--nodefault", "--nofirststartwizard"),
            *("--convert-to", target, "--outdir", str(out)),
            *map(str, sources),
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
    own = {"HOME": str(folder), "TMPDIR": str(folder), "SAL_USE_VCLPLUGIN": "svp"}
    if os.name == "posix":
        own["FONTCONFIG_FILE"] = str(folder / _FONTS_FILE)
        if "UTF" not in kept.get("LANG", "").upper():
            own["LANG"] = "C.UTF-8"  # a service has none, and a folder 证据 is then not found
    return {**kept, **own}


def _fonts_conf() -> str:
    """Fontconfig rules on top of the system's: what stands in for fonts of Windows and WPS."""
    rules = []
    for names, stand_ins in _FONTS:
        instead = "".join(f"<family>{name}</family>" for name in stand_ins.split(", "))
        rules += [
            f'<alias binding="same"><family>{name}</family><prefer>{instead}</prefer></alias>'
            for name in names.split(", ")
        ]
    return _FONTS_CONF.format(own=Path(sans_path()).parent, rules="\n".join(rules))


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
