"""Opening what others handed in, and hashing it while it is copied.

Later stages parse only the stored copy, so nothing can be exchanged between
the look and the reading.
"""

from __future__ import annotations

import errno
import hashlib
import os
import stat
from pathlib import Path, PurePosixPath
from typing import BinaryIO

from workbench.readers.errors import Unreadable

_CHUNK = 1024 * 1024
# Windows has neither flag; there a link is caught by lstat in `_plain_open`.
_NO_FOLLOW = getattr(os, "O_NOFOLLOW", 0)
_NO_WAIT = getattr(os, "O_NONBLOCK", 0)
_READ = os.O_RDONLY | _NO_FOLLOW | _NO_WAIT | getattr(os, "O_BINARY", 0)


def safe_open(path: Path) -> BinaryIO:
    """Open an ordinary file for reading, and nothing else.

    A link is not followed and a pipe does not hang: anything that is not a
    regular file is ``Unreadable("unsafe_path")``, a missing one too.
    """
    if not _NO_FOLLOW and path.is_symlink():
        raise Unreadable("unsafe_path", f"{path.name} is a link")
    return _regular(_open(path, path.name), path.name)


def open_inside(root: Path, relative: str) -> BinaryIO:
    """Open a file below a folder, following no link on the way.

    ``relative`` is a path as a manifest names it, with ``/`` or ``\\``. An
    absolute path, ``..``, a link in any part, or a thing that is not a file
    is ``Unreadable("unsafe_path")``.
    """
    parts = safe_parts(relative)
    if os.open not in os.supports_dir_fd:
        return _open_by_steps(root, parts)
    folder = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    try:
        for part in parts[:-1]:
            below = _open(part, relative, os.O_RDONLY | os.O_DIRECTORY | _NO_FOLLOW, folder)
            os.close(folder)
            folder = below
        return _regular(_open(parts[-1], relative, _READ, folder), relative)
    finally:
        os.close(folder)


def safe_parts(relative: str) -> tuple[str, ...]:
    """Parts of a relative path; ``Unreadable("unsafe_path")`` if it leads elsewhere.

    Examples
    --------
    >>> safe_parts("甲\\\\A1/设计.docx")
    ('甲', 'A1', '设计.docx')
    """
    plain = relative.replace("\\", "/")
    parts = tuple(part for part in PurePosixPath(plain).parts if part != ".")
    drive = bool(parts) and parts[0].endswith(":")
    if not parts or plain.startswith("/") or drive or ".." in parts or "\0" in plain:
        raise Unreadable("unsafe_path", f"{relative!r} leads outside the package")
    return parts


def copy_hashing(source: Path | BinaryIO, target: Path, most: int | None = None) -> tuple[str, int]:
    """Copy a file to a new place and hash it on the way.

    Parameters
    ----------
    source : Path or binary file
        A path is opened with :func:`safe_open`; a file is read from where it stands.
    target : Path
        Must not exist yet; it is removed again if the copy fails.
    most : int, optional
        Bytes allowed; one more is ``Unreadable("too_large")``.

    Returns
    -------
    (str, int)
        SHA-256 in hexadecimal, and the number of bytes; both on disk when this returns.
    """
    opened = safe_open(source) if isinstance(source, Path) else source
    try:
        with target.open("xb") as copy:
            try:
                found = _copy(opened, copy, most)
            except BaseException:
                target.unlink(missing_ok=True)
                raise
        return found
    finally:
        if opened is not source:
            opened.close()


def _copy(source: BinaryIO, copy: BinaryIO, most: int | None) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    while chunk := source.read(_CHUNK):
        size += len(chunk)
        if most is not None and size > most:
            raise Unreadable("too_large", f"more than {most} bytes")
        digest.update(chunk)
        copy.write(chunk)
    copy.flush()
    os.fsync(copy.fileno())
    return digest.hexdigest(), size


def _open(path: str | Path, name: str, flags: int = _READ, folder: int | None = None) -> int:
    try:
        return os.open(path, flags, dir_fd=folder)
    except FileNotFoundError:
        raise Unreadable("unsafe_path", f"{name} is not there") from None
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENOTDIR, errno.ENXIO):
            raise Unreadable("unsafe_path", f"{name} is or passes a link or a device") from None
        raise Unreadable("broken", f"{name}: {error.strerror}") from None


def _regular(descriptor: int, name: str) -> BinaryIO:
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise Unreadable("unsafe_path", f"{name} is not an ordinary file")
    return os.fdopen(descriptor, "rb")


def _open_by_steps(root: Path, parts: tuple[str, ...]) -> BinaryIO:
    """Open below a folder where the system opens no file relative to another (Windows)."""
    place = root
    for part in parts[:-1]:
        place = place / part
        if place.is_symlink():
            raise Unreadable("unsafe_path", f"{part} is a link")
    return safe_open(place / parts[-1])
