"""What a teacher's printed code carries: the results themselves, and the proof that they are posted.

Whoever holds the paper alone can check it: the code holds the bodies of the
entries, the teacher's identity with its salt, and one inclusion proof for all
entries together (RFC 6962 §2.1.1, shared nodes once). The root is not in it,
it is computed; the signature over the checkpoint then proves it.
"""

from __future__ import annotations

import base64
import json
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from models.errors import LedgerError
from models.ledger.notes import Checkpoint, Note, NoteSignature
from models.ledger.tree import leaf_hash, node_hash
from rubrics.canonical import canonical_json
from workbench.errors import InputError
from workbench.exports.payload import Person, SheetPayload

LARGEST_BYTES = 1000
"""A symbol of 121 modules at 45 mm: read from a scan of 150 dpi, see docs/performance.md."""

_HASH, _KEY_ID, _SIGNATURE = 32, 4, 64
_LONGEST_HEAD = 64 * 1024
# What every code says in the same words; part of the format, never to be changed.
_WORDS = (
    '"supersedes":"reason_none":"missing_evidence""fail""level":"excellent","stage":""},"size":'
    ',"who":["T微能力结论语文数学""kind":"supersede","origin":"小学中学年春季批次年秋季批次","posted_at":"202'
    '{"all":{"attempt":1,"kind":"result","level":"pass","origin":"","posted_at":"2026-","reason_none":'
    '"","round":"202","school":"","stage":"","subject":"","v":1},"each":[{"competency":"A1","level":'
    '"pass","seq":1},{"attempt":1,"competency":"","level":"excellent","reason_none":"","seq":2}],"size":'
).encode()
_MOST_ENTRIES = 100


@dataclass(frozen=True)
class PaperProof:
    """What a code says: bodies of entries, who they speak of, and the signed checkpoint."""

    bodies: tuple[Mapping[str, Any], ...]
    person: Person
    checkpoint: str


def paper_proof(payload: SheetPayload) -> bytes | None:
    """Everything a teacher's sheet proves, in at most 1,000 bytes; None where it takes more.

    Layout: two bytes length, the deflated JSON of what the entries say, then
    key id, signature, salt, the entries' digests of detail, the proof's nodes.
    """
    signed, head = payload.note.signatures[0], payload.head
    bodies = [json.loads(one.body) for one in payload.entries]
    (pseudonym, who), *others = payload.people.items()
    if others or head.extensions or signed.name != head.origin or len(signed.raw) != _SIGNATURE:
        return None
    details = [bytes.fromhex(body.pop("detail")) for body in bodies]
    if any(body.pop("pii_commit", "") != who.commitment for body in bodies) or not bodies:
        return None
    shared = {key: said for key, said in bodies[0].items() if all(b[key] == said for b in bodies)}
    told = {
        "all": shared,
        "each": [{k: said for k, said in body.items() if k not in shared} for body in bodies],
        "size": head.size,
        "who": [who.teacher_no, who.name, who.subject],
    }
    if pseudonym != shared.get("subject"):
        return None
    packed = _deflated(canonical_json(told))
    nodes = _shared_nodes({one.seq: _path(one.proof) for one in payload.entries}, head.size)
    parts = (signed.key_id, signed.raw, bytes.fromhex(who.salt), *details, *nodes)
    made = len(packed).to_bytes(2, "big") + packed + b"".join(parts)
    return made if len(made) <= LARGEST_BYTES else None


def read_paper(data: bytes) -> PaperProof:
    """Read what :func:`paper_proof` made; the root follows from entries and nodes.

    Raises
    ------
    InputError
        If the bytes are none, or the proof does not have the nodes it needs.
    """
    try:
        return _read(data)
    except (ValueError, LookupError, TypeError, AttributeError, zlib.error, LedgerError) as fault:
        raise InputError(
            f"the code is no receipt of this workbench ({fault}).", key="sheet.receipt_form"
        ) from fault


