"""A workspace: one folder for one round of one county or school."""

from __future__ import annotations

import json
import os
import re
import shutil
import threading
import tomllib
import unicodedata
from collections.abc import Callable, Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path
from typing import Any, TypeVar

from models.desk_store import FILE_NAME, DeskStore
from models.evidence_store import EvidenceStore
from models.ledger.fields import LABEL
from models.pool import Pool
from models.store import Act, Store
from rubrics.canonical import Json, canonical_json
from rubrics.loading import load_policy, load_set_folder, shipped_set_folder
from rubrics.policy_pack import PolicyPack, Rule
from rubrics.resolving import default_rules
from rubrics.rubric import Rubric, RubricSet
from workbench.errors import InputError

Fresh = Callable[[int], bytes]
"""Gives that many random bytes; an argument, so that a test can fix them."""

STORE_NAME = "working.db"
RUBRIC_SET = "micro_competencies"
POLICIES = "policies"
"""Folder of the policies adopted in mid-round, by digest, and of drafts (``.toml``)."""
RUBRICS = "rubric_sets"
"""Folder of the rubrics adopted in mid-round, each set by its digest, and of drafts (``.toml``)."""
_LONGEST_NAME = 50
Remembered = TypeVar("Remembered")
_FOLDERS = ("ledger", "evidence", "blind", "keys", "exports", "bundles", "logs")


@dataclass(frozen=True)
class Workspace:
    """One folder with everything of one round.

    Opening it checks that the rubrics and the policy it keeps are the ones it
    was made with; both travel with the folder, so a newer program reads an old
    round by its own rules.
    """

    folder: Path

    @property
    def settings(self) -> dict[str, str]:
        """Round, place, policy and rubric digests, as ``workspace.toml`` has them now."""
        path = self.folder / "workspace.toml"
        if not path.is_file():
            raise InputError(
                f"there is no workspace at {self.folder}. Make one with `workbench init`.",
                key="store.no_workspace",
                folder=str(self.folder),
            )
        stamp = path.stat().st_mtime_ns
        kept = self._seen.get("settings")
        if kept is None or kept[0] != stamp:
            kept = (stamp, tomllib.loads(path.read_text(encoding="utf-8")))
            self._seen["settings"] = kept
        found: dict[str, str] = kept[1]
        return found

    @property
    def policy(self) -> PolicyPack:
        """The policy the round is held to: that it was made with, or the one adopted last."""
        digest = self.settings["policy_digest"]
        pack: PolicyPack | None = self._seen.get("policy")
        if pack is None or pack.digest != digest:
            adopted = self.folder / POLICIES / f"{digest}.json"
            pack = _read_policy(adopted if adopted.is_file() else self.folder / "policy.json")
            self._same("policy", pack.digest, digest)
            self._seen["policy"] = pack
        return pack

    @property
    def policies(self) -> dict[str, PolicyPack]:
        """Every policy the round has been held to, by digest; earlier entries were made under them."""
        adopted = sorted((self.folder / POLICIES).glob("*.json"))
        packs = [_read_policy(path) for path in (self.folder / "policy.json", *adopted)]
        return {pack.digest: pack for pack in packs}

    @cached_property
    def _seen(self) -> dict[str, Any]:
        """What was read of the folder, with what it was read at."""
        return {}

    @property
    def rubrics(self) -> RubricSet:
        """The rubrics the round is judged by: those it was made with, or as adopted last."""
        digest = self.settings["rubrics_digest"]
        found: RubricSet | None = self._seen.get("rubrics")
        if found is None or found.digest != digest:
            found = load_set_folder(self.rubrics_folder)
            self._same("rubrics", found.digest, digest)
            self._seen["rubrics"] = found
        return found

    @property
    def rubrics_folder(self) -> Path:
        """Folder of the rubrics in force; earlier ones stay beside it."""
        adopted = self.folder / RUBRICS / self.settings["rubrics_digest"]
        return adopted if adopted.is_dir() else self.folder / "rubrics"

    @cached_property
    def first_rubrics(self) -> RubricSet:
        """The rubrics the round was made with."""
        return load_set_folder(self.folder / "rubrics")

    def rubrics_by(self, digests: Collection[str]) -> list[Rubric]:
        """Rubrics of these digests that the round is or was judged by, in the order of their codes."""
        found: dict[str, Rubric] = {}
        adopted = sorted((self.folder / RUBRICS).glob("[0-9a-f]*/"))
        for folder in (self.rubrics_folder, self.folder / "rubrics", *adopted):
            if not found.keys() >= set(digests):
                listed = load_set_folder(folder)
                found |= {rubric.digest: rubric for rubric in listed if rubric.digest in digests}
        return sorted(found.values(), key=lambda rubric: rubric.competency)

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
    def last(self) -> Workspace | None:
        """Round before this one, where it was made from it and still lies there."""
        found = self.settings.get("last", "")
        folder = self.folder / found
        return Workspace(folder) if found and (folder / "workspace.toml").is_file() else None

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
        with Store(self.folder / STORE_NAME) as opened:
            yield opened

    @contextmanager
    def desk(self) -> Iterator[DeskStore]:
        """Open the desk's database: drafts, sign-ins, phrases."""
        with DeskStore(self.folder / FILE_NAME) as opened:
            yield opened

    def memory(self, kind: type[Remembered]) -> Remembered:
        """Return the one of its kind this object has, made at the first asking."""
        found: Remembered = self._memory.setdefault(kind, kind())
        return found

    @cached_property
    def _memory(self) -> dict[type, Any]:
        return {}

    def _same(self, what: str, found: str, expected: str) -> None:
        if found != expected:
            raise InputError(
                f"the {what} in {self.folder} are not the ones this round was opened with "
                f"(digest {found[:16]}, expected {expected[:16]}). Restore them from a backup.",
                key=f"workspace.{what}_changed",
                folder=str(self.folder),
            )


