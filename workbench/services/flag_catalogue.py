"""The catalogue of flags in words, with the thresholds a policy sets and where they come from."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from rubrics.policy_pack import PolicyPack
from scoring.flags import CATALOGUE, Kind
from workbench.messages import text


def catalogue_rows(policy: PolicyPack) -> list[dict[str, Any]]:
    """Every kind of flag, as the objects of ``flags catalogue --json``, in the language of the run.

    ``minimum`` and ``thresholds`` list policy rules: ``key``, ``value``, ``unit``,
    ``source`` and ``note``.
    """
    return [_row(kind, policy) for kind in CATALOGUE.values()]


def _row(kind: Kind, policy: PolicyPack) -> dict[str, Any]:
    key = f"flag.{kind.code}"
    hold = f"{key}.hold"
    joint = text("catalogue.and")
    return {
        "code": kind.code,
        "name": text(f"{key}.name"),
        "source": kind.source,
        "subjects": list(kind.subjects),
        "subject_said": joint.join(text(f"flags.subject.{each}") for each in kind.subjects),
        "statistic": text(f"{key}.statistic"),
        "effect": kind.effect,
        "exhibit": kind.exhibit,
        "minimum": _rules(kind.minimum, policy),
        "thresholds": _rules(kind.thresholds, policy),
        "innocent": text(f"{key}.innocent"),
        "opens_case": kind.opens_case,
        "holds": bool(policy[hold]) if hold in policy else False,
    }


def _rules(keys: Iterable[str], policy: PolicyPack) -> list[dict[str, Any]]:
    return [
        {
            "key": key,
            "value": rule.value,
            "unit": rule.unit,
            "source": rule.source,
            "note": rule.note,
        }
        for key in keys
        for rule in [policy.rule(key)]
    ]
