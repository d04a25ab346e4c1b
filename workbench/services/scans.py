"""Scans of signed pages: kept among the evidence, by their content."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import InputError
from workbench.readers.errors import Unreadable
from workbench.readers.storing import safe_open
from workbench.services.intake import reading_limits
from workbench.services.workspace import Workspace


def keep_scan(workspace: Workspace, path: Path) -> str:
    """Keep the scan of a signed page; returns its SHA-256, by which a reply names it.

    Raises
    ------
    InputError
        If it is no ordinary file, or empty.
    StoreError
        If it is larger than any evidence may be.
    """
    largest = reading_limits(workspace).media_mib << 20
    try:
        with safe_open(path) as source:
            return workspace.evidence.take(source, path.name, largest).sha256
    except Unreadable as refused:
        raise InputError(
            f"scan {path.name} cannot be taken in ({refused}). Give the file itself.",
            key="hold.scan_unreadable",
            file=path.name,
            code=refused.code,
        ) from refused
