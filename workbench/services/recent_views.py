"""Views of a whole county that cost much to draw: drawn once for all who ask, and some seconds old at most.

While hundreds read, something is written every second, and a view that took a second to
draw would be drawn again for every click. A view that costs little is always drawn of
what stands now; a dear one may show what stood a while before. Nothing is ever decided
by one: acts read what they rest on themselves.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Generic, TypeVar

V = TypeVar("V")

CHEAP_S = 0.25
"""CPU seconds up to which a view is drawn anew after every write."""
OLDEST_S = 30.0
"""A view is never shown when it is older than so many seconds and something was written since."""
_MOST_KEPT = 128


@dataclass(frozen=True)
class Seen(Generic[V]):
    """A view with the moment, and the version of the data, from which it was drawn; what it cost."""

    value: V
    at: datetime
    version: int
    cpu_s: float


@dataclass(frozen=True)
class Glance:
    """One look: what for, at which version and moment, and not older than when.

    ``acted_since`` says whether who looks has done anything since a version: their
    own acts always show.
    """

    key: Hashable
    version: int
    at: datetime
    not_before: datetime | None
    acted_since: Callable[[int], bool]

    def takes(self, kept: Seen[Any]) -> bool:
        """Whether what was drawn before will do."""
        if self.not_before is not None and kept.at < self.not_before:
            return False
        if kept.version == self.version:
            return True
        fresh = abs(self.at - kept.at) < timedelta(seconds=OLDEST_S)
        return kept.cpu_s > CHEAP_S and fresh and not self.acted_since(kept.version)


class RecentViews:
    """The views drawn last, each drawn by one while the others who ask for it wait."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._turns: dict[Hashable, threading.Lock] = {}
        self._kept: OrderedDict[Hashable, Seen[Any]] = OrderedDict()

    def see(
        self,
        glance: Glance,
        draw: Callable[[], V],
        spent: Callable[[], float] = time.thread_time,
    ) -> Seen[V]:
        """Return the view, drawn now unless what was drawn before will do.

        What is drawn is shared, so it must not be changed. ``spent`` counts the CPU
        seconds of the thread.
        """
        with self._turn(glance.key):
            kept = self._kept.get(glance.key)
            if kept is None or not glance.takes(kept):
                before = spent()
                value = draw()
                kept = Seen(value, glance.at, glance.version, spent() - before)
                self._keep(glance.key, kept)
            return kept

    def _turn(self, key: Hashable) -> threading.Lock:
        with self._lock:
            return self._turns.setdefault(key, threading.Lock())

    def _keep(self, key: Hashable, seen: Seen[Any]) -> None:
        with self._lock:
            self._kept[key] = seen
            self._kept.move_to_end(key)
            while len(self._kept) > _MOST_KEPT:
                oldest, _ = self._kept.popitem(last=False)
                self._turns.pop(oldest, None)  # who waits for it at this moment draws it once more
