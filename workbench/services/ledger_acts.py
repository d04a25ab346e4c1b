"""Acts on a ledger that are no certification: voiding a result, changing or revoking its key.

Each is proposed here and approved as results are, by a second person, in
``certification.approve``.
"""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from models.ledger.forms import FORMS
from models.ledger.notes import parse_checkpoint, parse_note
from models.ledger.reading import current_results, key_in_force, latest_checkpoint, read_entries
from models.ledger.statements import CONTINUE, REVOKE, Statement, open_statement
from models.ledger.writing import sync_folder
from models.store import Act, Row, Store
from rubrics.canonical import digest
from workbench.errors import InputError, RefusedError
from workbench.services.identities import school_label
from workbench.services.keys import closed_ledgers, draw_next_key, ledger_origin, next_key
from workbench.services.procedure import PROCEDURE_KINDS
from workbench.services.proposals import Draft, Proposal, drafts_of, keep, moved
from workbench.services.roles import authorise
from workbench.services.witnessed import county_keys
from workbench.services.workspace import Fresh, Workspace

VOID_REASONS = ("wrong_person", "wrong_result", "withdrawn", "procedure")
OWN_KINDS = ("void", "key", "erase_notice", *PROCEDURE_KINDS)
_PLACE = ("round", "school", "subject", "competency")


def propose_void(
    workspace: Workspace, school_id: str, seqs: list[int], reason: str, act: Act
) -> Proposal:
    """Propose that results which stand be declared void; they are certified again only if changed.

    Parameters
    ----------
    workspace : Workspace
    school_id : str
    seqs : list of int
        Numbers of the entries.
    reason : str
        One of ``VOID_REASONS``; the words in ``act.reason`` stay in the audit
        log, and the ledger holds their digest.
    act : Act

    Raises
    ------
    InputError
        If a reason is missing, or a number is no result that stands.
    RefusedError
        If the actor may not.
    """
    if reason not in VOID_REASONS or not act.reason.strip():
        raise InputError(
            f"voiding needs a reason, one of {', '.join(VOID_REASONS)}, and its words.",
            key="void.reason",
            known=", ".join(VOID_REASONS),
        )
    with workspace.store() as store:
        act = authorise(store, act, "certify.void", school_id)
        stands = _standing(workspace, school_id)
        wrong = [str(seq) for seq in seqs if seq not in stands]
        if wrong or not seqs:
            raise InputError(
                f"entries {', '.join(wrong)} are no results that stand. See `workbench ledger show`.",
                key="void.not_standing",
                seqs=", ".join(wrong),
            )
        told = digest(act.reason)
        drafts = [
            {
                "kind": "void",
                **{key: stands[seq][key] for key in _PLACE},
                "supersedes": seq,
                "reason": reason,
                "reason_digest": told,
            }
            for seq in dict.fromkeys(seqs)
        ]
        return keep(store, school_id, drafts, {}, act, "certify.void")


def propose_erase_notice(
    workspace: Workspace, school_id: str, subject: str, reason: str, act: Act
) -> Proposal:
    """Propose to record that a person's identity was erased; the entries stay and still verify.

    Parameters
    ----------
    workspace : Workspace
    school_id : str
    subject : str
        Pseudonym in the ledger; its salted commitments are named in the notice.
    reason : str
        A code, such as ``request`` or ``retention``; the words of ``act.reason``
        stay in the audit log, and the ledger holds their digest.
    act : Act

    Raises
    ------
    InputError
        If the ledger says nothing of that subject.
    RefusedError
        If the actor may not.
    """
    with workspace.store() as store:
        act = authorise(store, act, "ledger.erase", school_id)
        path = workspace.ledger_path(school_id)
        said = (
            [e for e in read_entries(path) if e.get("subject") == subject] if path.exists() else []
        )
        commits = sorted({str(e["pii_commit"]) for e in said if "pii_commit" in e})
        if not commits:
            raise InputError(
                f"the ledger of school {school_id} says nothing of {subject}.",
                key="void.no_subject",
                school=school_id,
                subject=subject,
            )
        draft: Draft = {
            "kind": "erase_notice",
            "school": school_label(store, school_id),
            "subject": subject,
            "commits": [*commits],
            "reason": reason,
            "reason_digest": digest(act.reason),
        }
        return keep(store, school_id, [draft], {}, act, "ledger.erase")


def propose_rotation(
    workspace: Workspace, school_id: str, act: Act, fresh: Fresh, passphrase: str | None = None
) -> Proposal:
    """Draw the next key of a ledger and propose it; the present key signs the handing over.

    Raises
    ------
    RefusedError
        If the actor may not.
    InputError
        If the school has no ledger yet.
    """
    with workspace.store() as store:
        act = authorise(store, act, "ledger.key", school_id)
        now = _key_now(workspace, school_id)
        signer = draw_next_key(workspace, school_id, now.rsplit("+", 2)[0], fresh, passphrase)
        draft = _key_draft(store, school_id, "rotate", signer.key.text)
        return keep(store, school_id, [draft], {}, act, "ledger.key")


