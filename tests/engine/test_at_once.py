"""What several clients ask of an engine at once: a run keeps the model that it was opened with, and no model is taken by half."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from console.adapters.journal.memory import MemoryJournal
from console.adapters.system_clock import SetClock
from console.engine.active_runs import KEPT
from console.engine.engine import Engine
from console.engine.run.run_record import RunRecord
from console.errors import ConsoleError, Locked, UsageFault
from console.model.commands import Abort, Accepted, Refusal, RollBack
from console.model.events import CommandRefused, RunEnded, RunOpened
from console.model.host import Host
from console.model.host_facts import LockHolder
from console.model.request import Person, Request, RunKind
from console.model.values import changed
from tests.adapters.journal.test_contract import opened
from tests.core.simulation import ADA, an_environment
from tests.engine.test_exec_feed import TwoMachines
from tests.recorded import record as record_of


class SlowJournal(MemoryJournal):
    """A journal that writes once it is let through, and fails while the disk is full."""

    def __init__(self) -> None:
        super().__init__()
        self.through = asyncio.Event()
        self.through.set()
        self.writing = asyncio.Event()
        self.is_full = False

    async def append(self, run: str, events: Any, state: Any) -> None:
        self.writing.set()
        await self.through.wait()
        if self.is_full:
            raise ConsoleError("no room left")
        await super().append(run, events, state)


class Silent:
    """A port that never answers."""

    def __getattr__(self, method: str) -> Any:
        async def asked(*_: object, **__: object) -> None:
            await asyncio.Event().wait()

        return asked


class Opened:
    """Ports that are open until they are closed, and reach nothing."""

    repository: Any = Silent()
    balancers: Any = ()
    counters: Any = ()
    sources: Any = ()

    def __init__(self) -> None:
        self.is_closed = False
        self.may_close = asyncio.Event()
        self.may_close.set()

    async def close(self) -> None:
        self.is_closed = True
        await self.may_close.wait()

    def is_linked(self, host: object) -> bool:
        return False

    def __getattr__(self, port: str) -> Any:
        return Silent()


class Scene:
    """An engine, its journal, and the ports that it has opened."""

    def __init__(self) -> None:
        self.journal = SlowJournal()
        self.opened: list[Opened] = []
        self.engine = Engine(self.journal, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), self._open, lambda name: None)

    def _open(self, environment: object, secrets: object) -> Any:
        self.opened.append(Opened())
        return self.opened[-1]

    async def configure(self, digest: str) -> None:
        await self.engine.configure(an_environment(3), digest, {}, ADA)


@pytest.fixture
async def scene() -> Any:
    scene = Scene()
    await scene.configure("d1")
    yield scene
    await scene.engine.stop(ADA, True)


async def test_another_model_is_refused_while_a_run_is_being_opened_with_this_one(scene: Scene):
    scene.journal.through.clear()
    scene.journal.writing.clear()
    opening = asyncio.create_task(scene.engine.open_run(Request(), ADA))
    await scene.journal.writing.wait()
    other = asyncio.create_task(scene.configure("d2"))
    for _ in range(20):
        await asyncio.sleep(0)
    scene.journal.through.set()
    run = await opening
    with pytest.raises(Locked, match=f"run {run} goes on with another hosts.toml"):
        await other
    assert [one.is_closed for one in scene.opened] == [False]
    assert scene.engine.digest == "d1"


async def test_clients_that_bring_one_model_at_once_open_its_ports_once(scene: Scene):
    await asyncio.gather(*(scene.configure("d2") for _ in range(3)))
    assert [one.is_closed for one in scene.opened] == [True, False]


async def test_a_model_is_taken_to_its_end_when_the_client_that_brought_it_goes_away(scene: Scene):
    (before,) = scene.opened
    before.may_close.clear()
    configuring = asyncio.create_task(scene.configure("d2"))
    async with asyncio.timeout(60):
        while not before.is_closed:
            await asyncio.sleep(0)
    configuring.cancel()
    await asyncio.gather(configuring, return_exceptions=True)
    before.may_close.set()
    async with asyncio.timeout(60):
        while scene.engine.digest != "d2":
            await asyncio.sleep(0)
    assert [one.is_closed for one in scene.opened] == [True, False]


@pytest.mark.parametrize(("change", "why"), [
    ({"hosts": (Host("db01"),)}, "no host is in both"), ({"path": "/srv/other"}, "there it is in /srv/shop, here in /srv/other"),
])  # fmt: skip
async def test_another_file_with_the_same_names_for_something_else_is_refused(scene: Scene, change: dict[str, Any], why: str):
    own, theirs = changed(an_environment(3), file="/home/lin/hosts.toml"), changed(an_environment(3), file="/x/hosts.toml", **change)
    await scene.engine.configure(own, "d2", {}, ADA)
    with pytest.raises(UsageFault, match=why) as caught:
        await scene.engine.configure(theirs, "d3", {}, ADA)
    assert "/x/hosts.toml and /home/lin/hosts.toml both have production of shop" in caught.value.message
    assert scene.engine.digest == "d2"
    await scene.engine.configure(changed(own, **change), "d4", {}, ADA)
    assert scene.engine.digest == "d4"


@pytest.mark.parametrize(("change", "is_over", "why"), [
    ({"hosts": (Host("db01"),)}, False, "no host is in both"), ({"path": "/srv/other"}, False, "there it is in /srv/shop, here in /srv/other"),
    ({"path": "/srv/other"}, True, ""), ({"migrate_on": "web02"}, False, ""), ({"path": "/srv/other", "file": "/home/lin/hosts.toml"}, False, ""),
])  # fmt: skip
async def test_where_its_engine_is_gone_a_strangers_work_is_not_done_by_another_file(change: dict[str, Any], is_over: bool, why: str):
    """What that one's runs have left would be done on hosts, or in folders, that are none of theirs."""
    scene, own = Scene(), changed(an_environment(3), file="/home/lin/hosts.toml")
    await scene.engine.configure(own, "d1", {}, ADA)
    run = await scene.engine.open_run(Request(), ADA)
    if is_over:
        assert isinstance(await scene.engine.submit(run, Abort(), ADA), Accepted)
        await ended(scene, run)
    await scene.engine.stop(ADA, True)
    kept: Any = {"d1": own}.get
    after = Engine(scene.journal, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), scene._open, lambda name: None, kept=kept)
    theirs = changed(own, **{"file": "/x/hosts.toml", **change})
    try:
        if not why:
            await after.configure(theirs, "d2", {}, ADA)
            assert after.digest == "d2"
            return
        with pytest.raises(UsageFault, match=why) as caught:
            await after.configure(theirs, "d2", {}, ADA)
        assert f"run {run} of that file has left something to be done" in caught.value.message
        assert (caught.value.hint, after.digest) == ("deploy -c /home/lin/hosts.toml status production", "")
    finally:
        await after.stop(ADA, True)


