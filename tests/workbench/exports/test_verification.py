"""核验: proven by a key from outside, or said plainly why not."""

from __future__ import annotations

import io
import subprocess
import sys
import zipfile
from dataclasses import replace

import pypdf
import pytest

from models.ledger.posting import post
from models.ledger.verifying import latest_checkpoint, proofs_for
from workbench.errors import InputError
from workbench.exports.payload import NamedPolicy, for_teacher, payload_bytes, proven
from workbench.exports.sheets import FORMATS, make_sheet
from workbench.services.verification import verify_sheet

AT = "2026-11-21T02:00:00Z"


def verified(folder, payload, keys, file_format="xlsx"):
    path = folder / f"sheet.{file_format}"
    path.write_bytes(make_sheet(payload, file_format))
    return verify_sheet(path, keys)


def codes(report):
    return [fault.code for fault in report.faults]


@pytest.mark.parametrize("file_format", FORMATS)
def test_a_true_sheet_is_proven_by_the_key_from_outside(issued, tmp_path, file_format):
    report = verified(tmp_path, issued.teachers[0], [issued.key], file_format)
    assert (report.ok, report.checked, report.first_fault, report.kind) == (
        True,
        4,
        None,
        "teacher",
    )
    assert report.stated == ("县名、测评办法名称和制表日期由学校写明，不在台账证明之内。",)


def test_without_a_key_nothing_is_proven_and_the_report_says_so(issued, tmp_path):
    report = verified(tmp_path, issued.teachers[0], [])
    assert (report.ok, codes(report)) == (False, ["key"])
    assert "没有给出可信公钥" in report.faults[0].sentence


def test_an_unknown_key_proves_nothing(issued, issuing, tmp_path):
    other = issuing(tmp_path, [("乙", "语文", (("A1", "pass", "", 1),))], origin="other.example/x")
    report = verified(tmp_path, issued.teachers[0], [other.key])
    assert (report.ok, codes(report), report.first_fault) == (False, ["signature"], "checkpoint")
    assert verified(tmp_path, issued.teachers[0], [other.key, issued.key]).ok


def test_a_text_that_is_no_key_is_refused(issued, tmp_path):
    with pytest.raises(InputError, match="no verifier key"):
        verified(tmp_path, issued.teachers[0], ["not a key"])


def edited(payload, number, old, new, part="body"):
    entries = list(payload.entries)
    text = getattr(entries[number], part)
    assert old in text
    entries[number] = replace(entries[number], **{part: text.replace(old, new)})
    return replace(payload, entries=tuple(entries))


def test_a_level_edited_in_proof_and_print_alike_is_not_in_the_ledger(issued, tmp_path):
    altered = edited(issued.teachers[1], 0, '"level":"fail"', '"level":"pass"')
    report = verified(tmp_path, altered, [issued.key])
    assert "inclusion" in codes(report)
    assert report.first_fault == "entry 5"


def test_what_decided_is_bound_to_the_entry(issued, tmp_path):
    altered = edited(issued.teachers[1], 0, '"A3-1.P1",', "", "detail")
    report = verified(tmp_path, altered, [issued.key])
    assert codes(report) == ["entry"]


def test_another_persons_name_does_not_open_the_commitment(issued, tmp_path):
    payload = issued.teachers[0]
    people = {key: replace(who, name="某某") for key, who in payload.people.items()}
    report = verified(tmp_path, replace(payload, people=people), [issued.key])
    assert codes(report) == ["identity"] * 4


def test_a_competency_left_out_of_a_conclusion_is_missed(issued, tmp_path):
    payload = issued.teachers[1]
    entries = tuple(one for one in payload.entries if one.record["competency"] != "A3")
    rubrics = tuple(one for one in payload.rubrics if '"competency":"A3"' not in one)
    report = verified(tmp_path, replace(payload, entries=entries, rubrics=rubrics), [issued.key])
    assert codes(report) == ["complete"]
    assert "能力点 A3" in report.faults[0].sentence


def test_a_renamed_competency_is_not_the_rubric_of_the_ledger(issued, tmp_path):
    payload = issued.teachers[0]
    rubrics = tuple(
        one.replace("技术支持的学情分析", "技术支持的学情报告") for one in payload.rubrics
    )
    report = verified(tmp_path, replace(payload, rubrics=rubrics), [issued.key])
    assert codes(report) == ["rubric"]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        ({"policies": (NamedPolicy("x", "另一份办法", "cd" * 32),)}, "policy"),
        ({"school_id": "另一所学校"}, "scope"),
        ({"round_id": "另一批次"}, "scope"),
        ({"origin": "other.example/x"}, "origin"),
    ],
)
def test_an_entry_proves_its_own_ledger_round_school_and_policy_alone(
    issued, tmp_path, change, expected
):
    report = verified(tmp_path, replace(issued.teachers[0], **change), [issued.key])
    assert not report.ok
    assert expected in codes(report)


