"""Who may do what: known people by their roles, unknown names as asserted, one person as one."""

from datetime import UTC, datetime

import pytest

from models.store import Act
from workbench.errors import RefusedError
from workbench.services.feedback import add_reason
from workbench.services.flags import raise_flags
from workbench.services.holds import reply, resolve
from workbench.services.identities import pseudonym_of
from workbench.services.publicity import answer, close_publicity, object_to, open_publicity
from workbench.services.roles import ALLOWED, ROLES, authorise, person_of, same_person
from workbench.services.supervision import decide, sample
from workbench.services.windows import set_window
from workbench.services.workspace import Workspace

TOWN = "城关小学"
ROLE_OF = {"R1": "rater", "C1": "chair", "K1": "county"}


@pytest.mark.parametrize("person", sorted(ROLE_OF))
@pytest.mark.parametrize("action", sorted(ALLOWED))
def test_a_known_person_may_do_what_their_role_allows_and_nothing_else(
    opened_folder, person, action
):
    with Workspace(opened_folder / "workspace").store() as store:
        act = Act(person, "", datetime(2026, 9, 2, tzinfo=UTC))
        if ROLE_OF[person] in ALLOWED[action]:
            assert authorise(store, act, action).role == ROLE_OF[person]
        else:
            with pytest.raises(RefusedError, match="asks for the role"):
                authorise(store, act, action)


def test_every_action_names_roles_there_are():
    assert all(set(roles) <= set(ROLES) and roles for roles in ALLOWED.values())


def test_an_unknown_name_is_asserted_and_the_log_says_so(read):
    open_publicity(read.workspace, [], read.act("王老师"))
    with read.workspace.store() as store:
        line = store.where("audit_log")[-1]
    assert (line["actor"], line["role"]) == ("王老师", "asserted:registrar")


def test_a_person_is_known_by_name_and_by_identifier(opened):
    with opened.workspace.store() as store:
        assert person_of(store, "组长甲") == person_of(store, " C1 ")
        assert person_of(store, "王老师") is None
        assert same_person(store, "组长甲", "C1")
        assert not same_person(store, "组长甲", "组长乙")
        assert same_person(store, "王老师", "王老师 ")
        assert pseudonym_of(store, opened.workspace, "C1") == pseudonym_of(
            store, opened.workspace, "组长甲"
        )


def test_two_people_of_one_name_have_to_say_who_acts(opened):
    with opened.workspace.store() as store:
        with store.transaction(opened.act(), "roster.import") as tx:
            twin = {"person_id": "C9", "name": "组长甲", "school_id": None, "department": ""}
            tx.insert(
                "person", [{**twin, "roles": '["rater"]', "relations": "[]", "pseudonym": "rx"}]
            )
        with pytest.raises(RefusedError, match="C1, C9") as caught:
            authorise(store, opened.act("组长甲"), "hold.resolve")
        assert caught.value.key == "actor_ambiguous"
        assert authorise(store, opened.act("C1"), "hold.resolve").role == "chair"
        assert same_person(store, "组长甲", "C9")  # could be either: not two people


def test_no_service_that_writes_forgets_to_ask(read):
    """A rater tries every act; each is refused, and nothing is written."""
    ws, act = read.workspace, read.act("评审1")
    before = read.log()
    tries = [
        lambda: raise_flags(ws, act),
        lambda: reply(ws, "h0001", "T1", "答复", "", act),
        lambda: resolve(ws, "h0001", "certify", "理由", act),
        lambda: open_publicity(ws, [], act),
        lambda: object_to(ws, "T1", "B8", "T1", "异议", act),
        lambda: answer(ws, "o0001", "stands", "理由", act),
        lambda: close_publicity(ws, [], act),
        lambda: sample(ws, "1", act),
        lambda: decide(ws, "s01", "accept", "理由", act),
        lambda: read.propose(who="评审1"),
        lambda: read.approve("c0001", who="评审1"),
        lambda: read.rate(("T1", "B8-1", "R3", "111111"), who="评审1"),
        lambda: set_window(ws, TOWN, "noticed", act),
        lambda: add_reason(ws, read.piece("T1", "B8-1"), "B8-1.P1", "话", "", act),
    ]
    for attempt in tries:
        with pytest.raises(RefusedError, match="asks for the role"):
            attempt()
    assert read.log() == before
