"""A whole panel in the browser, several people at once, from 试评 to 结项; then its rows by the services."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

pytest.importorskip("playwright.sync_api")

from models.desk_store import FILE_NAME, DeskStore
from models.drafts import drafts_of
from models.ledger.verifying import current_results, read_entries
from models.ratings import all_reads
from tests.browser import panel_acts as acts
from tests.browser import panel_turns as turns
from tests.browser.panel_pages import Panel
from tests.browser.panel_round import (
    FAILED,
    FIRST,
    SCHOOL_ID,
    SPLIT,
    Round,
    begun,
    read_what_is_left,
    seeds_come,
)
from workbench.errors import RefusedError
from workbench.services.close_out import close_out, close_round
from workbench.services.ledgers import verify
from workbench.services.publicity import list_publicity
from workbench.services.results import results

pytestmark = pytest.mark.slow

LEFT_OPEN = ("sheets", "checkpoint")
"""Lines of the close-out that policy lets pass with a reason; nothing else is open at the end."""


@dataclass
class Walked:
    """What was met on the way, to be held against the rows at the end."""

    panel: Panel
    late: str = ""
    recalled: list[str] = field(default_factory=list)
    checked: str = ""
    anew: str = ""
    reader_anew: str = ""
    found_said: str = ""
    refused_to: str = ""
    refused: str = ""

    @property
    def round(self) -> Round:
        return self.panel.round


@pytest.fixture(scope="module")
def walked(tmp_path_factory, password, running, browser) -> Iterator[Walked]:
    """A panel that has walked its round."""
    made = begun(tmp_path_factory.mktemp("panel") / "round", password)
    script = Path(__file__).with_name("clocked_server.py")
    command = [str(script), str(made.workspace.folder), str(made.folder / "ahead")]
    with running(command, made.workspace.folder) as address:
        found = Walked(Panel(made, browser, address, password))
        try:
            _read(found, password)
            _publish(found)
            _close(found)
            yield found
        finally:
            found.panel.leave()


def _read(found: Walked, password: str) -> None:
    """试评, 校准 with a lock and its recall, a disagreement and its ruling."""
    panel = found.panel
    acts.try_together(panel)
    seeds_come(panel.round, password)
    acts.qualify(panel)
    found.late = turns.who_will_miss(panel.round)
    found.recalled = acts.miss_seeds(panel, found.late)
    case = acts.see_the_lock(panel, found.late)
    split = acts.differ(panel)
    acts.rule_together(panel, split)
    read_what_is_left(panel.round)
    turns.recall_is_heard(panel.round, case)


def _publish(found: Walked) -> None:
    """Objection, appeal, the county's check, certifying, and a second attempt."""
    panel = found.panel
    acts.object_and_appeal(panel)
    acts.read_again(panel)
    read_what_is_left(panel.round)
    turns.publicity_ends(panel.round)
    found.checked = turns.drawn(panel.round)
    acts.check_together(panel, found.checked)
    turns.certified(panel.round)
    found.anew = turns.comes_again(panel.round)
    panel.leave()  # the days that passed have signed everybody out
    found.reader_anew, found.found_said = acts.read_anew(panel, found.anew)
    read_what_is_left(panel.round)
    turns.shown_again(panel.round)


def _close(found: Walked) -> None:
    """Closing is refused, two lines are passed in writing, the round closes, and a save is refused."""
    panel = found.panel
    panel.leave()
    found.refused_to = acts.desk_with_something(panel)
    with pytest.raises(RefusedError, match="cannot be closed"):
        close_round(panel.round.workspace, panel.round.act("K1"))
    acts.close(panel, LEFT_OPEN)
    found.refused = acts.save_is_refused(panel, found.refused_to)


def test_trial_pieces_were_read_by_all_before_anything_was_said(walked):
    round_ = walked.round
    pieces = [row["piece_id"] for row in round_.rows("trial_piece")]
    assert len(pieces) == 3
    opened = next(row["tx"] for row in round_.rows("trial_stage") if row["stage"] == "discussion")
    for piece in pieces:
        reads = [r for r in round_.rows("read", piece_id=piece, round="blind") if r["tx"] < opened]
        assert sorted(r["rater_id"] for r in reads) == list(FIRST)
        assert not any(row["piece_id"] == piece for row in round_.rows("reopening"))
    assert [row["stage"] for row in round_.rows("trial_stage")] == ["discussion", "closed"]


def test_the_test_was_passed_by_nine_pieces_in_a_row(walked):
    kinds = [row["kind"] for row in walked.round.rows("calibration_event", rater_id=acts.SLOW)]
    assert kinds[:2] == ["begun", "passed"]
    given = walked.round.ask(
        "SELECT COUNT(*) AS n FROM calibration_task JOIN assignment AS a USING (assignment_id) "
        "JOIN read AS r ON r.piece_id = a.piece_id AND r.rater_id = a.rater_id "
        "WHERE kind = 'qualification' AND a.rater_id = ?",
        (acts.SLOW,),
    )
    assert given[0]["n"] == 9


def test_three_missed_seeds_locked_the_reader_and_took_back_all_since_the_last_right_one(walked):
    round_ = walked.round
    locked, released = (
        row
        for row in round_.rows("calibration_event", rater_id=walked.late)
        if row["kind"] in ("locked", "released")
    )
    told = json.loads(locked["told"])
    assert (told["cause"], told["recalled"]) == ("drift", len(walked.recalled))
    assert locked["tx"] < released["tx"]
    gone = {row["read_id"] for row in round_.rows("recalled_read")}
    taken = [row for row in round_.rows("read") if row["read_id"] in gone]
    assert {row["rater_id"] for row in taken} == {walked.late}
    assert {row["piece_id"] for row in taken} == set(walked.recalled)
    for piece in walked.recalled:
        others = round_.rows("read", piece_id=piece, round="blind", reading=1)
        fresh = {row["rater_id"] for row in others} - {walked.late}
        assert len(fresh) == 2


