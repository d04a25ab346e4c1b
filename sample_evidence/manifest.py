"""The evidence package: manifest.xlsx and the files it names."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

from openpyxl import Workbook

from sample_evidence.documents import Stamp
from sample_evidence.media import Clip
from sample_evidence.reads import Key
from sample_evidence.rendering import render
from sample_evidence.submissions import File, Piece, Submission
from sample_evidence.tables import first_sheet, saved_workbook

HEADERS = (
    *("序号", "学校", "教师编号", "教师姓名", "学科", "教研组", "学段", "应用环境"),
    *("能力点", "证据", "文件", "提交时间"),
    *("存放位置", "时长", "宽", "高", "编码", "录制时间", "设备", "校验值"),
)
_LOCAL = timedelta(hours=8)


@dataclass
class Package:
    """What was written: manifest rows, the items of each piece, every file's SHA-256."""

    rows: list[list[str | int | float]] = field(default_factory=list)
    items: dict[Key, list[str]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)


def write_package(out: Path, submissions: list[Submission], stamp: Stamp) -> Package:
    """Write every file into ``out/package`` by school and teacher, and the manifest beside them.

    A file kept elsewhere goes to ``out/attach`` and into the manifest by its
    metadata.
    """
    package = Package()
    for made in submissions:
        for piece in made.pieces:
            for file in piece.files:
                _write(out, package, made, piece, file)
    book = Workbook()
    sheet = first_sheet(book, "证据清单")
    sheet.append(HEADERS)
    for row in package.rows:
        sheet.append(row)
    body = saved_workbook(book, "证据清单", stamp)
    (out / "package" / "manifest.xlsx").write_bytes(body)
    return package


def _write(out: Path, package: Package, made: Submission, piece: Piece, file: File) -> None:
    teacher, rubric = made.teacher, made.rubric
    folder = Path(teacher.school.name) / f"{teacher.teacher_id}_{teacher.name}"
    inside = folder / f"{rubric.competency}_{rubric.name_zh}" / file.name
    elsewhere = file.treat == "elsewhere"
    path = out / "attach" / file.name if elsewhere else out / "package" / inside
    path.parent.mkdir(parents=True, exist_ok=True)
    body = render(file)
    path.write_bytes(body)
    sha256 = hashlib.sha256(body).hexdigest()
    item = str(len(package.rows) + 1)
    key = (teacher.teacher_id, rubric.competency, piece.slot.slot_id)
    package.items.setdefault(key, []).append(item)
    package.hashes[path.relative_to(out).as_posix()] = sha256
    # People write the code here and the full name there; either is understood.
    odd = int(item) % 5 == 0
    competency = rubric.name_zh if odd else rubric.competency
    slot = piece.slot.name_zh if odd else piece.slot.slot_id
    school = teacher.school
    package.rows.append(
        [
            *(int(item), school.name, teacher.teacher_id, teacher.name, teacher.subject),
            *(teacher.department, school.stage, school.environment, competency, slot),
            "" if elsewhere else inside.as_posix(),
            _moment(made.submitted),
            *(_elsewhere(file, sha256) if elsewhere else [""] * 8),
        ]
    )


def _elsewhere(file: File, sha256: str) -> list[str | int | float]:
    """Columns of a video kept elsewhere."""
    clip = file.content
    assert isinstance(clip, Clip)
    recorded = _moment(clip.recorded + _LOCAL)
    return [
        f"校内存储柜/2026秋/{file.name}",
        clip.frames / 5,
        *clip.size,
        "h264",
        recorded,
        "录播教室摄像机",
        sha256,
    ]


def _moment(local: datetime) -> str:
    return local.strftime("%Y-%m-%d %H:%M")
