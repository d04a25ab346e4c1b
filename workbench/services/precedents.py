"""Precedents 判例: rulings kept as examples, withdrawn or superseded, never edited; and who sees which.

A precedent belongs to one criterion as it was worded. Where the rubric has
changed the wording since, the precedent stays in the library, marked as of the
older version, and is no longer shown beside the criterion.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models import precedents as kept
from models.assignments import owned_piece, standing_reads_of
from models.records import Round
from models.store import Act, Row, Store
from rubrics.canonical import digest, exact
from rubrics.rubric import Criterion
from scoring.precedents import pairs
from workbench.errors import InputError, RefusedError
from workbench.services.desk_anchors import deciding_anchors, places_in_words
from workbench.services.earlier_rounds import teacher_key
from workbench.services.mask_words import MaskWords
from workbench.services.precedent_texts import excerpt_of
from workbench.services.reach import bound_school
from workbench.services.roles import ALLOWED, SEEN_BY, authorise, may_see, person_of
from workbench.services.workspace import Workspace

LONGEST_EXCERPT = 400
"""Characters of the masked evidence a precedent quotes."""

CURRENT, OLDER, GONE = "current", "older", "gone"
"""How a precedent's criterion stands to the rubric of now: same words, other words, not there."""


@dataclass(frozen=True)
class Precedent:
    """One precedent as somebody sees it.

    ``standing`` is how its criterion stands to the rubric of now; ``ended`` is
    ``withdrawn``, ``superseded`` or empty; ``reads`` are the marks that were given
    before the ruling, without readers; ``places`` say where in the evidence.
    """

    precedent_id: str
    competency: str
    slot_id: str
    criterion_id: str
    criterion_words: str
    rubric_version: str
    standing: str
    met: int
    code: str
    words: str
    excerpt: str
    places: str
    reads: tuple[int | None, ...]
    year: int
    origin: str
    ended: str
    ended_words: str
    successor: str
    published: bool
    shared: bool

    @property
    def stands(self) -> bool:
        """Whether it is to be followed now."""
        return not self.ended and self.standing == CURRENT

    def as_json(self) -> dict[str, object]:
        """Return the flat object of ``precedents list --json``."""
        return {**vars(self), "reads": list(self.reads)}


def wording_of(criterion: Criterion) -> str:
    """Digest of what a criterion asks; another wording is another criterion."""
    told = [criterion.criterion_id, str(criterion.level), criterion.text_zh, criterion.text_en]
    return digest([exact(part) for part in told])


def criterion_in(workspace: Workspace, row: Mapping[str, Any]) -> Criterion | None:
    """Return the criterion of that id in the rubrics of now; None where there is none."""
    if row["competency"] not in workspace.rubrics:
        return None
    for slot in workspace.rubrics[row["competency"]].slots:
        for criterion in slot.criteria:
            if criterion.criterion_id == row["criterion_id"]:
                return criterion
    return None


def save(
    workspace: Workspace,
    piece_id: str,
    criterion_id: str,
    act: Act,
    excerpt: str = "",
    words: str = "",
    replaces: str = "",
) -> str:
    """Keep a ruling as a precedent; returns its identifier.

    Parameters
    ----------
    workspace : Workspace
    piece_id, criterion_id : str
        A piece with a standing ruling on that criterion.
    act : Act
        Of a chair of the piece's school, or of the county.
    excerpt : str
        Words of the evidence; empty for the part of the masked copy nearest to the
        criterion. Names known to the round are covered in any case.
    words : str
        Why; empty for the reason of the ruling.
    replaces : str
        Precedent this one supersedes.

    Raises
    ------
    InputError
        If there is no ruling, the excerpt is too long, or the same is kept already.
    RefusedError
        If the actor may not.
    """
    with workspace.store() as store:
        piece = owned_piece(store, piece_id)
        act = authorise(store, act, "precedent.save", piece["school_id"] if piece else None)
        ruling = _ruling(store, piece_id, criterion_id)
        if piece is None or ruling is None:
            raise InputError(
                f"piece {piece_id} has no ruling on criterion {criterion_id}. Rule on it first.",
                key="precedents.no_ruling",
                piece=piece_id,
                criterion=criterion_id,
            )
        row = _row(store, workspace, piece, ruling, act, excerpt, words)
        old = _one(store, replaces) if replaces else None
        with store.transaction(act, "precedent.save", row["precedent_id"]) as tx:
            _must_be_new(store, row["precedent_id"])  # a second click may come at the same time
            kept.keep_precedents(store, tx, [(row, terms_of(row["content"]))])
            if old is not None:
                gone = {"precedent_id": replaces, "kind": "superseded", "words": act.reason}
                tx.insert("precedent_event", [{**gone, "successor": row["precedent_id"]}])
    return str(row["precedent_id"])


