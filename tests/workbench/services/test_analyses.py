"""Stored analyses: kept whole, never changed, read back with how much has been written since."""

import json
import math
import os
import shutil
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from click.testing import CliRunner
from hypothesis import given
from hypothesis import strategies as st
from pysqlite3 import dbapi2 as sqlite

from benchmarks.synthetic_county import build
from models.errors import StoreError
from models.store import Act
from workbench import messages
from workbench.cli import cli
from workbench.errors import InputError, RefusedError
from workbench.services import analysing, jobs
from workbench.services.analyses import analyse, last_analysis, plain, reads_of, store_analysis
from workbench.services.analysing import (
    KINDS,
    analyse_kinds,
    begin_analysis,
    running_analysis,
    shown,
)
from workbench.services.panel_view import panel_view
from workbench.services.workspace import Workspace, create

pytestmark = pytest.mark.slow  # each fits a whole round

AT = datetime(2026, 11, 20, 1, tzinfo=UTC)
WHOLE, TOWN, RATER = "Z1", "Z2", "R000"


@pytest.fixture(scope="session")
def county_folder(tmp_path_factory):
    made = build(tmp_path_factory.mktemp("analyses") / "w", pieces=60, readers=4, schools=2)
    with made.store() as store, store.transaction(Act("x", "", AT), "test") as tx:
        row = {"person_id": TOWN, "name": "组长乙", "school_id": "s000", "department": ""}
        lists = {"roles": '["chair"]', "relations": "[]", "pseudonym": "pZ2"}
        tx.insert("person", [{**row, **lists}])
    return made.folder


@pytest.fixture
def county(county_folder, tmp_path):
    """Two schools and four readers; Z1 chairs the county, Z2 the school s000."""
    return Workspace(Path(shutil.copytree(county_folder, tmp_path / "w")))


def act(who=WHOLE):
    return Act(who, "", AT)


def keep(county, payload, who=WHOLE, scope=None, version=1, **more):
    return store_analysis(
        county, "facets", payload, act(who), scope=scope, data_version=version, **more
    )


def pieces_of(county, school):
    with county.store() as store:
        rows = store.rows(
            "SELECT piece_id FROM piece JOIN submission USING (submission_id) "
            "JOIN teacher USING (teacher_id) WHERE school_id = ?",
            (school,),
        )
    return [row["piece_id"] for row in rows]


def read_again(county, school, count=1):
    """Add reads of a school's pieces by somebody new."""
    with county.store() as store, store.transaction(act(), "test") as tx:
        tx.insert("read", [
            {"piece_id": piece, "rater_id": "new", "round": "third", "reading": 1, "opened_at": "",
             "submitted_at": "", "comment": "", "replaces": None}
            for piece in pieces_of(county, school)[:count]
        ])  # fmt: skip


def stored_rows(county):
    with county.store() as store:
        return store.where("analysis")


class TestKeeping:
    def test_what_is_stored_is_read_back_with_who_when_and_how(self, county):
        payload = {"raters": [{"rater": "R1", "severity": 0.1, "se": None, "name": "量"}]}
        digest = keep(county, payload, parameters={"model": "rsm"}, random_seed=7)
        found = last_analysis(county, "facets")
        assert found.payload == payload
        assert (found.parameters, found.random_seed) == ({"model": "rsm"}, 7)
        assert (found.actor, found.made_at) == (WHOLE, "2026-11-20T01:00:00Z")
        assert (found.policy, found.digest) == (county.policy.digest, digest)

    def test_the_newest_counts_and_the_earlier_stay(self, county):
        keep(county, 1)
        keep(county, 2)
        assert last_analysis(county, "facets").payload == 2
        assert [row["payload"] for row in stored_rows(county)] == ["1", "2"]

    def test_of_those_made_otherwise_only_the_one_asked_for_is_found(self, county):
        keep(county, "pcm", parameters={"model": "pcm"})
        keep(county, "rsm", parameters={"model": "rsm"})
        assert last_analysis(county, "facets").payload == "rsm"
        assert last_analysis(county, "facets", parameters={"model": "pcm"}).payload == "pcm"
        assert last_analysis(county, "facets", parameters={}) is None

    def test_nothing_stored_is_none(self, county):
        assert last_analysis(county, "facets") is None
        keep(county, 1)
        assert last_analysis(county, "facets", "s000") is None
        assert last_analysis(county, "stability") is None

    @pytest.mark.parametrize(
        ("column", "value"),
        [("payload", "2"), ("random_seed", "5"), ("scope", "''"), ("data_version", "9")],
    )
    def test_an_altered_row_is_refused_not_shown(self, county, column, value):
        keep(county, 1, who=TOWN, scope="s000")
        connection = sqlite.connect(str(county.folder / "working.db"))
        connection.execute("DROP TRIGGER analysis_keeps_rows")
        connection.execute(f"UPDATE analysis SET {column} = {value}")
        connection.commit()
        connection.close()
        scope = None if column == "scope" else "s000"
        with pytest.raises(StoreError) as refused:
            last_analysis(county, "facets", scope)
        assert refused.value.key == "analyses.altered"

    def test_rows_cannot_be_changed_through_the_house(self, county):
        keep(county, 1)
        with (
            county.store() as store,
            pytest.raises(sqlite.Error, match="append-only"),
            store.transaction(act(), "test"),
        ):
            store.rows("DELETE FROM analysis")


