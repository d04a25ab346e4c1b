"""The page 一致性: stored numbers with their age, the job where there are none, pairs by their number."""

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
import streamlit as st

from benchmarks.synthetic_county import build
from models.store import Act
from workbench import messages
from workbench.app_pages import agreement, agreement_charts
from workbench.app_pages.agreement_charts import MOST_IN_PAIRS, MOST_NAMED, panel_drawn
from workbench.services import analysing, county_view, jobs
from workbench.services.analyses import store_analysis
from workbench.services.analysing import KINDS, Shown, analyse_kinds, shown
from workbench.services.panel_view import (
    Group,
    Pair,
    PanelView,
    pairs_said,
    panel_view,
    raters_paired,
    worst_pairs,
)
from workbench.services.workspace import Workspace

AT = datetime(2026, 11, 20, 1, tzinfo=UTC)


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    return build(tmp_path_factory.mktemp("page") / "w", pieces=60, readers=4, schools=2).folder


@pytest.fixture
def workspace(folder, tmp_path):
    return Workspace(Path(shutil.copytree(folder, tmp_path / "w")))


@pytest.fixture
def open_page(open_page):
    def opened(name="agreement", person_id="Z1"):
        return open_page(name, person_id)

    return opened


@pytest.fixture
def begun(monkeypatch):
    """Jobs that were asked for: none of them runs."""
    asked = []

    def start(workspace, kind, arguments, person_id, at, fresh):
        asked.append((kind, arguments, person_id))
        return jobs.Job("j1", kind, person_id, "", "running", None, "")

    monkeypatch.setattr(analysing, "start_job", start)
    return asked


def words(page):
    kinds = ("caption", "info", "success", "error", "markdown")
    return "\n".join(each.value for kind in kinds for each in page.get(kind))


def buttons(page):
    return [each.label for each in page.button]


def open_tabs(names, **_):
    """Containers in place of tabs: all of them open."""
    made = [st.container() for _ in names]
    for each in made:
        each.open = True
    return made


def analysed(workspace):
    analyse_kinds(workspace, ("agreement", "effects"), Act("Z1", "", AT))


def add_reads(workspace, count):
    with workspace.store() as store, store.transaction(Act("x", "", AT), "test") as tx:
        tx.insert("read", [
            {"piece_id": row["piece_id"], "rater_id": "new", "round": "third", "reading": 1,
             "opened_at": "", "submitted_at": "", "comment": "", "replaces": None}
            for row in store.where("piece")[:count]
        ])  # fmt: skip


