"""判例库: precedents searched, kept from rulings, withdrawn, published, and exchanged as packs."""

from __future__ import annotations

import secrets
import tempfile
from html import escape
from pathlib import Path

import streamlit as st

from workbench import session
from workbench.app_pages.drawing import choose_file_said, faults_told, say, told
from workbench.messages import text
from workbench.services.precedent_packs import export_precedents, import_precedents
from workbench.services.precedent_search import Query, highlights, search
from workbench.services.precedents import (
    LONGEST_EXCERPT,
    OLDER,
    Precedent,
    open_rulings,
    proposed_excerpt,
    publish,
    save,
    withdraw,
)
from workbench.services.roles import ALLOWED

_A_PAGE = 20
_STYLE = """
<style>
.pr { line-height: 1.55; font-size: .92rem; }
.pr .line { color: #5b6875; font-size: .82rem; }
.pr .met, .pr .unmet { font-weight: 600; color: #005f45; }
.pr .unmet { color: #8f3b00; }
.pr blockquote { margin: .3rem 0; padding: .1rem .7rem; border-left: 3px solid #d5dbe1;
  color: #33404d; }
.pr mark { background: #fff0b3; padding: 0 .1rem; }
</style>
"""


def draw() -> None:
    """Draw the library, the rulings not kept yet, and the exchange of packs."""
    here = session.current()
    st.title(text("page.precedents"))
    told()
    with faults_told():
        st.caption(text("precedents.page.intro"))
        waiting = here.read(open_rulings, here.person_id)
        library, unkept, exchange = st.tabs(
            [
                text("precedents.page.library"),
                text("precedents.page.open", count=len(waiting)),
                text("precedents.page.exchange"),
            ]
        )
        with library:
            _library(here)
        with unkept:
            _keep(here, waiting)
        with exchange:
            _exchange(here)


def precedent_card(precedent: Precedent, words: str = "") -> str:
    """Markup of one precedent, the words looked for set off; everything in it escaped."""
    kind = "met" if precedent.met else "unmet"
    standing = text(f"precedents.standing.{precedent.ended or precedent.standing}")
    line = f"{precedent.precedent_id}　{precedent.year}　{precedent.origin}　{standing}"
    parts = [
        f'<span class="{kind}">{escape(text(f"precedents.{kind}"))}</span> '
        f"<b>{escape(precedent.criterion_id)}</b> {_marked(precedent.criterion_words, words)}",
        f"<div>{_marked(precedent.words, words)}</div>",
    ]
    if precedent.excerpt:
        parts.append(f"<blockquote>{_marked(precedent.excerpt, words)}</blockquote>")
    marks = "、".join(text(f"precedents.{_WORD[mark]}") for mark in precedent.reads)
    notes = [line, text("precedents.page.reads", marks=marks) if marks else ""]
    if precedent.places:
        notes.append(text("precedents.page.places", places=precedent.places))
    if precedent.standing == OLDER:
        notes.append(text("precedents.page.old_version", version=precedent.rubric_version))
    if precedent.successor:
        notes.append(text("precedents.page.by", successor=precedent.successor))
    elif precedent.ended_words:
        notes.append(text("precedents.page.ended_words", words=precedent.ended_words))
    said = "　".join(escape(note) for note in notes if note)
    return f'<div class="pr">{"".join(parts)}<div class="line">{said}</div></div>'


def style() -> str:
    """Styles of the cards, once a page."""
    return _STYLE


_WORD = {1: "met", 0: "unmet", None: "unsure"}


