"""Agreement beside krippendorff, interrater, irrCAC, scikit-learn and pingouin, on coded columns."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations

import numpy as np
import pandas as pd

from benchmarks.measuring import beside, cpu, cpu_by_turns, peak_bytes
from scoring.agreement import Settings, agreement_of_codes
from scoring.coefficients.intraclass import icc_of_complete
from scoring.coefficients.listing import Measure, every
from scoring.coefficients.pairs import pair_tables, pairwise_kappa
from scoring.coefficients.weights import scale_of, weight_matrix
from scoring.evidence import Estimate, evidence_of, intervals_of
from scoring.tables import RatingCodes, read_ratings

SCALE = scale_of(["0", "1", "2"])
DRAWS = 1000
SIZES = (999, 9_999, 99_999, 999_999)  # three ratings a unit
_CORRECTED = ("gwet_ac", "fleiss_kappa", "brennan_prediger", "krippendorff_alpha")
_TURNS = 15  # so many that each side has a quiet moment on a busy machine
_PEER_DRAWS = 5  # of the peer's, whose cost is linear in them; scaled to DRAWS


def ratings_of(size: int, n_raters: int = 20, each: int = 3, seed: int = 0) -> RatingCodes:
    """Ratings on three grades, three of twenty raters a unit, in no order."""
    rng = np.random.default_rng(seed)
    n_units = size // each
    unit = np.repeat(np.arange(n_units), each)
    apart = rng.integers(1, max(2, (n_raters - 1) // each + 1), n_units).repeat(each)
    rater = (
        rng.integers(0, n_raters, n_units).repeat(each) + apart * np.tile(np.arange(each), n_units)
    ) % n_raters
    seen = rng.normal(0, 1, n_units).repeat(each) + rng.normal(0, 0.8, len(unit))
    level = np.digitize(seen, [-0.7, 1.0]).astype(np.int64)
    order = rng.permutation(len(unit))
    names = tuple(f"r{k}" for k in range(n_raters))
    return RatingCodes(unit[order], rater[order], level[order], np.arange(n_units), names, 3)


def one_pass(codes: RatingCodes) -> Callable[[], object]:
    """Count the categories of each unit: what no program can do without."""
    return lambda: np.bincount(codes.unit * codes.n_levels + codes.level)


def alpha_alone() -> list[dict]:
    """Ordinal alpha from a long table, no interval."""
    import krippendorff

    return [row for size in SIZES for row in _alpha_alone(krippendorff, ratings_of(size))]


def _alpha_alone(peer, codes: RatingCodes) -> list[dict]:
    own, floor, other = cpu_by_turns(
        [
            lambda: _estimate(codes, 0),
            one_pass(codes),
            lambda: _krippendorff(peer, _counts(codes)),
        ]
    )
    what = f"ordinal alpha, {len(codes.unit):,} ratings"
    held = _held(lambda: _estimate(codes, 0), codes)
    of_peer = _held(lambda: _krippendorff(peer, _counts(codes)), codes)
    return [
        beside(what, own, floor, "one counting pass", "times ≥ 0.4 at 1e6", bytes_a_rating=held),
        beside(
            what, own, other, "krippendorff on counts", "times ≥ 4 at 1e6",
            bytes_a_rating=held, against_bytes=of_peer,
        ),
    ]  # fmt: skip


def alpha_with_draws() -> list[dict]:
    """Ordinal alpha with an interval from 1,000 resamples of units."""
    import krippendorff

    bars = ("times ≥ 50", "times ≥ 500", "times ≥ 2000", "")
    rows = []
    for size, bar in zip(SIZES, bars, strict=True):
        rows += _alpha_with_draws(krippendorff, ratings_of(size), bar)
    return rows


def _alpha_with_draws(peer, codes: RatingCodes, bar: str) -> list[dict]:
    resample = _resampler(peer, codes, np.arange(codes.n_units))
    own, alone, other = cpu_by_turns(
        [lambda: _estimate(codes, DRAWS), lambda: _estimate(codes, 0), resample], _TURNS
    )
    what = f"ordinal alpha and {DRAWS:,} unit draws, {len(codes.unit):,} ratings"
    held = _held(lambda: _estimate(codes, DRAWS), codes)
    return [
        beside(
            what, own, other * DRAWS / _PEER_DRAWS, "krippendorff, counts resampled", bar,
            bytes_a_rating=held,
        ),
        beside(what, own, alone, "the estimate alone", "times ≥ 0.77 at 1e6"),
    ]  # fmt: skip


def beside_interrater() -> list[dict]:
    """Alpha with squared distances and an interval from 1,000 resamples, beside interrater's own."""
    import interrater

    rows = []
    for size in SIZES[:2]:
        codes = ratings_of(size)
        own, other = cpu_by_turns(
            [
                lambda codes=codes: _estimate(codes, DRAWS, INTERVAL_ALPHA),
                lambda codes=codes: _of_interrater(interrater, codes),
            ],
            3,
        )
        what = f"interval alpha and {DRAWS:,} unit draws, {len(codes.unit):,} ratings"
        rows.append(beside(what, own, other, "interrater, alpha with quadratic weights", ""))
    return rows


