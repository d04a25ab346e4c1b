"""评审员报告: may severities be compared, who marks harder or erratically, and which marks surprise."""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

import streamlit as st

from workbench import session
from workbench.app_pages.agreement_charts import MOST_NAMED
from workbench.app_pages.drawing import (
    coefficient,
    data_below,
    evidence,
    export,
    faults_told,
    percent,
    signed,
    table,
    worded,
)
from workbench.app_pages.rater_report_charts import Drawn, report_drawn
from workbench.app_pages.recomputing import how_old
from workbench.messages import text
from workbench.services.facets_rerun import rerun_archive
from workbench.services.next_actions import listed
from workbench.services.rater_report import (
    ANALYSES,
    BLOCKED,
    READY,
    Interval,
    RaterLine,
    RaterReport,
    Surprise,
    marks_of_criterion,
)
from workbench.services.rater_words import agreement_said, fit_said, map_said, severity_said

_TABS = ("severity", "map", "surprises", "biases", "criteria", "rerun")
_SEVERITY = "name school change change_lo change_hi severity lo hi zero standing reads marks note"
_FIT = "name infit infit_lo infit_hi outfit consistency marks"
_SURPRISE = "piece_id name criterion_id words met chance"
_BIAS = "rater kind part bias lo hi q reads"
_CRITERION = "criterion_id words kind difficulty lo hi met_share infit marks"
_VIEWER_HEIGHT = 460


def draw() -> None:
    """Draw the decision and what to do first; then each picture with its sentence and its data."""
    here = session.current()
    st.title(text("page.rater_report"))
    with faults_told():
        drawn = here.read(report_drawn, here.person_id)
        report = drawn.report
        how_old(here, (report.facets, report.effects), ANALYSES)
        if report.facets.unknown:
            if not report.facets.needs_job:
                st.info(report.facets.unknown)
            return
        _decision(report)
        if report.decision == BLOCKED:
            return
        tabs = st.tabs([text(f"page_rater_report.tab.{name}") for name in _TABS])
        parts = (_severity, _map, lambda it: _surprises(here, it), _biases, _criteria, _rerun)
        for tab, part in zip(tabs, parts, strict=True):
            with tab:
                part(drawn)


def _decision(report: RaterReport) -> None:
    """Draw whether severities may be read, and what to do; before any number."""
    say = {READY: st.success, BLOCKED: st.error}.get(report.decision, st.warning)
    decided = text(f"page_rater_report.decision.{report.decision}")
    say("\n\n".join([decided, *report.actions]) if report.decision != READY else decided)
    if report.apart:
        st.caption(text("page_rater_report.apart", panels=listed(report.apart)))


def _severity(drawn: Drawn) -> None:
    report = drawn.report
    if said := severity_said(report):
        st.write(said)
    for sentence in report.findings:
        st.write(sentence)
    if drawn.severity is not None:
        st.altair_chart(drawn.severity, key="rater_report_severity", width="stretch")
        _unnamed(sum(each.change.value is not None for each in report.raters))
    st.caption(text("page_rater_report.severity_help", least=report.least_marks))
    shares = dict.fromkeys(("change", "change_lo", "change_hi"), signed)
    numbers = dict.fromkeys(("severity", "lo", "hi"), _logits)
    rows = [_severity_row(each) for each in report.raters]
    data_below(rows, _headings(_SEVERITY), "rater_severity", shares | numbers)
    st.subheader(text("page_rater_report.fit"))
    st.write(fit_said(report) or text("page_rater_report.fit_unknown"))
    if said := agreement_said(report):
        st.write(said)
    fits = [
        {**asdict(each), "consistency": text(f"page_rater_report.consistency.{each.consistency}")}
        for each in report.raters
    ]
    numbers = dict.fromkeys(("infit", "infit_lo", "infit_hi", "outfit"), coefficient)
    data_below(fits, _headings(_FIT), "rater_fit", numbers)


def _severity_row(line: RaterLine) -> dict[str, Any]:
    reason = "extreme" if line.extreme else "too_few" if line.too_few else ""
    return {
        **asdict(line),
        "severity": line.severity.value,
        "lo": line.severity.lo,
        "hi": line.severity.hi,
        "change": line.change.value,
        "change_lo": line.change.lo,
        "change_hi": line.change.hi,
        "zero": text(f"page_rater_report.zero.{line.zero}"),
        "standing": text(f"page_rater_report.standing.{line.standing}"),
        "note": text(f"page_rater_report.note.{reason}") if reason else "",
    }


def _map(drawn: Drawn) -> None:
    report = drawn.report
    if drawn.map is None:
        st.info(text("drawing.too_few"))
        return
    st.write(map_said(report))
    st.altair_chart(drawn.map, key="rater_report_map", width="content")
    left_out = sum(each.difficulty.value is None for each in report.criteria)
    st.caption(text("page_rater_report.map_help"))
    if left_out:
        st.caption(text("page_rater_report.map_left_out", n=left_out))
    rows = [{"from": lo, "to": hi, "pieces": count} for lo, hi, count in report.abilities]
    headings = {name: text(f"page_rater_report.map.{name}") for name in ("from", "to", "pieces")}
    numbers = dict.fromkeys(("from", "to"), "{:+.2f}".format)
    data_below(rows, headings, "rater_map", numbers)


