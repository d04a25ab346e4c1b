"""How many pieces each rater has, followed from one write to the next."""

from __future__ import annotations

import threading
from collections import Counter, defaultdict

from models.assignments import had_now, loads_now
from models.following import BEGINNING, fell_behind, newest, pieces_given, pieces_touched
from models.store import Store


class FollowedLoads:
    """The loads of all raters, followed: only pieces given out or read since are counted anew."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._begin_anew()

    def _begin_anew(self) -> None:
        self._since = BEGINNING
        self._raters: defaultdict[str, set[str]] = defaultdict(set)
        self._loads = Counter[str]()

    def now(self, store: Store) -> dict[str, int]:
        """As ``loads_now``; within a transaction, which may be undone, nothing is kept."""
        if store.in_transaction:
            return loads_now(store)
        with self._lock:
            marks = newest(store)
            if fell_behind(marks, self._since):
                self._begin_anew()
            if marks != self._since:
                self._follow(store)
            self._since = marks
            return {rater: load for rater, load in self._loads.items() if load}

    def _follow(self, store: Store) -> None:
        among = None
        if self._since != BEGINNING:
            among = pieces_touched(store, self._since) | pieces_given(store, self._since)
        for piece in among or ():
            self._loads.subtract(self._raters.pop(piece, ()))
        for rater, piece in had_now(store, among):
            self._raters[piece].add(rater)
            self._loads[rater] += 1
