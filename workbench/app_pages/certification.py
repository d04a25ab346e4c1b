"""认定与台账: what can be certified, two people's hands, and the ledger it stands in."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from typing import Any

import streamlit as st

from workbench import session
from workbench.components.showing import (
    done,
    download,
    in_tabs,
    level,
    may,
    moment,
    subject,
    table,
    telling,
)
from workbench.messages import text
from workbench.services.certification import approve, propose
from workbench.services.certification_views import (
    REASONS,
    LedgerState,
    last_checkpoints,
    ledger_entries,
    proposals,
    proposed_results,
    school_prospects,
    verify_ledgers,
    write_checkpoint,
)
from workbench.services.witnessed import witness_words

_PROPOSAL = (
    "proposal_id",
    "school",
    "results",
    "proposed_by",
    "proposed_at",
    "state",
    "approved_by",
)
_ENTRY = ("seq", "kind", "subject", "competency", "level", "attempt", "posted_at")


def draw() -> None:
    """Draw certification, the ledgers, and whether they verify."""
    parts = {"certify": _certify, "ledger": _ledger, "verify": _verify}
    in_tabs("certification", parts, session.current())


def _certify(here: session.Session) -> None:
    schools = here.read(school_prospects, here.person_id)
    if not schools:
        st.info(text("page_certification.no_results"))
        return
    st.subheader(text("page_certification.prospects"))
    table(schools, _columns(("school", "ready", "posted", *REASONS)), "prospects")
    st.caption(text("page_certification.why"))
    if may(here.roles, "certify.propose"):
        _propose(here, [row for row in schools if row["ready"]])
    st.subheader(text("page_certification.proposals"))
    _proposals(here)


def _propose(here: session.Session, ready: Sequence[Mapping[str, Any]]) -> None:
    if not ready:
        st.info(text("page_certification.nothing_ready"))
        return
    names = {row["school_id"]: f"{row['school']}（{row['ready']}）" for row in ready}
    asked = st.multiselect(
        text("page_certification.schools"),
        list(names),
        format_func=names.__getitem__,
        placeholder=text("page_certification.all_schools"),
        key="propose_schools",
    )
    if st.button(text("page_certification.propose"), type="primary", key="propose"):
        with telling():
            made = propose(here.workspace, asked or list(names), here.act())
            total = sum(each.results for each in made)
            done(text("page_certification.proposed", count=len(made), results=total))


def _proposals(here: session.Session) -> None:
    rows = proposals(
        here.workspace, here.person_id
    )  # a ledger may be written with no new line here
    if not rows:
        st.info(text("page_certification.no_proposals"))
        return
    waiting = [row for row in rows if row["state"] != "approved"]
    for row in waiting:
        _waiting(here, row)
    shown = [
        {
            **row,
            "proposed_at": moment(row["proposed_at"]),
            "state": text(f"page_certification.state.{row['state']}"),
        }
        for row in rows
    ]
    table(shown, _columns(_PROPOSAL), "proposals")


def _waiting(here: session.Session, row: Mapping[str, Any]) -> None:
    """Draw a proposal that waits for its second person, with what it would write."""
    with st.container(border=True):
        told = {name: row[name] for name in ("proposal_id", "school", "results", "proposed_by")}
        st.markdown(text("page_certification.waits", **told, at=moment(row["proposed_at"])))
        if row["state"] == "unposted":
            st.warning(text("page_certification.unposted", by=row["approved_by"]))
        with st.expander(text("page_certification.content")):
            results = here.read(proposed_results, here.person_id, row["proposal_id"])
            shown = [
                _result(each) | {"kind": text(f"ledger.kind.{each['kind']}")} for each in results
            ]
            names = ("kind", "subject", "competency", "level", "attempt")
            table(shown, _columns(names), row["proposal_id"])
        if row["own"]:
            st.info(text("page_certification.own"))
        elif not row["may_approve"]:
            st.info(text("page_certification.not_yours"))
        else:
            _approve(here, row)


def _approve(here: session.Session, row: Mapping[str, Any]) -> None:
    proposal_id = row["proposal_id"]
    sure = st.checkbox(
        text("page_certification.sure", school=row["school"], count=row["results"]),
        key=f"sure_{proposal_id}",
    )
    phrase = None
    if row["locked"]:
        asked = text("page_certification.passphrase")
        phrase = st.text_input(asked, type="password", key=f"phrase_{proposal_id}", width=420)
    label = text("page_certification.approve")
    if st.button(label, type="primary", disabled=not sure, key=f"approve_{proposal_id}"):
        with telling():
            made = approve(here.workspace, proposal_id, here.act(), secrets.token_bytes, phrase)
            first, last = min(made.seqs, default=0), max(made.seqs, default=0)
            told = {"school": row["school"], "count": len(made.seqs), "first": first, "last": last}
            done(text("page_certification.posted", **told))


def _ledger(here: session.Session) -> None:
    schools = {
        row["school_id"]: row["school"] for row in here.read(school_prospects, here.person_id)
    }
    if not schools:
        st.info(text("page_certification.no_ledger"))
        return
    school_id = st.selectbox(
        text("page_certification.school"),
        list(schools),
        format_func=schools.__getitem__,
        key="ledger_school",
        width=420,
    )
    entries = here.read(ledger_entries, here.person_id, school_id)
    if not entries:
        st.info(text("page_certification.no_ledger"))
        return
    only = st.toggle(text("page_certification.results_only"), value=True, key="ledger_results")
    shown = [_entry(each) for each in entries if each["is_result"] or not only]
    table(shown, _columns(_ENTRY), f"entries_{school_id}")
    st.caption(text("page_certification.entries_say"))


def _verify(here: session.Session) -> None:
    st.write(text("page_certification.verify_how"))
    if st.button(text("page_certification.verify"), type="primary", key="verify"):
        with st.spinner(text("ledgers.verifying")):
            found = verify_ledgers(here.workspace, here.person_id)
        st.session_state["ledgers_verified"] = (here.version, session.now().isoformat(), found)
    version, at, found = st.session_state.get("ledgers_verified", (None, "", []))
    if version == here.version:
        st.caption(text("page_certification.verified_at", at=moment(at)))
        for state in found:
            _state(state)
        if not found:
            st.info(text("ledgers.none"))
    st.subheader(text("page_certification.unseen"))
    st.markdown(text("page_certification.unseen_words"))
    for told in witness_words(here.workspace, here.person_id, session.now()):
        show = st.warning if told.endswith(text("witness.undetectable")) else st.info
        show(told)
    st.subheader(text("page_certification.checkpoints"))
    _checkpoints(here)


def _state(found: LedgerState) -> None:
    told = {"school": found.school, "count": found.checked, "as_of": moment(found.as_of)}
    if found.ok:
        st.success(text("page_certification.sound", **told))
        return
    st.error(text("page_certification.unsound", **told, fault=found.first_fault))
    if len(found.faults) > 1:
        with st.expander(text("page_certification.all_faults", count=len(found.faults))):
            st.text("\n".join(found.faults))


def _checkpoints(here: session.Session) -> None:
    rows = here.read(last_checkpoints, here.person_id)
    if not rows:
        st.info(text("page_certification.no_ledger"))
        return
    st.write(text("page_certification.checkpoints_how"))
    for row in rows:
        _checkpoint(here, row)


def _checkpoint(here: session.Session, row: Mapping[str, Any]) -> None:
    """Draw one checkpoint: its text to print, and a file written when it is asked for."""
    school_id = row["school_id"]
    key = f"checkpoint_{school_id}_{row['entries']}"
    with st.container(border=True):
        words, act = st.columns([4, 1], vertical_alignment="center")
        told = {"school": row["school"], "count": row["entries"]}
        words.write(text("page_certification.checkpoint", **told))
        with act, telling():
            label = text("page_certification.take")
            if st.session_state.get(key):
                download(text("page_certification.download"), "checkpoints", st.session_state[key])
            elif st.button(label, key=f"take_{school_id}", width="stretch"):
                name = write_checkpoint(here.workspace, here.person_id, school_id)
                st.session_state[key] = name
                st.rerun()
        with st.expander(text("page_certification.as_text")):
            st.code(row["note"], language=None)


def _columns(names: Sequence[str]) -> dict[str, Any]:
    return {name: text(f"page_certification.column.{name}") for name in names}


def _result(row: Mapping[str, Any]) -> dict[str, Any]:
    reason = row["reason_none"]
    return {
        **row,
        "competency": subject(row["competency"], row["competency_name"]),
        "level": level(row["level"]) or (text(f"reason_none.{reason}") if reason else ""),
    }


def _entry(row: Mapping[str, Any]) -> dict[str, Any]:
    shown = _result(row) if row["is_result"] else {**row, "competency": ""}
    return {
        **shown,
        "kind": text(f"ledger.kind.{row['kind']}"),
        "posted_at": moment(row["posted_at"]),
    }
