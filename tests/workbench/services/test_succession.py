"""Year two: what comes along from the last round, and what stays behind."""

import csv
import json
from secrets import token_bytes

import pytest

from models.people import choices, facts_of_teachers, raters
from models.store import Act
from workbench.errors import InputError
from workbench.services.accounts import set_roles
from workbench.services.calibration_packs import import_pack
from workbench.services.results import results
from workbench.services.succession import RETESTS, pending_retests, succeed
from workbench.services.workspace import Workspace


def _write(path, rows):
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def follow(walk, name="next", round_name="2027秋", **more):
    folder = walk.folder / name
    return succeed(walk.workspace, folder, round_name, walk.act("管理员"), token_bytes, **more)


@pytest.fixture
def carried(read):
    return read, follow(read)


def test_people_come_along_and_marks_stay(carried):
    read, made = carried
    assert (made.schools, made.teachers, made.people) == (3, 5, 10)
    with read.workspace.store() as old, made.workspace.store() as new:
        before, after = raters(old), raters(new)
        assert {p: (r["name"], r["roles"]) for p, r in before.items()} == {
            p: (r["name"], r["roles"]) for p, r in after.items()
        }
        assert not {r["pseudonym"] for r in before.values()} & {
            r["pseudonym"] for r in after.values()
        }
        assert not {r["pseudonym"] for r in old.where("alias")} & {
            r["pseudonym"] for r in new.where("alias")
        }
        subjects = {t: f["subject"] for t, f in facts_of_teachers(new).items()}
        assert subjects == dict.fromkeys(("T1", "T2", "T3", "T4", "T5"), "语文")
        assert [new.where(table) for table in ("read", "submission", "piece")] == [[], [], []]
        assert new.audit_faults() == []


def test_hours_come_along_and_a_deferral_is_owed_and_not_carried(read):
    with read.workspace.store() as store, store.transaction(read.act(), "roster.import") as tx:
        facts = {"hours_online": "25", "deferred": "1", "person_key": "k", "choices": '["B8"]'}
        tx.insert(
            "teacher_fact", [{"teacher_id": "T1", "name": n, "value": v} for n, v in facts.items()]
        )
    made = follow(read)
    with made.workspace.store() as store:
        own = facts_of_teachers(store)["T1"]
        assert own["hours_online"] == "25"
        assert not own.keys() & {"deferred", "person_key"}
        assert json.loads(own[RETESTS]) == {"B8": "deferred"}


def test_pending_retests_are_the_competencies_of_who_failed_or_did_not_finish(carried):
    read, made = carried
    with read.workspace.store() as store:
        assert pending_retests(read.workspace, store) == {
            "T3": {"B8": "fail"},
            "T5": {"B8": "missing_evidence"},
        }
    assert made.retests == {"fail": 1, "missing_evidence": 1}
    with made.workspace.store() as store:
        assert choices(store) == {"T1": [], "T2": [], "T3": ["B8"], "T4": [], "T5": ["B8"]}
    owed = {r.teacher_id: str(r.reason_none) for r in results(made.workspace) if r.competency}
    assert owed == {"T3": "missing_evidence", "T5": "missing_evidence"}


def test_work_of_the_last_round_handed_in_again_is_known(carried):
    from workbench.services.similarity import compare_all

    read, made = carried
    assert made.prints == 9
    second = type(read)(read.folder / "second").on("2027-09-10")
    (read.folder / "second").mkdir()
    (read.folder / "next").rename(read.folder / "second" / "workspace")
    second.take_in([({"teacher_id": "T2", "slot": "B8-1"}, read.essay("T1 B8-1"))])
    with second.workspace.store() as store:
        found = compare_all(second.workspace, store).pairs
    assert [(p.a, p.b) for p in found if "2026秋" in p.a + p.b]


def test_roles_granted_later_and_earlier_prints_come_along(read):
    set_roles(read.workspace, "R5", ["rater", "chair"], read.act("管理员"))
    second = follow(read)
    later = Act("管理员", "", read.now, "")
    third = succeed(second.workspace, read.folder / "third", "2028秋", later, read.fresh)
    with third.workspace.store() as store:
        assert raters(store)["R5"]["roles"] == ["rater", "chair"]
        assert {row["source"] for row in store.where("earlier_print")} == {"示例县 2026秋"}
    assert third.workspace.last.round_name == "2027秋"


def test_the_policy_comes_along_without_the_dates_of_the_last_round(opened):
    assert follow(opened).workspace.policy.rules == opened.workspace.policy.rules
    pack = opened.folder / "dated.toml"
    text = (opened.folder / "policy.toml").read_text(encoding="utf-8")
    closes = '\n[rule.window]\ncloses = { value = "2026-10-01", unit = "date", source = "test" }\n'
    pack.write_text(text + closes, encoding="utf-8")
    dated = follow(opened, "dated", policy=str(pack))
    assert (dated.workspace.policy["window.closes"], dated.dates_cleared) == ("2026-10-01", False)
    second = succeed(
        dated.workspace, opened.folder / "cleared", "2028秋", opened.act("管理员"), opened.fresh
    )
    assert (second.workspace.policy["window.closes"], second.dates_cleared) == ("", True)


def test_a_round_is_not_its_own_successor(read):
    with pytest.raises(InputError, match="another name"):
        follow(read, round_name="2026秋")
    assert not (read.folder / "next").exists()


def test_where_something_fails_nothing_is_left(read, monkeypatch):
    def broken(*_):
        raise OSError("no space")

    monkeypatch.setattr("workbench.services.succession._carry", broken)
    with pytest.raises(OSError, match="no space"):
        follow(read)
    assert sorted(p.name for p in read.folder.iterdir() if "next" in p.name) == []
    assert Workspace(read.folder / "workspace").round_name == "2026秋"


def test_reference_pieces_come_along_with_their_experts_marks(read):
    pack = read.folder / "seeds"
    pack.mkdir()
    (pack / "S1.txt").write_text(read.essay("seed"), encoding="utf-8")
    row = {"item": "1", "teacher_id": "S1", "teacher_name": "标准", "school": "外校"}
    row |= {"competency": "B8", "slot": "B8-1", "file": "S1.txt"}
    _write(pack / "manifest.csv", [row])
    slot = read.workspace.rubrics["B8"].slot("B8-1")
    marks = [
        {"item": "1", "rater": rater, "criterion": c.criterion_id, "met": 1, "comment": "依据"}
        for rater in ("专家甲", "专家乙")
        for c in slot.criteria
    ]
    _write(pack / "marks.csv", marks)
    assert import_pack(read.workspace, pack, read.act("复核甲"), read.fresh).pieces == 1
    made = follow(read)
    assert (made.seeds, made.refused, made.teachers, made.schools) == (1, (), 5, 3)
    with made.workspace.store() as store:
        marked = store.where("expert_mark")
    assert {row["criterion_id"] for row in marked} == {c.criterion_id for c in slot.criteria}
