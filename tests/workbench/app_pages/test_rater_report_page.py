"""The pages 评审员报告 and 我的名片: the decision first, numbers with sentences, and own marks only."""

import itertools
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from benchmarks.synthetic_county import build
from models.store import Act
from workbench import messages
from workbench.app_pages import rater_report, rater_report_charts
from workbench.services import analysing, jobs
from workbench.services.analyses import last_analysis, store_analysis
from workbench.services.analysing import KINDS, analyse_kinds
from workbench.services.workspace import Workspace

AT = datetime(2026, 11, 20, 1, tzinfo=UTC)
CHAIR, READER = "Z1", "R000"

pytestmark = pytest.mark.slow


@pytest.fixture(scope="session")
def folder(tmp_path_factory):
    made = build(tmp_path_factory.mktemp("raters") / "w", pieces=120, readers=4, schools=2)
    analyse_kinds(made, ("facets", "effects"), Act(CHAIR, "", AT))
    return made.folder


@pytest.fixture
def workspace(folder, tmp_path):
    return Workspace(Path(shutil.copytree(folder, tmp_path / "w")))


def change(workspace, alter):
    """Store the analysis anew with its payload altered."""
    made = alter(last_analysis(workspace, "facets").payload)
    act = Act(CHAIR, "", AT)
    parameters = KINDS["facets"].parameters
    store_analysis(
        workspace, "facets", made, act, scope=None, data_version=1, parameters=parameters
    )


def words(page):
    kinds = ("caption", "info", "success", "warning", "error", "markdown", "title", "subheader")
    return "\n".join(each.value for kind in kinds for each in page.get(kind))


class TestReport:
    @pytest.mark.parametrize("language", messages.LANGUAGES)
    def test_it_opens_in_both_languages_with_charts_tables_and_exports(self, open_page, language):
        page = open_page("rater_report", CHAIR, language)
        assert not page.exception
        assert messages.sentence(language, "page_rater_report.decision.ready") in words(page)
        assert len(page.get("vega_lite_chart")) == 2
        assert len(page.tabs) == 6
        # Unexpected marks and interactions have theirs where there are any.
        exports = {button.key for button in page.get("download_button")}
        assert exports >= {f"rater_{of}_export" for of in ("severity", "fit", "map", "criteria")}

    def test_a_blocked_round_shows_what_to_do_and_no_number(self, open_page, workspace):
        reasons = [{"code": "no_shared", "ids": []}]
        change(
            workspace, lambda made: made | {"decision": "blocked", "reasons": reasons, "raters": []}
        )
        page = open_page("rater_report", CHAIR)
        assert not page.exception
        assert messages.text("facets_of_marks.next.no_shared") in words(page)
        assert len(page.dataframe) == len(page.tabs) == 0

    def test_reviewing_names_what_to_do_before_the_tables(self, open_page, workspace):
        reasons = [{"code": "few_ratings", "ids": [READER]}]
        change(workspace, lambda made: made | {"decision": "review", "reasons": reasons})
        page = open_page("rater_report", CHAIR)
        (warned,) = page.warning
        assert "合成R000" in warned.value
        assert len(page.tabs) == 6

    def test_many_reads_and_nothing_stored_offer_the_job(self, open_page, monkeypatch):
        asked = []
        monkeypatch.setattr(analysing, "last_analysis", lambda *_: None)
        monkeypatch.setattr(analysing, "AT_ONCE", 10)

        def start(workspace, kind, arguments, person_id, at, fresh):
            asked.append((kind, arguments, person_id))
            return jobs.Job("j1", kind, person_id, "", "running", None, "")

        monkeypatch.setattr(analysing, "start_job", start)
        page = open_page("rater_report", CHAIR)
        page.button(key="analyses_start").click().run()
        assert asked == [("analyse", ["facets", "effects"], CHAIR)]

    def test_an_unexpected_mark_leads_to_the_piece_and_everybodys_marks(
        self, open_page, workspace, monkeypatch
    ):
        with workspace.store() as store:
            row = store.rows(
                "SELECT piece_id, rater_id, criterion_id, met FROM read JOIN mark USING (read_id) "
                "WHERE round = 'blind' LIMIT 1"
            )[0]
        mark = {
            "person": row["piece_id"], "criterion": row["criterion_id"], "rater": row["rater_id"],
            "met": row["met"], "chance": 0.01,
        }  # fmt: skip
        change(workspace, lambda made: made | {"unexpected": [mark]})
        draw = rater_report.table
        monkeypatch.setattr(
            rater_report, "table", lambda *a, **k: 0 if k.get("select") else draw(*a, **k)
        )
        shown = []
        monkeypatch.setattr(rater_report, "evidence", lambda _, piece, *__: shown.append(piece))
        page = open_page("rater_report", CHAIR)
        assert not page.exception
        assert shown == [row["piece_id"]]
        assert any("round" in each.value.columns for each in page.dataframe)

    def test_observed_agreement_stands_beside_the_expected(self, open_page, workspace):
        agreed = {"pairs": 500, "observed": 0.987, "expected": 0.901}
        change(workspace, lambda made: made | {"agreement": agreed})
        told = words(open_page("rater_report", CHAIR))
        assert all(part in told for part in ("98.7%", "90.1%", "500"))
        change(workspace, lambda made: {k: v for k, v in made.items() if k != "agreement"})
        page = open_page("rater_report", CHAIR)  # stored before it was computed
        assert not page.exception

    def test_files_for_others_are_made_when_asked_for(self, open_page):
        page = open_page("rater_report", CHAIR)
        assert "rater_rerun_take" not in {one.key for one in page.get("download_button")}
        page.button(key="rater_rerun_make").click().run()
        assert not page.exception
        assert "rater_rerun_take" in {one.key for one in page.get("download_button")}

    def test_who_may_not_see_it_sees_nothing(self, open_page):
        page = open_page("rater_report", READER)
        assert len(page.error) == 1
        assert len(page.tabs) == 0


