"""What a ledger entry says of a result: its level, what decided it, and what it rests on."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from importlib.metadata import version
from typing import Any

from models.cases import holds
from models.ledger.verifying import current_results, voided_results
from models.ratings import standing_reads
from models.store import Row, Store
from models.submissions import files_by_piece
from models.supervision import latest_sample
from rubrics.canonical import Json, digest
from workbench.exports.payload import Person
from workbench.services.identities import identities, school_label
from workbench.services.outcomes import consensus_rule
from workbench.services.publicity import cleared
from workbench.services.results import CONCLUSION, ResultRow, Standing
from workbench.services.workspace import Workspace

_GROUNDS = ("decided_by", "composed_of", "reads")
"""Fields that say what a result rests on."""


@dataclass(frozen=True)
class Records:
    """What entries rest on, each part read once when it is first asked for."""

    store: Store
    workspace: Workspace
    standing: Standing

    @cached_property
    def who(self) -> dict[str, tuple[str, Person]]:
        """Pseudonym and person of each teacher."""
        return identities(self.store)

    @cached_property
    def files(self) -> dict[str, list[Row]]:
        """Files of each piece."""
        return files_by_piece(self.store)

    @cached_property
    def shown(self) -> dict[tuple[str, str], tuple[str, str]]:
        """Publicity and level of each result that a closed publicity has shown."""
        return cleared(self.store)

    @cached_property
    def raters(self) -> dict[str, str]:
        """Pseudonym of each person."""
        return {r["person_id"]: r["pseudonym"] for r in self.store.where("person")}

    @cached_property
    def reads(self) -> dict[str, list[Row]]:
        """Reads that decided, by piece."""
        return _counted_reads(self.store)

    @cached_property
    def resolved(self) -> dict[tuple[str, str], list[Json]]:
        """Cases that have ended, by teacher and competency."""
        return _resolved_holds(self.store)

    @cached_property
    def sample(self) -> list[Row]:
        """Pieces of the county's newest sample."""
        return latest_sample(self.store)

    @cached_property
    def by_school(self) -> dict[str, list[ResultRow]]:
        """Results of each school."""
        named = [row for row in self.standing.rows if row.teacher_id in self.who]  # not the erased
        return _grouped(named, lambda row: row.school_id)

    @cached_property
    def by_teacher(self) -> dict[str, list[ResultRow]]:
        """Results of each teacher."""
        return _grouped(self.standing.rows, lambda row: row.teacher_id)


