"""A mapping of columns to keys: proposed, confirmed by people, kept and used again."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from workbench import messages
from workbench.errors import InputError
from workbench.formats.cells import normal
from workbench.formats.vocabulary import NAMES

EXACT = 1.0


@dataclass(frozen=True)
class Column:
    """One column: where it stands (from 0), its header, and the key proposed for it.

    ``confidence`` runs from 0 (nothing known) to 1 (the key or our own header);
    below .9 the key is a suspicion and ``used`` is false until confirmed.
    """

    index: int
    header: str
    key: str | None
    confidence: float
    used: bool


@dataclass(frozen=True)
class Doubt:
    """A question about one column; the sentence stands in the locale under ``roster.doubt``."""

    code: str
    header: str
    key: str
    other: str = ""

    def sentence(self) -> str:
        """Ask it in the language of the run."""
        return messages.text(
            f"roster.doubt.{self.code}",
            header=self.header,
            name=NAMES[self.key][0],
            key=self.key,
            other=self.other,
        )


@dataclass(frozen=True)
class ProposedMapping:
    """How the columns of one table are read.

    ``header_row`` and ``first_row`` count from 1: the first row of the header
    and the first row below it.
    """

    kind: str
    header_row: int
    first_row: int
    columns: tuple[Column, ...]
    doubts: tuple[Doubt, ...] = ()

    @property
    def keys(self) -> dict[str, Column]:
        """Columns in use by their key."""
        return {column.key: column for column in self.columns if column.used and column.key}

    @property
    def unknown(self) -> tuple[str, ...]:
        """Headers kept as notes."""
        return tuple(column.header for column in self.columns if not column.used and column.header)

    def header(self, key: str) -> str:
        """Header of a key as it stands in the file; our own where the column is absent."""
        column = self.keys.get(key)
        return column.header if column else NAMES[key][0]

    def missing(self, required: Iterable[str]) -> tuple[str, ...]:
        """Required keys no column stands for."""
        return tuple(key for key in required if key not in self.keys)

    def confirmed(self, choices: Mapping[str, str | None] | None = None) -> ProposedMapping:
        """Take the mapping as people confirmed it.

        Parameters
        ----------
        choices : mapping of header to key
            What people decided; None keeps a column as a note. Headers left
            out stay as proposed, suspicions unused.

        Raises
        ------
        InputError
            If a header is not in the table, or one key is given twice.
        """
        chosen = {normal(header): key for header, key in (choices or {}).items()}
        present = {normal(column.header) for column in self.columns}
        for header, key in (choices or {}).items():
            if normal(header) not in present:
                raise _no_such_header(header, self.columns)
            if key is not None and key not in NAMES:
                raise _no_such_key(key)
        columns = tuple(_as_chosen(column, chosen) for column in self.columns)
        taken = [column.key for column in columns if column.used]
        twice = sorted({key for key in taken if key and taken.count(key) > 1})
        if twice:
            raise InputError(
                f"two columns are given for {', '.join(twice)}; each may stand for one only. "
                "Keep the other as a note.",
                key="formats.key_twice",
                keys=", ".join(twice),
            )
        return replace(self, columns=columns, doubts=())

    def to_json(self) -> str:
        """Text to keep: which header stands for which key, notes included."""
        headers = {c.header: (c.key if c.used else None) for c in self.columns if c.header}
        return json.dumps({"kind": self.kind, "headers": headers}, ensure_ascii=False, indent=1)


@dataclass(frozen=True)
class RememberedMapping:
    """A mapping people confirmed once, by header text; the columns may come in another order."""

    kind: str
    headers: Mapping[str, str | None]

    @classmethod
    def from_json(cls, text: str) -> RememberedMapping:
        """Read what ``ProposedMapping.to_json`` wrote; InputError for anything else."""
        try:
            read: dict[str, Any] = json.loads(text)
            headers = {normal(str(h)): key for h, key in dict(read["headers"]).items()}
            kind = str(read["kind"])
        except (ValueError, KeyError, TypeError) as error:
            raise InputError(
                f"the kept column mapping cannot be read ({error}). Confirm the columns anew.",
                key="formats.bad_mapping",
            ) from error
        for key in headers.values():
            if key is not None and key not in NAMES:
                raise _no_such_key(str(key))
        return cls(kind, headers)


def _as_chosen(column: Column, chosen: Mapping[str, str | None]) -> Column:
    if normal(column.header) not in chosen:
        return column
    key = chosen[normal(column.header)]
    return replace(column, key=key, confidence=EXACT if key else 0.0, used=key is not None)


def _no_such_header(header: str, columns: Sequence[Column]) -> InputError:
    present = "、".join(column.header for column in columns if column.header)
    return InputError(
        f"no column is headed {header!r}; the table has {present}.",
        key="formats.no_such_header",
        header=header,
        headers=present,
    )


def _no_such_key(key: str) -> InputError:
    return InputError(
        f"{key!r} is not a column this product knows; see the table of keys in docs/formats.md.",
        key="formats.no_such_key",
        name=key,
    )
