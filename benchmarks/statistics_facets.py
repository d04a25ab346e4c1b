"""The facets model beside raschpy and beside passes over the ratings, on coded columns.

Ours and the peer's fit run in a fresh process each, one after the other, so that the
peak memory is the fit's own (with imports and the simulated table).
"""

from __future__ import annotations

import importlib
import json
import subprocess
import sys
import time

import numpy as np
import pandas as pd

from benchmarks.measuring import beside, cpu, peak_bytes
from scoring.facets.coding import FacetRatings
from scoring.facets.scale_model import Options, ScaleModel

SIZES = ((3_000, 20), (30_000, 100), (300_000, 400))
CRITERIA, EACH = 3, 2
STEPS = (-1.2, 1.2)


def invented(size: int, n_raters: int, seed: int = 1) -> tuple[FacetRatings, np.ndarray]:
    """Two raters of three criteria a person on three levels, and the severities behind them."""
    rng = np.random.default_rng(seed)
    persons = size // (CRITERIA * EACH)
    severity, ability = rng.normal(0, 0.6, n_raters), rng.normal(0, 1.5, persons)
    severity -= severity.mean()
    first = rng.integers(0, n_raters, persons)
    other = (first + rng.integers(1, n_raters, persons)) % n_raters
    rater = np.repeat(np.stack([first, other], axis=1).ravel(), CRITERIA)
    person = np.repeat(np.arange(persons), CRITERIA * EACH)
    criterion = np.tile(np.arange(CRITERIA), persons * EACH)
    base = ability[person] - severity[rater] - np.array([-0.3, 0.0, 0.3])[criterion]
    weights = np.exp(np.cumsum(base[:, None] - np.array(STEPS), axis=1))
    weights = np.concatenate([np.ones((len(base), 1)), weights], axis=1).cumsum(axis=1)
    level = (rng.random(len(base))[:, None] * weights[:, -1:] > weights[:, :-1]).sum(axis=1)
    columns = [np.asarray(column, np.int32) for column in (person, criterion, rater, level)]
    names = [tuple(f"{place:06d}" for place in range(int(max(c)) + 1)) for c in columns]
    return FacetRatings(*columns, *names), severity


def beside_raschpy() -> list[dict]:
    """Marginal fit of a rating scale beside raschpy's pairwise one."""
    rows = []
    for size, n_raters in SIZES:
        own, peer = (_in_child(what, size, n_raters) for what in ("own", "raschpy"))
        rows.append(
            beside(
                f"facets, {size:,} ratings, {n_raters} raters", own["cpu"], peer["cpu"], "raschpy",
                "times ≥ 15, memory ≤ 1/8, rmse ≤ at 3e5",
                mib=own["mib"], against_mib=peer["mib"],
                fit_mib=own["fit_mib"], against_fit_mib=peer["fit_mib"],
                rmse=own["rmse"], against_rmse=peer["rmse"],
            )
        )  # fmt: skip
    return rows


def a_million() -> list[dict]:
    """A million ratings to a thousandth of a logit beside one weighted counting pass."""
    ratings, _ = invented(1_000_000, 400)
    weight = np.ones(len(ratings.level))
    one = cpu(lambda: np.bincount(ratings.rater, weight))
    options = Options(tolerance=1e-3)
    own = cpu(lambda: ScaleModel(options).fit(ratings), times=3)
    model = ScaleModel(options)
    held = peak_bytes(lambda: model.fit(ratings)) / len(ratings.level)
    return [
        beside(
            "facets, 1,000,000 ratings, 400 raters", own, 1800 * one,
            "30 iterations × 60 weighted bincounts", "times ≥ 1, bytes ≤ 200",
            iterations=model.iterations_, bytes_a_rating=round(held),
        )
    ]  # fmt: skip


def a_panel() -> list[dict]:
    """The whole report of a panel, limits of fit simulated, from a table of texts."""
    from workbench.services.catalogue import find_policy
    from workbench.services.facets import facets_of_table

    ratings, _ = invented(2_000, 12)
    table = pd.DataFrame(
        {
            "person": np.array(ratings.persons)[ratings.person],
            "criterion_id": np.array(ratings.criteria)[ratings.criterion],
            "rater_id": np.array(ratings.raters)[ratings.rater],
            "level": ratings.level.astype(str),
        }
    )
    policy = find_policy("national-2.0")
    own = cpu(lambda: facets_of_table(table, policy, 1), times=3)
    return [beside("facets, a panel's whole report", own, 0.5, "half a second", "times ≥ 1")]


ROWS = (beside_raschpy, a_million, a_panel)


def _in_child(what: str, size: int, n_raters: int) -> dict[str, float]:
    ran = subprocess.run(
        [sys.executable, "-m", __name__, what, str(size), str(n_raters)],
        check=False, capture_output=True, text=True,
    )  # fmt: skip
    if "ModuleNotFoundError" in ran.stderr:
        raise ModuleNotFoundError(name=what)
    ran.check_returncode()
    found: dict[str, float] = json.loads(ran.stdout.splitlines()[-1])
    return found


def _own(ratings: FacetRatings) -> tuple[np.ndarray, float]:
    began = time.process_time()
    severity = ScaleModel(Options(tolerance=1e-4)).fit(ratings).severity_
    return severity, time.process_time() - began


def _raschpy(ratings: FacetRatings) -> tuple[np.ndarray, float]:
    """Fit with raschpy's defaults; its table is raters × persons in rows, criteria in columns."""
    import raschpy

    long = pd.DataFrame(
        {
            "rater": np.array(ratings.raters)[ratings.rater],
            "person": np.array(ratings.persons)[ratings.person],
            "criterion": np.array(ratings.criteria)[ratings.criterion],
            "level": ratings.level.astype(float),
        }
    )
    wide = long.pivot(index=["rater", "person"], columns="criterion", values="level")
    began = time.process_time()
    model = raschpy.MFRM(wide, max_score=len(STEPS))
    model.calibrate(model="global")
    seconds = time.process_time() - began
    severity = model.facet_effects_global.reindex(list(ratings.raters)).to_numpy(float)
    return severity - severity.mean(), seconds


def _child(what: str, size: int, n_raters: int) -> None:
    """Fit once and print CPU seconds, peak memory and the distance from the truth."""
    if what == "raschpy":
        importlib.import_module(what)  # its imports are not its fit
    ratings, truth = invented(size, n_raters)
    before = _peak_kib()
    severity, seconds = _raschpy(ratings) if what == "raschpy" else _own(ratings)
    peak = _peak_kib()
    found = {
        "cpu": seconds,
        "mib": round(peak / 1024),
        "fit_mib": round((peak - before) / 1024),
        "rmse": round(float(np.sqrt(np.mean((severity - truth) ** 2))), 4),
    }
    print(json.dumps(found))


def _peak_kib() -> int:
    """Most memory of this program; ru_maxrss would begin with that of the one that started it."""
    with open("/proc/self/status") as told:  # noqa: PTH123
        return next(int(line.split()[1]) for line in told if line.startswith("VmHWM"))


if __name__ == "__main__":
    _child(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
