"""What is looked at before evidence is taken in: form, size, length, duration, template, time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date

from rubrics.policy_pack import PolicyPack
from rubrics.rubric import Limit, Slot
from scoring.similarity.templates import unfilled
from scoring.similarity.traces import BORN_WITH_LIBRARY
from workbench import messages
from workbench.readers.facts import FileFacts

REJECT, WARN = "reject", "warn"
OFFICIAL = "official_limit"
OUTSIDE = "outside_window"
UNFILLED = "unfilled_template"

_PLACES = ("check", "rating", "intake", "reading.code", "reading.warning")
"""Where the sentence of a bare code stands: those of the checks and of reads, of the manifest's
rows, of files that cannot be read, and of what was odd about one that could."""

_TEXTUAL = ("docx", "doc", "wps", "pdf", "txt", "md", "xlsx", "xls", "csv")
_PAGED = ("pdf", "pptx", "ppt", "docx", "doc", "wps")


@dataclass(frozen=True)
class Remark:
    """One thing found about a file: a code, how grave, and what its sentence is filled with."""

    code: str
    severity: str
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def key(self) -> str:
        """Key of its sentence in the locale; a code without a feature is looked up by place.

        >>> Remark("wrong_form", REJECT).key, Remark("broken", REJECT).key
        ('check.wrong_form', 'reading.code.broken')
        """
        if "." in self.code:
            return self.code
        named = ".".join(part for part in (self.code, self.variant) if part)
        found = (f"{place}.{named}" for place in _PLACES if messages.has(f"{place}.{named}"))
        return next(found, f"intake.{self.code}")

    @property
    def variant(self) -> str:
        """Which of a code's sentences: that of the limit, of the time, or of what was found."""
        if self.code == UNFILLED:
            return "own_share" if self.values.get("share") else "prompts"
        told = {OFFICIAL: "limit", OUTSIDE: "what"}.get(self.code, "")
        return self.values.get(told, "")

    def sentence(self, language: str | None = None) -> str:
        """Say the remark in a named language, or in that of the run."""
        return messages.sentence(language or messages.language(), self.key, **self.values)

    def as_json(self) -> dict[str, object]:
        """Return the remark as it is kept in the report."""
        return {"code": self.code, "severity": self.severity, "values": dict(self.values)}


@dataclass(frozen=True)
class Checks:
    """What the checks need beside the file: policy, blank forms, and the forms' own stamps.

    ``form_stamps`` are creation times of registered forms: a form filled in
    keeps them, so they say nothing of the teacher.
    """

    policy: PolicyPack
    forms: Sequence[str] = ()
    form_stamps: frozenset[str] = frozenset()


def check_file(
    slot: Slot, facts: FileFacts, size: int, submitted_on: date | None, checks: Checks
) -> list[Remark]:
    """Everything remarkable about one file for its slot.

    Parameters
    ----------
    slot : Slot
    facts : FileFacts
        As read; ``size`` in bytes.
    submitted_on : date, optional
        As the manifest states it.
    checks : Checks

    Returns
    -------
    list of Remark
        Warnings. A limit of the norm itself carries the code ``official_limit``
        and is held until a person has looked; a derived one is only told.
    """
    remarks = [
        *_form(slot, facts),
        *_size(slot, size),
        *_length(slot, facts),
        *_pages(slot, facts),
        *_duration(slot, facts.duration_s),
        *_template(facts, checks),
        *_window(facts, submitted_on, checks),
        *_editing(facts, checks),
    ]
    return remarks + [
        Remark(code, WARN)
        for code in facts.warnings
        if code in ("no_preview", "no_text", "convert_failed")
    ]


def check_count(slot: Slot, count: int) -> list[Remark]:
    """Whether a slot has too few or too many files."""
    return [
        *_bound(slot, "min_items", count, too_low=True),
        *_bound(slot, "max_items", count, too_low=False),
    ]


def check_stated_video(slot: Slot, duration_s: float | None) -> list[Remark]:
    """What can be said of a video kept elsewhere: its stated duration, and that it is elsewhere."""
    return [Remark("video_elsewhere", WARN), *_duration(slot, duration_s)]


def _form(slot: Slot, facts: FileFacts) -> list[Remark]:
    if facts.media_type in slot.accepts:
        return []
    told = {"came": facts.media_type, "accepts": "、".join(slot.accepts)}
    official = slot.form_provenance in ("official-fact", "provincial-fact")
    return [Remark("wrong_form", REJECT if official else WARN, told)]


def _size(slot: Slot, size: int) -> list[Remark]:
    return _bound(slot, "max_mb", size / 2**20, too_low=False)


