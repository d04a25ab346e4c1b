"""What intervals of agreement are made with, as the policy has it."""

from __future__ import annotations

from typing import Literal

from rubrics.policy_pack import PolicyPack
from scoring.agreement import Settings


def settings_of(
    policy: PolicyPack,
    random_seed: int,
    draws: int | None = None,
    *,
    few: Literal["none", "t"] = "none",
    sample_raters: bool = False,
) -> Settings:
    """Draws (those of the policy where None), coverage and fewest clusters; the rest as asked for."""
    return Settings(
        random_seed=random_seed,
        draws=int(policy["agreement.draws"]) if draws is None else draws,
        level=float(policy["agreement.level"]),
        min_clusters=int(policy["agreement.min_clusters"]),
        few=few,
        raters="sampled" if sample_raters else "fixed",
    )