class TestAge:
    def test_reads_after_the_data_were_looked_at_are_counted(self, county):
        analyse(county, "effects", lambda _: 1, act())
        assert last_analysis(county, "effects").reads_since == 0
        read_again(county, "s000", 2)
        read_again(county, "s001")
        assert last_analysis(county, "effects").reads_since == 3

    def test_a_read_made_while_it_computes_counts_as_new(self, county):
        analyse(county, "effects", lambda _: read_again(county, "s000"), act())
        assert last_analysis(county, "effects").reads_since == 1

    def test_a_school_counts_its_own_pieces_only(self, county):
        analyse(county, "effects", lambda _: 1, act(TOWN))
        read_again(county, "s001", 3)
        assert last_analysis(county, "effects", "s000").reads_since == 0
        read_again(county, "s000")
        assert last_analysis(county, "effects", "s000").reads_since == 1

    def test_reopened_pieces_are_counted_beside_reads(self, county):
        analyse(county, "effects", lambda _: 1, act())
        with county.store() as store, store.transaction(act(), "test") as tx:
            piece = pieces_of(county, "s000")[0]
            tx.insert("reopening", [{"piece_id": piece, "reading": 2, "cause": "test"}])
        found = last_analysis(county, "effects")
        assert (found.reads_since, found.reopened_since) == (0, 1)

    def test_of_one_school_there_are_fewer_reads_than_of_all(self, county):
        own, other = reads_of(county, "s000"), reads_of(county, "s001")
        assert own > 0 and other > 0
        assert own + other == reads_of(county, None)


class TestWhoMay:
    def test_a_chair_of_one_school_analyses_that_school(self, county):
        assert analyse(county, "effects", lambda scope: scope, act(TOWN)) == "s000"
        assert last_analysis(county, "effects") is None
        assert last_analysis(county, "effects", "s000").payload == "s000"

    def test_a_chair_of_the_county_analyses_all_of_it(self, county):
        assert analyse(county, "effects", lambda scope: scope, act(WHOLE)) is None

    @pytest.mark.parametrize("scope", [None, "s001"])
    def test_a_chair_of_one_school_stores_nothing_about_others(self, county, scope):
        with pytest.raises(RefusedError):
            keep(county, 1, who=TOWN, scope=scope)
        assert stored_rows(county) == []

    def test_a_rater_stores_none_and_is_told_before_the_work(self, county):
        with pytest.raises(RefusedError) as refused:
            analyse(county, "effects", lambda _: pytest.fail("computed"), act(RATER))
        assert refused.value.key == "role_missing"
        with pytest.raises(RefusedError):
            analyse_kinds(county, (), act(RATER))

    def test_looking_without_a_name_stores_nothing(self, county):
        assert analyse(county, "effects", lambda scope: scope, None) is None
        assert stored_rows(county) == []


jsons = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text("abc"), inner),
    max_leaves=12,
)


class TestPlain:
    @given(jsons)
    def test_what_is_plain_already_stays_and_survives_json(self, value):
        assert plain(value) == value
        assert json.loads(json.dumps(plain(value))) == value

    def test_numpy_and_the_not_finite_become_what_json_has(self):
        found = plain({"a": np.array([0.5, math.nan]), "n": np.int64(3), "b": np.bool_(True)})
        assert found == {"a": [0.5, None], "n": 3, "b": True}
        assert plain((math.inf, -math.inf)) == [None, None]

    def test_what_json_has_no_word_for_is_refused(self):
        with pytest.raises(TypeError, match="object"):
            plain([object()])


