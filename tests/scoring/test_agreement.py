"""Agreement: published and independently computed tables, intervals, and what never matters."""

from __future__ import annotations

import json
from pathlib import Path

import krippendorff
import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring.agreement import (
    EVERY,
    MARK_SCALE,
    RATER_PAIR,
    Coefficient,
    Settings,
    agreement_report,
    marks_as_ratings,
)
from scoring.coefficients.analytic_errors import analytic_error
from scoring.coefficients.listing import every as every_measure
from scoring.coefficients.weights import scale_of
from scoring.errors import ScoringError
from scoring.evidence import evidence_of
from scoring.resampling import resamples
from scoring.tables import read_ratings

GOLDEN = json.loads((Path(__file__).parent / "golden" / "agreement.json").read_text("utf-8"))
QUICK = Settings(random_seed=7, draws=200)
LEVELS = ["fail", "pass", "excellent"]


def long(rows, **columns) -> pd.DataFrame:
    """One row a rating from a table of units × raters, None where nothing was given."""
    cells = [
        {"unit": f"u{unit:05d}", "rater_id": f"r{rater}", "level": str(level)}
        | {name: values[unit] for name, values in columns.items()}
        for unit, row in enumerate(rows)
        for rater, level in enumerate(row)
        if level is not None
    ]
    return pd.DataFrame(cells, columns=["unit", "rater_id", "level", *columns])


def golden_rows(case) -> list[list[int | None]]:
    if case["kind"] == "ratings":
        return case["ratings"]
    if case["kind"] == "table":
        pairs = enumerate(case["table"])
        names = case["categories"]
        return [
            [names[a], names[b]] for a, row in pairs for b, n in enumerate(row) for _ in range(n)
        ]
    return [
        [name for name, n in zip(case["categories"], row, strict=True) for _ in range(n)]
        for row in case["counts"]
    ]


def report(rows, scale, settings=QUICK, **keywords) -> dict[tuple[str, str], Coefficient]:
    found = agreement_report(long(rows), scale, settings, **keywords)
    return {(one.coefficient, one.weights): one for one in found if one.by == "all"}


CLOSED = Settings(random_seed=1, draws=0, few="t")


def every(case, **keywords) -> dict[tuple[str, str], Coefficient]:
    scale = [str(name) for name in case["categories"]]
    if own := case.get("custom_disagreement"):
        keywords["disagreements"] = np.array(own)
    return report(golden_rows(case), scale, CLOSED, listed=EVERY, **keywords)


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["id"])
def test_every_coefficient_equals_its_reference_value(case):
    found = every(case)
    # Pairwise kappas have no one value: they are compared pair by pair below.
    wanted = [v for v in case["values"] if v["coefficient"] != "pairwise_qwk"]
    assert len(wanted) >= 10
    for one in wanted:
        key = one["coefficient"], one["weights"]
        assert found[key].value == pytest.approx(one["value"], abs=_bar(one)), key


def _bar(one) -> float:
    """How near a value must come: what its sources round to.

    Variance components of an incomplete table (lmer) are found by search, there and here.
    """
    exact = any(source["peer"].startswith("definition") for source in one["sources"])
    return 2e-5 if one["coefficient"] == "icc_lmer_missing" else 1e-9 if exact else 6e-5


@pytest.mark.parametrize("case", GOLDEN["cases"], ids=lambda case: case["id"])
def test_standard_errors_and_bounds_equal_those_of_the_named_formulas(case):
    found = every(case)
    compared = 0
    for one in case["values"]:
        key = one["coefficient"], one["weights"]
        if one.get("se") is None or key not in found:
            continue
        compared += 1
        # R irrCAC takes percent agreement from the table there, with n where we have n - 1.
        of_table = case["kind"] == "table" and key[0] == "percent_agreement"
        n = found[key].n_units
        se = one["se"] * (n / (n - 1)) ** 0.5 if of_table else one["se"]
        assert found[key].se == pytest.approx(se, abs=1e-5), key
        # Bounds of raw functions have five decimals, those of R and of tables three.
        bar = 5e-5 if one["se_from"].endswith("raw (n-1)") else 5.1e-4
        low, high = one["ci95"]
        low = max(low, 0.0) if key[0] == "percent_agreement" else low  # irrCAC cuts at 1 only
        assert _bounds(found[key], one) == pytest.approx((low, high), abs=bar), key
    assert compared >= 5


