"""Texts precedents are made of and compared with: masked reading views, and what was read of a piece."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

from models.blind_copies import copies_of, files_of
from models.evidence_store import EvidenceStore
from models.store import Row, Store
from scoring.precedents import nearest, pairs
from workbench.services.workspace import Workspace

_MOST_COMPARED = 20_000  # characters of a piece that are compared with precedents
_SENTENCE = re.compile(r"[^。！？；\n]+[。！？；]?")


def excerpt_of(workspace: Workspace, store: Store, piece: Row, about: str, most: int) -> str:
    """Sentences of the masked copy nearest to a text, at most so many characters."""
    sentences = [
        found[0].strip()
        for text in masked_texts(workspace, store, piece["piece_id"])
        for found in _SENTENCE.finditer(text)
        if found[0].strip()
    ]
    best = nearest(about, sentences, 1)
    if not best:
        return ""
    place = best[0].place
    chosen = sentences[place][:most]
    for sentence in sentences[place + 1 :]:
        if len(chosen) + len(sentence) > most // 2:
            break
        chosen += sentence
    return chosen


def masked_texts(workspace: Workspace, store: Store, piece_id: str) -> Iterator[str]:
    """Yield blocks of the masked reading views of a piece in their order."""
    kept = EvidenceStore(workspace.folder / "blind")
    for content in copies_of(store, piece_id).values():
        for part in content["parts"]:
            path = kept.path(part["reading"]) if part["reading"] else None
            if path is None or not path.is_file():
                continue
            for block in json.loads(path.read_bytes())["blocks"]:
                if block.get("text"):
                    yield block["text"]
                for row in block.get("rows", ()):
                    yield " ".join(filter(None, row))


def text_of_piece(store: Store, piece_id: str) -> str:
    """Words of a piece as they were read at intake, for comparing only; never shown."""
    found = []
    for row in files_of(store, piece_id):
        facts = store.one("extract", sha256=row["sha256"]) if row["attached"] else None
        if facts is not None:
            found.append(str(json.loads(facts["facts"]).get("text", "")))
    return "\n".join(found)[:_MOST_COMPARED]


def fts_query(words: str) -> str:
    """Query of the index for words somebody typed: each a chain of pairs, all of them asked for.

    >>> fts_query("学情 问卷调查")
    '"学情" "问卷 卷调 调查"'
    >>> fts_query("学")
    '学*'
    """
    chains = []
    for word in words.split():
        terms = pairs(word)
        if len(terms) == 1 and len(terms[0]) == 1:
            chains.append(f"{terms[0]}*")
        elif terms:
            chains.append('"' + " ".join(terms) + '"')
    return " ".join(chains)
