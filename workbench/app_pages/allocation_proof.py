"""What the page 分派与预检 says of a plan: the next step, the proof line by line, and the ways out."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import streamlit as st

from workbench.app_pages.drawing import percent, table
from workbench.messages import text
from workbench.services.allocation import Proof

_SHORT = "piece needed eligible given why".split()
_MOST_NAMED = 12


def next_step(proof: Proof) -> None:
    """Draw what to do now: allocate, get more readers, or join the networks."""
    made = proof.made
    if made.short:
        st.warning(text("page_allocation.do.short", count=len(made.short)))
    if not made.plan.connected:
        told = {"count": len(made.plan.networks), "links": len(made.plan.links)}
        key = "apart" if made.plan.links else "apart_for_good"
        st.warning(text(f"page_allocation.do.{key}", **told))
    if made.sound:
        st.success(text("page_allocation.do.ready"))


def draw_proof(proof: Proof) -> None:
    """Draw what the plan can and cannot do, one line each."""
    st.subheader(text("page_allocation.proof"))
    lines = [
        *_network(proof),
        *_errors(proof),
        *_schools(proof),
        _conflicts(proof),
        *_shares(proof),
        _validated(proof),
        *_seeds(proof),
        _staff(proof),
        _forecast(proof),
        *_left_out(proof),
    ]
    st.markdown("\n".join(f"- {line}" for line in lines))


def draw_short(proof: Proof) -> None:
    """Draw the pieces that lack readers, and the ways out."""
    short = proof.made.short
    st.subheader(text("page_allocation.way.head"))
    ways = [
        text(f"page_allocation.way.{way.rule}", reads=way.reads, left=way.short_left)
        for way in proof.ways_out
    ]
    if proof.staff.borrow:
        ways.append(text("page_allocation.way.borrow", count=proof.staff.borrow))
    if proof.partners:
        schools = "、".join(f"{name} {count}" for name, count in proof.partners.items())
        ways.append(text("page_allocation.way.partners", schools=schools))
    st.markdown("\n".join(f"- {way}" for way in ways))
    rows = [
        {
            "piece": each.piece_id,
            "needed": each.needed,
            "eligible": each.eligible,
            "given": each.given,
            "why": _why(each.barred),
        }
        for each in short
    ]
    st.caption(text("page_allocation.short"))
    headings = {name: text(f"page_allocation.column.{name}") for name in _SHORT}
    table(rows, headings, "allocation_short")


def _network(proof: Proof) -> Iterator[str]:
    plan, names = proof.made.plan, _names(proof)
    if plan.connected:
        reading = sum(len(group) for group in plan.networks)
        yield text("page_allocation.line.connected", raters=reading)
        return
    yield text("page_allocation.line.apart", count=len(plan.networks))
    for number, group in enumerate(plan.networks, 1):
        told = {"number": number, "count": len(group), "names": _listed(group, names)}
        yield text("page_allocation.line.side", **told)
    if plan.links:
        reads = [
            text("page_allocation.line.link", name=names.get(rater, rater), piece=piece)
            for piece, rater in plan.links[:_MOST_NAMED]
        ]
        yield text("page_allocation.line.links", count=len(plan.links), reads="；".join(reads))


def _errors(proof: Proof) -> Iterator[str]:
    known = [row.se for row in proof.raters if row.se is not None]
    if known:
        shown = _range(f"{min(known):.2f}", f"{max(known):.2f}")
        yield text("page_allocation.line.errors", range=shown)
    else:
        yield text("page_allocation.line.errors_unknown")
    alone = [row.name for row in proof.raters if row.load and row.se is None]
    if known and alone:
        yield text("page_allocation.line.alone", names="、".join(alone[:_MOST_NAMED]))


def _schools(proof: Proof) -> Iterator[str]:
    if len(proof.schools) < 2:
        yield text(f"page_allocation.line.{'one_school' if proof.schools else 'no_school'}")
        return
    apart = [each.school for each in proof.schools if not each.comparable]
    yes = len(proof.schools) - len(apart)
    if yes:
        yield text("page_allocation.line.comparable", yes=yes, most=f"{proof.most_se:.2f}")
    if apart:
        names = "、".join(apart[:_MOST_NAMED])
        yield text("page_allocation.line.incomparable", no=len(apart), names=names)


def _conflicts(proof: Proof) -> str:
    if not proof.barred:
        return text("page_allocation.line.no_conflicts")
    count = sum(proof.barred.values())
    if aside := len(proof.made.set_aside):
        return text("page_allocation.line.conflicts_aside", aside=aside)
    return text("page_allocation.line.conflicts", count=count, why=_why(proof.barred, pairs=True))


def _shares(proof: Proof) -> Iterator[str]:
    full = [row.full_load for row in proof.raters if row.full_load is not None]
    if full:
        shown = _range(f"{min(full):.0f}", f"{max(full):.0f}")
        yield text("page_allocation.line.shares", range=shown)


def _validated(proof: Proof) -> str:
    count = len({piece for piece, _ in proof.made.extra})
    key = "validated" if count else "not_validated"
    return text(f"page_allocation.line.{key}", count=count)


def _seeds(proof: Proof) -> Iterator[str]:
    if proof.seeds < proof.seeds_due:
        key = "seeds_few" if proof.seeds else "no_seeds"
        yield text(f"page_allocation.line.{key}", count=proof.seeds, due=proof.seeds_due)
    elif proof.seeds:
        yield text("page_allocation.line.seeds", count=proof.seeds)


def _staff(proof: Proof) -> str:
    staff = proof.staff
    told = {"now": staff.now, "most": staff.most_a_piece}
    if staff.borrow:
        more = {"borrow": staff.borrow, "third": staff.borrow_for_third}
        return text("page_allocation.line.staff_short", now=staff.now, **more)
    if staff.borrow_for_third:
        return text("page_allocation.line.staff_third", borrow=staff.borrow_for_third)
    return text("page_allocation.line.staff", **told)


def _forecast(proof: Proof) -> str:
    found = proof.outlook
    minutes = text(
        f"page_allocation.line.minutes_{'measured' if found.minutes_measured else 'planned'}",
        minutes=f"{found.minutes:.1f}",
        count=found.minutes_measured,
    )
    third = text(
        f"page_allocation.line.third_{'measured' if found.third_measured else 'planned'}",
        share=percent(found.third_share),
        count=found.third_measured,
    )
    return text("page_allocation.line.forecast", minutes=minutes, third=third)


def _left_out(proof: Proof) -> Iterator[str]:
    for reason, count in proof.made.left_out.items():
        told = text(f"reason_none.{reason}")
        yield text("page_allocation.line.left_out", count=count, reason=told)


def _range(least: str, most: str) -> str:
    return least if least == most else f"{least}–{most}"


def _why(barred: Mapping[str, int], *, pairs: bool = False) -> str:
    kind = "pairs" if pairs else "barred"
    return text("allocate.joint").join(
        text(f"allocate.{kind}.{cause}", count=count) for cause, count in barred.items()
    )


def _names(proof: Proof) -> dict[str, str]:
    return {row.rater: row.name for row in proof.raters}


def _listed(group: tuple[str, ...], names: dict[str, str]) -> str:
    shown = "、".join(names.get(rater, rater) for rater in group[:_MOST_NAMED])
    return shown if len(group) <= _MOST_NAMED else f"{shown} …"
