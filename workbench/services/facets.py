"""The facets model of any table: readiness first, then raters, criteria and persons."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from models.frames import PERSON, SCHOOL
from rubrics.policy_pack import PolicyPack
from scoring.facets.coding import FacetRatings
from scoring.facets.connectedness import Connectedness, connectedness
from scoring.facets.joint import joint_fit
from scoring.facets.limits import fit_limits
from scoring.facets.parameters import Anchors, Form
from scoring.facets.readiness import (
    Minimum,
    Readiness,
    Reason,
    readiness,
    reasons_of_design,
    reasons_of_fit,
)
from scoring.facets.scale_model import Options, ScaleModel
from workbench.messages import text
from workbench.services.facets_report import joint_report, marginal_report
from workbench.services.facets_rows import CLUSTER, anchors_of_table, coded, ratings_of_table
from workbench.services.facets_standpoints import standpoints

Tick = Callable[[int, int], None]
Method = Literal["mml", "jmle"]


@dataclass(frozen=True)
class Choices:
    """How a table is to be modelled.

    Attributes
    ----------
    form : ``rsm`` or ``pcm``
    method : ``mml``, or ``jmle`` for comparison with other programs
    scale : levels from the lowest to the highest; without it numbers in their order
    anchors : file of values to hold fixed
    draws : simulations for the limits of fit; None as the policy says
    penalised, free_weights : see :class:`scoring.facets.scale_model.Options`
    across_subsets : compare raters of unconnected subsets as if their persons were alike
    """

    form: Form = "rsm"
    method: Method = "mml"
    scale: tuple[str, ...] = ()
    anchors: Path | None = None
    draws: int | None = None
    penalised: bool = False
    free_weights: bool = False
    across_subsets: bool = False


def facets_of_file(
    path: Path, policy: PolicyPack, random_seed: int, choices: Choices, tick: Tick | None = None
) -> dict[str, Any]:
    """Read a table and fit it; see :func:`facets_of_table`."""
    return facets_of_table(ratings_of_table(path), policy, random_seed, choices, tick)


def facets_of_table(
    table: pd.DataFrame,
    policy: PolicyPack,
    random_seed: int,
    choices: Choices | None = None,
    tick: Tick | None = None,
) -> dict[str, Any]:
    """Everything the facets model says of a table, as one object.

    Parameters
    ----------
    table : from ``facets_rows.ratings_of_table``
    policy : gives the rules under ``facets``
    random_seed : of the simulated limits

    Returns
    -------
    dict
        ``decision`` (ready, review, blocked), ``next_action`` in the language of the
        run, ``reasons``, ``subsets``, then the tables. In a blocked table severities
        are told within the subset only, unless ``across_subsets``; those of a school's
        panel whose offset is not known well enough within the panel only.

    Raises
    ------
    ScoringError, InputError
        For a table or anchors that cannot be used; the message names the row or rater.
    """
    choices = choices or Choices()
    ratings = coded(table, choices.scale)
    anchors = anchors_of_table(choices.anchors, ratings) if choices.anchors else Anchors()
    joined = connectedness(
        ratings.person, ratings.rater, len(ratings.persons), len(ratings.raters),
        int(policy["facets.weak_link"]),
    )  # fmt: skip
    minimum = _minimum(policy)
    if choices.method == "jmle":
        found = joint_fit(ratings, choices.form)
        ready = _readiness(ratings, joined, minimum, anchors, None)
        return _opened(ready, joined, ratings, anchors) | joint_report(found, ratings, joined)
    options = Options(choices.form, choices.penalised, choices.free_weights)
    model = ScaleModel(options).fit(ratings, anchors)
    schools = _of_persons(table, ratings, SCHOOL)
    apart = joined.subsets > 1 and not choices.across_subsets
    apart = apart and not _every_subset_anchored(joined, anchors)
    against = standpoints(model, ratings, joined, schools, minimum, subsets_apart=apart)
    ready = _readiness(ratings, joined, minimum, anchors, model, against.reasons)
    limits = None
    draws = _draws(choices, policy, len(ratings.level))
    if draws:
        level = float(policy["agreement.level"])
        limits = fit_limits(model.state_, draws, random_seed, level, tick)
    report = marginal_report(
        model,
        ratings,
        against,
        clusters=_of_persons(table, ratings, CLUSTER),
        schools=schools,
        limits=limits,
        policy=policy,
    )
    return _opened(ready, joined, ratings, anchors) | report


def explain_reason(reason: Mapping[str, Any]) -> str:
    """Sentence of a reason in the language of the run: what is wrong, and what to do."""
    names = [str(name) for name in reason["ids"]]
    more = text("facets.and_more", count=len(names) - 5) if len(names) > 5 else ""
    joined = text("facets.between").join(names[:5])
    return text(f"facets.reason.{reason['code']}", ids=joined + more, count=len(names))


def _opened(
    ready: Readiness, joined: Connectedness, ratings: FacetRatings, anchors: Anchors
) -> dict[str, Any]:
    """What is said before any table."""
    reasons = [{"code": each.code, "ids": list(each.ids)} for each in ready.reasons]
    return {
        "decision": ready.decision,
        "next_action": explain_reason(reasons[0]) if reasons else text("facets.reason.none"),
        "reasons": reasons,
        "subsets": [
            {
                "subset": number + 1,
                "raters": _named(ratings.raters, joined.rater_subset == number),
                "persons": int((joined.person_subset == number).sum()),
            }
            for number in range(joined.subsets)
        ],
        "weak_links": [
            {
                "raters": [ratings.raters[code] for code in link.raters],
                "others": [ratings.raters[code] for code in link.others],
                "persons": [ratings.persons[code] for code in link.persons],
            }
            for link in joined.weak_links
        ],
        "levels": list(ratings.levels),
        "unused_levels": list(ratings.unused),
        "anchored": [ratings.raters[code] for code in anchors.raters]
        + [ratings.criteria[code] for code in anchors.criteria],
    }


def _readiness(
    ratings: FacetRatings,
    joined: Connectedness,
    minimum: Minimum,
    anchors: Anchors,
    model: ScaleModel | None,
    more: Sequence[Reason] = (),
) -> Readiness:
    reasons = reasons_of_design(
        joined,
        ratings.raters,
        ratings.persons,
        np.bincount(ratings.rater, minlength=len(ratings.raters)),
        np.bincount(ratings.level, minlength=len(ratings.levels)),
        ratings.levels,
        minimum,
    )
    if _every_subset_anchored(joined, anchors):
        reasons = [reason for reason in reasons if reason.code != "disconnected"]
    if model is not None:
        bound = model.state_.parameters.at_bound
        reasons += reasons_of_fit(
            ratings.raters, model.extreme_, converged=model.converged_, at_bound=bound
        )
    return readiness([*reasons, *more])


def _every_subset_anchored(joined: Connectedness, anchors: Anchors) -> bool:
    held = {int(joined.rater_subset[code]) for code in anchors.raters}
    return held == set(range(joined.subsets))


def _minimum(policy: PolicyPack) -> Minimum:
    return Minimum(
        int(policy["facets.min_marks"]),
        int(policy["facets.min_ratings_per_level"]),
        float(policy["facets.max_offset_se"]),
    )


def _draws(choices: Choices, policy: PolicyPack, ratings: int) -> int:
    if choices.draws is not None:
        return choices.draws
    return int(policy["facets.fit_draws"]) if ratings <= int(policy["facets.draws_up_to"]) else 0


def _of_persons(
    table: pd.DataFrame, ratings: FacetRatings, column: str
) -> tuple[NDArray[np.int64], tuple[str, ...]] | None:
    """Code of each person's school or cluster, the first that is given; None without the column."""
    if column not in table.columns:
        return None
    known = table.dropna(subset=[column]).drop_duplicates(PERSON)
    codes, names = pd.factorize(known[column], sort=True)
    place = {str(person): int(code) for person, code in zip(known[PERSON], codes, strict=True)}
    of = np.array([place.get(person, -1) for person in ratings.persons], np.int64)
    return of, tuple(map(str, names))


def _named(names: Sequence[str], chosen: NDArray[np.bool_]) -> list[str]:
    return [names[int(code)] for code in np.flatnonzero(chosen)]
