"""Recall 召回: a rater's reads count no longer, their results are held, and others read again.

Nothing is deleted: a recalled read stays on record, a case holds the results it
bore on, and each piece goes to a fresh reader. The calibration lock recalls by
the policy's rule; a case about a rater recalls when two people have decided so.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass

from models.recalls import counting_reads
from models.store import Act, Store, Transaction
from rubrics.canonical import digest
from workbench.services.assignments import follow_up_all
from workbench.services.case_opening import NewCase, open_cases
from workbench.services.workspace import Workspace

CODE = "recalled_reads"


@dataclass(frozen=True)
class Recalled:
    """What a recall came to.

    ``hold_id`` is the case, empty where there was nothing to recall.
    """

    rater_id: str
    hold_id: str
    reads: tuple[int, ...]
    pieces: tuple[str, ...]


def recall_reads(
    store: Store,
    tx: Transaction,
    rater_id: str,
    cause: str,
    act: Act,
    due_days: int,
    since: str = "",
) -> Recalled:
    """Take a rater's reads out of the count and hold their results, within a transaction.

    ``reallocate`` has them read again, once the transaction is over.

    Parameters
    ----------
    rater_id : str
    cause : str
        Kept with each read: ``calibration:drift``, ``calibration:two_levels``, ``hold:h0007``.
    act : Act
        Who did what led to it; authorised before.
    due_days : int
        Working days within which the rater may answer.
    since : str
        UTC time of the last good check, as ``models.store.instant`` writes it;
        reads given after it are recalled, all of the round where it is empty.
    """
    rows = counting_reads(store, rater_id, since)
    if not rows:
        return Recalled(rater_id, "", (), ())
    reads = tuple(row["read_id"] for row in rows)
    pieces = tuple(dict.fromkeys(row["piece_id"] for row in rows))
    submissions = tuple(dict.fromkeys(row["submission_id"] for row in rows))
    flag = _flag(rater_id, since, cause, reads)
    tx.insert("flag", [flag])
    case = NewCase(CODE, flag["flag_id"], submissions)
    (hold_id,) = open_cases(store, tx, [case], f"rule:{cause}", act, due_days)
    gone = [{"read_id": read, "hold_id": hold_id, "cause": cause} for read in reads]
    tx.insert("recalled_read", gone)
    return Recalled(rater_id, hold_id, reads, pieces)


def reallocate(
    store: Store, workspace: Workspace, pieces: Iterable[str], act: Act
) -> tuple[str, ...]:
    """Give recalled or reopened pieces to fresh readers; those for whom there is none are returned.

    `workbench allocate` says why nobody is free for them.
    """
    wished = tuple(pieces)
    given = follow_up_all(store, workspace, wished, act)
    return tuple(piece for piece in wished if piece not in given)


def _flag(rater_id: str, since: str, cause: str, reads: tuple[int, ...]) -> dict[str, str]:
    """Row of the flag the case rests on: which reads, since when, and why."""
    told = {"rater": rater_id, "n": len(reads), "since": since}
    variant = "sentence" if since else "whole_round"
    exhibit = {"variant": variant, "values": told, "cause": cause, "reads": list(reads)}
    return {
        "flag_id": "f" + digest([CODE, rater_id, list(reads)])[:12],
        "code": CODE,
        "subject": "rater",
        "ids": json.dumps([rater_id]),
        "tier": "fact",
        "effect": str(len(reads)),
        "p": "",
        "q": "",
        "exhibit": json.dumps(exhibit, ensure_ascii=False),
    }
