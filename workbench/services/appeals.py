"""Appeals 申诉: against the answer to an objection, read by a panel none of whom has seen the case.

An appeal is an objection of its own that needs no answer: raised in time, it has
every piece of the result read by at least as many fresh readers as policy asks
for, and what they decide is final in this round. Both readings stay on record;
a level that changed is shown anew, and supersedes the entry where there is one.
"""

from __future__ import annotations

from datetime import date

from models.publications import panels, pieces_of_result
from models.store import Act, Row, Store
from workbench.errors import InputError, RefusedError
from workbench.messages import text
from workbench.services.objections import (
    PENDING,
    READING,
    appeal_until,
    appealed_by,
    objection_outcomes,
)
from workbench.services.publicity import keep_objection, need_grounds
from workbench.services.reopening import reopen
from workbench.services.roles import authorise
from workbench.services.working_days import day_of
from workbench.services.workspace import Workspace


def appeal(
    workspace: Workspace, objection_id: str, raised_by: str, words: str, act: Act
) -> tuple[str, list[str]]:
    """Record an appeal against the answer to an objection and reopen the pieces for the panel.

    Parameters
    ----------
    objection_id : str
        The objection whose answer, or whose fresh reading, is appealed against.
    raised_by, words : str
        Who appeals, and the grounds.

    Returns
    -------
    str, list of str
        Id of the appeal among the objections, and the pieces its panel reads.

    Raises
    ------
    InputError
        Without grounds or a name, or if there is no such objection.
    RefusedError
        If it is not decided yet, its days are over, or an appeal on the result was raised before.
    """
    need_grounds(raised_by, words)
    with workspace.store() as store:
        act = authorise(store, act, "publicity.object")
        case = store.one("objection", objection_id=objection_id)
        if case is None:
            raise InputError(
                f"there is no objection {objection_id}.",
                key="publicity.unknown_objection",
                objection=objection_id,
            )
        shown = store.one("publication", publication_id=case["publication_id"]) or {}
        act = authorise(store, act, "publicity.object", str(shown["school_id"]))
        with store.transaction(act, "publicity.appeal", objection_id) as tx:
            _may_be_raised(workspace, store, case, day_of(act.at))
            made = keep_objection(store, tx, case, raised_by, words)
            told = text("publicity.appeal_answer")
            answered = {"objection_id": made, "answer": "re_read", "words": told}
            tx.insert("objection_answer", [answered])
            panel = int(workspace.policy["publicity.appeal_panel_min"])
            tx.insert("appeal", [{"objection_id": made, "against": objection_id, "panel": panel}])
            pieces = pieces_of_result(store, case["teacher_id"], case["competency"])
            final = panels(store)
            wished = [piece for piece in pieces if piece not in final]
            return made, reopen(store, tx, wished, f"objection:{made}")


def _may_be_raised(workspace: Workspace, store: Store, case: Row, today: date) -> None:
    """Refuse an appeal that is too early, too late, or the second on a result."""
    outcome = objection_outcomes(workspace, store)[case["objection_id"]][0]
    if (before := appealed_by(store, case)) is not None:
        raise RefusedError(
            f"appeal {before} on this result was raised before; what its panel decides is final.",
            key="publicity.appealed",
            appeal=before,
        )
    until = appeal_until(store, workspace.policy, case, outcome)
    if outcome in (PENDING, READING):
        raise RefusedError(
            f"objection {case['objection_id']} is not decided yet. Appeal when it is.",
            key="publicity.not_decided",
            objection=case["objection_id"],
        )
    if until is None or today > until:
        raise RefusedError(
            f"appeals against the answer to {case['objection_id']} were possible until {until}.",
            key="publicity.appeal_over" if until else "publicity.no_appeals",
            objection=case["objection_id"],
            until=str(until or ""),
        )
