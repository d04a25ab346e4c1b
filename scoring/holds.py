"""Cases: how each may end, which come first, and how often a kind of flag was a false alarm."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from scoring.flags import CATALOGUE, PAIR, PIECE, RATER, RATER_PAIR
from scoring.intervals import clopper_pearson

CERTIFY, RE_RATE, ADJUDICATE, REJECT = "certify", "re_rate", "adjudicate", "reject"
DISPOSITIONS = (CERTIFY, RE_RATE, ADJUDICATE, REJECT)

BORNE_OUT, INNOCENT, UNCLEAR = "borne_out", "innocent", "unclear"
FOUND = (BORNE_OUT, INNOCENT, UNCLEAR)
"""What looking came to: what the flag points at is so, has an innocent cause, or stays open."""

HIGH, MIDDLE, LOW = "high", "middle", "low"
SEVERITIES = (HIGH, MIDDLE, LOW)

_LEVEL = 0.95


@dataclass(frozen=True)
class Closed:
    """One flag whose cases have all ended: its code, and what each of them found."""

    code: str
    found: tuple[str, ...]


@dataclass(frozen=True)
class FalseAlarms:
    """How often one kind of flag was a false alarm, from its closed cases.

    ``borne_out``, ``innocent`` and ``unclear`` count flags. ``share`` is innocent
    ones among those it is known of, 0 to 1, with its exact 95 % interval; all
    three are None under the minimum of flags it is known of.
    """

    code: str
    borne_out: int
    innocent: int
    unclear: int
    share: float | None = None
    lo: float | None = None
    hi: float | None = None

    @property
    def known(self) -> int:
        """Flags of which it is known whether they were false alarms."""
        return self.borne_out + self.innocent


def dispositions_of(code: str, subject: str, *, stops: bool) -> tuple[str, ...]:
    """How a case may end.

    Only evidence can be rejected. Raters' reads can be recalled (``re_rate``); the
    chair rules only on results that the case stops. Recalled reads end by being
    read again.

    Parameters
    ----------
    code, subject : str
        Of the flag.
    stops : bool
        Whether the case stops results.

    Examples
    --------
    >>> dispositions_of("copied_text", "pair", stops=True)
    ('certify', 're_rate', 'adjudicate', 'reject')
    >>> dispositions_of("severe_rater", "rater", stops=False)
    ('certify', 're_rate')
    """
    if code == "recalled_reads":
        return (CERTIFY,)
    if subject in (PIECE, PAIR):
        return DISPOSITIONS
    if stops:
        return (CERTIFY, RE_RATE, ADJUDICATE)
    return (CERTIFY, RE_RATE) if subject in (RATER, RATER_PAIR) else (CERTIFY,)


def is_adverse(disposition: str, subject: str) -> bool:
    """Whether a decision goes against the teacher or rater, so that two people take it.

    >>> is_adverse("re_rate", "pair"), is_adverse("re_rate", "rater")
    (False, True)
    """
    recalls = disposition == RE_RATE and subject in (RATER, RATER_PAIR)
    return disposition == REJECT or recalls


def found_by_default(disposition: str, subject: str) -> str:
    """What a decision says was found where nobody said it apart.

    Evidence that is certified after all had an innocent cause, evidence rejected
    had none. Reading again and ruling leave it open, and so does a rater's case
    that ends without a recall: to differ from others is no fault.

    >>> found_by_default("certify", "pair"), found_by_default("certify", "rater")
    ('innocent', 'unclear')
    """
    if is_adverse(disposition, subject):
        return BORNE_OUT
    return INNOCENT if disposition == CERTIFY and subject in (PIECE, PAIR) else UNCLEAR


def severity(code: str, *, stops: bool) -> str:
    """How much hangs on a case: high where it stops a result that it may well have decided.

    >>> severity("copied_text", stops=True), severity("outside_window", stops=True)
    ('high', 'middle')
    >>> severity("severe_rater", stops=False)
    'low'
    """
    weight = CATALOGUE[code].weight
    if stops:
        return HIGH if weight == 3 else MIDDLE
    return MIDDLE if weight == 3 else LOW


def false_alarms(closed: Iterable[Closed], min_known: int) -> list[FalseAlarms]:
    """False alarms of each kind of flag that has closed cases, in the order of the catalogue.

    A flag is borne out if any of its cases found so, innocent if all did, else
    unclear. The interval is Clopper and Pearson's: a county closes few cases, and
    none false of ten still allows three in ten.

    Examples
    --------
    >>> one = Closed("copied_text", ("innocent", "innocent"))
    >>> two = Closed("copied_text", ("innocent", "borne_out"))
    >>> [(each.innocent, each.borne_out, each.share) for each in false_alarms([one, two], 2)]
    [(1, 1, 0.5)]
    """
    counts: dict[str, dict[str, int]] = {}
    for flag in closed:
        own = counts.setdefault(flag.code, dict.fromkeys(FOUND, 0))
        own[_together(flag.found)] += 1
    return [_rate(code, counts[code], min_known) for code in CATALOGUE if code in counts]


def _together(found: tuple[str, ...]) -> str:
    if BORNE_OUT in found:
        return BORNE_OUT
    return INNOCENT if set(found) == {INNOCENT} else UNCLEAR


def _rate(code: str, counts: dict[str, int], min_known: int) -> FalseAlarms:
    made = FalseAlarms(code, counts[BORNE_OUT], counts[INNOCENT], counts[UNCLEAR])
    if made.known < max(min_known, 1):
        return made
    lo, hi = clopper_pearson(made.innocent, made.known, _LEVEL)
    share = made.innocent / made.known
    return FalseAlarms(code, made.borne_out, made.innocent, made.unclear, share, lo, hi)
