"""The window for handing in: the registrar gives notice, closes it, or opens it again.

Only a closed window turns missing evidence into 不合格, so closing asks for a
notice before it; what was noticed and when stands in the audit log.
"""

from __future__ import annotations

from models.store import Act
from workbench.errors import RefusedError
from workbench.services.roles import authorise
from workbench.services.schools import school_id_of
from workbench.services.workspace import Workspace

NOTICED, CLOSED, REOPENED = "noticed", "closed", "reopened"
_AFTER = {NOTICED: ("", REOPENED), CLOSED: (NOTICED,), REOPENED: (NOTICED, CLOSED)}
"""States in which each event may happen; empty is a window nobody has touched."""


def set_window(workspace: Workspace, school: str, state: str, act: Act) -> str:
    """Move a school's window on.

    Parameters
    ----------
    school : str
        Id or full name.
    state : str
        ``noticed``, ``closed`` or ``reopened``.

    Returns
    -------
    str
        The school's id.

    Raises
    ------
    RefusedError
        If the window cannot go there from where it is: closing asks for notice first.
    InputError
        If there is no such school.
    """
    with workspace.store() as store:
        act = authorise(store, act, "intake.window")
        school_id = school_id_of(store, school)
        act = authorise(store, act, "intake.window", school_id)
        events = store.where("submission_window", school_id=school_id)
        now = str(events[-1]["state"]) if events else ""
        if now not in _AFTER[state]:
            wanted = " or ".join(each or "untouched" for each in _AFTER[state])
            raise RefusedError(
                f"the window of school {school_id} is {now or 'untouched'}; to be {state} it has "
                f"to be {wanted}.",
                key=f"window.not_{state}",
                school=school_id,
            )
        with store.transaction(act, "intake.window", school_id) as tx:
            tx.insert("submission_window", [{"school_id": school_id, "state": state}])
        return school_id