def _bounds(found: Coefficient, one) -> tuple[float | None, float | None]:
    """Our bounds; those by statsmodels are of the normal, where ours are of t with n - 1."""
    if not one["se_from"].startswith("py statsmodels"):
        return found.lo, found.hi
    reach = 1.959964 * found.se
    return found.value - reach, found.value + reach


ICC_BOUNDS = [
    (case, one) for case in GOLDEN["cases"] for one in case["values"] if one["coefficient"] == "icc"
]


@pytest.mark.parametrize(("case", "one"), ICC_BOUNDS, ids=lambda each: each.get("weights", ""))
def test_bounds_of_intraclass_correlations_are_those_of_r(case, one):
    own = every(case)["icc", one["weights"]]
    compared = 0
    for source in one["sources"]:
        # R irr takes the degrees of freedom of ICC(2,k) from itself; R psych and pingouin step
        # the bounds of ICC(2,1) up, and so do we.
        own_way = source["peer"].startswith("R irr ") and one["weights"] == "ICC(2,k)"
        if source["peer"].startswith("R ") and source.get("lo") is not None and not own_way:
            assert (own.lo, own.hi) == pytest.approx((source["lo"], source["hi"]), abs=1e-8)
            compared += 1
    assert compared >= 1


def pairs_recorded(case) -> list[list]:
    recorded = [v for v in case["values"] if v["coefficient"] == "pairwise_qwk"]
    return recorded[0]["sources"][0]["extra"]["pairs"] if recorded else []


@pytest.mark.parametrize(
    "case", [*filter(pairs_recorded, GOLDEN["cases"])], ids=lambda case: case["id"]
)
def test_kappa_of_each_pair_equals_the_reference(case):
    scale = [str(name) for name in case["categories"]]
    ratings = long(golden_rows(case))
    found = agreement_report(
        ratings, scale, CLOSED, by=[RATER_PAIR], listed=EVERY, weights=["quadratic"]
    )
    kappa = {o.group: o for o in found if (o.by, o.coefficient) == (RATER_PAIR, "cohen_kappa")}
    for one, other, units, value in pairs_recorded(case):
        pair = kappa["|".join(sorted([f"r{one}", f"r{other}"]))]
        assert pair.n_units == units
        assert pair.value == (value if value is None else pytest.approx(value, abs=1e-9))


@pytest.mark.parametrize("name", ["sparse_3cat_public", "unused_category", "cohen_1968"])
def test_resamples_spread_as_gwets_linearisation_says(name):
    case = next(case for case in GOLDEN["cases"] if case["id"] == name)
    scale = scale_of(case["categories"])
    codes = read_ratings(long(golden_rows(case)), scale.names)
    evidence = evidence_of(codes, scale)
    rng = np.random.default_rng(3)
    (drawn,) = resamples(evidence.sample, 4000, rng)
    sums = evidence.sample.weighted(drawn)
    formulas = [one for one in every_measure(scale) if one.family in ("gwet_ac", "percent")]
    assert len(formulas) >= 8
    for one in formulas:
        spread = np.nanstd(one.compute(sums), ddof=1)
        assert spread == pytest.approx(analytic_error(one, evidence.sample.patterns), rel=0.09)


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_alpha_equals_the_krippendorff_package_on_any_table(data):
    level = st.one_of(st.none(), st.integers(0, 2))
    rows = data.draw(st.lists(st.lists(level, min_size=3, max_size=3), min_size=2, max_size=8))
    pairable = [[v for v in row if v is not None] for row in rows]
    used = {v for row in pairable if len(row) > 1 for v in row}
    found = report(rows, ["0", "1", "2"])
    table = np.array([[np.nan if v is None else v for v in row] for row in rows]).T
    for metric in ("nominal", "ordinal"):
        value = found["krippendorff_alpha", metric].value
        if len(used) < 2:
            assert value is None
        else:
            peer = krippendorff.alpha(table, level_of_measurement=metric, value_domain=[0, 1, 2])
            assert value == pytest.approx(peer, abs=1e-9)


