"""The county witnesses what schools certify: by files, to and fro; forks and rollbacks stay as evidence."""

import json
import shutil
from datetime import timedelta

import pytest
from click.testing import CliRunner

from models.errors import LedgerError
from models.ledger.notes import parse_note
from workbench.cli import cli
from workbench.errors import InputError, RefusedError
from workbench.services.ledgers import ledgers, verify
from workbench.services.witness import admit, answer, set_up, status
from workbench.services.witnessed import (
    requests,
    take_in,
    trust_witness,
    witness_words,
    witnessed,
)

TOWN, HILL = "城关小学", "青山小学"
NAME = "county.example/witness"


@pytest.fixture
def round_(certified):
    """Both schools certified, and a witness that knows their keys."""
    county = certified.folder / "witness"
    key = set_up(county, NAME, certified.fresh)
    keys = [path.read_text("utf-8") for path in (certified.workspace.folder / "keys").glob("*.pub")]
    admit(county, keys)
    trust_witness(certified.workspace, [key], certified.act())
    return certified


def ask(walk, *schools, since=None, name="out"):
    ids = [walk.school(each) for each in schools]
    return requests(walk.workspace, walk.folder / name, ids, since)


def cosigned(walk, *files, name="back"):
    return answer(walk.folder / "witness", files, walk.folder / name, walk.now)


def witness(walk, school):
    """One whole round trip."""
    (made,) = cosigned(walk, *ask(walk, school))
    assert made.code == ""
    return take_in(walk.workspace, made.written.read_bytes(), walk.act())


def certify_more(walk, school=TOWN):
    """Certify another level of one result: two entries, for the conclusion rests on it."""
    walk.rate(("T2", "B8-1", "R1", "1111 11"), ("T2", "B8-1", "R2", "1111 11"), reason="更正")
    walk.publish(school)
    return walk.approve(walk.propose(school)[0].proposal_id)


def state(walk, school=TOWN):
    (found,) = witnessed(walk.workspace, walk.now, [walk.school(school)])
    return found


def ledger(walk, school=TOWN):
    return ledgers(walk.workspace)[walk.school(school)]


def test_before_a_witness_saw_it_the_ledger_says_what_cannot_be_detected(round_):
    found = state(round_)
    assert (found.state, found.size, found.days) == ("never", 0, None)
    assert "无法发现" in found.sentence


def test_a_round_trip_covers_every_entry(round_):
    found = witness(round_, TOWN)
    assert (found.state, found.size, found.entries, found.by) == ("current", 5, 5, NAME)
    assert "无法发现" not in found.sentence
    assert state(round_, HILL).state == "never"
    (held, other) = sorted(status(round_.folder / "witness"), key=lambda one: -one.size)
    assert (held.size, other.size, held.refused) == (5, 0, ())


def test_what_came_after_is_told_with_its_age_and_old_beyond_the_policy(round_):
    witness(round_, TOWN)
    certify_more(round_)  # publicity takes weeks
    found = state(round_)
    assert (found.state, found.days, found.entries - found.size) == ("old", 30, 2)
    assert "30" in found.sentence
    assert witness(round_, TOWN).state == "current"


def test_a_few_days_behind_is_not_yet_old(round_):
    witness(round_, TOWN)
    certify_more(round_)
    taken = state(round_)
    early = round_.now - timedelta(days=taken.days - 2)
    (found,) = witnessed(round_.workspace, early, [round_.school(TOWN)])
    assert (found.state, found.days) == ("behind", 2)


def test_the_next_request_proves_that_it_continues_the_last(round_):
    witness(round_, TOWN)
    certify_more(round_)
    (file,) = ask(round_, TOWN)
    assert file.read_text("utf-8").startswith("old 5\n")
    (made,) = cosigned(round_, file)
    assert (made.code, made.size) == ("", 7)


def test_an_answer_that_was_lost_is_given_again(round_):
    (file,) = ask(round_, TOWN)
    cosigned(round_, file)
    (again,) = cosigned(round_, file, name="again")
    assert again.code == ""
    certify_more(round_)
    (late,) = cosigned(round_, *ask(round_, TOWN))
    assert late.code == "stale"  # the school never took the answer in
    (made,) = cosigned(round_, *ask(round_, TOWN, since=5))
    assert made.code == ""


