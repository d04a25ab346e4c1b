"""Accounts, sessions and scopes: who gets in, who is slowed down, whose school it is."""

import hashlib
import itertools
import json
import secrets
import shutil
from datetime import UTC, datetime, timedelta

import pytest

from models.accounts import roles_held
from models.store import Act
from workbench.errors import InputError, RefusedError
from workbench.services import accounts, sign_in
from workbench.services.acting import act_of, data_version, person, standing
from workbench.services.demo import MARKER
from workbench.services.demo_accounts import create_demo_accounts
from workbench.services.people import Directory, TeacherRow
from workbench.services.reach import seen_school
from workbench.services.roles import ALLOWED, ROLES, SEEN_BY, authorise, may_see, scope_of
from workbench.services.workspace import Workspace, create

START = datetime(2026, 9, 1, 8, tzinfo=UTC)
RULES = sign_in.SignInRules()
GOOD = "长一点的密码-a7b"
IN_EARNEST = accounts._hasher
"""As the product has it; the tests' own passwords are hashed at a lower cost."""
TOWN, HILL, OFFICE = "城关小学", "青山小学", "县教师发展中心"


def fixed_bytes():
    counter = itertools.count()
    return lambda size: hashlib.shake_256(str(next(counter)).encode()).digest(size)


@pytest.fixture
def fresh():
    return fixed_bytes()


@pytest.fixture(scope="module")
def shared(tmp_path_factory):
    """Two schools with a teacher each, an office, and somebody of each role in each place."""
    fresh, begun = fixed_bytes(), Act("建档", "", START)
    made = create(tmp_path_factory.mktemp("h") / "w", "national-2.0", "秋季", "县", begun, fresh)
    with made.store() as store, store.transaction(begun, "test") as tx:
        people = Directory(store, tx, fresh)
        for school in (TOWN, HILL):
            people.teacher(TeacherRow("", f"{school}教师", school, {}))
        for place, letter in ((TOWN, "t"), (HILL, "h"), (OFFICE, "o"), ("", "n")):
            for role in ROLES:
                person_id = f"{role}-{letter}"
                people.rater(person_id, name=f"某{person_id}", school=place, roles=[role])
    return made


@pytest.fixture
def house(shared, tmp_path):
    """A copy of it that a test may change."""
    shutil.copytree(shared.folder, tmp_path / "w")
    return Workspace(tmp_path / "w")


@pytest.fixture(scope="module")
def looking(shared, tmp_path_factory):
    """A copy opened once, for tests that only ask who may do or see something."""
    copy = shutil.copytree(shared.folder, tmp_path_factory.mktemp("looked") / "w")
    with Workspace(copy).store() as store:
        yield store


def admin(reason="", at=START):
    return Act("admin-n", "", at, reason)


def own(person_id, at=START):
    return Act(person_id, "", at)


def enter(house, name, password=GOOD, address="10.0.0.1", at=START):
    return sign_in.sign_in(house, name, password, address, at, secrets.token_bytes, RULES)


def school_of(house, name):
    with house.store() as store:
        return store.one("school", name=name)["school_id"]


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", sorted(ALLOWED))
def test_each_role_does_what_the_table_gives_it_and_nothing_else(looking, role, action):
    if role in ALLOWED[action]:
        assert authorise(looking, own(f"{role}-n"), action).role == role
    else:
        with pytest.raises(RefusedError) as refused:
            authorise(looking, own(f"{role}-n"), action)
        assert refused.value.key == "role_missing"


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("action", sorted(SEEN_BY))
def test_each_role_sees_what_the_table_gives_it_and_nothing_else(looking, role, action):
    if role in SEEN_BY[action]:
        assert may_see(looking, f"{role}-n", action) == role
    else:
        with pytest.raises(RefusedError):
            may_see(looking, f"{role}-n", action)


def test_nobody_looks_by_an_asserted_name(shared):
    with shared.store() as store, pytest.raises(RefusedError) as refused:
        may_see(store, "某人", "policy.show")
    assert refused.value.key == "person_unknown"


