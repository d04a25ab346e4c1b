"""What click itself says of wrong usage is said in the language of the run."""

import ast
import os
import subprocess
import sys
from pathlib import Path

import click
import polib
import pytest
from click.testing import CliRunner

import workbench
from workbench.cli import cli

WORDS = Path(workbench.__file__).parent / "locale" / "zh" / "LC_MESSAGES"
FOR_PROGRAMMERS = {
    "Choice({choices})",
    "Invalid start character for option ({option})",
}
"""Said of a command's own definition, never of what somebody typed."""


@pytest.fixture
def run(monkeypatch):
    monkeypatch.setenv("LANGUAGE", "")  # what the command sets is undone after the test
    return lambda *words: CliRunner().invoke(cli, words)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("roster", "import"), "缺少参数 'FILE'"),
        (("bogus",), "没有命令 'bogus'。"),
        (("agreement", "--drws", "5"), "没有选项 '--drws'。"),
        (("serve", "--port", "99999"), "99999 不在范围 0<=x<=65535 之内。"),
        (("--lang", "xx"), "'xx' 不在可选值之中：'zh', 'en'。"),
    ],
)
def test_a_fault_of_usage_is_said_in_chinese_with_the_way_to_help(run, words, said):
    made = run(*words)
    assert made.exit_code == 2
    assert said in made.output and "用法说明：" in made.output
    assert "Error" not in made.output and "Usage" not in made.output


def test_an_option_without_its_value_is_named(run):
    assert "错误：选项 '--port' 缺少值。" in run("serve", "--port").output


def test_english_stays_for_those_who_ask_for_it():
    made = a_process("--lang", "en", "roster", "import", "nowhere.xlsx")
    assert "Error: Invalid value for 'FILE': File 'nowhere.xlsx' does not exist." in made.stderr


def test_help_has_chinese_headings(run):
    made = run("restore", "--help").output
    assert "用法：" in made and "选项:" in made and "显示这段说明。" in made


def test_every_sentence_of_the_installed_click_about_usage_has_its_words():
    known = {entry.msgid for entry in polib.pofile(str(WORDS / "messages.po"))}
    folder = Path(click.__file__).parent
    asked = set()
    for name in ("exceptions", "parser", "types", "formatting", "decorators"):
        for node in ast.walk(ast.parse((folder / f"{name}.py").read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and getattr(node.func, "id", "") in ("_", "ngettext"):
                asked |= {each.value for each in node.args[:1] if isinstance(each, ast.Constant)}
    assert asked
    assert asked - known - FOR_PROGRAMMERS == set()


def test_the_compiled_words_are_those_of_the_readable_file():
    said = polib.pofile(str(WORDS / "messages.po"))
    compiled = {each.msgid: each for each in polib.mofile(str(WORDS / "messages.mo"))}
    assert {each.msgid for each in said} == set(compiled), "run `make words`"
    for each in said:
        again = compiled[each.msgid]
        assert (each.msgstr, each.msgstr_plural) == (again.msgstr, again.msgstr_plural)


def test_placeholders_are_those_click_fills_in():
    for entry in polib.pofile(str(WORDS / "messages.po")):
        offered = {
            part.split("}")[0]
            for text in (entry.msgid, entry.msgid_plural)
            for part in text.split("{")[1:]
        }
        said = entry.msgstr or entry.msgstr_plural[0]
        assert {part.split("}")[0] for part in said.split("{")[1:]} <= offered, said


def test_a_real_process_speaks_chinese_whatever_the_system_speaks():
    made = a_process("roster", "import", "没有.xlsx")
    assert made.returncode == 2
    assert "'FILE' 的取值无效：找不到文件 '没有.xlsx'。" in made.stderr


def a_process(*words):
    return subprocess.run(
        [sys.executable, "-m", "workbench", *words],
        env={**os.environ, "LANGUAGE": "", "LC_ALL": "C", "PYTHONIOENCODING": "utf-8"},
        capture_output=True,
        encoding="utf-8",
        check=False,
    )
