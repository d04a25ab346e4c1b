"""What a ledger entry says of a result: its level, what decided it, and what it rests on."""

from __future__ import annotations

from importlib.metadata import version

from models.cases import holds
from models.ledger.verifying import current_results
from models.ratings import standing_reads
from models.store import Row, Store
from models.submissions import files_by_piece
from models.supervision import latest_sample
from rubrics.canonical import Json, digest
from workbench.services.identities import identities, school_label
from workbench.services.publicity import cleared
from workbench.services.results import CONCLUSION, ResultRow, Standing, consensus_rule
from workbench.services.workspace import Workspace


class Drafting:
    """Turns a result into the draft of its ledger entry, unless it stands there already."""

    def __init__(
        self, store: Store, workspace: Workspace, standing: Standing, school_id: str
    ) -> None:
        self._store, self._workspace, self._standing = store, workspace, standing
        self._school_id, self._school = school_id, school_label(store, school_id)
        self._who = identities(store)
        self._files = files_by_piece(store)
        self._shown = cleared(store)
        self._raters = {r["person_id"]: r["pseudonym"] for r in store.where("person")}
        self._reads = _counted_reads(store)
        path = workspace.ledger_path(school_id)
        stands = current_results(path) if path.exists() else []
        self._stands = {(r["subject"], r["competency"]): r for r in stands}
        self._holds = _resolved_holds(store)

    def draft(self, row: ResultRow) -> dict[str, Json] | None:
        """Draft of one result; None where the ledger says the same already."""
        pseudonym, person = self._who[row.teacher_id]
        earlier = self._stands.get((pseudonym, row.competency))
        if earlier and earlier["level"] == row.level and earlier["attempt"] == row.attempt:
            return None
        draft: dict[str, Json] = {
            "kind": "result",
            "round": self._workspace.round_name,
            "school": self._school,
            "subject": pseudonym,
            "competency": row.competency,
            "level": str(row.level),
            "attempt": row.attempt,
            "pii_commit": person.commitment,
            "policy": self._workspace.policy.digest,
            "publicity": self._publicity(row),
            "county_check": self._county_check(),
            **self._grounds(row),
        }
        if earlier:
            again = "re_read" if earlier["attempt"] == row.attempt else "resubmitted"
            draft |= {"kind": "supersede", "supersedes": earlier["seq"], "reason": again}
        return draft

    def _grounds(self, row: ResultRow) -> dict[str, Json]:
        if row.competency == CONCLUSION:
            own = [
                r
                for r in self._standing.rows
                if r.teacher_id == row.teacher_id and r.competency != CONCLUSION
            ]
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
        pieces = self._standing.pieces.get((row.teacher_id, row.competency), {})
        reads = [(p, read) for p in pieces.values() for read in self._reads.get(p, ())]
        return {
            "decided_by": [
                {
                    "piece": pieces.get(decider.slot_id, ""),
                    "slot": decider.slot_id,
                    "criteria": list(decider.criteria),
                }
                for decider in row.decided_by
            ],
            "reads": [
                {"rater": self._raters.get(r["rater_id"], ""), "piece": p, "round": r["round"]}
                for p, r in reads
            ],
            "evidence": sorted(
                {
                    f["sha256"]
                    for p in pieces.values()
                    for f in self._files.get(p, ())
                    if f["sha256"]  # a video kept elsewhere may have come without one
                }
            ),
            "rubric": self._workspace.rubrics[row.competency].digest,
            "holds": self._holds.get((row.teacher_id, row.competency), []),
            "run": self._run(reads),
        }

    def _run(self, reads: list[tuple[str, Row]]) -> str:
        rule = consensus_rule(self._workspace.policy)
        told = [[p, self._raters.get(r["rater_id"], ""), r["round"], r["marks"]] for p, r in reads]
        how = [rule.reads_per_piece, rule.third, rule.ruling_at_gap_of_two]
        return digest([self._software(), how, told])

    def _software(self) -> str:
        return "workbench " + version("evidence-workbench")

    def _publicity(self, row: ResultRow) -> Json:
        publication_id, _ = self._shown[row.teacher_id, row.competency]
        listed = self._store.where("published_result", publication_id=publication_id)
        told = [[r["teacher_id"], r["competency"], r["level"]] for r in listed]
        return {"id": publication_id, "digest": digest([publication_id, told])}

    def _county_check(self) -> Json:
        """Latest sample and what the county decided on this school; None without a sample."""
        drawn = [p for p in latest_sample(self._store) if p["school_id"] == self._school_id]
        if not drawn:
            return None
        sample_id = drawn[0]["sample_id"]
        decided = self._store.where(
            "county_decision", sample_id=sample_id, school_id=self._school_id
        )
        told = [[p["piece_id"], p["why"]] for p in drawn], [d["decision"] for d in decided]
        return {"id": sample_id, "digest": digest(told)}


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
