"""Precedents: kept from rulings, found by two characters, never shown of one's own piece, exchanged whole."""

import json
import shutil
from concurrent.futures import ThreadPoolExecutor
from secrets import token_bytes
from threading import Barrier

import pytest

from rubrics.canonical import digest, exact
from workbench.errors import InputError, RefusedError
from workbench.services.precedent_packs import export_precedents, import_precedents
from workbench.services.precedent_search import Query, desk_nearest, highlights, nearest, search
from workbench.services.precedents import open_rulings, publish, save, withdraw
from workbench.services.succession import succeed
from workbench.services.workspace import judge_by

WHY = "教师2的学情分析用了问卷，但没有说明结论，城关小学也未附数据"
P2 = "B8-1.P2"


@pytest.fixture(scope="module")
def ruled_folder(further, handed_in_folder):
    def do(walk):
        walk.on("2026-09-10")
        walk.rate(("T2", "B8-1", "R1", "1111 11"), ("T2", "B8-1", "R2", "1011 11"))
        walk.rate(("T2", "B8-1", "R3", "1?11 11", "third", "看不清"))
        walk.rate(("T2", "B8-1", "C1", ".0.. ..", "chair", WHY), reason=WHY, who="C1")

    return further(handed_in_folder, do)


@pytest.fixture
def ruled(ruled_folder, walk_in):
    """T2's first piece ruled upon after two reads that part by two levels."""
    return walk_in(ruled_folder, "2026-09-10")


@pytest.fixture
def kept(ruled):
    words = "学情分析只有结论，没有问卷数据"
    name = save(ruled.workspace, ruled.piece("T2", "B8-1"), P2, ruled.act("C1"), words)
    return ruled, name


def due(walk, teacher, rater):
    """Give a rater a piece to read."""
    from workbench.services.acting import act_of

    act = act_of("C1", walk.now)
    with walk.workspace.store() as store, store.transaction(act, "allocation.plan") as tx:
        row = {"piece_id": walk.piece(teacher, "B8-1"), "rater_id": rater, "round": "blind"}
        tx.insert("assignment", [{**row, "reading": 1, "position": 1}])
    return row["piece_id"]


class TestKeeping:
    def test_a_ruling_is_kept_with_the_reads_before_it_and_without_names(self, kept):
        walk, name = kept
        (found,) = search(walk.workspace, "C1", Query())
        assert (found.precedent_id, found.met, found.reads) == (name, 0, (1, 0, None))
        assert found.words == "■■■的学情分析用了问卷，但没有说明结论，■■■■也未附数据"
        assert found.stands and found.year == 2026
        told = json.dumps(found.as_json(), ensure_ascii=False)
        assert "教师2" not in told and "R1" not in told and "城关" not in told

    def test_two_clicks_at_once_keep_it_once_and_the_other_is_told(self, ruled):
        piece, both = ruled.piece("T2", "B8-1"), Barrier(2)

        def click(_):
            both.wait()
            try:
                return save(ruled.workspace, piece, P2, ruled.act("C1"))
            except InputError as refused:
                return refused.key

        with ThreadPoolExecutor(2) as threads:
            said = set(threads.map(click, range(2)))
        assert said - {"precedents.known"} == {
            found.precedent_id for found in search(ruled.workspace, "C1", Query())
        }
        assert "precedents.known" in said

    def test_the_same_ruling_is_kept_once_and_one_that_was_not_ruled_never(self, kept):
        walk, _ = kept
        piece = walk.piece("T2", "B8-1")
        with pytest.raises(InputError, match="already"):
            save(walk.workspace, piece, P2, walk.act("C1"), "学情分析只有结论，没有问卷数据")
        with pytest.raises(InputError, match="no ruling"):
            save(walk.workspace, piece, "B8-1.P1", walk.act("C1"))

    def test_rulings_not_kept_yet_are_listed(self, ruled):
        assert [r["criterion_id"] for r in open_rulings(ruled.workspace, "C1")] == [P2]
        save(ruled.workspace, ruled.piece("T2", "B8-1"), P2, ruled.act("C1"))
        assert open_rulings(ruled.workspace, "C1") == []

    def test_a_rater_keeps_none_and_sees_no_library(self, ruled):
        with pytest.raises(RefusedError, match="asks for the role"):
            save(ruled.workspace, ruled.piece("T2", "B8-1"), P2, ruled.act("R1"))
        with pytest.raises(RefusedError, match="asks for the role"):
            search(ruled.workspace, "R1", Query())

    def test_withdrawn_is_told_with_its_reason_and_not_twice(self, kept):
        walk, name = kept
        with pytest.raises(InputError, match="reason"):
            withdraw(walk.workspace, name, walk.act("K1"))
        withdraw(walk.workspace, name, walk.act("K1", "与新口径不符"))
        assert search(walk.workspace, "C1", Query()) == []
        (old,) = search(walk.workspace, "C1", Query(everything=True))
        assert (old.ended, old.ended_words) == ("withdrawn", "与新口径不符")
        with pytest.raises(RefusedError, match="already"):
            withdraw(walk.workspace, name, walk.act("K1", "再撤"))

    def test_a_new_one_supersedes_an_old_one_and_both_stay(self, kept):
        walk, name = kept
        piece = walk.piece("T2", "B8-1")
        later = save(walk.workspace, piece, P2, walk.act("C1"), "另一处摘录", "说明", replaces=name)
        found = {p.precedent_id: p for p in search(walk.workspace, "C1", Query(everything=True))}
        assert (found[name].ended, found[name].successor) == ("superseded", later)
        assert [p.precedent_id for p in search(walk.workspace, "C1", Query())] == [later]


