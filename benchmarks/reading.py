"""What reading one ordinary file costs, beside hashing the same bytes.

Figures are processor milliseconds of the child that reads it, at the median;
``fork_ms`` is the same for a file of a few bytes, which is nearly all fork.
"""

from __future__ import annotations

import hashlib
import io
import statistics
import tempfile
import time
from pathlib import Path

import docx
import numpy as np
import openpyxl
import pptx
from PIL import Image

from workbench.readers.isolation import ReaderPool

_REPEATS = 30
_SENTENCE = "学生借助平板完成小组任务，教师根据数据调整教学环节。"


def run() -> list[dict[str, object]]:
    """Measure one file of each ordinary kind; one row a kind, times in milliseconds."""
    with tempfile.TemporaryDirectory() as name, ReaderPool(convert=False) as pool:
        folder = Path(name)
        makers = {
            "tiny.txt": _tiny,
            "lesson.docx": _document,
            "lesson-photos.docx": _document_with_photos,
            "lesson.pptx": _deck,
            "marks.xlsx": _workbook,
            "lesson.pdf": _pdf,
            "photo.jpg": _photo,
        }
        for file, make in makers.items():
            make(folder / file)
        rows = [_measure(pool, folder / file) for file in makers]
    fork = rows[0]["cpu_ms"]
    return [{**row, "fork_ms": fork, "beyond_fork_ms": _less(row["cpu_ms"], fork)} for row in rows]


def _less(value: object, floor: object) -> float:
    return round(float(str(value)) - float(str(floor)), 2)


def _measure(pool: ReaderPool, path: Path) -> dict[str, object]:
    readings = [pool.read(path) for _ in range(_REPEATS)]
    faults = {reading.code for reading in readings} - {""}
    if faults:
        raise RuntimeError(f"{path.name} was not read: {faults}")
    return {
        "file": path.name,
        "kib": round(path.stat().st_size / 1024),
        "cpu_ms": round(1000 * statistics.median(reading.cpu_s for reading in readings), 2),
        "wall_ms": round(1000 * statistics.median(reading.seconds for reading in readings), 2),
        "peak_mib": round(max(reading.peak_mib for reading in readings)),
        "hash_ms": round(1000 * _hashing(path), 2),
    }


def _hashing(path: Path) -> float:
    times = []
    for _ in range(_REPEATS):
        started = time.process_time()
        hashlib.sha256(path.read_bytes()).hexdigest()
        times.append(time.process_time() - started)
    return statistics.median(times)


def _tiny(path: Path) -> None:
    path.write_text("课后反思", encoding="utf-8")


def _document(path: Path, photos: int = 0) -> None:
    document = docx.Document()
    for number in range(100):
        document.add_paragraph(f"{number}. {_SENTENCE}")
    for number in range(photos):
        document.add_picture(io.BytesIO(_jpeg(number, (1600, 1200))))
    document.save(str(path))


def _document_with_photos(path: Path) -> None:
    _document(path, photos=4)


def _deck(path: Path) -> None:
    deck = pptx.Presentation()
    for number in range(20):
        slide = deck.slides.add_slide(deck.slide_layouts[1])
        slide.shapes.title.text = f"第{number}页"
        slide.placeholders[1].text = _SENTENCE * 3
    deck.save(str(path))


def _workbook(path: Path) -> None:
    book = openpyxl.Workbook()
    for number in range(300):
        book.active.append([number, "甲", _SENTENCE, number / 7])
    book.save(path)


def _pdf(path: Path) -> None:
    """Ten pages of plain text, written by hand: no PDF library is measured against itself."""
    text = b"BT /F1 12 Tf 50 %d Td (Lesson plan, stage and activity, line %d) Tj ET\n"
    page = b"".join(text % (780 - 15 * line, line) for line in range(50))
    pages = 10
    kids = b" ".join(b"%d 0 R" % (4 + 2 * number) for number in range(pages))
    parts = [
        b"<</Type/Catalog/Pages 2 0 R>>",
        b"<</Type/Pages/Count %d/Kids[%s]/MediaBox[0 0 595 842]>>" % (pages, kids),
        b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    ]
    for number in range(pages):
        resources = b"/Resources<</Font<</F1 3 0 R>>>>"
        parts.append(b"<</Type/Page/Parent 2 0 R%s/Contents %d 0 R>>" % (resources, 5 + 2 * number))
        parts.append(b"<</Length %d>>stream\n%sendstream" % (len(page), page))
    data, places = b"%PDF-1.7\n", []
    for number, part in enumerate(parts, start=1):
        places.append(len(data))
        data += b"%d 0 obj\n%s\nendobj\n" % (number, part)
    table = b"".join(b"%010d 00000 n \n" % place for place in places)
    end = b"trailer<</Size %d/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF" % (len(parts) + 1, len(data))
    path.write_bytes(data + b"xref\n0 %d\n0000000000 65535 f \n" % (len(parts) + 1) + table + end)


def _photo(path: Path) -> None:
    path.write_bytes(_jpeg(1, (4000, 3000)))


def _jpeg(seed: int, size: tuple[int, int]) -> bytes:
    cells = np.random.default_rng(seed).integers(0, 256, (30, 40, 3), dtype=np.uint8)
    data = io.BytesIO()
    picture = Image.fromarray(cells).resize(size, Image.Resampling.BICUBIC)
    picture.save(data, "JPEG", quality=85)
    return data.getvalue()


if __name__ == "__main__":
    for line in run():
        print(line)
