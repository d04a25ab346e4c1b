"""Keys of a workspace: one signing key a ledger, and the pepper of its keyed hashes."""

from __future__ import annotations

from models.ledger.signing import Signer, load_signer, new_signer, save_signer
from workbench.services.workspace import Fresh, Workspace


def ledger_origin(workspace: Workspace, school_id: str) -> str:
    """Name of a school's ledger; it has no blanks and no plus sign."""
    told = f"{workspace.place}/{workspace.round_name}/{school_id}"
    return "".join("-" if sign.isspace() or sign == "+" else sign for sign in told)


def ledger_signer(workspace: Workspace, school_id: str, fresh: Fresh) -> Signer:
    """Key that signs a school's ledger, drawn when first needed.

    The public half lies beside it as ``NAME.pub``: the file to hand to whoever
    is to verify sheets.
    """
    origin = ledger_origin(workspace, school_id)
    path = workspace.folder / "keys" / f"{school_id}.pem"
    if not path.exists():
        signer = new_signer(origin, fresh(32))
        save_signer(signer, path)
        path.with_suffix(".pub").write_text(signer.key.text + "\n", encoding="utf-8")
    return load_signer(path, origin)


def trusted_keys(workspace: Workspace) -> list[str]:
    """Public keys of the ledgers kept here, as text a verifier takes."""
    found = sorted((workspace.folder / "keys").glob("*.pub"))
    return [path.read_text(encoding="utf-8").strip() for path in found]


def pepper(workspace: Workspace) -> bytes:
    """Secret of the workspace's keyed hashes; it never enters the database or a backup."""
    return (workspace.folder / "keys" / "pepper").read_bytes()
