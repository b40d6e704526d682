"""What the core does over a whole run grows with what changes, not with the fleet: counted in lines that it executes, never in seconds."""

import sys
from collections.abc import Callable
from types import FrameType
from typing import Any

import pytest

from tests.core.driver import Driver, a_fleet, gate_fails

FEW, MANY = 15, 60
GROWTH = 1.1
"""Work is to grow with this power of the number of hosts, at most. Work that looks at the whole fleet for each event has 2."""


class Lines:
    """Counts the lines of the core and the model that calls execute; each round of a loop is one."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, what: Callable[..., Any], *args: object) -> Any:
        """Call it."""
        before = sys.gettrace()
        sys.settrace(self._called)
        try:
            return what(*args)
        finally:
            sys.settrace(before)

    def _called(self, frame: FrameType, event: str, argument: object) -> Any:
        is_ours = "/console/core/" in frame.f_code.co_filename or "/console/model/" in frame.f_code.co_filename
        return self._line if is_ours else None

    def _line(self, frame: FrameType, event: str, argument: object) -> Any:
        self.count += event == "line"
        return self._line


def lines_of(hosts: int, batch: str, *failing: str, **rolling: object) -> int:
    """Lines that the core executes over a release to so many hosts."""
    lines = Lines()
    state = Driver(a_fleet(hosts, batch, **rolling), gate_fails(*failing), asked=lines).run()
    assert state.phase == "ended"
    return lines.count


@pytest.mark.parametrize("batch", ["1", "1,100%", "10%", "25", "100%"])
def test_a_release_costs_each_host_the_same(batch: str):
    few, many = lines_of(FEW, batch), lines_of(MANY, batch)
    assert many / few <= (MANY / FEW) ** GROWTH


@pytest.mark.parametrize("batch", ["25", "100%"])
def test_a_release_that_goes_back_costs_each_host_the_same(batch: str):
    """Where all change at once, all that runs is cancelled."""
    few, many = lines_of(FEW, batch, f"web{FEW}"), lines_of(MANY, batch, f"web{MANY}")
    assert many / few <= (MANY / FEW) ** GROWTH


def test_hosts_that_go_back_alone_cost_each_host_the_same():
    def every_fifth(hosts: int) -> list[str]:
        return [f"web{number:02}" for number in range(1, hosts + 1, 5)]

    few = lines_of(FEW, "25", *every_fifth(FEW), max_failures=FEW)
    many = lines_of(MANY, "25", *every_fifth(MANY), max_failures=MANY)
    assert many / few <= (MANY / FEW) ** GROWTH


def test_work_that_looks_at_the_whole_fleet_is_seen():
    """The measure is one: a look at every host after each event fails it."""

    class Looking(Lines):
        def __call__(self, what: Callable[..., Any], *args: object) -> Any:
            found = super().__call__(what, *args)
            state = args[0] if hasattr(args[0], "hosts") else args[1]
            self.count += len(state.hosts)  # type: ignore[attr-defined]
            return found

    def counted(hosts: int) -> int:
        lines = Looking()
        Driver(a_fleet(hosts, "25"), asked=lines).run()
        return lines.count

    assert counted(MANY * 4) / counted(FEW * 4) > (MANY / FEW) ** GROWTH
