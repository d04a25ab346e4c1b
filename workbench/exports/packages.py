"""Open an office file as a package of XML parts, within limits and without entities."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any

from lxml import etree

from workbench.errors import InputError

MOST_PARTS = 500
LARGEST_PART = 64 * 1024 * 1024
LARGEST_WHOLE = 200 * 1024 * 1024


@dataclass(frozen=True)
class Package:
    """Parts of an office file by name."""

    name: str
    parts: dict[str, bytes]

    def __contains__(self, part: str) -> bool:
        return part in self.parts

    def under(self, folder: str) -> tuple[bytes, ...]:
        """Contents of the parts of a folder, by name."""
        return tuple(self.parts[one] for one in sorted(self.parts) if one.startswith(folder))

    def xml(self, part: str) -> Any:
        """Root element of a part; InputError where it is missing or no XML."""
        try:
            return etree.fromstring(self.parts[part], _parser())
        except (KeyError, etree.XMLSyntaxError, ValueError) as fault:
            raise _broken(self.name, f"{part}: {fault}") from fault


def open_package(name: str, data: bytes) -> Package:
    """Unpack an office file; InputError where it is no zip, broken or unreasonably large."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            sizes = [info.file_size for info in infos]
            if len(infos) > MOST_PARTS or max(sizes, default=0) > LARGEST_PART:
                raise _broken(name, "more or larger parts than a sheet has")
            if sum(sizes) > LARGEST_WHOLE or len({info.filename for info in infos}) < len(infos):
                raise _broken(name, "too large, or two parts of one name")
            return Package(name, {info.filename: archive.read(info) for info in infos})
    except (
        zipfile.BadZipFile,
        zlib.error,
        EOFError,
        NotImplementedError,
        RuntimeError,
        OSError,
        ValueError,
    ) as fault:
        raise _broken(name, str(fault)) from fault


def local(element: Any) -> str:
    """Name of an element without its namespace; empty for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def _parser() -> Any:
    return etree.XMLParser(resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False)


def _broken(name: str, reason: str) -> InputError:
    return InputError(
        f"{name} is no readable docx, xlsx or pdf ({reason}). "
        "Ask the school for the file as it was issued.",
        key="sheet.broken",
        file=name,
        reason=reason,
    )
