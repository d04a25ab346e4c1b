"""试算与改用, a tab of 政策与量规: whose results another policy would change, and adopting it."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from workbench import session
from workbench.components.showing import done, may, subject, table, telling
from workbench.messages import has, text
from workbench.services.catalogue import policy_rows
from workbench.services.impact import Impact, adopt_policy, drafts, preview

_CHANGE = ("key", "before", "after")
_RESULT = ("school_id", "teacher_id", "subject", "before", "after")


def draw_impact(here: session.Session) -> None:
    """Draw the choice of a pack, what it changes, and the form that adopts it."""
    st.write(text("policy_page.impact_intro"))
    shipped = {row["policy"]: row[f"name_{here.language}"] for row in policy_rows()}
    found = {**shipped, **{name: Path(name).name for name in here.read(drafts)}}
    st.caption(text("policy_page.drafts", folder=here.workspace.folder / "policies"))
    chosen = st.selectbox(
        text("policy_page.pack"),
        list(found),
        index=None,
        format_func=lambda name: found[name],
        placeholder=text("policy_page.choose_pack"),
        key="impact_pack",
    )
    if chosen is None:
        return
    with telling():
        changes, impacts = here.read(preview, here.person_id, chosen)
        _changes(changes)
        for each in impacts:
            _impact(each)
        if changes and may(here.roles, "policy.adopt"):
            _adopt(here, chosen)


def _changes(changes: Sequence[dict[str, Any]]) -> None:
    if not changes:
        st.info(text("policy_page.same"))
        return
    st.markdown(f"**{text('policy_page.changes', count=len(changes))}**")
    rows = [{key: str(row[key]) for key in _CHANGE} for row in changes]
    table(rows, _columns(_CHANGE), "impact_changes")


def _impact(each: Impact) -> None:
    told = {"round": each.round_name, "count": len(each.rows), "results": each.results}
    st.markdown(f"**{text('impact.round', **told)}**")
    for (before, after), count in each.moves.most_common():
        st.write(text("impact.move", before=_outcome(before), after=_outcome(after), count=count))
    if not each.rows:
        return
    rows = [
        {
            **row,
            "subject": subject(row["competency"], ""),
            "before": _outcome(row["before"]),
            "after": _outcome(row["after"]),
        }
        for row in each.rows
    ]
    table(rows, _columns(_RESULT), f"impact_{each.round_name}")


def _adopt(here: session.Session, name: str) -> None:
    with st.form("adopt_policy"):
        st.write(text("policy_page.adopt_says"))
        reason = st.text_area(text("policy_page.reason"), key="adopt_reason")
        sure = st.checkbox(text("policy_page.sure"), key="adopt_sure")
        told = st.form_submit_button(text("policy_page.adopt"), type="primary", key="adopt")
    if told and not sure:
        st.warning(text("policy_page.not_sure"))
    elif told:
        with telling():
            pack, _ = adopt_policy(here.workspace, name, here.act(reason))
            done(text("impact.adopted", pack=pack.pack_id, digest=pack.digest[:12]))


def _columns(names: Sequence[str]) -> dict[str, Any]:
    return {name: text(f"policy_page.column.{name}") for name in names}


def _outcome(outcome: str) -> str:
    """Level, or the reason there is none."""
    key = f"level.{outcome}"
    return text(key if has(key) else f"reason_none.{outcome}")