def _library(here: session.Session) -> None:
    query = _query(here)
    found = here.read(search, here.person_id, query)
    st.caption(text("precedents.found", count=len(found)))
    if not found:
        st.info(text("precedents.none" if query != Query() else "precedents.empty"))
        return
    number = 1
    if len(found) > _A_PAGE:
        number = st.pagination(-(-len(found) // _A_PAGE), key="precedents_page") or 1
    st.html(_STYLE)
    for each in found[(number - 1) * _A_PAGE : number * _A_PAGE]:
        with st.container(border=True):
            shown, acts = st.columns([6, 1])
            shown.html(precedent_card(each, query.words))
            with acts:
                _acts(here, each)


def _query(here: session.Session) -> Query:
    anything = text("precedents.page.any")
    words, competency, ruling, year, more = st.columns(
        [4, 2, 1.4, 1.4, 2.4], vertical_alignment="bottom"
    )
    asked = words.text_input(
        text("precedents.page.words"), placeholder=text("precedents.page.hint"), key="pr_words"
    )
    codes = ["", *(rubric.competency for rubric in here.workspace.rubrics)]
    code = competency.selectbox(
        text("precedents.page.competency"),
        codes,
        format_func=lambda c: c or anything,
        key="pr_competency",
    )
    met = ruling.selectbox(
        text("precedents.page.ruling"),
        (None, 1, 0),
        format_func=lambda m: anything if m is None else text(f"precedents.{_WORD[m]}"),
        key="pr_met",
    )
    now = session.now().year
    chosen = year.selectbox(
        text("precedents.page.year"),
        [0, *range(now, now - 6, -1)],
        format_func=lambda y: str(y) if y else anything,
        key="pr_year",
    )
    everything = more.toggle(text("precedents.page.everything"), key="pr_everything")
    return Query(asked.strip(), code or "", "", met, chosen or 0, everything)


def _acts(here: session.Session, each: Precedent) -> None:
    """Draw what may be done with one precedent, and who sees it."""
    st.caption(text("precedents.page.shared" if each.shared else "precedents.page.own"))
    if each.ended:
        return
    if not each.shared and _may(here, "precedent.publish"):
        key = f"pr_publish_{each.precedent_id}"
        if st.button(text("precedents.page.publish"), key=key):
            with faults_told():
                count = publish(here.workspace, [each.precedent_id], here.act())
                say(text("precedents.page.published", count=count))
                st.rerun()
    with st.popover(text("precedents.page.withdraw")):
        why = st.text_input(text("precedents.page.withdraw_why"), key=f"pr_why_{each.precedent_id}")
        if st.button(text("precedents.page.withdraw"), key=f"pr_end_{each.precedent_id}"):
            with faults_told():
                withdraw(here.workspace, each.precedent_id, here.act(why))
                say(text("precedents.page.withdrawn", precedent=each.precedent_id))
                st.rerun()


def _keep(here: session.Session, waiting: list[dict[str, object]]) -> None:
    """Draw the form that makes a ruling a precedent."""
    if not waiting:
        st.info(text("precedents.page.no_open"))
        return
    names = {(str(row["piece_id"]), str(row["criterion_id"])): _ruling(row) for row in waiting}
    chosen = st.selectbox(
        text("precedents.page.choose"), list(names), format_func=lambda k: names[k], key="pr_ruling"
    )
    if not chosen:
        return
    piece_id, criterion = chosen
    ruling = next(r for r in waiting if (r["piece_id"], r["criterion_id"]) == chosen)
    alike = here.read(search, here.person_id, Query(criterion=criterion))
    by_id = {each.precedent_id: each for each in alike}
    with st.form(f"pr_keep_{piece_id}_{criterion}"):
        quote = st.text_area(
            text("precedents.page.quote", most=LONGEST_EXCERPT),
            value=here.read(proposed_excerpt, piece_id, criterion),
            max_chars=LONGEST_EXCERPT,
            height=110,
        )
        reason = st.text_area(
            text("precedents.page.reason"), value=str(ruling["comment"]), height=80
        )
        replaces = st.selectbox(
            text("precedents.page.replaces"),
            ["", *by_id],
            format_func=lambda k: (
                f"{k}　{by_id[k].words[:40]}" if k else text("precedents.page.nothing")
            ),
        )
        sent = st.form_submit_button(text("precedents.page.save"), type="primary")
    if sent:
        with faults_told():
            made = save(
                here.workspace, piece_id, criterion, here.act(), quote, reason, replaces or ""
            )
            say(text("precedents.page.saved", precedent=made))
            st.rerun()


def _ruling(row: dict[str, object]) -> str:
    """One ruling in a line."""
    met = text("precedents.met" if row["met"] else "precedents.unmet")
    return f"{row['criterion_id']}　{met}　{row['piece_id']}　{str(row['comment'])[:40]}"


def _exchange(here: session.Session) -> None:
    """Draw packs out and in."""
    out, into = st.columns(2, gap="large")
    with out, st.container(border=True):
        st.caption(text("precedents.page.export_about"))
        if st.button(text("precedents.page.prepare"), key="pr_prepare"):
            with faults_told(), tempfile.TemporaryDirectory() as aside:
                path = Path(aside) / "precedents.json"
                count = export_precedents(here.workspace, path, here.act(), secrets.token_bytes)
                st.success(text("precedents.exported", count=count, file=path.name))
                st.download_button(
                    text("precedents.page.download"),
                    path.read_bytes(),
                    file_name=path.name,
                    mime="application/json",
                    on_click="ignore",
                )
    with into, st.container(border=True):
        choose_file_said(text("precedents.page.upload"))
        sent = st.file_uploader(text("precedents.page.upload"), type=["json"], key="pr_pack")
        if sent is not None and st.button(text("precedents.page.take"), key="pr_take"):
            with faults_told(), tempfile.TemporaryDirectory() as aside:
                path = Path(aside) / Path(sent.name).name
                path.write_bytes(sent.getvalue())
                _taken(here, path)


def _taken(here: session.Session, path: Path) -> None:
    made = import_precedents(here.workspace, path, here.act())
    counts = {"taken": made.taken, "known": made.known, "older": made.older}
    st.success(
        text("precedents.taken", place=made.place, refused=len(made.refused), **counts)
        + " "
        + (text("precedents.sealed", key=made.key) if made.key else text("precedents.unsealed"))
    )
    for sentence in (*made.conflicts, *made.refused):
        st.warning(sentence)


def _may(here: session.Session, action: str) -> bool:
    return any(role in ALLOWED[action] for role in here.roles)


def _marked(told: str, words: str) -> str:
    """Text with the words looked for set off, escaped."""
    parts, last = [], 0
    for start, end in highlights(told, words):
        parts += [escape(told[last:start]), f"<mark>{escape(told[start:end])}</mark>"]
        last = end
    return "".join([*parts, escape(told[last:])])
