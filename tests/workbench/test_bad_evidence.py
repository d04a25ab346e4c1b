"""Evidence nobody can compare, as real files: said in words everywhere, and nothing else is lost."""

from __future__ import annotations

import csv
import io
import json
import random
import struct
import zlib

import docx
import numpy as np
import pytest
from click.testing import CliRunner
from PIL import Image

from workbench.cli import cli
from workbench.services.looks import look_standing
from workbench.services.workspace import Workspace

COPIES = 24  # more teachers than share a text by chance


def letter(seed, chars=1200):
    rng = random.Random(seed)
    document = docx.Document()
    document.add_paragraph("".join(chr(rng.randrange(0x4E00, 0x9000)) for _ in range(chars)))
    return saved(document.save)


def saved(save, *args):
    file = io.BytesIO()
    save(file, *args)
    return file.getvalue()


def noise(seed=1):
    cells = np.random.default_rng(seed).integers(0, 256, (240, 320), np.uint8)
    return Image.fromarray(np.kron(cells[::8, ::8], np.ones((8, 8), np.uint8)))


def bomb(side=20_000):
    """A picture of 400 megapixels in some tens of kilobytes, by its header and one row repeated."""

    def chunk(name, body):
        return (
            struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))
        )

    head = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
    rows = zlib.compress(b"\0" * ((side // 8 + 1) * side))
    parts = chunk(b"IHDR", head), chunk(b"IDAT", rows), chunk(b"IEND", b"")
    return b"\x89PNG\r\n\x1a\n" + b"".join(parts)


def megapixels_100():
    return saved(Image.new("L", (10_000, 10_000), 120).save, "JPEG")


@pytest.fixture(scope="module")
def round_(tmp_path_factory):
    """One school whose teachers hand in what cannot be compared, beside two that can."""
    folder = tmp_path_factory.mktemp("bad")
    package = folder / "package"
    package.mkdir()
    same = letter(1)
    given = {
        "short": ("A1-1", "short.docx", letter(2, 12)),
        "scan": ("A1-1", "scan.pdf", saved(noise().convert("RGB").save, "PDF")),
        "bomb": ("A1-1", "bomb.png", bomb()),
        "huge": ("A1-1", "huge.jpg", megapixels_100()),
        "torn": ("A1-1", "torn.jpg", saved(noise().save, "JPEG")[:1_500]),
        "film": ("A1-2", "film.mp4", b"\0\0\0\x18ftypmp42" + bytes(4_000)),
        "flat": ("A1-1", "flat.png", saved(Image.new("L", (400, 300), 250).save, "PNG")),
        "own": ("A1-1", "own.docx", letter(3)),
        **{f"copy{at}": ("A1-1", f"copy{at}.docx", same) for at in range(COPIES)},
    }
    rows = []
    for teacher, (slot, name, data) in given.items():
        (package / name).write_bytes(data)
        rows.append((teacher, f"教师{teacher}", "甲校", "A1", slot, name))
    with (package / "manifest.csv").open("w", encoding="utf-8-sig", newline="") as file:
        heads = "teacher_id teacher_name school competency slot file"
        csv.writer(file).writerows([heads.split(), *rows])
    assert run(folder, "init", "--place", "甲校", "--round", "2026年").exit_code == 0
    return folder, run(folder, "intake", "import", str(package))


def run(folder, *line):
    options = ["--workspace", str(folder / "workspace"), "--lang", "zh", "--as", "王登记"]
    return CliRunner(env={"COLUMNS": "240"}).invoke(cli, [*options, *line])


def test_what_cannot_be_opened_is_refused_line_by_line_and_everything_else_comes_in(round_):
    _, done = round_
    assert done.exit_code == 1
    for name in ("bomb.png", "huge.jpg"):
        assert any(name in line and "文件过大" in line for line in done.output.splitlines())
    for name in ("torn.jpg", "film.mp4"):
        assert any(name in line and "已损坏" in line for line in done.output.splitlines())
    assert f"收下 {COPIES + 2} 行，有提醒 2 行，退回 4 行" in done.output


def test_each_piece_not_compared_is_named_with_its_reason(round_):
    folder, _ = round_
    gaps = json.loads(run(folder, "similarity", "gaps", "--json").output)
    said = {(gap["reason"], gap["sentence"]) for gap in gaps}
    assert {reason for reason, _ in said} == {"too_short", "no_text", "flat_picture"}
    for teacher, reason in (("short", "too_short"), ("scan", "no_text"), ("flat", "flat_picture")):
        assert any(why == reason and f"甲校 {teacher} A1-1" in words for why, words in said)


def test_one_school_alone_and_every_gap_is_said_beside_the_pairs(round_):
    folder, _ = round_
    done = run(folder, "similarity")
    assert done.exit_code == 0
    assert "只有一所学校：数据不足，校际雷同未比对" in done.output
    assert "未比对：1 件没有可提取的文字。" in done.output
    assert "未比对：1 件自写文字过短。" in done.output
    pairs = json.loads(run(folder, "similarity", "--json").stdout)
    assert {"own", "short", "scan"}.isdisjoint({pair["teacher_a"] for pair in pairs})
    copied = {
        name
        for pair in pairs
        if pair["kind"] == "text"
        for name in (pair["teacher_a"], pair["teacher_b"])
    }
    assert copied == {f"copy{at}" for at in range(COPIES)}


def test_the_page_says_what_could_not_be_looked_at(round_):
    folder, _ = round_
    assert "数据不足，未检验：评审员效应" in run(folder, "flags").output
    limits = look_standing(Workspace(folder / "workspace")).limits
    for words in ("只有一所学校：数据不足", "没有可提取的文字", "自写文字过短", "未检验：学校效应"):
        assert any(words in each for each in limits)
