"""Certification 认定: the only road from results to the ledger, and two people walk it.

A result is certified only if it has a level, no hold stops it, its publicity
has closed with that same level, and the county has accepted the school where
policy asks for it. What was proposed is drawn anew when it is approved; if
anything moved in between, nothing is posted.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from models.ledger.entry import build_entry
from models.ledger.posting import create_ledger, post
from models.ledger.signing import Signer
from models.ledger.verifying import current_results
from models.store import Act, Row, Store, instant
from rubrics.canonical import digest
from workbench.errors import InputError, RefusedError
from workbench.services.certifiable import content_of, records_of
from workbench.services.identities import pseudonym_of, school_label
from workbench.services.keys import ledger_origin, ledger_signer, next_signer, settle_key
from workbench.services.ledger_acts import (
    carried,
    close_ledger,
    continuation,
    is_own,
    must_still_fit,
)
from workbench.services.looks import must_have_looked
from workbench.services.procedure import procedure_drafts
from workbench.services.proposals import (
    Draft,
    Proposal,
    actor_of,
    batch_of,
    drafts_of,
    is_posted,
    keep,
    moved,
)
from workbench.services.reach import act_for
from workbench.services.roles import authorise, same_person
from workbench.services.supervision import compare
from workbench.services.workspace import Fresh, Workspace

_TRIAL_SEQ = 10**12  # past every entry a draft may supersede


@dataclass(frozen=True)
class Certified:
    """A proposal approved and posted: entries written and the signed checkpoint over them."""

    proposal_id: str
    school_id: str
    seqs: tuple[int, ...]
    checkpoint: str


def propose(workspace: Workspace, school_ids: list[str], act: Act) -> list[Proposal]:
    """Propose every result that may be certified and does not stand in the ledger yet.

    Raises
    ------
    RefusedError
        If no school has any; the reasons are counted in the message.
    LedgerError
        If the ledger could not state a result as it is; nothing is proposed then.
    """
    ready: list[tuple[str, list[Draft], dict[str, int]]] = []
    refusals: dict[str, int] = {}
    with workspace.store() as store:
        act, schools = act_for(store, act, "certify.propose", school_ids)
        records = records_of(store, workspace)
        for school_id in schools:
            content, refused = content_of(records, school_id)
            for reason, count in refused.items():
                refusals[reason] = refusals.get(reason, 0) + count
            if content:
                must_have_looked(store, workspace.policy, school_id)
                _must_fit(workspace, school_id, content, act)
                ready.append((school_id, content, refused))
        made = [keep(store, *each, act) for each in ready]
    if not made:
        told = ", ".join(f"{reason}: {count}" for reason, count in refusals.items()) or "none"
        raise RefusedError(
            f"nothing can be certified now ({told}).",
            key="certify.nothing",
            reasons=tuple((f"certify.waits.{reason}", n) for reason, n in refusals.items()),
        )
    return made


def propose_procedure(workspace: Workspace, school_ids: list[str], act: Act) -> list[Proposal]:
    """Propose to record what went before: publicity closed, county check accepted, holds resolved.

    Raises
    ------
    RefusedError
        If nothing is settled that the ledgers do not record yet.
    """
    compared = compare(workspace)
    with workspace.store() as store:
        act, schools = act_for(store, act, "certify.propose", school_ids)
        records = records_of(store, workspace)
        found = {each: procedure_drafts(records, each, compared) for each in schools}
        for school_id, content in found.items():
            _must_fit(workspace, school_id, content, act)
        made = [keep(store, each, content, {}, act) for each, content in found.items() if content]
    if not made:
        raise RefusedError("there is nothing to record.", key="certify.nothing_to_record")
    return made


def approve(
    workspace: Workspace,
    proposal_id: str,
    act: Act,
    fresh: Fresh,
    passphrase: str | None = None,
    *,
    accept_clock: bool = False,
) -> Certified:
    """Approve a proposal as the second person and post it to the school's ledger.

    Parameters
    ----------
    workspace : Workspace
    proposal_id : str
        Of results, of voiding, or of a change of key.
    act : Act
    fresh : callable
        Random bytes for the key of a new ledger.
    passphrase : str, optional
        Of the ledger's key, where it has one; it is not kept.
    accept_clock : bool
        Post though the clock is behind the last entry, which keeps its time and says so.

    Raises
    ------
    RefusedError
        If the actor proposed it, or a result has moved since; nothing is posted
        then. An approval cut short before its posting is no exception: what was
        held in between stays out.
    LedgerError
        If the key is locked and the passphrase wrong; nothing is on record then.
    """
    with workspace.store() as store:
        act = authorise(store, act, "certify.approve")
        row = _proposal(store, proposal_id)
        act = authorise(store, act, "certify.approve", row["school_id"])
        proposer = actor_of(store, row)
        if same_person(store, proposer, act.actor):
            raise RefusedError(
                f"proposal {proposal_id} was made by the same person; another has to approve it.",
                key="certify.same_person",
                proposal=proposal_id,
            )
        _must_be_open(store, row)
        signer = ledger_signer(workspace, row["school_id"], fresh, passphrase)
        approver = _approve(store, workspace, row, act)
        # Posted after the approval is on record; a crash between the two is healed by approving
        # again, as the batch id makes the posting happen once.
        people = [pseudonym_of(store, workspace, name) for name in (proposer, approver)]
        drafts: list[Draft] = [{**draft, "approvers": [*people]} for draft in drafts_of(row)]
        seqs, checkpoint = _post(store, workspace, row, drafts, signer, act, accept_clock)
        settle_key(workspace, row["school_id"])
    return Certified(proposal_id, row["school_id"], seqs, checkpoint)


def continue_ledger(
    workspace: Workspace, school_id: str, statement: bytes, act: Act, passphrase: str | None = None
) -> Certified:
    """Begin a new ledger where a key was lost or revoked, as a county's signed statement allows.

    Its genesis names the old ledger's last head and holds the statement; the
    results that stand are stated again. The old file stays beside it, closed.

    Parameters
    ----------
    workspace : Workspace
    school_id : str
    statement : bytes
        The county's note over the last head and the key drawn by
        ``ledger_acts.prepare_continuation``.
    act : Act
    passphrase : str, optional
        Of the new key.

    Raises
    ------
    RefusedError
        If the actor may not, or the statement is about another ledger, head or key.
    LedgerError
        If no county that is trusted here signed it.
    """
    path = workspace.ledger_path(school_id)
    with workspace.store() as store:
        act = authorise(store, act, "ledger.key", school_id)
        continues = continuation(workspace, school_id, statement)
        signer = next_signer(workspace, school_id, passphrase)
        with store.transaction(act, "ledger.key", f"{school_id} {signer.key.key_id.hex()}"):
            pass
        unfinished = path.with_suffix(".continuing")
        unfinished.unlink(missing_ok=True)
        made = create_ledger(
            unfinished,
            signer.name,
            signer,
            school=school_label(store, school_id),
            policy=workspace.policy.digest,
            at=instant(act.at),
            audit_head=store.audit_head(),
            **continues,
        )
        drafts = [carried(entry) for entry in current_results(path)]
        if drafts:
            made = post(unfinished, drafts, "carried", signer, instant(act.at))
    close_ledger(path, unfinished)
    settle_key(workspace, school_id)
    return Certified("", school_id, made.seqs, made.checkpoint)


def school_of(workspace: Workspace, proposal_id: str) -> str:
    """School a proposal is about; InputError where there is no such proposal."""
    with workspace.store() as store:
        return str(_proposal(store, proposal_id)["school_id"])


def _proposal(store: Store, proposal_id: str) -> Row:
    row = store.one("proposal", proposal_id=proposal_id)
    if row is None:
        raise InputError(
            f"there is no proposal {proposal_id}.", key="certify.unknown", proposal=proposal_id
        )
    return row


def _must_be_open(store: Store, proposal: Row) -> None:
    """Once the round is closed only erasures and keys are approved: they change no result."""
    if not {draft["kind"] for draft in drafts_of(proposal)} <= {"erase_notice", "key"}:
        store.must_be_open("certify.propose")


def _approve(store: Store, workspace: Workspace, proposal: Row, act: Act) -> str:
    """Put the approval on record unless it is; who approved."""
    proposal_id = proposal["proposal_id"]
    approval = store.one("approval", proposal_id=proposal_id)
    if approval is not None:
        if not is_posted(workspace, proposal):
            _must_stand(store, workspace, proposal)
        return actor_of(store, approval)
    with store.transaction(act, "certify.approve", proposal_id) as tx:
        _must_stand(store, workspace, proposal)  # looked at while nobody else can write
        tx.insert("approval", [{"proposal_id": proposal_id}])
    return act.actor


def _must_stand(store: Store, workspace: Workspace, proposal: Row) -> None:
    if is_own(proposal):
        must_still_fit(workspace, proposal)
        return
    content, _ = content_of(records_of(store, workspace), proposal["school_id"])
    if digest(content) != proposal["digest"]:
        raise moved(proposal)


def _post(
    store: Store,
    workspace: Workspace,
    proposal: Row,
    drafts: list[Draft],
    signer: Signer,
    act: Act,
    accept_clock: bool,
) -> tuple[tuple[int, ...], str]:
    """Write the drafts of an approved proposal to the ledger; entry numbers and checkpoint."""
    school_id = proposal["school_id"]
    path = workspace.ledger_path(school_id)
    at = instant(act.at)
    audit_head = store.audit_head()
    if not path.exists():
        create_ledger(
            path,
            signer.name,
            signer,
            school=school_label(store, school_id),
            policy=workspace.policy.digest,
            at=at,
            audit_head=audit_head,
        )
    posted = post(
        path,
        drafts,
        batch_of(proposal),
        signer,
        at,
        audit_head=audit_head,
        accept_clock=accept_clock,
    )
    return posted.seqs, posted.checkpoint


def _must_fit(workspace: Workspace, school_id: str, content: list[Draft], act: Act) -> None:
    """Try each draft as an entry, so that what is approved can also be posted."""
    origin = ledger_origin(workspace, school_id)
    for draft in content:
        fields: dict[str, Any] = {**draft, "approvers": ["first", "second"]}
        build_entry(fields.pop("kind"), _TRIAL_SEQ, instant(act.at), origin, "trial", **fields)
