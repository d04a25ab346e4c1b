"""What people send in from the browser: kept whole on disk until a job takes it in."""

from __future__ import annotations

import json
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import IO

from workbench.errors import InputError, RefusedError
from workbench.services.acting import act_of
from workbench.services.roles import authorise
from workbench.services.workspace import Fresh, Workspace

LARGEST_MIB = 4096
"""Most one upload may bring: a package of videos of 1 GiB each, the largest the norm lets in."""
ENDINGS = (".zip", ".csv", ".xlsx", ".xls", ".pdf", ".png", ".jpg", ".jpeg", ".docx")
_SPARE_MIB = 512


@dataclass(frozen=True)
class Upload:
    """One file that was sent in."""

    upload_id: str
    name: str
    bytes: int
    path: Path


class Receiving:
    """A file on its way in; ``write`` refuses what is more than allowed."""

    def __init__(self, file: IO[bytes], name: str) -> None:
        self._file, self._name, self.size = file, name, 0

    def write(self, block: bytes) -> None:
        """Add a block; InputError where the file grows too large."""
        self.size += len(block)
        if self.size > LARGEST_MIB << 20:
            raise InputError(
                f"{self._name} is larger than {LARGEST_MIB} MiB. Split the package.",
                key="upload.too_large",
                file=self._name,
                most=LARGEST_MIB,
            )
        self._file.write(block)


def may_upload(workspace: Workspace, person_id: str, at: datetime) -> None:
    """Refuse whoever may not start jobs; RefusedError."""
    with workspace.store() as store:
        authorise(store, act_of(person_id, at), "job.start")


@contextmanager
def receive(
    workspace: Workspace, person_id: str, name: str, at: datetime, fresh: Fresh
) -> Iterator[tuple[Receiving, str]]:
    """Take in one file block by block; nothing stays where anything fails.

    Yields what to write to, and the identifier the upload will have.

    Raises
    ------
    InputError
        If the name says a form nothing here reads, or the file is too large.
    RefusedError
        If the disk has too little room left.
    """
    written = _file_name(name)
    folder = workspace.folder / "uploads"
    folder.mkdir(mode=0o700, exist_ok=True)
    if shutil.disk_usage(folder).free < _SPARE_MIB << 20:
        raise RefusedError(
            "the disk of the server is almost full. Free some room first.", key="upload.no_room"
        )
    upload_id = fresh(12).hex()
    taking = folder / f".taking-{upload_id}"
    try:
        with taking.open("wb") as file:
            receiving = Receiving(file, written)
            yield receiving, upload_id
            file.flush()
            os.fsync(file.fileno())
        place = folder / upload_id
        place.mkdir(mode=0o700)
        taking.replace(place / written)
        told = {"name": written, "bytes": receiving.size, "by": person_id, "at": at.isoformat()}
        (place / "upload.json").write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    finally:
        taking.unlink(missing_ok=True)


def upload(workspace: Workspace, person_id: str, upload_id: str) -> Upload:
    """One's own upload; InputError where there is none of that id."""
    place = workspace.folder / "uploads" / Path(upload_id).name
    try:
        told = json.loads((place / "upload.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        told = {}
    if not upload_id or told.get("by") != person_id:
        raise InputError(
            f"there is no upload {upload_id}. Send the file again.",
            key="upload.missing",
            upload=upload_id,
        )
    return Upload(upload_id, told["name"], told["bytes"], place / told["name"])


def _file_name(name: str) -> str:
    """Last part of the name a browser gave, without what a file system or a shell minds."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    kept = "".join(sign for sign in last if sign.isprintable() and sign not in '<>:"|?*').strip(
        ". "
    )
    if not kept.lower().endswith(ENDINGS):
        raise InputError(
            f"{last}: files of the forms {', '.join(ENDINGS)} are taken.",
            key="upload.form",
            file=last,
            forms="、".join(ENDINGS),
        )
    return kept[-120:]
