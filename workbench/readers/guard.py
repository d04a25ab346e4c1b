"""Is this archive safe to open: sizes, ratios, names, overlaps, nesting, XML entities.

Checked before any member is unpacked to disk or handed to a parser. Sizes in
the directory are only claims: members are read through :func:`read_member`,
which stops at its bound.
"""

from __future__ import annotations

import io
import stat
import unicodedata
import zipfile
from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from typing import IO

from lxml import etree

from workbench.readers.errors import Unreadable
from workbench.readers.limits import MIB, Limits
from workbench.readers.storing import safe_parts

_LOCAL_HEADER = 30  # bytes of a member's own header, before its name
_ARCHIVES = (".zip", ".docx", ".pptx", ".xlsx", ".docm", ".pptm", ".xlsm", ".jar")
_UTF8_NAMES = 0x800
_ENCRYPTED = 0x1


@dataclass(frozen=True)
class Bounds:
    """What an archive may weigh, packed and unpacked, in bytes.

    ``nesting`` is the depth of archives inside it; None leaves them unopened,
    where each member is checked by itself later.
    """

    packed: int
    unpacked: int
    ratio: int
    members: int
    nesting: int | None


def office_bounds(limits: Limits) -> Bounds:
    """Bounds of a docx, pptx or xlsx."""
    return Bounds(
        packed=limits.office_packed_mib * MIB,
        unpacked=limits.office_unpacked_mib * MIB,
        ratio=limits.member_ratio,
        members=limits.members,
        nesting=limits.nested_archives,
    )


def archive_bounds(limits: Limits) -> Bounds:
    """Bounds of a zip handed in as evidence; its office files may hold what they may alone."""
    most = limits.archive_mib * MIB
    nesting = limits.nested_archives + 1
    return replace(office_bounds(limits), packed=most, unpacked=2 * most, nesting=nesting)


def package_bounds(limits: Limits) -> Bounds:
    """Bounds of a whole evidence package, whose members are read one by one later."""
    most = limits.package_mib * MIB
    return replace(
        office_bounds(limits),
        packed=most,
        unpacked=2 * most,
        members=limits.package_members,
        nesting=None,
    )


def open_archive(file: IO[bytes], bounds: Bounds) -> zipfile.ZipFile:
    """Open a zip and check it whole.

    Raises
    ------
    Unreadable
        ``too_large``, ``bomb``, ``unsafe_path``, ``encrypted`` or ``broken``;
        ``detail`` names the member.
    """
    size = file.seek(0, io.SEEK_END)
    if size > bounds.packed:
        raise Unreadable("too_large", f"more than {bounds.packed // MIB} MiB packed")
    try:
        archive = zipfile.ZipFile(file)
    except Exception as error:  # noqa: BLE001 (zipfile raises seven kinds on a damaged archive)
        raise Unreadable("broken", f"zip container: {error}") from None
    try:
        _check(archive, bounds)
    except BaseException:
        archive.close()
        raise
    return archive


def read_member(archive: zipfile.ZipFile, name: str, most: int) -> bytes:
    """Content of one member, at most so many bytes whatever the directory claims."""
    try:
        with archive.open(name) as member:
            data = member.read(most + 1)
    except KeyError:
        raise Unreadable("broken", f"{name} is missing") from None
    except Exception as error:  # noqa: BLE001 (zipfile, zlib, lzma and bz2 each have their own)
        raise Unreadable("broken", f"{name}: {error}") from None
    if len(data) > most:
        raise Unreadable("too_large", f"{name} is more than {most} bytes")
    return data


def parse_xml(data: bytes, name: str) -> etree._Element:
    """Root of an XML part; a document type declaration is refused, entities are never read."""
    refuse_dtd(data, name)
    parser = etree.XMLParser(
        resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False, recover=False
    )
    try:
        root = etree.fromstring(data, parser)
    except etree.XMLSyntaxError as error:
        if error.code == etree.ErrorTypes.ERR_NO_MEMORY:
            raise MemoryError from None
        raise Unreadable("broken", f"{name}: {error}") from None
    if root.getroottree().docinfo.doctype:
        raise Unreadable("bomb", f"{name} declares a document type")
    return root


