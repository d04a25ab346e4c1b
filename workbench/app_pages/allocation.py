"""分派与预检: the plan with its proof before anybody reads, giving it out, and who takes on how much."""

from __future__ import annotations

import streamlit as st

from workbench import session
from workbench.app_pages.allocation_proof import draw_proof, draw_short, next_step
from workbench.app_pages.drawing import as_of, export, faults_told, table, told
from workbench.messages import text
from workbench.services import reading_terms
from workbench.services.allocation import Proof, RaterProof, proof_seen
from workbench.services.assignments import allocate_reads

_COLUMNS = "name school share most held new load se hours network".split()


def draw() -> None:
    """Draw the counts, what to do next, the proof, the reviewers, and the acts."""
    here = session.current()
    st.title(text("page.allocation"))
    told()
    with faults_told():
        intro, asked = st.columns([3, 1], vertical_alignment="top")
        intro.caption(text("page_allocation.intro"))
        with asked:
            seed = _seed(here)
        rules = tuple(st.session_state.get("allocation_rules", ()))
        with st.spinner(text("page_allocation.coming"), show_time=False):
            proof = as_of(here, here.recent(proof_seen, here.person_id, seed, rules))
        if not proof.raters:
            st.info(text("page_allocation.no_raters"))
            return
        if proof.made.rounds:
            _counts(proof)
            next_step(proof)
            _run(here, proof, seed)
            if proof.made.short:
                draw_short(proof)
            draw_proof(proof)
        else:
            st.info(text("page_allocation.nothing"))
        _raters(here, proof, seed)


def _seed(here: session.Session) -> str:
    usual = f"{here.workspace.round_name}-1"
    found: str = st.text_input(
        text("page_allocation.seed"),
        value=usual,
        help=text("page_allocation.seed_help"),
        key="allocation_seed",
    )
    return found.strip() or usual


def _counts(proof: Proof) -> None:
    work = proof.outlook.work
    shown: dict[str, int | str] = {
        "pieces": len(proof.made.rounds),
        "reads": proof.made.reads,
        "third": f"{work.third_reads:.0f}",
        "hours": f"{work.hours:.1f}",
        "raters": proof.staff.now,
        "short": len(proof.made.short),
    }
    for place, (name, value) in zip(st.columns(len(shown)), shown.items(), strict=True):
        place.metric(text(f"page_allocation.metric.{name}"), value, border=True)


def _run(here: session.Session, proof: Proof, seed: str) -> None:
    """Draw the rules that may be set aside, with a reason, and the button."""
    offered = dict.fromkeys((*proof.made.rules, *(way.rule for way in proof.ways_out)))
    with st.container(horizontal=True, vertical_alignment="bottom"):
        if offered:
            st.pills(
                text("page_allocation.relax"),
                list(offered),
                selection_mode="multi",
                format_func=lambda rule: text(f"page_allocation.rule.{rule}"),
                key="allocation_rules",
            )
        reason = ""
        if proof.made.set_aside:
            reason = st.text_input(
                text("page_allocation.relax_reason"), width=420, key="allocation_reason"
            )
        st.button(
            text("page_allocation.run"),
            type="primary",
            disabled=not proof.made.reads,
            key="allocation_run",
            on_click=_give_out,
            args=(here, seed, proof.made.rules, reason),
        )


def _give_out(here: session.Session, seed: str, rules: tuple[str, ...], reason: str) -> None:
    def run() -> str:
        made = allocate_reads(here.workspace, seed, session.act(reason), rules)
        if made.short:
            return text("page_allocation.ran_short", reads=made.reads, short=len(made.short))
        return text("page_allocation.ran", pieces=len(made.plan.readers), reads=made.reads)

    if session.attempt(run):
        st.session_state.pop("allocation_rules", None)
        st.session_state.pop("allocation_reason", None)


def _raters(here: session.Session, proof: Proof, seed: str) -> None:
    st.subheader(text("page_allocation.raters"))
    headings = {name: text(f"page_allocation.column.{name}") for name in _COLUMNS}
    rows = [_shown(row) for row in proof.raters]
    place = table(rows, headings, "allocation_raters", select=True)
    note, offer = st.columns([5, 1], vertical_alignment="center")
    with offer:
        export(rows, headings, "allocation", "allocation_export")
    if place is None:
        note.caption(text("page_allocation.pick"))
    else:
        _one(here, proof.raters[place], seed)


def _shown(row: RaterProof) -> dict[str, object]:
    return {
        "name": row.name,
        "school": row.school,
        "share": f"{row.share:.0%}",
        "most": text("page_allocation.no_limit") if row.most is None else str(row.most),
        "held": row.held,
        "new": row.new,
        "load": row.load,
        "se": text("drawing.too_few") if row.se is None else f"{row.se:.2f}",
        "hours": f"{row.hours:.1f}",
        "network": "" if row.network is None else str(row.network),
    }


def _one(here: session.Session, row: RaterProof, seed: str) -> None:
    """Draw what one reader takes on and the leaving; widgets are keyed by who it is."""
    who = row.rater
    st.markdown(text("page_allocation.chosen", name=row.name, rater=who, held=row.held))
    terms, gone = st.columns(2, gap="large")
    with terms.form(f"terms_{who}"):
        share, most = st.columns(2)
        share.number_input(
            text("page_allocation.share"), 0, 200, round(row.share * 100), 10,
            help=text("page_allocation.share_help"), key=f"share_{who}",
        )  # fmt: skip
        most.number_input(
            text("page_allocation.most"), 0, None, row.most or 0, 5,
            help=text("page_allocation.most_help"), key=f"most_{who}",
        )  # fmt: skip
        st.form_submit_button(text("page_allocation.save"), on_click=_save, args=(here, row))
    with gone.form(f"drop_{who}"):
        st.text_input(text("page_allocation.drop_reason"), key=f"why_{who}")
        st.form_submit_button(text("page_allocation.drop"), on_click=_drop, args=(here, row, seed))


def _save(here: session.Session, row: RaterProof) -> None:
    state = st.session_state

    def save() -> str:
        most = state[f"most_{row.rater}"] or None
        terms = reading_terms.OneTerms(row.rater, state[f"share_{row.rater}"], most)
        reading_terms.set_terms(here.workspace, [terms], session.act())
        return text("page_allocation.saved", name=row.name)

    session.attempt(save)


def _drop(here: session.Session, row: RaterProof, seed: str) -> None:
    def drop() -> str:
        act = session.act(st.session_state[f"why_{row.rater}"])
        made = reading_terms.drop_reader(here.workspace, row.rater, seed, act)
        counts = {
            "released": len(made.released),
            "again": len(made.again),
            "kept": len(made.kept),
        }
        if left := len(made.short):
            return text("page_allocation.dropped_short", name=row.name, left=left, **counts)
        return text("page_allocation.dropped", name=row.name, **counts)

    session.attempt(drop)