def test_a_printed_name_the_ledger_does_not_hold_is_listed_as_stated(issued, tmp_path):
    payload = replace(issued.teachers[0], school="云溪县第一小学", rubrics=())
    report = verified(tmp_path, payload, [issued.key])
    assert report.ok
    assert report.stated[1:] == (
        "学校名称由学校写明，台账只记录学校编号。",
        "能力点 A1、A6、C4 未附量规，只显示代码。",
    )


def test_a_corrected_entry_must_not_stand_beside_its_correction(issuing, tmp_path):
    issued = issuing(tmp_path, [("甲", "语文", (("A1", "pass", "", 1),))])
    record = dict(issued.teachers[0].entries[0].record)
    kept = {
        key: record[key]
        for key in (
            *("round", "school", "subject", "competency", "attempt", "pii_commit", "rubric"),
            *("policy", "run", "approvers", "publicity"),
        )
    }
    correction = {
        **kept,
        "kind": "supersede",
        "supersedes": 1,
        "level": "excellent",
        "reason": "objection",
    }
    posted = post(issued.path, [correction], "batch-2", issued.signer, AT)
    entries = tuple(proven(one) for one in proofs_for(issued.path, [1, *posted.seqs]))
    payload = replace(
        issued.teachers[0], entries=entries, checkpoint=latest_checkpoint(issued.path)
    )
    report = verified(tmp_path, payload, [issued.key])
    assert codes(report) == ["scope", "scope"]  # replaced, and twice
    assert verified(tmp_path, replace(payload, entries=entries[1:]), [issued.key]).ok


def test_an_entry_of_a_newer_tree_needs_the_newer_checkpoint(issued, tmp_path):
    entries = tuple(replace(one, size=one.size + 1) for one in issued.teachers[0].entries)
    report = verified(tmp_path, replace(issued.teachers[0], entries=entries), [issued.key])
    assert codes(report) == ["inclusion"] * 4


def test_an_altered_payload_is_a_fault_not_a_crash(issued, tmp_path):
    path = tmp_path / "sheet.pdf"
    data = make_sheet(issued.teachers[0], "pdf")
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    spaced = payload_bytes(issued.teachers[0]).replace(b'"v":1', b'"v": 1')
    writer.attachments  # noqa: B018  read before the name tree is replaced
    del writer._root_object["/Names"]
    writer.add_attachment("evidence-workbench-proof.json", spaced)
    with path.open("wb") as file:
        writer.write(file)
    report = verify_sheet(path, [issued.key])
    assert codes(report) == ["payload"]


def covered(data, creator=None):
    """The PDF with a white patch over part of the table, its text untouched."""
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(data))
    page = writer.pages[0]
    stream = pypdf.generic.DecodedStreamObject()
    patch = b"\nq 1 0 0 1 0 0 cm 1 1 1 rg 200 560 60 40 re f Q\n"
    stream.set_data(b"q\n" + page.get_contents().get_data() + b"\nQ" + patch)
    page[pypdf.generic.NameObject("/Contents")] = writer._add_object(stream)
    writer.add_metadata({"/Creator": creator or pypdf.PdfReader(io.BytesIO(data)).metadata.creator})
    made = io.BytesIO()
    writer.write(made)
    return made.getvalue()


def test_a_patch_over_the_words_of_a_pdf_is_seen(issued, tmp_path):
    path = tmp_path / "sheet.pdf"
    path.write_bytes(covered(make_sheet(issued.teachers[1], "pdf")))
    report = verify_sheet(path, [issued.key])
    assert [(fault.code, fault.place) for fault in report.faults] == [("printed", "page[1]")]


def test_the_look_of_a_pdf_of_another_typesetter_is_not_judged_but_said(issued, tmp_path):
    path = tmp_path / "sheet.pdf"
    path.write_bytes(covered(make_sheet(issued.teachers[1], "pdf"), creator="Typst 0.0.1"))
    report = verify_sheet(path, [issued.key])
    assert report.ok
    assert "版面未能比对" in report.stated[-1]


def test_a_pdf_saved_by_another_program_still_verifies(issued, tmp_path):
    path = tmp_path / "sheet.pdf"
    writer = pypdf.PdfWriter(clone_from=io.BytesIO(make_sheet(issued.teachers[1], "pdf")))
    writer.compress_identical_objects()
    with path.open("wb") as file:
        writer.write(file)
    assert verify_sheet(path, [issued.key]).ok


