"""The report on raters in words: one plain sentence a picture, and what a severity does to results."""

from __future__ import annotations

from workbench.messages import text
from workbench.services.next_actions import listed
from workbench.services.rater_report import ERRATIC, UNKNOWN, Interval, RaterLine, RaterReport

_BEYOND = 0.025  # share of raters above the simulated limit by chance


def severity_said(report: RaterReport) -> str:
    """Say who would pass fewest and most, of those who compare; empty where nobody's change is known."""
    known = [each for each in report.raters if each.change.value is not None]
    clear = sum(each.change.clear != 0 for each in known)
    if report.apart and known:
        return text("page_rater_report.severity_apart", n=len(known), clear=clear)
    if len(known) < 2:
        return ""
    low = min(known, key=lambda each: each.change.value or 0.0)
    high = max(known, key=lambda each: each.change.value or 0.0)
    values = {"low": _called(low), "high": _called(high)}
    values |= {"low_change": change_words(low.change), "high_change": change_words(high.change)}
    return text("page_rater_report.severity_said", **values, n=len(known), clear=clear)


def fit_said(report: RaterReport) -> str:
    """Name the raters whose marks hang together less than chance allows; that none do is said too."""
    erratic = [each for each in report.raters if each.consistency == ERRATIC]
    judged = sum(each.consistency != UNKNOWN for each in report.raters)
    if not judged:
        return ""
    if not erratic:
        return text("page_rater_report.none_erratic", n=judged)
    names = listed([_called(each) for each in erratic])
    by_chance = max(round(judged * _BEYOND), 1)
    counts = {"n": judged, "count": len(erratic), "chance": by_chance}
    return text("page_rater_report.erratic", names=names, **counts)


def agreement_said(report: RaterReport) -> str:
    """Say how often two reads marked a criterion alike, and how often they should; else empty."""
    agreed = (report.facets.payload or {}).get("agreement")
    if not agreed or agreed["observed"] is None:
        return ""
    shares = {name: f"{agreed[name]:.1%}" for name in ("observed", "expected")}
    return text("page_rater_report.agreement", pairs=agreed["pairs"], **shares)


def map_said(report: RaterReport) -> str:
    """Say how far raters spread beside pieces and criteria, or that not all of them compare."""
    known = [each.severity.value for each in report.raters if each.severity.value is not None]
    spread = report.summary["person_sd"]
    if len(known) < 2 or spread is None:
        return ""
    if report.apart:
        pieces = sum(count for _, _, count in report.abilities)
        told = {"raters": len(known), "pieces": pieces, "person_sd": f"{spread:.1f}"}
        return text("page_rater_report.map_apart", **told)
    values = {"spread": f"{max(known) - min(known):.1f}", "person_sd": f"{spread:.1f}"}
    counts = {
        "pieces": sum(count for _, _, count in report.abilities),
        "raters": len(known),
    }
    wide = max(known) - min(known) > spread
    key = "map_wide" if wide else "map_narrow"
    return text(f"page_rater_report.{key}", **values, **counts)


def change_words(change: Interval) -> str:
    """Change of the pass rate in points with its interval, signs and all; 数据不足 where unknown."""
    if change.value is None:
        return text("drawing.too_few")
    if change.lo is None or change.hi is None:
        return text("page_rater_report.points", value=_points(change.value))
    ends = {"lo": _points(change.lo), "hi": _points(change.hi)}
    return text("page_rater_report.points_between", value=_points(change.value), **ends)


def size_words(change: Interval) -> str:
    """Size of a change whose direction is said already, in points with its interval."""
    if change.value is None or change.lo is None or change.hi is None:
        return text("drawing.too_few")
    near, far = sorted((abs(change.lo), abs(change.hi)))
    ends = {"lo": f"{near * 100:.0f}", "hi": f"{far * 100:.0f}"}
    return text("page_rater_report.points_between", value=f"{abs(change.value) * 100:.0f}", **ends)


def _points(change: float) -> str:
    """Change in points with its sign; one that rounds to nought has none.

    >>> _points(-0.004), _points(0.126)
    ('0', '+13')
    """
    whole = round(change * 100)
    return f"{whole:+d}" if whole else "0"


def _called(line: RaterLine) -> str:
    return line.name if line.name == line.rater_id else f"{line.rater_id} {line.name}"
