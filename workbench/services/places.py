"""Names of the schools and offices people belong to."""

from __future__ import annotations

from models.people import schools_of_round
from workbench.services.workspace import Workspace


def place_names(workspace: Workspace) -> list[str]:
    """Every school and office the workspace knows, in the order they were entered."""
    with workspace.store() as store:
        return [str(row["name"]) for row in schools_of_round(store)]
