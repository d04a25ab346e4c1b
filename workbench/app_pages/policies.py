"""政策与量规: the rules of the round, what its evidence is judged by, and what a change would do."""

from __future__ import annotations

from typing import Any

import streamlit as st

from workbench import session
from workbench.app_pages.policy_impact import draw_impact, value_words
from workbench.components.showing import say_what_was_done
from workbench.messages import has, text
from workbench.services.catalogue import criterion_rows, rule_rows
from workbench.services.roles import SEEN_BY
from workbench.services.sheet_text import sheet_text

_COLUMNS = ("rule", "key", "value", "unit", "source", "note")
_LEVELS = ("pass", "excellent")


def draw() -> None:
    """Draw the policy of the round on one tab and its rubrics on the other."""
    here = session.current()
    st.title(text("page.policies"))
    say_what_was_done()
    names = ["policy", "rubrics"]
    if any(role in SEEN_BY["impact.show"] for role in here.roles):
        names.append("impact")
    policy, rubrics, *impact = st.tabs([text(f"policy_page.{name}") for name in names])
    with policy:
        _policy(here)
    with rubrics:
        _rubrics(here)
    for tab in impact:
        with tab:
            draw_impact(here)


def _policy(here: session.Session) -> None:
    pack = here.workspace.policy
    name = pack.name_zh if here.language == "zh" else pack.name_en
    told = {"name": name, "pack": pack.pack_id, "digest": pack.digest[:12]}
    st.markdown(f"**{text('policy_page.head', **told)}**")
    st.caption(text("policy_page.fixed"))
    rows = rule_rows(pack)
    own = sum(row["pack"] == pack.pack_id for row in rows)
    search, only = st.columns([3, 2], vertical_alignment="bottom")
    word = search.text_input(text("policy_page.search"), key="policy_word").strip().lower()
    only_own = only.toggle(text("policy_page.own"), key="policy_own")
    shown = [
        _rule(row, here.language) for row in rows if not only_own or row["pack"] == pack.pack_id
    ]
    shown = [row for row in shown if word in " ".join(row.values()).lower()]
    st.caption(text("policy_page.count", count=len(rows), own=own))
    if not shown:
        st.info(text("policy_page.none"))
        return
    st.dataframe(
        shown,
        column_config={name: text(f"policy_page.column.{name}") for name in _COLUMNS},
        column_order=_COLUMNS,
        hide_index=True,
        height=min(38 + 35 * len(shown), 520),
    )
    st.download_button(
        text("policy_page.download"),
        lambda: sheet_text(_COLUMNS, shown),
        file_name=f"{pack.pack_id}.csv",
        mime="text/csv",
        on_click="ignore",
    )


def _rule(row: dict[str, Any], language: str) -> dict[str, str]:
    return {
        "rule": row[f"name_{language}"],
        "key": row["key"],
        "value": value_words(row["value"]),
        "unit": _word("unit", row["unit"]),
        "source": _word("source", row["source"]),
        "note": row["note"],
    }


def _word(kind: str, written: str) -> str:
    """Unit or source in words of the product; a county's own as the pack writes it."""
    key = f"policies.{kind}.{written}"
    return text(key) if has(key) else written


def _rubrics(here: session.Session) -> None:
    by_code = {rubric.competency: rubric for rubric in here.workspace.rubrics}
    zh = here.language == "zh"
    chosen = st.selectbox(
        text("policy_page.competency"),
        list(by_code),
        format_func=lambda code: f"{code} {by_code[code].name_zh if zh else by_code[code].name_en}",
        key="rubric_code",
    )
    rubric = by_code[chosen]
    digest = rubric.digest[:12]
    st.caption(text("policy_page.version", version=rubric.version, digest=digest))
    rows = criterion_rows(rubric)
    for slot in dict.fromkeys(row["slot"] for row in rows):
        _slot([row for row in rows if row["slot"] == slot], here.language)


def _slot(rows: list[dict[str, Any]], language: str) -> None:
    """Draw one slot with its criteria, those for pass beside those for excellent."""
    first = rows[0]
    core = f" · {text('policy_page.core')}" if first["core"] else ""
    st.subheader(f"{first['slot']} {first[f'slot_{language}']}{core}", divider="gray")
    if first["accepts"]:
        forms = first["accepts"].replace(",", "、")
        st.caption(text("policy_page.accepts", forms=forms))
    for column, level in zip(st.columns(2, gap="large"), _LEVELS, strict=True):
        column.markdown(f"**{text(f'policy_page.{level}')}**")
        for row in rows:
            if row["level"] == level:
                column.markdown(f"`{row['criterion']}`　{row[f'text_{language}']}")
