"""操作日志: what was done, by whom and why, and whether the log is whole."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

import streamlit as st

from workbench import session
from workbench.context import CHINA
from workbench.messages import has, text
from workbench.services.audit_log import Asked, audit_faults, audit_page, audit_table

_A_PAGE = 100
_COLUMNS = ("seq", "at", "name", "role", "action", "object", "reason")


def draw() -> None:
    """Draw the filter, a page of lines, the export and the check."""
    here = session.current()
    st.title(text("page.audit_log"))
    st.write(text("audit_log.intro"))
    asked = _asked(here)
    number = st.session_state.get("audit_number", 1)
    found = here.read_log(audit_page, here.person_id, asked, _A_PAGE, (number - 1) * _A_PAGE)
    if found.bound:
        st.caption(text("audit_log.scope"))
    if not found.lines and number > 1:  # the filter left fewer pages than the one shown
        st.session_state["audit_number"] = 1
        st.rerun()
    if not found.lines:
        st.info(text("audit_log.none"))
        return
    st.dataframe(
        [_shown(line) for line in found.lines],
        column_config={name: text(f"audit_log.column.{name}") for name in _COLUMNS},
        column_order=_COLUMNS,
        hide_index=True,
        height=min(38 + 35 * len(found.lines), 560),
    )
    _foot(here, asked, found.total)


def _asked(here: session.Session) -> Asked:
    """Draw the filter; its choices come from the lines the person may see."""
    known = here.read_log(audit_page, here.person_id, Asked(), 1)
    by_action, by_actor, by_word, by_day = st.columns([2, 2, 3, 3])
    action = by_action.selectbox(
        text("audit_log.action"),
        ["", *known.actions],
        format_func=lambda key: _act(key) if key else text("audit_log.all"),
        key="audit_action",
    )
    actor = by_actor.selectbox(
        text("audit_log.actor"),
        ["", *known.actors],
        format_func=lambda name: name or text("audit_log.all"),
        key="audit_actor",
    )
    word = by_word.text_input(text("audit_log.word"), key="audit_word")
    days = by_day.date_input(text("audit_log.days"), value=[], key="audit_days")
    first, last = _both(days)
    return Asked(action or "", actor or "", word, first, last)


def _both(days: Any) -> tuple[date | None, date | None]:
    if not isinstance(days, tuple | list):
        return days, days
    return (days[0] if days else None, days[-1] if days else None)


def _foot(here: session.Session, asked: Asked, total: int) -> None:
    count, pages, check, export = st.columns([2, 4, 2, 2], vertical_alignment="center")
    count.caption(text("audit_log.count", count=total))
    with pages:
        if total > _A_PAGE:
            st.pagination(-(-total // _A_PAGE), key="audit_number")
    workspace, person_id = here.workspace, here.person_id
    export.download_button(
        text("audit_log.export"),
        lambda: audit_table(workspace, person_id, asked),
        file_name="audit_log.csv",
        mime="text/csv",
        on_click="ignore",
        width="stretch",
    )
    if check.button(text("audit_log.check"), width="stretch"):
        faults = here.read_log(audit_faults, here.person_id)
        if faults:
            st.error(text("audit_log.broken", count=len(faults), first=faults[0]))
        else:
            st.success(text("audit_log.sound"))


def _shown(line: dict[str, Any]) -> dict[str, Any]:
    at = datetime.fromisoformat(line["at"]).astimezone(CHINA)
    return {
        **line,
        "at": f"{at:%Y-%m-%d %H:%M:%S}",
        "role": _role(line["role"]),
        "action": _act(line["action"]),
    }


def _act(action: str) -> str:
    key = f"audit_log.act.{action}"
    return text(key) if has(key) else action


def _role(role: str) -> str:
    """Role in words; one asserted on the command line says so."""
    name = role.removeprefix("asserted:")
    key = f"role.{name}"
    word = text(key) if has(key) else name
    return text("audit_log.asserted", role=word) if role.startswith("asserted:") else word
