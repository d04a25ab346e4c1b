"""试算与改用, a tab of 政策与量规: whose results another policy or rubric would change, and adopting it."""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import streamlit as st

from workbench import session
from workbench.components.showing import done, may, subject, table, telling
from workbench.messages import has, text
from workbench.services.catalogue import changed_rules, policy_rows
from workbench.services.impact import (
    Impact,
    adopt_policy,
    adopt_rubric,
    drafts,
    preview,
    rows_with_names,
    rubric_drafts,
    rubric_preview,
)

_CHANGE = ("key", "before", "after")
_RULE = ("rule", *_CHANGE)
_RESULT = ("school", "teacher_no", "teacher", "subject", "before", "after")
_KINDS = ("pack", "rubric")


def draw_impact(here: session.Session) -> None:
    """Draw the choice of a pack or a rubric, what it changes, and the form that adopts it."""
    st.write(text("policy_page.impact_intro"))
    kind = st.segmented_control(
        text("policy_page.kind"),
        _KINDS,
        default="pack",
        required=True,
        format_func=lambda name: text(f"policy_page.kinds.{name}"),
        label_visibility="collapsed",
        key="impact_kind",
    )
    if kind == "rubric":
        _rubric(here)
    else:
        _pack(here)


def _pack(here: session.Session) -> None:
    shipped = {row["policy"]: row[f"name_{here.language}"] for row in policy_rows()}
    found = {**shipped, **{name: Path(name).name for name in here.read(drafts)}}
    st.caption(text("policy_page.drafts", folder=here.workspace.folder / "policies"))
    chosen = _chosen(found, "pack", text("policy_page.choose_pack"))
    if chosen is None:
        return
    with telling():
        changes, impacts = here.read(preview, here.person_id, chosen)
        _rules(here, changes)
        for each in impacts:
            _impact(here, each)
        if changes and may(here.roles, "policy.adopt"):
            _adopt_policy(here, chosen)


def _rubric(here: session.Session) -> None:
    """Draw the rubrics that lie ready, what one changes, and the form that adopts it."""
    st.caption(text("policy_page.rubric_drafts", folder=here.workspace.folder / "rubric_sets"))
    found = {name: Path(name).name for name in here.read(rubric_drafts)}
    if not found:
        st.info(text("policy_page.no_rubric_drafts", source=here.workspace.rubrics_folder))
        return
    chosen = _chosen(found, "rubric", text("policy_page.choose_rubric"))
    if chosen is None:
        return
    with telling():
        made = here.read(rubric_preview, here.person_id, chosen)
        _texts(made.changes)
        for each in made.impacts:
            _impact(here, each)
        if made.marked:
            told = {"count": made.marked, "competency": made.rubric.competency}
            st.warning(text("policy_page.marked", **told))
        elif made.changes and may(here.roles, "rubric.adopt"):
            _adopt_rubric(here, Path(chosen))


def _chosen(found: dict[str, str], kind: str, placeholder: str) -> str | None:
    return st.selectbox(
        text(f"policy_page.{kind}"),
        list(found),
        index=None,
        format_func=lambda name: found[name],
        placeholder=placeholder,
        key=f"impact_{kind}",
    )


def _rules(here: session.Session, changes: Sequence[dict[str, Any]]) -> None:
    """Draw the rules that change, in words; a mere change of source or note is counted."""
    if not changes:
        st.info(text("policy_page.same"))
        return
    found, others = changed_rules(changes)
    st.markdown(f"**{text('policy_page.changes', count=len(found))}**")
    rows = [
        {
            "rule": row[f"name_{here.language}"],
            "key": row["key"],
            "before": value_words(row["before"]),
            "after": value_words(row["after"]),
        }
        for row in found
    ]
    if rows:
        table(rows, _columns(_RULE), "impact_changes")
    if others:
        st.caption(text("policy_page.changes_besides", count=others))


def _texts(changes: Sequence[dict[str, Any]]) -> None:
    """Draw what another rubric says otherwise."""
    if not changes:
        st.info(text("policy_page.same_rubric"))
        return
    st.markdown(f"**{text('policy_page.rubric_changes', count=len(changes))}**")
    rows = [{name: value_words(row[name]) for name in _CHANGE} for row in changes]
    table(rows, _columns(_CHANGE), "impact_changes")


def _impact(here: session.Session, each: Impact) -> None:
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
        for row in rows_with_names(here.workspace, each)
    ]
    table(rows, _columns(_RESULT), f"impact_{each.round_name}")


def _adopt_policy(here: session.Session, name: str) -> None:
    def run(reason: str) -> str:
        pack, _ = adopt_policy(here.workspace, name, here.act(reason))
        return text("impact.adopted", pack=pack.pack_id, digest=pack.digest[:12])

    _adopt("policy", text("policy_page.adopt"), text("policy_page.adopt_says"), run)


def _adopt_rubric(here: session.Session, path: Path) -> None:
    def run(reason: str) -> str:
        adopt_rubric(here.workspace, path, here.act(reason))
        return text("impact.rubric_adopted", file=path.name)

    says = text("policy_page.adopt_rubric_says")
    _adopt("rubric", text("policy_page.adopt_rubric"), says, run)


def _adopt(kind: str, label: str, says: str, run: Callable[[str], str]) -> None:
    """Draw the form that adopts; a reason and a tick are asked for."""
    with st.form(f"adopt_{kind}"):
        st.write(says)
        reason = st.text_area(text("policy_page.reason"), key="adopt_reason")
        sure = st.checkbox(text("policy_page.sure"), key="adopt_sure")
        told = st.form_submit_button(label, type="primary", key="adopt")
    if told and not sure:
        st.warning(text("policy_page.not_sure"))
    elif told:
        with telling():
            done(run(reason))


def _columns(names: Sequence[str]) -> dict[str, Any]:
    return {name: text(f"policy_page.column.{name}") for name in names}


def _outcome(outcome: str) -> str:
    """Level, or the reason there is none."""
    key = f"level.{outcome}"
    return text(key if has(key) else f"reason_none.{outcome}")


def value_words(value: object) -> str:
    """Value of a rule as a person writes it."""
    if value is None:
        return text("catalogue.nothing")
    if isinstance(value, bool):
        return text("catalogue.yes") if value else text("catalogue.no")
    if isinstance(value, list | tuple) and all(isinstance(part, str) for part in value):
        return text("catalogue.and").join(value)
    if isinstance(value, list | tuple | dict):
        return json.dumps(value, ensure_ascii=False)
    return str(value)
