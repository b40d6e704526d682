"""What an event costs, counted in calls and bytes, where time is too noisy: a slide shows here before anybody feels it."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from console.core.run.evolve import evolve
from console.model import events as ev
from console.model.state import RunState
from console.wire.codec import encode_event
from console.wire.messages import item_message, reply_bytes
from tests.core.driver import Driver, a_fleet

MOST_CALLS = 160
"""Measured: some 135 for an event and the decision after it."""


class Calls:
    """Python calls that were made within what it is handed."""

    def __init__(self) -> None:
        self.count = 0

    def __call__(self, what: Callable[..., Any], *args: object) -> Any:
        def seen(frame: object, kind: str, arg: object) -> None:
            self.count += kind == "call"

        before = sys.getprofile()
        sys.setprofile(seen)
        try:
            return what(*args)
        finally:
            sys.setprofile(before)


def calls_for_each_event(hosts: int) -> float:
    calls = Calls()
    driver = Driver(a_fleet(hosts, "25"), asked=calls)
    assert driver.run().outcome == "succeeded"
    return calls.count / driver.events


def test_deciding_and_folding_an_event_takes_as_many_calls_on_many_hosts_as_on_few() -> None:
    few, many = calls_for_each_event(25), calls_for_each_event(100)
    assert many < few * 1.25, (few, many)
    assert many < MOST_CALLS


@pytest.mark.parametrize(
    "event", [ev.StepStarted(step="wave-1/web01/switch", host="web01"), ev.StepFinished(step="wave-1/web01/switch", host="web01", seconds=0.5)]
)
def test_the_bytes_of_a_step_s_event_stay_few(event: ev.Event) -> None:
    stamped = ev.stamped(event, 12_345, "2026-01-02T00:00:00.000Z", 12_345.678, "0f0f0f0f-0f0f-0f0f-0f0f-0f0f0f0f0f0f")
    evolve(RunState(), stamped)
    assert len(encode_event(stamped)) < 320
    assert len(reply_bytes(item_message(1, stamped))) < 360
