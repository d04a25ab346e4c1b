"""An evidence package: a folder or a zip with a manifest and the files it names."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from workbench.errors import InputError
from workbench.readers.archives import unpack
from workbench.readers.errors import Unreadable
from workbench.readers.limits import Limits

MANIFESTS = ("manifest.xlsx", "manifest.csv", "manifest.xls")


@contextmanager
def opened(package: Path, limits: Limits) -> Iterator[Path]:
    """Folder of a package; a zip is checked whole and unpacked to a folder that goes again.

    Raises
    ------
    InputError
        If it is neither, or the zip is damaged, a bomb, or leads outside itself.
    """
    if package.is_dir():
        yield package
        return
    if not package.is_file():
        raise InputError(
            f"there is no package at {package}: a folder or a .zip was expected.",
            key="package.missing",
            package=str(package),
        )
    with tempfile.TemporaryDirectory(prefix="workbench-package-") as folder:
        try:
            unpack(package, Path(folder), limits)
        except Unreadable as refused:
            raise InputError(
                f"package {package.name} cannot be opened ({refused}). Pack the folder anew.",
                key="package.refused",
                package=package.name,
                code=refused.code,
                detail=refused.detail,
            ) from refused
        yield _inner(Path(folder))


def manifest_of(folder: Path) -> Path:
    """Return the package's manifest; InputError names the way out where there is none."""
    for name in MANIFESTS:
        if (folder / name).is_file():
            return folder / name
    raise InputError(
        f"{folder.name} has no manifest ({', '.join(MANIFESTS)}). "
        "Write one with `workbench intake draft FOLDER`.",
        key="package.no_manifest",
        folder=folder.name,
    )


def _inner(folder: Path) -> Path:
    """Return the folder with the manifest: the zip's own root, or its only folder."""
    inside = [entry for entry in folder.iterdir() if not entry.name.startswith("__MACOSX")]
    if len(inside) == 1 and inside[0].is_dir():
        return inside[0]
    return folder
