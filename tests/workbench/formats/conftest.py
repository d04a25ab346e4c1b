"""A small set of rubrics by hand: three competencies, so that A1 and A10 can be mixed up."""

from __future__ import annotations

import pytest

from rubrics.levels import Level
from rubrics.rubric import Criterion, Limit, Rubric, RubricSet, Slot

DOCUMENTS = ("docx", "doc", "pdf", "txt")
VIDEOS = ("mp4", "mov")


def slot(slot_id: str, name: str, kind: str, accepts: tuple[str, ...], **limits: float) -> Slot:
    criteria = tuple(
        Criterion(f"{slot_id}.{short}", level, f"{name}指标{short}", f"{short} of {slot_id}")
        for short, level in (("P1", Level.PASS), ("P2", Level.PASS), ("E1", Level.EXCELLENT))
    )
    bounds = {key: Limit(value, "derived") for key, value in limits.items()}
    return Slot(slot_id, name, f"slot {slot_id}", kind, True, accepts, bounds, criteria)


def rubric(code: str, name: str, name_en: str, *slots: Slot) -> Rubric:
    return Rubric(
        code, "3", name, name_en, "d", "维度", "dimension", "multimedia", "多媒体", "multimedia",
        "问", "question", slots,
    )  # fmt: skip


@pytest.fixture
def rubric_set() -> RubricSet:
    made = (
        rubric(
            "A1", "技术支持的学情分析", "Learner analysis",
            slot("A1-1", "学情分析方案", "document", DOCUMENTS),
            slot("A1-2", "学情分析报告", "video", VIDEOS),
        ),
        rubric(
            "A6", "技术支持的课堂讲授", "Lecturing",
            slot("A6-1", "教学设计", "document", DOCUMENTS),
            slot("A6-2", "课堂实录片段", "video", VIDEOS),
            slot("A6-3", "教学反思", "text", DOCUMENTS),
        ),
        rubric(
            "A10", "学生信息安全意识培养", "Information security",
            slot("A10-1", "信息安全活动设计方案", "document", DOCUMENTS),
            slot("A10-2", "活动过程与学生成果", "image", ("jpg", "png", "mp4"), max_items=6),
        ),
    )  # fmt: skip
    return RubricSet("small", {r.competency: r for r in made})
