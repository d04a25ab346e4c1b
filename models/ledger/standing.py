"""Which result stands: the rules of superseding, the same for posting and for verifying."""

from __future__ import annotations

from dataclasses import dataclass, field

from models.errors import LedgerError
from models.ledger.entry import Parts

Place = tuple[str, str, str]


@dataclass(frozen=True)
class Standing:
    """The results in force: entry and attempt by (round, subject, competency), as JSON writes them."""

    results: dict[Place, tuple[int, int]] = field(default_factory=dict)

    def admit(self, parts: Parts) -> None:
        """Take the next entry into account.

        Raises
        ------
        LedgerError
            If a plain result comes where one stands, or a superseding or void
            entry names one that does not stand for the same subject,
            competency and round, or goes back to an earlier attempt. Nothing
            is taken into account then.
        """
        kind = parts.kind
        if kind not in ("result", "supersede", "void"):
            return
        place = place_of(parts)
        stands = self.results.get(place)
        if kind == "result":
            if stands is not None:
                raise _stands_already(place, stands[0])
            seq, attempt = parts.body.group("seq", "attempt")
            self.results[place] = int(seq), int(attempt)
            return
        if stands is None or stands[0] != int(parts.body["supersedes"]):
            raise _does_not_stand(place, int(parts.body["supersedes"]), stands)
        if kind == "void":
            del self.results[place]
            return
        later = int(parts.body["attempt"])
        if later < stands[1]:
            raise _earlier_attempt(place, later, stands[1])
        self.results[place] = int(parts.body["seq"]), later


def place_of(parts: Parts) -> Place:
    """Round, subject and competency of an entry about a result, as JSON writes them."""
    place, subject, competency = parts.body.group("round", "subject", "competency")
    return place, subject, competency


def plain(place: Place) -> Place:
    """The three as texts, without the quotes of JSON."""
    return place[0][1:-1], place[1][1:-1], place[2][1:-1]


def _stands_already(place: Place, seq: int) -> LedgerError:
    place = plain(place)
    return LedgerError(
        f"round {place[0]}, subject {place[1]}, competency {place[2] or '(conclusion)'}: entry {seq} "
        "stands already. Supersede it instead of adding a second result.",
        key="ledger.stands_already",
        round=place[0],
        subject=place[1],
        competency=place[2],
        seq=seq,
    )


def _does_not_stand(place: Place, named: int, stands: tuple[int, int] | None) -> LedgerError:
    place = plain(place)
    now = f"entry {stands[0]} stands" if stands else "none stands"
    return LedgerError(
        f"round {place[0]}, subject {place[1]}, competency {place[2] or '(conclusion)'}: entry {named} "
        f"is not the result that stands ({now}). Name the one that stands.",
        key="ledger.does_not_stand",
        round=place[0],
        subject=place[1],
        competency=place[2],
        seq=named,
    )


def _earlier_attempt(place: Place, attempt: int, stands: int) -> LedgerError:
    place = plain(place)
    return LedgerError(
        f"round {place[0]}, subject {place[1]}, competency {place[2] or '(conclusion)'}: attempt "
        f"{attempt} cannot supersede attempt {stands}.",
        key="ledger.earlier_attempt",
        subject=place[1],
        competency=place[2],
        attempt=attempt,
        stands=stands,
    )
