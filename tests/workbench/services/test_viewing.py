"""Who may see what of a piece: a table of people, and the originals behind a logged reason."""

from contextlib import nullcontext
from datetime import timedelta

import pytest

from models.store import Act
from workbench.errors import InputError, RefusedError
from workbench.readers.isolation import ReaderPool
from workbench.readers.limits import Limits
from workbench.services import blinding
from workbench.services.blinding import make_blind_copies
from workbench.services.viewing import part, parts_of, reveal


@pytest.fixture(scope="module")
def pool():
    with ReaderPool(Limits(written_mib=64, cpu_s=30), convert=False) as made:
        yield made


@pytest.fixture
def shown(shown_folder, walk_in, pool, monkeypatch):
    """Copies made; R1 is to read T1's piece, stood back from T2's, and has read T3's."""
    monkeypatch.setattr(blinding, "ReaderPool", lambda _: nullcontext(pool))
    return walk_in(shown_folder, "2026-09-10")


@pytest.fixture(scope="module")
def shown_folder(further, handed_in_folder, pool):
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(blinding, "ReaderPool", lambda _: nullcontext(pool))
        return further(handed_in_folder, lambda walk: copies_and_people(walk.on("2026-09-10")))


def copies_and_people(walk):
    make_blind_copies(walk.workspace, walk.act())
    rows = [("T1", 1), ("T2", 2)]
    with walk.workspace.store() as store, store.transaction(walk.act(), "test.people") as tx:
        people = [
            ("Q1", "registrar", walk.school("城关小学")),
            ("Q2", "registrar", walk.school("青山小学")),
            ("Q3", "admin", None),
            ("Q4", "chair", walk.school("青山小学")),
        ]
        tx.insert(
            "person",
            [
                {
                    "person_id": person,
                    "name": f"人{person}",
                    "school_id": school,
                    "department": "",
                    "roles": f'["{role}"]',
                    "relations": "[]",
                    "pseudonym": f"x{person}",
                }
                for person, role, school in people
            ],
        )
        given = tx.insert(
            "assignment",
            [
                {
                    "piece_id": walk.piece(teacher, "B8-1"),
                    "rater_id": "R1",
                    "round": "blind",
                    "reading": 1,
                    "position": place,
                }
                for teacher, place in rows
            ],
        )
        tx.insert("assignment_end", [{"assignment_id": given[1], "why": "conflict"}])
    walk.rate(("T3", "B8-1", "R1", "1111 11"))


def outcome(act):
    try:
        act()
    except RefusedError:
        return "refused"
    except LookupError:
        return "nothing"
    return "seen"


@pytest.mark.parametrize(
    ("person", "teacher", "copy", "original"),
    [
        ("R1", "T1", "seen", "refused"),  # assigned
        ("R1", "T2", "refused", "refused"),  # stood back from it
        ("R1", "T3", "seen", "refused"),  # has read it
        ("R1", "T4", "refused", "refused"),  # another reader's
        ("R2", "T1", "refused", "refused"),
        ("C1", "T1", "seen", "refused"),  # the county's chair sees the whole panel
        ("Q4", "T1", "refused", "refused"),  # a school's chair sees the own school
        ("Q4", "T3", "seen", "refused"),
        ("K1", "T1", "seen", "seen"),  # county
        ("Q1", "T1", "seen", "seen"),  # registrar of the school
        ("Q2", "T1", "refused", "refused"),  # of another
        ("Q3", "T1", "refused", "refused"),  # administrators keep the machine, not the evidence
        ("nobody", "T1", "refused", "refused"),
    ],
)
def test_who_sees_the_copy_and_who_may_open_the_original(shown, person, teacher, copy, original):
    workspace, piece = shown.workspace, shown.piece(teacher, "B8-1")
    assert outcome(lambda: parts_of(workspace, person, piece)) == copy
    name = parts_of(workspace, "K1", piece)[0]["reading"].rpartition("/")[2]
    assert outcome(lambda: part(workspace, person, piece, name)) == copy
    if person == "nobody":
        return  # on the command line an unknown name acts as asserted; no session has one
    act = Act(person, "", shown.now, "核对来源")
    assert outcome(lambda: reveal(workspace, act, piece)) == original


def test_a_part_of_one_piece_is_not_found_under_another(shown):
    workspace, own, other = shown.workspace, shown.piece("T1", "B8-1"), shown.piece("T3", "B8-1")
    name = parts_of(workspace, "R1", other)[0]["reading"].rpartition("/")[2]
    with pytest.raises(LookupError):
        part(workspace, "R1", own, name)
    with pytest.raises(LookupError):
        part(workspace, "K1", "p000000000000", name)
    for odd in ("", "..", "original-x", "../../working.db", "0" * 64):
        with pytest.raises((LookupError, RefusedError)):
            part(workspace, "K1", own, odd)


def test_what_a_rater_is_given_names_neither_file_nor_author(shown):
    told = str(parts_of(shown.workspace, "R1", shown.piece("T1", "B8-1")))
    assert "T1" not in told and ".txt" not in told and "教师" not in told


def test_an_original_is_open_for_a_day_s_work_and_to_who_gave_the_reason(shown):
    workspace, piece = shown.workspace, shown.piece("T1", "B8-1")
    with pytest.raises(RefusedError, match="closed"):
        part(workspace, "K1", piece, "original-1", shown.now)
    (told,) = reveal(workspace, Act("K1", "", shown.now, "举报核查"), piece)
    assert told["title"] == "T1-B8-1.txt"
    found = part(workspace, "K1", piece, "original-1", shown.now)
    assert (found.media_type, found.name) == ("text/plain; charset=utf-8", "T1-B8-1.txt")
    with pytest.raises(RefusedError, match="closed"):
        part(workspace, "K2", piece, "original-1", shown.now)  # not who gave the reason
    with pytest.raises(RefusedError, match="closed"):
        part(workspace, "K1", piece, "original-1", shown.now + timedelta(hours=9))
    with pytest.raises(RefusedError, match="closed"):
        part(workspace, "K1", piece, "original-1")
    with pytest.raises(LookupError):
        part(workspace, "K1", piece, "original-2", shown.now)


def test_every_opening_stands_in_the_audit_log_with_its_reason(shown):
    piece = shown.piece("T1", "B8-1")
    with pytest.raises(InputError, match="with a reason"):
        reveal(shown.workspace, Act("K1", "", shown.now, " "), piece)
    assert "evidence.reveal" not in shown.log()
    reveal(shown.workspace, Act("K1", "", shown.now, "举报核查"), piece)
    with shown.workspace.store() as store:
        line = store.where("audit_log")[-1]
    assert (line["action"], line["object"], line["role"]) == ("evidence.reveal", piece, "county")
    assert line["reason"] == "举报核查"


def test_a_copy_not_made_yet_is_said_to_be_coming(handed_in):
    (told,) = parts_of(handed_in.workspace, "K1", handed_in.piece("T1", "B8-1"))
    assert (told["kind"], told["notices"]) == ("none", ["遮盖副本尚未生成，请稍后再看。"])