class TestShown:
    def test_few_reads_are_computed_while_the_page_opens(self, county):
        found = shown(county, "agreement", None)
        assert found.payload["coefficients"]
        assert (found.analysis, found.unknown) == (None, "")

    def test_many_reads_ask_for_the_job(self, county, monkeypatch):
        monkeypatch.setattr(analysing, "AT_ONCE", 10)
        found = shown(county, "agreement", None)
        assert found.needs_job
        assert found.payload is None
        assert str(reads_of(county, None)) in found.unknown

    def test_what_is_stored_is_shown_however_many_reads_there_are(self, county, monkeypatch):
        at_once = shown(county, "agreement", None).payload
        assert analyse_kinds(county, ["agreement"], act()) == {"agreement": ""}
        monkeypatch.setattr(analysing, "AT_ONCE", 10)
        found = shown(county, "agreement", None)
        assert found.payload == at_once
        assert found.analysis.reads_since == 0
        assert shown(county, "agreement", "s000").needs_job

    def test_too_few_data_say_why(self, tmp_path):
        empty = create(tmp_path / "e", "national-2.0", "秋", "县", act(), lambda n: bytes(range(n)))
        found = shown(empty, "agreement", None)
        assert found.unknown == messages.sentence("zh", "error.panel.no_pairs")
        assert not found.needs_job
        refused = analyse_kinds(empty, (), act("某组长"))
        assert refused["agreement"] == found.unknown
        assert all(refused.values())

    def test_each_chair_sees_numbers_of_their_own_scope(self, county):
        analyse_kinds(county, (), act(WHOLE))
        analyse_kinds(county, (), act(TOWN))
        whole, town = panel_view(county, WHOLE), panel_view(county, TOWN)
        assert town.agreement.analysis.scope == "s000"
        assert 0 < town.pieces < whole.pieces
        assert {each.group for each in whole.groups if each.kind == "school"} == {"s000", "s001"}
        assert {each.group for each in town.groups if each.kind == "school"} == {"s000"}

    def test_stored_numbers_and_those_computed_at_once_make_the_same_view(self, county):
        fresh = panel_view(county, WHOLE)
        analyse_kinds(county, (), act())
        stored = panel_view(county, WHOLE)
        assert stored.headline == fresh.headline
        assert (stored.groups, stored.pairs) == (fresh.groups, fresh.pairs)
        assert stored.order == fresh.order

    def test_progress_tells_each_kind(self, county):
        told = []
        analyse_kinds(county, (), act(), lambda done, total: told.append((done, total)))
        assert told == [(place, len(KINDS)) for place in range(len(KINDS) + 1)]

    def test_an_unknown_kind_names_those_there_are(self, county):
        with pytest.raises(InputError, match="agreement, effects"):
            analyse_kinds(county, ["nonsense"], act())


def run(county, *arguments, who=""):
    named = ["--as", who] if who else []
    return CliRunner().invoke(cli, ["--workspace", str(county.folder), *named, *arguments])


class TestCommands:
    @pytest.mark.parametrize("kind", ["agreement", "effects"])
    def test_without_a_name_a_command_only_looks(self, county, kind):
        assert run(county, kind).exit_code == 0
        assert stored_rows(county) == []

    def test_with_a_name_agreement_keeps_what_it_prints(self, county):
        done = run(county, "agreement", "--by", "school", "--json", who=WHOLE)
        found = last_analysis(county, "agreement", parameters={"by": ["school"], "of_marks": False})
        assert found.payload["coefficients"] == json.loads(done.stdout)
        assert {one["group"] for one in json.loads(done.stdout)} >= {"s000", "s001"}

    def test_with_a_name_effects_keep_what_they_print(self, county):
        done = run(county, "effects", "--json", "--seed", "3", who=TOWN)
        found = last_analysis(county, "effects", "s000")
        assert found.payload["findings"] == json.loads(done.stdout)
        assert found.random_seed == 3

    def test_analyse_stores_what_pages_show(self, county):
        done = run(county, "analyse", who=WHOLE)
        assert (done.exit_code, len(done.stdout.splitlines())) == (0, len(KINDS))
        assert {row["kind"] for row in stored_rows(county)} == set(KINDS)

    def test_analyse_needs_a_name_and_a_kind_there_is(self, county):
        assert run(county, "analyse").exit_code == 2
        assert run(county, "analyse", "nonsense", who=WHOLE).exit_code == 2
        assert stored_rows(county) == []


@pytest.mark.slow
def test_the_job_stores_the_analyses_as_the_person_with_progress(county):
    begun = begin_analysis(county, (), TOWN, AT, lambda n: bytes(range(n)))
    assert running_analysis(county, WHOLE) is None
    told = json.loads((county.folder / "jobs" / begun.job_id / "job.json").read_text())
    os.waitpid(told["pid"], 0)
    job = jobs.job(county, begun.job_id)
    own = [kind for kind in KINDS.values() if not kind.of_county]  # TOWN's chair sees one school
    assert (job.state, job.exit_status, job.done, job.total) == ("done", 0, len(own), len(own))
    assert running_analysis(county, TOWN) is None
    found = last_analysis(county, "effects", "s000", KINDS["effects"].parameters)
    assert (found.actor, found.reads_since) == (TOWN, 0)
