"""Flags: every reason to look, found again from what is stored; holds where policy asks for them.

A flag changes nothing. Its sentence stands in the locale under its code.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from models.cases import flags as recorded_flags
from models.cases import holds as recorded_holds
from models.ratings import mark_frame
from models.store import Act, Row, Store
from models.submissions import owned_pieces, remarks_by_piece
from rubrics.canonical import digest
from rubrics.policy_pack import PolicyPack
from scoring.discovery import Finding
from scoring.effects import Thresholds, severity_findings
from scoring.similarity.pairs import DOCUMENT, IMAGE, SELF, SLIDE, STRONG, TEXT, VIDEO, Pair
from workbench import messages
from workbench.services.holds import raise_holds
from workbench.services.roles import authorise
from workbench.services.similarity import similar_pairs
from workbench.services.workspace import Workspace

FACT = "fact"
"""Tier of a flag that states a fact and has no degree."""

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
_OWN_SENTENCE = ("identical_text", "identical_file", "created", "author_is_teacher")
FROM_INTAKE = ("unfilled_template", "outside_window", "official_limit")
RATER_CODES = ("severe_rater", "lenient_rater")
CODES = (
    *("copied_text", "reused_image", "reused_video", "shared_author", "shared_revisions"),
    *FROM_INTAKE,
    *RATER_CODES,
)

_RANDOM_SEED = 20260101  # of the permutations; the p values are the same at each run


@dataclass(frozen=True)
class Flag:
    """One reason to look.

    ``subject`` is ``piece``, ``pair``, ``rater`` or ``rater_pair`` and ``ids``
    the pieces or raters; ``values`` fill its sentence.
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
        return "f" + digest([self.code, list(self.ids), self.exhibit.get("reason", "")])[:12]


@dataclass(frozen=True)
class Raised:
    """What a look brought: flags found now, how many are new, and the holds raised for them."""

    flags: tuple[Flag, ...]
    new: int
    holds: tuple[str, ...]


def raise_flags(workspace: Workspace, act: Act) -> Raised:
    """Look at everything, keep what is new, and raise the holds policy asks for."""
    policy = workspace.policy
    with workspace.store() as store:
        act = authorise(store, act, "flags.raise")
        found = find_flags(store, policy)
        known = {row["flag_id"] for row in store.where("flag")}
        fresh = [flag for flag in found if flag.flag_id not in known]
        submissions = {row["piece_id"]: row["submission_id"] for row in owned_pieces(store)}
        if not fresh:
            return Raised(tuple(found), 0, ())
        with store.transaction(act, "flags.raise") as tx:
            tx.insert("flag", [_row(flag) for flag in fresh])
            holding = [
                {
                    "flag_id": flag.flag_id,
                    "code": flag.code,
                    "submissions": list(
                        dict.fromkeys(submissions[i] for i in flag.ids if i in submissions)
                    ),
                }
                for flag in fresh
                if holds_results(flag, policy)
            ]
            made = raise_holds(store, tx, holding, act, policy["hold.due_days"])
    return Raised(tuple(found), len(fresh), tuple(made))


def find_flags(store: Store, policy: PolicyPack) -> list[Flag]:
    """Flags of everything stored now, by code."""
    labels = piece_labels(store)
    found = [
        *(_pair_flag(pair, labels) for pair in similar_pairs(store, policy)),
        *_intake_flags(store, labels),
        *_rater_flags(store, policy),
    ]
    unique = {flag.flag_id: flag for flag in found}
    return sorted(unique.values(), key=lambda flag: (CODES.index(flag.code), flag.ids))


def holds_results(flag: Flag, policy: PolicyPack) -> bool:
    """Whether policy holds results for this flag: only facts and the strong tier do."""
    return flag.tier in (STRONG, FACT) and bool(policy[f"flag.{flag.code}.hold"])


def list_flags(workspace: Workspace) -> list[dict[str, object]]:
    """Recorded flags as the objects of ``flags --json``, with their sentences and state."""
    with workspace.store() as store:
        states = _states(store)
        return [
            {
                "code": row["code"],
                "subject": row["subject"],
                "ids": row["ids"],
                "effect": row["effect"],
                "p": row["p"] or None,
                "q": row["q"] or None,
                "tier": row["tier"],
                "sentence_zh": sentence(row, "zh"),
                "sentence_en": sentence(row, "en"),
                "state": states.get(row["flag_id"], "open"),
            }
            for row in recorded_flags(store)
        ]


