"""The county check 抽样复评 as the county sees it: the sample, what is left to read, each school."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from models.ratings import standing_reads
from models.records import Round
from models.store import Row, Store
from models.submissions import owned_pieces
from models.supervision import latest_sample
from workbench.services.reach import seen_school
from workbench.services.supervision import compare
from workbench.services.workspace import Workspace


@dataclass(frozen=True)
class SupervisionView:
    """The newest sample: its number, seed, time and rate, its pieces, and each school compared.

    ``pieces`` has one row a piece: ``piece_id``, ``school``, ``slot_id``, ``why`` and
    whether it is ``read``. ``schools`` are the rows of ``supervision.compare`` with
    the school's name. Everything is empty before the first sample. ``rate`` and
    ``limit`` are shares from 0 to 1 out of the policy, ``least`` pieces a school.
    """

    sample_id: str
    random_seed: str
    drawn_at: str
    pieces: tuple[Row, ...]
    schools: tuple[dict[str, Any], ...]
    rate: float
    least: int
    limit: float

    @property
    def unread(self) -> int:
        """Pieces of the sample that nobody of the county has read yet."""
        return sum(not row["read"] for row in self.pieces)


def supervision_view(workspace: Workspace, person_id: str) -> SupervisionView:
    """Gather the county's sample.

    Raises
    ------
    RefusedError
        If the person may not see it.
    """
    with workspace.store() as store:
        seen_school(store, person_id, "supervision.show")
        heads = store.where("county_sample")
        none_yet: Row = {"sample_id": "", "random_seed": "", "tx": 0}
        head = heads[-1] if heads else none_yet
        drawn = store.one("audit_log", seq=head["tx"])
        pieces = tuple(_pieces(store))
        names = {row["school_id"]: row["name"] for row in store.where("school")}
    policy = workspace.policy
    return SupervisionView(
        head["sample_id"],
        head["random_seed"],
        drawn["at"] if drawn else "",
        pieces,
        tuple({**row, "school": names[row["school_id"]]} for row in compare(workspace)),
        float(policy["audit.county_sample_rate"]),
        int(policy["audit.county_min_per_school"]),
        float(policy["audit.county_reread_lowered_share_max"]),
    )


def _pieces(store: Store) -> Iterator[Row]:
    """Pieces of the newest sample, and whether the county has read each."""
    owned = {row["piece_id"]: row for row in owned_pieces(store)}
    drawn = latest_sample(store)
    reads = standing_reads(store, [row["piece_id"] for row in drawn])
    for row in drawn:
        piece = owned[row["piece_id"]]
        yield {
            "piece_id": piece["piece_id"],
            "school": piece["school_name"],
            "slot_id": piece["slot_id"],
            "why": row["why"],
            "read": any(each.round == Round.COUNTY for each in reads.get(piece["piece_id"], ())),
        }