def test_an_older_copy_put_back_is_refused_and_kept_as_evidence(round_):
    older = shutil.copy(ledger(round_), round_.folder / "older.db")
    witness(round_, TOWN)
    certify_more(round_)
    witness(round_, TOWN)
    shutil.copy(older, ledger(round_))
    (made,) = cosigned(round_, *ask(round_, TOWN, since=0))
    assert made.code == "rolled_back"
    assert made.written.exists()
    assert made.written.with_suffix(".held").read_text("utf-8").split("\n")[1] == "7"
    (held, _) = sorted(status(round_.folder / "witness"), key=lambda one: -one.size)
    assert (held.size, len(held.refused)) == (7, 1)
    with pytest.raises(LedgerError, match="older copy"):
        ask(round_, TOWN)  # the school's own note of what was witnessed shows it too
    assert [each.found.ok for each in verify(round_.workspace, [round_.school(TOWN)])] == [False]


def test_two_histories_of_one_ledger_are_refused_whichever_comes_second(round_):
    fork = shutil.copy(ledger(round_), round_.folder / "fork.db")
    certify_more(round_)
    witness(round_, TOWN)
    shutil.copy(fork, ledger(round_))
    ledger(round_).with_suffix(".cosigned").unlink()
    round_.later(1)
    made = round_.approve(round_.propose(TOWN)[0].proposal_id)  # the same, posted a day later
    assert made.seqs == (5, 6)
    (refused,) = cosigned(round_, *ask(round_, TOWN, since=0))
    assert refused.code == "forked"
    evidence = parse_note(refused.written.read_text("utf-8").partition("\n\n")[2])
    held = parse_note(refused.written.with_suffix(".held").read_bytes())
    assert evidence.text.split("\n")[:2] == held.text.split("\n")[:2]
    assert evidence.text != held.text
    again = cosigned(round_, *ask(round_, TOWN, since=0))
    assert again[0].written == refused.written  # kept once


def test_a_ledger_that_is_not_known_and_a_file_that_is_none_end_nothing_else(round_):
    shutil.rmtree(round_.folder / "witness" / "logs")
    (round_.folder / "witness" / "logs").mkdir()
    keys = round_.workspace.folder / "keys"
    admit(round_.folder / "witness", [(keys / f"{round_.school(HILL)}.pub").read_text("utf-8")])
    nothing = round_.folder / "nothing.request"
    nothing.write_bytes(b"\xff")
    found = cosigned(round_, *ask(round_, TOWN, HILL), nothing, round_.folder / "none.request")
    assert [each.code for each in found] == ["unknown_log", "", "unreadable", "unreadable"]


def test_a_request_changed_on_the_way_is_refused_and_is_no_evidence(round_):
    (file,) = ask(round_, TOWN)
    file.write_text(file.read_text("utf-8").replace("\n5\n", "\n4\n"), "utf-8")
    (made,) = cosigned(round_, file)
    assert (made.code, made.written) == ("signature", None)


def test_a_checkpoint_nobody_cosigned_is_not_kept(round_):
    (file,) = ask(round_, TOWN)
    note = file.read_text("utf-8").partition("\n\n")[2]
    with pytest.raises(InputError, match="no known witness"):
        take_in(round_.workspace, note.encode(), round_.act())


def test_a_cosigned_checkpoint_of_another_history_or_an_older_one_is_refused(round_):
    older = shutil.copy(ledger(round_), round_.folder / "older.db")
    (first,) = cosigned(round_, *ask(round_, TOWN))
    early = first.written.read_bytes()
    take_in(round_.workspace, early, round_.act())
    certify_more(round_)
    (second,) = cosigned(round_, *ask(round_, TOWN))
    late = second.written.read_bytes()
    take_in(round_.workspace, late, round_.act())
    with pytest.raises(RefusedError, match="kept already"):
        take_in(round_.workspace, early, round_.act())
    shutil.copy(older, ledger(round_))
    with pytest.raises(LedgerError, match="older copy"):
        take_in(round_.workspace, late, round_.act())