def _surprises(here: session.Session, drawn: Drawn) -> None:
    """Draw the marks that had least chance; the one chosen with its piece and everybody's marks."""
    report = drawn.report
    if not report.surprises:
        st.success(text("page_rater_report.no_surprise"))
        return
    st.write(text("page_rater_report.surprises_said", n=len(report.surprises)))
    st.caption(text("page_rater_report.surprises_help"))
    headings = _headings(_SURPRISE)
    rows = [{**asdict(each), "met": _met(each.met)} for each in report.surprises]
    shown = worded(rows, {"chance": lambda value: f"{value:.1%}"})
    chosen = table(shown, headings, "rater_surprises", select=True)
    export(rows, headings, "rater_surprises", "rater_surprises_export")
    if chosen is None:
        return
    with faults_told():
        _surprise(here, report.surprises[chosen])


def _surprise(here: session.Session, mark: Surprise) -> None:
    """Draw everybody's marks on the criterion, and the piece."""
    told = here.read(marks_of_criterion, here.person_id, mark.piece_id, mark.criterion_id)
    st.subheader(f"{mark.piece_id}　{mark.criterion_id}")
    st.write(mark.words)
    rows = [
        {**row, "met": _met(row["met"]), "round": text(f"round.{row['round']}")} for row in told
    ]
    headings = {name: text(f"page_rater_report.mark.{name}") for name in ("rater", "round", "met")}
    table(rows, headings, "rater_surprise_marks")
    evidence(here, mark.piece_id, "rater_surprise", _VIEWER_HEIGHT)


def _biases(drawn: Drawn) -> None:
    report = drawn.report
    if not report.biases:
        st.success(text("page_rater_report.no_bias"))
        return
    st.write(text("page_rater_report.biases_said", n=len(report.biases)))
    rows = [
        {
            **asdict(each),
            **_ends(each.bias, "bias"),
            "kind": text(f"page_rater_report.with.{each.kind}"),
        }
        for each in report.biases
    ]
    words = dict.fromkeys(("bias", "lo", "hi"), _logits) | {"q": lambda value: f"{value:.3f}"}
    headings = _headings(_BIAS)
    table(worded(rows, words), headings, "rater_biases")
    export(rows, headings, "rater_biases", "rater_biases_export")


def _criteria(drawn: Drawn) -> None:
    report = drawn.report
    st.write(
        text(
            "page_rater_report.criteria_said",
            n=len(report.criteria),
            least=report.least_of_criterion,
        )
    )
    rows = [
        {
            **asdict(each),
            **_ends(each.difficulty, "difficulty"),
            "kind": text(f"page_rater_report.kind.{'excellent' if each.wished else 'pass'}"),
        }
        for each in report.criteria
    ]
    numbers = dict.fromkeys(("difficulty", "lo", "hi"), _logits)
    words: Mapping[str, Any] = {**numbers, "met_share": percent, "infit": coefficient}
    headings = _headings(_CRITERION)
    table(worded(rows, words), headings, "rater_criteria")
    export(rows, headings, "rater_criteria", "rater_criteria_export")


def _rerun(drawn: Drawn) -> None:
    """Offer the marks without names, for others to fit again; made when it is asked for."""
    here = session.current()
    st.write(text("page_rater_report.rerun_said"))
    st.caption(text("page_rater_report.rerun_help"))
    found = drawn.report.facets.payload
    if st.button(text("page_rater_report.rerun_make"), key="rater_rerun_make"):
        with faults_told(), st.spinner(text("page_rater_report.rerun_making")):
            seed = secrets.randbits(64)
            archive = rerun_archive(here.workspace, here.person_id, found or {}, seed)
            st.session_state["rater_rerun"] = archive
    if made := st.session_state.get("rater_rerun"):
        st.download_button(
            text("page_rater_report.rerun_take"),
            made,
            file_name="rerun.zip",
            mime="application/zip",
            on_click="ignore",
            key="rater_rerun_take",
        )


def _ends(value: Interval, name: str) -> dict[str, float | None]:
    return {name: value.value, "lo": value.lo, "hi": value.hi}


def _logits(value: float | None) -> str:
    return text("drawing.too_few") if value is None else f"{value:+.2f}"


def _met(met: bool | int | None) -> str:
    return text(f"page_rater_report.met.{'unjudged' if met is None else 'yes' if met else 'no'}")


def _unnamed(rows: int) -> None:
    if rows > MOST_NAMED:
        st.caption(text("page_agreement.unnamed", n=rows))


def _headings(names: str | Sequence[str]) -> dict[str, str]:
    listed = names.split() if isinstance(names, str) else names
    return {name: text(f"page_rater_report.column.{name}") for name in listed}