def sentence(flag: Row, language: str) -> str:
    """Sentence of a recorded flag."""
    key = f"flag.{flag['code']}.{flag['exhibit'].get('variant', 'sentence')}"
    return messages.sentence(language, key, **flag["exhibit"]["values"])


def piece_labels(store: Store) -> dict[str, str]:
    """How a piece is named to a chair or the county: school, teacher's number, slot."""
    return {
        row[
            "piece_id"
        ]: f"{row['school_name']} {row['teacher_no'] or row['teacher_id']} {row['slot_id']}"
        for row in owned_pieces(store)
    }


def _states(store: Store) -> dict[str, str]:
    states: dict[str, str] = {}
    for case in recorded_holds(store):
        if case["flag_id"] and states.get(case["flag_id"]) != "held":
            states[case["flag_id"]] = "held" if case["state"] == "open" else "resolved"
    return states


def _row(flag: Flag) -> dict[str, object]:
    exhibit = {**flag.exhibit, "values": dict(flag.values)}
    return {
        "flag_id": flag.flag_id,
        "code": flag.code,
        "subject": flag.subject,
        "ids": json.dumps(list(flag.ids)),
        "tier": flag.tier,
        "effect": flag.effect,
        "p": flag.p,
        "q": flag.q,
        "exhibit": json.dumps(exhibit, ensure_ascii=False),
    }


def _pair_flag(pair: Pair, labels: Mapping[str, str]) -> Flag:
    code = CODE_OF_TRACE[pair.reason] if pair.kind == DOCUMENT else CODE_OF_KIND[pair.kind]
    variant = "self" if pair.tier == SELF and code == "copied_text" else "sentence"
    if pair.reason in _OWN_SENTENCE and variant == "sentence":
        variant = pair.reason
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
    return Flag(
        code,
        "pair",
        tuple(piece for piece in (pair.a, pair.b) if piece),
        pair.tier,
        "" if effect is None else f"{effect:.4g}",
        values=values,
        exhibit={
            **pair.as_row(),
            "reason": pair.reason,
            "variant": variant,
            "shown": pair.exhibits,
        },
    )


def _intake_flags(store: Store, labels: Mapping[str, str]) -> Iterator[Flag]:
    for piece_id, remarks in remarks_by_piece(store).items():
        for remark in remarks:
            if remark["code"] in FROM_INTAKE:
                values = {**remark["values"], "piece": labels[piece_id]}
                exhibit = {"reason": remark["code"], "variant": _variant(remark)}
                effect = str(remark["values"].get("share", ""))
                yield Flag(
                    remark["code"],
                    "piece",
                    (piece_id,),
                    FACT,
                    effect,
                    values=values,
                    exhibit=exhibit,
                )


def _variant(remark: Row) -> str:
    if remark["code"] == "outside_window":
        return str(remark["values"]["what"])
    if remark["code"] == "official_limit":
        return str(remark["values"]["limit"])
    if remark["code"] == "unfilled_template" and remark["values"]["why"] == "prompts":
        return "prompts"
    return "sentence"


def _rater_flags(store: Store, policy: PolicyPack) -> Iterator[Flag]:
    marks = mark_frame(store, ("blind",))
    if marks.empty:
        return
    rule = policy.section("flag.severe_rater")
    thresholds = Thresholds(rule["q"], rule["min_effect"], rule["min_reads"], rule["min_panel"])
    for found in severity_findings(marks, thresholds, _RANDOM_SEED):
        if found.flagged:
            yield _rater_flag(found)


def _rater_flag(found: Finding) -> Flag:
    size = abs(found.effect or 0.0)
    values = {
        "rater": found.ids[0],
        "other": found.ids[-1],
        "points": f"{size:.0%}",
        "n": str(found.n),
        "detectable": "" if found.detectable is None else f"{found.detectable:.0%}",
    }
    variant = "pair" if found.subject == "rater_pair" else "sentence"
    return Flag(
        found.code,
        found.subject,
        found.ids,
        FACT,
        f"{found.effect:.3f}",
        f"{found.p:.2g}",
        f"{found.q:.2g}",
        values,
        {"reason": found.code, "variant": variant},
    )
