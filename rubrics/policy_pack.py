"""A policy pack: every local rule with its value, unit and source, resolved over the defaults."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

from rubrics.canonical import Json, digest, exact
from rubrics.errors import PolicyError


@dataclass(frozen=True)
class Rule:
    """One rule as it stands after resolving: its value and where that comes from.

    ``pack`` is the pack that set it; ``source`` a document, ``official-norm``
    or ``default`` (to be confirmed by the county).
    """

    key: str
    value: Any
    unit: str
    source: str
    anchor: str = ""
    note: str = ""
    pack: str = ""


@dataclass(frozen=True)
class PolicyPack:
    """The rules one round is held to.

    ``since`` are rules the product came to know after the pack was kept, at
    their defaults: they fill what the pack leaves open and are no part of its
    digest.

    Examples
    --------
    >>> rule = Rule("publicity.days", 5, "working days", "default")
    >>> pack = PolicyPack("p", "名", "Name", "", "", {"publicity.days": rule})
    >>> pack["publicity.days"]
    5
    """

    pack_id: str
    name_zh: str
    name_en: str
    issuer: str
    document_no: str
    rules: Mapping[str, Rule]
    issued: str = ""
    inherits: str = ""
    since: Mapping[str, Rule] = field(default_factory=dict)

    @cached_property
    def standing(self) -> Mapping[str, Rule]:
        """Every rule that holds: the pack's own, and those since at their defaults."""
        return {**self.since, **self.rules}

    def __getitem__(self, key: str) -> Any:
        """Value of a rule; PolicyError names a key no pack sets."""
        return self.rule(key).value

    def rule(self, key: str) -> Rule:
        """One rule with unit and source; PolicyError names a key no pack sets."""
        try:
            return self.standing[key]
        except KeyError:
            raise PolicyError(
                f"policy {self.pack_id} has no rule {key!r}. Add it to the pack or the defaults.",
                key="policy.no_rule",
                pack=self.pack_id,
                rule=key,
            ) from None

    def __contains__(self, key: object) -> bool:
        return key in self.standing

    def section(self, prefix: str) -> dict[str, Any]:
        """Values of the rules under ``prefix.``, keyed by what follows it."""
        start = prefix + "."
        return {
            key[len(start) :]: rule.value
            for key, rule in self.standing.items()
            if key.startswith(start)
        }

    def canonical(self) -> Json:
        """Everything the digest covers: id and each rule's key, value, unit and source."""
        return {
            "id": self.pack_id,
            "rules": [
                [rule.key, exact(rule.value), rule.unit, rule.source]
                for rule in sorted(self.rules.values(), key=lambda rule: rule.key)
            ],
        }

    @cached_property
    def digest(self) -> str:
        """SHA-256 of the pack's own rules; it goes into every ledger entry."""
        return digest(self.canonical())