def alpha_with_cluster_draws() -> list[dict]:
    """Ordinal alpha with an interval from 1,000 resamples of 2,000 teachers."""
    import krippendorff

    plain = ratings_of(99_999)
    teacher = np.random.default_rng(1).integers(0, 2000, plain.n_units)
    codes = RatingCodes(plain.unit, plain.rater, plain.level, teacher, plain.raters, 3)
    own, peer = cpu_by_turns(
        [lambda: _estimate(codes, DRAWS), _resampler(krippendorff, codes, teacher)], _TURNS
    )
    what = f"ordinal alpha and {DRAWS:,} draws of 2,000 teachers, 99,999 ratings"
    peer *= DRAWS / _PEER_DRAWS
    return [beside(what, own, peer, "krippendorff, counts resampled", "times ≥ 200")]


def corrected_with_errors() -> list[dict]:
    """AC2, Fleiss, Brennan–Prediger and alpha with all weights and analytic intervals."""
    from irrCAC.raw import CAC

    codes = ratings_of(999_999)
    own = cpu(lambda: _estimate(codes, 0, CORRECTED))
    wide = pd.DataFrame(_dense(codes))

    def both() -> None:
        made = CAC(wide, weights="quadratic")
        made.gwet()
        made.fleiss()

    peer = cpu(both, 1)
    extra = peak_bytes(lambda: _estimate(codes, 0, CORRECTED)) / len(codes.unit)
    what = (
        f"{len(CORRECTED)} chance-corrected coefficients with analytic intervals, 999,999 ratings"
    )
    against = "irrCAC, AC2 and Fleiss with one weighting"
    return [beside(what, own, peer, against, "times ≥ 20; ≤ 16", bytes_a_rating=round(extra, 1))]


def all_pairs() -> list[dict]:
    """Quadratic kappa of all pairs of 200 raters."""
    from sklearn.metrics import cohen_kappa_score

    level = np.random.default_rng(0).integers(0, 3, (100, 200))
    codes = RatingCodes(
        np.repeat(np.arange(100), 200), np.tile(np.arange(200), 100), level.ravel(),
        np.arange(100), tuple(map(str, range(200))), 3,
    )  # fmt: skip
    table = weight_matrix(SCALE, "quadratic")
    own = cpu(lambda: pairwise_kappa(pair_tables(codes), table))
    pairs = list(combinations(range(200), 2))[::10]
    peer = 10 * cpu(
        lambda: [
            cohen_kappa_score(level[:, a], level[:, b], labels=[0, 1, 2], weights="quadratic")
            for a, b in pairs
        ],
        1,
    )
    what = "quadratic kappa of 19,900 pairs, 20,000 ratings"
    return [beside(what, own, peer, "scikit-learn, every tenth pair × 10", "times ≥ 400")]


def intraclass() -> list[dict]:
    """Six intraclass correlations of a complete table."""
    import pingouin

    n_units = 50_000
    rng = np.random.default_rng(0)
    level = np.clip(rng.integers(0, 3, (n_units, 1)) + rng.integers(-1, 2, (n_units, 3)), 0, 2)
    unit, rater = np.repeat(np.arange(n_units), 3), np.tile(np.arange(3), n_units)
    codes = RatingCodes(unit, rater, level.ravel(), np.arange(n_units), ("a", "b", "c"), 3)
    own = cpu(lambda: icc_of_complete(codes, SCALE.values, 0.95))
    frame = pd.DataFrame({"unit": unit, "rater": rater, "score": level.ravel()})
    peer = cpu(
        lambda: pingouin.intraclass_corr(frame, targets="unit", raters="rater", ratings="score"), 3
    )
    what = "six ICC forms with intervals, 150,000 ratings"
    return [beside(what, own, peer, "pingouin", "times ≥ 10")]


