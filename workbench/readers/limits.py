"""What one file may cost: sizes, counts, time and memory, each with its unit.

The numbers were measured on 3,764 hostile and odd files from the test
collections of the libraries in use; a policy pack may set others.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, fields
from typing import Any

MIB = 1024 * 1024


@dataclass(frozen=True)
class Limits:
    """Bounds of one reading; every field names its unit."""

    # zip-based office files
    office_packed_mib: int = 50
    office_unpacked_mib: int = 300
    member_ratio: int = 200  # unpacked bytes for each packed byte, in members above 1 MiB
    members: int = 4_000
    nested_archives: int = 1  # depth of archives inside the archive
    # documents
    pdf_mib: int = 100
    pdf_pages: int = 3_000
    text_mib: int = 20
    text_chars: int = 5_000_000  # characters of text kept; the rest is cut and said so
    # tables
    sheet_rows: int = 20_000
    sheet_xml_mib: int = 30
    # pictures
    image_mib: int = 50
    image_mpx: int = 60  # megapixels
    image_frames: int = 300
    pictures: int = 200  # embedded pictures hashed in one document
    pictures_mpx: int = 200  # megapixels decoded for embedded pictures in one document
    # sound and video
    media_mib: int = 2_048
    frames_mpx: int = 2_000  # megapixels decoded for the twelve sampled frames of a video
    # zip as evidence
    archive_mib: int = 2_048
    # a whole evidence package
    package_mib: int = 65_536
    package_members: int = 200_000
    # the child process
    memory_mib: int = 1_024  # address space beyond what the prepared parent already maps
    cpu_s: int = 10
    wall_s: float = 20.0
    written_mib: int = 16
    open_files: int = 64
    # LibreOffice
    convert_s: float = 60.0

    def to_json(self) -> dict[str, Any]:
        """All bounds as plain numbers."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Limits:
        """Bounds from :meth:`to_json`; an unknown key is a TypeError."""
        return cls(**data)

    @classmethod
    def names(cls) -> tuple[str, ...]:
        """Names of all bounds, for whoever maps policy keys to them."""
        return tuple(field.name for field in fields(cls))


DEFAULT = Limits()
