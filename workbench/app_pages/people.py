"""人员与角色: who may sign in, as what, and who is signed in now."""

from __future__ import annotations

import secrets
from typing import Any

import streamlit as st

from workbench import session
from workbench.messages import text
from workbench.services import accounts, places
from workbench.services.roles import ROLES

_COLUMNS = ("person_id", "name", "school", "department", "roles", "password_at", "sessions")


def draw() -> None:
    """Draw the table of people, and what may be done with the one selected."""
    here = session.current()
    st.title(text("page.people"))
    st.write(text("people.intro"))
    _show_password()
    rows = accounts.list_users(here.workspace, session.now(), here.person_id)
    counts = {
        "count": len(rows),
        "open": sum(bool(row["password_at"]) for row in rows),
        "online": sum(row["sessions"] > 0 for row in rows),
    }
    st.caption(text("people.count", **counts))
    table, side = st.columns([0.6, 0.4], gap="medium")
    with table:
        chosen = _table(rows)
    with side:
        if chosen is None:
            st.info(text("people.select"))
        else:
            _one(chosen)
        _add(here)


def _show_password() -> None:
    """Show a password that was drawn, in this run only."""
    password = st.session_state.pop("people_password", "")
    if password:
        st.code(password, language=None)


def _table(rows: list[dict[str, Any]]) -> dict[str, Any] | None:
    word = st.text_input(text("people.search"), key="people_word").strip()
    fitting = [
        row for row in rows if any(word in row[key] for key in ("person_id", "name", "school"))
    ]
    if not fitting:
        st.info(text("people.nobody"))
        return None
    shown = [
        {
            **row,
            "roles": "、".join(text(f"role.{role}") for role in row["roles"]),
            "password_at": row["password_at"][:10] or text("people.no_password"),
        }
        for row in fitting
    ]
    made = st.dataframe(
        [{name: row[name] for name in _COLUMNS} for row in shown],
        column_config={name: text(f"people.column.{name}") for name in _COLUMNS},
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        height=min(38 + 35 * len(shown), 520),
        key=f"people_table_{word}",
    )
    selected = made.selection.rows
    return fitting[selected[0]] if selected and selected[0] < len(fitting) else None


def _one(row: dict[str, Any]) -> None:
    """Draw what may be done with one person; widgets are keyed by who it is."""
    who = row["person_id"]
    st.subheader(text("people.chosen", name=row["name"], person=who))
    st.pills(
        text("people.roles"),
        ROLES,
        selection_mode="multi",
        wrap=True,
        default=row["roles"],
        format_func=lambda role: text(f"role.{role}"),
        key=f"roles_{who}",
    )
    with st.container(horizontal=True):
        st.button(text("people.save_roles"), key=f"save_{who}", on_click=_save_roles, args=(row,))
        st.button(
            text("people.reset"),
            key=f"reset_{who}",
            on_click=_reset,
            args=(row,),
            help=text("people.reset_help"),
        )
        if row["sessions"]:
            st.button(text("people.sign_out"), key=f"out_{who}", on_click=_sign_out, args=(row,))


def _add(here: session.Session) -> None:
    with st.expander(text("people.add")), st.form("add_person"):
        st.text_input(text("people.add_name"), key="add_name")
        st.text_input(text("people.add_id"), key="add_id")
        st.selectbox(
            text("people.add_school"),
            ["", *places.place_names(here.workspace)],
            format_func=lambda name: name or text("people.add_county"),
            key="add_school",
        )
        st.text_input(text("people.add_department"), key="add_department")
        st.pills(
            text("people.roles"),
            ROLES,
            selection_mode="multi",
            wrap=True,
            format_func=lambda role: text(f"role.{role}"),
            key="add_roles",
        )
        st.form_submit_button(text("people.add_submit"), on_click=_added)


def _save_roles(row: dict[str, Any]) -> None:
    here = session.current()
    roles = st.session_state[f"roles_{row['person_id']}"]

    def save() -> str:
        accounts.set_roles(here.workspace, row["person_id"], roles, here.act())
        return text("people.roles_saved" if roles else "people.closed", name=row["name"])

    session.attempt(save)


def _reset(row: dict[str, Any]) -> None:
    here = session.current()
    password = accounts.draw_password(secrets.token_bytes)

    def reset() -> str:
        accounts.set_password(here.workspace, row["person_id"], password, here.act())
        return text("people.drawn", name=row["name"])

    if session.attempt(reset):
        st.session_state["people_password"] = password


def _sign_out(row: dict[str, Any]) -> None:
    here = session.current()

    def sign_out() -> str:
        ended = accounts.sign_out_everywhere(here.workspace, row["person_id"], here.act())
        return text("people.signed_out", count=ended)

    session.attempt(sign_out)


def _added() -> None:
    """Enter somebody; the form keeps what was typed where that fails."""
    here, state = session.current(), st.session_state

    def add() -> str:
        made = accounts.add_user(
            here.workspace,
            state["add_name"],
            state["add_roles"],
            here.act(),
            secrets.token_bytes,
            person_id=state["add_id"],
            school=state["add_school"],
            department=state["add_department"],
        )
        return text("people.added", name=state["add_name"].strip(), person=made)

    if session.attempt(add):
        for name in ("add_name", "add_id", "add_department"):
            state[name] = ""
        state["add_roles"] = []
