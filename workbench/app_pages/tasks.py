"""我的任务: what is on somebody's desk, how much is left, and the way to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import streamlit as st

from workbench import session
from workbench.messages import explain, has, language, text
from workbench.services.calibration import prepare_desk
from workbench.services.calibration_views import notice
from workbench.services.desk_settling import settle
from workbench.services.desk_tasks import ENDED, DeskTask, my_tasks, next_task, progress
from workbench.services.workspace import Workspace

_KINDS = {"chair": "chair", "county": "county"}
_WORDS = {"done": "recorded"}


def draw() -> None:
    """Draw the numbers, the way to the next piece, and the list."""
    here = session.current()
    settle(here.workspace, session.now(), wait=False)
    prepare_desk(here.workspace, here.person_id, session.now())
    found = my_tasks(here.workspace, here.person_id, session.now())
    st.title(text("desk.tasks.title"))
    if (closed := notice(here.workspace, here.person_id)) is not None:
        st.warning(explain(closed))
    if not found:
        st.info(text("desk.tasks.none"))
        return
    _numbers(found)
    _way(found, closed=closed is not None)
    rows = [_row(here.workspace, each) for each in found]
    names = ["piece", "competency", "slot", "kind", "state"]
    if any(each.note for each in found):
        names.append("note")
    chosen = st.dataframe(
        rows,
        column_config={name: text(f"desk.tasks.column_{name}") for name in names},
        column_order=names,
        hide_index=True,
        on_select="rerun",
        selection_mode="single-row",
        key="task_list",
    )
    st.caption(text("desk.tasks.choose"))
    for place in chosen.selection.rows:
        if found[place].waits:
            _open(found[place])


def _numbers(found: Sequence[DeskTask]) -> None:
    counted = progress(found)
    for column, name in zip(st.columns([1, 1, 1, 4]), ("left", "done", "total"), strict=False):
        column.metric(text(f"desk.tasks.{name}"), counted[name])
    st.progress(counted["done"] / counted["total"] if counted["total"] else 0.0)


def _way(found: Sequence[DeskTask], *, closed: bool) -> None:
    piece_id = next_task(found)
    if not piece_id:
        if not closed:
            st.success(text("desk.tasks.all_done"))
        return
    begun = any(each.marked or each.state not in ("open", ENDED) for each in found)
    if st.button(text("desk.tasks.resume" if begun else "desk.tasks.start"), type="primary"):
        _open(next(each for each in found if each.task.piece_id == piece_id and each.waits))


def _open(each: DeskTask) -> None:
    """Turn to where a task is done: a ruling in the chair's room, a read at the desk."""
    place = "adjudication" if each.is_ruling else "desk"
    page = st.Page(lambda: None, title=text(f"page.{place}"), url_path=place)
    st.switch_page(page, query_params={"piece": each.task.piece_id})


def _row(workspace: Workspace, each: DeskTask) -> dict[str, Any]:
    rubric = workspace.rubrics[each.competency]
    slot = rubric.slot(each.slot_id)
    zh = language() == "zh"
    return {
        "piece": each.task.piece_id,
        "competency": f"{rubric.competency} {rubric.name_zh if zh else rubric.name_en}",
        "slot": f"{slot.slot_id} {slot.name_zh if zh else slot.name_en}",
        "kind": text(f"desk.tasks.kind_{_KINDS.get(each.task.round, 'reader')}"),
        "state": text(f"desk.tasks.{_state(each)}", marked=each.marked, of=len(slot.criteria)),
        "note": each.note,
    }


def _state(each: DeskTask) -> str:
    """Name of the words for a state: how it ended, that it is parked, or how far it is."""
    if each.state == ENDED:
        own = f"{ENDED}_{each.why}"
        return own if has(f"desk.tasks.{own}") else ENDED
    if each.waits and each.turn:
        return "parked" if each.parked else "elsewhere"
    return _WORDS.get(each.state, each.state)