class TestFinding:
    @pytest.mark.parametrize(
        ("words", "hits"),
        [("问卷", 1), ("学情 数据", 1), ("情分", 1), ("问卷调查", 0), ("问", 1), ("！？", 0)],
    )
    def test_two_characters_are_enough_and_all_words_are_asked_for(self, kept, words, hits):
        assert len(search(kept[0].workspace, "C1", Query(words))) == hits

    def test_a_name_that_was_covered_finds_nothing(self, kept):
        assert search(kept[0].workspace, "C1", Query("城关小学")) == []

    @pytest.mark.parametrize(
        ("query", "hits"),
        [
            (Query(competency="B8"), 1),
            (Query(competency="A1"), 0),
            (Query(criterion=P2, met=0, year=2026), 1),
            (Query(met=1), 0),
            (Query("问卷", year=2025), 0),
        ],
    )
    def test_filters_hold_with_words_and_without(self, kept, query, hits):
        assert len(search(kept[0].workspace, "C1", query)) == hits

    def test_where_the_words_stand_is_told(self):
        assert highlights("学情用ＰＰＴ", "ppt 学情") == [(0, 2), (3, 6)]

    def test_a_chair_of_one_school_sees_no_other_schools_own_until_the_county_publishes(self, kept):
        from workbench.services.people import Directory

        walk, _ = kept
        with (
            walk.workspace.store() as store,
            store.transaction(walk.act(), "roster.import") as tx,
        ):
            people = Directory(store, tx, walk.fresh)
            people.rater("C7", name="组长丙", school="城关小学", roles=["chair"])
            people.rater("C8", name="组长丁", school="青山小学", roles=["chair"])
        piece = walk.piece("T2", "B8-1")
        own = save(walk.workspace, piece, P2, walk.act("C7"), "校内摘录")
        seen = lambda who: own in {p.precedent_id for p in search(walk.workspace, who, Query())}  # noqa: E731
        assert (seen("C7"), seen("C8"), seen("K1")) == (True, False, True)
        with pytest.raises(RefusedError):
            publish(walk.workspace, [own], walk.act("C7"))
        assert publish(walk.workspace, [own], walk.act("K1")) == 1
        assert publish(walk.workspace, [own], walk.act("K1")) == 0
        assert seen("C8")
        with pytest.raises(RefusedError, match="another school"):
            withdraw(walk.workspace, own, walk.act("C8", "不同意"))


class TestBeside:
    def test_a_reader_of_like_work_sees_it_and_no_origin(self, kept):
        walk, name = kept
        piece = due(walk, "T3", "R4")
        (told,) = desk_nearest(walk.workspace, "R4", piece, P2)
        assert (told["id"], told["same"], told["met"]) == (name, True, 0)
        assert not {"origin", "year", "school", "piece", "reads", "places"} & told.keys()

    def test_never_from_the_very_piece_or_another_of_the_same_teacher(self, kept):
        walk, _ = kept
        assert nearest(walk.workspace, "R4", due(walk, "T2", "R4"), P2) == []

    def test_another_criterion_comes_only_where_its_words_are_near(self, kept):
        walk, _ = kept
        assert nearest(walk.workspace, "R4", due(walk, "T3", "R4"), "B8-1.P1") == []

    def test_a_piece_not_ones_own_to_read_is_refused(self, kept):
        walk, _ = kept
        with pytest.raises(RefusedError, match="not on this person's desk"):
            nearest(walk.workspace, "R5", walk.piece("T3", "B8-1"), P2)

    def test_an_excerpt_that_stands_in_the_piece_gives_it_away_and_is_left_out(self, kept):
        walk, _ = kept
        words = walk.essay("T4 B8-1")[:60]
        save(walk.workspace, walk.piece("T2", "B8-1"), P2, walk.act("C1"), words)
        assert len(nearest(walk.workspace, "R4", due(walk, "T3", "R4"), P2)) == 2
        assert len(nearest(walk.workspace, "R4", due(walk, "T4", "R4"), P2)) == 1

    def test_another_wording_of_the_criterion_leaves_it_in_the_library_alone(self, kept):
        walk, _ = kept
        piece = due(walk, "T3", "R4")
        path = walk.workspace.rubrics_folder / "B8.toml"
        text = path.read_text(encoding="utf-8")
        criterion = walk.workspace.rubrics["B8"].slot("B8-1").criterion(P2)
        assert text.count(criterion.text_zh) == 1
        changed = walk.folder / "B8.toml"
        changed.write_text(text.replace(criterion.text_zh, "新的说法"), encoding="utf-8")
        judge_by(walk.workspace, "B8", changed)
        assert nearest(walk.workspace, "R4", piece, P2) == []
        assert search(walk.workspace, "C1", Query()) == []
        (old,) = search(walk.workspace, "C1", Query(everything=True))
        assert (old.standing, old.criterion_words) == ("older", criterion.text_zh)


