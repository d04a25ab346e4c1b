"""Write the files with which outsiders fit the facets model of a table again."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from workbench.errors import InputError
from workbench.exports.facets_files import facets_files
from workbench.services.facets_rows import coded, ratings_of_table


def export_facets(
    source: Path, report: Mapping[str, Any], scale: Sequence[str], folder: Path, secret_seed: int
) -> list[Path]:
    """Write de-identified ratings, inputs of FACETS, TAM and mfrmr, and what they should find.

    Parameters
    ----------
    source : the table that was fitted
    report : of its marginal fit
    folder : made where it is not there; nothing in it is written over
    secret_seed : of the order of the codes; who knows it and the names can undo them

    Raises
    ------
    InputError
        If a file is there already, or cannot be written.
    """
    ratings = coded(ratings_of_table(source), scale)
    return write_files(facets_files(ratings, report, secret_seed), folder)


def write_files(files: Mapping[str, str], folder: Path) -> list[Path]:
    """Write texts by name into a folder, made where it is not there; nothing is written over.

    Raises
    ------
    InputError
        If a file is there already, or cannot be written.
    """
    written = []
    for name, words in files.items():
        path = folder / name
        try:
            folder.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8", newline="\n") as file:
                file.write(words)
        except OSError as refused:
            raise InputError(
                f"{path.name} cannot be written in {folder} ({refused.strerror}). Name a new folder.",
                key="facets.not_written",
                file=path.name,
                folder=str(folder),
                reason=str(refused.strerror),
            ) from refused
        written.append(path)
    return written