class TestCharts:
    def test_the_three_panels_of_the_map_share_one_scale(self, workspace):
        drawn = rater_report_charts.report_drawn(workspace, CHAIR).map.to_dict()
        domains = []
        for panel in drawn["hconcat"]:
            layers = panel.get("layer", [panel])
            domains += [layer["encoding"]["y"]["scale"]["domain"] for layer in layers]
        assert len(drawn["hconcat"]) == 3
        assert all(domain == domains[0] for domain in domains)

    def test_every_rater_with_a_number_is_on_both_charts(self, workspace):
        drawn = rater_report_charts.report_drawn(workspace, CHAIR)
        known = {each.rater_id for each in drawn.report.raters if each.severity.value is not None}
        for chart in (drawn.severity.to_dict(), drawn.map.to_dict()["hconcat"][1]):
            layers = [chart, *chart["layer"]]
            rows = itertools.chain.from_iterable(
                layer["data"]["values"] for layer in layers if "data" in layer
            )
            assert {row["rater_id"] for row in rows if "rater_id" in row} == known


class TestCard:
    @pytest.mark.parametrize("language", messages.LANGUAGES)
    def test_it_opens_with_words_and_pieces(self, open_page, language):
        page = open_page("my_card", READER, language)
        assert not page.exception
        told = words(page)
        for key in ("severity", "consistency", "pieces"):
            assert messages.sentence(language, f"my_card.head.{key}") in told

    def test_choosing_a_piece_shows_it(self, open_page, monkeypatch):
        from workbench.app_pages import my_card

        shown = []
        monkeypatch.setattr(my_card, "evidence", lambda _, piece, *__: shown.append(piece))
        page = open_page("my_card", READER)
        page.button(key="my_card_look_0").click().run()
        assert len(shown) == 1

    def test_no_other_rater_is_named(self, open_page):
        told = words(open_page("my_card", READER))
        assert not any(f"R00{n}" in told for n in (1, 2, 3))
