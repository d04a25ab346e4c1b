"""A simulated county with planted schools: panels of 3 to 9, halo, seeds, the county's re-reads."""

import numpy as np
import pandas as pd

PASS_CRITERIA, EXCELLENT_CRITERIA = ("P1", "P2", "P3", "P4"), ("E1", "E2")
CRITERIA = PASS_CRITERIA + EXCELLENT_CRITERIA
MARKS = ["piece_id", "criterion_id", "rater_id", "round", "met"]
PIECES = ["piece_id", "school_id", "teacher_id", "sampled"]


def read(rng, ability, severity, difficulty, halo=0.7):
    """Marks of one read: logit of met is ability and halo less difficulty and severity."""
    ease = ability + rng.normal(0, halo) - difficulty - severity
    return (rng.random(len(difficulty)) < 1 / (1 + np.exp(-ease))).astype(int)


def simulated(
    random_seed, *, schools=40, pieces=90, rereads=15, seeds=20, seeds_each=10,
    lenient=None, favour=None, lifted=None, good=None, severity_sd=0.4,
):  # fmt: skip
    """Marks and pieces; ``lenient``, ``favour`` and ``good`` are logits by school number.

    ``lifted`` is the share of near misses (one 合格 criterion unmet) made a pass.
    """
    rng = np.random.default_rng(random_seed)
    lenient, favour, lifted, good = lenient or {}, favour or {}, lifted or {}, good or {}
    difficulty = np.r_[rng.normal(-2.2, 0.5, 4), rng.normal(-0.3, 0.4, 2)]
    county = rng.normal(0, severity_sd / 2, 6)
    of_seed = rng.normal(0, 1, seeds)
    marks, owned = [], []

    def enter(piece, rater, round_name, given):
        marks.extend((piece, c, rater, round_name, y) for c, y in zip(CRITERIA, given, strict=True))

    for k in range(schools):
        panel = rng.normal(0, severity_sd, rng.integers(3, 10)) - lenient.get(k, 0.0)
        quality = rng.normal(0, 0.4) if k not in good else good[k]
        for r, severity in enumerate(panel):
            for j in rng.choice(seeds, seeds_each, replace=False) if seeds_each else ():
                enter(f"x{j}", f"r{k}-{r}", "seed", read(rng, of_seed[j], severity, difficulty))
        drawn = set(rng.choice(pieces, rereads, replace=False).tolist())
        teachers = rng.normal(0, 0.6, pieces)
        for p in range(pieces):
            ability = quality + teachers[p // 3] + rng.normal(0, 0.8)
            name = f"s{k:02d}-p{p}"
            owned.append((name, f"s{k:02d}", f"s{k:02d}-t{p // 3}", p in drawn))
            for r in rng.choice(len(panel), 2, replace=False):
                given = read(rng, ability, panel[r] - favour.get(k, 0.0), difficulty)
                if (given[:4] == 0).sum() == 1 and rng.random() < lifted.get(k, 0.0):
                    given[:4] = 1
                enter(name, f"r{k}-{r}", "blind", given)
            if p in drawn:
                c = int(rng.integers(6))
                enter(name, f"c{c}", "county", read(rng, ability, county[c], difficulty))
    return pd.DataFrame(marks, columns=MARKS), pd.DataFrame(owned, columns=PIECES)
