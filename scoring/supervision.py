"""Which pieces the county reads again, and what its reads say of a school."""

from __future__ import annotations

import math
import random
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction

from rubrics.levels import Level


@dataclass(frozen=True, slots=True)
class Candidate:
    """A piece that may be drawn; ``always`` says why it must be, or is empty."""

    piece_id: str
    school_id: str
    stratum: tuple[str, ...]
    always: str = ""


@dataclass(frozen=True, slots=True)
class Drawn:
    """A piece drawn, and why: ``stratified`` or the reason it must be."""

    piece_id: str
    school_id: str
    why: str


@dataclass(frozen=True, slots=True)
class Comparison:
    """County reads beside a school's own levels; shares are of the pieces read again.

    ``lowered_share`` is None where nothing has been read again: unknown, not nought.
    """

    school_id: str
    sampled: int
    reread: int
    same: int
    lowered: int
    raised: int
    lowered_share: float | None


def draw_sample(
    candidates: Iterable[Candidate], rate: float, least: int, random_seed: str
) -> list[Drawn]:
    """Stratified sample of each school, the same for the same seed and pieces.

    Parameters
    ----------
    candidates : iterable of Candidate
        Pieces with a level; their order does not matter.
    rate : float
        Share of a school's pieces, from 0 to 1, rounded up.
    least : int
        Fewest pieces a school, as far as it has them.
    random_seed : str
        Published with the sample, so that anyone can draw it again.

    Returns
    -------
    list of Drawn
        Pieces that must be drawn come on top of the stratified ones, by school.
    """
    by_school: dict[str, list[Candidate]] = defaultdict(list)
    for candidate in candidates:
        by_school[candidate.school_id].append(candidate)
    drawn: list[Drawn] = []
    for school_id in sorted(by_school):
        pieces = sorted(by_school[school_id], key=lambda each: each.piece_id)
        must = [Drawn(p.piece_id, school_id, p.always) for p in pieces if p.always]
        rest = [p for p in pieces if not p.always]
        # The rate as it is written: a tenth of 70 pieces is 7; the float makes it 7.000…1.
        share = math.ceil(Fraction(str(rate)) * len(pieces))
        wanted = min(len(rest), max(least, share))
        chosen = _spread(rest, wanted, random.Random(f"{random_seed}/{school_id}"))
        drawn += must + [Drawn(p.piece_id, school_id, "stratified") for p in chosen]
    return drawn


def compare(
    drawn: Sequence[Drawn], own: dict[str, Level | None], county: dict[str, Level | None]
) -> list[Comparison]:
    """Set county levels beside the schools' own, by school; a piece not re-read is left out."""
    by_school: dict[str, list[str]] = defaultdict(list)
    for each in drawn:
        by_school[each.school_id].append(each.piece_id)
    made = []
    for school_id, pieces in sorted(by_school.items()):
        pairs = [
            (before, after)
            for piece in pieces
            if (before := own.get(piece)) is not None and (after := county.get(piece)) is not None
        ]
        lowered = sum(after < before for before, after in pairs)
        raised = sum(after > before for before, after in pairs)
        made.append(
            Comparison(
                school_id,
                len(pieces),
                len(pairs),
                len(pairs) - lowered - raised,
                lowered,
                raised,
                lowered / len(pairs) if pairs else None,
            )
        )
    return made


def _spread(pieces: Sequence[Candidate], wanted: int, rng: random.Random) -> list[Candidate]:
    """Draw in proportion to the strata: every k-th of the pieces, shuffled inside each stratum."""
    if wanted <= 0:
        return []
    strata: dict[tuple[str, ...], list[Candidate]] = defaultdict(list)
    for piece in pieces:
        strata[piece.stratum].append(piece)
    line: list[Candidate] = []
    for stratum in sorted(strata):
        rng.shuffle(strata[stratum])
        line += strata[stratum]
    start = rng.randrange(len(line))
    return [line[(place * len(line) + start) // wanted] for place in range(wanted)]
