"""Every benchmark is listed, starts, and can be asked for a part."""

from __future__ import annotations

import importlib
import json
import pkgutil

import pytest

import benchmarks
from benchmarks import statistics, statistics_agreement
from benchmarks.__main__ import LONG, NAMES, listed, main


def test_every_benchmark_listed_starts_and_says_what_it_is_for():
    found = list(listed())
    assert [row["benchmark"] for row in found] == [*NAMES, *LONG]
    assert all(row["says"] for row in found)


def test_whatever_runs_is_listed_or_part_of_what_is():
    parts = {f"statistics_{part}" for part in statistics.parts()}
    modules = {each.name for each in pkgutil.iter_modules(benchmarks.__path__)} - {"__main__"}
    running = {
        name for name in modules if hasattr(importlib.import_module(f"benchmarks.{name}"), "run")
    }
    # verify_process gives the last rows of ledger.
    assert running - parts - {"verify_process"} == set(NAMES + LONG)


def test_one_function_of_a_part_runs_alone(monkeypatch, capsys):
    monkeypatch.setattr(
        statistics_agreement, "ROWS", (statistics_agreement.intraclass, _answer, _lacking)
    )
    main(["statistics:agreement._answer"])
    main(["statistics:agreement._lacking"])
    told, missing = capsys.readouterr().out.splitlines()
    assert '"measure": "all"' in told and '"part": "agreement"' in told
    assert '"missing": "no_such_peer"' in missing


def test_several_run_apart_and_one_that_fails_stops_no_other(capfd):
    with pytest.raises(SystemExit) as ended:
        main(["statistics:no_such_part", "starting"])
    rows = [json.loads(line) for line in capfd.readouterr().out.splitlines()]
    assert ended.value.code == 1
    assert rows[0] == {"benchmark": "statistics:no_such_part", "failed": 1}
    assert {row["benchmark"] for row in rows[1:]} == {"starting"}


def test_a_name_nobody_knows_is_refused_with_those_there_are():
    with pytest.raises(SystemExit, match="statistik is no benchmark; there are intake"):
        main(["statistik"])


def _answer():
    """Everything."""
    return [{"measure": "all"}]


def _lacking():
    """What a peer that is not installed would have given."""
    raise ModuleNotFoundError(name="no_such_peer")
