"""What real documents say of themselves reaches a pair, and what a program or a form says does not."""

from __future__ import annotations

import json
from dataclasses import asdict
from datetime import UTC, datetime

import docx
import pytest
from docx.oxml import parse_xml
from docx.oxml.ns import nsdecls

from models.store import Act
from workbench.readers.reading import read_file
from workbench.services.flag_finding import find_flags
from workbench.services.similarity import compare_all
from workbench.services.workspace import create

ACT = Act("王登记", "registrar", datetime(2026, 11, 20, 2, tzinfo=UTC))
SESSIONS = [f"00AB{at:04X}" for at in range(6)]


def document(path, seed, *, author=None, created=None, sessions=(), last=None):
    """A docx with words of its own, and such traces as are named."""
    made = docx.Document()
    for at in range(60):
        made.add_paragraph(
            "".join(chr(0x4E00 + (seed * 7919 + at * 31 + k * 613) % 9000) for k in range(12))
        )
    told = made.core_properties
    if author is not None:
        told.author = author
    if created is not None:
        told.created = created
    if last is not None:
        told.last_modified_by = last
    if sessions:
        ids = "".join(f"<w:rsid w:val='{one}'/>" for one in sessions)
        rsids = parse_xml(f"<w:rsids {nsdecls('w')}>{ids}</w:rsids>")
        settings = made.settings.element
        for old in settings.findall(rsids.tag):
            settings.remove(old)
        settings.append(rsids)
    made.save(path)
    return path


def county(folder, files, form=None):
    """A workspace of teachers, each with one document: names and paths."""
    made = create(folder / "w", "national-2.0", "2026年", "示例县", ACT, lambda size: b"k" * size)
    with made.store() as store, store.transaction(ACT, "test") as tx:
        if form is not None:
            facts = asdict(read_file(form))
            tx.insert("blank_form", [{"sha256": "form", "name": "表", "text": json.dumps(facts)}])
        for at, (name, path) in enumerate(files):
            facts = asdict(read_file(path))
            tx.insert("school", [{"school_id": f"s{at}", "name": f"{at}小"}])
            teacher = {"teacher_id": f"t{at}", "teacher_no": f"n{at}", "name": name}
            tx.insert("teacher", [{**teacher, "school_id": f"s{at}"}])
            submission = {"submission_id": f"u{at}", "teacher_id": f"t{at}", "competency": "A1"}
            tx.insert("submission", [{**submission, "attempt": 1}])
            piece = {"piece_id": f"p{at}", "submission_id": f"u{at}", "slot_id": "A1-1"}
            tx.insert("piece", [piece])
            file = {"piece_id": f"p{at}", "item": f"#{at}", "path": "a.docx", "sha256": f"{at}"}
            rest = {"bytes": 1, "attached": 1, "verdict": "accept", "stated": "{}"}
            tx.insert("evidence_file", [{**file, **rest, "submitted_at": ""}])
            row = {"sha256": f"{at}", "media_type": "docx", "facts": json.dumps(facts)}
            tx.insert("extract", [row])
    return made


def traces(made):
    with made.store() as store:
        pairs = compare_all(made, store).pairs
    return [(pair.reason, pair.a, pair.b) for pair in pairs if pair.kind == "document"]


def two(tmp_path, one, other, **both):
    return [
        (name, document(tmp_path / f"{at}.docx", at + 1, **{**both, **own}))
        for at, (name, own) in enumerate((("张敏", one), ("李红", other)))
    ]


def test_files_of_a_library_have_its_date_and_author_in_common_and_are_no_pair(tmp_path):
    assert traces(county(tmp_path, two(tmp_path, {}, {}))) == []


NOW = datetime(2026, 10, 12, 8, 31, 7, tzinfo=UTC)


@pytest.mark.parametrize(
    ("one", "other", "reason"),
    [
        ({"created": NOW}, {"created": NOW}, "created"),
        ({"sessions": SESSIONS}, {"sessions": [*SESSIONS, "00FF0001"]}, "revisions"),
        ({"author": "赵琳"}, {"author": "赵琳"}, "author"),
        ({"author": "李红"}, {}, "author_is_teacher"),
        ({}, {"author": "李红", "last": "张敏"}, "author_is_teacher"),
    ],
)
def test_each_trace_of_a_common_file_is_a_pair(tmp_path, one, other, reason):
    assert traces(county(tmp_path, two(tmp_path, one, other))) == [(reason, "p0", "p1")]


def test_traces_of_a_registered_form_are_nobodys(tmp_path):
    told = {"created": NOW, "sessions": SESSIONS, "author": "赵琳"}
    form = document(tmp_path / "form.docx", 9, **told)
    assert traces(county(tmp_path, two(tmp_path, told, told), form)) == []


@pytest.mark.parametrize("named", ["张敏", "李红"])
def test_who_is_named_by_whom_is_left_to_the_exhibit(tmp_path, named):
    own = [{"author": "李红"}, {}] if named == "李红" else [{}, {"author": "张敏"}]
    made = county(tmp_path, two(tmp_path, *own))
    with made.store() as store:
        labels = {"p0": "甲件", "p1": "乙件"}
        (flag,) = find_flags(made, store, labels, early=True).flags
    assert (flag.code, flag.values["a"], flag.values["b"]) == ("shared_author", "甲件", "乙件")
    assert flag.exhibit["shown"] == (named,)
