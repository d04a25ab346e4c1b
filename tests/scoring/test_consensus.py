"""From reads to the level of a piece, held against the rule stated by brute force."""

from itertools import permutations, product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.records import Decision, Read, ReasonNone
from rubrics.levels import Level
from rubrics.rubric import Criterion, Slot
from scoring.consensus import ConsensusRule, piece_consensus, read_level

FAIL, PASS, EXCELLENT = Level
THIRDS = ("when_level_unsettled", "when_pass_unsettled", "always", "never")


def slot(needed=2, wished=1):
    """A slot with criteria P1, P2, … (合格) and E1, E2, … (优秀)."""
    criteria = [Criterion(f"P{n}", PASS, "", "") for n in range(1, needed + 1)]
    criteria += [Criterion(f"E{n}", EXCELLENT, "", "") for n in range(1, wished + 1)]
    return Slot("A1-1", "", "", "document", True, ("docx",), {}, tuple(criteria))


def names(of):
    return [criterion.criterion_id for criterion in of.criteria]


def marks(of, signs):
    """Marks from a word such as ``11 0?``: 1 met, 0 not met, ? cannot judge."""
    values = {"1": 1, "0": 0, "?": None}
    return dict(zip(names(of), (values[sign] for sign in signs.replace(" ", "")), strict=True))


def reads_of(of, *words, need=2, chair=None):
    """Reads from words: the first ``need`` blind, the others third; then the chair's rulings."""
    made = [
        Read(f"r{place}", "blind" if place < need else "third", marks(of, word))
        for place, word in enumerate(words)
    ]
    return made + ([Read("chair", "chair", chair)] if chair else [])


# The rule, stated by trying out every way the open criteria may come out.


def level_of(of, assigned):
    """Level by definition: all 合格, and for 优秀 everything."""
    if not all(assigned[name] for name in of.pass_ids):
        return FAIL
    return EXCELLENT if all(assigned[name] for name in of.excellent_ids) else PASS


def levels_left(of, known):
    """Levels some way of deciding the criteria that are not known leads to."""
    open_names = [name for name in names(of) if known.get(name) is None]
    return {
        level_of(of, {**known, **dict(zip(open_names, way, strict=True))})
        for way in product((0, 1), repeat=len(open_names))
    }


def voted(of, ballots, need):
    """Criteria a majority of at least two decides; where one read is asked for it may do alone.

    A single read may find a piece good and a wish unmet, but never fails it.
    """
    known = {}
    for name in names(of):
        votes = [read.marks[name] for read in ballots if read.marks[name] is not None]
        for value in (0, 1):
            count = votes.count(value)
            alone = need == 1 and len(ballots) == 1 and (value == 1 or name in of.excellent_ids)
            if count > len(votes) - count and (count >= 2 or alone):
                known[name] = value
    return known


def chair_asked(of, ballots, level, rule):
    """Criteria the chair is asked about although the criteria leave one level."""
    given_levels = [levels_left(of, read.marks) for read in ballots]
    plain = [next(iter(found)) for found in given_levels if len(found) == 1]
    twice = {found for found in plain if plain.count(found) >= 2}
    if rule.ruling_at_gap_of_two and FAIL in plain and EXCELLENT in plain:
        between = {FAIL, EXCELLENT}
    elif twice and level not in twice:
        between = twice | {level}
    else:
        return set()
    asked = set(of.pass_ids if FAIL in between else ())
    asked |= set(of.excellent_ids if EXCELLENT in between else ())
    return {name for name in asked if len({read.marks[name] for read in ballots}) > 1}


