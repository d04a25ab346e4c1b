"""Forms nobody registered: what several texts have between words that they do not share.

A form and a copied text look alike to a hash: both are there many times. They differ
in shape. A form's lines stand in one order in every text that fills it, with other
words between them in each, and those words are nobody else's; a copied passage stands
in one piece, and copies of one text share the rest too, each another part of it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from scoring.similarity.fingerprints import GRAM, NOTHING_KNOWN, Hashes, Narrow, among
from scoring.similarity.packed import PackedPrints
from scoring.similarity.sharing import Ints, Short

FILLED_BY = 4  # teachers who fill a form, at least; fewer may have copied its lines
_LINES = 12  # hashes that exactly the same texts have, from which a form may be behind them
_HAVING = 0.8  # part of those texts that have a hash of the form
_REST = 0.2  # part of a filled form that is its teacher's own, at least
_ALIKE = 0.12  # part of the rest that two fillers share, at most: quotations and stock phrases
_PLACES = 2  # places between the lines where fillers wrote more or less
_MORE = 3 * GRAM  # characters that make it more
_LOOKED_AT = 12  # texts of one form whose shape is looked at
_TRIED = 200  # sets of texts
_AT_A_TIME = 1 << 20  # hashes


def forms_among(prints: PackedPrints, groups: Sequence[Ints], teacher: Short) -> Hashes:
    """Hashes of the forms that texts of one group fill, sorted; none where there are none.

    Parameters
    ----------
    prints : PackedPrints
        Of all texts.
    groups : sequence of int arrays
        Numbers of texts that are linked with each other, and may be so by a form.
    teacher : int array
        Number of each text's teacher.
    """
    found = [NOTHING_KNOWN]
    for group in groups:
        if len(np.unique(teacher[group])) >= FILLED_BY:
            found.append(_forms_of(_Group(prints, group, teacher)))
    return np.unique(np.concatenate(found))


def held_elsewhere(prints: PackedPrints, crowd: Sequence[int]) -> Hashes:
    """Hashes of a crowd's texts that most of their holders outside it have, sorted.

    Who copied one text whole is all in the crowd; who filled one form is mostly not.
    """
    every = np.concatenate([NOTHING_KNOWN, *(prints.of(at)[0] for at in crowd)])
    theirs, within = np.unique(every, return_counts=True)
    holders = np.zeros(len(theirs) + 1, dtype=np.int64)
    for hashes, _, _ in prints.ranges(_AT_A_TIME):
        known = hashes[among(hashes, theirs)]
        holders += np.bincount(np.searchsorted(theirs, known), minlength=len(holders))
    return theirs[2 * within < holders[:-1]]


class _Group:
    """Linked texts: which hashes each has, and which texts have each."""

    def __init__(self, prints: PackedPrints, texts: Ints, teacher: Short) -> None:
        self.own = [prints.of(int(text)) for text in texts]
        self.teacher = teacher[texts]
        sizes = [len(hashes) for hashes, _ in self.own]
        hashes = np.concatenate([hashes for hashes, _ in self.own])
        order = np.argsort(hashes, kind="stable")
        self.hashes, self.starts = np.unique(hashes[order], return_index=True)
        self.texts = np.repeat(np.arange(len(texts)), sizes)[order]
        self.counts = np.diff(np.append(self.starts, len(hashes)))

    def having(self, at: int) -> Ints:
        """Texts that have one hash."""
        return self.texts[self.starts[at] : self.starts[at] + self.counts[at]]

    def sets(self) -> Iterator[Ints]:
        """Sets of texts that have the same hashes, many of them; most hashes first."""
        mark = np.random.default_rng(0).integers(0, 2**63, len(self.own), dtype=np.uint64)
        several = np.flatnonzero(self.counts >= FILLED_BY)
        signature = np.add.reduceat(mark[self.texts], self.starts)[several]
        _, first, many = np.unique(signature, return_index=True, return_counts=True)
        for at in np.argsort(-many, kind="stable")[:_TRIED].tolist():
            if many[at] < _LINES:
                return
            yield self.having(int(several[first[at]]))

    def nearly_all_have(self, texts: Ints) -> Hashes:
        """Hashes that nearly all of some texts have."""
        inside = np.zeros(len(self.own), dtype=np.int64)
        inside[texts] = 1
        having = np.add.reduceat(inside[self.texts], self.starts)
        return self.hashes[having >= _HAVING * len(texts)]


def _forms_of(group: _Group) -> Hashes:
    forms = NOTHING_KNOWN
    for texts in group.sets():
        if len(np.unique(group.teacher[texts])) < FILLED_BY:
            continue
        lines = group.nearly_all_have(texts)
        if among(lines, forms).mean() < 0.5 and _is_form(group, texts, lines):
            forms = np.union1d(forms, lines)
    return forms


def _is_form(group: _Group, texts: Ints, lines: Hashes) -> bool:
    """Whether some texts fill these lines with words of their own, in several places."""
    chosen = texts[np.linspace(0, len(texts) - 1, min(len(texts), _LOOKED_AT)).astype(np.int64)]
    own = [group.own[int(text)] for text in chosen]
    rest = [hashes[~among(hashes, lines)] for hashes, _ in own]
    filled = [len(mine) / len(hashes) for mine, (hashes, _) in zip(rest, own, strict=True)]
    if np.median(filled) < _REST:
        return False
    alike = [
        among(one, two).sum() / max(min(len(one), len(two)), 1)
        for at, one in enumerate(rest)
        for two in rest[:at]
    ]
    return bool(np.median(alike) <= _ALIKE) and _places(own, lines) >= _PLACES


def _places(own: Sequence[tuple[Hashes, Narrow]], lines: Hashes) -> int:
    """Places between lines where some texts have more than others; 0 where the order differs."""
    where = np.full((len(own), len(lines)), np.nan)
    for row, (hashes, positions) in zip(where, own, strict=True):
        known = among(lines, hashes)
        row[known] = positions[np.searchsorted(hashes, lines[known])]
    everywhere = where[:, ~np.isnan(where).any(axis=0)]
    between = np.diff(everywhere[:, np.argsort(everywhere[0])], axis=1)
    if not between.size or (between < 0).mean() > 0.1:
        return 0
    return int((np.ptp(between, axis=0) >= _MORE).sum())
