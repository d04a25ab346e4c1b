"""Builds the sample county: package, roster, reads, forms, policy, portal sheet, and what is planted.

``python -m sample_evidence.build --seed 1 --out DIR``
"""

from __future__ import annotations

import argparse
import csv
import io
import json
import sys
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from random import Random

from rubrics.loading import load_set
from sample_evidence import words
from sample_evidence.documents import Stamp, blank_form, new_rsids
from sample_evidence.manifest import Package, write_package
from sample_evidence.media import Clip
from sample_evidence.people import COUNTY, ROUND, County, Teacher, invent_county
from sample_evidence.planting import Plant, Planting
from sample_evidence.reads import Key, Panel, simulate, value_pieces
from sample_evidence.remarks import COLUMNS, panel_rows
from sample_evidence.sheets import portal, roster
from sample_evidence.submissions import CLOSES, OPENS, Planner, Submission

_UNREAD = ("broken", "missing_evidence")
_OFFICE = "县项目办"


@dataclass(frozen=True)
class Planted:
    """What a built sample holds and what is to be found in it.

    ``submissions`` and ``pieces`` count what is handed in, the missing piece
    not among them; ``reads`` all reads, third reads and rulings included.
    """

    seed: int
    plants: tuple[Plant, ...]
    teachers: int
    submissions: int
    pieces: int
    files: int
    reads: int
    severe_rater: str
    lenient_rater: str


def build(out: Path, seed: int) -> Planted:
    """Build the sample of a seed in an empty or new folder.

    Raises
    ------
    FileExistsError
        If the folder has files in it: nothing is overwritten.
    """
    if out.exists() and any(out.iterdir()):
        raise FileExistsError(f"{out} is not empty. Name a new folder.")
    rubrics = load_set("micro_competencies")
    county = invent_county(seed)
    planner = Planner(rubrics, seed)
    submissions = planner.plan(county)
    planting = Planting(submissions, planner, seed)
    plants = planting.plant()
    unpassed = planting.ineligible()
    kept = _keep_elsewhere(submissions, plants)
    panel = _panel(county, submissions, plants, unpassed, seed)
    plants += _about_people(unpassed, panel)
    out.mkdir(parents=True, exist_ok=True)
    stamp = _office_stamp(seed)
    package = write_package(out, submissions, stamp)
    names = {rubric.competency: rubric.name_zh for rubric in rubrics}
    _write_forms(out / "forms", stamp)
    (out / "roster.xlsx").write_bytes(roster(county, {unpassed.teacher_id}, names, stamp))
    (out / "portal.xlsx").write_bytes(portal(county, stamp))
    (out / "ratings.csv").write_bytes(_csv(panel, seed))
    (out / "policy.toml").write_text(_policy(), encoding="utf-8", newline="\n")
    _write_json(out / "truth.json", _truth(package, panel, county))
    planted = _summary(seed, plants, submissions, package, panel)
    _write_json(out / "planted.json", _answers(planted, package, panel, kept))
    return planted


def _panel(
    county: County,
    submissions: list[Submission],
    plants: list[Plant],
    unpassed: Teacher,
    seed: int,
) -> Panel:
    unread = {plant.pieces[0] for plant in plants if plant.code in _UNREAD}
    unread |= {
        (made.teacher.teacher_id, made.rubric.competency, piece.slot.slot_id)
        for made in submissions
        if made.teacher is unpassed
        for piece in made.pieces
    }
    empty = {plant.pieces[0] for plant in plants if plant.code == "unfilled_template"}
    return simulate(county, value_pieces(submissions, unread, empty, seed), seed)


def _keep_elsewhere(submissions: list[Submission], plants: list[Plant]) -> Key:
    """Keep one clip out of the package, told of by its metadata; returns its piece."""
    taken = {teacher for plant in plants for teacher in plant.teacher_ids}
    for made in submissions:
        for piece in made.pieces:
            file = piece.files[0] if piece.files else None
            if (
                made.teacher.school.school_id == "MX"
                and made.teacher.teacher_id not in taken
                and piece.slot.kind == "video"
                and file
                and isinstance(file.content, Clip)
                and file.kind == "mp4"
            ):
                file.treat = "elsewhere"
                return made.teacher.teacher_id, made.rubric.competency, piece.slot.slot_id
    raise RuntimeError("no clip to keep elsewhere")


def _about_people(unpassed: Teacher, panel: Panel) -> list[Plant]:
    """The plants that are no file: eligibility, severity, lenience."""
    return [
        Plant(
            "not_eligible",
            "线上研修未通过",
            (),
            (unpassed.teacher_id,),
            "名册中线上研修是否合格一栏为否",
        ),
        Plant("severe_rater", "评审员偏严", (), (), f"{panel.severe} 达到比例比同评者低两成以上"),
        Plant("lenient_rater", "评审员偏宽", (), (), f"{panel.lenient} 达到比例比同评者高两成以上"),
    ]