def stated_rule(of, reads, rule):
    """Level (or None), what is needed, and the criteria the chair must rule on."""
    ballots = [read for read in reads if read.round in ("blind", "third")]
    rulings = {}
    for read in reads:
        if read.round == "chair":
            rulings |= {name: met for name, met in read.marks.items() if met is not None}
    if [read.round for read in ballots].count("blind") < rule.reads_per_piece:
        return None, "blind", set()
    further = len(ballots) > rule.reads_per_piece
    if rule.third == "always" and not further:
        return None, "third", set()
    known = voted(of, ballots, rule.reads_per_piece) | rulings
    levels = levels_left(of, known)
    if rule.third == "when_pass_unsettled" and FAIL not in levels:
        levels = {min(levels)}
    asked = [chair_asked(of, ballots, level, rule) for level in levels]
    if len(levels) == 1:
        ruled_out = any(rulings.get(name) == 0 for name in of.pass_ids)
        waits = asked[0] - rulings.keys()
        return (
            (None, "ruling", waits) if waits and not ruled_out else (next(iter(levels)), "", set())
        )
    if not further and rule.third != "never":
        return None, "third", set()
    undecided = {name for name in names(of) if name not in known}
    return (
        None,
        "ruling",
        (undecided | (set().union(*asked) if all(asked) else set())) - set(rulings),
    )


def found(of, reads, rule):
    made = piece_consensus(of, reads, rule)
    return made.level, made.needs, set(made.open_criteria) if made.needs == "ruling" else set()


@pytest.mark.parametrize(
    ("word", "level"),
    [
        ("11 1", EXCELLENT),
        ("11 0", PASS),
        ("01 1", FAIL),  # one 合格 criterion unmet, whatever else is met
        ("00 0", FAIL),
        ("0? ?", FAIL),  # what cannot be judged could not lift it
        ("11 ?", None),
        ("1? 0", None),  # fail or pass
    ],
)
def test_level_of_one_read(word, level):
    assert read_level(slot(), marks(slot(), word)) is level


@pytest.mark.parametrize(
    ("words", "level", "needs"),
    [
        (["11 1"], None, "blind"),
        (["11 1", "11 1"], EXCELLENT, ""),
        (["11 0", "11 0"], PASS, ""),
        (["01 1", "01 0"], FAIL, ""),  # P1 shared unmet; E1 contested cannot lift it
        (["01 1", "11 1"], None, "third"),  # fail beside excellent
        (["11 1", "11 0"], None, "third"),  # pass or excellent
        (["01 1", "10 1"], None, "third"),  # both fail, but on no criterion they share
        (["11 ?", "11 1"], None, "third"),
        (["01 1", "11 1", "01 1"], FAIL, ""),  # P1 unmet 2 to 1
        (["01 1", "11 1", "11 0"], EXCELLENT, ""),  # P1 met 2 to 1, E1 met 2 to 1
        (["11 1", "11 0", "11 0"], PASS, ""),
        (["01 1", "10 1", "11 1"], None, "ruling"),  # majority met all, two reads said fail
        (["01 1", "11 1", "?1 1"], None, "ruling"),  # the third reader could not judge
    ],
)
def test_what_reads_come_to_when_the_third_is_read_for_the_level(words, level, needs):
    made = piece_consensus(slot(), reads_of(slot(), *words), ConsensusRule())
    assert (made.level, made.needs) == (level, needs)


@pytest.mark.parametrize(
    ("third", "words", "level", "needs"),
    [
        ("when_pass_unsettled", ["11 1", "11 0"], PASS, ""),  # the lower level, no third read
        ("when_pass_unsettled", ["01 1", "11 1"], None, "third"),
        ("when_pass_unsettled", ["01 1", "11 1", "11 0"], EXCELLENT, ""),
        ("when_pass_unsettled", ["01 1", "10 0", "11 ?"], None, "ruling"),  # two reads said fail
        ("always", ["11 1", "11 1"], None, "third"),
        ("always", ["11 1", "11 1", "11 0"], EXCELLENT, ""),
        ("never", ["01 1", "11 1"], None, "ruling"),
        ("never", ["11 1", "11 1"], EXCELLENT, ""),
    ],
)
def test_when_policy_asks_for_a_third_read(third, words, level, needs):
    rule = ConsensusRule(third=third)
    made = piece_consensus(slot(), reads_of(slot(), *words), rule)
    assert (made.level, made.needs) == (level, needs)