@pytest.mark.slow
class TestOpening:
    def test_computed_at_once_has_no_age_and_no_button(self, open_page):
        page = open_page()
        assert not page.exception
        assert len(page.metric) == 5
        assert "计算于" not in words(page)
        assert buttons(page) == []

    def test_stored_numbers_say_when_and_how_many_reads_have_come_since(self, open_page, workspace):
        analysed(workspace)
        assert "计算于 2026-11-20 09:00，此后没有新的评阅。" in words(open_page())
        add_reads(workspace, 3)
        assert "计算于 2026-11-20 09:00，此后新增 3 次评阅。" in words(open_page())

    def test_numbers_stay_as_stored_until_they_are_computed_anew(self, open_page, workspace):
        analysed(workspace)
        before = [each.value for each in open_page().metric]
        with workspace.store() as store, store.transaction(Act("x", "", AT), "test") as tx:
            tx.insert("reopening", [
                {"piece_id": row["piece_id"], "reading": 2, "cause": "test"}
                for row in store.where("piece")[:40]
            ])  # fmt: skip
        page = open_page()
        assert [each.value for each in page.metric] == before
        assert "40 件证据重新评阅" in words(page)
        analysed(workspace)
        assert [each.value for each in open_page().metric] != before

    def test_the_share_of_results_that_would_repeat_stands_first_once_it_is_stored(
        self, open_page, workspace
    ):
        analysed(workspace)
        assert "会重复（95% 区间" not in words(open_page())
        again = {"share": 0.784, "lo": 0.75, "hi": 0.82, "results": 81}
        store_analysis(
            workspace, "stability", {"replication": again}, Act("Z1", "", AT), scope=None,
            data_version=1, parameters=KINDS["stability"].parameters,
        )  # fmt: skip
        assert "81 个结果中约有 78% 会重复（95% 区间 75%–82%），约 17 个会不同" in words(
            open_page()
        )

    def test_many_reads_and_nothing_stored_offer_the_job(self, open_page, begun, monkeypatch):
        monkeypatch.setattr(analysing, "AT_ONCE", 10)
        page = open_page()
        assert not page.exception
        assert len(page.metric) == len(page.tabs) == 0
        assert "打开页面时不当场计算" in words(page)
        page.button(key="analyses_start").click().run()
        assert begun == [
            ("analyse", ["agreement", "effects", "stability", "generalizability"], "Z1")
        ]

    def test_the_what_if_is_not_computed_for_who_does_not_look(self, open_page, monkeypatch):
        monkeypatch.setattr(agreement, "what_if", lambda *_: pytest.fail("computed"))
        assert not open_page().exception

    def test_the_sliders_begin_at_the_rounds_own_plan_and_change_the_sentence(
        self, open_page, workspace, monkeypatch
    ):
        analysed(workspace)
        plans = [
            {"raters": readers, "criteria": pieces, "replication": 0.7, "replication_se": 0.01,
             "reads": 2.0, "hours": 8.0, "phi": 0.5}
            for readers in (1, 2, 3) for pieces in (1, 2)
        ]  # fmt: skip
        store_analysis(
            workspace, "generalizability", {"plans": plans}, Act("Z1", "", AT), scope=None,
            data_version=1,
        )  # fmt: skip
        monkeypatch.setattr(agreement.st, "tabs", open_tabs)
        page = open_page()
        assert not page.exception
        readers, pieces = page.slider
        assert (readers.value, pieces.value) == (2, pieces.max)
        assert "本批次现在的做法" in words(page)
        page.slider(key="agreement_plan_readers").set_value(1).run()
        assert "改为每件 1 人初评" in words(page)

    def test_computing_anew_asks_for_all_analyses(self, open_page, workspace, begun):
        analysed(workspace)
        open_page().button(key="analyses_again").click().run()
        assert begun == [
            ("analyse", ["agreement", "effects", "stability", "generalizability"], "Z1")
        ]

    def test_while_the_job_runs_its_progress_stands_in_place_of_the_button(
        self, open_page, workspace, monkeypatch
    ):
        analysed(workspace)
        under_way = jobs.Job("j1", "analyse", "Z1", "", "running", None, "", 1, 2)
        monkeypatch.setattr(analysing, "latest_job", lambda *_: under_way)
        monkeypatch.setattr(jobs, "job", lambda *_: under_way)
        page = open_page()
        assert buttons(page) == []
        (bar,) = page.get("progress")
        assert (bar.proto.value, bar.proto.text) == (
            50,
            messages.sentence("zh", "analyses.running", done=1, total=2),
        )
        assert len(page.metric) == 5

    def test_the_county_is_looked_at_once(self, open_page, monkeypatch):
        asked = []
        look = county_view.county_overview
        monkeypatch.setattr(
            county_view, "county_overview", lambda *given: asked.append(given) or look(*given)
        )
        page = open_page("county", "F1")
        assert not page.exception
        assert len(asked) == 1


def view(pairs=(), groups=0):
    return PanelView(
        Shown({}), {}, 0, 0,
        tuple(Group("school", f"s{n}", f"校{n}", 9, {"exact": (n * 7 % 100) / 100})
              for n in range(groups)),
        tuple(pairs), (),
    )  # fmt: skip


def pair(one, other, same, pieces, at_most):
    return Pair(one, other, same / pieces, at_most, pieces)


class TestGroups:
    def test_a_bar_bears_its_interval_and_one_without_ends_at_its_share(self):
        known = Group("school", "s0", "甲", 30, {"exact": 0.6}, 0.4, 0.8)
        few = Group("school", "s1", "乙", 4, {"exact": 0.5})
        shown_groups = PanelView(Shown({}), {}, 0, 0, (known, few), (), ())
        chart = agreement_charts.group_chart(shown_groups, "school").to_dict()
        rows = chart["layer"][0]["data"]["values"] if "data" in chart["layer"][0] else None
        rows = rows or chart["data"]["values"]
        assert [(row["lo"], row["hi"], row["end"]) for row in rows] == [
            (0.4, 0.8, 0.8), (None, None, 0.5),
        ]  # fmt: skip
        assert {layer["mark"]["type"] for layer in chart["layer"]} == {"bar", "rule", "text"}

    def test_intervals_of_groups_hold_their_share_and_small_groups_have_none(self, workspace):
        groups = panel_view(workspace, "Z1").groups
        assert groups
        for each in groups:
            assert (each.lo is None) == (each.hi is None)
            assert each.lo is None or each.lo <= each.measures["exact"] <= each.hi
        assert any(each.lo is None for each in groups)