def _office_stamp(seed: int) -> Stamp:
    """The county office made the forms and sheets before the window opened."""
    made = datetime(2026, 8, 20, 2, 15, 30)
    rsids = new_rsids(Random(f"office {seed}"))
    return Stamp(_OFFICE, made, datetime(2026, 8, 21, 6, 40, 12), 95, "WPS Office", rsids)


def _write_forms(folder: Path, stamp: Stamp) -> None:
    folder.mkdir()
    for key in words.FORMS:
        form = words.form(key)
        (folder / f"{form.title}.docx").write_bytes(blank_form(form, stamp))


def _csv(panel: Panel, seed: int) -> bytes:
    buffer = io.StringIO()
    writer = csv.DictWriter(buffer, COLUMNS)
    writer.writeheader()
    writer.writerows(panel_rows(panel, seed))
    return buffer.getvalue().encode("utf-8-sig")


def _policy() -> str:
    opens, closes = OPENS.date().isoformat(), CLOSES.date().isoformat()
    source = f"{COUNTY}教育局 松教发〔2026〕9号（虚构）"
    return f"""# {COUNTY}（虚构）：沿用沂源县2021年办法，只改本批次的提交窗口

[pack]
id = "songlan-2026"
name_zh = "{COUNTY}提升工程2.0（{ROUND}）"
name_en = "Songlan County Project 2.0 (invented), autumn 2026"
issuer = "{COUNTY}教育局"
document_no = "松教发〔2026〕9号（虚构）"
issued = "2026-08-21"
inherits = "yiyuan-2021"

[rule.window]
opens = {{ value = "{opens}", unit = "date", source = "{source}" }}
closes = {{ value = "{closes}", unit = "date", source = "{source}" }}
"""


def _truth(package: Package, panel: Panel, county: County) -> dict[str, object]:
    """What each item is, and the marks a county re-read would give."""
    marks = {}
    for worth in panel.worths:
        decided = panel.outcomes[worth.key].decisions
        marks["|".join(worth.key)] = {
            name: decided[name].met if name in decided else worth.marks[name] or 0
            for name in worth.marks
        }
    items = {item: list(key) for key, listed in package.items.items() for item in listed}
    return {"reviewer": county.reviewer.rater_id, "items": items, "marks": marks}


def _summary(
    seed: int,
    plants: list[Plant],
    submissions: list[Submission],
    package: Package,
    panel: Panel,
) -> Planted:
    return Planted(
        seed,
        tuple(plants),
        len({made.teacher.teacher_id for made in submissions}),
        len(submissions),
        len(package.items),
        len(package.rows),
        panel.count(),
        panel.severe,
        panel.lenient,
    )


def _answers(planted: Planted, package: Package, panel: Panel, kept: Key) -> dict[str, object]:
    """The machine-readable list, with what the demo answers when it is asked."""
    plants = [
        {
            **asdict(plant),
            "pieces": [list(key) for key in plant.pieces],
            "items": [item for key in plant.pieces for item in package.items.get(key, [])],
            "teacher_ids": list(plant.teacher_ids),
            "raters": _raters(plant, planted),
        }
        for plant in planted.plants
    ]
    return {
        **{name: value for name, value in asdict(planted).items() if name != "plants"},
        "round": ROUND,
        "county": COUNTY,
        "plants": plants,
        "elsewhere": {
            "piece": list(kept),
            "items": package.items[kept],
            "file": next(name for name in package.hashes if name.startswith("attach/")),
        },
        "objection": _objection(planted, panel),
    }


def _raters(plant: Plant, planted: Planted) -> list[str]:
    by_code = {"severe_rater": planted.severe_rater, "lenient_rater": planted.lenient_rater}
    return [by_code[plant.code]] if plant.code in by_code else []


def _objection(planted: Planted, panel: Panel) -> dict[str, object]:
    """One teacher objects to a 不合格 that is no plant's; the re-read confirms it."""
    taken = {teacher for plant in planted.plants for teacher in plant.teacher_ids}
    failed = next(
        key
        for key, outcome in panel.outcomes.items()
        if outcome.level == "fail" and key[0] not in taken
    )
    return {
        "piece": list(failed),
        "words": "认为材料第二部分已写明具体做法，请求复核该条指标。",
        "answer": "复核组重看全部材料，该条所需的可核对细节仍缺，维持原结论，可在期限内补充后重交。",
        "outcome": "upheld",
    }


def _write_json(path: Path, value: dict[str, object]) -> None:
    text = json.dumps(value, ensure_ascii=False, indent=1)
    path.write_text(text + "\n", encoding="utf-8", newline="\n")


def main() -> None:
    """Read the command line and build."""
    parser = argparse.ArgumentParser(description="Build the sample county of a seed.")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--out", type=Path, required=True)
    chosen = parser.parse_args()
    planted = build(chosen.out, chosen.seed)
    sys.stdout.write(
        f"{planted.submissions} submissions, {planted.pieces} pieces, {planted.files} files, "
        f"{planted.reads} reads, {len(planted.plants)} plants in {chosen.out}\n"
    )


if __name__ == "__main__":
    main()
