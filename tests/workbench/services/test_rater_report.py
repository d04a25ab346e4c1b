"""The report on raters and a rater's own card, from a stored analysis: what they say and leave unsaid."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from benchmarks.synthetic_county import build
from models.store import Act
from workbench import messages
from workbench.cli import cli
from workbench.errors import RefusedError
from workbench.services import analysing
from workbench.services.analyses import last_analysis, store_analysis
from workbench.services.analysing import KINDS
from workbench.services.my_card import (
    comparison_words,
    consistency_words,
    effect_words,
    my_card,
    severity_words,
)
from workbench.services.rater_report import Interval, marks_of_criterion, rater_report
from workbench.services.rater_words import change_words, fit_said, map_said, severity_said
from workbench.services.what_if import plan_said, what_if
from workbench.services.workspace import Workspace

AT = datetime(2026, 11, 20, 1, tzinfo=UTC)
CHAIR = "Z1"


@pytest.fixture(scope="session")
def county_folder(tmp_path_factory):
    return build(tmp_path_factory.mktemp("report") / "w", pieces=60, readers=4, schools=2).folder


@pytest.fixture
def county(county_folder, tmp_path):
    return Workspace(Path(shutil.copytree(county_folder, tmp_path / "w")))


def rater(name, severity, **more):
    row = {
        "rater": name, "severity": severity, "se": 0.2, "shrunken": severity, "zero": "round",
        "subset": 0, "infit": 1.0, "outfit": 1.0, "n": 200, "n_reads": 40, "extreme": False,
        "infit_lo": 0.8, "infit_hi": 1.2, "outfit_lo": 0.6, "outfit_hi": 1.6,
        "pass_rate_change": -severity / 5, "pass_rate_change_lo": -severity / 5 - 0.05,
        "pass_rate_change_hi": -severity / 5 + 0.05,
    }  # fmt: skip
    return row | more


def panel(name, comparable=True):
    return {
        "panel": name,
        "n_raters": 2,
        "network": 0,
        "offset": 0.0,
        "se": 0.1,
        "comparable": comparable,
    }


ONE_PANEL = (panel(""),)


def payload(*raters, panels=ONE_PANEL, reasons=(), decision="ready", **more):
    empty = {
        name: [] for name in ("criteria", "thresholds", "persons", "unexpected", "interactions")
    }
    known = {"person_sd": 1.2, "halo_sd": 0.4, "separation": 2.0, "reliability": 0.8, "driving": {}}
    return {
        "decision": decision, "reasons": list(reasons), "raters": list(raters),
        "panels": list(panels), **empty, **known, **more,
    }  # fmt: skip


def keep(county, made, kind="facets"):
    store_analysis(
        county, kind, made, Act(CHAIR, "", AT), scope=None, data_version=1,
        parameters=KINDS[kind].parameters,
    )  # fmt: skip


def finding(name, effect, *, flagged=True):
    return {
        "code": "severe_rater", "subject": "rater", "ids": [name], "statistic": 1.0,
        "effect": effect, "p": 0.01, "q": 0.02, "n": 40, "minimum_met": True, "flagged": flagged,
        "detectable": 0.1,
    }  # fmt: skip


class TestReport:
    def test_raters_stand_from_mild_to_harsh_with_intervals(self, county):
        keep(county, payload(rater("R000", 1.0), rater("R001", -0.5)))
        report = rater_report(county, CHAIR)
        assert [each.rater_id for each in report.raters] == ["R001", "R000"]
        harsh = report.raters[1]
        # 1.96 standard errors of .2 about 1
        assert (harsh.severity.lo, harsh.severity.hi) == pytest.approx((0.608, 1.392))
        assert (harsh.change.lo, harsh.change.hi) == pytest.approx((-0.25, -0.15))
        assert "R000" in severity_said(report)
        assert "-20 个百分点，95% 区间 -25 到 -15" in severity_said(report)

    @pytest.mark.parametrize("more", [{"n": 29}, {"extreme": True}])
    def test_too_few_marks_or_all_alike_give_no_number(self, county, more):
        keep(county, payload(rater("R000", 1.0, **more), rater("R001", -0.5)))
        last = rater_report(county, CHAIR).raters[-1]
        assert (last.rater_id, last.severity.value, last.change.value) == ("R000", None, None)
        assert (last.infit, last.consistency) == (None, "unknown")

    def test_the_tests_behind_the_flag_say_who_is_severe(self, county):
        keep(county, payload(rater("R000", 1.0), rater("R001", -0.5), rater("R002", 0.0)))
        tests = [finding("R000", 0.2), finding("R001", -0.1, flagged=False)]
        keep(county, {"severities": [], "findings": tests}, "effects")
        report = rater_report(county, CHAIR)
        assert {each.rater_id: each.standing for each in report.raters} == {
            "R000": "severe", "R001": "usual", "R002": "untested",
        }  # fmt: skip
        assert len(report.findings) == 1

    @pytest.mark.parametrize(
        ("infit", "word"), [(1.0, "regular"), (1.3, "erratic"), (0.7, "too_regular")]
    )
    def test_fit_beyond_its_simulated_limits_is_said(self, county, infit, word):
        keep(county, payload(rater("R000", 1.0, infit=infit), rater("R001", 0.0)))
        report = rater_report(county, CHAIR)
        assert report.raters[1].consistency == word
        assert ("R000" in fit_said(report)) == (word == "erratic")

    def test_without_simulated_limits_nothing_is_concluded(self, county):
        keep(county, payload(rater("R000", 1.0, infit=3.0, infit_lo=None, infit_hi=None)))
        report = rater_report(county, CHAIR)
        assert report.raters[0].consistency == "unknown"
        assert fit_said(report) == ""

    def test_panels_that_do_not_compare_are_named_and_nobody_is_ranked_across_them(self, county):
        raters = (rater("R000", 1.0, zero="own_panel"), rater("R001", -0.5))
        keep(county, payload(*raters, panels=(panel("s000", comparable=False), panel("s001"))))
        report = rater_report(county, CHAIR)
        assert report.apart == ("合成学校000",)
        assert "R000" not in severity_said(report)
        assert "各评审组不能互相比较" in map_said(report)
        assert "最宽与最严" not in map_said(report)

    def test_a_single_panel_is_no_panel_apart(self, county):
        keep(county, payload(rater("R000", 1.0), panels=(panel("", comparable=False),)))
        assert rater_report(county, CHAIR).apart == ()

    @pytest.mark.parametrize(("language", "word"), [("zh", "共同评阅"), ("en", "read")])
    def test_what_to_do_is_said_in_the_language_of_who_looks(self, county, language, word):
        reasons = [{"code": "few_ratings", "ids": ["R000"]}, {"code": "alone", "ids": ["R001"]}]
        keep(county, payload(decision="review", reasons=reasons, raters=[]))
        messages.use_language(language)
        actions = rater_report(county, CHAIR).actions
        assert len(actions) == 2
        assert "合成R000" in actions[0]
        assert word in actions[1]

    def test_criteria_with_few_marks_come_last_and_have_no_share(self, county):
        rows = [
            {"criterion": name, "difficulty": 0.0, "se": 0.1, "infit": 1.0, "outfit": 1.0,
             "n": n, "met_share": share, "extreme": False}
            for name, n, share in (("A1-1.P1", 50, 0.9), ("A1-1.E1", 50, 0.2), ("A1-1.P2", 9, 0.0))
        ]  # fmt: skip
        keep(county, payload(rater("R000", 1.0), criteria=rows))
        told = rater_report(county, CHAIR).criteria
        shown = [(each.criterion_id, each.met_share, each.wished) for each in told]
        assert shown == [("A1-1.E1", 0.2, True), ("A1-1.P1", 0.9, False), ("A1-1.P2", None, False)]

    def test_pieces_are_counted_by_quarters_of_a_logit(self, county):
        persons = [{"person": str(n), "eap": eap} for n, eap in enumerate((-0.1, 0.0, 0.2, 0.3))]
        keep(county, payload(rater("R000", 1.0), persons=persons))
        assert rater_report(county, CHAIR).abilities == (
            (-0.25, 0.0, 1),
            (0.0, 0.25, 2),
            (0.25, 0.5, 1),
        )

    def test_raters_and_registrars_may_not_see_it(self, county):
        for person in ("R000", "D1"):
            with pytest.raises(RefusedError):
                rater_report(county, person)

    def test_everybodys_marks_on_a_criterion_are_shown_to_the_chair_only(self, county):
        with county.store() as store:
            one = store.rows(
                "SELECT piece_id, criterion_id, COUNT(*) AS n FROM read JOIN mark USING (read_id) "
                "WHERE round = 'blind' GROUP BY 1, 2 HAVING n = 2 LIMIT 1"
            )[0]
        told = marks_of_criterion(county, CHAIR, one["piece_id"], one["criterion_id"])
        assert [row["round"] for row in told] == ["blind", "blind"]
        with pytest.raises(RefusedError):
            marks_of_criterion(county, "R000", one["piece_id"], one["criterion_id"])
        with pytest.raises(LookupError):
            marks_of_criterion(county, CHAIR, "nothing", one["criterion_id"])


class TestCard:
    def words(self, county, *raters, **more):
        keep(county, payload(*raters, **more))
        return my_card(county, "R000")

    @pytest.mark.parametrize(
        ("severity", "word", "effect"),
        [
            (1.0, "偏严", "下降 20 个百分点"),
            (-1.0, "偏宽", "上升 20 个百分点"),
            (0.1, "看不出", "是升是降还看不出"),
        ],
    )
    def test_severity_is_said_with_what_it_does(self, county, severity, word, effect):
        card = self.words(county, rater("R000", severity), rater("R001", 0.0))
        assert word in severity_words(card)
        assert effect in effect_words(card)

    def test_too_few_marks_say_so_with_their_number(self, county):
        card = self.words(county, rater("R000", 1.0, n=12))
        assert "12" in severity_words(card)
        assert (effect_words(card), consistency_words(card)) == ("", "")

    def test_an_own_panel_is_said_where_there_are_others(self, county):
        own = rater("R000", 1.0, zero="own_panel")
        assert comparison_words(self.words(county, own)) == ""
        two = (panel("s000", comparable=False), panel("s001"))
        assert "本组" in comparison_words(self.words(county, own, panels=two))

    def test_pieces_show_the_own_marks_and_nobody_elses(self, county):
        with county.store() as store:
            own = store.rows(
                "SELECT piece_id, SUM(met = 0) AS unmet, COUNT(*) AS n FROM read "
                "JOIN mark USING (read_id) WHERE rater_id = 'R000' GROUP BY 1 ORDER BY 2 DESC"
            )[0]
        piece = own["piece_id"]
        card = self.words(county, rater("R000", 1.0), driving={"R000": [[piece, 0, 0]]})
        (told,) = card.driving
        assert (told.piece_id, told.marks, len(told.unmet)) == (piece, own["n"], own["unmet"])

    def test_a_piece_somebody_else_read_is_never_shown(self, county):
        with county.store() as store:
            other = store.rows(
                "SELECT piece_id FROM piece WHERE piece_id NOT IN "
                "(SELECT piece_id FROM read WHERE rater_id = 'R000')"
            )[0]["piece_id"]
        card = self.words(county, rater("R000", 1.0), driving={"R000": [[other, 0, 0]]})
        assert card.driving == ()

    def test_who_has_no_counted_read_is_told_so(self, county):
        card = self.words(county, rater("R001", 1.0))
        assert card.line is None
        assert card.unknown == messages.text("my_card.no_reads")

    def test_a_blocked_round_says_why(self, county):
        reasons = [{"code": "no_shared", "ids": []}]
        card = self.words(county, decision="blocked", reasons=reasons)
        assert "共同评阅" in card.unknown

    def test_many_reads_and_nothing_stored_ask_for_nothing_a_rater_cannot_do(
        self, county, monkeypatch
    ):
        monkeypatch.setattr(analysing, "AT_ONCE", 1)
        assert my_card(county, "R000").unknown == messages.text("my_card.not_yet")

    def test_only_raters_have_one(self, county):
        with pytest.raises(RefusedError):
            my_card(county, "D1")


class TestWhatIf:
    def plans(self, hours=10.0):
        return [
            {"raters": readers, "criteria": pieces, "replication": 0.5 + readers / 10 + pieces / 100,
             "replication_se": 0.01, "reads": readers * pieces,
             "hours": hours and hours * readers * pieces, "phi": 0.5}
            for readers in (1, 2, 3) for pieces in (1, 2)
        ]  # fmt: skip

    def test_the_rounds_own_plan_is_where_it_begins(self, county):
        keep(county, {"plans": self.plans()}, "generalizability")
        view = what_if(county, CHAIR)
        assert view.now == (2, 2)
        assert "72.0%" in plan_said(view, view.plan(2, 2))
        own = view.plan(2, 2)
        assert (own.lo, own.hi) == pytest.approx((0.7004, 0.7396))  # 1.96 × .01 about .72

    def test_another_plan_is_told_against_the_own(self, county):
        keep(county, {"plans": self.plans()}, "generalizability")
        view = what_if(county, CHAIR)
        said = plan_said(view, view.plan(3, 2))
        assert "+10.0 个百分点" in said
        assert "+20 小时" in said  # 3 × 2 × 10 against 2 × 2 × 10

    def test_untimed_reads_give_no_hours(self, county):
        keep(county, {"plans": self.plans(hours=None)}, "generalizability")
        view = what_if(county, CHAIR)
        assert "不估算小时" in plan_said(view, view.plan(1, 1))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (Interval(), "数据不足"),
        (Interval(0.1, None, None), "+10 个百分点"),
        (Interval(0.004, -0.012, 0.02), "0 个百分点，95% 区间 -1 到 +2"),
    ],
)
def test_changes_are_said_in_points_with_their_signs(change, words):
    assert change_words(change) == words


@pytest.mark.slow
@pytest.mark.parametrize("command", ["facets", "generalizability"])
def test_a_command_stores_what_the_pages_show(county, command):
    line = ["--workspace", str(county.folder), "--as", CHAIR, command, "--json"]
    done = CliRunner().invoke(cli, line)
    assert done.exit_code == 0, done.output
    stored = last_analysis(county, command, None, KINDS[command].parameters)
    assert stored.payload == json.loads(done.stdout)
    assert stored.actor == CHAIR


@pytest.mark.slow
def test_an_analysis_names_for_each_rater_own_pieces_only(county):
    line = ["--workspace", str(county.folder), "facets", "--json", "--draws", "0"]
    told = json.loads(CliRunner().invoke(cli, line).stdout)
    assert last_analysis(county, "facets") is None  # nobody said by whom
    with county.store() as store:
        own = {(row["rater_id"], row["piece_id"]) for row in store.where("read")}
    driving = [(name, read[0]) for name, reads in told["driving"].items() for read in reads]
    assert driving
    assert set(driving) <= own
