"""What a run does to its fleet beside its steps: locks on hosts, and the last word. Locks are scripted."""

from datetime import UTC, datetime
from typing import Any

import pytest

from console.adapters.clock import SetClock
from console.adapters.durable_steps import DurableSteps
from console.adapters.scripted_hosts import ScriptedTransport
from console.engine.run.executor import FleetExecutor
from console.model.configured_environment import Environment
from console.model.events import LocksTaken
from console.model.host import Host
from console.model.host_facts import LockHolder
from console.model.plan import Plan
from console.model.state import HostState, RunState

WEB = ("web01", "web02")


class Locks:
    """Locks that are given to whoever asks, and what was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []

    async def take(self, host: Host, path: str, holder: LockHolder) -> None:
        self.asked.append(("take", host.name, holder.epoch))

    async def take_over(self, host: Host, path: str, old: str, new: str) -> None:
        self.asked.append(("take over", host.name, new))

    async def touch(self, hosts: tuple[Host, ...], path: str, epoch: str) -> None:
        """Nobody reads it."""


def _executor(locks: Locks) -> FleetExecutor:
    parts = {
        **dict.fromkeys(("gates", "shipper", "workshop", "database")),
        "balancers": (),
        "counters": (),
        "scraper": None,
        "critical": None,
        "locks": locks,
        "steps": DurableSteps(ScriptedTransport()),
    }
    outside: Any = type("Outside", (), parts)
    environment = Environment("shop", "production", "/srv/shop", tuple(map(Host, WEB)))
    return FleetExecutor(environment, outside, SetClock(datetime(2026, 3, 1, tzinfo=UTC), 1000.0), {}, lambda item: None)


def _rollback(held: tuple[str, ...]) -> RunState:
    hosts = {name: HostState(name, condition="new") for name in WEB}
    return RunState(run="r1", kind="rollback", epoch=2, locked_hosts=held, hosts=hosts, plan=Plan("rollback", waves=(WEB,), steps=()))


@pytest.mark.parametrize("held", [("web01",), WEB, ()], ids=["one", "both", "by an older console"])
async def test_an_engine_that_takes_a_rollback_up_locks_the_host_that_could_not_be_locked(held: tuple[str, ...]):
    locks, told = Locks(), list[LocksTaken]()
    executor, state = _executor(locks), _rollback(held)
    executor.record = told.append
    await executor.hold_again(state)
    taken_over = [("take over", name, "r1.2") for name in held or WEB]
    assert sorted(locks.asked) == taken_over
    missed = [name for name in WEB if held and name not in held]
    assert [await executor.locks._lock_late(state, name) for name in missed] == [None] * len(missed)
    assert locks.asked[len(taken_over) :] == [("take", name, "r1.2") for name in missed]
    assert told == [LocksTaken(epoch=2, hosts=(name,)) for name in missed]
    await executor.rest()