def refuse_dtd(data: bytes, name: str) -> None:
    """``Unreadable("bomb")`` for a part with a document type or an entity, in any encoding."""
    plain = data.replace(b"\0", b"") if b"\0" in data else data
    if b"<!DOCTYPE" in plain or b"<!ENTITY" in plain:
        raise Unreadable("bomb", f"{name} declares a document type")


def member_name(info: zipfile.ZipInfo) -> str:
    """Name of a member as its author saw it.

    Chinese Windows writes names in GBK without saying so; zipfile then reads
    them as code page 437.
    """
    if info.flag_bits & _UTF8_NAMES:
        return info.filename
    try:
        raw = info.filename.encode("cp437")
    except UnicodeEncodeError:
        return info.filename
    for encoding in ("utf-8", "gb18030"):
        try:
            return raw.decode(encoding)
        except UnicodeDecodeError:
            continue
    return info.filename


def _check(archive: zipfile.ZipFile, bounds: Bounds) -> None:
    members = archive.infolist()
    if len(members) > bounds.members:
        raise Unreadable("bomb", f"{len(members)} members, at most {bounds.members}")
    total = sum(info.file_size for info in members)
    if total > bounds.unpacked:
        raise Unreadable("bomb", f"unpacks to {total // MIB} MiB")
    _check_names(members)
    for info in members:
        _check_member(info, bounds)
    refuse_overlaps(members)
    _check_nesting(archive, members, bounds)


def _check_member(info: zipfile.ZipInfo, bounds: Bounds) -> None:
    if info.flag_bits & _ENCRYPTED:
        raise Unreadable("encrypted", info.filename)
    if stat.S_ISLNK(info.external_attr >> 16):
        raise Unreadable("unsafe_path", f"{info.filename} is a link")
    if info.file_size > MIB and info.file_size > bounds.ratio * max(info.compress_size, 1):
        raise Unreadable("bomb", f"{info.filename} unpacks to {info.file_size // MIB} MiB")


def _check_names(members: list[zipfile.ZipInfo]) -> None:
    seen: set[str] = set()
    for info in members:
        name = member_name(info)
        if not info.filename:  # zipfile's own is_dir fails on it
            raise Unreadable("unsafe_path", "a member without a name")
        if not info.is_dir():
            safe_parts(name)
        elif ".." in PurePosixPath(name.replace("\\", "/")).parts or name.startswith("/"):
            raise Unreadable("unsafe_path", f"{name!r} leads outside the package")
        folded = unicodedata.normalize("NFC", name.replace("\\", "/")).casefold()
        if folded in seen:
            raise Unreadable("unsafe_path", f"{name} is there twice")
        seen.add(folded)


def refuse_overlaps(members: list[zipfile.ZipInfo]) -> None:
    """``Unreadable("bomb")`` where members share bytes: one packed block unpacked many times (Fifield).

    To be asked before a member is read: some versions of zipfile refuse it as damaged.
    """
    end = 0
    for info in sorted(members, key=lambda info: info.header_offset):
        if info.header_offset < end:
            raise Unreadable("bomb", f"{info.filename} overlaps another member")
        name = len(info.orig_filename.encode("utf-8" if info.flag_bits & _UTF8_NAMES else "cp437"))
        end = info.header_offset + _LOCAL_HEADER + name + info.compress_size


def _check_nesting(
    archive: zipfile.ZipFile, members: list[zipfile.ZipInfo], bounds: Bounds
) -> None:
    """Archives inside archives, to the depth allowed, within the same unpacked bound."""
    if bounds.nesting is None:
        return
    inner = [info for info in members if info.filename.lower().endswith(_ARCHIVES)]
    if inner and bounds.nesting <= 0:
        raise Unreadable("bomb", f"{inner[0].filename}: archive in an archive in an archive")
    left = bounds.unpacked - sum(info.file_size for info in members)
    for info in inner:
        data = read_member(archive, info.filename, min(info.file_size, 256 * MIB))
        if not data.startswith(b"PK"):
            continue
        below = replace(bounds, unpacked=left, nesting=bounds.nesting - 1)
        with open_archive(io.BytesIO(data), below) as nested:
            left -= sum(member.file_size for member in nested.infolist())
