"""Packs of precedents out and in: one JSON file, its digest, and the seal of the county it comes from.

A pack names no teacher, school or reader. Its seal is a note signed with the
workspace's own key for precedents (Ed25519); whoever takes packs from the same
county twice sees the same key.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from models import precedents as kept
from models.errors import LedgerError
from models.ledger.notes import Note, parse_key, parse_note, verified_keys
from models.ledger.signing import Signer, load_signer, new_signer, save_signer
from models.store import Act, Row, Store
from rubrics.canonical import digest, exact
from workbench.errors import InputError
from workbench.messages import text
from workbench.services.precedents import (
    CONTENT,
    LONGEST_EXCERPT,
    criterion_in,
    identifier,
    terms_of,
    wording_of,
)
from workbench.services.reach import bound_school
from workbench.services.roles import ALLOWED, authorise, person_of
from workbench.services.workspace import Fresh, Workspace

FORMAT = "workbench-precedents-1"
_LARGEST = 64 << 20  # bytes of a pack
_LONGEST = 4_000  # characters of any text in it
_TEXTS = ("precedent_id", "competency", "slot_id", "criterion_id", "wording", "rubric_version")


@dataclass(frozen=True)
class PackTaken:
    """What came of a pack.

    ``taken`` precedents are new; ``known`` were here; ``older`` of those taken are
    on a criterion worded otherwise now; ``conflicts`` are sentences on rulings that
    go against one kept here; ``refused`` sentences on what cannot be taken.
    ``key`` is the county's key, empty without a seal.
    """

    place: str
    taken: int
    known: int
    older: int
    conflicts: tuple[str, ...]
    refused: tuple[str, ...]
    key: str


def export_precedents(
    workspace: Workspace, path: Path, act: Act, fresh: Fresh, *, all_that_stand: bool = False
) -> int:
    """Write the precedents that stand and are for everybody as a pack; returns how many.

    Parameters
    ----------
    path : Path
        New file.
    all_that_stand : bool
        Those of one school alone too, not published yet.

    Raises
    ------
    InputError
        If the file is there, or there is nothing to write.
    """
    with workspace.store() as store:
        act = authorise(store, act, "precedent.save")
        own = bound_school(store, person_of(store, act.actor), ALLOWED["precedent.save"])
        rows = [
            row
            for row in kept.all_precedents(store)
            if not row["ended"]
            and own in (None, row["scope"], "" if row["published"] else own)
            and (all_that_stand or not row["scope"] or row["published"])
        ]
    if path.exists() or not rows:
        raise InputError(
            f"{path} is there already, or there is no precedent to write. Name a new file, "
            "or publish precedents first.",
            key="precedents.no_export",
            file=path.name,
        )
    told = packed(workspace, rows)
    signer = _signer(workspace, fresh)
    note = Note(f"{FORMAT}\n{told['digest']}\n", (signer.sign(f"{FORMAT}\n{told['digest']}\n"),))
    told |= {"key": signer.key.text, "seal": str(note)}
    path.write_text(json.dumps(told, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
    return len(rows)


def packed(workspace: Workspace, rows: list[Row]) -> dict[str, Any]:
    """Pack of these rows with its digest, without a seal."""
    listed = [_out(row) for row in rows]
    body = {"place": workspace.place, "round": workspace.round_name, "precedents": listed}
    return {"format": FORMAT, **body, "digest": digest(exact(body))}


def import_precedents(workspace: Workspace, path: Path, act: Act) -> PackTaken:
    """Take a pack in; each precedent whole or not at all, the same twice once.

    Raises
    ------
    InputError
        If the file is no pack, or was changed after it was written.
    RefusedError
        If the actor may not.
    """
    told = _read(path)
    key = _sealed_by(told, path.name)
    with workspace.store() as store:
        act = authorise(store, act, "precedent.import")
        own = bound_school(store, person_of(store, act.actor), ALLOWED["precedent.import"])
        sorted_out = _sorted_out(store, workspace, told, own or "")
        rows = sorted_out.rows
        if rows:
            with store.transaction(act, "precedent.import", told["digest"][:16]) as tx:
                kept.keep_precedents(store, tx, [(row, terms_of(row["content"])) for row in rows])
    older = sum(_is_older(workspace, row) for row in rows)
    said = tuple(sorted_out.conflicts), tuple(sorted_out.refused)
    return PackTaken(str(told["place"]), len(rows), sorted_out.known, older, *said, key)


def carry_precedents(last: Workspace, made: Workspace, act: Act) -> int:
    """Take every precedent that stands over into the next round, with whose work it was."""
    with last.store() as before:
        rows = [row for row in kept.all_precedents(before) if not row["ended"]]
        names = {row["school_id"]: row["name"] for row in before.where("school")}
    with made.store() as store:
        schools = {row["name"]: row["school_id"] for row in store.where("school")}
        carried = [
            (
                {
                    **_in(row, row["pack"]),
                    "author": row["author"],
                    "scope": _scope(row, names, schools),
                }
            )
            for row in rows
        ]
        if carried:
            with store.transaction(act, "precedent.import", last.round_name) as tx:
                kept.keep_precedents(store, tx, [(r, terms_of(r["content"])) for r in carried])
    return len(carried)


def _scope(row: Row, names: Mapping[str, str], schools: Mapping[str, str]) -> str:
    """School of the new round a precedent is for; one whose school is gone is nobody else's."""
    if not row["scope"] or row["published"]:
        return ""
    return schools.get(names.get(row["scope"], ""), row["scope"])


