"""Plants what the demo has to find, each with the teachers it concerns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import product
from random import Random

from sample_evidence.media import Clip
from sample_evidence.people import Teacher
from sample_evidence.pictures import Scene
from sample_evidence.submissions import Piece, Planner, Submission
from sample_evidence.writing import Sheet, normalise

PieceKey = tuple[str, str, str]
_LIFTED = 380  # characters a lifted section has at least, normalised


@dataclass(frozen=True)
class Plant:
    """One thing planted: its code, the pieces (teacher, competency, slot), the first the source."""

    code: str
    name: str
    pieces: tuple[PieceKey, ...]
    teacher_ids: tuple[str, ...]
    note: str
    reply: str = ""
    disposition: str = ""


# (code, name, the schools and slots of the pieces concerned)
_PLACES = {
    "verbatim": (("LX", "B8-1"), ("MX", "B8-1")),
    "edited": (("QH", "A1-1"), ("LX", "A1-1")),
    "lifted": (("MX", "C4-1"), ("MX", "C4-1")),
    "photo": (("QH", "A9-2"), ("LX", "B3-2")),
    "video": (("QH", "A4-1"), ("LX", "A4-1")),
    "unfilled": (("LX", "B6-1"),),
    "outside": (("MX", "C1-3"),),
    "broken": (("QH", "A5-1"),),
    "missing": (("MX", "C3-3"),),
}


class Planting:
    """Chooses where things are planted, all with different teachers, and plants them."""

    def __init__(self, submissions: list[Submission], planner: Planner, seed: int) -> None:
        self._rng = Random(f"planting {seed}")
        self._planner = planner
        self._submissions = submissions
        self._chosen = _choose(submissions, self._rng)
        self.plants: list[Plant] = []

    def plant(self) -> list[Plant]:
        """Plant everything in the plan of files; returns what was planted."""
        self._verbatim()
        self._edited()
        self._lifted()
        self._photo()
        self._video()
        self._unfilled()
        self._outside()
        self._broken()
        self._missing()
        return self.plants

    def ineligible(self) -> Teacher:
        """A teacher of the primary school with nothing planted, to go without online study."""
        taken = {made.teacher.teacher_id for chosen in self._chosen.values() for made in chosen}
        free = {
            made.teacher.teacher_id: made.teacher
            for made in self._submissions
            if made.teacher.school.school_id == "QH" and made.teacher.teacher_id not in taken
        }
        return free[self._rng.choice(sorted(free))]

    def _record(self, code: str, name: str, what: str, **case: str) -> None:
        keys = tuple(
            (made.teacher.teacher_id, made.rubric.competency, slot_id)
            for made, (_, slot_id) in zip(self._chosen[what], _PLACES[what], strict=True)
        )
        teachers = tuple(key[0] for key in keys)
        self.plants.append(
            Plant(
                code, name, keys, teachers, case["note"], case.get("reply", ""), case.get("do", "")
            )
        )

    def _places(self, what: str) -> list[Piece]:
        return [
            made.piece(slot_id)
            for made, (_, slot_id) in zip(self._chosen[what], _PLACES[what], strict=True)
        ]

    def _as_word(self, piece: Piece) -> Sheet:
        """Make the first file of a piece a .docx, without pictures, and give back its sheet."""
        file = piece.files[0]
        assert isinstance(file.content, Sheet)
        file.kind, file.name = "docx", f"{file.name.rsplit('.', 1)[0]}.docx"
        file.content.pictures.clear()
        return file.content

    def _verbatim(self) -> None:
        source, copy = (self._as_word(piece) for piece in self._places("verbatim"))
        copy.sections = [(label, list(body)) for label, body in source.sections]
        copy.head["课题"], copy.head["班级"] = source.head["课题"], source.head["班级"]
        self._record(
            "copied_text",
            "整份抄录",
            "verbatim",
            note="全文照抄，只换姓名学校，文档属性另起",
            reply="承认参考了同片区教师的方案，来不及改写，愿意重做。",
            do="reject",
        )

    def _edited(self) -> None:
        source, copy = (self._as_word(piece) for piece in self._places("edited"))
        about = self._chosen["edited"][1].about
        sections = []
        assert source.form is not None
        for (label, body), section in zip(source.sections, source.form.sections, strict=True):
            changed = list(body)
            for at in self._rng.sample(range(len(changed)), max(1, len(changed) // 4)):
                end = "\n" if changed[at].endswith("\n") else ""
                start = changed[at].split("：")[0] + "：" if section.steps else ""
                fresh = self._planner.writer.sentences(section.frames, about, 1)[0]
                changed[at] = f"{start}{fresh}{end}"
            sections.append((label, changed))
        copy.sections = sections
        self._record(
            "copied_text",
            "改动两三成的抄录",
            "edited",
            note="换了两三成句子，其余相同",
            reply="方案由两校联合教研形成，未注明合作者，已补交说明。",
            do="re_rate",
        )

    def _lifted(self) -> None:
        source, target = (self._as_word(piece) for piece in self._places("lifted"))
        about = self._chosen["lifted"][0].about
        assert source.form is not None
        at = next(n for n, section in enumerate(source.form.sections) if section.steps)
        label, body = source.sections[at]
        while len(normalise("".join(body))) < _LIFTED:
            order = len(body) + 1
            fresh = self._planner.writer.sentences(source.form.sections[at].frames, about, 1)[0]
            body.append(f"{order}．补充：{fresh}\n")
        target.sections[at] = (label, list(body))
        self._record(
            "copied_text",
            "整节挪用",
            "lifted",
            note=f"过程一节照搬同校教师，不少于{_LIFTED}字，其余自写",
            reply="该节为同组共同设计的环节，两人都参加了试教，有记录。",
            do="certify",
        )

    def _photo(self) -> None:
        source, target = (
            next(file for file in piece.files if file.kind == "jpg")
            for piece in self._places("photo")
        )
        assert isinstance(source.content, Scene)
        target.content, target.treat = source.content, "resaved"
        self._record(
            "reused_image",
            "照片重复使用",
            "photo",
            note="同一张照片缩小、重新压缩后再用",
            reply="从教研群里误存了他人的照片，原片已找到并补交。",
            do="re_rate",
        )

    def _video(self) -> None:
        source, target = (piece.files[0] for piece in self._places("video"))
        assert isinstance(source.content, Clip)
        for file in (source, target):
            file.kind, file.name = "mp4", f"{file.name.rsplit('.', 1)[0]}.mp4"
            file.treat = ""
        source.content = replace(source.content, kind="mp4", recorded=source.stamp.created)
        later = max(source.stamp.created + timedelta(days=1), target.stamp.created)
        target.content, target.treat = source.content, "recoded"
        target.stamp = replace(target.stamp, created=later, modified=later)
        self._record(
            "reused_video",
            "视频重复使用",
            "video",
            note="同一段视频降低码率后再用",
            reply="不清楚文件来源，同意按未提交处理。",
            do="reject",
        )

    def _unfilled(self) -> None:
        sheet = self._as_word(self._places("unfilled")[0])
        assert sheet.form is not None
        sheet.sections = [(s.label, [s.prompt]) for s in sheet.form.sections]
        self._record(
            "unfilled_template",
            "空白表格原样提交",
            "unfilled",
            note="只填了表头，提示语都在",
            reply="误交了空表，申请补交。",
            do="reject",
        )

    def _outside(self) -> None:
        file = self._places("outside")[0].files[0]
        self._as_word(self._places("outside")[0])
        born = datetime(2025, 4, 16, 6, 21, 35)
        file.stamp = replace(file.stamp, created=born, modified=born + timedelta(days=1, hours=2))
        self._record(
            "outside_window",
            "成稿早于开放日",
            "outside",
            note="文档创建于2025年4月，早于提交窗口",
            reply="在去年旧文档上另存改写，本轮课堂实录可以印证。",
            do="certify",
        )

    def _broken(self) -> None:
        self._as_word(self._places("broken")[0])
        self._places("broken")[0].files[0].treat = "truncated"
        self._record("broken", "文件损坏", "broken", note="docx 只传了前六成")

    def _missing(self) -> None:
        self._places("missing")[0].files.clear()
        self._record(
            "missing_evidence", "缺一件证据", "missing", note="清单里没有这一行，也没有文件"
        )


def _choose(submissions: list[Submission], rng: Random) -> dict[str, tuple[Submission, ...]]:
    """For each thing to plant the submissions concerned, no teacher twice."""
    wanted = list(_PLACES.items())

    def candidates(school: str, slot_id: str) -> list[Submission]:
        found = [
            made
            for made in submissions
            if made.teacher.school.school_id == school
            and any(piece.slot.slot_id == slot_id for piece in made.pieces)
            and _fits(made.piece(slot_id))
        ]
        return rng.sample(found, len(found))

    def search(at: int, taken: frozenset[str]) -> Iterator[dict[str, tuple[Submission, ...]]]:
        if at == len(wanted):
            yield {}
            return
        what, places = wanted[at]
        for chosen in product(*(candidates(*place) for place in places)):
            names = [made.teacher.teacher_id for made in chosen]
            if len(set(names)) == len(names) and not taken & set(names):
                for rest in search(at + 1, taken | set(names)):
                    yield {what: chosen, **rest}

    return next(search(0, frozenset()))


def _fits(piece: Piece) -> bool:
    """A piece of pictures needs a photo of its own to be replaced or copied."""
    if piece.slot.kind != "image":
        return True
    return any(file.kind == "jpg" and isinstance(file.content, Scene) for file in piece.files)
