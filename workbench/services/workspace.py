"""A workspace: one folder for one round of one county or school."""

from __future__ import annotations

import json
import os
import re
import shutil
import tomllib
import unicodedata
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from models.evidence_store import EvidenceStore
from models.ledger.fields import LABEL
from models.store import Act, Store
from rubrics.canonical import Json, canonical_json
from rubrics.loading import load_policy, load_set_folder, shipped_set_folder
from rubrics.policy_pack import PolicyPack, Rule
from rubrics.rubric import RubricSet
from workbench.errors import InputError

Fresh = Callable[[int], bytes]
"""Gives that many random bytes; an argument, so that a test can fix them."""

RUBRIC_SET = "micro_competencies"
_LONGEST_NAME = 50
_FOLDERS = ("ledger", "evidence", "blind", "keys", "exports", "bundles", "logs")


@dataclass(frozen=True)
class Workspace:
    """One folder with everything of one round.

    Opening it checks that the rubrics and the policy it keeps are the ones it
    was made with; both travel with the folder, so a newer program reads an old
    round by its own rules.
    """

    folder: Path

    @cached_property
    def settings(self) -> dict[str, str]:
        """Round, place, policy and rubric digests, as ``workspace.toml`` has them."""
        path = self.folder / "workspace.toml"
        if not path.is_file():
            raise InputError(
                f"there is no workspace at {self.folder}. Make one with `workbench init`.",
                key="store.no_workspace",
                folder=str(self.folder),
            )
        found: dict[str, str] = tomllib.loads(path.read_text(encoding="utf-8"))
        return found

    @cached_property
    def policy(self) -> PolicyPack:
        """The policy the round is held to, as resolved when the workspace was made."""
        kept = json.loads((self.folder / "policy.json").read_text(encoding="utf-8"))
        rules = {row["key"]: Rule(**row) for row in kept.pop("rules")}
        pack = PolicyPack(rules=rules, **kept)
        self._same("policy", pack.digest, self.settings["policy_digest"])
        return pack

    @cached_property
    def rubrics(self) -> RubricSet:
        """The rubrics the round is judged by."""
        found = load_set_folder(self.folder / "rubrics")
        self._same("rubrics", found.digest, self.settings["rubrics_digest"])
        return found

    @property
    def evidence(self) -> EvidenceStore:
        """Originals by content."""
        return EvidenceStore(self.folder / "evidence")

    @property
    def round_name(self) -> str:
        """Name of the round 批次."""
        return self.settings["round"]

    @property
    def place(self) -> str:
        """County or school the workspace belongs to."""
        return self.settings["place"]

    @property
    def exports(self) -> Path:
        """Folder of the sheets and notes handed out."""
        return self.folder / "exports"

    def ledger_path(self, school_id: str) -> Path:
        """Ledger of a school."""
        return self.folder / "ledger" / f"{school_id}.db"

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Open the working database for one run."""
        self.settings  # noqa: B018  names the fault where this is no workspace
        with Store(self.folder / "working.db") as opened:
            yield opened

    def _same(self, what: str, found: str, expected: str) -> None:
        if found != expected:
            raise InputError(
                f"the {what} in {self.folder} are not the ones this round was opened with "
                f"(digest {found[:16]}, expected {expected[:16]}). Restore them from a backup.",
                key=f"workspace.{what}_changed",
                folder=str(self.folder),
            )


def create(
    folder: Path, policy: str, round_name: str, place: str, act: Act, fresh: Fresh
) -> Workspace:
    """Make a workspace; schools and people come with the first package or roster.

    Parameters
    ----------
    folder : Path
        New, or empty.
    policy : str
        Name of a shipped pack, or path of a county's own.
    round_name, place : str
        Printed on every sheet.
    act : Act
    fresh : callable
        Random bytes for the workspace's secret.

    Raises
    ------
    InputError
        If the folder holds anything already, or a name cannot stand in a ledger.
    PolicyError
        If the policy has faults; all are listed.
    """
    if folder.exists() and any(folder.iterdir()):
        raise InputError(
            f"{folder} is not empty. Choose a new folder, or open the workspace that is there.",
            key="workspace.not_empty",
            folder=str(folder),
        )
    round_name, place = _label("round", round_name), _label("place", place)
    pack = load_policy(policy)
    for name in ("", *_FOLDERS):
        (folder / name).mkdir(parents=True, exist_ok=True)
    (folder / "keys").chmod(0o700)
    _write_secret(folder / "keys" / "pepper", fresh(32))
    shutil.copytree(shipped_set_folder(RUBRIC_SET), folder / "rubrics")
    (folder / "policy.json").write_text(
        json.dumps(_kept(pack), ensure_ascii=False, indent=1), encoding="utf-8"
    )
    settings = {
        "round": round_name,
        "place": place,
        "policy": pack.pack_id,
        "policy_digest": pack.digest,
        "rubrics": RUBRIC_SET,
        "rubrics_digest": load_set_folder(folder / "rubrics").digest,
    }
    with Store(folder / "working.db", create=True) as store, store.transaction(act, "init"):
        pass
    # Last, so that a folder with settings is a whole workspace.
    lines = [
        f"{key} = {json.dumps(value, ensure_ascii=False)}\n" for key, value in settings.items()
    ]
    (folder / "workspace.toml").write_text("".join(lines), encoding="utf-8")
    return Workspace(folder)


def _label(what: str, given: str) -> str:
    """Return a name as ledgers state it; they are named after place and round."""
    name = unicodedata.normalize("NFC", given).strip()
    told = canonical_json(name).decode() if name.isprintable() else ""
    if len(name) > _LONGEST_NAME or not re.fullmatch(LABEL.pattern, told):
        raise InputError(
            f"{what} {given!r}: expected 1 to {_LONGEST_NAME} characters without quotes, "
            "backslashes or control characters. Give another name.",
            key="workspace.name",
            what=what,
            given=given,
            most=_LONGEST_NAME,
        )
    return name


def _write_secret(path: Path, secret: bytes) -> None:
    """Write a secret that its owner alone can read; it never enters the database or a backup."""
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(secret)


def _kept(pack: PolicyPack) -> dict[str, Json]:
    rules: list[Json] = [
        {
            "key": rule.key,
            "value": rule.value,
            "unit": rule.unit,
            "source": rule.source,
            "anchor": rule.anchor,
            "note": rule.note,
            "pack": rule.pack,
        }
        for rule in pack.rules.values()
    ]
    return {
        "pack_id": pack.pack_id,
        "name_zh": pack.name_zh,
        "name_en": pack.name_en,
        "issuer": pack.issuer,
        "document_no": pack.document_no,
        "issued": pack.issued,
        "inherits": pack.inherits,
        "rules": rules,
    }
