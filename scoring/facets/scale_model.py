"""Rating-scale and partial-credit models of persons, criteria and raters by marginal likelihood.

log P(k) / P(k − 1) = ability − severity − step, with normal abilities of estimated
spread (Linacre 1989; Bock & Aitkin 1981). With two levels it is the Rasch model.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from scoring.errors import ScoringError
from scoring.facets.climbing import Climb, Curvature, State, climb, settle, state_at
from scoring.facets.coding import FacetRatings
from scoring.facets.information import covariance_of
from scoring.facets.panels import Design, design_of
from scoring.facets.parameters import Anchors, Form, Layout, Parameters, starting_parameters
from scoring.facets.posterior import Nodes, nodes_for

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
IntArray = NDArray[np.int64]

_PENALTY_ROUNDS = 40
_LEAST_VARIANCE = 1e-4


@dataclass(frozen=True)
class Options:
    """How to fit.

    Attributes
    ----------
    form : ``rsm`` thresholds common to the criteria, ``pcm`` each its own
    penalised : hold severities back by a normal penalty of estimated variance (for
        raters with few pieces); raters at an end of the scale always are
    free_weights : estimate the distribution of abilities on the nodes
    nodes : how many, 0 for as many as the longest person needs
    tolerance : largest step of a parameter at which the climb ends, logit
    most_iterations : after which the model says it has not converged
    """

    form: Form = "rsm"
    penalised: bool = False
    free_weights: bool = False
    nodes: int = 0
    tolerance: float = 1e-6
    most_iterations: int = 200


class ScaleModel:
    """A scale model of a table; estimates end in ``_`` after :meth:`fit`.

    Attributes
    ----------
    severity_ : logit a rater, positive is harsher; the sum is 0 unless anchored
    steps_ : criteria × steps, the points where two levels are equally likely (logit)
    person_sd_, person_mean_ : of ability, logit
    deviance_ : −2 log-likelihood
    iterations_, converged_ : of the climb
    extreme_ : raters all of whose ratings are at one end; held back by the penalty
    extreme_criteria_ : criteria likewise
    penalty_sd_ : SD of the penalty on severities, None without
    design_, state_ : alike persons, and the place where the climb ended

    Examples
    --------
    >>> import pandas as pd
    >>> from scoring.facets.coding import read_facets
    >>> rows = [("p1", "c", "a", "1"), ("p1", "c", "b", "0"), ("p2", "c", "a", "0"),
    ...         ("p2", "c", "b", "0"), ("p3", "c", "a", "1"), ("p3", "c", "b", "1")]
    >>> table = pd.DataFrame(rows, columns=["person", "criterion_id", "rater_id", "level"])
    >>> model = ScaleModel().fit(read_facets(table))
    >>> bool(model.severity_[1] > 0 > model.severity_[0])  # b is harsher
    True
    """

    def __init__(self, options: Options | None = None) -> None:
        self.options = options or Options()

    def fit(self, ratings: FacetRatings, anchors: Anchors | None = None) -> ScaleModel:
        """Estimate everything from the ratings.

        Raises
        ------
        ScoringError
            For ``pcm`` with a level a criterion never got, or a climb that gets nowhere.
        """
        return self.fit_design(design_of(ratings), ratings, anchors)

    def fit_design(
        self, design: Design, ratings: FacetRatings, anchors: Anchors | None = None
    ) -> ScaleModel:
        """Fit where alike persons were put together already."""
        if self.options.form == "pcm":
            _check_levels(design, ratings)
        self.design_ = design
        self.extreme_ = _at_an_end(design, design.cell_rater, design.n_raters)
        self.extreme_criteria_ = _at_an_end(design, design.cell_criterion, design.n_criteria)
        self.penalty_sd_: float | None = None
        count = self.options.nodes or nodes_for(design.longest, len(design.person_group))
        rules = self.options.tolerance, self.options.most_iterations
        found = climb(design, self._start(anchors or Anchors()), count, *rules)
        if self.options.penalised or self.extreme_.any():
            found = self._estimate_penalty(found, count)
        if self.options.free_weights:
            found = self._free_weights(found)
        return self._read_out(found)

    def covariance(self) -> FloatArray:
        """Covariance of the whole row from the observed information (Louis 1982)."""
        return covariance_of(self.state_.information(), self.state_.parameters)

    def _start(self, anchors: Anchors) -> Parameters:
        design = self.design_
        layout = Layout(design.n_raters, design.n_criteria, design.n_steps, self.options.form)
        made = starting_parameters(layout, anchors, *_rough(design))
        raters, criteria = slice(0, layout.n_raters), layout.beta.start
        ridge = np.zeros(layout.size)
        ridge[raters] = self.extreme_ | self.options.penalised
        ridge[criteria : criteria + layout.n_criteria] = 0.25 * self.extreme_criteria_
        centred = made.centred.copy()
        if not self.options.penalised:
            centred[raters] &= ~self.extreme_
        return replace(made, ridge=ridge * made.free, centred=centred)

    def _estimate_penalty(self, found: Climb, count: int) -> Climb:
        """Let the variance of the penalty follow from the severities themselves (EM)."""
        variance, tolerance = 1.0, self.options.tolerance
        for _ in range(_PENALTY_ROUNDS):
            parameters = found.state.parameters
            errors = covariance_of(found.state.information(), parameters).diagonal()
            before, variance = variance, self._penalty_variance(parameters, errors)
            ridge = parameters.ridge.copy()
            ridge[: len(self.extreme_)] = np.where(ridge[: len(self.extreme_)] > 0, 1 / variance, 0)
            again = settle(
                replace(parameters, ridge=ridge), found.state, count, tolerance,
                self.options.most_iterations,
            )  # fmt: skip
            found = replace(again, iterations=found.iterations + again.iterations)
            if abs(variance - before) < 1e-3 * variance:
                break
        self.penalty_sd_ = float(np.sqrt(variance))
        return found

    def _penalty_variance(self, parameters: Parameters, errors: FloatArray) -> float:
        severity, errors = parameters.severity, errors[: len(parameters.severity)]
        free = parameters.free[: len(severity)]
        if self.options.penalised:
            return max(float(np.mean((severity**2 + errors)[free])), _LEAST_VARIANCE)
        told = free & ~self.extreme_
        if told.sum() < 2:
            return 1.0
        return max(float(np.mean((severity**2 - errors)[told])), 0.05)

    def _free_weights(self, found: Climb) -> Climb:
        """Estimate the weight of every node beside the other parameters."""
        parameters = found.state.parameters
        free = parameters.free.copy()
        free[parameters.layout.log_sd] = free[parameters.layout.mean] = False
        state = state_at(
            self.design_, replace(parameters, free=free), _free_nodes(found.state.nodes)
        )
        curvature = Curvature.of(state, state.parameters)
        persons = len(self.design_.person_group)
        for iteration in range(1, self.options.most_iterations + 1):
            step = curvature.step(state)
            weights = np.maximum(state.at.at_nodes / persons, 1e-300)
            nodes = replace(state.nodes, log_weight=np.log(weights / weights.sum()))
            state = state_at(self.design_, state.parameters.moved(step), nodes)
            if iteration in (3, 10, 30):
                curvature = Curvature.of(state, state.parameters)
            if np.abs(step).max() < max(self.options.tolerance, 1e-5):
                break
        done = found.iterations + iteration
        return Climb(_moments(state), done, iteration < self.options.most_iterations)

    def _read_out(self, found: Climb) -> ScaleModel:
        self.state_: State = found.state
        self.iterations_, self.converged_ = found.iterations, found.converged
        parameters = found.state.parameters
        self.severity_ = parameters.severity
        self.steps_ = parameters.steps()
        self.person_sd_, self.person_mean_ = parameters.person_sd, parameters.person_mean
        self.deviance_ = -2.0 * found.state.log_likelihood
        return self


def _free_nodes(nodes: Nodes) -> Nodes:
    """Keep nodes within 4.5 standard deviations: farther out nobody is."""
    kept = np.abs(nodes.standard) <= 4.5
    return Nodes(nodes.ability[kept], nodes.standard[kept], nodes.log_weight[kept])


def _moments(state: State) -> State:
    """Put the origin at the mean of the free distribution, unless anchors set it."""
    parameters, nodes = state.parameters, state.nodes
    layout = parameters.layout
    weights = np.exp(nodes.log_weight)
    mean = float(weights @ nodes.ability)
    sd = float(np.sqrt(weights @ (nodes.ability - mean) ** 2))
    row = parameters.row.copy()
    row[layout.log_sd] = np.log(sd)
    difficulty = slice(layout.beta.start, layout.beta.start + layout.n_criteria)
    if parameters.free[difficulty].all():
        row[difficulty] -= mean
        nodes = replace(nodes, ability=nodes.ability - mean)
    else:
        row[layout.mean] = mean
    return state_at(state.design, replace(parameters, row=row), nodes)


def _rough(design: Design) -> tuple[FloatArray, FloatArray]:
    """Severities from mean levels, thresholds from how often levels were given."""
    reached = np.zeros((design.n_raters, design.n_steps))
    np.add.at(reached, design.cell_rater, design.tails)
    count = design.rater_counts() * design.n_steps
    share = (reached.sum(axis=1) + 0.5) / (count + 1.0)
    severity = np.log1p(-share) - np.log(share)
    ends = np.append(np.append(count.sum() / design.n_steps, design.tails.sum(axis=0)), 0.0)
    levels = -np.diff(ends) + 0.5
    thresholds = np.log(levels[:-1] / levels[1:])
    return severity - severity.mean(), thresholds - thresholds.mean()


def _at_an_end(design: Design, of_cells: IntArray, count: int) -> BoolArray:
    """Who has only the lowest or only the highest level."""
    total = np.bincount(of_cells, design.tails.sum(axis=1), count)
    per_cell = np.bincount(design.rating_cell, minlength=len(of_cells))
    most = np.bincount(of_cells, per_cell, count) * design.n_steps
    return np.asarray((total == 0) | (total == most))


def _check_levels(design: Design, ratings: FacetRatings) -> None:
    given = np.zeros((design.n_criteria, design.n_steps + 1), bool)
    given[design.cell_criterion[design.rating_cell], design.rating_level] = True
    if not given.all():
        criterion, level = np.argwhere(~given)[0]
        name, missing = ratings.criteria[criterion], ratings.levels[level]
        raise ScoringError(
            f"ratings: criterion {name} never got level {missing}, so it has no threshold of its "
            "own. Use the rating-scale model (rsm), or join levels.",
            key="facets.level_never_given",
            criterion=name,
            level=missing,
        )
