"""One prepared process for the tests that read in isolation."""

from collections.abc import Iterator

import pytest

from workbench.readers.isolation import ReaderPool


@pytest.fixture(scope="session")
def pool() -> Iterator[ReaderPool]:
    with ReaderPool(convert=False) as started:
        yield started
