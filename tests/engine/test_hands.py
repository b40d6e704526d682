"""What a run does to its fleet beside its steps: locks on hosts, and the last word. Locks are scripted."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from console.adapters.durable_steps import DurableSteps
from console.adapters.scripted_hosts import ScriptedTransport
from console.adapters.system_clock import SetClock
from console.core.host.stale_lock import HEARTBEAT
from console.engine.run.executor import CANCEL_AGAIN, FleetExecutor
from console.engine.run.shared_balancer import SharedBalancer
from console.model.configured_environment import Database, Environment
from console.model.events import Decided, LocksTaken, TrafficChanged
from console.model.host import Host
from console.model.host_commands import Command
from console.model.host_facts import LockHolder
from console.model.plan import Plan, Step, Steps
from console.model.release_facts import Release
from console.model.state import HostState, RunState
from console.model.values import changed
from console.ports.hosts import Sink
from console.ports.steps import RemoteStep, StepResult
from console.safe_text import SafeText

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


class Told:
    """Hosts that say so of each step that is to be ended, and then that it was."""

    def __init__(self, *says: str) -> None:
        self.says = list(says)
        self.ended: list[tuple[str, RemoteStep]] = []
        self.over = asyncio.Event()

    async def cancel(self, host: Host, step: RemoteStep) -> StepResult:
        self.ended.append((host.name, step))
        return StepResult(self.says.pop(0) if self.says else "cancelled")  # type: ignore[arg-type] # they are statuses

    async def perform(self, host: Host, step: RemoteStep, sink: Sink) -> StepResult:
        await self.over.wait()
        return StepResult("done")


INSTALL = Command("bin/install", run_as="shop", cancel="bin/install --stop {version}")
BACKUP = Command("pg_dump shop", cancel="pkill pg_dump", run_as="postgres")


def _at_work(steps: Told, step: Step) -> tuple[FleetExecutor, RunState]:
    executor = _executor(Locks())
    executor._steps = executor._tools.steps = steps  # type: ignore[assignment] # as much of it as is asked for
    hosts = {name: HostState(name, condition="updating") for name in WEB}
    return executor, RunState(
        run="r1", epoch=1, hosts=hosts, release=Release("20260301T000000Z-abc", SafeText("v2"), "abc"), plan=Plan("rolling", (WEB,), Steps((step,)))
    )


async def test_a_command_is_cancelled_as_it_says_itself_where_it_runs_and_as_whom():
    steps, step = Told(), Step("wave-1/web01/install", "install", "release", SafeText("Install"), about="web01", place="web01", command=INSTALL, timeout=60.0)
    executor, state = _at_work(steps, step)
    await executor.cancel(state, step, 2)
    ((host, ended),) = steps.ended
    assert (host, ended.name, ended.attempt) == ("web01", "wave-1/web01/install", 2)
    assert "bin/install --stop v2" in ended.cancel
    assert "sudo -n -u shop" in ended.cancel


async def test_a_backup_is_cancelled_on_the_hosts_of_its_database_and_in_its_folder_there():
    step = Step("prepare/backup", "backup", "prepare", SafeText("Back up"), place="web01", command=BACKUP, timeout=60.0)
    executor, state = _at_work(steps := Told(), step)
    executor._environment = changed(executor._environment, database=Database("postgres", host=Host("db01"), backup=BACKUP))

    class View:
        async def enter(self, host: Host, *_: object) -> str:
            return f"/home/deploy/{host.name}"

    executor._tools.database = View()  # type: ignore[assignment] # as much of it as is asked for
    await executor.cancel(state, step, 1)
    ((host, ended),) = steps.ended
    assert (host, ended.path) == ("db01", "/home/deploy/db01")
    assert "pkill pg_dump" in ended.cancel


async def test_a_host_that_does_not_say_what_became_of_a_step_is_told_to_end_it_until_it_has_ended():
    step = Step("wave-1/web01/install", "install", "release", SafeText("Install"), about="web01", place="web01", command=INSTALL, timeout=60.0)
    executor, state = _at_work(steps := Told("unknown", "unknown"), step)
    running = asyncio.create_task(executor.perform(state, step, 1))
    ending = asyncio.create_task(executor.cancel(state, step, 1))
    clock = executor._clock
    assert isinstance(clock, SetClock)
    for turn in range(3):
        for _ in range(20):
            await asyncio.sleep(0)
        assert len(steps.ended) == turn + 1
        await clock.advance(CANCEL_AGAIN)
    await ending
    steps.over.set()
    assert (await running).status == "done"
    steps.says = ["unknown"]
    late = asyncio.create_task(executor.cancel(state, step, 1))
    for _ in range(20):
        await asyncio.sleep(0)
    await clock.advance(CANCEL_AGAIN)
    await late
    assert len(steps.ended) == 4


class Contested(Locks):
    """Locks of which one is another run's by now, one does not answer, and signs of life go wrong."""

    def __init__(self) -> None:
        super().__init__()
        self.answers, self.beats = asyncio.Event(), 0

    async def take_over(self, host: Host, path: str, old: str, new: str, holder: LockHolder | None = None) -> LockHolder | None:
        self.asked.append(("take over", host.name, new))
        if host.name == "web01":
            return LockHolder(SafeText("lin"), run="r9", epoch="r9.1")
        await self.answers.wait()
        return None

    async def touch(self, hosts: tuple[Host, ...], path: str, epoch: str) -> None:
        self.beats += 1
        raise RuntimeError("a bug")


