"""Tests stand alone: the same drawn examples in each CI run, and Chinese at the start of each test."""

from __future__ import annotations

import os

import pytest
from hypothesis import settings

from workbench import messages

settings.register_profile("ci", derandomize=True, deadline=None, print_blob=True)
settings.register_profile("local", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "local"))


@pytest.fixture(autouse=True)
def every_test_begins_in_chinese():
    """A command run with ``--lang en`` in one test leaves English to the next one of its process."""
    messages.use_language(messages.LANGUAGES[0])
