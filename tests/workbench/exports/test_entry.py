"""A plain ``verify`` goes in by the straight way, which says what click's way says and loads little."""

from __future__ import annotations

import subprocess
import sys

import pytest

from models.ledger.signing import new_signer
from workbench.entry import plain_verify
from workbench.exports.sheets import write_sheets

BY_CLICK = "from workbench.cli import main; main()"
STRAIGHT = "from workbench.entry import main; main()"
LOADED = "from workbench.entry import main\ntry:\n    main()\nfinally:\n    print(*sys.modules)"


@pytest.fixture(scope="module")
def folder(issued, tmp_path_factory):
    """Sheets under short names, keys right and wrong, and a ledger that goes with them."""
    made = tmp_path_factory.mktemp("handed-out")
    for path in write_sheets([issued.teachers[0], issued.school], made / "all"):
        kind = "school" if "汇总" in path.name else "sheet"
        path.rename(made / f"{kind}{path.suffix}")
    (made / "key.pub").write_text(issued.key + "\n", encoding="utf-8")
    other = new_signer("other.example/school", bytes(32)).key.text
    (made / "other.pub").write_text(other + "\n", encoding="utf-8")
    (made / "odd\x1b[1m.docx").write_bytes((made / "sheet.docx").read_bytes())
    (made / "note.txt").write_text("no sheet", encoding="utf-8")
    (made / "ledger.db").write_bytes(issued.path.read_bytes())
    return made


def ran(code: str, folder, line: str, **more: str) -> tuple[int, bytes, bytes]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.argv[0] = 'workbench'\n{code}", *line.split()],
        capture_output=True,
        check=False,
        cwd=folder,
        env={"PATH": "", "PYTHONUTF8": "1", **more},
    )
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize(
    ("line", "status"),
    [
        ("verify sheet.docx --trust key.pub", 0),
        (
            "--lang en verify --trust=key.pub school.xlsx sheet.docx sheet.docx --ledger ledger.db",
            0,
        ),
        ("verify sheet.xlsx --trust other.pub --json", 1),
        ("--workspace nowhere --as 甲 verify sheet.docx", 1),
        ("verify note.txt --trust key.pub", 2),
        ("verify sheet.docx --trust note.txt", 2),
        ("verify odd\x1b[1m.docx --trust key.pub", 0),
        ("verify nowhere.docx", 2),
        ("--lang fr verify sheet.docx", 2),
    ],
)
def test_both_ways_say_the_same_and_end_the_same(folder, line, status):
    straight = ran(STRAIGHT, folder, line)
    assert straight == ran(BY_CLICK, folder, line)
    assert straight[0] == status
    assert straight[1] + straight[2]


def test_words_of_the_environment_stand_in_for_options_on_both_ways(folder):
    more = {"WORKBENCH_LANG": "en", "WORKBENCH_WORKSPACE": "elsewhere"}
    line = "verify sheet.docx --trust key.pub"
    assert ran(STRAIGHT, folder, line, **more) == ran(BY_CLICK, folder, line, **more)


@pytest.mark.parametrize("encoding", ["ascii", "gb18030", "utf-8"])
@pytest.mark.parametrize("line", ["verify sheet.docx --trust key.pub", "verify note.txt"])
def test_a_terminal_of_another_encoding_is_written_to_alike(folder, line, encoding):
    more = {"PYTHONIOENCODING": encoding}
    straight = ran(STRAIGHT, folder, line, **more)
    assert straight == ran(BY_CLICK, folder, line, **more)
    assert b"Traceback" not in straight[2]


@pytest.mark.parametrize("line", ["verify sheet.docx --trust key.pub", "verify sheet.xlsx"])
def test_the_straight_way_loads_neither_click_nor_pandas_nor_what_it_put_off(folder, line):
    status, told, _ = ran(LOADED, folder, line)
    loaded = set(told.decode().splitlines()[-1].split())
    assert "workbench.services.verification" in loaded
    heavy = {"click", "rich", "lxml.etree", "pandas", "numpy", "streamlit", "pydantic", "segno"}
    assert loaded & heavy == set()
    assert loaded & {"tokenize", "_bz2", "_lzma"} == set()  # what inspect, bz2 and lzma load
    assert status in (0, 1)


def test_a_module_put_off_is_there_whole_once_something_is_asked_of_it(folder):
    code = (
        "from workbench.entry import _put_off\n_put_off('bz2')\nimport bz2\n"
        "print('_bz2' in sys.modules, bz2.decompress(bz2.compress(b'x')), hasattr(bz2, 'none'))\n"
        "import bz2 as again; print(again.open.__name__)"
    )
    assert ran(code, folder, "")[:2] == (0, b"False b'x' False\nopen\n")


@pytest.mark.parametrize(
    "line",
    [
        "--help",
        "verify",
        "verify --help",
        "verify a.docx --trust",
        "verify a.docx --trust --json",
        "verify a.docx --lang en",
        "verify -- a.docx",
        "--version verify a.docx",
        "ledger verify",
        "--json verify a.docx",
    ],
)
def test_a_line_that_leaves_a_doubt_is_left_to_click(line):
    assert plain_verify(line.split(), {}) is None


def test_the_last_of_an_option_counts_and_an_empty_word_of_the_environment_does_not():
    line = (
        "--lang=en --lang zh --workspace w verify a.pdf --trust k --ledger 1.db --ledger=2.db b.pdf"
    )
    asked = plain_verify(line.split(), {"WORKBENCH_LANG": ""})
    assert asked == {
        "folder": ["workspace", "w"],
        "lang": ["zh", "en", "zh"],
        "files": ["a.pdf", "b.pdf"],
        "trust": ["k"],
        "ledgers": ["1.db", "2.db"],
    }