@pytest.mark.parametrize(
    ("rows", "category", "expected"),
    [
        # Cells a = 2 (both fail), b + c = 1: 2·2 / (2·2 + 1).
        ([["fail", "fail"], ["fail", "fail"], ["fail", "pass"], ["pass", "pass"]], "fail", 4 / 5),
        # Three raters, two of them fail: 2·1 agreeing of 2·2 ordered pairs.
        ([["fail", "fail", "pass"]], "fail", 1 / 2),
        ([["fail", "pass"]], "fail", 0.0),
        ([["pass", "pass"]], "fail", None),
    ],
)
def test_specific_agreement_is_how_often_a_second_rater_chose_it_too(rows, category, expected):
    found = report(rows, LEVELS)["specific_agreement", category]
    assert found.value == (expected if expected is None else pytest.approx(expected))


def test_a_category_nobody_used_is_undefined_and_says_so():
    assert (
        report([["pass", "pass"]], LEVELS)["specific_agreement", "fail"].note == "category_unused"
    )


def test_without_two_ratings_agreement_is_unknown_rather_than_zero():
    for rows in ([["pass", None], [None, "fail"]], []):
        for one in report(rows, LEVELS).values():
            assert (one.value, one.lo, one.hi, one.note) == (None, None, None, "no_pairs")
            assert one.n_units == one.n_ratings == one.n_raters == 0


def test_one_grade_for_all_leaves_alpha_and_kappa_undefined_but_not_exact_agreement_and_ac1():
    found = report([["pass", "pass"]] * 30, LEVELS)
    for key in (("krippendorff_alpha", "nominal"), ("cohen_kappa", "identity")):
        assert (found[key].value, found[key].note) == (None, "no_variation")
    assert found["percent_agreement", "identity"].value == 1.0
    assert found["gwet_ac", "identity"].value == 1.0


def test_full_agreement_has_an_exact_interval_even_with_few_units():
    rows = [["pass", "pass"]] * 4 + [["fail", "fail"]] * 4
    found = report(rows, ["fail", "pass"])
    exact = found["percent_agreement", "identity"]
    assert (exact.interval, exact.hi, exact.se) == ("clopper_pearson", 1.0, None)
    assert exact.lo == pytest.approx(0.025 ** (1 / 8))  # (α/2)^(1/n)
    kappa = found["cohen_kappa", "identity"]
    assert kappa.lo == pytest.approx((exact.lo - 0.5) / 0.5)  # chance agreement is one half