async def test_a_host_that_another_run_has_by_now_is_left_to_it_and_one_that_is_silent_holds_up_only_itself(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr("console.engine.run.run_locks.HOLDING", 0.01)
    locks = Contested()
    executor, state = _executor(locks), changed(_rollback(WEB), epoch_before=1)
    await executor.hold_again(state)
    drain, switch = (
        Step(f"back/web01/{kind}", kind, "rollback", SafeText(kind), about="web01", place=place) for kind, place in (("drain", ""), ("switch", "web01"))
    )
    for step in (drain, switch):
        ended = await executor.perform(state, step, 1)
        assert (ended.status, ended.detail) == ("unreachable", "it could not be locked: it is held by r9")
    waiting = asyncio.create_task(executor.locks.made_sure(state, "web02"))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not waiting.done()
    locks.answers.set()
    assert await waiting is None
    assert [name for _, name, _ in locks.asked].count("web02") == 1
    await executor.rest()


async def test_a_sign_of_life_that_goes_wrong_is_not_the_last_one():
    locks = Contested()
    executor = _executor(locks)
    locks.answers.set()
    await executor.hold_again(_rollback(WEB))
    clock = executor._clock
    assert isinstance(clock, SetClock)
    for turn in range(3):
        for _ in range(20):
            await asyncio.sleep(0)
        await clock.advance(HEARTBEAT)
        for _ in range(20):
            await asyncio.sleep(0)
        assert locks.beats == 2 * (turn + 1)
    await executor.rest()


async def test_hosts_that_cannot_be_locked_by_a_mistake_are_a_no_go_and_given_back():
    class Wrong(Locks):
        async def take(self, host: Host, path: str, holder: LockHolder) -> None:
            await super().take(host, path, holder)
            if host.name == "web02":
                raise RuntimeError("a bug")

        async def release(self, host: Host, path: str, epoch: str) -> None:
            self.asked.append(("release", host.name, epoch))

    locks = Wrong()
    answer = await _executor(locks).take_locks(_rollback(()))
    assert isinstance(answer, Decided)
    assert (answer.go, answer.reasons) == (False, ("the console failed to lock the hosts: RuntimeError: a bug",))
    assert sorted(locks.asked)[:2] == [("release", "web01", "r1.2"), ("release", "web02", "r1.2")]


async def test_what_an_engine_before_this_one_has_locked_at_its_go_is_exchanged():
    class Own(Locks):
        async def take(self, host: Host, path: str, holder: LockHolder) -> LockHolder | None:  # type: ignore[override] # it is held
            await super().take(host, path, holder)
            return LockHolder(SafeText("ada"), run="r1", epoch="r1.1") if host.name == "web01" else None

        async def take_over(self, host: Host, path: str, old: str, new: str, holder: LockHolder | None = None) -> None:
            self.asked.append((f"take over {old}", host.name, new))

    locks = Own()
    executor = _executor(locks)
    assert await executor.take_locks(_rollback(())) == LocksTaken(epoch=2, hosts=WEB)
    assert ("take over r1.1", "web01", "r1.2") in locks.asked
    await executor.rest()


async def test_a_mistake_at_a_balancer_is_told_of_each_host_and_ends_no_run():
    class Broken:
        name, hosts = "edge", frozenset(WEB)

        async def look(self, **asked: float) -> None:
            raise RuntimeError("a bug")

    executor, told = _executor(Locks()), list[TrafficChanged]()
    executor._tools.balancers = (SharedBalancer(Broken(), executor._clock),)  # type: ignore[arg-type] # as much of it as is asked for
    executor.record, executor.live = told.append, lambda: _rollback(WEB)
    await executor.take_out(WEB)
    assert [(one.host, one.mark, str(one.detail)) for one in told] == [(name, "unread", "the console failed: RuntimeError: a bug") for name in WEB]
