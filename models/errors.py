"""Errors of what is recorded."""

from __future__ import annotations

from rubrics.errors import WorkbenchError


class StoreError(WorkbenchError):
    """The workspace cannot be opened, read or written as asked."""


class LedgerError(WorkbenchError):
    """The ledger cannot be read or written as asked."""