def test_full_agreement_of_clusters_is_bounded_by_how_many_clusters_there_are():
    # A hundred pieces of twenty teachers: were a teacher's five alike, twenty is all there is.
    ratings = long([["a", "a"]] * 99 + [["b", "b"]], teacher_id=[unit // 5 for unit in range(100)])
    exact = agreement_report(ratings, ["a", "b"], QUICK, clusters="teacher_id")[0]
    assert (exact.value, exact.hi, exact.clusters) == (1.0, 1.0, 20)
    assert exact.interval == "clopper_pearson"
    assert exact.lo == pytest.approx(0.025 ** (1 / 20))


def test_no_agreement_at_all_is_bounded_from_above():
    found = report([["pass", "fail"]] * 10, ["fail", "pass"])["percent_agreement", "identity"]
    assert (found.value, found.lo) == (0.0, 0.0)
    assert found.hi == pytest.approx(1 - 0.025 ** (1 / 10))


def test_no_agreement_at_all_leaves_room_above_for_ac1_as_well():
    found = report([["pass", "fail"]] * 20, ["fail", "pass"])
    exact, ac1 = found["percent_agreement", "identity"], found["gwet_ac", "identity"]
    assert (ac1.value, ac1.lo) == (-1.0, -1.0)
    assert ac1.hi == pytest.approx((exact.hi - 0.5) / 0.5)  # chance agreement is one half


def test_a_number_that_is_the_same_everywhere_has_no_interval_of_no_width():
    rows = [["a", "a", "b"], ["b", "b", "a"]] * 10  # of three pairs one agrees, always
    for clusters in (None, "teacher_id"):
        ratings = long(rows, teacher_id=[unit // 2 % 15 for unit in range(20)])
        found = agreement_report(
            ratings, ["a", "b"], Settings(1, min_clusters=10), clusters=clusters
        )
        assert found[0].value == pytest.approx(1 / 3)
        assert (found[0].lo, found[0].hi, found[0].note) == (None, None, "no_spread")


def test_below_the_minimum_of_clusters_there_is_a_value_but_no_interval():
    rows = [["pass", "fail"], ["pass", "pass"]] * 7
    found = report(rows, LEVELS)["percent_agreement", "identity"]
    assert (found.value, found.se, found.lo, found.hi) == (0.5, None, None, None)
    assert (found.interval, found.note) == ("none", "too_few_clusters=15")


def test_a_rare_category_is_judged_by_the_clusters_in_which_it_occurs():
    rows = [["pass", "pass"]] * 40 + [["fail", "pass"], ["fail", "fail"]]
    found = report(rows, ["fail", "pass"])
    assert found["specific_agreement", "fail"].clusters == 2
    assert found["specific_agreement", "fail"].note == "too_few_clusters=15"
    assert found["percent_agreement", "identity"].clusters == 42


def test_draws_without_variation_are_counted_and_withhold_the_interval():
    rows = [["pass", "pass"]] * 19 + [["fail", "fail"], ["fail", "pass"]]
    alpha = report(rows, ["fail", "pass"], Settings(1, draws=1000))["krippendorff_alpha", "nominal"]
    missed, draws = map(int, alpha.note.removeprefix("undefined_draws=").split("/"))
    assert draws == 1000
    assert missed / draws == pytest.approx((19 / 21) ** 21, abs=0.04)  # no fail drawn at all
    assert (alpha.lo, alpha.hi, alpha.interval) == (None, None, "none")
    assert alpha.value is not None


def test_clusters_of_several_units_give_a_t_interval_worked_by_hand():
    # Three teachers of two pieces; agreeing shares of the teachers: 1, 1/2, 0. Mean 1/2.
    rows = [["a", "a"], ["a", "a"], ["a", "a"], ["a", "b"], ["a", "b"], ["b", "a"]]
    ratings = long(rows, teacher_id=["t1", "t1", "t2", "t2", "t3", "t3"])
    three = Settings(random_seed=1, draws=0, min_clusters=3)
    found = agreement_report(ratings, ["a", "b"], three, clusters="teacher_id")[0]
    # Jackknife error of a mean of equal clusters: SD / √3 = .5 / √3; t(2, .975) = 4.3027.
    assert found.se == pytest.approx(0.5 / 3**0.5)
    assert (found.interval, found.clusters) == ("t", 3)
    assert (found.lo, found.hi) == (0.0, 1.0)  # .5 ± 1.24, cut at what a share can be


def test_likeness_within_a_teacher_widens_the_interval():
    rows = ([["a", "a"]] * 5 + [["a", "b"]] * 5) * 20
    teachers = np.repeat([f"t{k:02d}" for k in range(40)], 5)
    ratings = long(rows, teacher_id=teachers)
    alone = agreement_report(ratings, ["a", "b"], QUICK)[0]
    clustered = agreement_report(ratings, ["a", "b"], QUICK, clusters="teacher_id")[0]
    assert clustered.value == alone.value
    assert clustered.se == pytest.approx(alone.se * 5**0.5, rel=0.12)  # design effect of 5


def test_groups_and_pairs_have_their_own_rows_and_sizes():
    rows = [["a", "a", None], ["a", "b", "b"], [None, "b", "b"]]
    ratings = long(rows, school_id=["s1", "s1", "s2"])
    found = agreement_report(ratings, ["a", "b"], QUICK, by=["school_id", RATER_PAIR])
    exact = {(o.by, o.group): o for o in found if o.coefficient == "percent_agreement"}
    assert exact["school_id", "s1"].value == pytest.approx((1 + 1 / 3) / 2)
    assert exact["school_id", "s2"].value == 1.0
    pairs = {group: o.value for (by, group), o in exact.items() if by == RATER_PAIR}
    assert pairs == {"r0|r1": 0.5, "r0|r2": 0.0, "r1|r2": 1.0}
    whole = exact["all", ""]
    assert (whole.n_units, whole.n_ratings, whole.n_raters) == (3, 7, 3)


def test_kappa_belongs_to_two_raters():
    two = {one.coefficient for one in agreement_report(long([["a", "b"]]), ["a", "b"], QUICK)}
    three = {
        one.coefficient for one in agreement_report(long([["a", "b", "b"]]), ["a", "b"], QUICK)
    }
    assert "cohen_kappa" in two
    assert "cohen_kappa" not in three


def test_without_an_order_there_is_no_ordinal_alpha():
    assert ("krippendorff_alpha", "ordinal") not in report([["a", "b"]], ["a", "b"], ordered=False)


def test_marks_agree_on_what_was_not_met():
    marks = pd.DataFrame(
        [("p", "c1", "x", 0), ("p", "c1", "y", 0), ("p", "c2", "x", 0), ("p", "c2", "y", 1)],
        columns=["piece_id", "criterion_id", "rater_id", "met"],
    )
    found = agreement_report(marks_as_ratings(marks), MARK_SCALE, QUICK)
    not_met = next(one for one in found if one.weights == "not_met")
    assert not_met.value == pytest.approx(2 / 3)


def test_a_mark_that_is_neither_met_nor_not_met_is_named():
    marks = pd.DataFrame(
        [("p", "c1", "x", 0), ("p", "c1", "y", 5)],
        columns=["piece_id", "criterion_id", "rater_id", "met"],
    )
    with pytest.raises(ScoringError, match=r"5.* of unit p c1 by rater y"):
        agreement_report(marks_as_ratings(marks), MARK_SCALE, QUICK)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda frame: pd.concat([frame, frame.head(1)]), "twice"),
        (lambda frame: frame.assign(level="good"), "'good'.*none of"),
        (lambda frame: frame.drop(columns="rater_id"), "rater_id missing"),
        (lambda frame: frame.assign(rater_id=[None, "r1"]), "no rater_id"),
        (lambda frame: frame.assign(teacher_id=["t1", "t2"]), "two clusters"),
    ],
)
def test_ratings_that_cannot_be_used_are_named(change, message):
    frame = long([["pass", "fail"]], teacher_id=["t1"])
    with pytest.raises(ScoringError, match=message):
        agreement_report(change(frame), LEVELS, QUICK, clusters="teacher_id")


def test_a_scale_needs_two_categories_and_a_group_a_column():
    with pytest.raises(ScoringError, match="two or more"):
        agreement_report(long([["pass", "pass"]]), ["pass"], QUICK)
    with pytest.raises(ScoringError, match="no column school"):
        agreement_report(long([["pass", "pass"]]), LEVELS, QUICK, by=["school"])


tables = st.lists(
    st.lists(st.sampled_from([None, "fail", "pass", "excellent"]), min_size=3, max_size=3),
    min_size=16,
    max_size=24,
)


@settings(max_examples=60, deadline=None)
@given(tables, st.permutations(range(3)), st.randoms(use_true_random=False))
def test_names_and_order_of_raters_and_units_move_nothing(rows, raters, shuffle):
    few = Settings(random_seed=5, draws=50)
    before = agreement_report(long(rows), LEVELS, few)
    moved = [[row[k] for k in raters] for row in rows]
    shuffle.shuffle(moved)
    frame = long(moved).sample(frac=1, random_state=shuffle.randint(0, 99))
    assert agreement_report(frame, LEVELS, few) == before


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(*[st.sampled_from(["fail", "pass"])] * 2), min_size=16, max_size=30))
def test_who_of_two_is_named_first_moves_nothing(rows):
    few = Settings(random_seed=5, draws=50)
    turned = [(b, a) for a, b in rows]
    before = agreement_report(long(rows), LEVELS, few)
    assert agreement_report(long(turned), LEVELS, few) == before