async def ended(scene: Scene, run: str) -> None:
    async with asyncio.timeout(60):
        while not await scene.journal.of_type(run, RunEnded):
            await asyncio.sleep(0.01)


class SlowLocks:
    """Hosts that take a person's note once they are let to."""

    def __init__(self) -> None:
        self.asked, self.through = asyncio.Event(), asyncio.Event()

    async def close_for(self, host: Host, path: str, note: LockHolder) -> None:
        self.asked.set()
        await self.through.wait()


async def test_hosts_are_closed_to_the_last_and_on_record_when_who_closes_them_goes_away(scene: Scene):
    locks = scene.opened[0].locks = SlowLocks()  # type: ignore[attr-defined] # one port of many
    closing = asyncio.create_task(scene.engine.query("lock", {"reason": "a freeze"}, ADA))
    await locks.asked.wait()
    closing.cancel()
    await asyncio.gather(closing, return_exceptions=True)
    assert scene.engine.owing
    locks.through.set()
    async with asyncio.timeout(30):
        while scene.engine.owing:
            await asyncio.sleep(0)
    note = (await scene.journal.environment("shop", "production")).note
    assert note is not None
    assert note.reason == "a freeze"


@pytest.mark.parametrize("kind", ["exec", "maintenance"])
async def test_a_command_or_a_switch_that_goes_on_is_not_taken_up_as_a_run(scene: Scene, kind: RunKind):
    fleet = scene.engine._fleet()
    record = RunRecord(scene.journal, fleet.clock)
    await record.write(changed(opened("r9", "2026-03-01T00:00:00Z"), kind=kind))
    with fleet.writing("r9", record):
        with pytest.raises(Locked, match="run r9 goes on"):
            await scene.engine.resume("r9", ADA)
        assert isinstance(await scene.engine.submit("r9", RollBack(), ADA), Refusal)
        await record.write(RunEnded(exit=0, outcome="succeeded"))
    assert [type(event) for event in await scene.journal.read("r9")] == [RunOpened, RunEnded]


