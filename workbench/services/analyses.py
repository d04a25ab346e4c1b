"""Stored analyses: what took long to compute is kept once, and every page reads it from there.

An analysis is for a scope: one school, or the whole workspace. It is never
changed; the newest one counts, and says how much has been written since.
"""

from __future__ import annotations

import hashlib
import json
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

import numpy as np

from models.analyses import newest_analysis, reads_since, reopened_since
from models.audit_trail import last_seq
from models.errors import StoreError
from models.store import Act, Row, Store
from rubrics.canonical import digest, exact
from workbench.errors import RefusedError
from workbench.services.roles import authorise, person_of, scope_of
from workbench.services.workspace import Workspace

Payload = Any
"""What an analysis came to: lists and objects of texts, numbers, truth values and nulls."""

AT_ONCE = 2_000
"""Reads up to which a page computes what nobody stored; not policy, it changes no number.

A thousand pieces read twice: agreement and severity of so many take less than a second.
"""


@dataclass(frozen=True)
class Analysis:
    """An analysis as it was stored, and how old it is.

    ``scope`` is a school, None the whole workspace. ``data_version`` is the line
    of the audit log up to which the data were read; ``reads_since`` and
    ``reopened_since`` count reads and reopenings of the scope's pieces after it.
    ``policy`` is the digest of the pack it was made under, ``digest`` is over
    everything but who made it and when.
    """

    kind: str
    scope: str | None
    payload: Payload
    parameters: Mapping[str, Any]
    random_seed: int
    policy: str
    data_version: int
    made_at: str
    actor: str
    digest: str
    reads_since: int
    reopened_since: int


def analyse(
    workspace: Workspace,
    kind: str,
    compute: Callable[[str | None], Payload],
    act: Act | None,
    *,
    parameters: Mapping[str, Any] | None = None,
    random_seed: int = 1,
) -> Payload:
    """Compute an analysis of as much as the actor acts for, and store it.

    Without an actor it is of the whole workspace and is not stored: looking on
    the command line needs no name, writing does.

    Parameters
    ----------
    compute : callable
        Given the scope (a school, or None for all), gives the payload.
    parameters : mapping or None
        What was asked for beyond the policy; a page finds its analysis by them.
    random_seed : int
        The one ``compute`` used.

    Returns
    -------
    payload
        As `last_analysis` will give it.

    Raises
    ------
    RefusedError
        If the actor may store none; and whatever ``compute`` raises.
    """
    if act is None:
        return plain(compute(None))
    scope = scope_of_actor(workspace, act)
    with workspace.store() as store:
        version = last_seq(store)
    made = plain(compute(scope))
    store_analysis(
        workspace,
        kind,
        made,
        act,
        scope=scope,
        data_version=version,
        parameters=parameters,
        random_seed=random_seed,
    )
    return made


def store_analysis(
    workspace: Workspace,
    kind: str,
    payload: Payload,
    act: Act,
    *,
    scope: str | None,
    data_version: int,
    parameters: Mapping[str, Any] | None = None,
    random_seed: int = 1,
) -> str:
    """Store what an analysis came to; its digest.

    Parameters
    ----------
    payload : see `plain`
    scope : str or None
        School it is about; None for the whole workspace.
    data_version : int
        ``audit_trail.last_seq`` from before the data were read.

    Raises
    ------
    RefusedError
        If the actor may store none, or none of this scope.
    """
    row: Row = {
        "kind": kind,
        "scope": scope or "",
        "data_version": data_version,
        "policy": workspace.policy.digest,
        "parameters": _text(parameters or {}),
        "random_seed": random_seed,
        "payload": _text(plain(payload)),
    }
    row["digest"] = _digest(row)
    with workspace.store() as store:
        allowed = authorise(store, act, "analysis.store", scope)
        if _scope(store, allowed) not in (None, scope):
            raise RefusedError(
                f"{kind} of the whole county: the actor acts for one school. "
                "Ask somebody who acts for the county.",
                key="analyses.whole",
            )
        with store.transaction(allowed, "analysis.store", f"{kind} {scope or '*'}") as tx:
            tx.insert("analysis", [row])
    return str(row["digest"])


def last_analysis(
    workspace: Workspace,
    kind: str,
    scope: str | None = None,
    parameters: Mapping[str, Any] | None = None,
) -> Analysis | None:
    """Newest stored analysis of a kind and scope; None where there is none.

    Parameters
    ----------
    scope : str or None
        A school, None for the whole workspace.
    parameters : mapping or None
        Only one made with exactly these; None for any.

    Raises
    ------
    StoreError
        If what is stored is not what its digest says.
    """
    asked = None if parameters is None else _text(parameters)
    with workspace.store() as store:
        row = newest_analysis(store, kind, scope or "", asked)
        if row is None:
            return None
        since = (row["data_version"], row["scope"])
        reads, reopened = reads_since(store, *since), reopened_since(store, *since)
    if row["digest"] != _digest(row):
        raise StoreError(
            f"analysis {row['analysis_id']} ({kind}) was altered in the database. Compute it anew.",
            key="analyses.altered",
            kind=kind,
        )
    return Analysis(
        kind,
        scope,
        json.loads(row["payload"]),
        json.loads(row["parameters"]),
        row["random_seed"],
        row["policy"],
        row["data_version"],
        row["made_at"],
        row["actor"],
        row["digest"],
        reads,
        reopened,
    )


def scope_of_actor(workspace: Workspace, act: Act) -> str | None:
    """School whose analyses an actor makes; None for the whole workspace.

    Raises
    ------
    RefusedError
        If the actor may make none.
    """
    with workspace.store() as store:
        return _scope(store, authorise(store, act, "analysis.store"))


def reads_of(workspace: Workspace, scope: str | None) -> int:
    """Reads there are of the scope's pieces; up to `AT_ONCE` a page computes by itself."""
    with workspace.store() as store:
        return reads_since(store, 0, scope or "")


def plain(value: object) -> Payload:
    """Payload as JSON keeps it: numpy's numbers as Python's, what is not finite as None.

    >>> plain({"share": np.float64(0.5), "se": float("nan"), "n": np.int64(3), "ids": ("a", "b")})
    {'share': 0.5, 'se': None, 'n': 3, 'ids': ['a', 'b']}
    """
    if isinstance(value, np.generic):
        value = value.item()
    if value is None or isinstance(value, bool | int):
        return value
    if isinstance(value, float):
        return value if isfinite(value) else None
    if isinstance(value, str):
        return unicodedata.normalize("NFC", value)
    if isinstance(value, Mapping):
        return {str(key): plain(part) for key, part in value.items()}
    if isinstance(value, Sequence | np.ndarray):
        return [plain(part) for part in value]
    raise TypeError(f"a {type(value).__name__} cannot be stored in an analysis")


def _scope(store: Store, act: Act) -> str | None:
    """School an actor is bound to in the role of the act; None for the county, and for a name."""
    person = person_of(store, act.actor)
    return scope_of(store, person, act.role) if person else None


def _text(value: object) -> str:
    """Write a payload as one byte string: keys sorted, no blanks, floats as their shortest text."""
    return json.dumps(
        value, ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False
    )


def _digest(row: Row) -> str:
    """Digest of an analysis: its payload's, with all that says what was computed from what."""
    named = ("kind", "scope", "data_version", "policy", "parameters", "random_seed")
    payload = hashlib.sha256(row["payload"].encode()).hexdigest()
    return digest(exact({**{name: row[name] for name in named}, "payload": payload}))
