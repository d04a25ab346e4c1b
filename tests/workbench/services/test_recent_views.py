"""Dear views are drawn once for all, lag a bounded while behind others, and never behind one's own acts."""

import threading
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from workbench.services.acting import QUIET, acted_since, standing
from workbench.services.flags import raise_flags
from workbench.services.recent_views import CHEAP_S, OLDEST_S, Glance, RecentViews
from workbench.services.windows import set_window

AT = datetime(2026, 9, 21, 2, tzinfo=UTC)


class Drawn:
    """A view that counts how often it was drawn, and what it pretends to have cost."""

    def __init__(self, cpu_s):
        self.cpu_s, self.times, self.spent = cpu_s, 0, 0.0

    def __call__(self):
        self.times += 1
        self.spent += self.cpu_s
        return f"drawn {self.times}"


def look(seconds=0.0, version=1, *, own=(), not_before=None, key="board"):
    """A look so many seconds on, at a version; ``own`` are the versions at which one acted."""
    return Glance(
        key,
        version,
        AT + timedelta(seconds=seconds),
        None if not_before is None else AT + timedelta(seconds=not_before),
        lambda since: any(each > since for each in own),
    )


def seen(views, drawn, glance):
    return views.see(glance, drawn, lambda: drawn.spent).value


def test_a_cheap_view_is_drawn_anew_after_every_write():
    views, drawn = RecentViews(), Drawn(CHEAP_S)
    assert [seen(views, drawn, look(0, version)) for version in (1, 1, 2, 3)] == [
        "drawn 1",
        "drawn 1",
        "drawn 2",
        "drawn 3",
    ]


def test_a_dear_view_holds_through_the_writes_of_others_for_its_time_and_no_longer():
    views, drawn = RecentViews(), Drawn(CHEAP_S + 0.01)
    assert seen(views, drawn, look(0, 1)) == "drawn 1"
    assert seen(views, drawn, look(OLDEST_S - 0.001, 9)) == "drawn 1"
    assert seen(views, drawn, look(OLDEST_S, 9)) == "drawn 2"
    assert seen(views, drawn, look(10 * OLDEST_S, 9)) == "drawn 2"  # nothing was written since


def test_it_says_as_of_when_it_stands():
    views, drawn = RecentViews(), Drawn(1.0)
    seen(views, drawn, look(0, 1))
    late = views.see(look(20, 5), drawn, lambda: drawn.spent)
    assert (late.at, late.version, late.cpu_s) == (AT, 1, 1.0)


def test_ones_own_act_shows_at_once_and_an_earlier_one_does_not_draw_again():
    views, drawn = RecentViews(), Drawn(1.0)
    assert seen(views, drawn, look(0, 4)) == "drawn 1"
    assert seen(views, drawn, look(1, 6, own=(2, 4))) == "drawn 1"
    assert seen(views, drawn, look(1, 6, own=(2, 6))) == "drawn 2"
    assert seen(views, drawn, look(2, 7, own=(2, 6))) == "drawn 2"


def test_who_asks_for_it_anew_gets_it_anew_once():
    views, drawn = RecentViews(), Drawn(1.0)
    assert seen(views, drawn, look(0, 1)) == "drawn 1"
    assert seen(views, drawn, look(5, 2, not_before=5)) == "drawn 2"
    assert seen(views, drawn, look(9, 3, not_before=5)) == "drawn 2"


def test_one_draws_while_the_others_wait_for_what_comes():
    views, begun, go_on = RecentViews(), threading.Event(), threading.Event()
    times, asking = [], threading.Barrier(8)

    def drawn():
        times.append(1)
        begun.set()
        assert go_on.wait(30)
        return "board"

    spent = iter([0.0, 1.0] * 9).__next__

    def ask(number):
        asking.wait(30)
        return views.see(look(number / 10, 1 + number), drawn, spent)

    with ThreadPoolExecutor(8) as pool:
        first = pool.submit(views.see, look(0, 1), drawn, spent)
        assert begun.wait(30)
        others = [pool.submit(ask, number) for number in range(7)]
        asking.wait(30)
        go_on.set()
        assert {each.result(30).value for each in [first, *others]} == {"board"}
    assert len(times) == 1


def test_what_one_key_draws_keeps_nobody_from_another():
    views = RecentViews()
    inner = replace(look(), key="other")
    made = views.see(look(), lambda: views.see(inner, lambda: "in it").value + " drawn")
    assert made.value == "in it drawn"


def test_a_view_that_cannot_be_drawn_is_not_kept():
    views = RecentViews()
    with pytest.raises(ZeroDivisionError):
        views.see(look(), lambda: 1 / 0)
    assert views.see(look(), lambda: "drawn").value == "drawn"


def test_an_act_is_ones_own_by_the_log_and_what_changes_no_page_is_none(read):
    _, versions = standing(read.workspace, "G1")
    raise_flags(read.workspace, read.act("C1"))
    assert not acted_since(read.workspace, "G1", versions.shown)
    assert acted_since(read.workspace, "C1", versions.shown)
    with read.workspace.store() as store, store.transaction(read.act("G1"), QUIET[0]):
        pass
    assert not acted_since(read.workspace, "G1", versions.shown)
    set_window(read.workspace, "城关小学", "noticed", read.act("G1"))
    assert acted_since(read.workspace, "G1", versions.shown)
    _, versions = standing(read.workspace, "G1")
    assert not acted_since(read.workspace, "G1", versions.shown)