@settings(max_examples=20, deadline=None)
@given(tables, st.permutations(range(3)))
def test_renaming_raters_moves_no_coefficient_of_the_full_list(rows, raters):
    def told(found):
        return {key: (one.value, one.n_units) for key, one in found.items()}

    moved = [[row[k] for k in raters] for row in rows]
    before = told(report(rows, LEVELS, CLOSED, listed=EVERY))
    after = told(report(moved, LEVELS, CLOSED, listed=EVERY))
    assert before.keys() == after.keys()
    for key, (value, n_units) in before.items():
        expected = value if value is None else pytest.approx(value, abs=1e-9)
        assert after[key] == (expected, n_units), key


@settings(max_examples=20, deadline=None)
@given(tables, st.permutations(LEVELS))
def test_without_an_order_renaming_the_categories_moves_nothing(rows, names):
    renamed = dict(zip(LEVELS, names, strict=True)) | {None: None}
    moved = [[renamed[level] for level in row] for row in rows]
    before = report(rows, LEVELS, CLOSED, listed=EVERY, ordered=False)
    after = report(moved, LEVELS, CLOSED, listed=EVERY, ordered=False)
    for (name, weights), one in before.items():
        same = after[name, renamed.get(weights, weights)]
        assert same.value == (one.value if one.value is None else pytest.approx(one.value))


