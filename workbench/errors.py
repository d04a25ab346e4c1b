"""Errors of what people ask for."""

from __future__ import annotations

from rubrics.errors import WorkbenchError


class ServiceError(WorkbenchError):
    """A request that cannot be carried out as it stands."""


class InputError(WorkbenchError):
    """A file or a value from outside that cannot be taken as it stands."""


class RefusedError(WorkbenchError):
    """A request the rules forbid: two people for one act, a hold, an open publicity."""
