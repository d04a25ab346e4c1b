"""What every command is given: the workspace folder, the asserted actor, and the clock."""

from __future__ import annotations

import os
from dataclasses import dataclass
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from workbench.errors import InputError
from workbench.moments import CHINA

if TYPE_CHECKING:  # both load pandas, which --help and verify do without
    from models.store import Act
    from workbench.services.workspace import Workspace

__all__ = ["CHINA", "Context"]


@dataclass(frozen=True)
class Context:
    """One run of the command line."""

    folder: Path
    asserted: str

    @property
    def actor(self) -> str:
        """Name given with ``--as``; InputError where a write was asked for without one."""
        if not self.asserted:
            raise InputError(
                "every write needs a name: put --as NAME before the command.", key="no_actor"
            )
        return self.asserted

    @property
    def founder(self) -> str:
        """Name given with ``--as``, or the account of the machine: making a workspace needs no more."""
        import getpass  # few commands ask for it

        return self.asserted or f"os:{getpass.getuser()}"

    def now(self) -> datetime:
        """Return the time of this action to the second; it is stored in UTC."""
        return datetime.now(CHINA).replace(microsecond=0)

    def today(self) -> date:
        """Return the day of this action in China."""
        return self.now().date()

    def act(self, reason: str = "", actor: str = "") -> Act:
        """Who acts now and why; the service adds the role.

        Raises
        ------
        InputError
            Without ``--as``, unless an actor is named.
        """
        from models.store import Act

        return Act(actor or self.actor, "", self.now(), reason)

    def workspace(self) -> Workspace:
        """Open the workspace of the run; InputError where the folder is none."""
        from workbench.services.workspace import Workspace

        opened = Workspace(self.folder)
        opened.settings  # noqa: B018  says at once that there is no workspace
        return opened

    def has_workspace(self) -> bool:
        """Whether the folder of the run is a workspace."""
        return (self.folder / "workspace.toml").is_file()

    def fresh(self, size: int) -> bytes:
        """Draw that many random bytes for pseudonyms, salts and keys."""
        return os.urandom(size)
