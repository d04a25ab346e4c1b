"""Which pages there are, and whose: the navigation is made of this table alone.

A page is a module of ``app_pages`` with one function ``draw``.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Collection
from dataclasses import dataclass
from functools import cache

from workbench.services.roles import ADMIN, CHAIR, COUNTY, RATER, REGISTRAR

PAGES: dict[str, tuple[str, ...]] = {
    RATER: ("tasks", "desk", "calibration", "my_card"),
    CHAIR: (
        *(
            "progress",
            "allocation",
            "calibration",
            "adjudication",
            "precedents",
            "leaks",
            "agreement",
            "rater_report",
            "holds",
            "closing",
        ),
        *("publicity", "certification", "feedback", "tasks", "desk", "policies", "audit_log"),
    ),
    COUNTY: (
        *(
            "county_import",
            "county",
            "calibration",
            "supervision",
            "tasks",
            "desk",
            "adjudication",
            "precedents",
            "leaks",
            "holds",
            "letters",
            "closing",
        ),
        *(
            "publicity",
            "certification",
            "certificates",
            "feedback",
            "policies",
            "audit_log",
            "backup",
        ),
    ),
    REGISTRAR: (
        *("intake", "completeness", "leaks", "holds", "publicity", "certification", "certificates"),
        *("closing", "feedback", "policies", "audit_log", "backup"),
    ),
    ADMIN: ("people", "policies", "backup", "audit_log"),
}
"""Pages of each role in the order of the work; a page's address is the name of its module."""

STAGES: dict[str, tuple[str, ...]] = {
    "reading": (
        *("progress", "allocation", "calibration", "tasks", "desk", "adjudication", "precedents"),
        *("my_card",),
    ),
    "evidence": ("intake", "completeness", "leaks"),
    "findings": ("county", "agreement", "rater_report", "holds"),
    "county": ("county_import", "supervision", "letters"),
    "results": ("closing", "publicity", "certification", "certificates", "feedback"),
    "rules": ("people", "policies", "backup", "audit_log"),
}
"""The menu of somebody with many pages: each page under the stage of the work it belongs to."""

_FEW = 7
"""So many titles fit beside each other at 1366 pixels; more of them fold away unseen."""


@dataclass(frozen=True)
class Entry:
    """One page: its module and address, the key of its title, and the roles that may see it."""

    name: str
    roles: tuple[str, ...]

    @property
    def module(self) -> str:
        """Module the page is drawn by."""
        return f"workbench.app_pages.{self.name}"

    @property
    def title_key(self) -> str:
        """Key of the title in the locale."""
        return f"page.{self.name}"

    def is_for(self, roles: Collection[str]) -> bool:
        """Whether one of these roles may see the page."""
        return any(role in self.roles for role in roles)


@cache
def entries() -> tuple[Entry, ...]:
    """Every page that this release has, each once, in the order it first appears."""
    names = dict.fromkeys(name for pages in PAGES.values() for name in pages)
    whose = {name: tuple(role for role in PAGES if name in PAGES[role]) for name in names}
    found = (Entry(name, whose[name]) for name in names)
    return tuple(entry for entry in found if importlib.util.find_spec(entry.module))


def page_modules() -> list[str]:
    """Modules of every page, to be loaded before the first request."""
    return [entry.module for entry in entries()]


def landing(roles: Collection[str]) -> Entry | None:
    """The page somebody lands on: the first of the first role they have; None without any."""
    there = {entry.name: entry for entry in entries()}
    names = (name for role in PAGES if role in roles for name in PAGES[role])
    return next((there[name] for name in names if name in there), None)


def sections(roles: Collection[str]) -> dict[str, list[Entry]]:
    """Pages of somebody's roles by stage of the work, each once; under "" alone where they are few."""
    open_to = {entry.name: entry for entry in entries() if entry.is_for(roles)}
    if len(open_to) <= _FEW:
        names = dict.fromkeys(name for role in PAGES if role in roles for name in PAGES[role])
        return {"": [open_to[name] for name in names if name in open_to]}
    staged = {
        stage: [open_to[name] for name in names if name in open_to]
        for stage, names in STAGES.items()
    }
    return {stage: found for stage, found in staged.items() if found}
