"""What a ledger at hand says of a sheet: whether it continues its checkpoint, and what came later."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from models.errors import LedgerError
from models.ledger.notes import Checkpoint, VerifierKey, open_checkpoint
from workbench.messages import explain
from workbench.services.verdict import Fault, fault


class Later(NamedTuple):
    """What was found; ``as_of`` is the time of the ledger's last entry, empty where none is at hand."""

    faults: tuple[Fault, ...] = ()
    as_of: str = ""


def held_against(
    ledgers: Sequence[Path],
    head: Checkpoint,
    leaves: Mapping[int, bytes],
    keys: Sequence[VerifierKey],
) -> Later:
    """Hold a sheet's entries against the ledger of its origin, if that is at hand.

    Parameters
    ----------
    ledgers : sequence of Path
    head : Checkpoint
        The sheet's.
    leaves : mapping of bytes
        Leaf hash of each entry on the sheet, by number.
    keys : sequence of VerifierKey
        A ledger none of them signed is a fault, and says nothing else.
    """
    found = [path for path in ledgers if _origin(path) == head.origin]
    if not found:
        return Later()
    try:
        return _compared(found[0], head, leaves, keys)
    except LedgerError as error:
        return Later((fault("ledger", "ledger", "ledger", reason=explain(error)),))


def _compared(
    path: Path, head: Checkpoint, leaves: Mapping[int, bytes], keys: Sequence[VerifierKey]
) -> Later:
    from models.ledger.reading import latest_checkpoint, read_entries, root_at  # loads SQLite

    now = open_checkpoint(latest_checkpoint(path), keys)
    entries = list(read_entries(path))
    as_of = str(entries[-1]["posted_at"])
    if now.size < head.size:  # a copy from before the sheet was made: it cannot tell
        return Later()
    if root_at(path, head.size) != head.root or root_at(path, now.size) != now.root:
        return Later((fault("fork", "checkpoint", "fork", size=head.size),), as_of)
    return Later(tuple(_replaced(entries, leaves)), as_of)


def _replaced(entries: Sequence[Mapping[str, Any]], leaves: Mapping[int, bytes]) -> Iterator[Fault]:
    """Entries that replace or void one of the sheet's."""
    for said in entries:
        seq = said.get("supersedes")
        if seq in leaves:
            code = "voided" if said["kind"] == "void" else "superseded"
            told = {"seq": seq, "by": said["seq"], "at": said["posted_at"]}
            yield fault(code, f"entry {seq}", code, **told)


def _origin(path: Path) -> str:
    """Origin of a ledger; empty where it cannot be read."""
    from models.ledger.reading import latest_checkpoint

    try:
        return latest_checkpoint(path).split("\n", 1)[0]
    except LedgerError:
        return ""