def _must_be_new(store: Store, precedent_id: str) -> None:
    if precedent_id in kept.kept_ids(store):
        raise InputError(
            f"this ruling is precedent {precedent_id} already.",
            key="precedents.known",
            precedent=precedent_id,
        )


def save_after_ruling(
    workspace: Workspace, piece_id: str, criteria: Collection[str], act: Act
) -> list[str]:
    """Keep the ruling on each of these criteria as a precedent, excerpts taken by themselves.

    Returns those that are new: a ruling in the same words on the same text, which the
    library has already, is left out, for the ruling itself stands.
    """
    kept_now = []
    for name in criteria:
        try:
            kept_now.append(save(workspace, piece_id, name, act))
        except InputError as refused:
            if refused.key != "precedents.known":
                raise
    return kept_now


def withdraw(workspace: Workspace, precedent_id: str, act: Act) -> None:
    """Withdraw a precedent, with its reason; it stays in the library as withdrawn.

    Raises
    ------
    InputError
        If there is none, or no reason.
    RefusedError
        If it has ended already, or the actor may not.
    """
    with workspace.store() as store:
        row = _one(store, precedent_id)
        act = authorise(store, act, "precedent.end", row["scope"] or None)
        own = bound_school(store, person_of(store, act.actor), ALLOWED["precedent.end"])
        if own is not None and own != row["scope"]:
            raise RefusedError(
                f"precedent {precedent_id} is the county's. Ask the county to withdraw it.",
                key="precedents.not_own",
                precedent=precedent_id,
            )
        if row["ended"]:
            raise RefusedError(
                f"precedent {precedent_id} has ended already.",
                key="precedents.ended",
                precedent=precedent_id,
            )
        if not act.reason.strip():
            raise InputError(
                "a precedent is withdrawn with a reason only.", key="precedents.reason"
            )
        with store.transaction(act, "precedent.end", precedent_id) as tx:
            told = {"precedent_id": precedent_id, "kind": "withdrawn", "successor": ""}
            tx.insert("precedent_event", [{**told, "words": act.reason.strip()}])


def publish(workspace: Workspace, precedent_ids: Sequence[str], act: Act) -> int:
    """Let every school see these precedents; returns how many were not seen by all before."""
    with workspace.store() as store:
        act = authorise(store, act, "precedent.publish")
        rows = [_one(store, each) for each in precedent_ids]
        due = [r["precedent_id"] for r in rows if r["scope"] and not r["published"]]
        told = {"kind": "published", "successor": "", "words": act.reason}
        if due:
            with store.transaction(act, "precedent.publish", f"{len(due)} precedents") as tx:
                tx.insert("precedent_event", [{**told, "precedent_id": each} for each in due])
    return len(due)


def open_rulings(workspace: Workspace, person_id: str) -> list[Row]:
    """Rulings of the round not kept as precedents yet, of the schools one sees, the newest first."""
    with workspace.store() as store:
        may_see(store, person_id, "precedents.show")
        own = bound_school(store, store.one("person", person_id=person_id), SEEN_BY[_SHOW])
        known = {(r["piece_id"], r["criterion_id"]) for r in kept.all_precedents(store)}
        return [
            row
            for row in kept.rulings_of_round(store)
            if own in (None, row["school_id"])
            and (row["piece_id"], row["criterion_id"]) not in known
        ]


def proposed_excerpt(workspace: Workspace, piece_id: str, criterion_id: str) -> str:
    """Part of the masked copy nearest to a criterion and its ruling; empty where there is no text."""
    with workspace.store() as store:
        piece, ruling = owned_piece(store, piece_id), _ruling(store, piece_id, criterion_id)
        if piece is None or ruling is None:
            return ""
        criterion = workspace.rubrics[piece["competency"]].slot(piece["slot_id"])
        about = f"{criterion.criterion(criterion_id).text_zh} {ruling['comment']}"
        return excerpt_of(workspace, store, piece, about, LONGEST_EXCERPT)