async def test_what_is_refused_stands_in_the_newest_run_that_no_other_machine_carries(scene: Scene):
    scene.journal.machines = TwoMachines()
    for run in ("here", "there"):
        await record_of(scene.journal, run, (opened(run, "2026-03-01T00:00:00Z"),))
    await scene.engine.refused(Person("vic", 2), "abort", UsageFault("vic may not change this environment"))
    assert [run for run in ("here", "there") if await scene.journal.of_type(run, CommandRefused)] == ["here"]


async def test_an_engine_that_is_being_stopped_begins_no_run_that_it_would_not_carry_on(scene: Scene):
    scene.opened[0].may_close.clear()
    stopping = asyncio.create_task(scene.engine.stop(ADA, False))
    async with asyncio.timeout(30):
        while not scene.opened[0].is_closed:
            await asyncio.sleep(0)
    with pytest.raises(Locked, match="being stopped"):
        await scene.engine.open_run(Request(), ADA)
    scene.opened[0].may_close.set()
    await stopping
    assert scene.engine.open_run_id == ""


async def test_a_model_whose_ports_cannot_be_opened_changes_nothing(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    def full(environment: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(scene.engine._model, "_open_outside", lambda environment, secrets: full(environment))
    with pytest.raises(OSError, match="No space left"):
        await scene.configure("d2")
    monkeypatch.undo()
    assert (scene.engine.digest, [one.is_closed for one in scene.opened]) == ("d1", [False])
    await scene.configure("d2")
    assert (scene.engine.digest, [one.is_closed for one in scene.opened]) == ("d2", [True, False])


async def test_a_run_whose_end_cannot_be_written_by_a_mistake_is_open_no_more(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    async def wrong(*given: object) -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr("console.engine.active_run.input_for", wrong)
    monkeypatch.setattr("console.engine.run.runner.Runner.fail", wrong)
    run = await scene.engine.open_run(Request(), ADA)
    async with asyncio.timeout(30):
        while scene.engine.open_run_id:
            await asyncio.sleep(0)
    assert run not in scene.engine._runs.holding


async def test_another_model_waits_until_maintenance_mode_was_switched_with_this_one(scene: Scene):
    async with scene.engine._switching:
        with pytest.raises(Locked, match="maintenance mode is being switched"):
            await scene.configure("d2")
    assert [one.is_closed for one in scene.opened] == [False]
    await scene.configure("d2")
    assert scene.engine.digest == "d2"


async def test_a_run_that_is_given_up_while_its_pre_flight_looks_waits_for_nothing_more(scene: Scene):
    run = await scene.engine.open_run(Request(), ADA)
    for _ in range(20):
        await asyncio.sleep(0)
    assert isinstance(await scene.engine.submit(run, Abort(), ADA), Accepted)
    async with asyncio.timeout(30):
        while scene.engine.open_run_id:
            await asyncio.sleep(0.01)
    assert (scene.engine.state(run).exit, scene.engine.state(run).outcome) == (130, "interrupted")


async def test_an_engine_keeps_the_last_runs_in_memory_alone(scene: Scene):
    runs = []
    for _ in range(KEPT + 3):
        runs.append(await scene.engine.open_run(Request(), ADA))
        await scene.engine.submit(runs[-1], Abort(), ADA)
        async with asyncio.timeout(30):
            while scene.engine.open_run_id or scene.engine._runs.is_parting:
                await asyncio.sleep(0.01)
    assert [scene.engine._runs.get(run) is not None for run in runs] == [False, False, *[True] * (KEPT + 1)]
    heard = [type(item) async for item in scene.engine.follow(runs[0], 0)]
    assert heard[0] is RunOpened
    assert heard[-1] is RunEnded


async def test_a_run_that_cannot_be_begun_keeps_no_lease(scene: Scene, monkeypatch: pytest.MonkeyPatch):
    ended: list[str] = []

    async def end(run: str, carrier: object) -> None:
        ended.append(run)

    monkeypatch.setattr(scene.journal.machines, "end_lease", end)
    scene.journal.is_full = True
    with pytest.raises(ConsoleError, match="no room left"):
        await scene.engine.open_run(Request(), ADA)
    assert len(ended) == 1
    scene.journal.is_full = False
