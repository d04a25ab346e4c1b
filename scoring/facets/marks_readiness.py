"""Whether marks of a round may be read as severities: ready, to be reviewed, or blocked."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from scoring.facets.connectedness import WeakLink
from scoring.facets.marks_coding import MarkCodes
from scoring.facets.marks_panels import OWN_PANEL, Severities
from scoring.facets.readiness import Reason


def reasons_of_marks(
    codes: MarkCodes, min_marks: int, links: Sequence[WeakLink] = ()
) -> list[Reason]:
    """What the marks alone say against reading severities; what blocks leaves nothing to fit.

    ``one_rater`` and ``no_shared`` (no piece has two reads: ability and severity
    cannot be told apart) block, and so does ``all_alike`` (every mark the same);
    ``few_ratings`` names raters with fewer than ``min_marks``; ``weak_link`` the few
    pieces by which two groups of raters hang together.
    """
    found = []
    if len(codes.raters) < 2:
        found.append(Reason("one_rater", codes.raters, blocks=True))
    elif codes.reads_of_piece.max() < 2:
        found.append(Reason("no_shared", blocks=True))
    if codes.met.min() == codes.met.max():
        found.append(Reason("all_alike", blocks=True))
    few = np.flatnonzero(codes.marks_by_rater() < min_marks)
    if len(few):
        found.append(Reason("few_ratings", tuple(codes.raters[k] for k in few)))
    for link in links:
        found.append(Reason("weak_link", tuple(codes.pieces[k] for k in link.persons)))
    return found


def reasons_of_severities(
    severities: Severities, raters: tuple[str, ...], extreme: tuple[str, ...]
) -> list[Reason]:
    """What the fit says against comparing severities.

    ``own_panel`` names panels that are linked too weakly, or not at all, to be
    compared with others; ``alone`` raters who are compared with nobody;
    ``extreme_rater`` those whose marks are all alike.
    """
    found = []
    several = len(severities.panels) > 1
    apart = tuple(panel.panel for panel in severities.panels if not panel.comparable)
    if several and apart:
        found.append(Reason("own_panel", apart))
    lonely = [
        rater
        for rater, zero, se in zip(raters, severities.zero, severities.se, strict=True)
        if zero == OWN_PANEL and se == 0
    ]
    if lonely:
        found.append(Reason("alone", tuple(lonely)))
    if extreme:
        found.append(Reason("extreme_rater", extreme))
    return found
