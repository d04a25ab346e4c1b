"""Backup and restore: all of a workspace but its keys comes back, or nothing does."""

import base64
import hmac
import json
import shutil
import threading
import zipfile

import pyrage
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.kdf.scrypt import Scrypt

from models.snapshot import copy_database
from models.store import Act
from rubrics.errors import WorkbenchError
from workbench.errors import InputError, RefusedError
from workbench.services.backup import MANIFEST, SEALED_MEMBER, make_backup
from workbench.services.ledgers import show, verify
from workbench.services.restoring import check_backup, restore
from workbench.services.results import results
from workbench.services.workspace import Workspace

PASSPHRASE = "长口令 2026"


@pytest.fixture(scope="module")
def kept(tmp_path_factory, certified_folder, Walk):
    """A certified round and its backup; tests change neither."""
    folder = tmp_path_factory.mktemp("kept")
    walk = Walk(shutil.copytree(certified_folder, folder / "round")).on("2026-10-23")
    archive = folder / "elsewhere" / "round.zip"
    return walk, archive, make_backup(walk.workspace, archive, walk.act())


def locked(content: bytes, passphrase: str) -> bytes:
    """Lock a short text as age 1 does under a passphrase, in 2^10 rounds of scrypt.

    ``pyrage`` takes as many rounds as fill a second, and so does every opening after it. Format:
    C2SP age.md, header with one scrypt stanza and a payload of one chunk.
    """
    salt, key, nonce = bytes(range(16)), bytes(range(16, 32)), bytes(range(32, 48))

    def derived(about: bytes, salt: bytes = b"") -> bytes:
        return HKDF(hashes.SHA256(), 32, salt, about).derive(key)

    def written(words: bytes) -> bytes:
        return base64.b64encode(words).rstrip(b"=")

    wrapping = Scrypt(b"age-encryption.org/v1/scrypt" + salt, 32, 2**10, 8, 1)
    wrapped = ChaCha20Poly1305(wrapping.derive(passphrase.encode())).encrypt(bytes(12), key, None)
    header = b"age-encryption.org/v1\n-> scrypt %b 10\n%b\n---" % (written(salt), written(wrapped))
    seal = hmac.digest(derived(b"header"), header, "sha256")
    last = bytes(11) + b"\x01"
    payload = ChaCha20Poly1305(derived(b"payload", nonce)).encrypt(last, content, None)
    return header + b" " + written(seal) + b"\n" + nonce + payload


@pytest.fixture(scope="module")
def sealed(kept, tmp_path_factory):
    """The same round's backup under a passphrase, locked so that it opens in a moment."""
    walk, *_ = kept
    archive = tmp_path_factory.mktemp("sealed") / "sealed.zip"
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pyrage.passphrase, "encrypt", locked)
        return walk, archive, make_backup(walk.workspace, archive, walk.act(), PASSPHRASE)


def rewritten(archive, target, change):
    """The archive again, its members passed through ``change``."""
    with zipfile.ZipFile(archive) as old, zipfile.ZipFile(target, "w") as new:
        for name, content in change({n: old.read(n) for n in old.namelist()}).items():
            new.writestr(name, content)
    return target


