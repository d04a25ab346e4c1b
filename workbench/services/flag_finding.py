"""Finding flags: what comparisons, intake and tests say of everything stored, as flags.

Copies and what intake remarked are facts about files and can be looked at any
day. Tests are not: the more often one looks, the more one finds. They count at
the fixed moments only; before, they are marked as early.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from models.store import Row, Store
from models.submissions import remarks_by_piece
from rubrics.canonical import digest
from rubrics.errors import WorkbenchError
from scoring.flags import CATALOGUE, INTAKE, SCHOOL, TESTED, of_source, shown_effect
from scoring.similarity.pairs import DOCUMENT, IMAGE, PASSAGE, SELF, SLIDE, TEXT, VIDEO, Pair
from workbench.services.analyses import last_analysis, plain
from workbench.services.analysing import KINDS, RANDOM_SEED
from workbench.services.similarity import compare_all
from workbench.services.workspace import Workspace

FACT = "fact"
"""Tier of a flag that states a fact, or a test at a fixed moment, and has no degree."""

EARLY = "early"
"""Tier of a test that was looked at while reads were still to come: it opens no case."""

CODE_OF_KIND = {
    TEXT: "copied_text",
    IMAGE: "reused_image",
    SLIDE: "reused_image",
    VIDEO: "reused_video",
}
CODE_OF_TRACE = {
    "identical_file": "copied_text",
    "author_is_teacher": "shared_author",
    "author": "shared_author",
    "revisions": "shared_revisions",
    "created": "shared_revisions",
}
SHARED_PASSAGE = "shared_passage"
_FROM_INTAKE = of_source(INTAKE)


@dataclass(frozen=True)
class Flag:
    """One reason to look.

    ``subject`` is what ``ids`` name, of `scoring.flags.SUBJECTS`; ``values`` fill
    its sentence.
    """

    code: str
    subject: str
    ids: tuple[str, ...]
    tier: str
    effect: str = ""
    p: str = ""
    q: str = ""
    values: Mapping[str, str] = field(default_factory=dict)
    exhibit: Mapping[str, object] = field(default_factory=dict)

    @property
    def flag_id(self) -> str:
        """Identifier that is the same whenever the same thing is found again."""
        named: list[Any] = [self.code, list(self.ids), self.exhibit.get("reason", "")]
        return "f" + digest([*named, EARLY] if self.tier == EARLY else named)[:12]


@dataclass(frozen=True)
class Found:
    """Flags, and what was looked at.

    ``tested`` counts by code what was ``tested``, had ``too_few`` data and was
    ``flagged``; ``gaps`` pieces not compared by reason; ``schools`` how many there
    are; ``unknown`` the tests for which the data were too few as a whole.
    """

    flags: tuple[Flag, ...]
    tested: Mapping[str, Mapping[str, int]]
    gaps: Mapping[str, int]
    schools: int
    unknown: tuple[str, ...]

    def told(self) -> dict[str, Any]:
        """What the look keeps of itself."""
        return {
            "tested": {code: dict(counts) for code, counts in self.tested.items()},
            "gaps": dict(self.gaps),
            "schools": self.schools,
            "unknown": list(self.unknown),
        }


def find_flags(
    workspace: Workspace, store: Store, labels: Mapping[str, str], *, early: bool
) -> Found:
    """Flags of everything stored now, by code.

    Parameters
    ----------
    labels : mapping of str to str
        How a piece is named, by piece id.
    early : bool
        Whether reads are still to come, so that tests do not count yet.
    """
    compared = compare_all(workspace, store)
    findings, unknown = _findings(workspace)
    tier = EARLY if early else FACT
    names = {row["school_id"]: str(row["name"]) for row in store.where("school")}
    found = [
        *(_pair_flag(pair, labels) for pair in compared.pairs),
        *_intake_flags(store, labels),
        *(_tested_flag(each, tier, names) for each in findings if each["flagged"]),
    ]
    unique = {flag.flag_id: flag for flag in found}
    order = {code: place for place, code in enumerate(CATALOGUE)}
    flags = sorted(unique.values(), key=lambda flag: (order[flag.code], flag.ids))
    gaps = Counter(reason for _, reason in compared.gaps)
    return Found(tuple(flags), _counts(findings), gaps, compared.schools, unknown)


def _pair_flag(pair: Pair, labels: Mapping[str, str]) -> Flag:
    code = CODE_OF_TRACE[pair.reason] if pair.kind == DOCUMENT else CODE_OF_KIND[pair.kind]
    code = SHARED_PASSAGE if pair.tier == PASSAGE else code
    variant = "self" if pair.tier == SELF else pair.reason
    if variant not in CATALOGUE[code].variants:
        variant = "sentence"
    values = {
        "a": labels.get(pair.a, pair.teacher_a),
        "b": labels.get(pair.b, pair.teacher_b),
        "share": "" if pair.share is None else f"{pair.share:.0%}",
        "run": str(pair.longest_run or 0),
        "distance": str(pair.distance if pair.distance is not None else ""),
        "shown": "、".join(pair.exhibits[:3]),
        "count": str(len(pair.exhibits)),
    }
    effect = pair.share if pair.share is not None else pair.distance
    about = {"reason": pair.reason, "variant": variant, "shown": pair.exhibits}
    return Flag(
        code,
        "pair",
        tuple(piece for piece in (pair.a, pair.b) if piece),
        pair.tier,
        "" if effect is None else f"{effect:.4g}",
        values=values,
        exhibit={**pair.as_row(), **about},
    )


def _intake_flags(store: Store, labels: Mapping[str, str]) -> Iterator[Flag]:
    for piece_id, remarks in remarks_by_piece(store).items():
        for remark in remarks:
            if remark["code"] in _FROM_INTAKE:
                yield Flag(
                    remark["code"],
                    "piece",
                    (piece_id,),
                    FACT,
                    str(remark["values"].get("share", "")),
                    values={**remark["values"], "piece": labels[piece_id]},
                    exhibit={"reason": remark["code"], "variant": _variant(remark)},
                )


def _variant(remark: Row) -> str:
    if remark["code"] == "outside_window":
        return str(remark["values"]["what"])
    if remark["code"] == "official_limit":
        return str(remark["values"]["limit"])
    if remark["code"] == "unfilled_template" and remark["values"]["why"] == "prompts":
        return "prompts"
    return "sentence"


def _findings(workspace: Workspace) -> tuple[list[Mapping[str, Any]], tuple[str, ...]]:
    """Every test of raters and schools there is, and the kinds whose data are too few."""
    found: list[Mapping[str, Any]] = []
    unknown = []
    for kind in TESTED:
        if kind not in KINDS:
            continue
        try:
            payload = _newest(workspace, kind)
        except WorkbenchError:
            unknown.append(kind)
        else:
            found += [each for each in payload["findings"] if each["code"] in CATALOGUE]
    return found, tuple(unknown)


def _newest(workspace: Workspace, kind: str) -> Mapping[str, Any]:
    """Analysis of the whole workspace: the stored one if nothing came since, else computed now."""
    made: Mapping[str, Any]
    stored = last_analysis(workspace, kind, None, KINDS[kind].parameters)
    fresh = stored is not None and not (stored.reads_since or stored.reopened_since)
    if stored is not None and fresh and stored.policy == workspace.policy.digest:
        made = stored.payload
        return made
    made = plain(KINDS[kind].compute(workspace, None, RANDOM_SEED))
    return made


def _tested_flag(found: Mapping[str, Any], tier: str, schools: Mapping[str, str]) -> Flag:
    ids = tuple(str(each) for each in found["ids"])
    values = {
        "points": shown_effect(found["code"], found["effect"]),
        "n": str(found["n"]),
        "detectable": shown_effect(found["code"], found["detectable"]),
    }
    if found["subject"] == SCHOOL:
        values["school"] = schools.get(ids[0], ids[0])
    else:
        values |= {"rater": ids[0], "other": ids[-1]}
    both = found["subject"] == "rater_pair" and "pair" in CATALOGUE[found["code"]].variants
    return Flag(
        found["code"],
        found["subject"],
        ids,
        tier,
        _written(found["effect"], ".3f"),
        _written(found["p"], ".2g"),
        _written(found["q"], ".2g"),
        values,
        {"reason": found["code"], "variant": "pair" if both else "sentence"},
    )


def _written(value: float | None, form: str) -> str:
    return "" if value is None else format(value, form)


def _counts(findings: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    made: dict[str, dict[str, int]] = {}
    for each in findings:
        own = made.setdefault(each["code"], {"tested": 0, "too_few": 0, "flagged": 0})
        own["tested" if each["minimum_met"] else "too_few"] += 1
        own["flagged"] += bool(each["flagged"])
    return made