def _read(data: bytes) -> PaperProof:
    start = 2 + int.from_bytes(data[:2], "big")
    told = json.loads(_inflated(data[2:start]))
    rest = iter(_pieces(data[start:], (_KEY_ID, _SIGNATURE, _HASH)))
    key_id, raw, salt = _next(rest), _next(rest), _next(rest)
    each = told["each"][:_MOST_ENTRIES]
    teacher_no, name, subject = told["who"]
    who = Person(str(teacher_no), str(name), str(subject), salt.hex())
    bodies = [
        {**told["all"], **said, "detail": _next(rest).hex(), "pii_commit": who.commitment}
        for said in each
    ]
    leaves = {int(body["seq"]): leaf_hash(canonical_json(body)) for body in bodies}
    size, origin = int(told["size"]), str(told["all"]["origin"])
    if not leaves or min(leaves) < 0 or max(leaves) >= size or len(leaves) != len(bodies):
        raise ValueError("entries outside the tree")
    root = _root_of(leaves, 0, size, rest)
    if next(rest, None) is not None:
        raise ValueError("more nodes than the proof needs")
    head = Checkpoint(origin, size, root)
    note = Note(head.text, (NoteSignature(origin, key_id, raw),))
    return PaperProof(tuple(bodies), who, str(note))


def _deflated(data: bytes) -> bytes:
    packing = zlib.compressobj(9, zlib.DEFLATED, -15, zdict=_WORDS)
    return packing.compress(data) + packing.flush()


def _inflated(data: bytes) -> bytes:
    stream = zlib.decompressobj(-15, zdict=_WORDS)
    made = stream.decompress(data, _LONGEST_HEAD)
    if stream.unconsumed_tail or not stream.eof:
        raise ValueError("cut or too long")
    return made


def _pieces(data: bytes, first: Sequence[int]) -> Iterator[bytes]:
    """Pieces of the given lengths, then of 32 bytes each; ValueError where the last is cut."""
    at, sizes = 0, iter(first)
    while at < len(data):
        size = next(sizes, _HASH)
        piece = data[at : at + size]
        if len(piece) != size:
            raise ValueError("cut short")
        yield piece
        at += size


def _path(proof: Sequence[str]) -> list[bytes]:
    return [base64.b64decode(node) for node in proof]


def _shared_nodes(paths: Mapping[int, list[bytes]], size: int) -> list[bytes]:
    """Nodes needed to compute the root from these leaves, left to right, each once."""
    known: dict[tuple[int, int], bytes] = {}
    for leaf, path in paths.items():
        start, stop = 0, size
        for node in reversed(path):
            middle = start + _split(stop - start)
            here, there = ((start, middle), (middle, stop))
            (start, stop), other = (here, there) if leaf < middle else (there, here)
            known[other] = node
    return [known[place] for place in _needed(sorted(paths), 0, size)]


def _needed(leaves: Sequence[int], start: int, stop: int) -> Iterator[tuple[int, int]]:
    if not any(start <= leaf < stop for leaf in leaves):
        yield start, stop
    elif stop - start > 1:
        middle = start + _split(stop - start)
        yield from _needed(leaves, start, middle)
        yield from _needed(leaves, middle, stop)


def _root_of(leaves: Mapping[int, bytes], start: int, stop: int, nodes: Iterator[bytes]) -> bytes:
    """Root over the places from start to stop, from known leaves and the nodes of the others."""
    if not any(start <= leaf < stop for leaf in leaves):
        return _next(nodes)
    if stop - start == 1:
        return leaves[start]
    middle = start + _split(stop - start)
    left = _root_of(leaves, start, middle, nodes)
    return node_hash(left, _root_of(leaves, middle, stop, nodes))


def _next(pieces: Iterator[bytes]) -> bytes:
    found = next(pieces, None)
    if found is None:
        raise ValueError("a part of the proof is missing")
    return found


def _split(size: int) -> int:
    """Largest power of two below ``size`` (size > 1), RFC 6962 §2.1."""
    return 1 << ((size - 1).bit_length() - 1)