@pytest.mark.parametrize(
    ("person_id", "scope"),
    [
        ("registrar-t", TOWN),
        ("registrar-o", OFFICE),  # a registrar is bound to the place given, whatever it is
        ("registrar-n", None),
        ("chair-t", TOWN),
        ("chair-o", None),  # chairs from the office: no school of the round
        ("rater-h", HILL),
        ("county-t", None),
        ("admin-h", None),
    ],
)
def test_a_person_acts_for_the_school_the_role_is_held_for(shared, person_id, scope):
    with shared.store() as store:
        found = scope_of(store, store.one("person", person_id=person_id), person_id.split("-")[0])
    assert found == (school_of(shared, scope) if scope else None)


def test_an_act_about_another_school_is_refused(shared):
    town, hill = school_of(shared, TOWN), school_of(shared, HILL)
    with shared.store() as store:
        assert authorise(store, own("registrar-t"), "publicity.open", town).role == "registrar"
        assert authorise(store, own("registrar-n"), "publicity.open", hill).role == "registrar"
        assert authorise(store, own("county-t"), "hold.resolve", hill).role == "county"
        with pytest.raises(RefusedError) as refused:
            authorise(store, own("registrar-t"), "publicity.open", hill)
    assert refused.value.key == "out_of_scope"


def test_of_two_roles_the_one_that_reaches_the_school_counts(house):
    accounts.set_roles(house, "chair-t", ["chair", "county"], admin())
    with house.store() as store:
        made = authorise(store, own("chair-t"), "hold.resolve", school_of(house, HILL))
    assert made.role == "county"


def test_a_chair_of_a_school_who_also_reviews_for_the_county_sees_the_county(house):
    with house.store() as store:
        assert seen_school(store, "chair-t", "holds.show") == school_of(house, TOWN)
    accounts.set_roles(house, "chair-t", ["chair", "county"], admin())
    with house.store() as store:
        assert seen_school(store, "chair-t", "holds.show") is None


def test_roles_are_as_last_given_and_the_rows_before_stay(house):
    accounts.set_roles(house, "rater-t", ["chair", "rater"], admin())
    accounts.set_roles(house, "rater-t", ["registrar"], admin())
    with house.store() as store:
        assert roles_held(store, "rater-t") == ("registrar",)
        assert len(store.where("person_role", person_id="rater-t")) == 2
        assert json.loads(store.one("person", person_id="rater-t")["roles"]) == ["rater"]
    assert person(house, "rater-t").roles == ("registrar",)


def test_an_administrator_cannot_stop_being_one_alone(house):
    with pytest.raises(RefusedError, match="another administrator"):
        accounts.set_roles(house, "admin-n", ["rater"], admin())
    accounts.set_roles(house, "admin-t", ["rater"], admin())


def test_only_an_administrator_manages_accounts(house, fresh):
    act = own("registrar-n")
    for attempt in (
        lambda: accounts.add_user(house, "新人", ["rater"], act, fresh),
        lambda: accounts.set_roles(house, "rater-t", ["admin"], act),
        lambda: accounts.set_password(house, "rater-t", GOOD, act),
        lambda: accounts.sign_out_everywhere(house, "rater-t", act),
        lambda: accounts.list_users(house, START, "registrar-n"),
    ):
        with pytest.raises(RefusedError):
            attempt()


def test_somebody_new_gets_the_next_identifier(house, fresh):
    first = accounts.add_user(house, "新人", ["rater"], admin(), fresh, school=TOWN)
    second = accounts.add_user(house, "又一人", ["chair"], admin(), fresh)
    assert (first, second) == ("u001", "u002")
    with house.store() as store:
        assert store.where("audit_log")[-1]["object"] == "u002"


@pytest.mark.parametrize(
    ("change", "key"),
    [
        ({"name": " "}, "account.incomplete"),
        ({"roles": []}, "account.incomplete"),
        ({"roles": ["king"]}, "account.role"),
        ({"school": "没有的学校"}, "account.no_school"),
        ({"person_id": "rater-t"}, "account.taken"),
    ],
)
def test_an_incomplete_user_is_not_entered(house, fresh, change, key):
    told = {"name": "新人", "roles": ["rater"], "school": "", "person_id": ""} | change
    name, roles = told.pop("name"), told.pop("roles")
    with pytest.raises(InputError) as refused:
        accounts.add_user(house, name, roles, admin(), fresh, **told)
    assert refused.value.key == key


@pytest.mark.parametrize(
    "weak", ["", "short-9", "12345678901234", "aaaaaaaaaaaa", "xx-rater-t-xx", "x" * 200]
)
def test_a_weak_password_is_refused(house, weak):
    with pytest.raises(InputError) as refused:
        accounts.set_password(house, "rater-t", weak, own("rater-t"))
    assert refused.value.key == "account.weak"


