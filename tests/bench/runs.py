"""CPU that `decide` and `evolve` take over whole simulated runs of several sizes, and how big their plans are in the journal.

Each event is followed by one question to `decide`, as in an engine whose hosts answer one after another: the dearest case.
"""

import gc
import os
import time
from collections.abc import Callable, Iterator
from typing import Any

from console.model import events as ev
from console.wire.codec import encode_event
from tests.bench.table import Row, print_table
from tests.core.driver import BATCHES, Driver, a_fleet, gate_fails
from tests.core.simulation import opening

SIZES = tuple(map(int, os.environ.get("BENCH_HOSTS", "300,1000,5000").split(",")))
TIMED = ("1", "25", "1,100%")


class Clock:
    """Seconds of CPU that calls took."""

    def __init__(self) -> None:
        self.seconds = 0.0

    def __call__(self, what: Callable[..., Any], *args: object) -> Any:
        """Call it."""
        began = time.thread_time()
        found = what(*args)
        self.seconds += time.thread_time() - began
        return found


def _runs() -> Iterator[tuple[str, Driver, Clock]]:
    for hosts in SIZES:
        for batch in TIMED:
            clock = Clock()
            yield f"{hosts:,} hosts, batch {batch}", Driver(a_fleet(hosts, batch), asked=clock), clock
        clock = Clock()
        yield f"{hosts:,} hosts, batch 25: the last fails, all go back", Driver(a_fleet(hosts, "25"), gate_fails(f"web{hosts}"), asked=clock), clock


def _size(hosts: int, batch: str) -> float:
    """Megabytes of the plan of a release to that many hosts, as it is written down."""
    return sum(len(encode_event(event)) for event in opening(a_fleet(hosts, batch)) if isinstance(event, ev.PlanMade)) / 1e6


def main() -> None:
    """Measure and print."""
    sizes = [Row(f"{hosts:,} hosts, batch {batch}", "MB", [_size(hosts, batch)]) for hosts in SIZES for batch in BATCHES]
    print_table("A plan in the journal (MB: less is better)", sizes)
    rows = []
    for name, driver, clock in _runs():
        gc.collect()
        state = driver.run()
        assert state.outcome in ("succeeded", "rolled-back"), state.reason
        rows.append(Row(f"{name} ({driver.events:,} events)", "s", [clock.seconds]))
    print_table("CPU of decide and evolve over a whole run (seconds: less is better)", rows)
