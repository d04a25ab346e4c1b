"""Analyses by kind: what each computes, what a page is shown of it, and the job that makes it anew.

A kind is one line in ``KINDS``; the command ``analyse``, the job behind the
button and the pages know it from there.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from models.store import Act
from rubrics.errors import WorkbenchError
from workbench.errors import InputError
from workbench.messages import explain, text
from workbench.services.analyses import (
    AT_ONCE,
    Analysis,
    Payload,
    analyse,
    last_analysis,
    plain,
    reads_of,
    scope_of_actor,
)
from workbench.services.facets_analysis import facets_analysis
from workbench.services.generalizability import generalizability_of_workspace
from workbench.services.intake_jobs import latest_job
from workbench.services.jobs import Job, start_job
from workbench.services.panel import agreement_analysis, effects_analysis
from workbench.services.school_effects import schools_analysis
from workbench.services.second_reader import second_reader_analysis
from workbench.services.stability import stability_analysis
from workbench.services.workspace import Fresh, Workspace

RANDOM_SEED = 1
_JOB = "analyse"
_GROUPINGS = ("school", "competency")


@dataclass(frozen=True)
class Kind:
    """How an analysis is made: of a workspace, a scope and a random seed, with these parameters.

    ``of_county`` kinds compare schools: somebody bound to one makes none of them.
    """

    compute: Callable[[Workspace, str | None, int], Payload]
    parameters: Mapping[str, Any] = field(default_factory=dict)
    of_county: bool = False


KINDS: Mapping[str, Kind] = {
    "agreement": Kind(
        partial(agreement_analysis, by=_GROUPINGS),
        {"by": list(_GROUPINGS), "of_marks": False},
    ),
    "effects": Kind(effects_analysis),
    "schools": Kind(schools_analysis, of_county=True),
    "second_reader": Kind(second_reader_analysis),
    "facets": Kind(facets_analysis),
    "stability": Kind(stability_analysis),
    "generalizability": Kind(generalizability_of_workspace),
}


@dataclass(frozen=True)
class Shown:
    """What a page is shown of a kind.

    ``analysis`` is what was stored, None where the payload was computed just now.
    Without a payload ``unknown`` says why: the data are too few, or so many that
    somebody has to start the job (``needs_job``).
    """

    payload: Payload | None
    analysis: Analysis | None = None
    unknown: str = ""
    needs_job: bool = False


def shown(workspace: Workspace, kind: str, scope: str | None) -> Shown:
    """Newest stored analysis; where there is none, one computed at once if the reads are few."""
    stored = last_analysis(workspace, kind, scope, KINDS[kind].parameters)
    if stored is not None:
        return Shown(stored.payload, stored)
    reads = reads_of(workspace, scope)
    if reads > AT_ONCE:
        return Shown(None, unknown=text("analyses.not_yet", n=reads), needs_job=True)
    try:
        return Shown(plain(KINDS[kind].compute(workspace, scope, RANDOM_SEED)))
    except WorkbenchError as too_few:
        return Shown(None, unknown=explain(too_few))


def analyse_kinds(
    workspace: Workspace,
    kinds: Iterable[str],
    act: Act,
    on_done: Callable[[int, int], None] = lambda done, total: None,  # noqa: ARG005
) -> dict[str, str]:
    """Compute and store kinds as pages show them; by kind why there is none, empty where stored.

    Parameters
    ----------
    kinds : iterable of str
        Keys of ``KINDS``; where empty all of them that the actor's scope can have.
    on_done : callable
        Called with how many are done of how many.

    Raises
    ------
    InputError
        If a kind is unknown.
    RefusedError
        If the actor may store none.
    """
    asked = list(kinds)
    for name in asked:
        if name not in KINDS:
            raise InputError(
                f"there is no analysis {name}; there are {', '.join(KINDS)}.",
                key="analyses.kind",
                kind=name,
                kinds="、".join(KINDS),
            )
    scope = scope_of_actor(workspace, act)  # who may not is told before hours of work
    asked = asked or [name for name, kind in KINDS.items() if not (kind.of_county and scope)]
    found = {}
    for place, name in enumerate(asked):
        on_done(place, len(asked))
        found[name] = _attempt(workspace, name, act)
    on_done(len(asked), len(asked))
    return found


def begin_analysis(
    workspace: Workspace, kinds: Iterable[str], person_id: str, at: datetime, fresh: Fresh
) -> Job:
    """Start computing kinds anew in the background.

    Raises
    ------
    RefusedError
        If the person may start none, or enough jobs run already.
    """
    return start_job(workspace, _JOB, list(kinds), person_id, at, fresh)


def running_analysis(workspace: Workspace, person_id: str) -> Job | None:
    """One's own analysis under way; None where there is none."""
    job = latest_job(workspace, person_id, (_JOB,))
    return job if job is not None and job.state == "running" else None


def _attempt(workspace: Workspace, name: str, act: Act) -> str:
    """Compute and store one kind; the sentence why not, where the data are too few for it."""
    kind = KINDS[name]
    try:
        analyse(
            workspace,
            name,
            lambda scope: kind.compute(workspace, scope, RANDOM_SEED),
            act,
            parameters=kind.parameters,
            random_seed=RANDOM_SEED,
        )
    except WorkbenchError as too_few:
        return explain(too_few)
    return ""
