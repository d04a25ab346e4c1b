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
            "holds",
            "letters",
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
        *("intake", "completeness", "holds", "publicity", "certification", "certificates"),
        *("feedback", "policies", "audit_log", "backup"),
    ),
    ADMIN: ("people", "policies", "backup", "audit_log"),
}
"""Pages of each role in the order of the work; a page's address is the name of its module."""


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


def sections(roles: Collection[str]) -> dict[str, list[Entry]]:
    """Pages of somebody's roles, by the role that brings them; a page stands in the first."""
    by_name = {entry.name: entry for entry in entries()}
    seen: set[str] = set()
    found: dict[str, list[Entry]] = {}
    for role, names in PAGES.items():
        if role not in roles:
            continue
        fresh = [by_name[name] for name in names if name in by_name and name not in seen]
        seen.update(entry.name for entry in fresh)
        if fresh:
            found[role] = fresh
    return found
