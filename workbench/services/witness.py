"""The county as witness: it holds the last head of each ledger and signs only what continues it.

A witness is a folder of its own, kept on another machine than the ledgers::

    witness.pem, witness.pub     its key; the public half is handed to whoever verifies
    logs/ID/keys                 public keys of one ledger, one a line
    logs/ID/held                 the last checkpoint cosigned for it
    logs/ID/refused/             requests it refused, each with what was held then

Files go to and fro by stick or mail; other tools of c2sp.org read them all.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from models.errors import LedgerError
from models.ledger.cosigning import (
    COSIGNATURE,
    WitnessRefusal,
    cosign,
    cosignatures,
    examine,
    parse_request,
    with_cosignature,
    witness_key,
)
from models.ledger.notes import Checkpoint, VerifierKey, parse_checkpoint, parse_key, parse_note
from models.ledger.signing import Signer, load_signer, new_signer, save_signer
from models.ledger.statements import CONTINUE, Statement, sign_statement
from models.ledger.writing import queue, replace_file
from workbench.errors import InputError
from workbench.messages import explain
from workbench.services.workspace import Fresh


@dataclass(frozen=True)
class Answer:
    """What became of one request: cosigned (``code`` empty) or refused, and where its file is."""

    file: Path
    origin: str
    size: int
    code: str
    sentence: str
    written: Path | None


@dataclass(frozen=True)
class Held:
    """What the witness holds of one ledger; ``size`` 0 and no time before the first checkpoint."""

    origin: str
    size: int
    root: str
    at: str
    refused: tuple[str, ...]


def set_up(folder: Path, name: str, fresh: Fresh, passphrase: str | None = None) -> str:
    """Make a witness with a key of its own; its public key, to be handed out.

    Raises
    ------
    LedgerError
        If there is one already, or the name has blanks or a plus sign.
    """
    signer = new_signer(name, fresh(32))
    (folder / "logs").mkdir(parents=True, exist_ok=True)
    save_signer(signer, folder / "witness.pem", passphrase)
    replace_file(folder / "witness.pub", witness_key(signer).text + "\n")
    return witness_key(signer).text


def admit(folder: Path, keys: Sequence[str]) -> list[str]:
    """Take in public keys of ledgers, each under the origin it is named for; the origins.

    A ledger whose key was rotated is given its new key the same way.

    Raises
    ------
    InputError
        If the folder is no witness.
    LedgerError
        If a text is no verifier key.
    """
    _public(folder)
    parsed = [parse_key(text.strip()) for text in keys]
    for key in parsed:
        place = _place(folder, key.name)
        place.mkdir(parents=True, exist_ok=True)
        known = _keys(place)
        if key not in known:
            replace_file(place / "keys", "".join(f"{one.text}\n" for one in (*known, key)))
    return list(dict.fromkeys(key.name for key in parsed))


def answer(
    folder: Path, files: Sequence[Path], out: Path, at: datetime, passphrase: str | None = None
) -> list[Answer]:
    """Cosign what continues the heads held; keep the rest as evidence.

    Parameters
    ----------
    folder : Path
        The witness.
    files : sequence of Path
        Requests, as ``ledger checkpoint`` writes them.
    out : Path
        Folder for the cosigned checkpoints, to be sent back.
    at : datetime
        Time of the cosignature.
    passphrase : str, optional
        Of the witness's key.

    Returns
    -------
    list of Answer
        One a file, in their order; a refused one ends no other.

    Raises
    ------
    InputError
        If the folder is no witness.
    LedgerError
        If its key cannot be used.
    """
    public = _public(folder)
    signer = load_signer(folder / "witness.pem", public.name, passphrase)
    out.mkdir(parents=True, exist_ok=True)
    with queue(folder / "witness"):
        return [_answer(folder, file, out, at, signer) for file in files]


def status(folder: Path) -> list[Held]:
    """What the witness holds, by origin; InputError if the folder is no witness."""
    public = _public(folder)
    made = []
    for place in sorted((folder / "logs").iterdir()):
        if not place.is_dir() or not (keys := _keys(place)):
            continue
        held, at = _held(place), ""
        if held is not None:
            note = parse_note((place / "held").read_bytes())
            at = max((_instant(one.at) for one in cosignatures(note, [public])), default="")
        refused = tuple(sorted(path.name for path in (place / "refused").glob("*.request")))
        root = held.root.hex() if held else ""
        made.append(Held(keys[0].name, held.size if held else 0, root, at, refused))
    return sorted(made, key=lambda one: one.origin)


def state(folder: Path, action: str, origin: str, key: str, passphrase: str | None = None) -> str:
    """Sign as the county that a ledger's key is revoked, or which key continues it, as last seen.

    Parameters
    ----------
    folder : Path
    action : str
        ``revoke`` or ``continue``.
    origin : str
        Of the ledger whose key was stolen or lost.
    key : str
        The key revoked, or the one of the ledger that continues it; compare it
        with the school, by telephone or in person.
    passphrase : str, optional

    Returns
    -------
    str
        The signed note, to be sent to the school.

    Raises
    ------
    InputError
        If nothing of that ledger was seen.
    LedgerError
        If the text is no verifier key.
    """
    public = _public(folder)
    held = _held(_place(folder, origin))
    if held is None:
        raise InputError(
            f"nothing of {origin} has been witnessed, so nothing can be stated about it.",
            key="witness.nothing_held",
            origin=origin,
        )
    named = parse_key(key.strip())
    if action == CONTINUE:
        admit(folder, [named.text])
    signer = load_signer(folder / "witness.pem", public.name, passphrase)
    stated = Statement(action, held.origin, held.size, held.root, named.text)
    return sign_statement(stated, signer)


def _answer(folder: Path, file: Path, out: Path, at: datetime, signer: Signer) -> Answer:
    """Decide one request; the new head is on disk before its cosignature is handed out."""
    try:
        data = file.read_bytes()
        request = parse_request(data)
    except OSError as error:
        return Answer(file, "", 0, "unreadable", str(error.strerror), None)
    except LedgerError as error:
        return Answer(file, "", 0, "unreadable", explain(error), None)
    stated = parse_checkpoint(parse_note(request.checkpoint).text)
    place = _place(folder, stated.origin)
    keys = _keys(place)
    if not keys:
        told = explain(_unknown(stated.origin))
        return Answer(file, stated.origin, stated.size, "unknown_log", told, None)
    try:
        examine(request, _held(place), keys)
    except WitnessRefusal as error:
        kept = _keep(place, data, error.code, at)
        return Answer(file, stated.origin, stated.size, error.code, explain(error), kept)
    signature = cosign(signer, stated.text, int(at.timestamp()))
    note = with_cosignature(request.checkpoint, signature)
    replace_file(place / "held", note)
    written = out / f"{file.stem}.cosigned"
    replace_file(written, note)
    return Answer(file, stated.origin, stated.size, "", "", written)


def _keep(place: Path, data: bytes, code: str, at: datetime) -> Path | None:
    """Keep a refused request beside what was held then; two signed histories convict whoever signed."""
    if code in ("stale", "signature"):
        return None  # no evidence against anybody: anyone can write such a file
    kept = place / "refused"
    kept.mkdir(exist_ok=True)
    digest = hashlib.sha256(data).hexdigest()[:12]
    found = sorted(kept.glob(f"*-{code}-{digest}.request"))
    if found:
        return found[0]
    stem = f"{at.astimezone(UTC):%Y%m%dT%H%M%SZ}-{code}-{digest}"
    held = place / "held"
    if held.exists():
        replace_file(kept / f"{stem}.held", held.read_text(encoding="utf-8"))
    replace_file(kept / f"{stem}.request", data.decode())
    return kept / f"{stem}.request"


def _public(folder: Path) -> VerifierKey:
    try:
        return parse_key((folder / "witness.pub").read_text(encoding="utf-8").strip(), COSIGNATURE)
    except OSError:
        raise InputError(
            f"{folder} is no witness. Set one up with `workbench witness init`.",
            key="witness.none",
            folder=str(folder),
        ) from None


def _place(folder: Path, origin: str) -> Path:
    return folder / "logs" / hashlib.sha256(origin.encode()).hexdigest()[:32]


def _keys(place: Path) -> list[VerifierKey]:
    path = place / "keys"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    return [parse_key(line) for line in lines]


def _held(place: Path) -> Checkpoint | None:
    path = place / "held"
    return parse_checkpoint(parse_note(path.read_bytes()).text) if path.exists() else None


def _instant(at: int) -> str:
    return f"{datetime.fromtimestamp(at, UTC):%Y-%m-%dT%H:%M:%SZ}"


def _unknown(origin: str) -> InputError:
    return InputError(
        f"no key of ledger {origin} was taken in. Compare the school's key with the school, then "
        "take it in with `workbench witness add`.",
        key="witness.unknown_log",
        origin=origin,
    )
