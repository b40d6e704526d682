"""An engine session on a fleet of its own, as its process holds it, which a test breaks."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from console.adapters.journal.journal_threads import SqlJournal
from console.adapters.statefolder import prepared
from console.adapters.system_clock import SystemClock
from console.cli.real_ports import open_outside
from console.config.load import load_file
from console.core.run.evolve import fold
from console.engine.engine import Engine
from console.model.events import AnyEvent, Event, StepFinished
from console.model.request import Person, Request
from console.model.state import RunState
from tests.fleet import Fleet, missing

ADA = Person("ada", 1000)


class LateClock(SystemClock):
    """The machine's clocks, put forward by a test."""

    ahead = 0.0
    wall = timedelta()
    """How far the wall clock is wrong."""

    def now(self) -> datetime:
        return super().now() + self.wall

    def mono(self) -> float:
        return super().mono() + self.ahead


@dataclass
class Scene:
    """A fleet, an engine on it, and the run that goes on."""

    fleet: Fleet
    clock: LateClock
    session: Engine
    journal: SqlJournal
    new_session: Callable[..., Awaitable[Engine]]
    run: str = ""
    events: list[AnyEvent] = field(default_factory=list)

    async def another_engine(self, **options: object) -> None:
        """Let the engine be gone without a word, and another one come."""
        await self.session._catch_up.stop()
        self.session = await self.new_session(**options)

    async def eventually(self, is_so: Callable[[], bool], seconds: float = 300.0) -> None:
        """Wait until that is so."""
        async with asyncio.timeout(seconds):
            while not is_so():
                await asyncio.sleep(0.05)

    async def release(self, version: str, **request: object) -> RunState:
        """Carry a release to its end."""
        return await self.carry(Request(ref=version, yes=True, **request))  # type: ignore[arg-type]

    async def carry(self, request: Request) -> RunState:
        """Carry a run to its end."""
        await self.open(request)
        return await self.end()

    async def open(self, request: Request) -> None:
        """Begin a run."""
        self.run, self.events = await self.session.open_run(request, ADA), []

    async def open_yes(self, version: str) -> None:
        """Begin a release that asks nothing."""
        await self.open(Request(ref=version, yes=True))

    async def until(self, seen: Callable[[Event], bool]) -> Event:
        """Follow the run until an event; it stays to be followed from there."""
        async for item in self.session.follow(self.run, len(self.events)):
            if isinstance(item, Event):
                self.events.append(item)
                if seen(item):
                    return item
        raise AssertionError(f"never came: {[type(event).__name__ for event in self.events[-8:]]}")

    async def until_step(self, end: str, kind: type = object) -> Event:
        """Follow the run until a step whose name ends so is started, or what `kind` says."""
        return await self.until(lambda event: getattr(event, "step", "").endswith(end) and isinstance(event, kind))

    async def end(self) -> RunState:
        """Follow the run to its end, or to where it waits for a person."""
        async for item in self.session.follow(self.run, len(self.events)):
            if isinstance(item, Event):
                self.events.append(item)
        return self.state

    @property
    def state(self) -> RunState:
        """What the run's events add up to."""
        return self.session.state(self.run)

    def recorded(self, run: str) -> RunState:
        """What the journal has of a run."""
        return fold(self.journal.store.read(run))

    def events_of(self, kind: type) -> list[AnyEvent]:
        """The run's events of a kind, all that are written."""
        return [event for event in self.events if isinstance(event, kind)]

    def took(self, event: Event, since: Event) -> float:
        """Seconds between two events."""
        return event.mono - since.mono

    def hold(self, step: str, *hosts: str) -> None:
        """Have each `restart` or `gate` of these hosts go on until `let_go`: what happens meanwhile happens in the middle of it, however slow the machine is."""
        for host in hosts:
            self.fleet.exec_in(host, f"touch /srv/shop/shared/held-{step}")

    def let_go(self, *hosts: str) -> None:
        """Let what is held there end."""
        for host in hosts:
            self.fleet.exec_in(host, "rm -f /srv/shop/shared/held-*")

    def live(self, host: str) -> str:
        """The version that a host serves."""
        return self.fleet.exec_in(host, "sed -n 's/^# version //p' /srv/shop/current/.deploy-manifest").strip()

    def activations(self, host: str, version: str) -> int:
        """How often that version was started there."""
        lines = self.fleet.exec_in(host, "cat /srv/shop/shared/activations 2>/dev/null || :").splitlines()
        return sum(f" {version.removeprefix('v')} " in line for line in lines)

    def files(self, host: str, folder: str) -> list[str]:
        """What lies in a folder of the application."""
        return self.fleet.exec_in(host, f"ls -A /srv/shop/{folder} 2>/dev/null || :").split()

    def assert_no_step_twice(self) -> None:
        """No attempt of a step has ended more than once, and the fold of what was heard is the state."""
        ended = [(event.step, event.attempt) for event in self.events if isinstance(event, StepFinished)]
        assert len(ended) == len(set(ended))
        assert fold(self.events) == self.state


Stage = Callable[..., AbstractAsyncContextManager[Scene]]


@pytest.fixture
async def stage(tmp_path: Path, shop_repository: Path) -> Stage:
    """`async with stage(3, batch=…) as scene`: a fleet of so many hosts, and an engine on it; the rest is for its hosts.toml."""
    if reason := missing():
        pytest.skip(reason)

    @asynccontextmanager
    async def staged(hosts: int = 3, repository: Path = shop_repository, **options: object) -> AsyncIterator[Scene]:
        state = str(tmp_path / "state")
        prepared(state)
        with Fleet(hosts, tmp_path / "fleet") as fleet:
            file = fleet.hosts_toml(repository, **{"interval": "100ms", "deadline": "10s", "restart_timeout": "60s", **options})
            clock = LateClock()
            journal = SqlJournal.of(state)
            engines: list[Engine] = []

            async def an_engine(**options: object) -> Engine:
                opened = lambda environment, secrets: open_outside(environment, state, secrets)  # noqa: E731
                engines.append(Engine(journal, clock, opened, lambda name: None, **options))  # type: ignore[arg-type]
                await engines[-1].configure(load_file(str(file)).environment("production"), "digest", {}, ADA)
                return engines[-1]

            try:
                yield Scene(fleet, clock, await an_engine(), journal, an_engine)
            finally:
                for name in (name for name in fleet.names if fleet[name].pid):
                    fleet.thaw(name)
                for session in engines:
                    await session.stop(ADA, force=True)
                await journal.close()

    return staged
