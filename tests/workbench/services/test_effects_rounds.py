"""What the tests of raters are given of a workspace: departments, and the phrases of the desk."""

import pytest

from models.people import raters
from models.phrases import keep_phrase
from models.store import Act
from models.submissions import owned_pieces
from workbench.services import effects_rounds
from workbench.services.effects_rounds import round_of_workspace
from workbench.services.phrases import starters_in


@pytest.fixture
def grouped(read, monkeypatch):
    """T1 and R1 are of the Chinese group of one school, R2 of the group of that name in another."""
    with read.workspace.store() as store:
        people = raters(store)
        first = store.one("teacher", teacher_no="T1")
        home = first["school_id"]
        other = next(row["school_id"] for row in store.where("teacher") if row["school_id"] != home)
        with store.transaction(Act("G1", "", read.now), "test") as tx:
            tx.insert("teacher_fact", [
                {"teacher_id": first["teacher_id"], "name": "department", "value": "语文组"}
            ])  # fmt: skip
    people["R1"] |= {"department": "语文组", "school_id": home}
    people["R2"] |= {"department": "语文组", "school_id": other}
    monkeypatch.setattr(effects_rounds, "people", lambda _: people)
    return read


def test_own_department_is_known_of_a_workspace_and_is_of_the_own_school(grouped):
    made = round_of_workspace(grouped.workspace, None).reads
    with grouped.workspace.store() as store:
        own = [row["piece_id"] for row in owned_pieces(store) if row["teacher_no"] == "T1"]
    mine = made["piece_id"].isin(own)
    of_t1 = made[mine].set_index("rater_id")
    assert of_t1.loc["R1", "own_department"].all()
    assert not of_t1.loc["R2", "own_department"].any()
    others = made[~mine]
    assert others["own_department"].isna().all()  # nobody has said of which group they are
    assert of_t1["home_department"].nunique() == 1


def test_phrases_of_the_desk_go_with_the_round(read):
    with read.workspace.desk() as desk, desk.transaction():
        keep_phrase(desk, "R1", "", "目标具体，证据对应。", read.now)
    about = round_of_workspace(read.workspace, None).about
    assert set(starters_in("zh")) | set(starters_in("en")) == set(about.phrases)
    assert about.banks == {"R1": ("目标具体，证据对应。",)}