class TestPairs:
    def test_the_upper_end_is_clopper_and_pearsons(self, workspace):
        rows = [["a", "b", 0.8, 5], ["a", "c", 1.0, 5], ["b", "c", 0.0, 5], ["b", "d", 0.5, 20]]
        coefficients = shown(workspace, "agreement", None).payload["coefficients"]
        payload = {"coefficients": coefficients, "pairs": rows}
        act = Act("Z1", "", AT)
        store_analysis(
            workspace, "agreement", payload, act, scope=None, data_version=1,
            parameters=KINDS["agreement"].parameters,
        )  # fmt: skip
        ends = [each.at_most for each in panel_view(workspace, "Z1").pairs]
        # exact 95 % limits of 4 of 5 are .2836 and .9949, of 10 of 20 .2720 and .7280;
        # of none of n the upper is 1 - .025 ** (1 / n)
        assert ends == pytest.approx([0.9949, 1, 1 - 0.025 ** (1 / 5), 0.7280], abs=5e-5)

    def test_many_pieces_half_agreed_come_before_few_pieces_agreed_less(self):
        few, many = pair("a", "b", 2, 5, 0.8534), pair("c", "d", 10, 20, 0.7280)
        assert worst_pairs(view([few, many])) == [many, few]
        assert "c 与 d" in pairs_said(view([few, many]))

    def test_pairs_with_few_pieces_are_not_named(self):
        found = view([pair("a", "b", 0, 4, 0.6)])
        assert worst_pairs(found) == []
        assert "5 件以上" in pairs_said(found)

    @pytest.mark.parametrize("raters", [MOST_IN_PAIRS, MOST_IN_PAIRS + 1])
    def test_cells_are_drawn_for_so_many_raters_and_no_more(self, monkeypatch, raters):
        found = view(pair(f"r{n}", f"r{n + 1}", 5, 9, 0.9) for n in range(raters - 1))
        assert raters_paired(found) == raters
        monkeypatch.setattr(agreement_charts, "panel_view", lambda *_: found)
        assert (panel_drawn(None, "Z1").pairs is None) == (raters > MOST_IN_PAIRS)

    @pytest.mark.slow
    def test_too_many_raters_get_a_table_of_the_worst_with_the_reason(
        self, open_page, workspace, monkeypatch
    ):
        monkeypatch.setattr(agreement_charts, "MOST_IN_PAIRS", 3)
        page = open_page()
        assert not page.exception
        assert "评审员有 4 位" in words(page)
        listed = next(each.value for each in page.dataframe if "at_most" in each.value)
        worst = worst_pairs(panel_view(workspace, "Z1"))
        told = zip(listed["one"], listed["other"], listed["pieces"], strict=True)
        assert list(told) == [(pair.one, pair.other, pair.pieces) for pair in worst]


class TestRows:
    @pytest.mark.parametrize("rows", [MOST_NAMED, MOST_NAMED + 1])
    def test_more_rows_than_bear_names_share_one_screen(self, rows):
        told = agreement_charts.group_chart(view(groups=rows), "school").to_dict()
        axes = [
            layer["encoding"]["y"]["axis"] for layer in told["layer"] if "y" in layer["encoding"]
        ]
        assert axes
        assert all((axis is None) == (rows > MOST_NAMED) for axis in axes)
        high = told["height"]["step"] * rows
        assert high == pytest.approx(560 if rows > MOST_NAMED else 34 * rows)

    def test_many_groups_stand_from_low_to_high(self):
        told = agreement_charts.group_chart(view(groups=60), "school").to_dict()
        shares = [row["share"] for row in told["data"]["values"]]
        assert shares == sorted(shares)
        assert len(shares) == 60