_FOR_LARGE_SAMPLES = {"krippendorff_alpha", "kendall_w", "icc", "icc_lmer_missing"}


@settings(max_examples=20, deadline=None)
@given(tables)
def test_every_unit_twice_moves_only_what_corrects_for_small_samples(rows):
    once = report(rows, LEVELS, CLOSED, listed=EVERY)
    twice = report(rows + rows, LEVELS, CLOSED, listed=EVERY)
    for key, one in once.items():
        if key[0] not in _FOR_LARGE_SAMPLES and key != ("light_kappa", "identity"):
            expected = one.value if one.value is None else pytest.approx(one.value, abs=1e-9)
            assert twice[key].value == expected, key


grades = st.lists(st.sampled_from([None, 0, 1, 2]), min_size=3, max_size=3)


@settings(max_examples=20, deadline=None)
@given(st.lists(grades, min_size=4, max_size=10))
def test_an_unused_grade_counts_where_the_definition_says_so(rows):
    """It widens the range of linear and quadratic weights and the q of AC1 and Brennan–Prediger."""
    narrow = report(rows, ["0", "1", "2"], CLOSED, listed=EVERY)
    wide = report(rows, ["0", "1", "2", "3"], CLOSED, listed=EVERY)
    unmoved = {
        *((name, "identity") for name in ("percent_agreement", "fleiss_kappa", "conger_kappa")),
        *(("krippendorff_alpha", by) for by in ("nominal", "ordinal", "interval", "ratio")),
        ("kendall_w", "tie_corrected"), ("adjacent_agreement", "adjacent"),
    }  # fmt: skip
    for key in unmoved:
        expected = narrow[key].value
        assert wide[key].value == (expected if expected is None else pytest.approx(expected))
    brennan = narrow["brennan_prediger", "identity"].value
    if brennan is not None:  # (p - 1/q) / (1 - 1/q) with q = 3, then 4
        agreed = brennan * 2 / 3 + 1 / 3
        expected = pytest.approx((agreed - 1 / 4) / (3 / 4))
        assert wide["brennan_prediger", "identity"].value == expected


@pytest.mark.filterwarnings("error::RuntimeWarning")
@pytest.mark.parametrize(
    "rows",
    [
        [[None, None, 0], [None, 1, 0]],  # without the second unit one rating is left
        [[0, 0, 1]],  # without the only unit nothing is
        [[0, 0, None], [0, None, 0], [2, None, None]],
    ],
)
def test_an_intraclass_coefficient_of_next_to_nothing_has_no_interval_and_harms_no_other(rows):
    found = report(rows, ["0", "1", "2"], CLOSED, listed=EVERY)
    for (name, _), one in found.items():
        if name.startswith("icc"):
            assert one.lo is None and one.hi is None
    assert found["percent_agreement", "identity"].value is not None


def test_a_rater_is_set_against_each_other_rater_of_the_same_unit():
    # b met a twice and agreed once; met c once and agreed.
    rows = [["x", "x", None], ["x", "y", "y"]]
    found = agreement_report(long(rows), ["x", "y"], QUICK, by=["rater_id"])
    exact = {
        o.group: o for o in found if (o.by, o.coefficient) == ("rater_id", "percent_agreement")
    }
    assert {group: one.value for group, one in exact.items()} == {
        "r0": pytest.approx(1 / 3), "r1": pytest.approx(2 / 3), "r2": pytest.approx(1 / 2),
    }  # fmt: skip
    assert (exact["r1"].n_units, exact["r1"].n_raters, exact["r1"].clusters) == (2, 3, 2)
    assert (exact["r2"].n_units, exact["r2"].n_ratings) == (1, 3)


def test_weights_choose_and_carry_over_to_the_name_alpha_has_for_them():
    rows = [[0, 1], [1, 1], [2, 0]]
    found = report(rows, ["0", "1", "2"], CLOSED, listed=EVERY, weights=["quadratic"])
    assert {weights for _, weights in found} == {"quadratic", "interval"}
    assert ("krippendorff_alpha", "interval") in found
    only = report(rows, ["0", "1", "2"], CLOSED, listed=EVERY, weights=["ICC(2,1)"])
    assert set(only) == {("icc", "ICC(2,1)")}


