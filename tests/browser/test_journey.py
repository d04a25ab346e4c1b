"""A small round walked in the browser leaves the rows that the services leave without one."""

from __future__ import annotations

import csv
import hashlib
import io
import itertools
import random
import re
import zipfile
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from models.ledger.verifying import read_entries
from models.ratings import all_reads
from models.store import Act
from tests import small_county
from workbench.messages import catalogue
from workbench.services.accounts import add_user, set_password
from workbench.services.assignments import allocate_reads
from workbench.services.blinding import make_blind_copies
from workbench.services.certification import approve, propose
from workbench.services.flags import raise_flags
from workbench.services.holds import list_holds, resolve
from workbench.services.intake import import_package
from workbench.services.ledgers import verify as verify_ledgers
from workbench.services.people import Directory, TeacherRow
from workbench.services.publicity import answer, close_publicity, object_to, open_publicity
from workbench.services.rating import import_ratings
from workbench.services.supervision import decide, sample
from workbench.services.trust import keys_of_folder
from workbench.services.verification import verify_sheet
from workbench.services.workspace import create

expect = pytest.importorskip("playwright.sync_api").expect

START = datetime(2026, 10, 20, 1, tzinfo=UTC)
WAIT = 90_000  # ms; what is waited for comes within one on a machine with nothing else to do
SCHOOL, SCHOOL_ID = "城关小学", "s01"
PEOPLE = {"R1": "rater", "R2": "rater", "C1": "chair", "K1": "county", "G1": "registrar"}
PEOPLE |= {"G2": "registrar", "A1": "admin"}
COMMENT, COMMENTED = "第二页写得清楚", ("T1", "B8-1", "R1")
REASON = "两人同组备课，共用一份底稿，已核实"
SEED = "2026-7"
WHOLE, PLAIN, LAST = "111111", "111100", "11111"
WORDS = {
    ("T1", "B8-1", "R1"): WHOLE,
    ("T1", "B8-1", "R2"): PLAIN,  # 优秀 and 合格: a third reads
    ("T1", "B8-1", "R3"): WHOLE,
    ("T2", "B8-1", "R1"): PLAIN,
    ("T2", "B8-1", "R2"): PLAIN,
    **{(teacher, "B8-2", rater): LAST for teacher in ("T1", "T2") for rater in ("R1", "R2")},
}
"""Marks of each read, 合格 criteria first; the county reads as R1 did."""

POLICY = (
    small_county.POLICY
    + """
[rule.audit]
county_min_per_school = { value = 1, unit = "pieces", source = "test" }
always_include = { value = [], unit = "list", source = "test" }
"""
)


def act(who, reason="", later=0):
    return Act(who, "", START + timedelta(days=later), reason)


def counting():
    """Random bytes that are the same each time: two workspaces get the same codes."""
    counter = itertools.count()
    return lambda size: hashlib.shake_256(str(next(counter)).encode()).digest(size)


def essay(seed, chars=700):
    rng = random.Random(f"essay {seed}")
    body = "".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(chars))
    return "。".join(body[start : start + 20] for start in range(0, chars, 20))


def handed_in(folder):
    """Package of two teachers; the second reflection of T2 is that of T1."""
    folder.mkdir()
    rows = ["teacher_id teacher_name school competency slot file".split()]
    for teacher, slot in itertools.product(("T1", "T2"), ("B8-1", "B8-2")):
        name = f"{teacher}-{slot}.txt"
        words = essay(slot if slot == "B8-2" else name)
        (folder / name).write_text(words, encoding="utf-8")
        rows.append([teacher, f"教师{teacher[1]}", SCHOOL, "B8", slot, name])
    write_rows(folder / "manifest.csv", rows)
    return folder


