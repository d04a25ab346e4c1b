"""Tests stand alone: the same drawn examples in each CI run, and Chinese at the start of each test."""

from __future__ import annotations

import gc
import os

import pytest
from hypothesis import HealthCheck, settings

from workbench import messages

# Examples are the same in each run, and a busy machine fails no property: those drawn anew come
# with HYPOTHESIS_PROFILE=explore.
settings.register_profile(
    "ci",
    derandomize=True,
    deadline=None,
    print_blob=True,
    suppress_health_check=[HealthCheck.too_slow],
)
settings.register_profile("explore", deadline=None, max_examples=500)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "ci"))


def pytest_collection_finish() -> None:
    """Leave what is imported by now out of every later search for garbage: it stays to the end."""
    gc.collect()
    gc.freeze()


@pytest.fixture(autouse=True)
def every_test_begins_in_chinese():
    """A command run with ``--lang en`` in one test leaves English to the next one of its process.

    After the test too: what a module makes once for all its tests is made before this runs again.
    """
    messages.use_language(messages.LANGUAGES[0])
    yield
    messages.use_language(messages.LANGUAGES[0])
