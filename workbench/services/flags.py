"""Flags: every reason to look, found again from what is stored; cases where people have to answer.

A flag changes nothing. Its sentence stands in the locale under its code. When
everything is looked at, and what that came to, is kept as a look.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from models.audit_trail import last_seq
from models.cases import flags as recorded_flags
from models.cases import holds as recorded_holds
from models.looks import newest_look
from models.recalls import submissions_read_by
from models.store import Act, Row, Store
from models.submissions import owned_pieces
from rubrics.policy_pack import PolicyPack
from scoring.flags import CATALOGUE, PAIR, PIECE, SCHOOL
from scoring.similarity.pairs import STRONG
from workbench import messages
from workbench.errors import InputError, RefusedError
from workbench.services.case_opening import NewCase, open_cases
from workbench.services.flag_finding import EARLY, FACT, Flag, Found, find_flags
from workbench.services.looks import EARLY_GATE, gate_now, nothing_new
from workbench.services.roles import authorise
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class Raised:
    """What a look brought.

    ``flags`` found now, how many are ``new``, the cases opened for them
    (``holds``), the moment it was (``gate``) and what it could ``told`` not look at.
    """

    flags: tuple[Flag, ...]
    new: int
    holds: tuple[str, ...]
    gate: str
    told: Mapping[str, Any]


def raise_flags(workspace: Workspace, act: Act) -> Raised:
    """Look at everything, keep what is new, and open the cases it asks for.

    Raises
    ------
    RefusedError
        If the actor may not.
    """
    with workspace.store() as store:
        act = authorise(store, act, "flags.raise")
        gate, version = gate_now(store, workspace), last_seq(store)
        found = find_flags(workspace, store, piece_labels(store), early=gate == EARLY_GATE)
        known = {row["flag_id"] for row in store.where("flag")}
        fresh = [flag for flag in found.flags if flag.flag_id not in known]
        if not fresh and nothing_new(store, gate):
            return Raised(found.flags, 0, (), gate, found.told())
        made = _keep(store, workspace.policy, found, fresh, (gate, version), act)
    return Raised(found.flags, len(fresh), made, gate, found.told())


def _keep(
    store: Store,
    policy: PolicyPack,
    found: Found,
    fresh: list[Flag],
    moment: tuple[str, int],
    act: Act,
) -> tuple[str, ...]:
    """Write the look, the flags nobody knew and their cases; ids of the cases."""
    gate, version = moment
    told = json.dumps(found.told(), ensure_ascii=False, sort_keys=True)
    owners = {row["piece_id"]: row for row in owned_pieces(store)}
    with store.transaction(act, "flags.raise", gate) as tx:
        tx.insert("flag_look", [{"gate": gate, "data_version": version, "told": told}])
        tx.insert("flag", [_row(flag) for flag in fresh])
        wanted = [
            case
            for flag in fresh
            if asks_for_a_case(flag, policy)
            for case in _cases(store, flag, owners, stops=holds_results(flag, policy))
        ]
        return tuple(open_cases(store, tx, wanted, act.actor, act, policy["hold.due_days"]))


def open_case(workspace: Workspace, flag_id: str, act: Act) -> list[str]:
    """Open the cases of a flag that opened none by itself; ids of the cases.

    Evidence is held; a flag about raters or schools stops nothing unless the policy says so.

    Raises
    ------
    InputError
        If there is no such flag.
    RefusedError
        If it has an open case, only orders the reading, or the actor may not.
    """
    with workspace.store() as store:
        act = authorise(store, act, "hold.open")
        row = next((r for r in recorded_flags(store) if r["flag_id"] == flag_id), None)
        if row is None:
            raise InputError(
                f"there is no flag {flag_id}. `workbench flags list` names those there are.",
                key="hold.no_flag",
                flag=flag_id,
            )
        under_way = {h["flag_id"] for h in recorded_holds(store) if h["state"] == "open"}
        if flag_id in under_way or not CATALOGUE[row["code"]].opens_case:
            raise RefusedError(
                f"flag {flag_id} has an open case already, or only puts pieces in an order.",
                key="hold.flag_has_case",
                flag=flag_id,
            )
        flag = Flag(row["code"], row["subject"], tuple(row["ids"]), row["tier"])
        owners = {each["piece_id"]: each for each in owned_pieces(store)}
        stops = flag.subject in (PIECE, PAIR) or _holds(flag, workspace.policy)
        for school in {owners[i]["school_id"] for i in flag.ids if i in owners}:
            authorise(store, act, "hold.open", school)
        wanted = [
            NewCase(case.code, flag_id, case.submissions)
            for case in _cases(store, flag, owners, stops=stops)
        ]
        with store.transaction(act, "hold.open", flag_id) as tx:
            due = workspace.policy["hold.due_days"]
            return open_cases(store, tx, wanted, act.actor, act, due)


def holds_results(flag: Flag, policy: PolicyPack) -> bool:
    """Whether policy holds results for this flag: only facts and the strong tier do."""
    return flag.tier in (STRONG, FACT) and _holds(flag, policy)


def asks_for_a_case(flag: Flag, policy: PolicyPack) -> bool:
    """Whether a flag opens a case by itself.

    One about evidence does where it holds a result; one about raters or schools
    where a test at a fixed moment found it, so that they are heard and it is
    known in the end whether it was a false alarm.
    """
    if not CATALOGUE[flag.code].opens_case or flag.tier == EARLY:
        return False
    return flag.subject not in (PIECE, PAIR) or holds_results(flag, policy)


def list_flags(workspace: Workspace) -> list[dict[str, object]]:
    """Recorded flags as the objects of ``flags --json``, with their sentences and state.

    Early looks at tests are left out once a fixed moment has had its look.
    """
    with workspace.store() as store:
        return flag_rows(store)


def flag_rows(store: Store) -> list[dict[str, object]]:
    """Objects of `list_flags`, each with its ``flag_id``."""
    states = _states(store)
    return [
        {
            "flag_id": row["flag_id"],
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
        for row in standing_flags(store)
    ]


def standing_flags(store: Store) -> list[Row]:
    """Flags that stand: all but early ones from before the last look at a fixed moment."""
    look = newest_look(store)
    settled = look is not None and look["gate"] != EARLY_GATE
    return [row for row in recorded_flags(store) if not (settled and row["tier"] == EARLY)]


def sentence(flag: Row, language: str) -> str:
    """Sentence of a recorded flag."""
    key = f"flag.{flag['code']}.{flag['exhibit'].get('variant', 'sentence')}"
    return messages.sentence(language, key, **flag["exhibit"]["values"])


def tier_said(code: str, tier: str) -> str:
    """Say a flag's tier; a test that counts is called so, and not a fact."""
    tested = tier == FACT and CATALOGUE[code].tested
    return messages.text("tier.tested" if tested else f"tier.{tier}")


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
        if case["flag_id"] and states.get(case["flag_id"]) not in ("held", "asked"):
            under_way = "held" if case["submissions"] else "asked"
            states[case["flag_id"]] = under_way if case["state"] == "open" else "resolved"
    return states


def _holds(flag: Flag, policy: PolicyPack) -> bool:
    key = f"flag.{flag.code}.hold"
    return key in policy and bool(policy[key])


def _cases(
    store: Store, flag: Flag, owners: Mapping[str, Row], *, stops: bool
) -> Iterator[NewCase]:
    """Cases of a flag: of evidence one for each submission, as each answers for one's own."""
    if flag.subject in (PIECE, PAIR):
        for submission in _submissions(flag.ids, owners):
            yield NewCase(flag.code, flag.flag_id, (submission,))
        return
    stopped: Iterable[str] = ()
    if stops and flag.subject == SCHOOL:
        own = (piece for piece, row in owners.items() if row["school_id"] in flag.ids)
        stopped = _submissions(own, owners)
    elif stops:
        stopped = submissions_read_by(store, flag.ids)
    yield NewCase(flag.code, flag.flag_id, tuple(stopped))


def _submissions(pieces: Iterable[str], owners: Mapping[str, Row]) -> Collection[str]:
    return list(dict.fromkeys(owners[i]["submission_id"] for i in pieces if i in owners))


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
