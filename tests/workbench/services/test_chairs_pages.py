"""The page 结项清单 and the chair's board, opened without a browser on a small round."""

from datetime import timedelta

import pytest
from streamlit.testing.v1 import AppTest

from models.store import Act
from workbench import messages, session
from workbench.services.back_reading import back_read_rows, begin_back_read
from workbench.services.close_out import close_out

pytestmark = pytest.mark.slow


@pytest.fixture
def walk(read):
    """A round with its reads in; they stand here because the walk is that of the services' tests."""
    return read


@pytest.fixture
def page(walk, monkeypatch):
    """Draw a page as somebody sees it, by the walk's clock."""
    monkeypatch.setattr(session._HOUSE, "clock", lambda: walk.now)

    def draw(name, person, language="zh", **query):
        code = f"from workbench.app_pages import {name}\n{name}.draw()"
        test = AppTest.from_string(code, default_timeout=120)
        for key, value in query.items():
            test.query_params[key] = value
        test.user = {
            "person": person, "workspace": str(walk.workspace.folder), "language": language,
        }  # fmt: skip
        return test.run()

    return draw


def said(test):
    kinds = (test.markdown, test.caption, test.error, test.success, test.info, test.warning)
    bodies = [str(each.value) for kind in kinds for each in kind]
    return "\n".join(bodies + [str(each.proto.body) for each in test.get("html")])


def pressed(test, key):
    return test.button(key=key).click().run()


class TestClosing:
    @pytest.mark.parametrize("language", messages.LANGUAGES)
    def test_lists_what_is_open_with_its_count_and_the_way_there(self, page, language):
        test = page("closing", "C1", language)
        assert not test.exception and not test.error
        words = said(test)
        assert messages.sentence(language, "closing.line.reads") in words
        assert test.button(key="closing_go_reads")
        assert "closing_waive_missing" not in [each.key for each in test.button]

    def test_a_line_is_passed_with_its_reason_by_the_county(self, page, walk):
        test = page("closing", "K1")
        test = pressed(test, "closing_waive_missing")
        assert test.session_state["session_said"][0] == "fault"
        test.text_area(key="closing_words_missing").set_value("该教师已调离")
        test = pressed(test, "closing_waive_missing")
        line = next(x for x in close_out(walk.workspace, walk.now).lines if x.code == "missing")
        assert (line.state, line.words, line.actor) == ("waived", "该教师已调离", "K1")
        assert "该教师已调离" in said(test)

    def test_somebody_of_one_school_is_told_so(self, page):
        assert "城关小学" in said(page("closing", "G1"))

    def test_a_reviewer_is_refused(self, page):
        test = page("closing", "R1")
        assert len(test.error) == 1 and not test.button

    def test_a_closed_round_says_by_whom_and_is_reopened_with_a_reason(self, page, walk):
        with (
            walk.workspace.store() as store,
            store.transaction(Act("K1", "county", walk.now), "round.close") as tx,
        ):
            tx.insert("closing_event", [{"kind": "closed", "checklist": "[]", "words": ""}])
        test = page("closing", "K1")
        assert "K1 结项" in said(test)
        test.text_area(key="closing_reopen_words").set_value("查出漏评")
        test = pressed(test, "closing_reopen")
        assert close_out(walk.workspace, walk.now).closed_at == ""
        assert test.session_state["session_said"][0] == "done"


class TestTheBoard:
    def test_tells_reads_done_of_reads_wanted_and_leads_on(self, page):
        words = said(page("progress", "C1"))
        assert "16 / 18" in words
        assert 'href="/adjudication?view=ends"' in words

    @pytest.mark.parametrize("view", ["raters", "schools", "slots", "remind"])
    def test_every_view_opens(self, page, view):
        test = page("progress", "C1")
        test.segmented_control(key="progress_view").set_value(view)
        test.run()
        assert not test.exception and not test.error


class TestTheRoom:
    def test_a_piece_is_taken_from_the_queue_and_ended_with_a_reason(self, page, walk):
        walk.rate(("T2", "B8-1", "R1", "1111 01"), reason="更正")
        test = page("adjudication", "C1", view="back")
        assert "翻转风险还没有计算" in said(test)
        number = begin_back_read(walk.workspace, walk.piece("T2", "B8-1"), walk.act("C1"))
        walk.rate(("T2", "B8-1", "C1", "1011 01", "third"))
        walk.now += timedelta(minutes=1)
        test = page("adjudication", "C1", view="back")
        assert "不合格" in said(test)
        test.text_area(key=f"back_words_{number}").set_value("漏看第二页")
        pressed(test, f"back_reopen_{number}")
        assert back_read_rows(walk.workspace, "C1")[0].ended == "reopened"
        assert walk.level("T2") == "awaiting_read"

    def test_nothing_recalled_left_or_parked_is_said(self, page):
        assert "没有召回" in said(page("adjudication", "K1", view="ends"))
