"""What may go with the sheets of a round, beside the summary and the teachers' own."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Extras:
    """Sheets made only when asked for: an appendix a teacher, one summary of the county."""

    appendix: bool = False
    county: bool = False


PLAIN = Extras()
