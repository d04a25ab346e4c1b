"""What verifying a sheet comes to: faults in words, and what the sheet is valid for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from models.errors import LedgerError
from models.ledger.notes import VerifierKey, open_checkpoint
from rubrics.canonical import Json
from workbench.messages import explain, text


@dataclass(frozen=True)
class Fault:
    """One thing that is not proven.

    ``code`` is ``payload``, ``key``, ``signature``, ``origin``, ``entry``,
    ``inclusion``, ``identity``, ``rubric``, ``policy``, ``scope``, ``complete``,
    ``printed``, ``code`` (a printed code that proves nothing by itself), or, where
    the ledger is at hand, ``ledger``, ``fork``, ``superseded``, ``voided``;
    ``place`` names the ledger entry or the printed cell.
    """

    code: str
    place: str
    sentence: str
    expected: str = ""
    found: str = ""


@dataclass(frozen=True)
class Report:
    """What verifying a sheet found.

    ``checked`` counts ledger entries; ``first_fault`` is the place of the
    first fault, None where there is none; ``as_of`` is the time of the last
    entry on the sheet (UTC): what the ledger said later is not in the file.
    ``stated`` lists what the sheet prints and the ledger does not prove.
    ``ledger_as_of`` is the time of the last entry of the ledger at hand, which
    the sheet was held against; empty where there was none. ``proven`` are the
    sentences a printed code proves, to be compared with the paper by eye; ``seqs``
    are the numbers of the entries.
    """

    ok: bool
    checked: int
    first_fault: str | None
    faults: tuple[Fault, ...]
    as_of: str
    kind: str = ""
    origin: str = ""
    stated: tuple[str, ...] = ()
    ledger_as_of: str = ""
    proven: tuple[str, ...] = ()
    seqs: tuple[int, ...] = ()

    def as_json(self) -> dict[str, Json]:
        """Flat object for ``--json``."""
        made: dict[str, Json] = json.loads(json.dumps(asdict(self)))
        return made


def fault(code: str, place: str, key: str, /, **values: object) -> Fault:
    """Make a fault; its sentence is ``verify.KEY``, filled with the values."""
    expected, found = (str(values.get(one, "")) for one in ("expected", "found"))
    return Fault(code, place, text(f"verify.{key}", **values), expected, found)


def report(
    faults: Sequence[Fault],
    entries: Sequence[Mapping[str, Any]] = (),
    kind: str = "",
    origin: str = "",
) -> Report:
    """Sum a sheet up: what its entries say, and what is wrong with it."""
    return Report(
        ok=not faults,
        checked=len(entries),
        first_fault=faults[0].place if faults else None,
        faults=tuple(faults),
        as_of=max((str(one.get("posted_at", "")) for one in entries), default=""),
        kind=kind,
        origin=origin,
        seqs=tuple(int(one["seq"]) for one in entries),
    )


def signature_faults(checkpoint: str, keys: Sequence[VerifierKey]) -> Iterator[Fault]:
    """Whether a trusted key of its own origin signed a checkpoint."""
    if not keys:
        yield fault("key", "checkpoint", "key")
        return
    try:
        open_checkpoint(checkpoint, keys)
    except LedgerError as error:
        yield fault("signature", "checkpoint", "signature", reason=explain(error))
