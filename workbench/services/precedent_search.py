"""Finding precedents: by words, and those nearest to a criterion of the piece in hand."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

from models import precedents as kept
from models.assignments import owned_piece
from models.store import Row, Store
from scoring.precedents import nearest as nearest_texts
from scoring.precedents import share_of
from workbench.services.desk_tasks import task_of
from workbench.services.earlier_rounds import teacher_key
from workbench.services.precedent_texts import fts_query, text_of_piece
from workbench.services.precedents import Precedent, as_seen
from workbench.services.reach import bound_school
from workbench.services.roles import RATER, SEEN_BY, may_see
from workbench.services.workspace import Workspace

_MOST = 200
_TAKEN = 1000


@dataclass(frozen=True)
class Query:
    """What is looked for; empty, None or 0 is any. ``everything`` brings ended and older ones too."""

    words: str = ""
    competency: str = ""
    criterion: str = ""
    met: int | None = None
    year: int = 0
    everything: bool = False


@dataclass(frozen=True)
class NearPrecedent:
    """A precedent near to a piece, with the words both have; none where the text tells nothing.

    ``same`` says that it is on the very criterion.
    """

    precedent: Precedent
    words: tuple[str, ...]
    same: bool


def search(workspace: Workspace, person_id: str, query: Query) -> list[Precedent]:
    """Precedents somebody may see, the best first; without words the newest first.

    Raises
    ------
    RefusedError
        If the person may see none.
    """
    with workspace.store() as store:
        may_see(store, person_id, "precedents.show")
        own = bound_school(
            store, store.one("person", person_id=person_id), SEEN_BY["precedents.show"]
        )
        return found(workspace, store, query, own)


def search_all(workspace: Workspace, query: Query) -> list[Precedent]:
    """Precedents of every school, as ``search`` orders them; for the command line."""
    with workspace.store() as store:
        return found(workspace, store, query, None)


def found(workspace: Workspace, store: Store, query: Query, own: str | None) -> list[Precedent]:
    """Precedents a school sees (None for the county), as ``search`` orders them."""
    filters: Row = {
        "competency": query.competency,
        "criterion": query.criterion,
        "met": query.met,
        "year": query.year,
    }
    match = fts_query(query.words)
    if query.words.strip() and not match:
        return []
    rows = (
        kept.found_by_words(store, match, filters, _TAKEN)
        if match
        else kept.newest(store, filters, _TAKEN)
    )
    seen = (as_seen(workspace, row) for row in rows if _open_to(row, own))
    shown = [each for each in seen if query.everything or each.stands]
    return [each for each in shown if _has_all(each, query.words)][:_MOST]


def nearest(
    workspace: Workspace, person_id: str, piece_id: str, criterion_id: str
) -> list[NearPrecedent]:
    """Precedents nearest to a criterion of a piece: on the same criterion first, then by text.

    Never one from the piece itself or another of the same teacher, in this round
    or an earlier one, nor one whose excerpt stands in the piece.

    Raises
    ------
    RefusedError
        If the piece is not this person's to read or to rule on.
    InputError
        If there is no such piece.
    """
    policy = workspace.policy
    with workspace.store() as store:
        role = _role_on(store, workspace, person_id, piece_id)
        if role == RATER and not policy["precedents.raters_may_see"]:
            return []
        piece = owned_piece(store, piece_id)
        if piece is None:
            return []
        own = bound_school(store, store.one("person", person_id=person_id), (role,))
        text = text_of_piece(store, piece_id)
        limit = float(policy["precedents.own_text_share"])
        rows = [
            row
            for row in kept.of_slot(store, piece["slot_id"])
            if _open_to(row, own) and not _of_same_teacher(store, row, piece)
        ]
    chosen: list[NearPrecedent] = []
    most = int(policy["precedents.nearest"])
    for same in (True, False):
        among = [row for row in rows if (row["criterion_id"] == criterion_id) is same]
        seen = [each for row in among if (each := as_seen(workspace, row)).stands]
        apart = [each for each in seen if share_of(each.excerpt, text) < limit]
        chosen += _ranked(apart, text, most, same=same)
    return chosen[:most]


def desk_nearest(
    workspace: Workspace, person_id: str, piece_id: str, criterion_id: str
) -> list[dict[str, object]]:
    """``nearest`` as the desk takes it; neither origin nor year, which might tell whose it was."""
    return [
        {
            "id": each.precedent.precedent_id,
            "criterion": each.precedent.criterion_id,
            "met": each.precedent.met,
            "words": each.precedent.words,
            "excerpt": each.precedent.excerpt,
            "near": list(each.words),
            "same": each.same,
        }
        for each in nearest(workspace, person_id, piece_id, criterion_id)
    ]


def highlights(text: str, words: str) -> list[tuple[int, int]]:
    """Places of the words looked for in a text, in order and apart.

    >>> highlights("学情分析用问卷", "问卷 学情")
    [(0, 2), (5, 7)]
    """
    asked = [re.escape(_plain(word)) for word in words.split() if word]
    if not asked:
        return []
    return [match.span() for match in re.finditer("|".join(asked), _plain(text))]


def _ranked(found: Sequence[Precedent], text: str, most: int, *, same: bool) -> list[NearPrecedent]:
    texts = [f"{each.excerpt}\n{each.words}" for each in found]
    near = nearest_texts(text, texts, most)
    first = [NearPrecedent(found[each.place], each.words, same) for each in near]
    placed = {each.place for each in near}
    rest = [NearPrecedent(p, (), same) for n, p in enumerate(found) if n not in placed]
    return first + rest if same else first


def _role_on(store: Store, workspace: Workspace, person_id: str, piece_id: str) -> str:
    """As what somebody looks at a piece: who rules on it, or who reads it."""
    task = task_of(store, workspace, person_id, piece_id)
    if str(task.round) != "chair":
        return RATER
    return may_see(store, person_id, "adjudication.show")


def _of_same_teacher(store: Store, row: Row, piece: Row) -> bool:
    if row["author"]:
        return bool(row["author"] == teacher_key(piece["school_name"], piece["teacher_name"]))
    source = owned_piece(store, row["piece_id"]) if row["piece_id"] else None
    return source is not None and source["teacher_id"] == piece["teacher_id"]


def _open_to(row: Row, own: str | None) -> bool:
    return own is None or row["scope"] in ("", own) or bool(row["published"])


def _has_all(precedent: Precedent, words: str) -> bool:
    """Whether each word stands in it as typed: chains of pairs may run over a full stop."""
    told = _plain(f"{precedent.criterion_words}\n{precedent.words}\n{precedent.excerpt}")
    return all(_plain(word) in told for word in words.split())


def _plain(text: str) -> str:
    """Text in plain forms and lower case, character by character, so that places stay."""
    made = (unicodedata.normalize("NFKC", letter).lower() for letter in text)
    return "".join(
        plain if len(plain) == 1 else letter for plain, letter in zip(made, text, strict=True)
    )
