"""Keys of a workspace: one signing key a ledger, and the pepper of its keyed hashes."""

from __future__ import annotations

import re
from pathlib import Path

from models.ledger.notes import VerifierKey, parse_key
from models.ledger.reading import key_in_force
from models.ledger.signing import Signer, load_signer, new_signer, save_signer
from models.ledger.writing import replace_file, sync_folder
from models.store import Act
from workbench.services.roles import authorise
from workbench.services.workspace import Fresh, Workspace


def ledger_origin(workspace: Workspace, school_id: str) -> str:
    """Name of a school's ledger; it has no blanks and no plus sign."""
    told = f"{workspace.place}/{workspace.round_name}/{school_id}"
    return "".join("-" if sign.isspace() or sign == "+" else sign for sign in told)


def ledger_signer(
    workspace: Workspace, school_id: str, fresh: Fresh, passphrase: str | None = None
) -> Signer:
    """Key that signs a school's ledger, drawn when first needed.

    The public half lies beside it as ``NAME.pub``: the file to hand to whoever
    is to verify sheets.

    Raises
    ------
    LedgerError
        If the key is locked and the passphrase is missing or wrong, or its file is gone.
    """
    path = _key_path(workspace, school_id)
    public = path.with_suffix(".pub")
    if not path.exists() and not workspace.ledger_path(school_id).exists():
        _save(new_signer(ledger_origin(workspace, school_id), fresh(32)), path, passphrase)
    settle_key(workspace, school_id)
    if not public.exists():  # cut off between the two halves of a new key
        signer = load_signer(path, ledger_origin(workspace, school_id), passphrase)
        replace_file(public, signer.key.text + "\n")
    name = parse_key(public.read_text(encoding="utf-8").strip()).name
    return load_signer(path, name, passphrase)


def is_locked(workspace: Workspace, school_id: str) -> bool:
    """Whether a school's key asks for a passphrase."""
    path = _key_path(workspace, school_id)
    return path.exists() and b"ENCRYPTED" in path.read_bytes()[:40]


def lock_key(workspace: Workspace, school_id: str, act: Act, old: str | None, new: str) -> None:
    """Protect a school's key with a passphrase, or with another one; neither is kept.

    Raises
    ------
    RefusedError
        If the actor may not.
    LedgerError
        If the present passphrase is wrong, or the file is gone.
    """
    path = _key_path(workspace, school_id)
    with workspace.store() as store:
        act = authorise(store, act, "ledger.key", school_id)
        signer = load_signer(path, ledger_origin(workspace, school_id), old)
        with store.transaction(act, "ledger.key", f"{school_id} {signer.key.key_id.hex()}"):
            locked = path.with_suffix(".locking")
            locked.unlink(missing_ok=True)
            save_signer(signer, locked, new)
            locked.replace(path)
            sync_folder(path.parent)


def draw_next_key(
    workspace: Workspace, school_id: str, name: str, fresh: Fresh, passphrase: str | None = None
) -> Signer:
    """Draw the key a ledger is to be signed with next; an earlier one never used gives way."""
    path = _key_path(workspace, school_id).with_suffix(".next")
    path.unlink(missing_ok=True)
    signer = new_signer(name, fresh(32))
    save_signer(signer, path, passphrase)
    replace_file(path.with_suffix(".next-pub"), signer.key.text + "\n")
    return signer


def next_key(workspace: Workspace, school_id: str) -> VerifierKey | None:
    """Public half of the key drawn to be next; None where none was."""
    path = _key_path(workspace, school_id).with_suffix(".next-pub")
    return parse_key(path.read_text(encoding="utf-8").strip()) if path.exists() else None


def next_signer(workspace: Workspace, school_id: str, passphrase: str | None = None) -> Signer:
    """The key drawn to be next; LedgerError if it is gone or locked."""
    path = _key_path(workspace, school_id).with_suffix(".next")
    found = next_key(workspace, school_id)
    return load_signer(path, found.name if found else "next", passphrase)


def settle_key(workspace: Workspace, school_id: str) -> None:
    """Put the next key in place once the ledger names it; cut off anywhere, it is done again.

    The public half of the old key stays, as ``NAME-ID.pub``: it proves the sheets issued under it.
    """
    path = _key_path(workspace, school_id)
    coming, ledger = next_key(workspace, school_id), workspace.ledger_path(school_id)
    if coming is None or not ledger.exists() or key_in_force(ledger) != coming.text:
        return
    public = path.with_suffix(".pub")
    if public.exists():
        old = public.read_text(encoding="utf-8").strip()
        if old != coming.text:
            replace_file(
                path.with_name(f"{school_id}-{parse_key(old).key_id.hex()}.pub"), old + "\n"
            )
    replace_file(public, coming.text + "\n")
    if path.with_suffix(".next").exists():
        path.with_suffix(".next").replace(path)
    path.with_suffix(".next-pub").unlink()
    sync_folder(path.parent)


def trusted_keys(workspace: Workspace) -> list[str]:
    """Public keys of the ledgers kept here, as text a verifier takes."""
    found = sorted((workspace.folder / "keys").glob("*.pub"))
    return [path.read_text(encoding="utf-8").strip() for path in found]


def closed_ledgers(path: Path) -> list[Path]:
    """Ledgers that the one at a path continues, the oldest first."""
    pattern = re.compile(re.escape(path.stem) + r"\.([0-9]+)\.db")
    found = {
        int(m[1]): each for each in path.parent.iterdir() if (m := pattern.fullmatch(each.name))
    }
    return [found[number] for number in sorted(found)]


def pepper(workspace: Workspace) -> bytes:
    """Secret of the workspace's keyed hashes; it never enters the database or a backup."""
    return (workspace.folder / "keys" / "pepper").read_bytes()


def _key_path(workspace: Workspace, school_id: str) -> Path:
    return workspace.folder / "keys" / f"{school_id}.pem"


def _save(signer: Signer, path: Path, passphrase: str | None) -> None:
    save_signer(signer, path, passphrase)
    replace_file(path.with_suffix(".pub"), signer.key.text + "\n")
