"""Pages of the school summary as LibreOffice shows them: nothing alone on a page, nothing empty."""

from __future__ import annotations

import re
import shutil
import subprocess

import numpy as np
import pypdfium2
import pytest
import zxingcpp

from workbench.exports.sheets import make_sheets
from workbench.exports.workbook_sheet import page_ends

# One page filled to its end, one page and a little, the second page filled, the third filled.
ROWS = (1, 7, 8, 15, 24, 30, 41)
_OFFICE = shutil.which("soffice")
_LEVELS = ("pass", "excellent", "fail")


@pytest.fixture(scope="module")
def files(issuing, tmp_path_factory):
    """PDF of a summary as each format shows it, by format and number of teachers."""
    folder = tmp_path_factory.mktemp("rendered")
    shown = {}
    for number in ROWS:
        (folder / str(number)).mkdir()
        teachers = [
            (
                f"教师{place}",
                "信息科技",
                tuple(
                    (code, _LEVELS[(place + turn) % 3], "", 1)
                    for turn, code in enumerate(("A1", "B2", "C4"))
                ),
            )
            for place in range(number)
        ]
        made = make_sheets(issuing(folder / str(number), teachers).school)
        for file_format in ("docx", "xlsx"):
            (folder / f"{file_format}-{number}.{file_format}").write_bytes(made[file_format])
        shown["pdf", number] = made["pdf"]
    office = [path for kind in ("docx", "xlsx") for path in sorted(folder.glob(f"*.{kind}"))]
    subprocess.run(
        [
            *(_OFFICE, "--headless", f"-env:UserInstallation={(folder / 'profile').as_uri()}"),
            *("--convert-to", "pdf", "--outdir", folder / "out", *office),
        ],
        check=True,
        capture_output=True,
    )
    for path in office:
        data = (folder / "out" / f"{path.stem}.pdf").read_bytes()
        shown[path.suffix[1:], int(path.stem.partition("-")[2])] = data
    return shown


def _pages(data: bytes) -> list[str]:
    document = pypdfium2.PdfDocument(data)
    texts = ["".join(page.get_textpage().get_text_range().split()) for page in document]
    document.close()
    return texts


@pytest.mark.slow
@pytest.mark.skipif(_OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("file_format", ["docx", "xlsx", "pdf"])
@pytest.mark.parametrize("number", ROWS)
def test_signatures_stand_under_the_last_rows_and_every_page_has_rows_under_the_heading(
    files, file_format, number
):
    pages = _pages(files[file_format, number])
    shown = [re.findall(r"T1\d{3}", page) for page in pages]
    assert [teacher for page in shown for teacher in page] == [
        f"T{1000 + n}" for n in range(number)
    ]
    assert all(shown)  # no page without a teacher
    held = 1 if file_format == "pdf" else min(2, number)
    assert len(shown[-1]) >= held
    assert [("填报人（签字）" in page, "扫码读取台账凭据" in page) for page in pages] == [
        *[(False, False)] * (len(pages) - 1),
        (True, True),
    ]
    assert "等级说明" in pages[-1]
    assert all("台账序号备注" in page for page in pages)  # the heading
    assert all(f"第{n}页共{len(pages)}页" in page for n, page in enumerate(pages, 1))


@pytest.mark.slow
@pytest.mark.skipif(_OFFICE is None, reason="LibreOffice is not installed")
@pytest.mark.parametrize("file_format", ["docx", "xlsx", "pdf"])
def test_the_code_is_read_from_the_page_right_of_the_seal_and_every_pixel_is_grey(
    files, file_format
):
    document = pypdfium2.PdfDocument(files[file_format, 8])
    for page in document:
        assert sorted(page.get_size()) == pytest.approx([595.3, 841.9], abs=1)  # A4 in points
        picture = np.asarray(page.render(scale=200 / 72).to_pil().convert("RGB")).astype(int)
        assert np.ptp(picture, axis=2).max() <= 2  # rounding of the renderer
    (code,) = zxingcpp.read_barcodes(picture.astype(np.uint8))
    assert code.text.startswith("EVW1:")
    seal = page.get_textpage().search("盖章").get_next()
    _, _, right, _ = page.get_textpage().get_charbox(seal[0] + 1)
    corners = code.position
    assert min(corners.top_left.x, corners.bottom_left.x) * 72 / 200 > right + 40
    side = np.hypot(
        corners.top_right.x - corners.top_left.x, corners.top_right.y - corners.top_left.y
    )
    assert 34 < side / 200 * 25.4 < 46  # millimetres, its quiet zone apart
    document.close()


@pytest.mark.parametrize("rows", range(1, 60))
def test_pages_end_so_that_the_held_rows_stand_together_and_no_page_overflows(rows):
    heights = [32, 20, 20, 20, 30, *([33, 20] * rows)[:rows], 18, 18, 155]
    heading, held, room = 5, 6 + max(0, rows - 2), 450
    ends = page_ends(heights, heading, held, room)
    starts = [1, *(end + 1 for end in ends)]
    for start, end in zip(starts, [*ends, len(heights)], strict=True):
        head = heights[heading - 1] if start > 1 else 0
        assert head + sum(heights[start - 1 : end]) <= room
    assert starts[-1] <= held
    assert all(start > heading for start in starts[1:])