@pytest.mark.parametrize(
    ("scale", "ordered", "weights", "message"),
    [
        (["a", "b"], True, "interval", "interval needs a scale of numbers, a, b came"),
        (["-1", "0"], True, "ratio", "from 0 up"),
        (["a", "b"], False, "linear", "order of the levels"),
        (["a", "b"], True, "cubic", "cubic is unknown"),
    ],
)
def test_weights_a_scale_has_not_are_named(scale, ordered, weights, message):
    with pytest.raises(ScoringError, match=message):
        agreement_report(
            long([scale]), scale, QUICK, ordered=ordered, listed=EVERY, weights=[weights]
        )


def test_kendall_needs_every_rater_on_every_unit_and_says_so():
    found = report([[0, 1, 2], [1, 1, None]], ["0", "1", "2"], CLOSED, listed=EVERY)
    assert found["kendall_w", "tie_corrected"].value is None
    assert found["kendall_w", "tie_corrected"].note == "incomplete"


def test_few_clusters_have_an_interval_by_t_only_where_it_was_asked_for():
    rows = [["a", "b"], ["a", "a"]] * 4
    quiet = report(rows, ["a", "b"])["percent_agreement", "identity"]
    told = report(rows, ["a", "b"], Settings(1, few="t"))["percent_agreement", "identity"]
    assert (quiet.interval, quiet.note) == ("none", "too_few_clusters=15")
    # Share 1/2 of 8: error √(8 · 1/4 / (8 · 7)); t(7, .975) = 2.3646.
    assert (told.interval, told.note) == ("gwet_linearisation", "few_clusters=15")
    assert told.se == pytest.approx((1 / 28) ** 0.5)
    assert told.hi == pytest.approx(0.5 + 2.364624 * (1 / 28) ** 0.5)


def test_raters_drawn_too_make_a_wider_interval_than_this_panel():
    rng = np.random.default_rng(5)
    lenient = rng.normal(0, 1.2, 25)  # raters differ much, so who was asked matters
    rows = []
    for ability in rng.normal(0, 1, 60):
        row: list[int | None] = [None] * 25
        for rater in rng.choice(25, 3, replace=False):
            row[rater] = int(ability + lenient[rater] + rng.normal(0, 0.5) > 0)
        rows.append(row)
    key = ("krippendorff_alpha", "nominal")
    fixed = report(rows, ["0", "1"], Settings(1, draws=300))[key]
    sampled = report(rows, ["0", "1"], Settings(1, draws=300, raters="sampled"))[key]
    assert sampled.interval == "two_way_bootstrap"
    assert sampled.hi - sampled.lo > 1.15 * (fixed.hi - fixed.lo)


def simulated(rng, teachers: int, pieces: int) -> pd.DataFrame:
    """Two raters on three levels; pieces of a teacher are alike."""
    ability = np.repeat(rng.normal(0, 0.7, teachers), pieces) + rng.normal(
        0, 0.7, teachers * pieces
    )
    seen = 0.6 + ability[:, None] + rng.normal(0, 0.8, (teachers * pieces, 2))
    rows = np.array(LEVELS)[np.digitize(seen, [-0.8, 1.0])]
    return pd.DataFrame(
        {
            "unit": np.repeat(np.arange(len(rows)), 2),
            "rater_id": np.tile(["r1", "r2"], len(rows)),
            "level": rows.ravel(),
            "teacher_id": np.repeat(np.arange(teachers), 2 * pieces),
        }
    )


@pytest.mark.slow
@pytest.mark.parametrize("teachers", [15, 40])
@pytest.mark.parametrize("pieces", [1, 3])
def test_intervals_hold_the_truth_about_as_often_as_they_say(pieces, teachers):
    # Truth from 800 000 simulated units (standard error below .001).
    truth = {("percent_agreement", "identity"): 0.585, ("krippendorff_alpha", "ordinal"): 0.482}
    rng = np.random.default_rng(20261121)
    quick = Settings(random_seed=1, draws=400)
    held, kinds = dict.fromkeys(truth, 0), set()
    for _ in range(400):
        frame = simulated(rng, teachers, pieces)
        for one in agreement_report(frame, LEVELS, quick, clusters="teacher_id"):
            if (key := (one.coefficient, one.weights)) in truth:
                kinds.add(one.interval)
                held[key] += one.lo <= truth[key] <= one.hi
    assert kinds == {"pattern_bootstrap" if pieces == 1 else "cluster_bootstrap"}
    # Nominal .95 of 400: 380; four standard errors of the simulation: 17.
    assert all(times >= 363 for times in held.values()), held
