"""Who reads and who writes what: twelve objects by six roles, asked of the services' own rules.

A cell lists the acts a role may do with an object, of the acts the object has;
a teacher has no account and does nothing here. Acts that are nobody's, such as
deleting a line of the audit log, are not among the services at all.
"""

from datetime import UTC, datetime

import pytest

from models.store import Act
from workbench.errors import RefusedError
from workbench.services.people import Directory
from workbench.services.roles import ALLOWED, SEEN_BY, authorise, may_see
from workbench.services.workspace import Workspace

NOW = datetime(2026, 9, 2, tzinfo=UTC)
ROLES = ("teacher", "rater", "chair", "county", "registrar", "admin")
PERSON = {"rater": "R1", "chair": "C1", "county": "K9", "registrar": "G9", "admin": "A9"}

# object: act -> the roles that may, in the order of ROLES; x may, . may not
MATRIX = {
    "evidence original": {"intake.import": "....xx", "evidence.reveal": "...xx."},
    "evidence blind copy": {"evidence.blind": "..xxx.", "blind.make": "...xxx"},
    "identity and alias": {
        "identity.show": "...xx.",
        "pii.export": "...xx.",
        "pii.erase": "....xx",
    },
    "own score": {"read.submit": ".x.x..", "rating.import": "..xxxx"},
    "others' scores": {
        "progress.show": "..xx..",
        "agreement.show": "..xx..",
        "read.rule": "..xx..",
    },
    "hold": {"hold.open": "..xx..", "holds.show": "..xxx.", "hold.resolve": "..xx.."},
    "post to ledger": {"certify.propose": "..x.x.", "certify.approve": "...xx."},
    "supersede and void": {"certify.void": "...xx.", "ledger.key": "...xx."},
    "ledger, proofs, sheets": {
        "ledger.show": "..xxx.",
        "sheet.verify": ".xxxxx",
        "certificates.issue": "...xx.",
        "certificates.scan": "...xx.",
        "download.certificates": "...xx.",
    },
    "witness": {"ledger.witness": "...xx."},
    "users, policy, backup": {
        "account.add": ".....x",
        "account.roles": ".....x",
        "account.password": ".....x",
        "backup.make": "...xxx",
        "download.backups": "...x.x",
        "retention.apply": "....xx",
    },
    "audit log": {"audit_log.list": "..xxxx"},
}
CELLS = [
    (thing, act, role, allowed[place] == "x")
    for thing, acts in MATRIX.items()
    for act, allowed in acts.items()
    for place, role in enumerate(ROLES)
    if role in PERSON
]


@pytest.fixture(scope="module")
def folder(opened_folder, tmp_path_factory):
    """The round with officers of one role each, known by name."""
    import shutil

    made = tmp_path_factory.mktemp("matrix")
    shutil.copytree(opened_folder, made, dirs_exist_ok=True)
    workspace = Workspace(made / "workspace")
    draws = iter(range(1000))
    with (
        workspace.store() as store,
        store.transaction(Act("建档", "", NOW), "roster.import") as tx,
    ):
        people = Directory(store, tx, lambda size: next(draws).to_bytes(size, "big"))
        for person_id, role in (("G9", "registrar"), ("A9", "admin"), ("K9", "county")):
            people.rater(person_id, name=f"人员{person_id}", school="", roles=[role])
    return workspace.folder


@pytest.mark.parametrize(("thing", "act", "role", "allowed"), CELLS)
def test_each_role_may_do_what_the_matrix_says_and_no_more(folder, thing, act, role, allowed):
    with Workspace(folder).store() as store:
        person = PERSON[role]

        def ask():
            if act in ALLOWED:
                return authorise(store, Act(person, "", NOW), act).role
            return may_see(store, person, act)

        if allowed:
            assert ask() == role
        else:
            with pytest.raises(RefusedError, match="asks for the role"):
                ask()


def test_nobody_looks_without_an_account(folder):
    with Workspace(folder).store() as store:
        for act in SEEN_BY:
            with pytest.raises(RefusedError, match="nobody this workspace knows"):
                may_see(store, "T1", act)  # a teacher's number is no account


def test_the_audit_log_can_be_changed_by_no_transaction(folder):
    with Workspace(folder).store() as store:
        for statement in ("DELETE FROM audit_log", "UPDATE audit_log SET actor = 'x'"):
            with (
                pytest.raises(Exception, match="append-only"),
                store.transaction(Act("A9", "admin", NOW), "test") as tx,
            ):
                tx.change(statement, {})
