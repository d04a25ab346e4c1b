"""Zip containers whose bytes depend on their content alone."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Mapping

_STAMP = (2026, 1, 1, 0, 0, 0)


def pack(members: Iterable[tuple[str, bytes]], *, level: int = 6) -> bytes:
    """Zip named bodies in their order, with one fixed time for all."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED, compresslevel=level) as archive:
        for name, body in members:
            info = zipfile.ZipInfo(name, _STAMP)
            info.compress_type = zipfile.ZIP_DEFLATED
            info.external_attr = 0o644 << 16
            archive.writestr(info, body)
    return buffer.getvalue()


def repack(
    body: bytes, *, replace: Mapping[str, bytes] | None = None, drop: Iterable[str] = ()
) -> bytes:
    """Write a zip again with fixed times, some members replaced and some left out."""
    replace, dropped = replace or {}, set(drop)
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        members = [
            (name, replace.get(name) or archive.read(name))
            for name in archive.namelist()
            if name not in dropped
        ]
    return pack(members)
