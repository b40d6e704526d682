"""What an event costs, counted in calls and bytes, where time is too noisy: a slide shows here before anybody feels it."""

import sys
from collections.abc import Callable
from typing import Any

import pytest

from console.core.plan.shift_plan import plan_shift_back
from console.core.plan.strategies.canary import groups_of
from console.core.rollback_targets import targets_before
from console.core.run.accept import accept
from console.core.run.evolve import evolve
from console.core.traffic.shares import traffic_steps
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.request import Person
from console.model.state import RunState
from console.model.strategy import Canary
from console.model.values import changed
from console.safe_text import SafeText
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


class Name(SafeText):
    """A host's name that counts how often it is compared with another one."""

    compared = 0

    def __eq__(self, other: object) -> bool:
        Name.compared += 1
        return str.__eq__(self, other)

    __hash__ = str.__hash__


def names_compared_for_each_host(hosts: int, what: Callable[[Environment, RunState], object]) -> float:
    bare = a_fleet(hosts, "100%")
    driver = Driver(changed(bare, hosts=tuple(changed(host, name=Name(host.name)) for host in bare.hosts)))
    driver.run_until(lambda state: sum(host.condition == "new" for host in state.hosts.values()) >= hosts // 2)
    Name.compared = 0
    what(driver.environment, driver.state)
    return Name.compared / hosts


def tagged(environment: Environment) -> tuple[Host, ...]:
    """The hosts, half of them with the tag of a canary."""
    return tuple(changed(host, tags=("first",)) if number % 2 else host for number, host in enumerate(environment.hosts))


@pytest.mark.parametrize(
    "what",
    [
        lambda environment, state: accept(environment, cmd.RollBack(), state, Person("ada", 1)),
        lambda environment, state: accept(environment, cmd.Abort(), state, Person("ada", 1)),
        lambda environment, state: targets_before([changed(state, outcome="succeeded")], tuple(state.hosts)),
        lambda environment, state: plan_shift_back(environment, list(state.hosts)[::2], list(state.hosts)[1::2]),
        lambda environment, state: groups_of(Canary(tags=("first",)), tagged(environment)),
        lambda environment, state: traffic_steps(Canary(tags=("first",), by="weight"), tagged(environment), {"lb": dict.fromkeys(state.hosts, 1)}),
    ],
    ids=["rollback", "abort", "targets of a rollback", "blue/green goes back", "canary by hosts", "canary by weight"],
)
def test_names_are_not_looked_for_in_lists_of_all_hosts(what: Callable[[Environment, RunState], object]) -> None:
    few, many = (names_compared_for_each_host(hosts, what) for hosts in (25, 100))
    assert many <= max(1.0, few * 1.25), (few, many)
