"""What many commands share: options, tables by column name, levels in words, and progress."""

from __future__ import annotations

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TypeVar

import click

from workbench.commands.printing import print_table
from workbench.messages import text

F = TypeVar("F", bound=Callable[..., Any])
Tick = Callable[[int, int], None]
"""Called with how much is done and how much there is."""

existing_file = click.Path(exists=True, dir_okay=False, path_type=Path)
new_file = click.Path(dir_okay=False, path_type=Path)
folder = click.Path(file_okay=False, path_type=Path)


def school_option(command: F) -> F:
    """Add ``--school``, which may be given several times: an id or a full name."""
    option = click.option(
        "--school", "schools", multiple=True, help="学校编号或全称，可多次给出 / id or full name"
    )
    return option(command)


def reason_option(command: F) -> F:
    """Add ``--reason``, required: the words are kept with the act."""
    return click.option("--reason", required=True, help="理由，随记录保存 / reason, kept")(command)


def print_columns(names: Sequence[str], rows: Iterable[Mapping[str, Any]]) -> None:
    """Print rows under the headings of these columns; the first column stays on one line."""
    headings = [text(f"column.{name}") for name in names]
    print_table(headings, ([_cell(row.get(name)) for name in names] for row in rows))


def _cell(value: object) -> str:
    return "" if value is None else str(value)


def level_words(level: object) -> str:
    """Level in the language of the run; empty where there is none."""
    return text(f"level.{level}") if level else ""


def subject_words(competency: str) -> str:
    """Code of a competency, or the word for the conclusion."""
    return competency or text("results.conclusion")


@contextmanager
def progress(label: str) -> Iterator[Tick]:
    """Show a bar on standard error while something long runs; nothing where that is no terminal.

    A job of the app names a file in ``WORKBENCH_PROGRESS``, where it reads how far the work is.
    """
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    noted = os.environ.get("WORKBENCH_PROGRESS", "")
    note = _noting(Path(noted)) if noted else None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn())
    bars = Progress(
        *columns,
        TimeElapsedColumn(),
        console=Console(stderr=True),
        disable=not sys.stderr.isatty(),
        transient=True,
    )
    with bars:
        task = bars.add_task(label, total=None)

        def tick(done: int, total: int) -> None:
            bars.update(task, completed=done, total=total)
            if note is not None:
                note(done, total)

        yield tick


def _noting(path: Path) -> Tick:
    """Write how far the work is to a file, a few times a second; it is never seen half written."""
    next_at = 0.0

    def note(done: int, total: int) -> None:
        nonlocal next_at
        if done < total and time.monotonic() < next_at:
            return
        next_at = time.monotonic() + 0.25
        part = path.with_suffix(".part")
        part.write_text(f"{done} {total}", encoding="ascii")
        part.replace(path)

    return note
