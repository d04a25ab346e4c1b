"""Passphrases of keys: asked for at the terminal, kept nowhere."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from workbench.messages import text

if TYPE_CHECKING:
    from workbench.services.workspace import Workspace


def ask_passphrase(workspace: Workspace, school_id: str) -> str | None:
    """Passphrase of a school's key, asked for where it has one; None where it has none."""
    from workbench.services.keys import is_locked

    if not is_locked(workspace, school_id):
        return None
    phrase: str = click.prompt(text("ledger_key.phrase"), hide_input=True)
    return phrase
