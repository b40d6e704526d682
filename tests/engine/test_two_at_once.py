"""Two engines, as those of two bastions, that lock the same hosts for a release at the same moment: one has all of them, the other none. Real locks, in real folders."""

import asyncio
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from console.adapters.durable_steps import DurableSteps
from console.adapters.host_lock import HostLocks
from console.adapters.scripted_hosts import ScriptedTransport
from console.adapters.system_clock import SetClock
from console.adapters.this_machine import LocalTransport
from console.engine.run.executor import FleetExecutor
from console.model.configured_environment import Environment
from console.model.events import LocksRefused, LocksTaken
from console.model.host import Host
from console.model.plan import Plan
from console.model.request import Person
from console.model.state import HostState, RunState

WEB = ("web01", "web02", "web03")
TIMES = 20


def engine(folder: Path) -> FleetExecutor:
    parts = {**dict.fromkeys(("gates", "shipper", "workshop", "database", "scraper", "critical")), "balancers": (), "counters": ()}
    outside: Any = type("Outside", (), {**parts, "locks": HostLocks(LocalTransport()), "steps": DurableSteps(ScriptedTransport())})
    environment = Environment("shop", "production", f"{folder}/{{host}}", tuple(map(Host, WEB)))
    return FleetExecutor(environment, outside, SetClock(datetime(2026, 3, 1, tzinfo=UTC), 1000.0), {}, lambda item: None)


def run_of(run: str, person: str) -> RunState:
    hosts = {name: HostState(name) for name in WEB}
    return RunState(run=run, kind="deploy", by=Person(person), phase="locking", go=True, hosts=hosts, plan=Plan("rolling", waves=(WEB,), steps=()))


def held(folder: Path) -> list[list[str]]:
    locks = [folder / name / ".deploy" / "lock" for name in WEB]
    return [sorted(entry.name for entry in lock.iterdir()) if lock.exists() else [] for lock in locks]


async def test_of_two_who_start_a_release_at_the_same_moment_one_wins_whole_and_the_other_is_told_who(tmp_path: Path) -> None:
    for turn in range(TIMES):
        folder = tmp_path / str(turn)
        a, b = engine(folder), engine(folder)
        first, second = await asyncio.gather(a.take_locks(run_of("run-a", "ada")), b.take_locks(run_of("run-b", "lin")))
        (winner, run), (loser, _) = sorted(((first, "run-a"), (second, "run-b")), key=lambda pair: not isinstance(pair[0], LocksTaken))
        assert winner == LocksTaken(epoch=1, hosts=WEB)
        assert isinstance(loser, LocksRefused)
        assert loser.holder.run == run
        assert held(folder) == [[f"{run}.1"]] * len(WEB)
        for one in (a, b):
            await one.rest()
