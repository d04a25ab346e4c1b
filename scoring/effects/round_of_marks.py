"""Every effect of raters in one round of marks: who is tested for what, and the findings.

Only blind reads and hidden seeds belong in it: that a piece got a third read
hangs on how the first two were marked, so the third would make honest first
reads look unlikely.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np
import pandas as pd
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import connected_components

from models.frames import COMMENT, CRITERION, PIECE, RATER
from scoring.discovery import Finding
from scoring.effects.alike import COPIED, agreements, joint_reads, one_side, weaker
from scoring.effects.alongside import OWN_WORDS, alongside, supported
from scoring.effects.excess import GRID, KINDS, excess_trials, kinds_of
from scoring.effects.families import Draw, Rule, Trial, findings_by_family
from scoring.effects.habits import habits, own_words
from scoring.effects.of_marks import (
    DRIFT,
    ERRATIC,
    FLAT,
    HALO,
    SEVERE,
    Asked,
    OneRater,
    residual_trials,
)
from scoring.effects.pooling import Marks, drawn_marks
from scoring.effects.predicting import Predicted
from scoring.effects.round_of_shifts import Given, shifts_of_round
from scoring.effects.same_criterion import knowing_criteria
from scoring.effects.settling import settled, standing
from scoring.effects.severity import Thresholds, severity_findings, unspoken
from scoring.facets.marks_borrowing import few_marks
from scoring.facets.marks_coding import MarkCodes, code_marks
from scoring.facets.marks_extremes import telling
from scoring.facets.marks_model import MarksModel
from scoring.facets.marks_panels import Severities
from scoring.facets.marks_readiness import reasons_of_marks
from scoring.tables import FloatArray, IntArray

_UNLIKE = (ERRATIC, FLAT, HALO, *KINDS)
"""Who is named for one of these does not mark as the model has it."""

_LEAST_PRIOR_SD = 0.4  # logits: the hurdle's prior must not hold a lenient rater at the middle


@dataclass(frozen=True)
class Circumstances:
    """What is known of a round besides its marks.

    Attributes
    ----------
    excellent : names of the 优秀 criteria; None where it is unknown which they are
    panel_of : panel (school) of each rater
    seeds : pieces that link panels
    expert : name of the rater that stands for the experts' marks on seeds
    phrases, banks : phrases the desk offers everybody, and those each rater keeps, by rater:
        comments put together from them are not pasted
    min_panel : raters in an unlinked panel below which the subject is the pair
    max_offset_se : greatest SE of a panel's offset that still compares, logits
    usual_spread : SD of honest raters' severities at most allowed for, logits
    """

    excellent: frozenset[str] | None = None
    panel_of: Mapping[str, str] | None = None
    seeds: Sequence[str] = ()
    expert: str = "*"
    phrases: Sequence[str] = field(default=())
    banks: Mapping[str, Sequence[str]] = field(default_factory=dict)
    min_panel: int = 5
    max_offset_se: float = 0.3
    usual_spread: float = 0.1


def effects_of_marks(
    marks: pd.DataFrame,
    reads: pd.DataFrame,
    about: Circumstances,
    rules: Mapping[str, Rule],
    random_seed: int,
) -> list[Finding]:
    """Test every rater, and pairs, for each effect there is a rule for.

    Shifts of severity are looked for last, beside a second fit without those found
    to mark as the model does not have it (see ``settling``).

    Parameters
    ----------
    marks : DataFrame, one row a mark
        ``piece_id``, ``criterion_id``, ``rater_id``, ``met`` (0 or 1) and, where pieces
        of one school or teacher are known to belong together, ``teacher_id``: the
        cluster whose pieces are more alike. Blind reads and seeds.
    reads : DataFrame, one row a read
        ``piece_id``, ``rater_id`` and what is known of ``place``, ``seconds``,
        ``length``, ``comment``, ``own_school``, ``own_department`` (true, false, missing)
        and the ``home_school`` and ``home_department`` of the piece.
    about : Circumstances
    rules : by code; `SEVERE` serves lenience too
    random_seed : of all draws

    Returns
    -------
    list of Finding
        By code, then subject. Marks that cannot be fitted (one rater, no shared
        piece, all alike) leave only what does not hang on marks. Where the middling
        criterion has few marks its difficulty is not known well enough to expect
        anything of one read: severity is then told from plain differences, and
        the other tests of marks say that the data are too few.

    Raises
    ------
    ScoringError
        For marks that cannot be used.
    """
    people = reads[reads[RATER].astype(str) != about.expert]
    trials = habits(people, about.phrases, rules, random_seed, about.banks)
    codes = code_marks(marks)
    fits = (
        not any(reason.blocks for reason in reasons_of_marks(codes, 0)) and telling(codes)[0].any()
    )
    if fits and few_marks(codes):
        fits = False
        trials += _too_few_marks(codes, about, rules)
    told: list[Finding] = []
    if fits:
        fitted = _Round(MarksModel().fit_codes(codes), reads, about, rules, random_seed)
        told = findings_by_family(fitted.trials(), rules, random_seed)
        unlike = {each.ids[0] for each in told if each.flagged and each.code in _UNLIKE}
        trials += fitted.shifts(marks, sorted(unlike))
    pairs = _by_differences(marks, about, rules, random_seed, everybody=not fits)
    everything = [*pairs, *told, *findings_by_family(trials, rules, random_seed)]
    if SEVERE not in rules:
        return everything
    return everything + unspoken(everything, sorted(people[RATER].astype(str).unique()))


def _too_few_marks(
    codes: MarkCodes, about: Circumstances, rules: Mapping[str, Rule]
) -> list[Trial]:
    """Say of every rater that their reads cannot be compared with what is expected of them."""
    reads = np.bincount(codes.read_rater, minlength=len(codes.raters))
    return [
        Trial(code, "rater", (name,), int(n))
        for code in (ERRATIC, FLAT, HALO, DRIFT, *KINDS)
        if code in rules
        for name, n in zip(codes.raters, reads, strict=True)
        if name != about.expert
    ]


def _by_differences(
    marks: pd.DataFrame,
    about: Circumstances,
    rules: Mapping[str, Rule],
    random_seed: int,
    *,
    everybody: bool,
) -> list[Finding]:
    """Severity by plain differences: of pairs of unlinked panels too small to say who departs.

    Of ``everybody`` where marks are too plain for the model: all of them separate perfectly.
    """
    if SEVERE not in rules:
        return []
    rater = marks[RATER].astype(str)
    network = networks_of(marks)
    sizes = network[network.index != about.expert].value_counts()
    small = set(sizes.index if everybody else sizes[sizes < about.min_panel].index)
    within = network.reindex(rater).isin(small).to_numpy() & (rater != about.expert).to_numpy()
    theirs = marks[within]
    if not theirs.duplicated([PIECE, CRITERION]).any():
        return []
    rule = rules[SEVERE]
    thresholds = Thresholds(rule.q, rule.min_effect, rule.minimum, about.min_panel)
    return severity_findings(theirs, thresholds, random_seed)


def networks_of(marks: pd.DataFrame) -> pd.Series:
    """Number of the set of raters each is linked with, by rater."""
    piece, _ = pd.factorize(marks[PIECE].astype(str))
    rater, names = pd.factorize(marks[RATER].astype(str))
    size = len(names)
    link = csr_matrix(
        (np.ones(len(rater)), (rater, size + piece)), shape=(size + piece.max() + 1,) * 2
    )
    return pd.Series(connected_components(link, directed=False)[1][:size], index=names)


class _Round:
    """A fitted round and what its tests share."""

    def __init__(
        self,
        model: MarksModel,
        reads: pd.DataFrame,
        about: Circumstances,
        rules: Mapping[str, Rule],
        random_seed: int,
    ) -> None:
        self.model, self.about, self.rules, self.seed = model, about, rules, random_seed
        raters = [k for k, name in enumerate(model.raters_) if name != about.expert]
        self.raters = raters
        severities = self._severities(model)
        self.standing = standing(model, severities, raters)
        self.predicted = self.standing.predicted
        self.facts = self._facts(reads)
        self.own_of = _by_rater(self.predicted.rater, len(model.raters_))
        sizes = np.bincount(severities.network[raters] + 1)
        self.linked = sizes[severities.network + 1] >= about.min_panel
        self.asked = Asked(rules, random_seed)

    def _severities(self, model: MarksModel) -> Severities:
        about = self.about
        several = about.panel_of and len(set(about.panel_of.values())) > 1
        panel_of = about.panel_of if several else None
        return model.severities(panel_of, about.max_offset_se, about.expert, about.seeds)

    def trials(self) -> Iterator[Trial]:
        """Every test of single reads of every rater, then of pairs."""
        model = self.model
        excellent = None
        if self.about.excellent is not None:
            excellent = np.array([name in self.about.excellent for name in model.criteria_])
        kinds = kinds_of(self.predicted, excellent)
        joint: dict[tuple[int, int], IntArray] = {}
        if COPIED in self.rules:
            # Seeds are read by all: with them every two raters would be a pair to adjust for.
            seeds = np.isin(np.array(model.pieces_), list(self.about.seeds))
            told = np.flatnonzero(
                ~seeds[self.predicted.piece] & np.isin(self.predicted.rater, self.raters)
            )
            piece, rater = self.predicted.piece, self.predicted.rater
            joint = joint_reads(piece, rater, told, self.rules[COPIED].minimum)
        sides: dict[tuple[int, int], Trial] = {}
        known = knowing_criteria(self.predicted)
        for k in self.raters:
            own = self.own_of[k]
            one = self.standing.of(k, model.raters_[k], own, self.about.usual_spread)
            name, linked = model.raters_[k], bool(self.linked[k])
            knowing = replace(one, reads=known.only(own))
            yield from residual_trials(one, knowing, self.asked, linked=linked)
            yield from excess_trials(name, own, kinds, self._prior(one), self.rules, self.seed)
            partners = {pair: both for pair, both in joint.items() if pair[0] == k}
            if partners:
                sides |= self._sides(one, own, partners)
        pairs = {
            pair: weaker(side, sides[pair[::-1]])
            for pair, side in sides.items()
            if pair[0] < pair[1]
        }
        beside = {pair: alongside(self.facts, joint[pair]) for pair in pairs}
        yield from supported(pairs, beside, self.seed)

    def shifts(self, marks: pd.DataFrame, unlike: Sequence[str]) -> list[Trial]:
        """Every test of a shift of severity, with the raters ``unlike`` the model set apart."""
        panel_of = self.about.panel_of or {}
        panel = [panel_of.get(name, "") for name in self.model.raters_]
        stand = settled(self.standing, self.model, marks, unlike, panel, self._severities)
        given = Given(
            self.facts, self.model.codes, self.own_of, self.raters, self.linked,
            self.about.usual_spread,
        )  # fmt: skip
        return shifts_of_round(stand, given, self.asked)

    def _sides(
        self, one: OneRater, own: IntArray, joint: Mapping[tuple[int, int], IntArray]
    ) -> dict[tuple[int, int], Trial]:
        names = self.model.raters_
        drawn = self._drawn(one)
        expected = one.reads.expected(one.severity)
        made = {}
        for pair, both in joint.items():
            at = np.searchsorted(own, both[:, 0])
            reads, other = _rows(one.reads, at), _rows(self.predicted, both[:, 1])

            def refine(
                reads: Predicted = reads, other: Predicted = other, at: IntArray = at
            ) -> Draw:
                sums, _ = agreements(reads, self._drawn(one)[at], other, expected[at])
                return lambda size, rng: sums.pick((0,)).draw(size, rng)[0]

            named = (names[pair[0]], names[pair[1]])
            made[pair] = one_side(named, reads, drawn[at], other, expected[at], refine, self.seed)
        return made

    def _drawn(self, one: OneRater) -> Marks:
        return drawn_marks(one.reads, one.severity, np.random.default_rng(self.seed))

    def _prior(self, one: OneRater) -> FloatArray:
        sd = max(_LEAST_PRIOR_SD, one.reference_sd)
        weight: FloatArray = np.exp(-0.5 * ((GRID - one.reference) / sd) ** 2)
        return np.asarray(weight / weight.sum())

    def _facts(self, reads: pd.DataFrame) -> pd.DataFrame:
        """What is known of each read, in the order of the predicted ones."""
        codes = self.model.codes
        named = reads.assign(
            **{PIECE: reads[PIECE].astype(str), RATER: reads[RATER].astype(str)}
        ).set_index([PIECE, RATER])
        wanted = pd.MultiIndex.from_arrays(
            [
                np.array(codes.pieces, dtype=object)[self.predicted.piece],
                np.array(codes.raters, dtype=object)[self.predicted.rater],
            ],
            names=[PIECE, RATER],
        )
        found = named[~named.index.duplicated()].reindex(wanted)
        if COMMENT not in found.columns:
            return found
        told = found.reset_index(level=RATER)
        words = own_words(told, self.about.phrases, self.about.banks)
        return found.assign(**{OWN_WORDS: words.to_numpy()})


def _rows(reads: Predicted, at: IntArray) -> Predicted:
    """Rows with all columns kept, so that two readers' columns stay beside each other."""
    return Predicted(
        reads.piece[at], reads.rater[at], reads.met[at], reads.real[at], reads.difficulty[at],
        reads.criterion[at], reads.eta, reads.weight[at],
    )  # fmt: skip


def _by_rater(rater: IntArray, size: int) -> list[IntArray]:
    order = np.argsort(rater, kind="stable")
    return np.split(order, np.searchsorted(rater[order], np.arange(1, size)))
