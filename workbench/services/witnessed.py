"""What a witness has seen of the ledgers here, and what cannot be detected without one.

Whoever holds a ledger and its key can put back an older copy, or write another
history and sign it; the file then agrees with itself. Only a head kept by
somebody else shows that, which is what a witness does.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from models.ledger.cosigning import COSIGNATURE, Cosignature, cosignatures
from models.ledger.notes import (
    Note,
    VerifierKey,
    open_checkpoint,
    parse_checkpoint,
    parse_key,
    parse_note,
)
from models.ledger.statements import county_key
from models.ledger.verifying import latest_checkpoint, request_for, root_at
from models.ledger.writing import replace_file
from models.store import Act
from workbench.errors import InputError, RefusedError
from workbench.messages import text
from workbench.services.keys import trusted_keys
from workbench.services.ledgers import ledgers
from workbench.services.reach import schools_seen
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class Witnessed:
    """How far a witness has seen one ledger.

    ``size`` of its ``entries`` were covered ``at`` that time (UTC, empty where
    never), ``days`` ago; ``state`` is ``never``, ``old`` (more entries since,
    and longer ago than the policy allows), ``behind`` (more entries since) or
    ``current``.
    """

    school_id: str
    entries: int
    size: int
    at: str
    by: str
    days: int | None
    state: str

    @property
    def sentence(self) -> str:
        """What this means, in the language of the run."""
        missing = self.entries - self.size
        told = text(f"witness.state.{self.state}", days=self.days or 0, by=self.by, missing=missing)
        return told if self.state == "current" else f"{told} {text('witness.undetectable')}"


def requests(
    workspace: Workspace,
    out: Path,
    school_ids: Collection[str] | None = None,
    since: int | None = None,
) -> list[Path]:
    """Write for each ledger what a witness needs to cosign its last checkpoint.

    Parameters
    ----------
    workspace : Workspace
    out : Path
    school_ids : list of str, optional
    since : int, optional
        Entries the witness has seen; by default those of the last cosigned
        checkpoint taken in here.

    Raises
    ------
    LedgerError
        If a ledger cannot be read or is shorter than that.
    """
    out.mkdir(parents=True, exist_ok=True)
    written = []
    for school_id, path in ledgers(workspace, school_ids).items():
        held = _kept(workspace, school_id)
        seen = since if since is not None else parse_checkpoint(held.text).size if held else 0
        target = out / f"{school_id}.request"
        replace_file(target, request_for(path, seen).text)
        written.append(target)
    return written


def trust_witness(workspace: Workspace, keys: Sequence[str], act: Act) -> list[str]:
    """Keep public keys of witnesses, whose cosignatures count from now on; their names.

    Raises
    ------
    RefusedError
        If the actor may not.
    LedgerError
        If a text is no key of a witness.
    """
    parsed = [parse_key(one.strip(), COSIGNATURE) for one in keys]
    with workspace.store() as store:
        act = authorise(store, act, "ledger.witness")
        known = witness_keys(workspace)
        new = [key for key in parsed if key not in known]
        ids = " ".join(key.key_id.hex() for key in new)
        with store.transaction(act, "ledger.witness", ids):
            replace_file(_keys(workspace), "".join(f"{key.text}\n" for key in (*known, *new)))
    return [key.name for key in parsed]


def witness_keys(workspace: Workspace) -> list[VerifierKey]:
    """Witnesses whose cosignatures count here."""
    path = _keys(workspace)
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [parse_key(line, COSIGNATURE) for line in lines]


def county_keys(workspace: Workspace) -> list[VerifierKey]:
    """Keys the same counties make statements about lost and stolen keys with."""
    return [county_key(key) for key in witness_keys(workspace)]


def take_in(workspace: Workspace, data: bytes, act: Act) -> Witnessed:
    """Keep a cosigned checkpoint that came back from a witness.

    Raises
    ------
    InputError
        If no ledger here has that origin, or no known witness cosigned it.
    RefusedError
        If it is older than the one kept, or the ledger is not the one it was
        made over: it was put back or rewritten since.
    LedgerError
        If it is no signed checkpoint, or a signature is wrong.
    """
    note = parse_note(data)
    stated = open_checkpoint(data, [parse_key(one) for one in trusted_keys(workspace)])
    school_id, path = _ledger_of(workspace, stated.origin)
    seen = _latest(note, witness_keys(workspace))
    if seen is None:
        raise InputError(
            f"no known witness cosigned the checkpoint of {stated.origin}. "
            "Give the witness's public key with --witness.",
            key="witness.not_cosigned",
            origin=stated.origin,
        )
    if root_at(path, stated.size) != stated.root:
        raise RefusedError(
            f"the ledger here is not the one the checkpoint of {stated.origin} over {stated.size} "
            "entries was made from: it was put back or rewritten since.",
            key="witness.other_history",
            origin=stated.origin,
            size=stated.size,
        )
    held = _kept(workspace, school_id)
    if held is not None and parse_checkpoint(held.text).size > stated.size:
        raise RefusedError(
            f"a later checkpoint of {stated.origin} than this one over {stated.size} entries is "
            "kept already.",
            key="witness.older",
            origin=stated.origin,
            size=stated.size,
        )
    with workspace.store() as store:
        act = authorise(store, act, "ledger.witness", school_id)
        with store.transaction(act, "ledger.witness", f"{school_id} {stated.size}"):
            replace_file(_cosigned(path), str(note))
    return _witnessed(workspace, school_id, path, act.at)


def witnessed(
    workspace: Workspace, now: datetime, school_ids: Collection[str] | None = None
) -> list[Witnessed]:
    """How far a witness has seen each ledger; a cosignature that does not verify counts as none.

    Raises
    ------
    LedgerError
        If a ledger cannot be read.
    """
    found = ledgers(workspace, school_ids)
    return [_witnessed(workspace, school, path, now) for school, path in found.items()]


def witness_words(workspace: Workspace, person_id: str, now: datetime) -> list[str]:
    """One sentence a ledger one may see: how far a witness saw it, and what goes undetected.

    Raises
    ------
    RefusedError
        If the person may not see ledgers.
    """
    with workspace.store() as store:
        names = schools_seen(store, person_id, "ledger.show")
    found = witnessed(workspace, now, names) if names else []
    return [
        text("witness.school", school=names[each.school_id], sentence=each.sentence)
        for each in found
    ]


def _witnessed(workspace: Workspace, school_id: str, path: Path, now: datetime) -> Witnessed:
    entries = parse_checkpoint(parse_note(latest_checkpoint(path)).text).size
    note = _kept(workspace, school_id)
    seen = _latest(note, witness_keys(workspace)) if note else None
    if note is None or seen is None:
        return Witnessed(school_id, entries, 0, "", "", None, "never")
    size = parse_checkpoint(note.text).size
    at = datetime.fromtimestamp(seen.at, UTC)
    days = max((now - at).days, 0)
    state = "current" if size == entries else "behind"
    policy = workspace.policy
    # A round opened before the rule was made has no limit to hold the days against.
    if state == "behind" and "ledger.witness_days" in policy:
        state = "old" if days > policy["ledger.witness_days"] else state
    return Witnessed(
        school_id, entries, size, f"{at:%Y-%m-%dT%H:%M:%SZ}", seen.key.name, days, state
    )


def _latest(note: Note, witnesses: Sequence[VerifierKey]) -> Cosignature | None:
    return max(cosignatures(note, witnesses), key=lambda one: one.at, default=None)


def _kept(workspace: Workspace, school_id: str) -> Note | None:
    path = _cosigned(workspace.ledger_path(school_id))
    return parse_note(path.read_bytes()) if path.exists() else None


def _cosigned(ledger: Path) -> Path:
    return ledger.with_suffix(".cosigned")


def _keys(workspace: Workspace) -> Path:
    return workspace.folder / "keys" / "witnesses"


def _ledger_of(workspace: Workspace, origin: str) -> tuple[str, Path]:
    for school_id, path in ledgers(workspace).items():
        note = latest_checkpoint(path)
        if parse_checkpoint(parse_note(note).text).origin == origin:
            return school_id, path
    raise InputError(
        f"no ledger here is named {origin}. Take the checkpoint to the workspace it came from.",
        key="witness.no_ledger",
        origin=origin,
    )