class TestWhatComesBack:
    def test_results_ledgers_and_files_are_those_that_were_kept(self, kept, tmp_path):
        walk, archive, _ = kept
        found = restore(archive, tmp_path / "restored", walk.act())
        back = Workspace(found.folder)
        assert results(back) == results(walk.workspace)
        for school in found.ledgers:
            assert show(back, school) == show(walk.workspace, school)
        for part in ("evidence", "blind", "rubrics"):
            theirs = {
                path.relative_to(walk.workspace.folder): path.read_bytes()
                for path in (walk.workspace.folder / part).rglob("*")
                if path.is_file()
            }
            ours = {path: (back.folder / path).read_bytes() for path in theirs}
            assert ours == theirs

    def test_both_acts_stand_in_the_audit_log(self, kept, tmp_path):
        walk, archive, _ = kept
        assert "backup.make" in walk.log()
        found = restore(archive, tmp_path / "restored", walk.act())
        with Workspace(found.folder).store() as store:
            last = store.where("audit_log")[-1]
            assert (last["action"], last["object"], store.audit_faults()) == (
                "backup.restore",
                "round.zip",
                [],
            )

    def test_no_private_key_is_in_it_and_the_missing_ones_are_named(self, kept):
        walk, archive, _ = kept
        with zipfile.ZipFile(archive) as packed:
            in_keys = [name for name in packed.namelist() if name.startswith("keys/")]
            everything = b"".join(packed.read(name) for name in packed.namelist())
        secrets = [
            path.read_bytes()
            for path in (walk.workspace.folder / "keys").iterdir()
            if path.suffix != ".pub"
        ]
        assert in_keys
        assert all(name.endswith(".pub") for name in in_keys)
        assert len(secrets) >= 3
        assert not any(secret in everything for secret in secrets)
        missing = check_backup(archive).missing_keys
        assert missing == ("pepper", *(f"{school}.pem" for school in check_backup(archive).ledgers))

    def test_with_the_keys_put_back_work_goes_on(self, kept, tmp_path):
        walk, archive, _ = kept
        found = restore(archive, tmp_path / "restored", walk.act())
        for name in found.missing_keys:
            shutil.copy(walk.workspace.folder / "keys" / name, found.folder / "keys" / name)
        assert all(row.found.ok for row in verify(Workspace(found.folder)))

    def test_what_is_written_during_the_copy_is_in_it_whole_or_not_at_all(
        self, certified, tmp_path
    ):
        stop, workspace = threading.Event(), certified.workspace

        def busy():
            with workspace.store() as store:
                while not stop.wait(0.002):  # so that the copies get their turn
                    with store.transaction(certified.act(), "test.write", "x" * 500):
                        pass

        writer = threading.Thread(target=busy)
        writer.start()
        try:
            archives = [tmp_path / f"{number}.zip" for number in range(3)]
            for archive in archives:
                make_backup(workspace, archive, certified.act())
        finally:
            stop.set()
            writer.join()
        for archive in archives:
            assert check_backup(archive).members > 10


class TestRefusals:
    def test_a_folder_with_anything_in_it_is_left_alone(self, kept, tmp_path):
        walk, archive, _ = kept
        taken = tmp_path / "taken"
        taken.mkdir()
        (taken / "note.txt").write_text("mine")
        with pytest.raises(InputError, match="not empty"):
            restore(archive, taken, walk.act())
        assert [path.name for path in taken.iterdir()] == ["note.txt"]

    def test_a_backup_neither_replaces_a_file_nor_lies_in_the_workspace(self, kept):
        walk, archive, _ = kept
        with pytest.raises(InputError, match="there already"):
            make_backup(walk.workspace, archive, walk.act())
        with pytest.raises(InputError, match="inside the workspace"):
            make_backup(walk.workspace, walk.workspace.folder / "b.zip", walk.act())

    def test_a_reviewer_makes_no_backup(self, certified, tmp_path):
        with pytest.raises(RefusedError):
            make_backup(certified.workspace, tmp_path / "b.zip", certified.act("评审1"))
        assert not (tmp_path / "b.zip").exists()


def altered_evidence(members):
    name = next(name for name in members if name.startswith("evidence/"))
    return {**members, name: members[name][:-1] + b"?"}


def one_less(members):
    name = next(name for name in members if name.startswith("rubrics/"))
    return {key: value for key, value in members.items() if key != name}


def one_more(members):
    return {**members, "evidence/ff/ff/extra": b"extra"}


def climbing(members):
    told = json.loads(members[MANIFEST])
    name = "../outside.txt"
    told["members"].append({"name": name, "bytes": 0, "sha256": "e3b0c442" + "0" * 56})
    return {**members, MANIFEST: json.dumps(told).encode(), name: b""}


