"""The command line: every command is there, light to ask, and says in one sentence what is wrong."""

import json
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from workbench import messages
from workbench.cli import COMMANDS, cli

HEAVY = ("pandas", "numpy", "pydantic", "streamlit", "sqlite_utils")

READS = (
    "roster show",
    "intake check {folder}",
    "rate export {new}",
    "agreement",
    "generalizability",
    "effects",
    "similarity",
    "similarity gaps",
    "similarity export {new}",
    "flags list",
    "holds list",
    "holds show h0001",
    "results",
    "results fill {file} --out {new}",
    "feedback --out {folder}",
    "publicity list",
    "supervision compare",
    "ledger verify",
    "ledger show s01",
    "ledger checkpoint --out {folder}",
    "ledger audit",
    "ledger witnessed",
    "certificates --out {folder}",
    "close list",
)
WRITES = (
    "roster import {file}",
    "intake {folder}",
    "intake import {folder}",
    "intake form {file}",
    "intake window s01 --notice",
    "rate import {file}",
    "similarity register {file}",
    "similarity register --quotation {file}",
    "similarity import {file}",
    "flags",
    "holds reply h0001 --party t1 --words 说明",
    "holds resolve h0001 certify --reason 核实",
    "feedback reason p1 A1-1.P1 --words 说明",
    "publicity open",
    "publicity object t1 A1 --by t1 --words 理由",
    "publicity answer o0001 stands --reason 核实",
    "publicity close",
    "supervision sample --seed 2026",
    "close waive missing --reason 调离",
    "close round",
    "close reopen --reason 漏评",
    "supervision accept 一小 --reason 相符",
    "supervision reopen 一小 --reason 不符",
    "certify --propose",
    "certify --approve c0001",
    "certify --record",
    "certify --void 1 --cause withdrawn --reason 撤回 --school s01",
    "ledger witnessed {file}",
    "ledger key lock s01",
    "ledger key rotate s01 --reason 按期",
    "ledger key revoke s01 {file} --reason 外泄",
    "ledger key continue s01 --reason 遗失",
)


@pytest.fixture
def places(tmp_path: Path) -> dict[str, Path]:
    """An empty folder, a file of two lines, and a name nothing has yet."""
    (tmp_path / "folder").mkdir()
    (tmp_path / "file.csv").write_text("序号,说明\n1,无\n", encoding="utf-8")
    return {
        "folder": tmp_path / "folder",
        "file": tmp_path / "file.csv",
        "new": tmp_path / "new.csv",
    }


