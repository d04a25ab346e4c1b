"""Errors of what is computed."""

from __future__ import annotations

from rubrics.errors import WorkbenchError


class ScoringError(WorkbenchError):
    """A number or a level cannot be computed from what was given."""