def propose_revocation(
    workspace: Workspace, school_id: str, statement: bytes, act: Act
) -> Proposal:
    """Propose to revoke the key in force, as a county's signed statement asks; it closes the ledger.

    Raises
    ------
    RefusedError
        If the actor may not, or the statement is about another key or ledger.
    LedgerError
        If no county that is trusted here signed it.
    """
    with workspace.store() as store:
        act = authorise(store, act, "ledger.key", school_id)
        now = _key_now(workspace, school_id)
        stated = open_statement(statement, county_keys(workspace))
        must_state(stated, REVOKE, now)
        draft = {
            **_key_draft(store, school_id, "revoke", now),
            "statement": _packed(statement),
        }
        return keep(store, school_id, [draft], {}, act, "ledger.key")


def prepare_continuation(
    workspace: Workspace, school_id: str, act: Act, fresh: Fresh, passphrase: str | None = None
) -> str:
    """Draw the key of a ledger that is to continue this one; the county states it in writing.

    Raises
    ------
    RefusedError
        If the actor may not.
    InputError
        If the school has no ledger yet.
    """
    with workspace.store() as store:
        act = authorise(store, act, "ledger.key", school_id)
        _key_now(workspace, school_id)
        number = len(closed_ledgers(workspace.ledger_path(school_id))) + 2
        name = f"{ledger_origin(workspace, school_id)}/{number}"
        key = draw_next_key(workspace, school_id, name, fresh, passphrase).key
        with store.transaction(act, "ledger.key", f"{school_id} {key.key_id.hex()}"):
            pass
    return key.text


def continuation(workspace: Workspace, school_id: str, statement: bytes) -> dict[str, Any]:
    """What the genesis of a continuing ledger says: the head it continues, and by whose word.

    Raises
    ------
    RefusedError
        If the statement is about another key, or another head than the last one here.
    LedgerError
        If no county that is trusted here signed it.
    """
    path = workspace.ledger_path(school_id)
    coming = next_key(workspace, school_id)
    stated = open_statement(statement, county_keys(workspace))
    must_state(stated, CONTINUE, coming.text if coming else "")
    head = parse_checkpoint(parse_note(latest_checkpoint(path)).text)
    if (stated.origin, stated.size, stated.root) != (head.origin, head.size, head.root):
        raise RefusedError(
            f"the statement continues {stated.origin} at {stated.size} entries, the ledger here is "
            f"{head.origin} with {head.size}. Have its last checkpoint cosigned first.",
            key="ledger_key.other_head",
            origin=stated.origin,
            size=stated.size,
            came=head.size,
        )
    return {
        "continues": {"origin": head.origin, "size": head.size, "root": head.root.hex()},
        "statement": _packed(statement),
    }


def close_ledger(path: Path, continuing: Path) -> None:
    """Put the continuing ledger in the place of the closed one, which keeps a number in its name."""
    closed = closed_ledgers(path)
    if not any(each.samefile(path) for each in closed):  # cut off here before: done already
        path.with_name(f"{path.stem}.{len(closed) + 1}.db").hardlink_to(path)
    path.with_suffix(".cosigned").unlink(missing_ok=True)
    continuing.replace(path)
    sync_folder(path.parent)


def must_state(stated: Statement, action: str, key: str) -> None:
    """RefusedError unless a county's statement speaks of this act and this key."""
    if (stated.action, stated.key) != (action, key):
        raise RefusedError(
            f"the statement says {stated.action} of key {stated.key}, asked for was {action} of "
            f"{key}. Have the county make one for this key.",
            key="ledger_key.other_statement",
            action=stated.action,
            came=stated.key,
            expected=key,
        )


def is_own(proposal: Row) -> bool:
    """Whether a proposal is one of these acts, and not a certification."""
    return all(draft["kind"] in OWN_KINDS for draft in drafts_of(proposal))


def must_still_fit(workspace: Workspace, proposal: Row) -> None:
    """RefusedError if what a proposal rests on has moved: the result stands no more, or the key."""
    school_id = proposal["school_id"]
    for draft in drafts_of(proposal):
        if draft["kind"] == "void" and draft["supersedes"] not in _standing(workspace, school_id):
            raise moved(proposal)
        if draft.get("action") == "revoke" and draft["key"] != _key_now(workspace, school_id):
            raise moved(proposal)


def carried(entry: Draft) -> Draft:
    """Draft that states a standing result again, in the ledger that continues its own."""
    form = FORMS["result"]
    return {key: value for key, value in entry.items() if key in form.stated} | {"kind": "result"}


def _standing(workspace: Workspace, school_id: str) -> dict[int, Draft]:
    path = workspace.ledger_path(school_id)
    found: list[Draft] = current_results(path) if path.exists() else []
    return {int(str(entry["seq"])): entry for entry in found}


def _key_now(workspace: Workspace, school_id: str) -> str:
    path = workspace.ledger_path(school_id)
    if not path.exists():
        raise InputError(
            f"school {school_id} has no ledger yet.", key="certify.no_ledger", school=school_id
        )
    return key_in_force(path)


def _packed(statement: bytes) -> str:
    return base64.b64encode(str(parse_note(statement)).encode()).decode()


def _key_draft(store: Store, school_id: str, action: str, key: str) -> Draft:
    return {"kind": "key", "school": school_label(store, school_id), "action": action, "key": key}
