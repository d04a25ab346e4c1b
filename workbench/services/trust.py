"""Public keys a verifier trusts: from a file that was handed out, or from a workspace at hand."""

from __future__ import annotations

from pathlib import Path

from workbench.errors import InputError


def keys_of_file(path: Path) -> list[str]:
    """Verifier keys of a file, one a line; blank lines and lines with ``//`` in front are passed over.

    Raises
    ------
    InputError
        If the file cannot be read as text or holds no key.
    """
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(
            f"key file {path.name} cannot be read ({error}). "
            "Take it again from the school or the county.",
            key="trust.unreadable",
            file=path.name,
        ) from error
    found = [line.strip() for line in lines if line.strip() and not line.startswith("//")]
    if not found:
        raise InputError(
            f"key file {path.name} holds no key. Take it again from the school or the county.",
            key="trust.empty",
            file=path.name,
        )
    return found


def keys_of_folder(workspace_folder: Path) -> list[str]:
    """Public keys of the ledgers a workspace keeps; empty where there are none."""
    return [
        key
        for path in sorted((workspace_folder / "keys").glob("*.pub"))
        for key in keys_of_file(path)
    ]


def ledgers_of_folder(workspace_folder: Path) -> list[Path]:
    """Ledgers a workspace keeps, closed ones included; empty where there are none."""
    return sorted((workspace_folder / "ledger").glob("*.db"))
