"""备份: is everything sound, and an encrypted copy of it made and taken away."""

from __future__ import annotations

from typing import Any

import streamlit as st

from workbench import session
from workbench.components.showing import (
    address,
    done,
    may,
    moment,
    say_what_was_done,
    table,
    telling,
)
from workbench.messages import text
from workbench.services.doctor import Check
from workbench.services.kept_backups import KIND, SHORTEST, findings, keep_backup, kept_backups

_TIMES = ("now", "last", "at")
_TAKERS = frozenset({"admin", "county"})


def draw() -> None:
    """Draw what the doctor finds, making a backup, and those there are."""
    here = session.current()
    st.title(text("page.backup"))
    st.write(text("page_backup.intro"))
    say_what_was_done()
    with telling():
        _findings(here)
    if may(here.roles, "backup.make"):
        _make(here)
    if _TAKERS & set(here.roles):
        with telling():
            _kept(here)


def _findings(here: session.Session) -> None:
    st.subheader(text("page_backup.findings"))
    checks = findings(here.workspace, here.person_id, session.now())
    wrong = [check for check in checks if check.state != "fine"]
    if wrong:
        st.warning(text("page_backup.wrong", count=len(wrong)))
    else:
        st.success(text("doctor.all_fine"))
    names = ("state", "found", "remedy")
    columns: dict[str, Any] = {name: text(f"column.{name}") for name in names}
    table([_shown(check) for check in checks], columns, "findings")


def _shown(check: Check) -> dict[str, str]:
    told = {k: moment(value) if k in _TIMES else value for k, value in check.values.items()}
    fine = check.state == "fine"
    return {
        "state": text(f"doctor.state.{check.state}"),
        "found": text(f"doctor.{check.code}.{check.state}", **told),
        "remedy": "" if fine else text(f"doctor.{check.code}.remedy", **told),
    }


def _make(here: session.Session) -> None:
    st.subheader(text("page_backup.make"))
    st.caption(text("page_backup.how", least=SHORTEST))
    with st.form("make_backup"):
        left, right = st.columns(2)
        first = left.text_input(text("page_backup.passphrase"), type="password", key="phrase")
        again = right.text_input(text("page_backup.again"), type="password", key="phrase_again")
        folder = st.text_input(
            text("page_backup.folder"), key="backup_to", placeholder=text("page_backup.beside")
        ).strip()
        asked = st.form_submit_button(text("page_backup.begin"), type="primary")
    if not asked:
        return
    if first != again:
        st.error(text("page_backup.differ"))
        return
    with telling(), st.spinner(text("backup.packing")):
        made = keep_backup(here.workspace, here.act(), first, folder)
        size = f"{made.content_bytes / 2**20:.1f}"
        told = {"file": made.path.name, "members": made.members, "mib": size}
        done(text("page_backup.made", **told, sha256=made.sha256))


def _kept(here: session.Session) -> None:
    rows = kept_backups(here.workspace, here.person_id)
    if not rows:
        st.info(text("page_backup.none"))
        return
    st.subheader(text("page_backup.kept"))
    shown = [
        {
            "file": row["name"],
            "at": moment(row["at"]),
            "mib": f"{row['bytes'] / 2**20:.1f}",
            "link": address(KIND, row["name"]),
        }
        for row in rows
    ]
    columns: dict[str, Any] = {
        name: text(f"page_backup.column.{name}") for name in ("file", "at", "mib")
    }
    columns["link"] = st.column_config.LinkColumn(
        text("page_backup.column.link"), display_text=text("page_certificates.link")
    )
    table(shown, columns, "backups")