def _length(slot: Slot, facts: FileFacts) -> list[Remark]:
    if facts.media_type not in _TEXTUAL or not facts.previewable or "no_text" in facts.warnings:
        return []
    return [
        *_bound(slot, "min_chars", facts.chars, too_low=True),
        *_bound(slot, "max_chars", facts.chars, too_low=False),
    ]


def _pages(slot: Slot, facts: FileFacts) -> list[Remark]:
    if facts.pages is None or facts.media_type not in _PAGED:
        return []
    return _bound(slot, "min_pages", facts.pages, too_low=True)


def _duration(slot: Slot, duration_s: float | None) -> list[Remark]:
    if duration_s is None:
        return []
    return _bound(slot, "max_minutes", duration_s / 60, too_low=False)


def _bound(slot: Slot, name: str, value: float, *, too_low: bool) -> list[Remark]:
    limit: Limit | None = slot.limits.get(name)
    if limit is None or not (value < limit.value if too_low else value > limit.value):
        return []
    told = {"limit": name, "came": f"{value:.4g}", "bound": f"{limit.value:g}"}
    return [Remark(OFFICIAL if limit.official else f"beyond_{name}", WARN, told)]


def _template(facts: FileFacts, checks: Checks) -> list[Remark]:
    if facts.media_type not in _TEXTUAL or not facts.text:
        return []
    most = checks.policy["flag.unfilled_template.own_share_max"]
    found = unfilled(facts.text, checks.forms, most)
    if found is None:
        return []
    share = "" if found.own_share is None else f"{found.own_share:.0%}"
    told = {"share": share, "prompts": str(len(found.prompts)), "why": found.reason}
    return [Remark(UNFILLED, WARN, told)]


def _window(facts: FileFacts, submitted_on: date | None, checks: Checks) -> list[Remark]:
    """Times before the window opened or after it closed; a change after handing in.

    What the teacher did not set counts for nothing: a form's own stamp, that of
    a library's blank file, and a camera whose clock was never set. A picture
    without a time is no oddity, as chat programs take it out.
    """
    opens = _day(checks.policy["window.opens"])
    closes = _day(checks.policy["window.closes"])
    if closes and submitted_on and submitted_on > closes:
        return [_outside("submitted", submitted_on, opens, closes)]
    for what, stamp in (("modified", facts.modified_at), ("created", facts.created_at)):
        day = _day(stamp[:10])
        if opens and day and day < opens and not _is_born_with(stamp, checks.form_stamps):
            return [_outside(what, day, opens, closes)]
    until, changed = submitted_on or closes, _day(facts.modified_at[:10])
    if until and changed and changed > until and not _is_born_with(facts.modified_at, frozenset()):
        return [_outside("changed", changed, opens, until)]
    for what, stamp in (("taken", facts.taken_at), ("recorded", facts.recorded_at)):
        day = _day(stamp[:10])
        if day and not _is_unset(stamp) and ((opens and day < opens) or (closes and day > closes)):
            return [_outside(what, day, opens, closes)]
    return []


def _is_born_with(stamp: str, form_stamps: frozenset[str]) -> bool:
    """Whether a time came with a form, or with the blank file of a library."""
    return stamp in form_stamps or stamp[: len(BORN_WITH_LIBRARY[0])] in BORN_WITH_LIBRARY


def _is_unset(stamp: str) -> bool:
    """Whether a camera's clock was never set: its first day, or a year before such cameras.

    >>> _is_unset("2026-01-01T00:03:10"), _is_unset("1980-05-02T10:00:00"), _is_unset("2026-03-05")
    (True, True, False)
    """
    return stamp[:4] < "2004" or stamp[5:13] == "01-01T00"


def _editing(facts: FileFacts, checks: Checks) -> list[Remark]:
    """A long text that was open for editing for a minute or two: pasted in, perhaps rightly.

    Zero minutes say nothing: many programs do not count, and saving under a new
    name begins anew.
    """
    most = checks.policy["intake.editing.max_minutes"]
    least = checks.policy["intake.editing.min_chars"]
    minutes = facts.editing_minutes
    if not minutes or minutes > most or facts.chars < least:
        return []
    return [Remark("edited_briefly", WARN, {"minutes": str(minutes), "chars": str(facts.chars)})]


def _outside(what: str, day: date, opens: date | None, closes: date | None) -> Remark:
    told = {
        "what": what,
        "day": day.isoformat(),
        "opens": str(opens or ""),
        "closes": str(closes or ""),
    }
    return Remark(OUTSIDE, WARN, told)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None
