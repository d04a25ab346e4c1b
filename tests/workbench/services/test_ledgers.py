"""Ledgers of a workspace: verified with keys from outside, and against checkpoints kept elsewhere."""

import shutil

from models.ledger.signing import new_signer
from workbench.services.keys import ledger_origin, trusted_keys
from workbench.services.ledgers import checkpoints, ledgers, verify

TOWN, HILL = "城关小学", "青山小学"


def test_before_anything_is_certified_there_is_no_ledger(checked):
    assert ledgers(checked.workspace) == {}
    assert verify(checked.workspace) == []


def test_every_school_has_its_own(certified):
    assert list(ledgers(certified.workspace)) == [certified.school(TOWN), certified.school(HILL)]
    assert [each.school_id for each in verify(certified.workspace, [certified.school(HILL)])] == [
        certified.school(HILL)
    ]


def test_a_strangers_key_proves_nothing(certified):
    stranger = new_signer(ledger_origin(certified.workspace, certified.school(TOWN)), b"x" * 32)
    found = verify(certified.workspace, [certified.school(TOWN)], [stranger.key.text])
    assert not found[0].found.ok
    own = verify(certified.workspace, [certified.school(TOWN)], trusted_keys(certified.workspace))
    assert own[0].found.ok


def test_a_checkpoint_kept_elsewhere_shows_a_return_to_an_older_copy(certified):
    path = ledgers(certified.workspace)[certified.school(TOWN)]
    older = shutil.copy(path, certified.folder / "older.db")
    certified.rate(("T2", "B8-1", "R1", "1111 11"), ("T2", "B8-1", "R2", "1111 11"), reason="更正")
    certified.publish(TOWN)
    certified.approve(certified.propose(TOWN)[0].proposal_id)
    kept = [
        path.read_bytes() for path in checkpoints(certified.workspace, certified.folder / "kept")
    ]
    assert all(each.found.ok for each in verify(certified.workspace, kept=kept))
    shutil.copy(older, path)
    found = {each.school_id: each.found.ok for each in verify(certified.workspace, kept=kept)}
    assert found == {certified.school(TOWN): False, certified.school(HILL): True}