@pytest.mark.parametrize(
    ("words", "level", "needs"),
    [
        (["11 1"], EXCELLENT, ""),
        (["11 0"], PASS, ""),  # one read may deny a wish
        (["01 1"], None, "third"),  # but it takes two to fail a piece
        (["01 1", "01 1"], FAIL, ""),
        (["01 1", "11 1"], None, "ruling"),
        (["1? 1"], None, "third"),
    ],
)
def test_where_policy_asks_for_one_read(words, level, needs):
    rule = ConsensusRule(reads_per_piece=1)
    made = piece_consensus(slot(), reads_of(slot(), *words, need=1), rule)
    assert (made.level, made.needs) == (level, needs)


@pytest.mark.parametrize(
    ("words", "level", "needs"),
    [
        (["11 1", "11 1"], None, "blind"),
        (["11 1", "11 1", "01 0"], EXCELLENT, ""),  # 2 to 1 on each
        (["01 1", "10 1", "11 1"], None, "ruling"),
        (["11 1", "11 0", "11 ?"], None, "third"),
    ],
)
def test_where_policy_asks_for_three_reads(words, level, needs):
    rule = ConsensusRule(reads_per_piece=3)
    made = piece_consensus(slot(), reads_of(slot(), *words, need=3), rule)
    assert (made.level, made.needs) == (level, needs)


def test_each_decision_says_how_it_came_about():
    made = piece_consensus(
        slot(3, 1), reads_of(slot(3, 1), "110 1", "100 ?", "110 ?"), ConsensusRule()
    )
    assert made.decisions == {
        "P1": Decision(1, "agreed"),
        "P2": Decision(1, "majority"),
        "P3": Decision(0, "agreed"),
    }
    assert made.level is FAIL
    assert made.deciding == ("P3",)
    assert made.contested == ("E1",)


def test_a_pass_names_the_wishes_it_hangs_on_even_where_they_stayed_contested():
    rule = ConsensusRule(third="when_pass_unsettled")
    made = piece_consensus(slot(1, 3), reads_of(slot(1, 3), "1 101", "1 001"), rule)
    assert made.level is PASS
    assert made.deciding == ("E1", "E2")
    assert made.contested == ("E1",)


class TestTheChair:
    def test_decides_what_the_third_reader_could_not(self):
        of = slot()
        reads = reads_of(of, "01 1", "11 1", "?1 1", chair={"P1": 0})
        made = piece_consensus(of, reads, ConsensusRule())
        assert made.level is FAIL
        assert made.decisions["P1"] == Decision(0, "ruling")

    def test_is_asked_where_majority_and_two_reads_differ_and_told_on_what(self):
        of = slot()
        reads = reads_of(of, "01 1", "10 1", "11 1")
        made = piece_consensus(of, reads, ConsensusRule())
        assert (made.cause, made.open_criteria) == ("levels_differ", ("P1", "P2"))
        ruled = [*reads, Read("chair", "chair", {"P1": 1, "P2": 1})]
        assert piece_consensus(of, ruled, ConsensusRule()).level is EXCELLENT

    def test_has_said_enough_once_a_needed_criterion_is_ruled_unmet(self):
        of = slot()
        reads = reads_of(of, "01 1", "10 1", "11 1", chair={"P2": 0})
        made = piece_consensus(of, reads, ConsensusRule())
        assert (made.level, made.deciding) == (FAIL, ("P2",))

    def test_is_asked_on_until_every_open_criterion_is_ruled(self):
        of = slot()
        reads = reads_of(of, "01 1", "10 1", "11 1", chair={"P1": 1})
        made = piece_consensus(of, reads, ConsensusRule())
        assert (made.level, made.open_criteria) == (None, ("P2",))

    def test_who_cannot_judge_has_not_ruled(self):
        of = slot()
        reads = reads_of(of, "01 1", "10 1", "11 1", chair={"P1": None, "P2": None})
        made = piece_consensus(of, reads, ConsensusRule())
        assert (made.needs, made.open_criteria) == ("ruling", ("P1", "P2"))

    def test_who_cannot_judge_does_not_take_back_an_earlier_ruling(self):
        of = slot()
        reads = reads_of(of, "01 1", "11 1", "?1 1", chair={"P1": 1})
        reads.append(Read("chair2", "chair", {"P1": None}))
        assert piece_consensus(of, reads, ConsensusRule()).level is EXCELLENT

    def test_of_two_rulings_the_later_stands(self):
        of = slot()
        reads = reads_of(of, "01 1", "11 1", "?1 1", chair={"P1": 1})
        reads.append(Read("chair2", "chair", {"P1": 0}))
        assert piece_consensus(of, reads, ConsensusRule()).level is FAIL

    def test_is_asked_at_a_gap_of_two_levels_only_where_policy_says_so(self):
        of = slot()
        reads = reads_of(of, "01 1", "11 1", "11 1")
        assert piece_consensus(of, reads, ConsensusRule()).level is EXCELLENT
        made = piece_consensus(of, reads, ConsensusRule(ruling_at_gap_of_two=True))
        assert (made.reason_none, made.cause) == (ReasonNone.AWAITING_RULING, "gap_of_two")
        assert made.open_criteria == ("P1",)

    def test_is_asked_everything_at_once(self):
        """E1 open after three reads, and two reads failed on different criteria."""
        of = slot()
        made = piece_consensus(of, reads_of(of, "01 1", "10 0", "11 ?"), ConsensusRule())
        assert (made.cause, made.open_criteria) == ("undecided", ("P1", "P2", "E1"))

    def test_is_asked_where_no_read_gave_the_level_the_majority_makes(self):
        """Four reads, two fail and two pass, each for a reason of its own: all met 3 to 1."""
        of = slot(2, 2)
        made = piece_consensus(
            of, reads_of(of, "01 11", "10 11", "11 01", "11 10"), ConsensusRule()
        )
        assert (made.needs, made.cause) == ("ruling", "levels_differ")