@dataclass(frozen=True)
class _SortedOut:
    rows: list[Row]
    known: int
    conflicts: list[str]
    refused: list[str]


def _sorted_out(store: Store, workspace: Workspace, told: Row, scope: str) -> _SortedOut:
    """Tell what of a pack is new, known, against another ruling, or of no use here."""
    here = {row["precedent_id"]: row for row in kept.all_precedents(store)}
    ruled = {
        (row["criterion_id"], row["wording"], row["content"]["excerpt"]): row
        for row in here.values()
        if row["content"]["excerpt"] and not row["ended"]
    }
    out = _SortedOut([], sum(each["precedent_id"] in here for each in told["precedents"]), [], [])
    for each in told["precedents"]:
        if each["precedent_id"] in here:
            continue
        if why := _fault(workspace, each):
            said = {"precedent": str(each.get("precedent_id", "?")), "why": why}
            out.refused.append(text("precedents.refused", **said))
            continue
        row = {**_in(each, told["digest"]), "author": "", "scope": scope}
        other = ruled.get((row["criterion_id"], row["wording"], row["content"]["excerpt"]))
        if other is not None and other["met"] != row["met"]:
            pair = {"precedent": row["precedent_id"], "other": other["precedent_id"]}
            out.conflicts.append(text("precedents.conflict", **pair))
        here[row["precedent_id"]] = row
        out.rows.append(row)
    return out


def _fault(workspace: Workspace, each: Mapping[str, Any]) -> str:
    """Why one precedent of a pack cannot be taken; empty where it can."""
    if each["competency"] not in workspace.rubrics:
        return text("precedents.no_rubric", competency=each["competency"])
    criterion = criterion_in(workspace, each)
    if criterion is None:
        return text("precedents.no_criterion", criterion=each["criterion_id"])
    if identifier(each) != each["precedent_id"]:
        return text("precedents.changed")
    return ""


def _is_older(workspace: Workspace, row: Row) -> bool:
    criterion = criterion_in(workspace, row)
    return criterion is None or wording_of(criterion) != row["wording"]


def _out(row: Row) -> dict[str, Any]:
    """Precedent as a pack tells it: neither piece, teacher, school nor actor."""
    told = {name: row[name] for name in (*_TEXTS, "met", "year")}
    return told | {"content": {name: row["content"][name] for name in CONTENT}}


def _in(row: Mapping[str, Any], pack: str) -> Row:
    return {**_out(dict(row)), "piece_id": "", "pack": pack}


def _read(path: Path) -> dict[str, Any]:
    """Pack of a file, its form and digest checked."""
    try:
        if path.stat().st_size > _LARGEST:
            raise ValueError("too large")
        told = json.loads(path.read_text(encoding="utf-8-sig"))
        body = {name: told[name] for name in ("place", "round", "precedents")}
        for each in told["precedents"]:
            _check(each)
        if told["format"] != FORMAT or told["digest"] != digest(exact(body)):
            raise ValueError("its digest is not that of its content")
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise InputError(
            f"{path.name} is no pack of precedents as it was written ({error}). "
            "Ask for the file again.",
            key="precedents.no_pack",
            file=path.name,
        ) from error
    return dict(told)


def _check(each: dict[str, Any]) -> None:
    """ValueError for a precedent of another form than packs have."""
    content = each["content"]
    texts = [each[name] for name in _TEXTS]
    texts += [content[name] for name in CONTENT if name != "reads"]
    marks = [each["met"], *(mark for mark in content["reads"] if mark is not None)]
    whole = all(isinstance(told, str) and len(told) <= _LONGEST for told in texts)
    plain = all(type(mark) is int and mark in (0, 1) for mark in marks)
    if not whole or not plain or type(each["year"]) is not int or not each["precedent_id"]:
        raise ValueError(f"precedent {each['precedent_id']!r} is of another form")
    if len(content["excerpt"]) > LONGEST_EXCERPT:
        raise ValueError(f"the excerpt of {each['precedent_id']} is too long")


def _sealed_by(told: Mapping[str, Any], name: str) -> str:
    """Key a pack is sealed with; empty where it has no seal."""
    if not told.get("seal"):
        return ""
    try:
        note = parse_note(str(told["seal"]))
        keys = verified_keys(note, [parse_key(str(told["key"]))])
        if not keys or note.text != f"{FORMAT}\n{told['digest']}\n":
            raise ValueError("another pack")
    except (LedgerError, ValueError, KeyError) as error:
        raise InputError(
            f"the seal of {name} does not fit its content. Ask for the file again.",
            key="precedents.bad_seal",
            file=name,
        ) from error
    return keys[0].text


def _signer(workspace: Workspace, fresh: Fresh) -> Signer:
    """Key of the workspace's packs, drawn when first needed; another than the ledgers'."""
    path = workspace.folder / "keys" / "precedents.pem"
    place = "".join("-" if sign.isspace() or sign == "+" else sign for sign in workspace.place)
    name = f"{place}/precedents"
    if not path.exists():
        save_signer(new_signer(name, fresh(32)), path)
    return load_signer(path, name)
