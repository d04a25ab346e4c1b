"""Effects of raters at the size of a county: CPU time, memory, what is found and what is not there."""

from __future__ import annotations

import resource
import time

import pandas as pd

from benchmarks.planted_counties import County, logistic_county
from models import frames
from scoring.effects.alongside import PLACE
from scoring.effects.families import Rule
from scoring.effects.habits import LENGTH, SECONDS
from scoring.effects.of_marks import OWN_DEPARTMENT, OWN_SCHOOL
from scoring.effects.round_of_marks import Circumstances, effects_of_marks
from scoring.effects.round_of_shifts import HOMES
from workbench.services.catalogue import find_policy
from workbench.services.effects_rounds import rules

CPU_LIMIT_S = 30.0
SEED = 20261121

COUNTY = County(
    schools=33,
    reads_each=288,
    third_share=0.0,
    planted={
        "r010": "severe_rater",
        "r021": "lenient_rater",
        "r030": "fast_rater",
        "r041": "erratic_rater",
        "r050": "all_met_reads",
        "r061": "pasted_comments",
        "r052": "copied:r051",
    },
)


def run() -> list[dict[str, object]]:
    """Test 200 raters over 60,000 reads for everything."""
    table = logistic_county(COUNTY, SEED)
    marks, reads, about = given(table, COUNTY)
    start = time.process_time()
    found = effects_of_marks(marks, reads, about, thresholds(), SEED)
    seconds = time.process_time() - start
    flagged = {(each.code, each.ids) for each in found if each.flagged}
    wanted = {sought(rater, code) for rater, code in COUNTY.planted.items()}
    return [
        {
            "what": "effects of raters",
            "raters": len(COUNTY.school_of),
            "reads": len(reads),
            "tests": sum(each.minimum_met for each in found),
            "cpu_s": round(seconds, 1),
            "limit_s": CPU_LIMIT_S,
            "peak_mib": round(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024),
            "planted": len(wanted),
            "found": len(wanted & flagged),
        }
    ]


def thresholds() -> dict[str, Rule]:
    """Rules of the national policy."""
    return rules(find_policy("national-2.0"))


def sought(rater: str, code: str) -> tuple[str, tuple[str, ...]]:
    """Finding that stands for what was planted."""
    if code.startswith("copied:"):
        return "copied_reads", tuple(sorted((rater, code.removeprefix("copied:"))))
    return code, (rater,)


def given(table: pd.DataFrame, county: County) -> tuple[pd.DataFrame, pd.DataFrame, Circumstances]:
    """Marks, reads and circumstances of an invented county, third reads left out."""
    kept = table[table[frames.ROUND] != "third"]
    marks = kept[[frames.PIECE, frames.CRITERION, frames.RATER, frames.MET]].copy()
    marks[frames.TEACHER] = kept[frames.SCHOOL].replace("", None)
    one = kept.drop_duplicates([frames.PIECE, frames.RATER])
    reads = one[[frames.PIECE, frames.RATER, frames.COMMENT]].copy()
    reads[PLACE] = one[frames.SUBMITTED_AT]
    reads[SECONDS] = (one[frames.SUBMITTED_AT] - one[frames.OPENED_AT]).dt.total_seconds()
    reads[LENGTH] = one["chars"]
    reads[OWN_SCHOOL] = one[frames.RATER].map(county.school_of) == one[frames.SCHOOL]
    group = one[frames.RATER].map(county.group_of) == one[frames.DEPARTMENT]
    reads[OWN_DEPARTMENT] = reads[OWN_SCHOOL] & group
    reads[HOMES[OWN_SCHOOL]] = one[frames.SCHOOL]
    reads[HOMES[OWN_DEPARTMENT]] = one[frames.SCHOOL] + "/" + one[frames.DEPARTMENT]
    about = Circumstances(
        excellent=frozenset(name for name in marks[frames.CRITERION].unique() if ".E" in name),
        panel_of=county.school_of,
        seeds=sorted(kept.loc[kept[frames.ROUND] == "seed", frames.PIECE].unique()),
    )
    return marks, reads, about