def test_seed_and_county_reads_decide_nothing():
    of = slot()
    reads = [
        *reads_of(of, "11 1", "11 1"),
        Read("s", "seed", marks(of, "00 0")),
        Read("c", "county", marks(of, "00 0")),
    ]
    assert piece_consensus(of, reads, ConsensusRule()).level is EXCELLENT


@pytest.mark.parametrize("third", THIRDS)
@pytest.mark.parametrize("gap", [False, True])
def test_every_pair_and_triple_of_reads_follows_the_stated_rule(third, gap):
    of, rule = slot(2, 1), ConsensusRule(third=third, ruling_at_gap_of_two=gap)
    words = ["".join(word) for word in product("10", repeat=3)]
    for count in (2, 3):
        for chosen in product(words, repeat=count):
            reads = reads_of(of, *chosen)
            assert found(of, reads, rule) == stated_rule(of, reads, rule), chosen


def test_every_pair_with_marks_nobody_could_judge_follows_the_stated_rule():
    of = slot(2, 1)
    words = ["".join(word) for word in product("10?", repeat=3)]
    for third in THIRDS:
        for chosen in product(words, repeat=2):
            reads = reads_of(of, *chosen)
            rule = ConsensusRule(third=third)
            assert found(of, reads, rule) == stated_rule(of, reads, rule), chosen


def test_every_ruling_on_three_reads_follows_the_stated_rule():
    """All triples of a slot with one 合格 and one 优秀 criterion, with every ruling."""
    of = slot(1, 1)
    words = ["".join(word) for word in product("10?", repeat=2)]
    rulings = [
        {name: met for name, met in zip(("P1", "E1"), way, strict=True) if met != "-"}
        for way in product((1, 0, None, "-"), repeat=2)
    ]
    rule = ConsensusRule()
    for chosen in product(words, repeat=3):
        for ruling in rulings:
            reads = reads_of(of, *chosen, chair=ruling)
            assert found(of, reads, rule) == stated_rule(of, reads, rule), (chosen, ruling)


@st.composite
def cases(draw):
    """A slot, a rule and up to five reads with rulings between them."""
    of = slot(draw(st.integers(1, 3)), draw(st.integers(1, 3)))
    rule = ConsensusRule(
        draw(st.integers(1, 3)), draw(st.sampled_from(THIRDS)), draw(st.booleans())
    )
    mark = st.sampled_from([1, 1, 1, 0, 0, None])
    whole = st.fixed_dictionaries(dict.fromkeys(names(of), mark))
    some = st.dictionaries(st.sampled_from(names(of)), mark)
    count = draw(st.integers(0, 5))
    reads = [
        Read(f"r{place}", "blind" if place < rule.reads_per_piece else "third", draw(whole))
        for place in range(count)
    ]
    reads += [Read("chair", "chair", draw(some)) for _ in range(draw(st.integers(0, 2)))]
    return of, rule, reads


