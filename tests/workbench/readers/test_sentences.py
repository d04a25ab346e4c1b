import pytest

from workbench import messages
from workbench.readers.errors import CODES
from workbench.readers.facts import WARNINGS


@pytest.mark.parametrize("language", messages.LANGUAGES)
def test_every_code_and_warning_has_a_sentence(language):
    keys = {key for key in messages.catalogue(language) if key.startswith("reading.")}
    assert keys == {f"reading.code.{code}" for code in CODES} | {
        f"reading.warning.{warning}" for warning in WARNINGS
    }
