"""What ``workbench verify`` finds and says, line by line; nothing here loads click."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

from workbench.messages import text
from workbench.moments import moment_words

if TYPE_CHECKING:
    from workbench.services.verdict import Report


class Asked(NamedTuple):
    """What was asked of ``verify``: ``trust`` is a file of keys, None for the workspace's own."""

    folder: Path
    files: tuple[Path, ...]
    trust: Path | None = None
    ledgers: tuple[Path, ...] = ()
    as_json: bool = False


def answer(asked: Asked) -> tuple[str, bool]:
    """Verify the files: what to print, and whether all of it is proven.

    Raises
    ------
    WorkbenchError
        If a file is no sheet, or the keys cannot be read.
    """
    from workbench.services.trust import keys_of_file, keys_of_folder, ledgers_of_folder
    from workbench.services.verification import verify_sheet

    keys = keys_of_file(asked.trust) if asked.trust else keys_of_folder(asked.folder)
    at_hand = asked.ledgers or ledgers_of_folder(asked.folder)
    reports = [(file, verify_sheet(file, keys, at_hand)) for file in dict.fromkeys(asked.files)]
    if asked.as_json:
        rows = [{"file": str(file), **report.as_json()} for file, report in reports]
        said = json.dumps(rows, ensure_ascii=False, indent=2)
    else:
        own = bool(keys) and asked.trust is None
        said = "\n".join(_lines(reports, asked.folder if own else None))
    return said, all(report.ok for _, report in reports)


def _lines(reports: Sequence[tuple[Path, Report]], own_keys: Path | None) -> Iterator[str]:
    if own_keys is not None:
        yield text("sheets.own_keys", folder=own_keys)
    for file, report in reports:
        yield from _of_file(file, report)


def _of_file(file: Path, report: Report) -> Iterator[str]:
    key = "proven" if report.ok else "not_proven"
    if report.ok:
        key = "paper" if report.proven else "standing" if report.ledger_as_of else key
    yield text(
        f"sheets.{key}",
        file=file.name,
        checked=report.checked,
        as_of=moment_words(report.as_of),
        origin=report.origin,
        ledger_as_of=moment_words(report.ledger_as_of),
    )
    for sentence in (*(fault.sentence for fault in report.faults), *report.proven):
        yield "  " + sentence
    for stated in report.stated if report.ok else ():
        yield "  " + stated
