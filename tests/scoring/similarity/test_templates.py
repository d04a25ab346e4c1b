"""A form with nothing filled in is seen, and a lesson's own blanks are not taken for one."""

from __future__ import annotations

import pytest

from scoring.similarity.templates import unfilled

FORM = """信息化教学设计表
课题：________
一、教学目标
【请填写本课教学目标，不少于三条】
二、学情分析
（此处填写学生已有的知识基础与信息素养水平）
三、教学过程：请按导入、新授、练习、小结四个环节说明每个环节使用的技术以及使用的理由
填表人签名：________
"""
OWN = "学生能够借助几何画板拖动顶点，观察三角形内角和的变化规律，并用自己的语言说明理由。" * 6
FILLED = FORM.replace("【请填写本课教学目标，不少于三条】", OWN).replace(
    "（此处填写学生已有的知识基础与信息素养水平）", OWN[::-1]
)


def test_a_blank_form_is_unfilled_with_every_prompt_named():
    finding = unfilled(FORM, ["另一张表格：学生成长记录与家校沟通情况登记", FORM], 0.15)
    assert finding.reason == "own_share"
    assert finding.own_share == 0
    assert finding.form == 1
    assert [prompt.words for prompt in finding.prompts] == [
        "课题：________",
        "【请填写本课教学目标，不少于三条】",
        "（此处填写学生已有的知识基础与信息素养水平）",
    ]


def test_prompts_point_at_their_place():
    for prompt in unfilled(FORM, [FORM], 0.15).prompts:
        assert FORM[prompt.start : prompt.end] == prompt.words


def test_a_filled_form_is_no_finding_even_with_its_signature_line_blank():
    filled = FILLED.replace("课题：________", "课题：三角形的内角和")
    assert unfilled(filled, [FORM], 0.15) is None


def test_one_prompt_left_in_a_filled_form_is_a_finding():
    text = FILLED + "\n四、教学反思\n〔请在此处填写教学反思〕"
    finding = unfilled(text, [FORM], 0.15)
    assert finding.reason == "prompts"
    assert finding.own_share > 0.5
    assert "〔请在此处填写教学反思〕" in [prompt.words for prompt in finding.prompts]


def test_without_a_registered_form_the_own_share_is_unknown():
    finding = unfilled("（在此输入教学目标）" + OWN, [], 0.15)
    assert (finding.reason, finding.own_share, finding.form) == ("prompts", None, None)


@pytest.mark.parametrize(
    "words",
    [
        "（请学生填写学习单）",
        "（请说明理由）",
        "小明有____个苹果，又买来____个。",
        "（填写说明见附件）",
        "请同学们在此处写下你的发现",
    ],
)
def test_a_lessons_own_words_are_no_prompt(words):
    assert unfilled(OWN + "\n" + words, [FORM], 0.15) is None


def test_a_text_too_short_to_judge_is_no_finding():
    assert unfilled("", [FORM], 0.15) is None
    assert unfilled("教案", [FORM], 0.15) is None


def test_the_threshold_is_the_policys():
    text = (
        FORM.replace("【请填写本课教学目标，不少于三条】", OWN[:60])
        .replace("（此处填写学生已有的知识基础与信息素养水平）", "")
        .replace("课题：________", "课题：面积")
    )
    assert unfilled(text, [FORM], 0.15) is None
    assert unfilled(text, [FORM], 0.90).reason == "own_share"