class Drafting:
    """Turns a result into the draft of its ledger entry, unless it stands there already."""

    def __init__(self, records: Records, school_id: str) -> None:
        self._records, self._school_id = records, school_id
        self._school = school_label(records.store, school_id)
        path = records.workspace.ledger_path(school_id)
        found = current_results(path) if path.exists() else []
        self._stands = {(r["subject"], r["competency"]): r for r in found}
        gone = voided_results(path) if path.exists() else []
        self._voided = {(r["subject"], r["competency"]): r for r in gone}
        self._publicities: dict[str, Json] = {}

    def stands(self, row: ResultRow) -> bool:
        """Whether the ledger says the same already."""
        earlier = self._earlier(row)
        if not earlier or earlier["policy"] != self._records.workspace.policy.digest:
            return False  # a result is stated again under the policy adopted since
        same = earlier["level"] == row.level and earlier["attempt"] == row.attempt
        if row.competency != CONCLUSION or not same:
            return bool(same)
        # Of the same level, but put together from other results since: stated anew.
        return bool(earlier["composed_of"] == self._grounds(row).get("composed_of", []))

    def is_voided(self, row: ResultRow) -> bool:
        """Whether the same result was declared void; it is certified again only once it changed."""
        pseudonym, _ = self._records.who[row.teacher_id]
        gone = self._voided.get((pseudonym, row.competency))
        if gone is None or self._earlier(row):
            return False
        same = gone["level"] == row.level and gone["attempt"] == row.attempt
        grounds = self._grounds(row)
        return same and all(gone[key] == grounds.get(key, []) for key in _GROUNDS)

    def draft(self, row: ResultRow) -> dict[str, Json] | None:
        """Draft of one result; None where the ledger says the same already."""
        if self.stands(row) or self.is_voided(row):
            return None
        pseudonym, person = self._records.who[row.teacher_id]
        earlier = self._earlier(row)
        draft: dict[str, Json] = {
            "kind": "result",
            "round": self._records.workspace.round_name,
            "school": self._school,
            "subject": pseudonym,
            "competency": row.competency,
            "level": str(row.level),
            "attempt": row.attempt,
            "pii_commit": person.commitment,
            "policy": self._records.workspace.policy.digest,
            "publicity": self._publicity(row),
            "county_check": self.county_check,
            **self._grounds(row),
        }
        if earlier:
            again = "re_read" if earlier["attempt"] == row.attempt else "resubmitted"
            if earlier["policy"] != draft["policy"]:
                again = "policy_adopted"
            draft |= {"kind": "supersede", "supersedes": earlier["seq"], "reason": again}
        return draft

    def _earlier(self, row: ResultRow) -> dict[str, Any] | None:
        """Entry that stands for a result; None where none does."""
        pseudonym, _ = self._records.who[row.teacher_id]
        return self._stands.get((pseudonym, row.competency))

    def _grounds(self, row: ResultRow) -> dict[str, Json]:
        return self._of_conclusion(row) if row.competency == CONCLUSION else self._of_pieces(row)

    def _of_conclusion(self, row: ResultRow) -> dict[str, Json]:
        """What a teacher's conclusion is composed of, and the conditions it was held to."""
        own = [r for r in self._records.by_teacher[row.teacher_id] if r.competency != CONCLUSION]
        composed: list[Json] = [
            {
                "competency": r.competency,
                "level": str(r.level or ""),
                "reason_none": str(r.reason_none or ""),
                "attempt": r.attempt,
            }
            for r in own
        ]
        told = [[c.code, c.met, c.value, c.required] for c in row.conditions]
        return {"composed_of": composed, "run": digest(["conclusion", self._software(), told])}

    def _of_pieces(self, row: ResultRow) -> dict[str, Json]:
        """What decided a competency: pieces, reads by pseudonym, evidence, rubric, cases."""
        records = self._records
        pieces = records.standing.pieces.get((row.teacher_id, row.competency), {})
        reads = [(p, read) for p in pieces.values() for read in records.reads.get(p, ())]
        decided: list[Json] = [
            {
                "piece": pieces.get(decider.slot_id, ""),
                "slot": decider.slot_id,
                "criteria": list(decider.criteria),
            }
            for decider in row.decided_by
        ]
        told: list[Json] = [
            {"rater": records.raters.get(r["rater_id"], ""), "piece": p, "round": r["round"]}
            for p, r in reads
        ]
        return {
            "decided_by": decided,
            "reads": told,
            "evidence": self._evidence(pieces.values()),
            "rubric": records.workspace.rubrics[row.competency].digest,
            "holds": records.resolved.get((row.teacher_id, row.competency), []),
            "run": self._run(reads),
        }

    def _evidence(self, pieces: Iterable[str]) -> list[Json]:
        """Digests of the files; a video kept elsewhere may have come without one."""
        files = (f for p in pieces for f in self._records.files.get(p, ()))
        return [*sorted({str(f["sha256"]) for f in files if f["sha256"]})]

    def _run(self, reads: list[tuple[str, Row]]) -> str:
        rule = consensus_rule(self._records.workspace.policy)
        told = [
            [p, self._records.raters.get(r["rater_id"], ""), r["round"], r["marks"]]
            for p, r in reads
        ]
        how = [rule.reads_per_piece, rule.third, rule.ruling_at_gap_of_two]
        return digest([self._software(), how, told])

    def _software(self) -> str:
        return "workbench " + version("evidence-workbench")

    def _publicity(self, row: ResultRow) -> Json:
        publication_id, _ = self._records.shown[row.teacher_id, row.competency]
        return self.publicity_document(publication_id)

    def publicity_document(self, publication_id: str) -> Json:
        """Identifier of a publicity, and digest of what it showed."""
        if publication_id not in self._publicities:
            listed = self._records.store.where("published_result", publication_id=publication_id)
            told = [[r["teacher_id"], r["competency"], r["level"]] for r in listed]
            made: Json = {"id": publication_id, "digest": digest([publication_id, told])}
            self._publicities[publication_id] = made
        return self._publicities[publication_id]

    @cached_property
    def county_check(self) -> Json:
        """Latest sample and what the county decided on this school; None without a sample."""
        drawn = [p for p in self._records.sample if p["school_id"] == self._school_id]
        if not drawn:
            return None
        sample_id = drawn[0]["sample_id"]
        decided = self._records.store.where(
            "county_decision", sample_id=sample_id, school_id=self._school_id
        )
        told = [[p["piece_id"], p["why"]] for p in drawn], [d["decision"] for d in decided]
        return {"id": sample_id, "digest": digest(told)}


def _grouped(
    rows: Iterable[ResultRow], key: Callable[[ResultRow], str]
) -> dict[str, list[ResultRow]]:
    found: dict[str, list[ResultRow]] = defaultdict(list)
    for row in rows:
        found[key(row)].append(row)
    return found


def _counted_reads(store: Store) -> dict[str, list[Row]]:
    """Reads that decided, by piece: blind, third and chair, as they stand."""
    return {
        piece: [
            {"rater_id": r.rater_id, "round": str(r.round), "marks": dict(sorted(r.marks.items()))}
            for r in reads
            if r.round in ("blind", "third", "chair")
        ]
        for piece, reads in standing_reads(store).items()
    }


def _resolved_holds(store: Store) -> dict[tuple[str, str], list[Json]]:
    owners = {row["submission_id"]: row for row in store.where("submission")}
    found: dict[tuple[str, str], list[Json]] = {}
    for case in holds(store):
        ended = [e for e in case["events"] if e["kind"] == "resolution"]
        for submission in case["submissions"] if ended else ():
            owner = owners[submission]
            found.setdefault((owner["teacher_id"], owner["competency"]), []).append(
                {"id": case["hold_id"], "disposition": ended[0]["disposition"]}
            )
    return found