class TestPacks:
    def exported(self, walk):
        path = walk.folder / "pack.json"
        assert export_precedents(walk.workspace, path, walk.act("K1"), walk.fresh) == 1
        return path

    def other(self, walk, name="other"):
        """Another county with the same rubrics."""
        folder = walk.folder / name
        return succeed(walk.workspace, folder, "2027秋", walk.act("管理员"), token_bytes).workspace

    def test_a_pack_names_nobody_and_comes_in_once(self, kept, opened_folder, tmp_path_factory):
        walk, name = kept
        path = self.exported(walk)
        told = path.read_text(encoding="utf-8")
        assert not any(
            word in told for word in ("教师2", "城关", "R1", "T2", walk.piece("T2", "B8-1"))
        )
        clean = tmp_path_factory.mktemp("clean")
        shutil.copytree(opened_folder / "workspace", clean / "w")
        there = type(walk.workspace)(clean / "w")
        made = import_precedents(there, path, walk.act("K1"))
        assert (made.taken, made.known, made.older, made.refused) == (1, 0, 0, ())
        assert made.key.startswith("示例县/precedents+")
        assert [p.precedent_id for p in search(there, "C1", Query("问卷"))] == [name]
        assert import_precedents(there, path, walk.act("K1")).known == 1

    def test_a_changed_byte_is_noticed_by_digest_or_seal(self, kept):
        walk, _ = kept
        path = self.exported(walk)
        whole = path.read_text(encoding="utf-8")
        path.write_text(whole.replace("没有问卷数据", "已有问卷数据"), encoding="utf-8")
        with pytest.raises(InputError, match="no pack"):
            import_precedents(walk.workspace, path, walk.act("K1"))
        told = json.loads(whole)
        told["precedents"][0]["content"]["excerpt"] = "已有"
        told["digest"] = digest(exact({n: told[n] for n in ("place", "round", "precedents")}))
        path.write_text(json.dumps(told), encoding="utf-8")
        with pytest.raises(InputError, match="seal"):
            import_precedents(walk.workspace, path, walk.act("K1"))

    def changed(self, path, **more):
        """A pack without a seal, its precedent changed and numbered anew."""
        from workbench.services.precedents import identifier

        told = json.loads(path.read_text(encoding="utf-8"))
        one = told["precedents"][0] | more
        told["precedents"] = [one | {"precedent_id": identifier(one)}]
        told["digest"] = digest(exact({n: told[n] for n in ("place", "round", "precedents")}))
        del told["seal"]
        path.write_text(json.dumps(told), encoding="utf-8")
        return path

    def test_the_opposite_ruling_on_the_same_words_is_said(self, kept):
        walk, name = kept
        path = self.changed(self.exported(walk), met=1)
        made = import_precedents(walk.workspace, path, walk.act("K1"))
        assert (made.taken, made.key) == (1, "")
        assert name in made.conflicts[0]

    @pytest.mark.parametrize(
        ("more", "said"),
        [({"competency": "Z9"}, "Z9"), ({"criterion_id": "B8-1.P99"}, "B8-1.P99")],
    )
    def test_an_unknown_rubric_or_criterion_is_refused_with_its_reason(self, kept, more, said):
        walk, _ = kept
        path = self.changed(self.exported(walk), **more)
        made = import_precedents(walk.workspace, path, walk.act("K1"))
        assert made.taken == 0 and said in made.refused[0]

    def test_year_two_has_them_and_still_hides_them_from_their_own_teachers_work(self, kept):
        walk, name = kept
        made = succeed(
            walk.workspace, walk.folder / "next", "2027秋", walk.act("管理员"), token_bytes
        )
        assert made.precedents == 1
        second = type(walk)(walk.folder / "second").on("2027-09-10")
        second.folder.mkdir()
        (walk.folder / "next").rename(second.folder / "workspace")
        for teacher in ("T2", "T3"):
            row = {"teacher_id": teacher, "slot": "B8-1"}
            second.take_in([(row, walk.essay(f"new {teacher}"))], name=teacher)
        own = nearest(second.workspace, "R4", due(second, "T2", "R4"), P2)
        others = nearest(second.workspace, "R4", due(second, "T3", "R4"), P2)
        assert (own, [n.precedent.precedent_id for n in others]) == ([], [name])
