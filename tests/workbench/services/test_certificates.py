"""Issuing is on record: each print a numbered copy, each stamped scan verified before it is kept."""

import io

import pypdfium2 as pdfium
import pytest

from workbench.errors import RefusedError
from workbench.exports.reading_back import read_sheet
from workbench.services.certificates import (
    count_certificates,
    issue_certificates,
    issues,
)
from workbench.services.keys import trusted_keys
from workbench.services.sheet_extras import Extras
from workbench.services.stamped_scans import keep_sent, keep_stamped, kept_scans
from workbench.services.uploads import receive
from workbench.services.verification import verify_sheet

TOWN, HILL = "城关小学", "青山小学"


@pytest.fixture
def posted(certified):
    return certified


def issue(walk, who="复核甲", schools=(TOWN,), formats=("xlsx",), extras=None):
    ids = [walk.school(name) for name in schools]
    out = walk.folder / "sheets"
    told = {"extras": extras} if extras else {}
    return issue_certificates(walk.workspace, out, walk.act(who), ids, formats, **told)


def test_the_first_issue_and_every_reprint_are_numbered(posted):
    issue(posted)
    issue(posted, formats=("docx", "pdf"))
    rows = issues(posted.workspace, "K1")
    assert [(row["copy"], row["formats"], row["school"]) for row in rows] == [
        (2, "docx pdf", TOWN),
        (1, "xlsx", TOWN),
    ]
    assert rows[0]["by"] == "复核甲"


def test_the_count_is_the_files_there_will_be_with_appendices_and_the_county(posted):
    extras = Extras(appendix=True, county=True)
    ids = [posted.school(name) for name in (TOWN, HILL)]
    written = issue(posted, schools=(TOWN, HILL), extras=extras)
    assert len(written) == count_certificates(posted.workspace, ids, extras)
    assert sum(path.name.startswith("全县汇总表") for path in written) == 1
    assert sum(path.name.startswith("结果单附页") for path in written) == 4


def test_the_appendix_says_where_in_the_evidence_the_readers_saw_it(posted):
    with posted.workspace.store() as store:
        read = store.one("read", piece_id=posted.piece("T3", "B8-1"), rater_id="R1")
        anchor = {"criterion_id": "B8-1.P2", "position": 0, "part": 1, "kind": "page", "place": 3}
        with store.transaction(posted.act("登记甲"), "test") as tx:
            row = {"read_id": read["read_id"], "sha256": "ab" * 32, **anchor}
            tx.insert("evidence_anchor", [row])
    written = issue(posted, schools=(HILL,), extras=Extras(appendix=True))
    (sheet,) = [path for path in written if path.name.startswith("结果单附页_T3")]
    printed = [cell for row in read_sheet(sheet).rows for cell in row]
    assert "合格指标未达到（第 3 页）" in printed
    assert verify_sheet(sheet, trusted_keys(posted.workspace)).ok


def test_a_rater_issues_nothing(posted):
    with pytest.raises(RefusedError, match="asks for the role"):
        issue(posted, who="R1")


class TestStampedScans:
    def scan(self, walk, sheet):
        document = pdfium.PdfDocument(sheet)
        picture = document[len(document) - 1].render(scale=200 / 72).to_pil().convert("L")
        kept = io.BytesIO()
        picture.rotate(1, fillcolor=255).save(kept, "PNG")
        path = walk.folder / "stamped.png"
        path.write_bytes(kept.getvalue())
        return path

    def test_the_scan_of_a_sheet_is_verified_and_kept_with_its_entries(self, posted):
        written = issue(posted, formats=("pdf",))
        (sheet,) = [path for path in written if "_T2_" in path.name]
        found = keep_stamped(posted.workspace, self.scan(posted, sheet), posted.act("复核甲"))
        assert found.ok
        with posted.workspace.store() as store:
            (row,) = store.where("stamped_scan")
            assert store.where("audit_log", action="certificates.scan")
        assert row["entries"] == str(list(found.seqs)).replace("'", "")
        assert posted.workspace.evidence.path(row["sha256"]).is_file()

    def test_a_scan_sent_from_the_browser_is_kept_likewise_and_listed(self, posted):
        written = issue(posted, formats=("pdf",))
        scan = self.scan(posted, next(path for path in written if "_T2_" in path.name))
        with receive(posted.workspace, "G1", "扫描.png", posted.now, posted.fresh) as (file, name):
            file.write(scan.read_bytes())
        told, found = keep_sent(posted.workspace, "G1", name, posted.act("登记甲"))
        assert (told, found.ok) == ("扫描.png", True)
        (row,) = kept_scans(posted.workspace, "K1")
        assert (row["school"], row["by"]) == (TOWN, "登记甲")
        assert row["entries"] == "、".join(map(str, found.seqs))
        assert not (posted.workspace.folder / "uploads" / name).exists()

    def test_a_scan_no_key_here_proves_is_refused(self, posted):
        written = issue(posted, formats=("pdf",))
        scan = self.scan(posted, next(path for path in written if "_T2_" in path.name))
        for path in (posted.workspace.folder / "keys").glob("*.pub"):
            path.unlink()
        with pytest.raises(RefusedError, match="not proven"):
            keep_stamped(posted.workspace, scan, posted.act("复核甲"))
