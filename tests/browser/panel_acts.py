"""What a panel does from 试评 to 结项, act by act, in the browsers of those who do it."""

from __future__ import annotations

from typing import Any

from tests.browser.panel_pages import (
    WAIT,
    WORDS,
    Panel,
    choose,
    expect,
    hand_in_read,
    mark,
    opened,
    pick,
    push,
    read_piece,
    select_row,
    settled,
    tab,
    tick,
    told,
    under,
    write,
)
from tests.browser.panel_round import FIRST, READERS, SPLIT
from workbench.services.assignments import allocate_reads
from workbench.services.publicity_views import objections

REASON = "已对照指标原文核实"
MET = WORDS["page_adjudication.met"]
CODE = "证据中有明确之处"
RULED = "教案第二页写明了学情依据，按指标原文应判达到"
CHAIRS, COUNTY = ("C1", "C2"), ("K1", "K2")
READ_AGAIN, APPEALS, APPEALED = "T4", "T6", "请评阅组再看"
SLOW = "R1"
"""Who takes the test in the browser."""


# 试评 -------------------------------------------------------------------------------------------


def try_together(panel: Panel) -> None:
    """Three common pieces are read by all at their own desks, shown side by side, and closed."""
    chair = panel.visit("C1", "/calibration")
    push(chair, "trial_begin", "calibration.trial.begun")
    for who in FIRST:
        panel.visit(who, "/desk")
    for turn in range(3):
        for who in FIRST:
            page = panel.at(who)
            piece = opened(page)
            doubted = list(panel.round.truth(piece))[-1]
            read_piece(panel, who, {doubted: 0} if (turn, who) == (1, FIRST[2]) else None)
    panel.round.settle()
    chair = panel.visit("C1", "/calibration")
    push(chair, "trial_discuss", "calibration.trial.now_discussion")
    own = panel.visit(FIRST[0], "/calibration")
    expect(own.get_by_role("tab")).to_have_count(3, timeout=WAIT)
    expect(own.locator(".wv-stage").locator("visible=true").first).to_be_visible(timeout=WAIT)
    push(chair, "trial_close", "calibration.trial.now_closed")


# 校准 -------------------------------------------------------------------------------------------


def qualify(panel: Panel) -> None:
    """A reader takes the test at the desk until nine pieces in a row decide it."""
    page = panel.visit(SLOW, "/calibration")
    push(page, "calibration_qualify", "calibration.given_qualify")
    under(page, "calibration_desk").locator("button").click()
    for _ in range(9):
        read_piece(panel, SLOW)
        panel.round.on(15)
    panel.round.settle()
    told(panel.visit(SLOW, "/calibration"), "calibration.now.qualified")


def miss_seeds(panel: Panel, late: str) -> list[str]:
    """A reader reads what is given well and misses three seeds: locked, and what was read is recalled."""
    counting = panel.round.owners().keys()
    well = [piece for piece in panel.round.desk_of(late) if piece in counting]
    for piece in well:
        panel.visit(late, f"/desk?piece={piece}")
        assert read_piece(panel, late) == piece
        panel.round.on(15)
    page = panel.visit(late, "/desk")
    for _ in range(3):
        piece = opened(page)
        assert piece not in counting
        _miss(panel, late, piece)
        panel.round.on(15)
    panel.round.settle()
    told(panel.visit(late, "/desk"), "error.calibration.gate_locked")
    told(panel.visit(late, "/calibration"), "calibration.now.locked")
    return well


def _miss(panel: Panel, who: str, piece: str) -> None:
    """Judge a seed piece one level away from the experts."""
    page, met = panel.at(who), panel.round.truth(piece)
    slot = panel.round.slot(panel.round.rows("piece", piece_id=piece)[0]["slot_id"])
    wished = int(not all(met[name] for name in slot.excellent_ids))
    mark(page, met | dict.fromkeys(slot.excellent_ids, wished))
    hand_in_read(page, piece)