class ServedWorkspace(Workspace):
    """A workspace whose databases stay open between uses; for a server, which asks all the time."""

    @contextmanager
    def store(self) -> Iterator[Store]:
        """Lend a connection to the working database for one run."""
        with self._stores.lend() as opened:
            yield opened

    @contextmanager
    def desk(self) -> Iterator[DeskStore]:
        """Lend a connection to the desk's database."""
        with self._desks.lend() as opened:
            yield opened

    def close(self) -> None:
        """Close what is open; what is asked for later is opened for that time only."""
        self._stores.close()
        self._desks.close()

    @cached_property
    def _stores(self) -> Pool[Store]:
        return Pool(self.folder / STORE_NAME, Store)

    @cached_property
    def _desks(self) -> Pool[DeskStore]:
        return Pool(self.folder / FILE_NAME, partial(DeskStore, turn=threading.Lock()))


def create(
    folder: Path,
    policy: str | PolicyPack,
    round_name: str,
    place: str,
    act: Act,
    fresh: Fresh,
    last: str = "",
) -> Workspace:
    """Make a workspace; schools and people come with the first package or roster.

    Parameters
    ----------
    folder : Path
        New, or empty.
    policy : str or PolicyPack
        Name of a shipped pack, path of a county's own, or a pack read already.
    round_name, place : str
        Printed on every sheet.
    act : Act
    fresh : callable
        Random bytes for the workspace's secret.
    last : str
        Folder of the round before, seen from this one; empty where there is none.

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
    pack = policy if isinstance(policy, PolicyPack) else load_policy(policy)
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
    } | ({"last": last} if last else {})
    with Store(folder / STORE_NAME, create=True) as store, store.transaction(act, "init"):
        pass
    # Last, so that a folder with settings is a whole workspace.
    (folder / "workspace.toml").write_text(_settings_text(settings), encoding="utf-8")
    return Workspace(folder)


def hold_to(workspace: Workspace, pack: PolicyPack) -> None:
    """Hold the round to another policy from now on; the earlier ones stay beside it.

    Only ``services.impact`` calls this, within the act that is logged.
    """
    kept = workspace.folder / POLICIES / f"{pack.digest}.json"
    kept.parent.mkdir(exist_ok=True)
    kept.write_text(json.dumps(_kept(pack), ensure_ascii=False, indent=1), encoding="utf-8")
    _settle(workspace, {"policy": pack.pack_id, "policy_digest": pack.digest})


def judge_by(workspace: Workspace, competency: str, path: Path) -> RubricSet:
    """Judge one competency by another rubric from now on; the earlier set stays beside it.

    Only ``services.impact`` calls this, within the act that is logged.
    """
    unfinished = workspace.folder / RUBRICS / "unfinished"
    shutil.rmtree(unfinished, ignore_errors=True)
    shutil.copytree(workspace.rubrics_folder, unfinished)
    shutil.copyfile(path, unfinished / f"{competency}.toml")
    found = load_set_folder(unfinished)
    kept = unfinished.with_name(found.digest)
    shutil.rmtree(kept, ignore_errors=True)
    unfinished.rename(kept)
    _settle(workspace, {"rubrics_digest": found.digest})
    return found


def _settle(workspace: Workspace, changed: dict[str, str]) -> None:
    """Write the settings anew, whole or not at all."""
    told = {**workspace.settings, **changed}
    path = workspace.folder / "workspace.toml"
    unfinished = path.with_suffix(".new")
    unfinished.write_text(_settings_text(told), encoding="utf-8")
    unfinished.replace(path)


def _settings_text(settings: dict[str, str]) -> str:
    return "".join(f"{key} = {json.dumps(v, ensure_ascii=False)}\n" for key, v in settings.items())


def _read_policy(path: Path) -> PolicyPack:
    kept = json.loads(path.read_text(encoding="utf-8"))
    rules = {row["key"]: Rule(**row) for row in kept.pop("rules")}
    since = {key: rule for key, rule in default_rules().items() if key not in rules}
    return PolicyPack(rules=rules, since=since, **kept)


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
