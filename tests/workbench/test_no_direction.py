"""What two pieces share is said of both alike: nothing claims who had it first."""

from __future__ import annotations

import re

import pytest

from scoring.flags import CATALOGUE
from scoring.similarity.pairs import REASONS
from workbench import messages
from workbench.services.flag_finding import CODE_OF_KIND, CODE_OF_TRACE

BESIDE = {"zh": re.compile(r"\{a\} 与 \{b\}"), "en": re.compile(r"\{a\} and \{b\}")}
CLAIMS = re.compile(
    r"抄自|抄袭自|照抄|剽窃|原作者|原创|首创|出自 ?\{[ab]\}|来自 ?\{[ab]\}|在先|更早"
    r"|copied (it )?(from|by)|plagiar|original author|stole|took it from|wrote (it )?first",
    re.IGNORECASE,
)
PAIR_CODES = sorted({*CODE_OF_KIND.values(), *CODE_OF_TRACE.values()})


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("reason", [*REASONS, "own"])
def test_a_reason_names_both_pieces_side_by_side(language, reason):
    assert BESIDE[language].search(messages.catalogue(language)[f"similarity.reason.{reason}"])


@pytest.mark.parametrize("language", messages.LANGUAGES)
@pytest.mark.parametrize("code", PAIR_CODES)
def test_a_flag_of_a_pair_names_both_pieces_side_by_side(language, code):
    sentences = messages.catalogue(language)
    for variant in CATALOGUE[code].variants:
        assert BESIDE[language].search(sentences[f"flag.{code}.{variant}"]), (code, variant)


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_no_sentence_anywhere_claims_a_direction(language):
    sentences = messages.catalogue(language)
    assert [key for key, words in sentences.items() if CLAIMS.search(words)] == []


def test_the_test_of_claims_would_see_one():
    assert CLAIMS.search("{a} 的正文抄自 {b}")
    assert CLAIMS.search("{a} was copied from {b}")