def see_the_lock(panel: Panel, late: str) -> str:
    """The chair sees the lock on the board and the recall in the room, and releases the lock; the case."""
    page = panel.visit("C1", "/progress")
    tile = page.locator(".bd div.look").filter(has_text=WORDS["page_progress.metric.locked"])
    expect(tile.locator("b")).to_have_text("1", timeout=WAIT)
    page = panel.visit("C1", "/adjudication?view=ends")
    told(page, "page_adjudication.ends.recall")
    under(page, "recall_*").locator("button").click()
    page.wait_for_url("**/holds?hold=*")
    page = panel.visit("C1", "/calibration")
    write(page, f"calibration_why_{late}", REASON)
    push(page, f"calibration_release_{late}", "calibration.board.released")
    (case,) = panel.round.rows("hold", code="recalled_reads")
    return str(case["hold_id"])


# 三评与仲裁 -------------------------------------------------------------------------------------


def differ(panel: Panel) -> str:
    """Two first readers differ by two levels, a third reads without knowing; the piece they read."""
    piece = panel.round.piece(SPLIT)
    first = next(iter(panel.round.truth(piece)))
    for who, met in zip(panel.round.readers_of(piece), (1, 0), strict=True):
        panel.visit(who, f"/desk?piece={piece}")
        assert read_piece(panel, who, {first: met}) == piece
    panel.round.settle()
    (third,) = [
        r["rater_id"] for r in panel.round.rows("assignment", piece_id=piece, round="third")
    ]
    page = panel.visit(third, f"/desk?piece={piece}")
    assert opened(page) == piece
    read_piece(panel, third)
    panel.round.settle()
    return piece


def rule_together(panel: Panel, piece: str) -> None:
    """Two chairs mark first and then see the reads; one rules, pressing twice, the other is told so."""
    pages = [panel.visit(who, "/adjudication") for who in CHAIRS]
    for page in pages:
        expect(under(page, f"first_{piece}_*").first).to_be_visible(timeout=WAIT)
        expect(page.locator("table.ru")).to_have_count(0)  # nothing is told of the reads
        choose(page, f"first_{piece}_*", MET)
        under(page, f"unlock_{piece}").locator("button").click()
    for page in pages:
        expect(page.locator("table.ru").first).to_be_visible(timeout=WAIT)
        choose(page, f"ruling_{piece}_*", MET)
        pick(page, f"ruling_code_{piece}_*", CODE)
        write(page, f"ruling_reason_{piece}_*", RULED)
        under(page, f"ruling_keep_{piece}").locator("label").first.click()
    one, other = pages
    under(one, f"ruling_send_{piece}").locator("button").dblclick()
    told(one, "page_adjudication.done")
    under(other, f"ruling_send_{piece}").locator("button").click()
    told(other, "error.adjudication.not_due")


# 公示、异议、申诉 --------------------------------------------------------------------------------


def object_and_appeal(panel: Panel) -> None:
    """One objection is read again, another stands and is appealed against, whatever stood written before."""
    page = panel.visit("G1", "/publicity")
    tick(page, "publicity_sure")
    push(page, "open", "page_publicity.opened")
    tab(page, 2)
    for teacher in (READ_AGAIN, APPEALS):
        pick(page, "objection_about", f"教师{teacher[1]}　B8")
        expect(under(page, "objection_words").locator("textarea")).to_have_value("")
        write(page, "objection_by", teacher)
        write(page, "objection_words", f"{teacher}请再看第二页")
        push(page, "object", "publicity.objected")
    answer_both(panel)
    page = panel.visit("G1", "/publicity")
    tab(page, 2)
    rows = [row["raised_by"] for row in seen_objections(panel)]
    select_row(page, "objections_*", rows.index(APPEALS))
    write(page, "appeal_by_*", APPEALS)
    write(page, "appeal_words_*", APPEALED)
    push(page, "appeal", "publicity.appealed")


def answer_both(panel: Panel) -> None:
    """The chair answers one and the other; nothing written of the first stands in the second."""
    page = panel.visit("C1", "/publicity")
    tab(page, 2)
    for teacher, given in ((READ_AGAIN, "re_read"), (APPEALS, "stands")):
        pick(page, "answer_which", f"教师{teacher[1]}")
        words = under(page, "answer_words_*").locator("textarea")
        expect(words).to_have_value("", timeout=WAIT)
        choose(page, "answer_given_*", WORDS[f"page_publicity.answers.{given}"])
        write(page, "answer_words_*", REASON)
        push(page, "answer", f"publicity.answered.{given}")


