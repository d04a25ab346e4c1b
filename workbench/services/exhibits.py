"""Exhibits of a case: what to look at, what to rule out first, and who may decide."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from models.store import Row, Store
from models.submissions import facts_of_file, files_by_piece
from scoring.similarity.passages import Passage, passages
from workbench import messages
from workbench.services.case_parties import adverse_of
from workbench.services.flags import piece_labels, sentence
from workbench.services.roles import ALLOWED
from workbench.services.similarity import known_texts
from workbench.services.workspace import Workspace

SHOWN_PASSAGES = 3
SHOWN_CHARS = 400
"""Characters of a passage that are shown; the originals are in the evidence."""

_DIGEST = re.compile("[0-9a-f]{64}")
_DIGITS = 12
_WITH_PASSAGES = ("copied_text", "shared_passage")


@dataclass(frozen=True)
class Exhibits:
    """What a person needs before deciding a case.

    ``sentence`` says the flag, ``innocent`` what to rule out first, ``pieces``
    are names of the pieces by id, ``passages`` pairs of the same words as each
    text has them, longest first, ``shown`` other things in common. ``roles``
    may decide, ``not_by`` may not; ``needs_two`` lists what two people decide.
    """

    sentence: str
    innocent: str
    pieces: Mapping[str, str]
    passages: tuple[tuple[str, str], ...]
    shown: tuple[str, ...]
    roles: tuple[str, ...]
    not_by: str
    needs_two: tuple[str, ...]


def exhibits_of(workspace: Workspace, case: Row) -> Exhibits:
    """Gather the exhibits of a case as ``holds.show_hold`` returns it, in the language of the run."""
    flag = case["flag"]
    with workspace.store() as store:
        labels = piece_labels(store)
        ids = [each for each in flag["ids"] if each in labels] if flag else []
        shared = (
            _passages(workspace, store, ids)
            if case["code"] in _WITH_PASSAGES and len(ids) == 2
            else ()
        )
    two = adverse_of(case) if workspace.policy["hold.adverse_needs_two"] else ()
    return Exhibits(
        sentence(flag, messages.language()) if flag else "",
        messages.text(f"flag.{case['code']}.innocent"),
        {each: labels[each] for each in ids},
        shared,
        tuple(map(_short, flag["exhibit"].get("shown", ()))) if flag and not shared else (),
        ALLOWED["hold.resolve"],
        case["raised_by"],
        two,
    )


def _passages(workspace: Workspace, store: Store, ids: list[str]) -> tuple[tuple[str, str], ...]:
    """Words two pieces have in common outside known texts, longest first."""
    one, other = (_text(store, piece) for piece in ids)
    found = passages(one, other, known_texts(workspace, store))
    longest = sorted(found, key=_length, reverse=True)[:SHOWN_PASSAGES]
    return tuple(
        (_cut(one[p.start_a : p.end_a]), _cut(other[p.start_b : p.end_b])) for p in longest
    )


def _text(store: Store, piece_id: str) -> str:
    files = files_by_piece(store).get(piece_id, [])
    return "\n".join(facts_of_file(store, file["sha256"]).get("text", "") for file in files)


def _length(passage: Passage) -> int:
    return passage.end_a - passage.start_a


def _short(shown: str) -> str:
    """A digest by its first digits, which name it well enough; other words as they are."""
    return shown[:_DIGITS] if _DIGEST.fullmatch(shown) else _cut(shown)


def _cut(words: str) -> str:
    return words if len(words) <= SHOWN_CHARS else words[: SHOWN_CHARS - 1] + "…"