def test_a_password_is_kept_as_argon2id_only(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    kept = (house.folder / "working.db").read_bytes() + b"".join(
        path.read_bytes() for path in house.folder.glob("working.db-*")
    )
    assert b"$argon2id$" in kept and GOOD.encode() not in kept


def test_a_password_costs_whoever_guesses_what_the_owasp_sheet_asks(house, monkeypatch):
    monkeypatch.setattr(accounts, "_hasher", IN_EARNEST)
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    with house.store() as store:
        (kept,) = (row["password_hash"] for row in store.where("account_secret"))
    assert kept.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert enter(house, "rater-t")


def test_the_name_and_the_identifier_both_sign_in(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    for number, name in enumerate(("rater-t", " 某rater-t ")):
        token = enter(house, name, at=START + timedelta(seconds=number))
        with sign_in.desk_of(house) as desk:
            assert sign_in.recognise(desk, token, START, RULES).person_id == "rater-t"


def test_the_token_stands_nowhere_in_the_workspace(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    token = enter(house, "rater-t")
    files = [path for path in house.folder.rglob("*") if path.is_file()]
    assert not any(token.encode() in path.read_bytes() for path in files)


def test_a_closed_account_gets_in_no_more_and_is_out_at_once(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    token = enter(house, "rater-t")
    accounts.set_roles(house, "rater-t", [], admin())
    with sign_in.desk_of(house) as desk:
        assert sign_in.recognise(desk, token, START, RULES) is None
    with pytest.raises(RefusedError) as refused:
        enter(house, "rater-t")
    assert refused.value.key == "sign_in.wrong"


def test_a_name_two_people_bear_signs_nobody_in(house, fresh):
    accounts.add_user(house, "某rater-t", ["rater"], admin(), fresh)
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    with pytest.raises(RefusedError) as refused:
        enter(house, "某rater-t")
    assert refused.value.key == "sign_in.wrong"
    assert enter(house, "rater-t")


def test_a_password_somebody_else_set_must_be_changed_first(house, fresh):
    assert accounts.set_password(house, "rater-t", GOOD, admin()) is False
    with pytest.raises(sign_in.ProvisionalError):
        enter(house, "rater-t")
    chosen = "我自己的新密码-x9"
    with pytest.raises(InputError) as same:
        sign_in.change_password(house, "rater-t", GOOD, GOOD, "a", START, fresh, RULES)
    assert same.value.key == "account.same"
    assert sign_in.change_password(house, "rater-t", GOOD, chosen, "a", START, fresh, RULES)
    assert enter(house, "rater-t", chosen)


def test_a_new_password_ends_every_session(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    token = enter(house, "rater-t")
    accounts.set_password(house, "rater-t", "另外的一个密码-q8w", own("rater-t"))
    with sign_in.desk_of(house) as desk:
        assert sign_in.recognise(desk, token, START, RULES) is None


def waits(house, name, address, count, at=START, password="wrong-one-1"):
    """Seconds to wait after each of that many attempts in a row, 0 where none."""
    found = []
    for _ in range(count):
        try:
            enter(house, name, password, address, at)
        except sign_in.ThrottledError as error:
            found.append(error.seconds)
        except RefusedError:
            found.append(0)
    return found


def test_five_failures_are_free_and_the_wait_then_doubles(house):
    assert waits(house, "rater-t", "a", 6) == [0, 0, 0, 0, 0, 31]
    later = START + timedelta(seconds=31)
    assert waits(house, "rater-t", "a", 2, later) == [0, 61]
    assert waits(house, "rater-t", "a", 2, later + timedelta(seconds=61)) == [0, 121]


def test_the_right_password_waits_as_well(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    waits(house, "rater-t", "a", 5)
    assert waits(house, "rater-t", "a", 1, password=GOOD) == [31]
    assert enter(house, "rater-t", address="another address")


def test_failures_are_forgotten_after_an_hour_and_when_the_clock_goes_back(house):
    waits(house, "rater-t", "a", 6)
    assert waits(house, "rater-t", "a", 1, START + timedelta(hours=2)) == [0]
    assert waits(house, "rater-t", "a", 1, START - timedelta(days=1)) == [0]


def test_a_name_tried_from_many_places_is_slowed_down_everywhere(house):
    found = [waits(house, "rater-t", f"10.0.0.{n}", 1)[0] for n in range(21)]
    assert found == [0] * 20 + [31]


def test_a_school_behind_one_address_signs_in_unhindered(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    for number in range(3):
        many = sign_in.SignInRules(free_by_address=2)
        at = START + timedelta(seconds=number)
        assert sign_in.sign_in(house, "rater-t", GOOD, "a", at, secrets.token_bytes, many)


def test_a_session_is_found_by_its_token_until_it_ends(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    token = enter(house, "rater-t")

    def stands(after):
        with sign_in.desk_of(house) as desk:
            return sign_in.recognise(desk, token, START + after, RULES) is not None

    assert stands(timedelta(hours=2)) and not stands(timedelta(hours=2, seconds=1))
    sign_in.touch(house, sign_in.session_id_of(token), START + timedelta(hours=11))
    assert stands(timedelta(hours=11, minutes=59)) and not stands(timedelta(hours=12))
    sign_in.sign_out(house, sign_in.session_id_of(token), "a", START)
    assert not stands(timedelta(0))


def test_what_ended_long_ago_is_forgotten(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    enter(house, "rater-t")
    assert sign_in.forget_old(house, START + timedelta(hours=13), RULES) == 0
    assert sign_in.forget_old(house, START + timedelta(days=2), RULES) == 1


def test_the_access_log_keeps_no_name_typed_in_vain(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    waits(house, "my-password-in-the-wrong-field", "a", 1)
    enter(house, "rater-t")
    lines = (house.folder / "logs" / "access-2026-09.jsonl").read_text(encoding="utf-8")
    told = [json.loads(line) for line in lines.splitlines()]
    assert [(line["event"], line["person"]) for line in told] == [
        ("refused", ""),
        ("sign_in", "rater-t"),
    ]


def test_two_who_sign_in_at_once_from_one_address_are_both_let_in(house):
    """Whichever request was stamped first is answered last, as happens behind one router."""
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    later, earlier = START + timedelta(milliseconds=9), START
    assert sign_in.sign_in(house, "rater-t", GOOD, "a", later, secrets.token_bytes, RULES)
    assert sign_in.sign_in(house, "rater-t", GOOD, "a", earlier, secrets.token_bytes, RULES)


def test_the_version_of_the_data_rises_with_a_write_and_not_with_a_sign_in(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    before = data_version(house)
    enter(house, "rater-t")
    assert data_version(house) == before
    accounts.set_roles(house, "rater-t", ["chair"], admin())
    assert data_version(house) == before + 1


def test_the_list_says_who_is_signed_in(house):
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    enter(house, "rater-t")
    rows = {row["person_id"]: row for row in accounts.list_users(house, START, "admin-n")}
    assert rows["rater-t"]["sessions"] == 1 and rows["rater-t"]["password_at"]
    assert rows["chair-t"]["sessions"] == 0 and rows["chair-t"]["password_at"] == ""
    assert rows["chair-t"]["school"] == TOWN


def test_a_person_is_looked_up_with_scope_and_place(house):
    found = person(house, "registrar-t")
    assert (found.name, found.school_id, found.place) == (
        "某registrar-t",
        school_of(house, TOWN),
        TOWN,
    )
    assert person(house, "admin-n").place == "县"
    assert act_of("x", START, "理由").reason == "理由"
    with pytest.raises(RefusedError):
        person(house, "nobody")


def test_accounts_of_a_demonstration_open_every_role(house, fresh):
    with pytest.raises(RefusedError):
        create_demo_accounts(house, START, fresh)
    (house.folder / MARKER).touch()
    for _ in range(2):  # a second time the same people get other passwords
        made = create_demo_accounts(house, START, fresh)
        assert {role for _, role, _ in made} == set(ROLES)
        assert all(enter(house, name, password) for name, _, password in made)
    assert len({name for name, _, _ in made}) == len(made)


def test_what_pages_read_holds_through_passwords_and_sign_outs_but_not_through_other_acts(house):
    def versions():
        return standing(house, "rater-t")[1]

    before = versions()
    accounts.set_password(house, "rater-t", GOOD, own("rater-t"))
    accounts.sign_out_everywhere(house, "rater-t", admin())
    assert versions() == (before.shown, before.log + 2)
    accounts.set_roles(house, "rater-t", ["chair"], admin())
    assert versions() == (before.log + 3, before.log + 3)