def test_two_chairs_marked_first_and_one_ruling_with_its_reason_stands(walked):
    round_ = walked.round
    piece = round_.piece(SPLIT)
    with round_.workspace.store() as store:
        reads = [row for row in all_reads(store, piece) if row["reading"] == 1]
    assert Counter(row["round"] for row in reads) == {"blind": 2, "third": 1, "chair": 1}
    assert {row["person_id"] for row in round_.rows("own_mark")} == set(acts.CHAIRS)
    (ground,) = round_.rows("ruling_ground")
    assert ground["code"] == "place_shown"
    unlocked = [row["seq"] for row in round_.rows("audit_log", action="read.unlock")]
    (ruled,) = round_.rows("audit_log", action="read.rule")
    assert max(unlocked) < ruled["seq"]
    (kept,) = round_.rows("precedent")
    assert kept["piece_id"] == piece


def test_the_precedent_beside_the_criterion_names_nobody(walked):
    assert acts.RULED in walked.found_said
    people = [row["name"] for table in ("teacher", "person") for row in walked.round.rows(table)]
    assert not any(name in walked.found_said for name in people)


def test_objection_and_appeal_end_and_the_panel_had_not_seen_the_case(walked):
    round_ = walked.round
    told = [each for row in list_publicity(round_.workspace) for each in row["objections"]]
    by = {(each["raised_by"], bool(each["against"])): each for each in told}
    assert by[acts.READ_AGAIN, False]["outcome"] == "kept"
    assert by[acts.APPEALS, False]["outcome"] == "stands"
    appealed = by[acts.APPEALS, True]
    assert (appealed["outcome"], appealed["words"]) == ("kept", acts.APPEALED)
    for row in round_.rows("reopening", cause=f"objection:{appealed['objection_id']}"):
        reads = round_.rows("read", piece_id=row["piece_id"], round="blind")
        panel = {r["rater_id"] for r in reads if r["reading"] == row["reading"]}
        assert len(panel) == 3
        assert not panel & {r["rater_id"] for r in reads if r["reading"] < row["reading"]}


def test_of_two_county_reads_at_once_one_counts_and_the_other_is_kept_beside(walked):
    reads = walked.round.rows("read", piece_id=walked.checked, round="county")
    assert [row["rater_id"] for row in reads] == list(acts.COUNTY)
    extra = {row["assignment_id"] for row in walked.round.rows("extra_read")}
    given = walked.round.rows("assignment", piece_id=walked.checked, round="county")
    beside = {row["rater_id"] for row in given if row["assignment_id"] in extra}
    assert beside == {acts.COUNTY[1]}


def test_the_second_attempt_was_read_afresh_and_supersedes_the_entry(walked):
    round_ = walked.round
    first = {row["rater_id"] for row in round_.rows("read", piece_id=round_.piece(FAILED))}
    again = {row["rater_id"] for row in round_.rows("read", piece_id=walked.anew)}
    assert walked.reader_anew in again
    assert len(again) == 2
    assert not first & again
    path = round_.workspace.ledger_path(SCHOOL_ID)
    kinds = Counter(str(entry["kind"]) for entry in read_entries(path))
    assert kinds["supersede"] == 2  # the competency, and the conclusion that rests on it
    standing = {(r.teacher_id, r.competency): str(r.level) for r in results(round_.workspace)}
    assert standing[FAILED[0], "B8"] == "excellent"
    posted = Counter(str(entry["level"]) for entry in current_results(path))
    assert posted == Counter(standing.values())
    assert all(each.found.ok for each in verify(round_.workspace))


def test_marks_of_a_piece_are_those_of_its_reader_and_of_no_other_piece(walked):
    """Every read says what was true of its piece, but for those whose reader was to see it otherwise."""
    round_, wrong = walked.round, []
    with round_.workspace.store() as store:
        pieces = {row["piece_id"] for row in store.where("read")}
        reads = [(piece, row) for piece in sorted(pieces) for row in all_reads(store, piece)]
    for piece, row in reads:
        truth = round_.truth(piece)
        if any(truth[name] != met for name, met in row["marks"].items()):
            wrong.append((row["rater_id"], piece))
    seeds = {row["piece_id"] for row in round_.rows("seed_piece")}
    missed = [piece for who, piece in wrong if who == walked.late and piece in seeds]
    rest = [each for each in wrong if not (each[0] == walked.late and each[1] in seeds)]
    trial = {row["piece_id"] for row in round_.rows("trial_piece")}
    assert len(missed) == 3
    assert len(rest) == 2
    assert {piece in trial for _, piece in rest} == {True, False}
    assert round_.piece(SPLIT) in {piece for _, piece in rest}


def test_the_round_closed_over_two_lines_passed_in_writing_and_takes_no_more_marks(walked):
    round_ = walked.round
    found = close_out(round_.workspace, round_.now)
    assert found.closed_at
    passed = {line.code: line.words for line in found.lines if line.state == "waived"}
    assert passed == {line: f"{line}：{acts.REASON}" for line in LEFT_OPEN}
    (closed,) = round_.rows("audit_log", action="round.close")
    assert not [row for row in round_.rows("read") if row["tx"] > closed["seq"]]
    with DeskStore(round_.workspace.folder / FILE_NAME) as desk:
        drafts = drafts_of(desk, walked.refused_to)
    kept = {row["piece_id"]: row["content"].get("marks", {}) for row in drafts}
    assert kept.get(walked.refused, {}) == {}


def test_no_browser_asked_for_anything_outside(walked):
    assert walked.panel.outside == []