@pytest.fixture(scope="module")
def workspace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An empty workspace with one school, as the commands make it."""
    folder = tmp_path_factory.mktemp("made") / "workspace"
    made = run(folder, "init --place 示例县 --round 2026年批次", actor="王登记")
    assert made.exit_code == 0, made.output
    roster = folder.parent / "roster.csv"
    roster.write_text("教师编号,姓名,学校\nT1,王小山,一小\n", encoding="utf-8")
    assert (
        run(folder, filled("roster import {roster}", roster=roster), actor="王登记").exit_code == 0
    )
    return folder


def run(folder: Path, line: str, *, actor: str = "", lang: str = "zh") -> Result:
    options = ["--workspace", str(folder), "--lang", lang]
    options += ["--as", actor] if actor else []
    return CliRunner().invoke(cli, [*options, *shlex.split(line)])


def filled(line: str, **places: Path) -> str:
    return line.format(**{name: shlex.quote(str(path)) for name, path in places.items()})


def modules_after(*arguments: str) -> tuple[str, set[str]]:
    """Output of the command line in a process of its own, and the heavy modules it loaded."""
    script = (
        "import sys\nfrom workbench.cli import main\nsys.argv = ['workbench', *sys.argv[1:]]\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print('LOADED', *[name for name in {HEAVY!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, *arguments], capture_output=True, text=True, check=False
    )
    told, _, loaded = done.stdout.partition("LOADED")
    return told + done.stderr, set(loaded.split())


@pytest.mark.parametrize("lang", messages.LANGUAGES)
def test_help_lists_every_command_in_its_language_and_loads_nothing_heavy(lang):
    told, loaded = modules_after("--lang", lang, "--help")
    unbroken = " ".join(told.split())  # long sentences go over two lines
    for name in COMMANDS:
        assert messages.sentence(lang, f"command.{name}") in unbroken
    assert loaded == set()


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_subcommand_explains_itself(name, tmp_path):
    for line in walk(name):
        told = run(tmp_path, f"{line} --help")
        assert told.exit_code == 0, told.output
        assert "用法：" in told.output


def walk(name: str) -> Iterator[str]:
    import click

    found = cli.get_command(click.Context(cli), name)
    yield name
    yield from (f"{name} {inner}" for inner in getattr(found, "commands", {}))


@pytest.mark.parametrize("line", [*READS, *WRITES])
def test_without_a_workspace_a_command_says_so_in_one_sentence(line, places, tmp_path):
    told = run(tmp_path / "nowhere", filled(line, **places), actor="王登记")
    assert told.exit_code == 2
    assert told.stderr.count("\n") == 1
    assert "workbench init" in told.stderr


@pytest.mark.parametrize("line", WRITES)
def test_a_write_without_a_name_is_refused(line, places, workspace):
    told = run(workspace, filled(line, **places), lang="en")
    assert told.exit_code == 2
    assert "--as" in told.stderr


def test_making_a_workspace_needs_no_name_and_the_log_says_whose_account_it_was(tmp_path):
    told = run(tmp_path / "w", "init --policy national-2.0")
    assert told.exit_code == 0, told.output
    lines = json.loads(run(tmp_path / "w", "ledger audit --json").stdout)
    assert lines[0]["actor"].startswith("os:")


def test_a_fault_is_said_in_the_language_asked_for(tmp_path):
    for lang in messages.LANGUAGES:
        told = run(tmp_path / "nowhere", "results", lang=lang).stderr
        expected = messages.sentence(lang, "error.store.no_workspace", folder=tmp_path / "nowhere")
        assert told.strip() == expected


def test_the_roster_is_shown_with_counts_and_the_state_of_the_window(workspace):
    rows = json.loads(run(workspace, "roster show --json").stdout)
    assert rows == [
        {
            "school_id": "s01",
            "school": "一小",
            "teachers": 1,
            "raters": 0,
            "pieces": 0,
            "window": "open",
        }
    ]


def test_a_window_closes_only_after_notice_and_can_be_opened_again(tmp_path, workspace):
    refused = run(workspace, "intake window 一小 --close", actor="王登记", lang="en")
    assert (refused.exit_code, "notice" in refused.stderr) == (2, True)
    for event, state in (("notice", "noticed"), ("close", "closed"), ("reopen", "open")):
        assert run(workspace, f"intake window s01 --{event}", actor="王登记").exit_code == 0
        (school,) = json.loads(run(workspace, "roster show --json").stdout)
        assert school["window"] == state


def test_an_unknown_school_is_named(workspace):
    told = run(workspace, "results --school 三小")
    assert told.exit_code == 2
    assert "三小" in told.stderr


def test_a_roster_with_a_faulty_row_takes_the_others_and_exits_with_one(workspace, tmp_path):
    roster = tmp_path / "roster.csv"
    roster.write_text("教师编号,姓名,学校\nT8,,一小\nT9,李小河,一小\n", encoding="utf-8")
    told = run(workspace, filled("roster import {roster}", roster=roster), actor="王登记")
    assert told.exit_code == 1
    assert "第2行" in told.output


def test_an_empty_package_is_refused_with_the_way_to_a_manifest(workspace, places):
    told = run(workspace, filled("intake {folder}", **places), actor="王登记")
    assert told.exit_code == 2
    assert "intake draft" in told.stderr


def test_a_package_is_checked_without_a_write_and_its_report_states_reasons(workspace, tmp_path):
    package = tmp_path / "package"
    package.mkdir()
    (package / "manifest.csv").write_text(
        "教师编号,教师姓名,学校,能力点,证据,文件\nT1,王小山,一小,A1,A1-1,没有.docx\n",
        encoding="utf-8",
    )
    before = json.loads(run(workspace, "ledger audit --json").stdout)
    report = tmp_path / "report.csv"
    line = filled("intake check {package} --json --report {report}", package=package, report=report)
    told = run(workspace, line)
    (line,) = json.loads(told.stdout)
    assert told.exit_code == 1
    assert list(line) == (
        "item teacher_id competency slot file verdict code reason seconds peak_mib".split()
    )
    assert (line["verdict"], line["code"]) == ("reject", "file_missing")
    assert line["reason"] == messages.sentence("zh", "check.file_missing")
    assert line["reason"] in report.read_text(encoding="utf-8-sig")
    assert json.loads(run(workspace, "ledger audit --json").stdout) == before


def test_results_of_a_teacher_who_chose_nothing_say_why_there_is_no_level(workspace):
    rows = json.loads(run(workspace, "results --json").stdout)
    assert {row["competency"] for row in rows if row["teacher_id"] == "T1"} == {""}
    told = run(workspace, "results").output
    assert "结论" in told


@pytest.mark.parametrize("lang", messages.LANGUAGES)
def test_lists_of_an_empty_round_are_sentences_and_exit_with_nought(workspace, lang):
    for line in ("flags list", "holds list", "publicity list", "ledger verify", "similarity"):
        told = run(workspace, line, lang=lang)
        assert told.exit_code == 0, (line, told.output)
        assert told.output.strip()


def test_agreement_of_any_table_needs_no_workspace(tmp_path):
    table = tmp_path / "levels.csv"
    rows = [f"u{n},r{rater},{'合格' if n % 3 else '不合格'}" for n in range(9) for rater in (1, 2)]
    table.write_text("\n".join(["unit,rater,level", *rows]), encoding="utf-8")
    found = json.loads(
        run(tmp_path / "nowhere", filled("agreement {table} --json", table=table)).stdout
    )
    exact = next(one for one in found if one["coefficient"] == "percent_agreement")
    assert exact["value"] == pytest.approx(1.0)  # both raters always say the same
    assert "1.000" in run(tmp_path / "nowhere", filled("agreement {table}", table=table)).output


def test_effects_of_any_table_of_marks_name_the_severe_rater(tmp_path):
    table = tmp_path / "marks.csv"
    rows = [
        f"p{piece},r{rater},A1-1.P{c},{int(not (rater == 1 and c <= 2))}"
        for piece in range(40)
        for rater in range(1, 6)
        for c in range(1, 5)
    ]
    table.write_text("\n".join(["piece,rater,criterion,met", *rows]), encoding="utf-8")
    found = json.loads(
        run(tmp_path / "nowhere", filled("effects {table} --json", table=table)).stdout
    )
    flagged = [one["ids"] for one in found if one["flagged"] and one["code"] == "severe_rater"]
    assert flagged == [["r1"]]  # half of its criteria unmet, the others' all met
    assert "r1" in run(tmp_path / "nowhere", filled("effects {table}", table=table)).output


def test_marks_of_a_table_agree_criterion_by_criterion(tmp_path):
    table = tmp_path / "marks.csv"
    rows = [f"p{piece},r{rater},A1-1.P1,1" for piece in range(4) for rater in (1, 2)]
    rows += [f"p{piece},r{rater},A1-1.P2,{rater - 1}" for piece in range(4) for rater in (1, 2)]
    table.write_text("\n".join(["piece,rater,criterion,met", *rows]), encoding="utf-8")
    found = json.loads(
        run(tmp_path / "nowhere", filled("agreement {table} --marks --json", table=table)).stdout
    )
    exact = next(one for one in found if one["coefficient"] == "percent_agreement")
    assert exact["value"] == pytest.approx(0.5)  # of two criteria one is always agreed


def test_verifying_a_file_that_is_no_sheet_is_one_sentence_and_loads_no_pandas(places, tmp_path):
    told, loaded = modules_after(
        "--workspace", str(tmp_path / "nowhere"), "verify", str(places["file"])
    )
    assert told.startswith("file.csv")
    assert told.count("\n") == 1
    assert loaded & {"pandas", "streamlit", "pydantic", "sqlite_utils"} == set()


def test_a_key_file_without_a_key_is_refused(places, tmp_path):
    (tmp_path / "empty.pub").write_text("// nothing\n", encoding="utf-8")
    line = filled("verify {file} --trust {empty}", **places, empty=tmp_path / "empty.pub")
    told = run(tmp_path / "nowhere", line, lang="en")
    assert told.exit_code == 2
    assert "holds no key" in told.stderr