def whole_list() -> list[dict]:
    """Every coefficient that applies, with intervals, beside reading the strings."""
    return [row for size in (1_998, 999_999) for row in _whole_list(ratings_of(size))]


def _whole_list(codes: RatingCodes) -> list[dict]:
    size = f"{len(codes.unit):,} ratings"
    strings = pd.DataFrame(
        {
            "unit": np.char.add("u", codes.unit.astype(str)),
            "rater_id": np.array(codes.raters)[codes.rater],
            "level": np.array(SCALE.names)[codes.level],
        }
    )
    categoricals = strings.astype("category")
    own = cpu(lambda: agreement_of_codes(codes, SCALE, Settings(1)), 3)
    reading = cpu(lambda: read_ratings(strings, SCALE.names), 3)
    coding = cpu(lambda: read_ratings(categoricals, SCALE.names), 3)
    what = f"every coefficient with intervals, {size}"
    return [
        beside(what, own, cpu(one_pass(codes)), "one counting pass", ""),
        beside(f"coding strings, {size}", reading, own, what, ""),
        beside(f"coding categoricals, {size}", coding, own, what, ""),
    ]


ROWS = (
    alpha_alone,
    alpha_with_draws,
    beside_interrater,
    alpha_with_cluster_draws,
    corrected_with_errors,
    all_pairs,
    intraclass,
    whole_list,
)


def _named(names: tuple[str, ...], weights: str = "") -> list[Measure]:
    return [one for one in every(SCALE) if one.name in names and weights in ("", one.weights)]


ALPHA = _named(("krippendorff_alpha",), "ordinal")
INTERVAL_ALPHA = _named(("krippendorff_alpha",), "interval")
CORRECTED = _named(_CORRECTED)


def _estimate(
    codes: RatingCodes, draws: int, measures: Sequence[Measure] = ALPHA
) -> list[Estimate]:
    """Estimates with intervals; of alpha without draws the value alone."""
    evidence = evidence_of(codes, SCALE)
    if draws == 0 and measures is ALPHA:
        ALPHA[0].compute(evidence.total)
        return []
    return intervals_of(measures, evidence, Settings(1, draws=draws))


def _counts(codes: RatingCodes) -> np.ndarray:
    n = codes.n_units * codes.n_levels
    return np.bincount(codes.unit * codes.n_levels + codes.level, minlength=n).reshape(-1, 3)


def _krippendorff(peer, counts: np.ndarray) -> float:
    return peer.alpha(value_counts=counts, level_of_measurement="ordinal", value_domain=[0, 1, 2])


def _resampler(peer, codes: RatingCodes, cluster: np.ndarray) -> Callable[[], object]:
    """A few of the peer's estimates of resampled clusters, by its users' own loop."""
    counts = _counts(codes)
    order = np.argsort(cluster, kind="stable")
    members = np.split(order, np.flatnonzero(np.diff(cluster[order])) + 1)
    single = len(members) == len(order)
    rng = np.random.default_rng(1)

    def draw() -> float:
        picks = rng.integers(0, len(members), len(members))
        rows = picks if single else np.concatenate([members[k] for k in picks])
        return _krippendorff(peer, counts[rows])

    return lambda: [draw() for _ in range(_PEER_DRAWS)]


def _of_interrater(peer, codes: RatingCodes) -> object:
    config = peer.KrippendorffAlphaConfig(n_resamples=DRAWS, weights_type="quadratic")
    counted = peer.NijMatrix(_counts(codes))
    analyzer = peer.KrippendorffAlphaAnalyzer.build_from_nij_matrix(counted, config)
    return analyzer.estimate_from_nij_matrix()


def _held(work: Callable[[], object], codes: RatingCodes) -> float:
    return round(peak_bytes(work) / len(codes.unit), 1)


def _dense(codes: RatingCodes) -> np.ndarray:
    """Units × three columns: irrCAC's raw form, the raters' names being of no use to these."""
    order = np.argsort(codes.unit, kind="stable")
    return codes.level[order].reshape(-1, 3)
