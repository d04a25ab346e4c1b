"""Paper in the hand: a photo or a scan of a sheet is proven by its code; the ledger says what came later."""

import io
from dataclasses import replace

import numpy as np
import pypdfium2 as pdfium
import pytest
from PIL import Image, ImageFilter

from models.ledger.posting import post
from workbench.errors import InputError
from workbench.exports.sheets import make_sheet
from workbench.services.verification import verify_sheet

AT = "2026-11-25T02:00:00Z"


def page(payload, dpi):
    document = pdfium.PdfDocument(make_sheet(payload, "pdf"))
    return document[len(document) - 1].render(scale=dpi / 72).to_pil().convert("L")


def photo(picture, turned, seed=7):
    """A photo: turned, softened, grainy, darker to one side, saved as a small JPEG."""
    turned = picture.rotate(turned, expand=True, fillcolor=200, resample=Image.Resampling.BICUBIC)
    pixels = np.asarray(turned.filter(ImageFilter.GaussianBlur(0.8)), dtype=float)
    grain = np.random.default_rng(seed).normal(0, 12, pixels.shape)
    shade = np.linspace(0.7, 1.0, pixels.shape[1])
    made = Image.fromarray(np.clip(pixels * shade + grain, 0, 255).astype("uint8"))
    kept = io.BytesIO()
    made.save(kept, "JPEG", quality=60)
    return kept.getvalue()


def kept(folder, name, data):
    path = folder / name
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("turned", [3, -7, 90, 187])
def test_a_turned_and_grainy_photo_of_the_page_proves_the_results(issued, tmp_path, turned):
    taken = kept(tmp_path, "photo.jpg", photo(page(issued.teachers[1], 220), turned))
    report = verify_sheet(taken, [issued.key])
    assert (report.ok, report.kind, report.checked) == (True, "paper", 4)
    assert "古丽·甲乙丙" in report.proven[0]
    assert report.proven[1] == "第 5 条：A3 不合格"


def test_a_scanned_pdf_without_the_attachment_is_proven_by_its_code(issued, tmp_path):
    scan = io.BytesIO()
    page(issued.teachers[0], 200).save(scan, "PDF", resolution=200)
    report = verify_sheet(kept(tmp_path, "scan.pdf", scan.getvalue()), [issued.key])
    assert (report.ok, report.kind) == (True, "paper")


def test_a_photo_proves_nothing_under_an_unknown_key(issued, issuing, tmp_path):
    other = issuing(tmp_path, [("乙", "语文", (("A1", "pass", "", 1),))], origin="other.example/x")
    taken = kept(tmp_path, "photo.png", photo(page(issued.teachers[0], 220), 2))
    report = verify_sheet(taken, [other.key])
    assert (report.ok, [f.code for f in report.faults], report.proven) == (
        False,
        ["signature"],
        (),
    )


def test_the_code_of_a_summary_points_to_the_file(issued, tmp_path):
    taken = kept(tmp_path, "photo.jpg", photo(page(issued.school, 220), 1))
    report = verify_sheet(taken, [issued.key])
    assert [fault.code for fault in report.faults] == ["code"]
    assert "请核验原文件" in report.faults[0].sentence


def test_a_picture_without_a_code_is_refused_with_advice(tmp_path):
    blank = io.BytesIO()
    Image.new("L", (300, 300), 255).save(blank, "PNG")
    with pytest.raises(InputError, match="expected one"):
        verify_sheet(kept(tmp_path, "blank.png", blank.getvalue()), [])


class TestWithTheLedgerAtHand:
    def replaced(self, issuing, folder, kind="supersede"):
        made = issuing(folder, [("甲", "语文", (("A1", "fail", "", 1),))])
        sheet = kept(folder, "sheet.docx", make_sheet(made.teachers[0], "docx"))
        taken = kept(folder, "photo.jpg", photo(page(made.teachers[0], 220), 2))
        said = made.teachers[0].entries[0].record
        again = {key: said[key] for key in ("round", "school", "subject", "competency")}
        if kind == "supersede":
            same = ("pii_commit", "rubric", "policy", "run", "publicity")
            again |= {key: said[key] for key in same} | {"level": "pass", "attempt": 2}
        draft = {**again, "kind": kind, "supersedes": 1, "reason": "resubmitted"}
        post(made.path, [{**draft, "approvers": ["a", "b"]}], "batch-2", made.signer, AT)
        return made, sheet, taken

    def test_a_sheet_that_still_stands_says_until_when(self, issued, tmp_path):
        sheet = kept(tmp_path, "sheet.xlsx", make_sheet(issued.teachers[0], "xlsx"))
        report = verify_sheet(sheet, [issued.key], [issued.path])
        assert (report.ok, report.ledger_as_of) == (True, "2026-11-20T18:00:00Z")

    @pytest.mark.parametrize("kind", ["supersede", "void"])
    def test_a_replaced_result_names_the_entry_that_replaced_it(self, issuing, tmp_path, kind):
        made, sheet, taken = self.replaced(issuing, tmp_path, kind)
        assert verify_sheet(sheet, [made.key]).ok  # without the ledger: valid as of its checkpoint
        for path in (sheet, taken):
            report = verify_sheet(path, [made.key], [made.path])
            assert [(f.code, f.place) for f in report.faults] == [
                ("superseded" if kind == "supersede" else "voided", "entry 1")
            ]
            assert "第 3 条" in report.faults[0].sentence

    def test_a_rewritten_ledger_is_a_fork_whichever_was_first(self, issued, issuing, tmp_path):
        forged = issuing(tmp_path, [("乙", "语文", (("A1", "pass", "", 1),) * 1)] * 4)
        sheet = kept(tmp_path, "sheet.xlsx", make_sheet(issued.teachers[0], "xlsx"))
        report = verify_sheet(sheet, [issued.key, forged.key], [forged.path])
        sizes = (issued.teachers[0].head.size, forged.school.head.size)
        expected = [] if sizes[1] < sizes[0] else ["fork"]
        assert [fault.code for fault in report.faults] == expected

    def test_a_ledger_nobody_trusted_signed_says_nothing(self, issued, issuing, tmp_path):
        other = issuing(tmp_path, [("乙", "语文", (("A1", "pass", "", 1),))])
        altered = replace(other, key=issued.key[:-4] + "AAAA")
        sheet = kept(tmp_path, "sheet.xlsx", make_sheet(issued.teachers[0], "xlsx"))
        assert not verify_sheet(sheet, [], [altered.path]).ok
