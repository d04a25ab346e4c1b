"""How raters work: comments put together from a bank of phrases are not pasted."""

from __future__ import annotations

import pandas as pd

from scoring.effects.families import Rule, findings
from scoring.effects.habits import own_words, pasted_trials

RULE = Rule(q=0.05, min_effect=0.2, minimum=15)
PHRASE = "证据齐全，符合要求，同意通过，请继续保持。"
WORDS = "目标活动学情技术评价课堂小组任务反思数据资源过程"


def reads(**said):
    """Thirty comments of each of ten raters, each its own; those named say what is given."""
    rows = []
    for rater in [f"r{k}" for k in range(9)] + ["odd"]:
        for k in range(30):
            at = (k * 7 + int(rater[1:]) if rater != "odd" else k * 5) % 20
            own = WORDS[at:] + WORDS[:at] + f"第{k}处{WORDS[k % 12]}"
            rows.append((f"p{k}", rater, said.get(rater, own)))
    return pd.DataFrame(rows, columns=["piece_id", "rater_id", "comment"])


def flagged(table, phrases=(), banks=None):
    found = findings(pasted_trials(table, RULE, phrases, 1, banks), RULE, 1)
    return {one.ids[0]: one for one in found if one.flagged or not one.minimum_met}


def test_the_same_words_under_every_piece_are_pasted():
    assert list(flagged(reads(odd=PHRASE))) == ["odd"]


def test_what_the_desk_offers_everybody_is_no_pasting():
    (one,) = flagged(reads(odd=PHRASE), phrases=[PHRASE]).values()
    assert (one.minimum_met, one.n) == (False, 0)


def test_what_a_rater_keeps_in_the_own_bank_is_no_pasting_and_no_others_excuse():
    assert not flagged(reads(odd=PHRASE), banks={"odd": [PHRASE]})["odd"].minimum_met
    assert flagged(reads(odd=PHRASE), banks={"r1": [PHRASE]})["odd"].flagged


def test_a_phrase_that_is_part_of_another_leaves_no_rest():
    table = reads(odd=PHRASE).query("rater_id == 'odd'")
    assert set(own_words(table, ["符合要求", PHRASE])) == {""}
