"""A run in its monitoring window hands its locks to a newer release at that one's GO: in which order, and what keeps it from that. Locks are scripted."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from console.adapters.system_clock import SetClock
from console.engine.active_runs import ActiveRuns
from console.engine.run.lock_hand_over import PATIENCE, HandOver
from console.errors import Locked
from console.model import events as ev
from console.model.commands import RollBack
from console.model.host import Host
from console.model.host_facts import LockHolder
from console.model.paged_table import Table
from console.model.plan import Plan, Steps
from console.model.state import HostState, RunState
from console.model.values import changed
from console.ports.hosts import Unreached
from console.safe_text import SafeText
from tests.core.builders import a_step
from tests.core.plans import run_of, say, until, until_runs
from tests.core.simulation import ADA, NEW, OLD, an_environment
from tests.engine.test_hands import Locks, _executor

WEB = ("web01", "web02")


class Scene:
    """An older run in its window, and a newer one at its GO."""

    def __init__(self, seen: str = NEW) -> None:
        self.order: list[str] = []
        self.run = until_runs(run_of(changed(an_environment(2), monitor=600.0)), "verify/monitor")
        self.run.state = changed(self.run.state, locked_hosts=WEB)
        self.locks = ExchangedLocks(self.order)
        self.old, self.new = _executor(self.locks), _executor(self.locks)
        plan, looked = (
            Plan("rolling", waves=(WEB,), steps=Steps((a_step("pack"), a_step("wave-1/web02/switch", about="web02")))),
            Table((name, HostState(name, release=seen)) for name in WEB),
        )
        self.newer = RunState(run="r2", by=ADA, decided_by=ADA, phase="locking", go=True, plan=plan, hosts=looked)
        self.clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC), 1000.0)
        self.new.locks.takes_from = HandOver(lambda: self.run.state, self.write, self.clock, self.promised)

    def promised(self, hand_over: HandOver) -> None:
        self.old.locks.gives_to = hand_over

    async def write(self, event: ev.Event) -> None:
        self.run.record(event)
        until(self.run, lambda run: run.state.phase == "ended")
        self.order.append(f"r1 {self.run.state.outcome}")

    async def locked(self) -> Any:
        async with asyncio.timeout(60):
            found = await self.new.take_locks(self.newer)
        await self.new.rest()
        return found


class ExchangedLocks(Locks):
    """Locks whose changes stand in one order with the record."""

    def __init__(self, order: list[str]) -> None:
        super().__init__()
        self.order = order
        self.lacks: set[str] = set()

    async def take_over(self, host: Host, path: str, old: str, new: str, holder: LockHolder | None = None) -> Any:
        self.order.append(f"{host.name}: {old} to {new} {holder.run if holder else ''}")
        return LockHolder(SafeText("")) if host.name in self.lacks else None

    async def take(self, host: Host, path: str, holder: LockHolder) -> Any:
        self.order.append(f"{host.name}: {holder.epoch}")

    async def clear(self, host: Host, path: str, run: str) -> Unreached | None:
        self.order.append(f"{host.name}: clear {run}")
        return None

    async def release(self, host: Host, path: str, epoch: str) -> Unreached | None:
        self.order.append(f"{host.name}: release {epoch}")
        return None


async def test_the_older_one_has_ended_before_a_lock_changes_hands():
    scene = Scene()
    assert await scene.locked() == ev.LocksTaken(epoch=1, hosts=WEB)
    assert scene.order == ["r1 superseded", "web01: r1.1 to r2.1 r2", "web02: r1.1 to r2.1 r2"]
    (superseded,) = [event for event in scene.run.events if isinstance(event, ev.Superseded)]
    assert (superseded.by_run, superseded.by, superseded.hosts) == ("r2", ADA, ("web02",))


async def test_the_older_one_releases_only_what_the_newer_one_has_not():
    scene = Scene()
    await scene.locked()
    state = changed(scene.run.state, locked_hosts=("web01", "web02", "web03"))
    state = changed(state, hosts=state.hosts.put("web03", changed(state.hosts["web01"], name="web03")))
    scene.order.clear()
    released = await scene.old.let_go(state)
    assert released is not None
    assert (released.hosts, released.left) == (("web01", "web02", "web03"), ())
    assert (released.handed, released.to_run) == (("web01", "web02"), "r2")
    assert [words for words in scene.order if "web01" in words or "web02" in words] == []


async def test_the_older_one_keeps_its_locks_until_the_newer_one_has_them():
    scene = Scene()
    hand_over = scene.new.locks.takes_from
    assert hand_over is not None
    scene.promised(hand_over)
    letting_go = asyncio.create_task(scene.old.let_go(changed(scene.run.state, locked_hosts=WEB)))
    for _ in range(20):
        await asyncio.sleep(0)
    assert not letting_go.done()
    hand_over.finish(frozenset({"web01"}))
    released = await asyncio.wait_for(letting_go, 60)
    assert released is not None
    assert (released.hosts, released.handed) == (WEB, ("web01",))
    assert scene.order == ["web02: clear r1"]


async def test_a_lock_that_is_gone_is_taken_as_any_other():
    scene = Scene()
    scene.locks.lacks = {"web02"}
    assert await scene.locked() == ev.LocksTaken(epoch=1, hosts=WEB)
    assert scene.order[-2:] == ["web02: r1.1 to r2.1 r2", "web02: r2.1"]


def _rolls_back(scene: Scene) -> None:
    assert say(scene.run, RollBack()) is None


def _ended(scene: Scene) -> None:
    until(scene.run, lambda run: run.state.phase == "ended")


def _rolled_back(scene: Scene) -> None:
    _rolls_back(scene)
    _ended(scene)


def _paused(scene: Scene) -> None:
    scene.run.record(ev.Paused(reason=SafeText("lost"), cause="network"))


@pytest.mark.parametrize(
    ("before", "found", "words"),
    [
        (_rolls_back, ev.LocksRefused, "r1"),
        (_paused, ev.LocksRefused, "r1"),
        (_rolled_back, ev.Decided, "run r1 has changed web01, web02 since this one looked: look again"),
        (_ended, ev.LocksTaken, ""),
    ],
    ids=["goes back", "waits for a person", "went back", "ended well"],
)
async def test_what_became_of_it_since_the_newer_one_looked(before: Callable[[Scene], None], found: type[ev.Event], words: str):
    scene = Scene()
    before(scene)
    answer = await scene.locked()
    assert isinstance(answer, found)
    assert [event for event in scene.run.events if isinstance(event, ev.Superseded)] == []
    if isinstance(answer, ev.LocksRefused):
        assert answer.holder.run == words
    if isinstance(answer, ev.Decided):
        assert (answer.go, str(answer.reasons[0])) == (False, words)
        assert scene.order == []


async def test_a_look_at_an_older_release_is_no_go_and_ends_nothing():
    scene = Scene(seen=OLD)
    answer = await scene.locked()
    assert isinstance(answer, ev.Decided)
    assert scene.run.state.phase == "running"
    assert scene.order == []


async def test_one_that_was_told_to_make_way_is_waited_for_until_it_has_ended():
    scene = Scene()

    async def told(event: ev.Event) -> None:
        scene.run.record(event, ev.Paused(reason=SafeText("a path is to be tried"), cause="manual"))

    hand_over = HandOver(lambda: scene.run.state, told, scene.clock, scene.promised)
    asking = asyncio.create_task(hand_over.ask(scene.newer))
    await asyncio.sleep(0)
    for _ in range(int(2 * PATIENCE)):
        await scene.clock.advance(1.0)
    assert (asking.done(), scene.run.state.superseded_by) == (False, "r2")
    until(scene.run, lambda run: run.state.phase == "ended")
    await scene.clock.advance(1.0)
    assert await asking is None


async def test_one_that_is_interrupted_while_it_makes_way_is_a_no_go_at_once():
    scene, carried = Scene(), [True]

    async def told(event: ev.Event) -> None:
        scene.run.record(event)
        carried.clear()

    asking = asyncio.create_task(HandOver(lambda: scene.run.state, told, scene.clock, scene.promised, lambda: bool(carried)).ask(scene.newer))
    await asyncio.sleep(0)
    await scene.clock.advance(1.0)
    answer = await asking
    assert isinstance(answer, ev.Decided)
    assert (answer.go, answer.reasons) == (False, ("run r1 was interrupted meanwhile: take it up first (deploy resume r1)",))


def _engine_with(*states: RunState) -> ActiveRuns:
    """The runs of an engine that carries those."""
    runs = ActiveRuns()
    one: Any = [SimpleNamespace(is_open=state.phase != "ended", task=None, runner=SimpleNamespace(state=state)) for state in states]
    runs._runs = {state.run: carried for state, carried in zip(states, one, strict=True)}
    return runs


async def test_a_release_that_changes_nothing_yet_is_opened_beside_one_in_its_window_and_nothing_else():
    watched = Scene().run.state
    begins, over = changed(watched, run="r2", phase="preflight", go=None), changed(watched, run="r0", phase="ended")
    (beside,) = [await _engine_with(over, watched).make_way("deploy")]
    assert beside is not None
    assert beside.runner.state.run == "r1"
    assert await _engine_with(over).make_way("deploy") is None
    for engine, kind, has_begun, named in (
        (_engine_with(watched), "restart", False, "r1"),
        (_engine_with(watched), "rollback", False, "r1"),
        (_engine_with(watched), "deploy", True, "r1"),
        (_engine_with(watched, begins), "deploy", False, "r2"),
        (_engine_with(begins), "deploy", False, "r2"),
    ):
        with pytest.raises(Locked, match=f"run {named} goes on"):
            await engine.make_way(kind, has_begun=has_begun)  # type: ignore[arg-type] # it is a kind


@pytest.mark.parametrize(
    ("phases", "open_run", "newer", "is_busy"),
    [((), "", "", False), (("running",), "r1", "", False), (("running", "deciding"), "r1", "r2", True), (("ended", "deciding"), "r2", "", True)],
)
async def test_of_two_that_are_open_the_older_one_is_the_one_that_goes_on(phases: tuple[Any, ...], open_run: str, newer: str, is_busy: bool):
    watched = Scene().run.state
    runs = _engine_with(*(changed(watched, run=f"r{number}", phase=phase) for number, phase in enumerate(phases, 1)))
    assert (runs.open_id, runs.newer_id, runs.is_busy) == (open_run, newer, is_busy)
