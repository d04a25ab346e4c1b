"""Open an office file as a package of XML parts, within limits and without entities."""

from __future__ import annotations

import io
import zipfile
import zlib
from dataclasses import dataclass
from typing import Any, NoReturn
from xml.etree import ElementTree  # the standard parser loads in a fifth of lxml's time

from workbench.errors import InputError

MOST_PARTS = 500
LARGEST_PART = 64 * 1024 * 1024
LARGEST_WHOLE = 200 * 1024 * 1024


class _DeclaredError(Exception):
    """A part has a document type, the place where entities come from."""


class _Tree(ElementTree.TreeBuilder):
    """Builds the elements of a part, and stops where a document type is declared."""

    def doctype(self, name: str, pubid: str | None, system: str | None) -> NoReturn:  # noqa: ARG002
        """Stop before anything of the declaration is read."""
        raise _DeclaredError


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
            return _root(self.parts[part])
        except (KeyError, SyntaxError, ValueError, LookupError) as fault:  # of either parser
            raise broken(self.name, f"{part}: {fault}") from fault


def _root(data: bytes) -> Any:
    """Root element; one with a document type is left to lxml, which resolves no entity."""
    try:
        return ElementTree.fromstring(data, ElementTree.XMLParser(target=_Tree()))
    except _DeclaredError:
        from lxml import etree  # no office file is written so; loading it costs as much as a sheet

        safely = etree.XMLParser(
            resolve_entities=False, no_network=True, load_dtd=False, huge_tree=False
        )
        return etree.fromstring(data, safely)


def open_package(name: str, data: bytes) -> Package:
    """Unpack an office file; InputError where it is no zip, broken or unreasonably large."""
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            infos = archive.infolist()
            sizes = [info.file_size for info in infos]
            if len(infos) > MOST_PARTS or max(sizes, default=0) > LARGEST_PART:
                raise broken(name, "more or larger parts than a sheet has")
            if sum(sizes) > LARGEST_WHOLE or len({info.filename for info in infos}) < len(infos):
                raise broken(name, "too large, or two parts of one name")
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
        raise broken(name, str(fault)) from fault


def local(element: Any) -> str:
    """Name of an element without its namespace; empty for comments and instructions."""
    tag = element.tag
    return tag.rpartition("}")[2] if isinstance(tag, str) else ""


def broken(name: str, reason: str) -> InputError:
    """Error for a file that cannot be taken apart, with the reason."""
    return InputError(
        f"{name} is no readable docx, xlsx or pdf ({reason}). "
        "Ask the school for the file as it was issued.",
        key="sheet.broken",
        file=name,
        reason=reason,
    )
