"""How far releases have come is told for all hosts together, and only where it lasts."""

from collections.abc import Callable
from typing import cast

from console.engine.run.shipping_progress import EVERY, ShippingProgress
from console.model.events import Event, ReleaseSent
from console.ports.clock import Clock


class Watch:
    """A clock that stands until it is set."""

    now = 100.0

    def mono(self) -> float:
        return self.now


def told() -> tuple[Watch, ShippingProgress, list[ReleaseSent]]:
    watch, events = Watch(), list[ReleaseSent]()
    record = cast("Callable[[Event], None]", events.append)
    return watch, ShippingProgress(cast("Clock", watch), record), events


def test_all_hosts_are_one_sum_with_a_rate_and_the_time_for_the_rest() -> None:
    watch, progress, events = told()
    one, two = progress.begin("web01"), progress.begin("web02")
    one(500, 1000)
    watch.now += EVERY
    two(700, 1000)
    one(600, 1000)
    assert [(event.hosts, event.sent, event.size, event.rate, event.left) for event in events] == [(2, 1200, 2000, 600, 1.3)]
    watch.now += EVERY
    one(1000, 1000)
    progress.end("web01")
    watch.now += EVERY
    two(900, 1000)
    assert [(event.hosts, event.sent, event.size, event.rate) for event in events[1:]] == [(2, 1700, 2000, 250), (1, 1900, 2000, 100)]


def test_what_is_done_at_once_needs_no_word_and_the_next_host_begins_anew() -> None:
    watch, progress, events = told()
    progress.begin("web01")(1000, 1000)
    progress.end("web01")
    watch.now += 100 * EVERY
    hear = progress.begin("web02")
    hear(10, 0)
    assert events == []
    watch.now += EVERY
    hear(10, 0)
    watch.now += EVERY
    hear(10, 0)
    assert [(event.sent, event.size, event.rate, event.left) for event in events] == [(10, 10, 5, 0.0), (10, 10, 0, None)]
