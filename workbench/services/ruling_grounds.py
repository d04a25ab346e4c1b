"""Reasons of rulings 裁定理由: which codes policy offers, and how often each was given."""

from __future__ import annotations

from collections.abc import Mapping

from models.closing import ground_counts
from rubrics.ruling_reasons import ruling_reasons
from workbench.errors import InputError
from workbench.messages import language
from workbench.services.reach import seen_school
from workbench.services.workspace import Workspace


def reasons(workspace: Workspace) -> dict[str, str]:
    """Codes of the reasons policy offers, with their words in the language of the run."""
    offered = set(workspace.policy["adjudication.reasons"])
    zh = language() == "zh"
    return {r.code: r.zh if zh else r.en for r in ruling_reasons() if r.code in offered}


def reason_counts(workspace: Workspace, person_id: str) -> list[tuple[str, int]]:
    """How often each reason was given, most often first, of the schools a person sees.

    Raises
    ------
    RefusedError
        If the person may not see rulings.
    """
    with workspace.store() as store:
        scope = seen_school(store, person_id, "adjudication.show")
        found = ground_counts(store, scope)
    zh = language() == "zh"
    said = {r.code: r.zh if zh else r.en for r in ruling_reasons()}
    return sorted(((said[code], n) for code, n in found.items()), key=lambda row: -row[1])


def known_codes(
    workspace: Workspace, rulings: Mapping[str, object], codes: Mapping[str, str]
) -> None:
    """Refuse a reason that policy does not offer, or one for what is not ruled on.

    Raises
    ------
    InputError
        Naming the criteria.
    """
    known = reasons(workspace)
    wrong = [c for c, code in codes.items() if code not in known or c not in rulings]
    if wrong:
        raise InputError(
            f"criteria {', '.join(wrong)}: the reason is none of {', '.join(known)}. Choose one.",
            key="adjudication.no_code",
            criteria=", ".join(wrong),
        )


def need_codes(
    workspace: Workspace, rulings: Mapping[str, object], codes: Mapping[str, str]
) -> None:
    """Refuse a ruling without the kind of its reason, where policy offers kinds.

    A ratings file carries rulings in words alone; who rules in the room has the list before them.

    Raises
    ------
    InputError
        Naming the criteria.
    """
    lacking = [name for name in rulings if not codes.get(name)]
    if lacking and workspace.policy["adjudication.reasons"]:
        raise InputError(
            f"criteria {', '.join(lacking)} lack the kind of reason. Choose one for each.",
            key="adjudication.code_lacks",
            criteria="、".join(lacking),
        )
