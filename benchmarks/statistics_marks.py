"""The marks model at the size of a county and of a school: CPU time, memory, and how near the truth."""

from __future__ import annotations

import resource
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

from benchmarks.invented_marks import Shape, invented_marks
from benchmarks.measuring import cpu
from scoring.facets.marks_model import MarksModel

CPU_LIMIT_S = 60.0
MEMORY_LIMIT_MIB = 1024.0
SMALL_LIMIT_S = 0.5
SEED = 20261121

COUNTY = Shape(
    teachers=5_700, pieces_each=8, slots=84, criteria_each=6, raters=300, reads=2, seeds=30
)
SCHOOL = Shape(teachers=40, pieces_each=4, slots=6, criteria_each=6, raters=10, seeds=3)


def run() -> list[dict[str, object]]:
    """Fit one school and one county; draws and limits of fit beside them."""
    rows = []
    for name, shape, limit in (("school", SCHOOL, SMALL_LIMIT_S), ("county", COUNTY, CPU_LIMIT_S)):
        marks, truth = invented_marks(shape, SEED)
        seconds, model = _timed(lambda marks=marks: MarksModel().fit(marks))
        z = (model.severity_ - truth.severity) / model.severity_se_
        rows.append(
            {
                "what": f"{name}: fit with standard errors",
                "marks": len(marks),
                "pieces": len(model.pieces_),
                "raters": len(model.raters_),
                "cpu_s": round(seconds, 3),
                "limit_s": limit,
                "evaluations": model.iterations_,
                "severity_rmse": round(float(np.sqrt(np.mean((z * model.severity_se_) ** 2))), 4),
                "z_sd": round(float(z.std()), 3),
                "peak_mib": round(_peak_mib()),
                "limit_mib": MEMORY_LIMIT_MIB,
            }
        )
        for what, act in (
            ("measures of pieces", model.pieces),
            ("infit and outfit, 5 simulated rounds", lambda model=model: model.rater_fit(5, SEED)),
            ("500 joint draws", lambda model=model: model.draws(500, SEED)),
        ):
            seconds, _ = _timed(act)
            rows.append(
                {
                    "what": f"{name}: {what}",
                    "cpu_s": round(seconds, 3),
                    "peak_mib": round(_peak_mib()),
                }
            )
    return rows


def sparse_panel() -> list[dict[str, object]]:
    """The whole report of a panel whose 200 pieces are spread over all competencies."""
    from benchmarks.synthetic_county import Scene, build
    from workbench.services.facets_of_marks import facets_of_workspace

    with tempfile.TemporaryDirectory() as folder:
        panel = build(
            Path(folder) / "panel", pieces=200, readers=12, schools=1, scene=Scene(0.0, 0.85)
        )
        told = facets_of_workspace(panel)
        seconds = cpu(lambda: facets_of_workspace(panel), times=5)
    return [
        {
            "what": "sparse panel: the whole report of a workspace",
            "marks": sum(row["n"] for row in told["raters"]),
            "pieces": len(told["persons"]),
            "criteria": len(told["criteria"]),
            "cpu_s": round(seconds, 3),
            "limit_s": SMALL_LIMIT_S,
        }
    ]


def _timed(act: Callable[[], MarksModel]) -> tuple[float, MarksModel]:
    start = time.process_time()
    made = act()
    return time.process_time() - start, made


def _peak_mib() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


ROWS = (sparse_panel, run)