def write_rows(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        csv.writer(file).writerows(rows)


def built(folder):
    """Workspace with evidence, masked copies and every first read given out to R1 and R2."""
    folder.mkdir()
    (folder / "policy.toml").write_text(POLICY, encoding="utf-8")
    fresh, policy = counting(), str(folder / "policy.toml")
    made = create(folder / "workspace", policy, "2026秋", "示例县", act("建档"), fresh)
    with made.store() as store, store.transaction(act("建档"), "roster.import") as tx:
        people = Directory(store, tx, fresh)
        for teacher in ("T1", "T2"):
            facts = {"online_passed": "1", "choices": '["B8"]'}
            people.teacher(TeacherRow(teacher, f"教师{teacher[1]}", SCHOOL, facts))
        for person_id, role in PEOPLE.items():
            people.rater(person_id, name=f"人员{person_id}", roles=[role])
    import_package(made, handed_in(folder / "package"), act("G1"), fresh)
    make_blind_copies(made, act("G1"))
    allocate_reads(made, SEED, act("C1"))
    add_user(made, "人员R3", ["rater"], act("A1"), fresh, person_id="R3")
    return made


def owners(made):
    """Teacher and slot of each piece."""
    with made.store() as store:
        teachers = {r["submission_id"]: r["teacher_id"] for r in store.where("submission")}
        rows = store.where("piece")
    return {r["piece_id"]: (teachers[r["submission_id"]], r["slot_id"]) for r in rows}


@pytest.fixture(scope="module")
def made(tmp_path_factory, password):
    workspace = built(tmp_path_factory.mktemp("journey") / "walked")
    for person_id in (*PEOPLE, "R3"):
        set_password(workspace, person_id, password, act(person_id))
    return workspace


@pytest.fixture(scope="module")
def clock(made):
    """Put the server's clock so many seconds after the start; it goes on from there."""
    ahead = made.folder.parent / "ahead"
    behind = (START - datetime.now(UTC)) // timedelta(seconds=1)

    def put(seconds):
        part = ahead.with_suffix(".part")
        part.write_text(str(behind + seconds), encoding="ascii")
        part.replace(ahead)  # at once: the server reads it all the time

    put(0)
    return put


@pytest.fixture(scope="module")
def server(made, clock, running):
    script, folder = Path(__file__).with_name("clocked_server.py"), made.folder
    with running([str(script), str(folder), str(folder.parent / "ahead")], folder) as address:
        yield address


def under(page, key):
    """The widget of a key."""
    return page.locator(f".st-key-{key}")


def push(page, key, sentence):
    """Push a button, and wait for the sentence that says what was done."""
    button = under(page, key).locator("button")
    expect(button).to_be_enabled(timeout=WAIT)
    button.click()
    told(page, sentence)


def told(page, sentence):
    """Wait for a sentence of the locale, whatever its values are."""
    parts = re.split(r"\{\w+\}", catalogue("zh")[sentence].replace("**", ""))
    words = re.compile(".*".join(map(re.escape, parts)))
    expect(page.get_by_text(words).locator("visible=true").first).to_be_visible(timeout=WAIT)


def write(page, key, words):
    box = under(page, key).locator("textarea, input").first
    box.fill(words, timeout=WAIT)
    box.blur()


def tick(page, key):
    """Tick a box, and see that it is ticked."""
    under(page, key).locator("label").first.click(timeout=WAIT)
    expect(under(page, key).locator("input")).to_be_checked(timeout=WAIT)


def choose(page, key, sentence):
    words = under(page, key).get_by_text(catalogue("zh")[sentence], exact=True)
    words.first.click(timeout=WAIT)


def score(page, made, rater, pieces):
    """Read what is on somebody's desk, a piece after the other, by keyboard alone."""
    whose = owners(made)
    head = page.locator(".desk header code")
    page.wait_for_selector(".desk .row", timeout=WAIT)
    for left in range(pieces, 0, -1):
        piece = head.inner_text()
        word = WORDS[*whose[piece], "R1" if rater == "K1" else rater]
        key, level = ("x", "合格") if word == PLAIN else ("a", "优秀")
        if (*whose[piece], rater) == COMMENTED:
            page.keyboard.press("1")
            page.keyboard.press("c")
            page.keyboard.type(COMMENT)
            page.keyboard.press("Escape")
        page.keyboard.press("a")
        page.keyboard.press(key)
        expect(page.locator(".desk .level b")).to_have_text(level, timeout=WAIT)
        page.keyboard.press("Control+Enter")
        if left > 1:
            expect(head).not_to_have_text(piece, timeout=WAIT)
        else:
            expect(page.locator(".desk .all-done")).to_be_visible(timeout=WAIT)


def read_at_the_desk(made, clock, visit):
    """Two read to disagreement, the third comes by itself; what was handed in is soon recorded."""
    score(visit("R1", "/desk"), made, "R1", 4)
    score(visit("R2", "/desk"), made, "R2", 4)
    clock(30)
    third = visit("R3", "/tasks")  # settles what can no longer be taken back
    third.get_by_role("button", name="开始评阅").click(timeout=WAIT)
    score(third, made, "R3", 1)
    clock(60)
    told(visit("R3", "/tasks"), "desk.tasks.all_done")


def decide_cases(made, visit):
    """The chair and the county decide a case each."""
    raise_flags(made, act("G1"))
    cases = [case["hold_id"] for case in list_holds(made)]
    assert len(cases) == 2
    for who, case in zip(("C1", "K1"), cases, strict=True):
        page = visit(who, f"/holds?hold={case}")
        choose(page, f"disposition_{case}", "disposition.certify")
        write(page, f"reason_{case}", REASON)
        push(page, f"decide_send_{case}", "holds.resolved")


def check_by_county(made, clock, visit):
    page = visit("K1", "/supervision")
    write(page, "supervision_seed", SEED)
    push(page, "supervision_draw", "page_supervision.drawn")
    page.goto("/desk")
    score(page, made, "K1", 1)
    clock(90)
    page.goto("/tasks")
    told(page, "desk.tasks.none")
    page.goto("/supervision")
    choose(page, "supervision_decision", "page_supervision.accept")
    write(page, "supervision_reason", REASON)
    push(page, "supervision_do", "supervision.decided.accept")


def publish(clock, visit):
    """Shown, objected to, answered, and closed when its days have passed."""
    page = visit("G1", "/publicity")
    tick(page, "publicity_sure")
    push(page, "open", "page_publicity.opened")
    page.get_by_role("tab").nth(2).click()
    write(page, "objection_by", "T1")
    write(page, "objection_words", REASON)
    push(page, "object", "publicity.objected")
    chair = visit("C1", "/publicity")
    chair.get_by_role("tab").nth(2).click()
    write(chair, "answer_words_o0001", REASON)
    push(chair, "answer", "publicity.answered.stands")
    clock(40 * 86_400)
    later = visit("G1", "/publicity")
    later.get_by_role("tab").nth(1).click()
    push(later, "close", "publicity.closed")


def certify(visit):
    push(visit("G1", "/certification"), "propose", "page_certification.proposed")
    page = visit("G2", "/certification")
    tick(page, "sure_c0001")
    push(page, "approve_c0001", "page_certification.posted")


def sheet_of(visit, tmp_path):
    """Have the sheets made, download them as one file, and take one out."""
    page = visit("G1", "/certificates")
    push(page, f"make_{SCHOOL_ID}", "page_certificates.begun")
    page.locator('[class*="st-key-do_pack_"] button').click(timeout=2 * WAIT)
    link = page.locator('a[href^="/download/certificates/"]').first
    expect(link).to_be_visible(timeout=WAIT)
    answered = page.request.get(link.get_attribute("href"))
    assert answered.ok and answered.headers["content-disposition"].startswith("attachment")
    with zipfile.ZipFile(io.BytesIO(answered.body())) as packed:
        name = next(n for n in packed.namelist() if "教师1" in n and n.endswith(".docx"))
        sheet = tmp_path / "sheet.docx"
        sheet.write_bytes(packed.read(name))
    return sheet


def read_by_file(made, path, keys):
    """Import reads, each of (teacher, slot, rater, round)."""
    lines = ["teacher_id competency slot rater criterion met round comment".split()]
    for teacher, slot, rater, round_name in keys:
        word = WORDS[teacher, slot, "R1" if rater == "K1" else rater]
        criteria = made.rubrics["B8"].slot(slot).criteria
        for place, (criterion, sign) in enumerate(zip(criteria, word, strict=True)):
            said = COMMENT if place == 0 and (teacher, slot, rater) == COMMENTED else ""
            name = criterion.criterion_id
            lines.append([teacher, "B8", slot, rater, name, sign, round_name, said])
    write_rows(path, lines)
    assert import_ratings(made, path, act("G1"), counting()).new == len(keys)


def walked_by_services(folder):
    made = built(folder)
    rounds = {"R1": "blind", "R2": "blind", "R3": "third"}
    read_by_file(made, folder / "reads.csv", [(*key, rounds[key[2]]) for key in WORDS])
    raise_flags(made, act("G1"))
    for who, case in zip(("C1", "K1"), list_holds(made), strict=True):
        resolve(made, case["hold_id"], "certify", REASON, act(who, REASON))
    (drawn,) = sample(made, SEED, act("K1"))
    read_by_file(made, folder / "county.csv", [(*owners(made)[drawn.piece_id], "K1", "county")])
    decide(made, drawn.school_id, "accept", REASON, act("K1", REASON))
    open_publicity(made, [], act("G1"))
    objection = object_to(made, "T1", "B8", "T1", REASON, act("G1"))
    answer(made, objection, "stands", REASON, act("C1", REASON))
    close_publicity(made, [], act("G1", later=40))
    (proposal,) = propose(made, [], act("G1", later=40))
    approve(made, proposal.proposal_id, act("G2", later=40), counting())
    return made


TABLES = {
    "hold": "hold_id code flag_id raised_by",
    "hold_event": "hold_id kind actor party disposition words scan",
    "published_result": "publication_id teacher_id competency level",
    "publication_end": "publication_id",
    "objection": "publication_id teacher_id competency raised_by words",
    "objection_answer": "objection_id answer words",
    "county_sample_piece": "sample_id piece_id why",
    "county_decision": "sample_id school_id decision words",
    "approval": "proposal_id",
}
READ = "rater_id round reading replaced comment marks comments".split()


def left(made):
    """Rows that say what was decided, by table, without times and numbers of transactions."""
    with made.store() as store:
        found = {
            table: sorted(tuple(row[name] for name in names.split()) for row in store.where(table))
            for table, names in TABLES.items()
        }
        for piece_id in owners(made):
            rows = (tuple(row[name] for name in READ) for row in all_reads(store, piece_id))
            found[piece_id] = sorted(rows, key=str)
    return found


def entries(made):
    """Entries of the school's ledger, without their times, its key and the log they stand on."""
    own = ("posted_at", "key", "audit_head")
    read = read_entries(made.ledger_path(SCHOOL_ID))
    return [{name: entry[name] for name in entry if name not in own} for entry in read]


def test_what_is_done_in_the_browser_is_what_the_services_do(made, clock, page_as, tmp_path):
    opened = []

    def visit(who, path):
        opened.append(page_as(who, path))
        return opened[-1]

    read_at_the_desk(made, clock, visit)
    decide_cases(made, visit)
    check_by_county(made, clock, visit)
    publish(clock, visit)
    certify(visit)
    report = verify_sheet(sheet_of(visit, tmp_path), keys_of_folder(made.folder))
    assert report.ok, report.faults
    assert all(each.found.ok for each in verify_ledgers(made))
    assert [address for page in opened for address in page.outside] == []
    other = walked_by_services(tmp_path / "other")
    assert all(left(made).values())
    assert left(made) == left(other)
    levels = {(e["kind"], e.get("level")) for e in entries(made)}
    assert {("result", "excellent"), ("result", "pass")} <= levels
    assert entries(made) == entries(other)