def without_list(members):
    return {key: value for key, value in members.items() if key != MANIFEST}


class TestDamage:
    @pytest.mark.parametrize(
        "change", [altered_evidence, one_less, one_more, climbing, without_list]
    )
    def test_an_archive_that_is_not_what_was_written_restores_nothing(self, kept, tmp_path, change):
        walk, archive, _ = kept
        wrong = rewritten(archive, tmp_path / "wrong.zip", change)
        with pytest.raises(InputError, match="no whole backup"):
            restore(wrong, tmp_path / "restored", walk.act())
        assert not (tmp_path / "restored").exists()
        assert not (tmp_path / "outside.txt").exists()

    @pytest.mark.parametrize("share", [0.0, 0.3, 0.7, 0.999])
    def test_a_cut_archive_restores_nothing(self, kept, tmp_path, share):
        walk, archive, _ = kept
        content = archive.read_bytes()
        cut = tmp_path / "cut.zip"
        cut.write_bytes(content[: int(len(content) * share)])
        with pytest.raises(WorkbenchError):
            restore(cut, tmp_path / "restored", walk.act())
        assert not (tmp_path / "restored").exists()

    def test_a_ledger_altered_before_the_backup_is_named_by_the_restore(self, certified, tmp_path):
        workspace = certified.workspace
        school = certified.school("城关小学")
        path = workspace.ledger_path(school)
        content = bytearray(path.read_bytes())
        place = content.rindex(b'"level":"')
        content[place + 9 : place + 10] = b"X"
        path.write_bytes(bytes(content))
        archive = tmp_path / "b.zip"
        make_backup(workspace, archive, certified.act())
        with pytest.raises(InputError, match=rf"does not verify.*\({school}: "):
            check_backup(archive)

    def test_a_file_that_is_no_database_is_not_copied(self, tmp_path):
        (tmp_path / "a.db").write_bytes(b"not a database" * 100)
        with pytest.raises(WorkbenchError, match="cannot be read as a database"):
            copy_database(tmp_path / "a.db", tmp_path / "b.db")


class TestPassphrase:
    def test_only_the_passphrase_opens_it(self, sealed, tmp_path):
        walk, archive, made = sealed
        assert made.encrypted
        assert "城关小学".encode() not in archive.read_bytes()
        with pytest.raises(InputError, match="give its passphrase"):
            check_backup(archive)
        with pytest.raises(InputError, match="passphrase is wrong"):
            check_backup(archive, "另一个")
        found = restore(archive, tmp_path / "restored", walk.act(), PASSPHRASE)
        assert results(Workspace(found.folder)) == results(walk.workspace)

    def test_as_long_a_lock_as_a_backup_really_has_is_opened_again(self, kept, tmp_path):
        walk, *_ = kept
        made = make_backup(walk.workspace, tmp_path / "locked.zip", walk.act(), PASSPHRASE)
        assert check_backup(made.path, PASSPHRASE).place == walk.workspace.place

    def test_a_sealed_archive_with_one_byte_changed_does_not_open(self, sealed, tmp_path):
        _, archive, _ = sealed

        def flip(members):
            sealed = bytearray(members[SEALED_MEMBER])
            sealed[len(sealed) // 2] ^= 1
            return {**members, SEALED_MEMBER: bytes(sealed)}

        wrong = rewritten(archive, tmp_path / "wrong.zip", flip)
        with pytest.raises(InputError, match="no whole backup"):
            check_backup(wrong, PASSPHRASE)


def test_an_actor_is_needed_to_restore(kept, tmp_path):
    walk, archive, _ = kept
    with pytest.raises(WorkbenchError, match="needs an actor"):
        restore(archive, tmp_path / "restored", Act("", "", walk.now))
    assert not (tmp_path / "restored").exists()