def test_only_the_registrar_and_the_county_take_in(round_):
    (made,) = cosigned(round_, *ask(round_, TOWN))
    with pytest.raises(RefusedError):
        take_in(round_.workspace, made.written.read_bytes(), round_.act("评审1"))
    take_in(round_.workspace, made.written.read_bytes(), round_.act("登记甲"))
    assert round_.log()[-1] == "ledger.witness"


def test_a_witness_key_is_made_once_and_its_folder_must_be_one(round_):
    with pytest.raises(LedgerError, match="not overwritten"):
        set_up(round_.folder / "witness", NAME, round_.fresh)
    with pytest.raises(InputError, match="no witness"):
        status(round_.folder)


def test_a_locked_witness_signs_with_its_passphrase_alone(round_):
    county = round_.folder / "locked"
    set_up(county, NAME, round_.fresh, "北窗")
    files = ask(round_, TOWN)
    with pytest.raises(LedgerError, match="passphrase"):
        answer(county, files, round_.folder / "back", round_.now)
    assert (
        answer(county, files, round_.folder / "back", round_.now, "北窗")[0].code == "unknown_log"
    )


def say(walk, *words, answers="", code=0):
    """Run a command in the walk's workspace; what it printed."""
    base = ["--workspace", str(walk.folder / "workspace"), "--as", "登记员"]
    ran = CliRunner().invoke(cli, [*base, *map(str, words)], input=answers)
    assert ran.exit_code == code, ran.output
    return ran.output


def test_the_whole_way_on_the_command_line(checked):
    for proposal in checked.propose():
        checked.approve(proposal.proposal_id)
    county, out, back = (checked.folder / name for name in ("county", "out", "back"))
    state_at = ("--state", county)
    key = say(checked, "witness", "init", "--name", NAME, *state_at).split("\n")[1]
    (checked.folder / "county.pub").write_text(key, "utf-8")
    keys = sorted((checked.workspace.folder / "keys").glob("*.pub"))
    say(checked, "witness", "add", *keys, *state_at)
    say(checked, "ledger", "checkpoint", "--out", out)
    files = sorted(out.glob("*.request"))
    made = json.loads(say(checked, "witness", "cosign", *files, "--out", back, *state_at, "--json"))
    assert [each["code"] for each in made] == ["", ""]
    cosigned_files = [each["written"] for each in made]
    said = json.loads(
        say(
            checked, "ledger", "witnessed", *cosigned_files,
            "--witness", checked.folder / "county.pub", "--json",
        )
    )  # fmt: skip
    assert [each["state"] for each in said] == ["current", "current"]
    held = json.loads(say(checked, "witness", "status", *state_at, "--json"))
    assert [each["size"] for each in held] == [5, 5]
    files[0].write_text(files[0].read_text("utf-8").replace("old 0", "old 1"), "utf-8")
    say(checked, "witness", "cosign", files[0], "--out", back, *state_at)  # the head held: again


def test_a_key_is_locked_and_a_result_voided_on_the_command_line(checked):
    checked.approve(checked.propose(TOWN)[0].proposal_id)
    say(checked, "ledger", "key", "lock", TOWN, answers="北窗\n北窗\n")
    void = (
        "certify",
        "--void",
        1,
        "--cause",
        "withdrawn",
        "--reason",
        "教师撤回",
        "--school",
        TOWN,
    )
    say(checked, *void)
    base = ["--workspace", str(checked.folder / "workspace"), "--as", "复核甲"]
    approving = [*base, "certify", "--approve", "c0002"]
    wrong = CliRunner().invoke(cli, approving, input="南窗\n")
    assert wrong.exit_code == 2
    right = CliRunner().invoke(cli, approving, input="北窗\n")
    assert right.exit_code == 0, right.output
    entries = json.loads(say(checked, "ledger", "show", TOWN, "--json"))
    assert [entry["kind"] for entry in entries][-1] == "void"
    say(checked, "ledger", "verify")


def test_the_page_says_it_for_the_schools_one_may_see(round_):
    assert len(witness_words(round_.workspace, "K1", round_.now)) == 2
    (told,) = witness_words(round_.workspace, "G1", round_.now)
    assert told.startswith(f"学校 {TOWN}")
    with pytest.raises(RefusedError):
        witness_words(round_.workspace, "R1", round_.now)