def as_seen(workspace: Workspace, row: Row) -> Precedent:
    """Return a row as a precedent to be shown."""
    content, criterion = row["content"], criterion_in(workspace, row)
    standing = GONE if criterion is None else OLDER
    if criterion is not None and wording_of(criterion) == row["wording"]:
        standing = CURRENT
    return Precedent(
        precedent_id=row["precedent_id"],
        competency=row["competency"],
        slot_id=row["slot_id"],
        criterion_id=row["criterion_id"],
        criterion_words=content["criterion"],
        rubric_version=row["rubric_version"],
        standing=standing,
        met=row["met"],
        code=content["code"],
        words=content["words"],
        excerpt=content["excerpt"],
        places=content["places"],
        reads=tuple(content["reads"]),
        year=row["year"],
        origin=content["origin"],
        ended=row["ended"] or "",
        ended_words=row["ended_words"] or "",
        successor=row["successor"] or "",
        published=bool(row["published"]),
        shared=not row["scope"] or bool(row["published"]),
    )


def terms_of(content: Mapping[str, Any]) -> str:
    """Terms a precedent is found by, as the index takes them."""
    told = (content["criterion"], content["words"], content["excerpt"])
    return " ".join(pairs("\n".join(told)))


def identifier(row: Mapping[str, Any]) -> str:
    """Identifier of a precedent: the same ruling is the same precedent in every county."""
    told = [row[n] for n in ("competency", "slot_id", "criterion_id", "wording", "rubric_version")]
    told += [row["met"], row["year"], *(row["content"][n] for n in CONTENT)]
    return f"P{digest([exact(part) for part in told])[:12]}"


CONTENT = ("criterion", "code", "words", "excerpt", "places", "reads", "origin")
"""Keys of a precedent's content."""

_SHOW = "precedents.show"


def _ruling(store: Store, piece_id: str, criterion_id: str) -> Row | None:
    found = [
        row
        for row in kept.rulings_of_round(store)
        if (row["piece_id"], row["criterion_id"]) == (piece_id, criterion_id)
    ]
    return found[0] if found else None


def _check_length(quoted: str) -> None:
    if len(quoted) > LONGEST_EXCERPT:
        raise InputError(
            f"the excerpt has {len(quoted)} characters, at most {LONGEST_EXCERPT}. Shorten it.",
            key="precedents.long_excerpt",
            came=len(quoted),
            most=LONGEST_EXCERPT,
        )


def _row(
    store: Store,
    workspace: Workspace,
    piece: Row,
    ruling: Row,
    act: Act,
    excerpt: str,
    words: str,
) -> Row:
    """Row of a new precedent; everything somebody wrote has the names of the school covered."""
    rubric = workspace.rubrics[piece["competency"]]
    criterion = rubric.slot(piece["slot_id"]).criterion(ruling["criterion_id"])
    mask = MaskWords(store).mask(piece["teacher_id"], piece["school_id"])
    about = f"{criterion.text_zh} {ruling['comment']}"
    quoted = excerpt.strip() or excerpt_of(workspace, store, piece, about, LONGEST_EXCERPT)
    _check_length(quoted)
    reads = [
        row["marks"].get(ruling["criterion_id"])
        for row in standing_reads_of(store, piece["piece_id"])
        if row["round"] in (Round.BLIND, Round.THIRD)
    ]
    anchors = deciding_anchors(store, piece["piece_id"], ruling["criterion_id"], ruling["met"])
    own = bound_school(store, person_of(store, act.actor), ALLOWED["precedent.save"])
    row: Row = {
        "competency": piece["competency"],
        "slot_id": piece["slot_id"],
        "criterion_id": ruling["criterion_id"],
        "wording": wording_of(criterion),
        "rubric_version": rubric.version,
        "met": ruling["met"],
        "year": int(ruling["ruled_at"][:4]),
        "scope": own or "",
        "piece_id": piece["piece_id"],
        "author": teacher_key(piece["school_name"], piece["teacher_name"]),
        "pack": "",
        "content": {
            "criterion": criterion.text_zh,
            "code": ruling["code"] or "",
            "words": mask.cover(words.strip() or ruling["comment"]),
            "excerpt": mask.cover(quoted),
            "places": places_in_words(anchors) if anchors else "",
            "reads": reads,
            "origin": workspace.place,
        },
    }
    return {"precedent_id": identifier(row), **row}


def _one(store: Store, precedent_id: str) -> Row:
    row = kept.precedent(store, precedent_id)
    if row is None:
        raise InputError(
            f"there is no precedent {precedent_id}.",
            key="precedents.missing",
            precedent=precedent_id,
        )
    return row