def plain_zip(names):
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w") as archive:
        for name in names:
            archive.writestr(name, "<x/>")
    return made.getvalue()


@pytest.mark.parametrize(
    ("data", "message"),
    [
        (b"", "no readable docx, xlsx or pdf"),
        (b"hello", "no readable docx, xlsx or pdf"),
        (b"PK\x03\x04broken", "no readable docx, xlsx or pdf"),
        (b"%PDF-1.7 broken", "no readable docx, xlsx or pdf"),
        (plain_zip(["a.txt"]), "is no sheet"),
        (plain_zip(["word/document.xml"]), "carries no proof"),
    ],
)
def test_a_file_that_is_no_sheet_is_refused_with_a_reason(tmp_path, data, message):
    path = tmp_path / "file.docx"
    path.write_bytes(data)
    with pytest.raises(InputError, match=message):
        verify_sheet(path, [])


def test_a_file_that_is_not_there_is_refused(tmp_path):
    with pytest.raises(InputError, match="cannot be read"):
        verify_sheet(tmp_path / "none.pdf", [])


@pytest.mark.parametrize("file_format", ["docx", "xlsx"])
def test_a_truncated_file_is_refused(issued, tmp_path, file_format):
    path = tmp_path / f"sheet.{file_format}"
    data = make_sheet(issued.school, file_format)
    for share in (0.2, 0.6, 0.95):
        path.write_bytes(data[: int(len(data) * share)])
        with pytest.raises(InputError):
            verify_sheet(path, [issued.key])


def test_external_entities_are_not_read(issued, tmp_path):
    secret = tmp_path / "secret.txt"
    secret.write_text("SECRET")
    made = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(make_sheet(issued.school, "docx"))) as old,
        zipfile.ZipFile(made, "w") as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            if name == "word/document.xml":
                entity = f'<!DOCTYPE w [<!ENTITY x SYSTEM "{secret.as_uri()}">]>'.encode()
                start = data.index(b"<w:document")
                data = (
                    data[:start]
                    + entity
                    + data[start:].replace(b'<w:t xml:space="preserve">', b"<w:t>&x;", 1)
                )
            new.writestr(name, data)
    path = tmp_path / "sheet.docx"
    path.write_bytes(made.getvalue())
    report = verify_sheet(path, [issued.key])
    assert not report.ok
    assert "SECRET" not in str(report)


def test_a_report_is_one_flat_object(issued, tmp_path):
    said = verified(tmp_path, issued.teachers[0], []).as_json()
    assert list(said)[:5] == ["ok", "checked", "first_fault", "faults", "as_of"]
    assert said["faults"][0]["code"] == "key"


def test_verifying_loads_neither_pandas_nor_streamlit(issued, tmp_path):
    path = tmp_path / "sheet.docx"
    path.write_bytes(make_sheet(issued.teachers[0], "docx"))
    script = (
        "import sys, pathlib\n"
        "from workbench.services.verification import verify_sheet\n"
        f"assert verify_sheet(pathlib.Path({str(path)!r}), [{issued.key!r}]).ok\n"
        "heavy = {'pandas', 'streamlit', 'numpy', 'pydantic', 'typst', 'pypdfium2', 'docx', 'openpyxl'}\n"
        "sys.exit(str(heavy & set(sys.modules)) if heavy & set(sys.modules) else 0)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr


def test_a_sheet_cut_out_of_the_summary_proves_itself(issued, tmp_path):
    assert verified(tmp_path, for_teacher(issued.school, "s002"), [issued.key]).ok


@pytest.mark.parametrize(
    ("file_format", "part", "within"),
    [
        ("docx", "word/document.xml", b"<w:body>"),
        ("docx", "word/document.xml", b"<w:p>"),
        ("xlsx", "xl/worksheets/sheet1.xml", b"<is>"),
    ],
)
def test_elements_within_elements_without_end_are_refused_in_words(
    issued, tmp_path, file_format, part, within
):
    made, deep = io.BytesIO(), 300_000
    with (
        zipfile.ZipFile(io.BytesIO(make_sheet(issued.school, file_format))) as old,
        zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as new,
    ):
        for name in old.namelist():
            data = old.read(name)
            if name == part:
                start = data.index(within) + len(within)
                data = data[:start] + b"<x>" * deep + b"</x>" * deep + data[start:]
            new.writestr(name, data)
    path = tmp_path / f"deep.{file_format}"
    path.write_bytes(made.getvalue())
    with pytest.raises(InputError, match="elements within elements"):
        verify_sheet(path, [issued.key])
