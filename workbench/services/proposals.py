"""Proposals: what one person would write to a ledger, kept until another approves it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass

from models.ledger.reading import has_batch
from models.store import Act, Row, Store
from rubrics.canonical import Json, digest
from workbench.errors import RefusedError
from workbench.services.keys import closed_ledgers
from workbench.services.workspace import Workspace

Draft = dict[str, Json]


@dataclass(frozen=True)
class Proposal:
    """Entries proposed for one school: how many, and why others cannot be yet."""

    proposal_id: str
    school_id: str
    results: int
    refused: Mapping[str, int]


def keep(
    store: Store,
    school_id: str,
    content: list[Draft],
    refused: Mapping[str, int],
    act: Act,
    action: str = "certify.propose",
) -> Proposal:
    """Put a proposal on record; its digest binds what is approved to what was proposed."""
    proposal_id = f"c{len(store.where('proposal')) + 1:04d}"
    with store.transaction(act, action, proposal_id) as tx:
        row = {
            "proposal_id": proposal_id,
            "school_id": school_id,
            "content": json.dumps(content, ensure_ascii=False),
            "digest": digest(content),
        }
        tx.insert("proposal", [row])
    return Proposal(proposal_id, school_id, len(content), refused)


def drafts_of(proposal: Row) -> list[Draft]:
    """Drafts as proposed; RefusedError where they are not those the proposal's digest names."""
    drafts: list[Draft] = json.loads(proposal["content"])
    if digest(drafts) != proposal["digest"]:
        raise RefusedError(
            f"proposal {proposal['proposal_id']} has been altered in the database. Propose anew.",
            key="certify.altered",
            proposal=proposal["proposal_id"],
        )
    return drafts


def batch_of(proposal: Row) -> str:
    """Batch a proposal is posted as: approving twice posts once."""
    return f"{proposal['school_id']}-{proposal['proposal_id']}"


def is_posted(workspace: Workspace, proposal: Row) -> bool:
    """Whether the batch of a proposal stands in its school's ledger, or one that this continues."""
    path = workspace.ledger_path(proposal["school_id"])
    every = [*closed_ledgers(path), path] if path.exists() else []
    return any(has_batch(each, batch_of(proposal)) for each in every)


def actor_of(store: Store, row: Row) -> str:
    """Who wrote a row."""
    return str(store.where("audit_log", seq=row["tx"])[0]["actor"])


def moved(proposal: Row) -> RefusedError:
    """Say that what a proposal rests on is no longer so."""
    return RefusedError(
        f"results of proposal {proposal['proposal_id']} have moved since it was made. "
        "Propose anew.",
        key="certify.moved",
        proposal=proposal["proposal_id"],
    )