@given(cases())
def test_any_reads_follow_the_stated_rule(case):
    of, rule, reads = case
    assert found(of, reads, rule) == stated_rule(of, reads, rule)


@given(cases(), st.randoms(use_true_random=False))
def test_the_order_of_raters_never_matters(case, rng):
    of, rule, reads = case
    raters = [read for read in reads if read.round != "chair"]
    rng.shuffle(raters)
    shuffled = raters + [read for read in reads if read.round == "chair"]
    assert piece_consensus(of, shuffled, rule) == piece_consensus(of, reads, rule)


@given(cases())
def test_a_fail_always_names_a_criterion_two_reads_or_a_ruling_found_unmet(case):
    of, rule, reads = case
    made = piece_consensus(of, reads, rule)
    if made.level is not FAIL:
        return
    assert made.deciding
    for name in made.deciding:
        unmet = sum(r.marks.get(name) == 0 for r in reads if r.round in ("blind", "third"))
        ruled = any(r.round == "chair" and r.marks.get(name) == 0 for r in reads)
        assert unmet >= 2 or ruled


@given(cases())
def test_a_result_has_a_level_or_a_reason_and_never_both(case):
    of, rule, reads = case
    made = piece_consensus(of, reads, rule)
    assert (made.level is None) == (made.reason_none is not None)
    assert (made.level is None) == bool(made.needs)
    assert set(made.contested) == set(names(of)) - set(made.decisions) or made.needs == "blind"


@pytest.mark.parametrize("third", THIRDS)
def test_a_third_read_never_changes_a_level_two_reads_settled(third):
    """Except that wishes left contested (``when_pass_unsettled``) may lift a 合格 to 优秀."""
    of, rule = slot(2, 1), ConsensusRule(third=third)
    words = ["".join(word) for word in product("10?", repeat=3)]
    for first, second in product(words, repeat=2):
        before = piece_consensus(of, reads_of(of, first, second), rule)
        if before.level is None:
            continue
        for extra in words:
            after = piece_consensus(of, reads_of(of, first, second, extra), rule)
            lifted = bool(before.contested) and (before.level, after.level) == (PASS, EXCELLENT)
            assert after.level is before.level or (third == "when_pass_unsettled" and lifted)


def test_at_a_gap_of_two_a_third_read_may_send_a_settled_level_to_the_chair():
    of, rule = slot(), ConsensusRule(ruling_at_gap_of_two=True)
    assert piece_consensus(of, reads_of(of, "11 1", "11 1"), rule).level is EXCELLENT
    made = piece_consensus(of, reads_of(of, "11 1", "11 1", "01 1"), rule)
    assert (made.level, made.cause) == (None, "gap_of_two")


@given(cases(), st.integers(0, 1))
def test_ruling_on_what_is_asked_ends_the_matter_and_nothing_is_asked_twice(case, met):
    of, rule, reads = case
    asked = {
        n for r in reads if r.round == "chair" for n, met in r.marks.items() if met is not None
    }
    made = piece_consensus(of, reads, rule)
    while made.needs == "ruling":
        assert made.open_criteria
        assert not asked & set(made.open_criteria)
        asked |= set(made.open_criteria)
        reads = [*reads, Read("chair", "chair", dict.fromkeys(made.open_criteria, met))]
        made = piece_consensus(of, reads, rule)
    assert made.needs in ("", "blind", "third")


def test_two_reads_in_either_order_come_to_the_same():
    of = slot(2, 1)
    words = ["".join(word) for word in product("10?", repeat=3)]
    for pair in product(words, repeat=2):
        assert (
            len({found(of, reads_of(of, *o), ConsensusRule())[0] for o in permutations(pair)}) == 1
        )
