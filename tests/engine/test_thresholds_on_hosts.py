"""Thresholds on real sshd hosts: a release that answers with errors after a while goes back by itself, by what a real HAProxy counts under load; what is no
fault of the release, by the counters of each host's own application, takes nothing back."""

import asyncio
import contextlib
import re
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from typing import TypeVar

import pytest

from console.adapters.system_clock import SystemClock
from console.core.run.evolve import fold
from console.core.thresholds import baselines, changes
from console.engine.run import threshold_watch
from console.model import commands as cmd
from console.model.events import BaselineTaken, Event, RollbackBegan, StepFinished, ThresholdBreached, ThresholdCrossed
from console.model.measurements import Measurement
from console.model.request import Request
from console.model.state import RunState
from console.model.thresholds import BadBefore, BothSides, Breached, Crossed, Judgement, Unmeasured, Within
from tests.adapters.metrics.exporter import Exporter, has_prometheus, prometheus
from tests.balancing import Machine, here
from tests.balancing.load import Load
from tests.engine.test_real_runs import ADA, Product, opened_on
from tests.engine.test_traffic_under_load import served
from tests.fleet import Fleet, make_repository
from tests.reserved import free_port

pytestmark = pytest.mark.real
Judged = TypeVar("Judged", bound=Judgement)

LIMITS = """
[[environments.production.thresholds]]
metric = "error_rate"
above = "5%"
for = "4s"
then = "rollback"
[environments.production.monitor]
window = "60s"
"""


SCRAPED = """
[environments.production.metrics]
scrape = "http://{{address}}:{port}/metrics"
scrape_interval = "300ms"
error_rate = {{ counter = "http_total", errors = {{ status = "5.." }} }}
[[environments.production.thresholds]]
metric = "error_rate"
above = "5%"
for = "2s"
then = "rollback"
"""


@pytest.fixture
def machine() -> Iterator[Machine]:
    made = here()
    yield made
    made.remove()


async def test_a_release_that_begins_to_fail_in_its_window_goes_back_by_itself(own_fleet: Fleet, tmp_path: Path, machine: Machine):
    repository = make_repository(tmp_path / "repository", (("v1.0.0", "good"), ("v1.1.0", "bad-0.3-after-3")))
    events: list[Event] = []
    async with served(own_fleet, repository, tmp_path, machine, batch="2", environment_extra=LIMITS) as shop, Load(shop.port) as load:
        run = await shop.product.session.open_run(Request(ref="v1.1.0", yes=True), ADA)
        async for item in shop.product.session.follow(run, 0):
            if isinstance(item, Event):
                events.append(item)
        live = shop.released_by()
    state = fold(events)
    assert (state.exit, live) == (4, {"v1.0.0"}), state.reason
    assert state.back_cause == "threshold", state.back_reason
    breach = next(event for event in events if isinstance(event, ThresholdBreached))
    assert isinstance(breach.verdict, Breached)
    assert breach.verdict.value == pytest.approx(0.3, abs=0.15)
    assert breach.verdict.limit == 0.05
    assert {"web01", "web02"} <= set(breach.verdict.hosts)  # web03 where the machine was quick enough to release it by then
    assert breach.verdict.seconds >= 3.8  # two blocks of two seconds, which come a moment early
    assert "errors" in state.back_reason
    assert any(isinstance(event, BaselineTaken) for event in events)
    began = next(event for event in events if isinstance(event, RollbackBegan))
    assert (began.cause, began.by) == ("threshold", None)
    assert any(isinstance(event, ThresholdCrossed) for event in events)
    back = max(event.mono for event in events if isinstance(event, StepFinished) and event.step.startswith("back/"))
    assert back - breach.mono < 100.0
    assert load.answered > 100


ASKED = """
[environments.production.metrics]
prometheus = "{url}"
scrape_interval = "300ms"
queue = {{ query = "queue_length" }}
[[environments.production.thresholds]]
metric = "queue"
above_old = "100%"
for = "1s"
then = "rollback"
"""


class Counters:
    """What each host's application shows of its requests, so many of which fail; on the hosts' own addresses, where the console reads it through sshd."""

    def __init__(self, fleet: Fleet) -> None:
        self.port = free_port()
        self.of = {name: Exporter() for name in fleet.names}
        self.failing = dict.fromkeys(fleet.names, 0)
        """Of ten requests."""
        self._fleet = fleet

    @contextlib.asynccontextmanager
    async def shown(self) -> AsyncIterator["Counters"]:
        servers = [await asyncio.start_server(one.serve, self._fleet[name].address, self.port) for name, one in self.of.items()]
        asking = asyncio.create_task(self._ask())
        try:
            yield self
        finally:
            asking.cancel()
            for server in servers:
                server.close()

    async def _ask(self) -> None:
        while True:
            for name, one in self.of.items():
                one.good, one.bad = one.good + 10 - self.failing[name], one.bad + self.failing[name]
            await asyncio.sleep(0.05)

    def restart(self, name: str) -> None:
        """Begin anew, with more errors than there ever were requests."""
        self.of[name].life, self.of[name].good, self.of[name].bad = self.of[name].life + 1.0, 0, 100_000


