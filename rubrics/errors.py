"""Errors of what is judged, and the base every expected error of the house shares."""

from __future__ import annotations


class WorkbenchError(Exception):
    """An expected fault: an English sentence, and a key for the reader's own language.

    Parameters
    ----------
    message : str
        Names the thing, what was expected, what came, and the way out.
    key : str
        Key of the sentence under ``error`` in the locale; empty where only
        the English sentence exists.
    values : str or number
        What the sentence in the locale is filled with.
    """

    def __init__(self, message: str, *, key: str = "", **values: object) -> None:
        super().__init__(message)
        self.message = message
        self.key = key
        self.values = values


class RubricError(WorkbenchError):
    """A rubric cannot be used as it stands."""


class PolicyError(WorkbenchError):
    """A policy pack cannot be used as it stands."""
