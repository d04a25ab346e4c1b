"""What allocation starts from: the readers every piece lacks, who stands back and why, who may read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

from models.accounts import holders_of
from models.allocation import extra_readers, reading_terms
from models.assignments import assigned_ever, loads_now, open_assignments, readers_ever
from models.people import facts_of_teachers
from models.ratings import reading_of, standing_reads
from models.records import PieceOutcome, Read, ReasonNone, Round
from models.store import Row, Store
from models.submissions import owned_pieces
from rubrics.policy_pack import PolicyPack
from scoring.allocation import Need, Terms, drawn_for_validation, with_links
from scoring.conflicts import OWN_GROUP, Reader, conflicts
from workbench.services.calibration_gate import barred_raters
from workbench.services.outcomes import appeal_rules, consensus_rule
from workbench.services.reads import author_of, conflict_rule, reader_of
from workbench.services.results import result_standing
from workbench.services.roles import CHAIR, COUNTY, RATER
from workbench.services.rulings import Judge, judges, last_chair
from workbench.services.workspace import Workspace

NOT_FRESH = "not_fresh"
"""Why somebody is barred who has read the piece, has it, or has stood back from it."""

WOULD_RULE = "would_rule"
"""Why the last chair who may rule on a piece is barred from its third read."""

EXTRA_READS = 2
"""Reads a piece gets more to validate how stable its result is."""

_NOT_READ = (
    *(ReasonNone.NOT_ELIGIBLE, ReasonNone.CONDITION_UNKNOWN),
    *(ReasonNone.EXEMPT, ReasonNone.DEFERRED),
)


@dataclass(frozen=True)
class Wanted:
    """The readers every piece lacks.

    Attributes
    ----------
    needs : of every piece that is read, those that lack nobody too
    why : barred raters of each piece that lacks readers, with the cause
    rounds : what each of these pieces needs readers for, ``blind`` or ``third``
    validated : pieces drawn for extra reads, which are counted in their needs
    readings : present reading of pieces that were reopened
    left_out : pieces of teachers who are not assessed now, by the reason
    outcomes : of every piece
    slot_of : slot of every piece that is read
    pieces, departments : the pieces as they are owned, and the department of each teacher
    crew : who may be given work
    county : county reviewers, who read only where the chair asks for it
    loads : pieces each has already
    terms : how much each takes on
    reads : reads that decide now, by piece
    """

    needs: Sequence[Need]
    why: Mapping[str, Mapping[str, str]]
    rounds: Mapping[str, str]
    validated: frozenset[str]
    readings: Mapping[str, int]
    left_out: Mapping[str, int]
    outcomes: Mapping[str, PieceOutcome]
    slot_of: Mapping[str, str]
    pieces: Mapping[str, Row]
    departments: Mapping[str, str]
    crew: Mapping[str, Reader]
    county: Mapping[str, Reader]
    loads: Mapping[str, int]
    terms: Mapping[str, Terms]
    reads: Mapping[str, Sequence[Read]]


def wanted(
    store: Store, workspace: Workspace, random_seed: str, only: frozenset[str] | None = None
) -> Wanted:
    """Gather what every piece lacks now; the pieces for extra reads are drawn by the random seed.

    ``only`` counts what is lacking of these pieces alone, and draws none for extra
    reads; None of all.
    """
    policy, readings = workspace.policy, reading_of(store)
    pieces, outcomes, left_out = _pieces_to_read(store, workspace)
    lacks = _Lacks(store, policy, outcomes)
    needs, why, rounds = [], {}, {}
    for piece in pieces:
        piece_id = piece["piece_id"]
        need, bars = lacks.of(piece, counts=only is None or piece_id in only)
        needs.append(need)
        if need.reads:
            why[piece_id], rounds[piece_id] = bars, outcomes[piece_id].needs
    if consensus_rule(policy).reads_per_piece == 1:
        links = policy["review.anchor_pieces_per_reviewer"]
        needs = with_links(needs, len(lacks.people), links, random_seed)
    drawn = frozenset[str]()
    if only is None:
        drawn = _validated(store, policy, needs, readings, lacks.people, random_seed)
    return Wanted(
        [_more(need) if need.piece_id in drawn else need for need in needs],
        why,
        rounds,
        drawn,
        readings,
        left_out,
        outcomes,
        {piece["piece_id"]: piece["slot_id"] for piece in pieces},
        {piece["piece_id"]: piece for piece in pieces},
        lacks.departments,
        lacks.people,
        _county(store),
        loads_now(store),
        terms_of(store),
        lacks.reads,
    )


class _Lacks:
    """What each piece lacks, and who may not read it, from what is read of the store once."""

    def __init__(
        self, store: Store, policy: PolicyPack, outcomes: Mapping[str, PieceOutcome]
    ) -> None:
        self._policy, self._outcomes = policy, outcomes
        self._rule, self._appealed = consensus_rule(policy), appeal_rules(store, policy)
        self.reads = standing_reads(store)
        self._waiting: dict[str, list[Row]] = {}
        for row in open_assignments(store):
            self._waiting.setdefault(row["piece_id"], []).append(row)
        facts = facts_of_teachers(store)
        self.departments = {teacher: own.get("department", "") for teacher, own in facts.items()}
        self.people, self._chairs = crew(store, policy), judges(store, CHAIR)
        self._given, self._readers = assigned_ever(store), readers_ever(store)
        self._apart: dict[str, dict[str, str]] = {}  # by teacher

    def of(self, piece: Row, *, counts: bool) -> tuple[Need, dict[str, str]]:
        """Need of a piece, and who is barred and why; without ``counts`` no read is lacking."""
        piece_id, teacher = piece["piece_id"], piece["teacher_id"]
        mine, own = self._waiting.get(piece_id, []), self.reads.get(piece_id, [])
        outcome = self._outcomes[piece_id]
        due = self._appealed.get(piece_id, self._rule).reads_per_piece
        lacking = max(missing(outcome, own, mine, due), 0) if counts else 0
        department = self.departments.get(teacher, "")
        if teacher not in self._apart:
            self._apart[teacher] = in_conflict(piece, department, self.people, self._policy)
        had = self._given.get(piece_id, set()) | self._readers.get(piece_id, set())
        judging = self._chairs if outcome.needs == Round.THIRD else ()
        bars = barred(piece, department, self._apart[teacher], self._policy, had, judging)
        held = {row["rater_id"] for row in mine} | {r.rater_id for r in own if _counts(r)}
        return Need(piece_id, lacking, frozenset(bars), tuple(sorted(held))), bars


def relaxed(asked: Wanted, policy: PolicyPack, need: Need, rules: Collection[str]) -> Need:
    """What a piece lacks when rules are set aside: who stands back still, the county's people too.

    ``rules`` are ``own_group`` (those of the author's own department may read) and
    ``county`` (the county's reviewers may).
    """
    causes = asked.why[need.piece_id]
    piece = asked.pieces[need.piece_id]
    author = author_of(piece, asked.departments.get(piece["teacher_id"], ""))
    rule, by_county = conflict_rule(policy), _assessed_by_county(policy)
    still = set(causes)
    if OWN_GROUP in rules:
        still -= {
            rater
            for rater, cause in causes.items()
            if cause == OWN_GROUP
            and conflicts(asked.crew[rater], author, rule, for_county=by_county) == (OWN_GROUP,)
        }
    still |= {
        rater
        for rater, reader in asked.county.items()
        if COUNTY not in rules
        or rater in causes
        or conflicts(reader, author, rule, for_county=True)
    }
    return Need(need.piece_id, need.reads, frozenset(still), need.held)


def missing(
    outcome: PieceOutcome, reads: Sequence[Read], waiting: Sequence[Row], reads_per_piece: int
) -> int:
    """How many readers a piece lacks, counting those who have it on their desk."""
    own = Counter(row["round"] for row in waiting if not row["is_extra"])
    if outcome.needs == Round.BLIND:
        given = sum(read.round == Round.BLIND for read in reads)
        return reads_per_piece - given - own[Round.BLIND]
    if outcome.needs == Round.THIRD:
        return 1 - own[Round.THIRD]
    return 0


def in_conflict(
    piece: Row, department: str, people: Mapping[str, Reader], policy: PolicyPack
) -> dict[str, str]:
    """Raters in conflict with the author of a piece, and why; the same for all pieces of a teacher.

    Where the county assesses, nobody reads the work of the own school.
    """
    author, rule = author_of(piece, department), conflict_rule(policy)
    by_county = _assessed_by_county(policy)
    return {
        rater: causes[0]
        for rater, reader in people.items()
        if (causes := conflicts(reader, author, rule, for_county=by_county))
    }


def barred(
    piece: Row,
    department: str,
    apart: Mapping[str, str],
    policy: PolicyPack,
    ever: Collection[str],
    chairs: Sequence[Judge],
) -> dict[str, str]:
    """Raters who cannot read a piece, and why.

    Parameters
    ----------
    apart : raters in conflict with its author, as `in_conflict` gives them
    ever : who has had the piece
    chairs : of whom one is to be kept free to rule
    """
    found = {**apart, **dict.fromkeys(sorted(ever), NOT_FRESH)}
    if kept := last_chair(chairs, piece, department, ever, policy):
        found[kept] = WOULD_RULE
    return found


def crew(store: Store, policy: PolicyPack) -> dict[str, Reader]:
    """Everybody who holds the role of a rater now and is not barred by calibration."""
    out = barred_raters(store, policy)
    rows = holders_of(store, RATER)
    return {row["person_id"]: reader_of(row) for row in rows if row["person_id"] not in out}


def terms_of(store: Store) -> dict[str, Terms]:
    """How much each takes on, of those for whom it was stated."""
    return {
        person: Terms(row["share"] / 100, row["most"])
        for person, row in reading_terms(store).items()
    }


def _pieces_to_read(
    store: Store, workspace: Workspace
) -> tuple[list[Row], Mapping[str, PieceOutcome], Counter[str]]:
    """Pieces that count as handed in, of teachers who are assessed; the others counted by reason."""
    found = result_standing(store, workspace)
    stands = {(row.teacher_id, row.competency): row.reason_none for row in found.rows}
    owned = {row["piece_id"]: row for row in owned_pieces(store)}
    pieces, left_out = [], Counter[str]()
    for key, slots in found.pieces.items():
        reason = stands.get(key)
        for piece_id in slots.values():
            if reason in _NOT_READ:
                left_out[str(reason)] += 1
            else:
                pieces.append(owned[piece_id])
    return pieces, found.outcomes, left_out


def _validated(
    store: Store,
    policy: PolicyPack,
    needs: Sequence[Need],
    readings: Mapping[str, int],
    people: Collection[str],
    random_seed: str,
) -> frozenset[str]:
    """Pieces drawn for extra reads, of those nobody has read and enough may read.

    Drawn of all pieces of the round that have not been drawn before, so that the
    share holds whatever comes in later; those begun or short of readers fall away.
    """
    if "review.validation_share" not in policy:
        return frozenset()
    before = extra_readers(store)
    fresh = {
        need.piece_id
        for need in needs
        if need.reads
        and not need.held
        and need.piece_id not in readings
        and len(set(people) - need.barred) > need.reads + EXTRA_READS
    }
    names = [need.piece_id for need in needs if need.piece_id not in before]
    return drawn_for_validation(names, policy["review.validation_share"], random_seed) & fresh


def _more(need: Need) -> Need:
    return Need(need.piece_id, need.reads + EXTRA_READS, need.barred, need.held)


def _county(store: Store) -> dict[str, Reader]:
    """County reviewers who are not raters besides."""
    own = {row["person_id"] for row in holders_of(store, RATER)}
    rows = holders_of(store, COUNTY)
    return {row["person_id"]: reader_of(row) for row in rows if row["person_id"] not in own}


def _assessed_by_county(policy: PolicyPack) -> bool:
    return "review.assessed_by" in policy and policy["review.assessed_by"] == "county"


def _counts(read: Read) -> bool:
    return read.round in (Round.BLIND, Round.THIRD)
