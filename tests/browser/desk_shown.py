"""What the score desk shows in a browser, asked and waited for."""

from __future__ import annotations

import pytest

expect = pytest.importorskip("playwright.sync_api").expect


def piece_of(page) -> str:
    return page.locator(".desk header code").inner_text()


def wait_for_other(page, piece: str) -> None:
    expect(page.locator(".desk header code")).not_to_have_text(piece)


def saved(page) -> None:
    expect(page.locator(".desk .state.kept")).to_be_visible()
