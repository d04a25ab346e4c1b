"""The network of copies, drawn: teachers as points, what their evidence shares as lines."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import altair as alt
import streamlit as st

from workbench import session
from workbench.app_pages.case_screen import open_hold
from workbench.app_pages.county_charts import Spec, linked_spec
from workbench.app_pages.drawing import BLUE, GREY, VERMILION, export, percent, table, worded
from workbench.messages import text
from workbench.services.case_network import Link, Network, copies_network
from workbench.services.workspace import Workspace

_MOST_NAMED = 80
_WIDE = 1200  # pixels a page has for a chart
_REACH = 14  # pixels beside a line at which it still is clicked
_LARGEST = 80  # pixels from one circle of a group to the next
_COLUMNS = "group one other schools flags share cases"


def draw_network(here: session.Session) -> None:
    """Draw the groups, say how large they are, and list every link with its cases."""
    found, chart = here.read(network_drawn, here.person_id)
    if chart is None:
        st.info(text("page_holds.no_network"))
        return
    counts = {
        "groups": found.groups,
        "teachers": len(found.nodes),
        "largest": found.largest,
        "across": found.across,
    }
    st.write(text("page_holds.network_said", **counts))
    st.vega_lite_chart(chart, key="copies_network", width="stretch")
    st.caption(text("page_holds.network_note"))
    rows = _rows(found)
    headings = {name: text(f"page_holds.link.{name}") for name in _COLUMNS.split()}
    chosen = table(worded(rows, {"share": _share}), headings, "network_table", select=True)
    export(rows, headings, "network", "network_export")
    if chosen is not None and found.links[chosen].cases:
        open_hold(found.links[chosen].cases[0])


def network_drawn(workspace: Workspace, person_id: str) -> tuple[Network, Spec | None]:
    """Read the network as a person may see it, and draw it, if there is any; a click leads to a case.

    Raises
    ------
    RefusedError
        If the person may see none.
    """
    found = copies_network(workspace, person_id)
    return found, linked_spec(network_chart(found)) if found.links else None


def network_chart(found: Network) -> alt.LayerChart:
    """Points are teachers, lines what they share: across schools dashed and in another colour.

    Each leads to its first open case, where it has one.
    """
    across, down, height = _frame(found)
    place = {
        "x": alt.X("x:Q", axis=None, scale=alt.Scale(domain=across, nice=False)),
        "y": alt.Y("y:Q", axis=None, scale=alt.Scale(domain=down, nice=False, reverse=True)),
    }
    return alt.LayerChart(layer=[*_edges(found, place), *_points(found, place)]).properties(
        height=height
    )


def _edges(found: Network, place: dict[str, Any]) -> list[alt.Chart]:
    """Lines, thick for the strong tier and dashed across schools, and wide unseen ones to click."""
    places = {node.teacher_id: node for node in found.nodes}
    kinds = {across: text(f"page_holds.line.{name}") for across, name in _ACROSS.items()}
    lines = [
        {
            "x": places[link.one].x,
            "y": places[link.one].y,
            "x2": places[link.other].x,
            "y2": places[link.other].y,
            "kind": kinds[link.across],
            "width": 3 if link.strong else 1.2,
            "what": _what(link),
            "who": f"{places[link.one].label} — {places[link.other].label}",
            "to": _case(link.cases),
        }
        for link in found.links
    ]
    scale = alt.Scale(domain=list(kinds.values()), range=[BLUE, VERMILION])
    dashes = alt.Scale(domain=list(kinds.values()), range=[[1, 0], [6, 4]])
    legend = alt.Legend(orient="top", title=None, symbolType="stroke")
    base = alt.Chart(alt.Data(values=lines)).encode(
        **place,
        x2="x2:Q",
        y2="y2:Q",
        href="to:N",
        tooltip=[alt.Tooltip("who:N", title=" "), alt.Tooltip("what:N", title="  ")],
    )
    seen = base.mark_rule(opacity=0.75).encode(
        color=alt.Color("kind:N", scale=scale, legend=legend),
        strokeDash=alt.StrokeDash("kind:N", scale=dashes, legend=legend),
        strokeWidth=alt.StrokeWidth("width:Q", scale=None, legend=None),
    )
    return [seen, base.mark_rule(opacity=0, strokeWidth=_REACH, color=GREY)]


def _points(found: Network, place: dict[str, Any]) -> list[alt.Chart]:
    """Teachers, named where they are not too many."""
    rows = [
        {
            "x": n.x,
            "y": n.y,
            "label": n.label,
            "school": n.school,
            "to": _case(
                [
                    case
                    for link in found.links
                    if n.teacher_id in (link.one, link.other)
                    for case in link.cases
                ]
            ),
        }
        for n in found.nodes
    ]
    base = alt.Chart(alt.Data(values=rows)).encode(**place)
    nodes = base.mark_circle(color=GREY, opacity=1, stroke="white", size=150).encode(
        href="to:N",
        tooltip=[alt.Tooltip("label:N", title=" "), alt.Tooltip("school:N", title="  ")],
    )
    if len(rows) > _MOST_NAMED:
        return [nodes]
    return [nodes, base.mark_text(dy=-13, fontSize=11, color="#2f3a45").encode(text="label:N")]


def _case(cases: Sequence[str]) -> str:
    """Address of the first of some cases, none without any."""
    return f"?hold={cases[0]}" if cases else ""


_ACROSS = {False: "within", True: "across"}


def _frame(found: Network) -> tuple[list[float], list[float], int]:
    """Extent of the picture both ways, and its height in pixels, a circle staying a circle."""
    right = max(node.x for node in found.nodes) + 1.0
    low, high = min(n.y for n in found.nodes) - 1.0, max(n.y for n in found.nodes) + 1.0
    width = max(right + 1.0, _WIDE / _LARGEST)
    return [-1.0, width - 1.0], [low, high], round((high - low) * _WIDE / width)


def _what(link: Link) -> str:
    said = "、".join(f"{text(f'flag.{code}.name')} {n}" for code, n in link.codes.items())
    return said if link.share is None else f"{said}（{link.share:.0%}）"


def _share(share: float | None) -> str:
    """Largest share of text in common; empty where none was counted, as of pictures."""
    return "" if share is None else percent(share)


def _rows(found: Network) -> list[dict[str, Any]]:
    places = {node.teacher_id: node for node in found.nodes}
    return [
        {
            "group": link.group,
            "one": places[link.one].label,
            "other": places[link.other].label,
            "schools": "、".join(
                dict.fromkeys((places[link.one].school, places[link.other].school))
            ),
            "flags": "、".join(
                f"{text(f'flag.{code}.name')} {n}" for code, n in link.codes.items()
            ),
            "share": link.share,
            "cases": "、".join(link.cases),
        }
        for link in found.links
    ]