class Watched:
    """A run that is followed beside the test."""

    def __init__(self, product: Product, run: str) -> None:
        self._product, self.run, self.events = product, run, list[Event]()
        self._following = asyncio.create_task(self._follow())

    @classmethod
    async def opened(cls, product: Product, request: Request) -> "Watched":
        return cls(product, await product.session.open_run(request, ADA))

    async def _follow(self) -> None:
        async for item in self._product.session.follow(self.run, 0):
            if isinstance(item, Event):
                self.events.append(item)

    @property
    def state(self) -> RunState:
        return self._product.session.state(self.run)

    async def until(self, is_so: Callable[[], object], seconds: float = 300.0) -> None:
        async with asyncio.timeout(seconds):
            while not is_so():
                assert not self._following.done(), (self.state.exit, self.state.reason)
                await asyncio.sleep(0.02)

    async def pauses(self) -> None:
        await self.until(lambda: self.state.pausing)

    async def judged(self, kind: type[Judged]) -> Judged:
        """Wait until the run says that of its threshold."""
        await self.until(lambda: any(isinstance(known.verdict, kind) for known in self.state.thresholds.values()))
        return next(known.verdict for known in self.state.thresholds.values() if isinstance(known.verdict, kind))

    async def measures(self, host: str, looks: int) -> list[Measurement]:
        """Wait for so many looks at the host's errors from now on."""
        clock, since = SystemClock(), SystemClock().mono()

        def found() -> list[Measurement]:
            return list(self._product.session._metrics.window("error_rate", since, clock.mono()).get(host, ()))

        await self.until(lambda: len(found()) >= looks and any(not one.problem for one in found()))
        return found()

    async def say(self, command: cmd.AnyCommand) -> None:
        answer = await self._product.session.submit(self.run, command, ADA)
        assert isinstance(answer, cmd.Accepted), answer

    async def ended(self) -> RunState:
        await asyncio.wait_for(self._following, 300)
        return self.state


async def test_what_is_no_fault_of_the_release_takes_no_host_back(own_fleet: Fleet, shop_repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A scrape that fails is a gap and an error; counters that begin anew are no spike; errors on old hosts too are proposed; errors of before are no breach."""
    monkeypatch.setattr(threshold_watch, "LEAST_PATIENCE", 1.5)
    monkeypatch.setattr(changes, "QUIET", 0.5)
    monkeypatch.setattr(baselines, "BASELINE", 2.0)
    names = own_fleet.names
    async with Counters(own_fleet).shown() as counters:
        file = own_fleet.hosts_toml(
            shop_repository,
            interval="100ms",
            deadline="60s",
            restart_timeout="60s",
            batch="1\npause_after = 2",
            environment_extra=SCRAPED.format(port=counters.port),
        )
        async with opened_on(own_fleet, file, tmp_path) as product:
            first = await Watched.opened(product, Request(ref="v1.0.0", yes=True))
            await first.pauses()
            await first.say(cmd.Continue())
            assert (await first.ended()).exit == 0

            run = await Watched.opened(product, Request(ref="v1.1.0", yes=True))
            await run.pauses()
            counters.of["web01"].is_away = True
            unmeasured = await run.judged(Unmeasured)
            assert unmeasured.unmeasured == ("web01",)
            assert "503" in unmeasured.problem
            counters.of["web01"].is_away = False
            await run.judged(Within)
            counters.restart("web02")
            looks = await run.measures("web02", 5)
            assert {one.value for one in looks if one.problem} == {None}
            assert {one.value for one in looks if not one.problem} == {0.0}
            assert not [event for event in run.events if isinstance(event, ThresholdCrossed | ThresholdBreached)]

            counters.failing.update(dict.fromkeys(names, 5))
            both = await run.judged(BothSides)
            assert (both.old or 0.0) > 0.05
            assert not any(isinstance(event, RollbackBegan) for event in run.events)
            counters.failing["web03"] = 0
            state = await run.ended()
            told = [type(event.verdict) for event in run.events if isinstance(event, ThresholdCrossed | ThresholdBreached)]
            assert told[-3:] == [BothSides, Crossed, Breached]
            assert (state.exit, {product.live(name) for name in names}) == (4, {"v1.0.0"})

            counters.failing.update(dict.fromkeys(names, 3))
            worse = await Watched.opened(product, Request(ref="v1.1.0"))
            await worse.until(lambda: worse.state.phase == "deciding")
            await worse.measures("web03", 8)
            await worse.say(cmd.Decide(go=True, digest=worse.state.plan.digest if worse.state.plan else ""))
            await worse.pauses()
            before = await worse.judged(BadBefore)
            assert before.baseline == pytest.approx(0.3, abs=0.1)
            await worse.say(cmd.Continue())
            assert (await worse.ended()).exit == 0


async def test_a_real_prometheus_is_asked_and_its_answer_of_each_host_takes_the_release_back(own_fleet: Fleet, shop_repository: Path, tmp_path: Path):
    if not has_prometheus():
        pytest.skip("needs Prometheus: apt-get install prometheus")
    async with Counters(own_fleet).shown() as counters:
        with prometheus(tmp_path, {name: f"{own_fleet[name].address}:{counters.port}" for name in own_fleet.names}) as url:
            asks = ASKED.format(url=url)
            file = own_fleet.hosts_toml(
                shop_repository, interval="100ms", deadline="60s", restart_timeout="60s", batch="1\npause_after = 1", environment_extra=asks
            )
            async with opened_on(own_fleet, file, tmp_path) as product:
                first = await Watched.opened(product, Request(ref="v1.0.0", yes=True))
                await first.pauses()
                await first.say(cmd.Continue())
                assert (await first.ended()).exit == 0
                run = await Watched.opened(product, Request(ref="v1.1.0", yes=True))
                await run.pauses()
                await run.judged(Within)
                counters.of["web01"].queue = 50.0
                state = await run.ended()
                assert (state.exit, {product.live(name) for name in own_fleet.names}) == (4, {"v1.0.0"})
                assert re.fullmatch(r"queue [\d.]+ on new hosts, limit 6 by old hosts, old 3, before 3, for \d+s \(web01\)", state.back_reason)