def seen_objections(panel: Panel) -> list[dict[str, Any]]:
    """Objections in the order the page lists them."""
    return objections(panel.round.workspace, "G1")


def read_again(panel: Panel) -> str:
    """Fresh readers are given what was reopened; one reads in the browser, the others do the same."""
    allocate_reads(panel.round.workspace, "2026-8", panel.round.act("C1"))
    reopened = {row["piece_id"] for row in panel.round.rows("reopening")}
    who = next(r for r in READERS if reopened & set(panel.round.desk_of(r)))
    piece = next(each for each in panel.round.desk_of(who) if each in reopened)
    panel.visit(who, f"/desk?piece={piece}")
    assert read_piece(panel, who) == piece
    panel.round.settle()
    return piece


def check_together(panel: Panel, piece: str) -> None:
    """Two of the county are at one piece: the later is told, both hand in, and neither read is lost."""
    first, second = (panel.visit(who, f"/desk?piece={piece}") for who in COUNTY)
    for page in (first, second):
        assert opened(page) == piece
    met = panel.round.truth(piece)
    mark(first, met)
    expect(first.locator(".desk .state.kept")).to_be_visible(timeout=WAIT)
    second.reload()
    expect(second.locator(".desk .notice.held")).to_be_visible(timeout=WAIT)
    mark(second, met)
    hand_in_read(first, piece)
    hand_in_read(second, piece)
    panel.round.settle()


# 补测 -------------------------------------------------------------------------------------------


def read_anew(panel: Panel, piece: str) -> tuple[str, str]:
    """A fresh reader, first a seed after the break, finds the precedent by a key and reads attempt 2."""
    who = panel.round.readers_of(piece)[0]
    page = panel.visit(who, "/desk")
    while (shown := opened(page)) != piece:
        assert panel.round.rows("seed_piece", piece_id=shown)
        read_piece(panel, who)
        panel.round.settle()
        page = panel.visit(who, f"/desk?piece={piece}")
    page.keyboard.press("r")
    found = page.locator(".desk .box .precedent").first
    expect(found).to_contain_text(RULED, timeout=WAIT)
    said = str(found.inner_text())
    page.keyboard.press("Escape")
    expect(found).to_have_count(0)
    assert read_piece(panel, who) == piece
    panel.round.settle()
    return who, said


# 结项 -------------------------------------------------------------------------------------------


def close(panel: Panel, open_lines: tuple[str, ...]) -> None:
    """The list lets nobody close while a line is open; what policy lets pass is passed in writing."""
    page = panel.visit("K1", "/closing")
    shut = page.get_by_role("button", name=WORDS["page_closing.close"], exact=True)
    for line in open_lines:
        told(page, f"closing.line.{line}")
        expect(shut).to_be_disabled()
        _waive(page, line, "", "error.closing.reason")
        _waive(page, line, f"{line}：{REASON}", "closing.waived_now")
    expect(shut).to_be_enabled(timeout=WAIT)
    shut.click()
    write(page, "closing_close_words", REASON)
    push(page, "closing_close", "closing.done")


def _waive(page: Any, line: str, words: str, sentence: str) -> None:
    """Pass a line with these words, as far as they go."""
    row = page.locator('[data-testid="stHorizontalBlock"]').filter(
        has_text=WORDS[f"closing.line.{line}"]
    )
    settled(page)
    if not under(page, f"closing_words_{line}").is_visible():  # the box stays open over a fault
        row.last.get_by_role("button", name=WORDS["page_closing.waive"], exact=True).click()
    write(page, f"closing_words_{line}", words)
    push(page, f"closing_waive_{line}", sentence)


def save_is_refused(panel: Panel, who: str) -> str:
    """What a reader marks on a desk that was open before is refused in words; the piece."""
    page = panel.at(who)
    piece = opened(page)
    with page.expect_response("**/desk/save") as saving:
        page.keyboard.press("1")
    assert saving.value.status == 403, saving.value.text()
    expect(page.locator(".desk .alarm")).to_contain_text(WORDS["error.closing.closed"][:8])
    return piece


def desk_with_something(panel: Panel) -> str:
    """A reader with a piece open on the desk; who."""
    who = next(each for each in READERS if panel.round.desk_of(each))
    opened(panel.visit(who, "/desk"))
    return who
