"""County check 县复核: a sample read again by the county, and each school accepted or reopened."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict

from models.cases import submissions_ever_held
from models.people import code_order
from models.ratings import standing_reads
from models.records import PieceOutcome, Read, Round
from models.store import Act, Row, Store
from models.supervision import latest_decisions, latest_sample
from rubrics.levels import Level
from scoring.consensus import read_level
from scoring.supervision import Candidate, Comparison, Drawn, draw_sample
from scoring.supervision import compare as compare_levels
from workbench.errors import InputError, RefusedError
from workbench.services.outcomes import piece_outcomes
from workbench.services.reopening import reopen
from workbench.services.results import CONCLUSION, Standing, result_standing
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace


def sample(workspace: Workspace, random_seed: str, act: Act) -> list[Drawn]:
    """Draw and keep the county's sample at the policy's rate and minima."""
    policy = workspace.policy
    if not random_seed.strip():
        raise InputError(
            "a sample is drawn with a random seed, published with it. Give one.",
            key="supervision.seed_needed",
        )
    with workspace.store() as store:
        act = authorise(store, act, "supervision.sample")
        candidates = _candidates(store, workspace)
        drawn = draw_sample(
            candidates,
            float(policy["audit.county_sample_rate"]),
            policy["audit.county_min_per_school"],
            random_seed,
        )
        if not drawn:
            raise RefusedError(
                "no piece has a level yet; nothing to draw.", key="supervision.empty"
            )
        sample_id = f"k{len(store.where('county_sample')) + 1:04d}"
        with store.transaction(act, "supervision.sample", sample_id) as tx:
            head = {
                "sample_id": sample_id,
                "random_seed": random_seed,
                "rate": str(policy["audit.county_sample_rate"]),
            }
            tx.insert("county_sample", [head])
            tx.insert(
                "county_sample_piece",
                [{"sample_id": sample_id, "piece_id": d.piece_id, "why": d.why} for d in drawn],
            )
    return drawn


def compare(workspace: Workspace, outcomes: Mapping[str, PieceOutcome] | None = None) -> list[Row]:
    """Each school's own levels beside the county's, with the decision so far.

    ``outcomes`` of the pieces, where the caller has them already.
    """
    with workspace.store() as store:
        drawn = _drawn(store)
        decisions = latest_decisions(store)
        compared = _compare(store, workspace, drawn, outcomes)
    most = float(workspace.policy["audit.county_reread_lowered_share_max"])
    return [
        {
            **asdict(each),
            "over_limit": each.lowered_share is not None and each.lowered_share >= most,
            "decision": decisions.get(each.school_id, ""),
        }
        for each in compared
    ]


def decide(workspace: Workspace, school_id: str, decision: str, words: str, act: Act) -> list[str]:
    """Accept a school's results, or reopen the pieces on which the county differs.

    Parameters
    ----------
    decision : str
        ``accept`` or ``reopen``; both need their reason in ``words``.

    Returns
    -------
    list of str
        Pieces reopened.

    Raises
    ------
    RefusedError
        If a piece of the sample has not been read again.
    """
    if decision not in ("accept", "reopen") or not words.strip():
        raise InputError(
            "a county decision is accept or reopen, with its reason.", key="supervision.decision"
        )
    with workspace.store() as store:
        act = authorise(store, act, "supervision.decide")
        drawn = [each for each in _drawn(store) if each.school_id == school_id]
        own, county = _levels(store, workspace, drawn)
        unread = [d.piece_id for d in drawn if county.get(d.piece_id) is None]
        if not drawn or unread:
            raise RefusedError(
                f"school {school_id}: {len(unread)} of {len(drawn)} sampled pieces have not been "
                "read again.",
                key="supervision.unread",
                school=school_id,
                unread=len(unread),
                sampled=len(drawn),
            )
        with store.transaction(act, f"supervision.{decision}", school_id) as tx:
            row = {
                "sample_id": store.where("county_sample")[-1]["sample_id"],
                "school_id": school_id,
                "decision": decision,
                "words": words,
            }
            tx.insert("county_decision", [row])
            if decision == "accept":
                return []
            differ = [p for p, level in county.items() if own.get(p) not in (None, level)]
            return reopen(store, tx, differ, f"county:{row['sample_id']}")


def accepted_schools(store: Store) -> set[str]:
    """Schools whose latest county decision, on the latest sample, is to accept."""
    return {school for school, made in latest_decisions(store).items() if made == "accept"}


def _drawn(store: Store) -> list[Drawn]:
    return [Drawn(row["piece_id"], row["school_id"], row["why"]) for row in latest_sample(store)]


def _compare(
    store: Store,
    workspace: Workspace,
    drawn: list[Drawn],
    outcomes: Mapping[str, PieceOutcome] | None,
) -> list[Comparison]:
    own, county = _levels(store, workspace, drawn, outcomes)
    return compare_levels(drawn, own, county)


def _levels(
    store: Store,
    workspace: Workspace,
    drawn: list[Drawn],
    outcomes: Mapping[str, PieceOutcome] | None = None,
) -> tuple[dict[str, Level | None], dict[str, Level | None]]:
    """Levels of the sampled pieces: the school's own, and by the county's latest read."""
    among = {each.piece_id for each in drawn}
    if outcomes is None:
        outcomes = piece_outcomes(store, workspace.rubrics, workspace.policy, among)
    own = {d.piece_id: outcomes[d.piece_id].level for d in drawn}
    slot_of = {row["piece_id"]: row["slot_id"] for row in store.where("piece")}
    slots = {slot.slot_id: slot for rubric in workspace.rubrics for slot in rubric.slots}
    reads = standing_reads(store, among)
    county: dict[str, Level | None] = {}
    for each in drawn:
        latest: Read | None = None
        for read in reads.get(each.piece_id, ()):
            latest = read if read.round == Round.COUNTY else latest
        slot = slots[slot_of[each.piece_id]]
        county[each.piece_id] = read_level(slot, latest.marks) if latest else None
    return own, county


def _candidates(store: Store, workspace: Workspace) -> list[Candidate]:
    standing = result_standing(store, workspace)
    schools = {row.teacher_id: row.school_id for row in standing.rows}
    held = _ever_held(store)
    readers = {
        piece: ",".join(sorted({read.rater_id for read in reads}))
        for piece, reads in standing_reads(store).items()
    }
    excellent = _all_excellent(standing)
    strata = workspace.policy["audit.stratify_by"]
    always = workspace.policy["audit.always_include"]
    made = []
    for (teacher_id, code), slots in sorted(
        standing.pieces.items(), key=lambda item: (item[0][0], code_order(item[0][1]))
    ):
        for piece_id in slots.values():
            level = standing.outcomes[piece_id].level
            if level is None:
                continue
            keys = {"point": code, "level": str(level), "reviewer": readers.get(piece_id, "")}
            why = _why((teacher_id, code) in held, teacher_id in excellent, always)
            stratum = tuple(keys[name] for name in strata)
            made.append(Candidate(piece_id, schools[teacher_id], stratum, why))
    return made


def _ever_held(store: Store) -> set[tuple[str, str]]:
    ever = submissions_ever_held(store)
    return {
        (row["teacher_id"], row["competency"])
        for row in store.where("submission")
        if row["submission_id"] in ever
    }


def _all_excellent(standing: Standing) -> set[str]:
    levels: dict[str, list[Level | None]] = {}
    for row in standing.rows:
        if row.competency != CONCLUSION:
            levels.setdefault(row.teacher_id, []).append(row.level)
    return {teacher for teacher, own in levels.items() if own and set(own) == {Level.EXCELLENT}}


def _why(held: bool, all_excellent: bool, always: list[str]) -> str:
    if held and "held_by_anomaly" in always:
        return "held_by_anomaly"
    if all_excellent and "all_excellent_teacher" in always:
        return "all_excellent_teacher"
    return ""
