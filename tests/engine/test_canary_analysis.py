"""The step that judges new hosts against old ones, with a scripted balancer and a clock that goes on when it is told to; what the run makes of it is the core's own."""

import asyncio
from collections.abc import Callable
from datetime import UTC, datetime
from random import Random
from typing import Any

import pytest

from console.adapters.balancers.scripted_balancer import ScriptedBalancer
from console.adapters.system_clock import SetClock
from console.engine.run.canary_analysis import CanaryAnalysis
from console.engine.run.step_attempt import Task
from console.model import commands as cmd
from console.model import events as ev
from console.model.application_metrics import CountedMetric, Metrics, Series, Unreadable
from console.model.balancer import Balancer
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.strategy import Canary
from console.model.thresholds import Threshold
from console.model.values import changed
from console.ports.gates import GateResult
from console.ports.hosts import Unreached
from console.ports.steps import StepResult
from console.safe_text import SafeText
from tests.analysis.traffic import binomial
from tests.core.plans import run_of, say, until_runs
from tests.core.simulation import Simulation, an_environment

STEP = "wave-1/analysis"


class Well:
    """Gates of hosts that are all well, but for those that are said to be silent."""

    def __init__(self) -> None:
        self.silent: set[str] = set()

    async def once(self, *asked: Any) -> GateResult:
        return GateResult("passed", 1, 1, 0.0, SafeText(""))

    watch = once

    async def unreached(self, host: Host) -> Unreached | None:
        return Unreached(host.name, "unreachable", SafeText("no answer")) if host.name in self.silent else None


class Scene:
    """A fleet of ten behind a balancer, of which the first has the release."""

    def __init__(self, *, hosts: int = 10, rates: tuple[float, float] = (0.001, 0.001), rps: float = 100.0, seed: int = 1, **canary: Any) -> None:
        fleet = an_environment(hosts, 100)
        self.environment: Environment = changed(fleet, strategy="canary", balancers=(Balancer("haproxy", backend="shop"),), canary=Canary(**canary), health=())
        self.rates, self.rps, self.random = rates, rps, Random(seed)
        self.run: Simulation = run_of(self.environment)
        self.run.now = 1000.0
        until_runs(self.run, STEP)
        self.clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC), self.run.now)
        self.began = self.run.now
        self.balancer = ScriptedBalancer(frozenset(host.name for host in fleet.hosts), clock=self.clock.mono)
        self.gates = Well()
        self.scraper: Any = None
        self.work: asyncio.Future[StepResult] | None = None

    def begin(self) -> None:
        """Begin, or go on with, the attempt."""
        tools: Any = type("Tools", (), {
            "gates": self.gates, "clock": self.clock, "record": self.record, "live": lambda: self.run.state, "counters": (self.balancer,),
            "scraper": self.scraper,
        })  # fmt: skip
        self.work = asyncio.ensure_future(CanaryAnalysis(Task(self.environment, self.run.state, self.run.state.index[STEP], 1, tools)).run())

    def record(self, event: ev.Event) -> None:
        self.run.now = self.clock.mono()
        self.run.record(event)

    def serve(self, seconds: float) -> None:
        """Serve requests, as many on each host."""
        each = round(self.rps * seconds / len(self.environment.hosts))
        for name, server in self.balancer.servers.items():
            server.requests += each
            server.bad += binomial(self.random, each, self.rates[0 if name == "web01" else 1])

    async def pass_time(self, seconds: float) -> None:
        """Let time go on."""
        for _ in range(round(seconds / 0.5)):
            if self.work is not None and self.work.done():
                return
            self.serve(0.5)
            await self.clock.advance(0.5)
            for _ in range(12):
                await asyncio.sleep(0)

    async def ended(self, within: float = 400.0) -> StepResult | None:
        """The attempt's end; None where it has none within that time."""
        self.begin()
        await self.pass_time(within)
        assert self.work is not None
        if not self.work.done():
            await self.let_go()
            return None
        return self.work.result()

    async def let_go(self) -> None:
        """End the attempt as a dying engine does."""
        assert self.work is not None
        self.work.cancel()
        await asyncio.gather(self.work, return_exceptions=True)

    def finish(self, result: StepResult) -> None:
        """Let the run go on from there, to its end or to a question."""
        self.record(ev.StepFinished(step=STEP, attempt=1, status=result.status, detail=result.detail))
        self.run.run()

    @property
    def seen(self) -> list[ev.AnalysisSeen]:
        """Every block of the record."""
        return [event for event in self.run.events if isinstance(event, ev.AnalysisSeen)]

    @property
    def seconds(self) -> float:
        """Seconds of traffic."""
        return self.clock.mono() - self.began


@pytest.mark.parametrize("seed", range(20))
async def test_five_percent_against_a_thousandth_goes_back_within_20_s_of_traffic(seed: int) -> None:
    scene = Scene(rates=(0.05, 0.001), rps=200.0, seed=seed)
    result = await scene.ended()
    assert result is not None
    assert scene.seconds <= 20.0
    assert result.status == "failed"
    assert "worse than old ones: errors new" in result.detail
    scene.finish(result)
    assert scene.run.state.exit == 4
    assert [step.about for step in scene.run.state.back.steps if step.kind == "switch"] == ["web01"]  # type: ignore[union-attr]


@pytest.mark.parametrize("seed", range(20))
async def test_equal_rates_go_on_before_time_is_over(seed: int) -> None:
    scene = Scene(rates=(0.005, 0.005), rps=1000.0, seed=seed)
    result = await scene.ended()
    assert result is not None
    assert scene.seconds < scene.environment.canary.analysis
    assert result.status == "done"
    assert "not worse" in result.detail


@pytest.mark.parametrize("seed", range(20))
async def test_without_traffic_it_pauses_as_inconclusive(seed: int) -> None:
    scene = Scene(rps=0.0, seed=seed, analysis=60.0)
    assert await scene.ended(90.0) is None
    pausing = scene.run.state.pausing
    assert pausing is not None
    assert pausing.cause == "inconclusive"
    assert pausing.reason == "inconclusive after 1m: errors: 0 requests to new hosts, 0 to old ones"
    assert scene.run.state.phase == "running"


async def test_from_the_first_block_on_there_is_something_to_read() -> None:
    scene = Scene(rps=1000.0)
    scene.begin()
    await scene.pass_time(2.5)
    (first,) = scene.seen
    assert first.readings[0].new == 200
    assert first.readings[0].old == 1800
    assert first.blocks["error_rate"][0].seconds == 2.0
    await scene.let_go()


@pytest.mark.parametrize(("rule", "status"), [("rollback", "failed"), ("proceed", "done")])
async def test_what_is_inconclusive_ends_as_the_file_says(rule: str, status: str) -> None:
    scene = Scene(rps=20.0, analysis=20.0, on_inconclusive=rule)
    result = await scene.ended()
    assert result is not None
    assert result.status == status
    assert "inconclusive after 20s" in result.detail
    assert "more request" in result.detail


async def test_a_person_who_continues_has_the_whole_time_again_and_who_promotes_ends_it_at_once() -> None:
    scene = Scene(rps=0.0, analysis=20.0)
    scene.begin()
    await scene.pass_time(25.0)
    assert scene.run.state.pausing is not None
    scene.run.now = scene.clock.mono()
    assert say(scene.run, cmd.Continue()) is None
    await scene.pass_time(15.0)
    assert scene.run.state.pausing is None
    await scene.pass_time(10.0)
    assert scene.run.state.pausing is not None
    assert say(scene.run, cmd.Promote()) is None
    await scene.pass_time(1.0)
    assert scene.work is not None
    assert scene.work.result() == StepResult("done", detail=SafeText("promoted"))


async def test_while_a_person_holds_the_run_it_is_judged_on_and_not_paused_a_second_time() -> None:
    scene = Scene(rps=10.0, analysis=10.0)
    scene.begin()
    await scene.pass_time(4.0)
    assert say(scene.run, cmd.Pause()) is None
    await scene.pass_time(20.0)
    assert len(scene.seen) >= 10
    assert sum(isinstance(event, ev.Paused) for event in scene.run.events) == 1
    await scene.let_go()


async def test_a_new_engine_goes_on_from_the_blocks_of_the_record() -> None:
    whole = Scene(rates=(0.008, 0.008), rps=1000.0, seed=3)
    await whole.ended()
    scene = Scene(rates=(0.008, 0.008), rps=1000.0, seed=3)
    scene.begin()
    await scene.pass_time(8.5)
    before = scene.seen[-1].readings[0]
    await scene.let_go()
    scene.serve(30.0)
    scene.begin()
    await scene.pass_time(2.5)
    after = scene.seen[-1].readings[0]
    assert after.new == before.new + 200
    assert after.old == before.old + 1800
    await scene.pass_time(300.0)
    assert scene.work is not None
    assert scene.work.result().status == "done"


async def test_a_balancer_that_gives_no_counts_is_said_and_the_next_block_is_a_long_one() -> None:
    scene = Scene(rps=1000.0)
    scene.begin()
    await scene.pass_time(2.5)
    scene.balancer.leave("no answer within 5 s")
    await scene.pass_time(4.0)
    assert scene.seen[-1].problems == (SafeText("lb01/shop gave no counts: no answer within 5 s"),)
    assert scene.seen[-1].blocks == {}
    assert scene.seen[-1].readings == scene.seen[0].readings
    scene.balancer.mend()
    await scene.pass_time(2.0)
    assert scene.seen[-1].blocks["error_rate"][0].seconds == 6.0
    assert scene.seen[-1].blocks["error_rate"][0].new == 600
    await scene.let_go()


async def test_a_balancer_that_was_restarted_gives_no_block() -> None:
    scene = Scene(rps=1000.0)
    scene.begin()
    await scene.pass_time(2.5)
    scene.balancer.incarnation = "2"
    for server in scene.balancer.servers.values():
        server.requests = server.bad = 0
    await scene.pass_time(2.0)
    assert scene.seen[-1].blocks["error_rate"][0].new == 0
    await scene.pass_time(2.0)
    assert scene.seen[-1].blocks["error_rate"][0].new == 200
    await scene.let_go()


async def test_a_new_host_that_is_silent_fails_whatever_was_counted() -> None:
    scene = Scene(rps=0.0)
    scene.begin()
    await scene.pass_time(10.0)
    scene.gates.silent = {"web01"}
    await scene.pass_time(60.0)
    assert scene.run.state.hosts["web01"].condition == "unreachable"
    assert "while new hosts were judged" in scene.run.state.hosts["web01"].detail
    await scene.let_go()


# -- what the application counts itself --------------------------------------------------------------------------------------------------------------


class ScriptedScraper:
    """Answers what a function says of a host."""

    def __init__(self, says: Callable[[str], tuple[Series, ...] | Unreadable]) -> None:
        self.says = says
        self.urls: set[str] = set()

    async def scrape(self, host: Host, url: str, names: frozenset[str], *, deadline: float) -> tuple[Series, ...] | Unreadable:
        self.urls.add(url)
        return self.says(host.name)


def scraped(scene: Scene, says: Callable[[str], tuple[Series, ...] | Unreadable], **metrics: CountedMetric) -> Scene:
    """The scene with metrics in the place of the balancer's counts."""
    scene.environment = changed(scene.environment, metrics=Metrics("http://{host}:8080/metrics", 10.0, **metrics))
    scene.scraper = ScriptedScraper(says)
    return scene


ERRORS = CountedMetric("error_rate", counter="http_total", errors={"status": "5.."})
SLOW = CountedMetric("latency", histogram="seconds", quantile=0.9)


def counters_of(scene: Scene) -> Callable[[str], tuple[Series, ...]]:
    """The balancer's numbers as an application's own."""

    def says(name: str) -> tuple[Series, ...]:
        server = scene.balancer.servers[name]
        return (
            Series("process_start_time_seconds", {}, 7.0), Series("http_total", {"status": "200"}, server.requests - server.bad),
            Series("http_total", {"status": "503"}, server.bad),
        )  # fmt: skip

    return says


async def test_errors_of_the_applications_own_counter() -> None:
    scene = Scene(rates=(0.05, 0.001))
    result = await scraped(scene, counters_of(scene), error_rate=ERRORS).ended()
    assert result is not None
    assert result.status == "failed"
    assert scene.seconds <= 21.0
    assert scene.scraper.urls == {f"http://web{number:02}:8080/metrics" for number in range(1, 11)}
    assert not any(call == "count" for call, _ in scene.balancer.calls)


async def test_slow_requests_of_a_histogram_by_a_bound_of_the_old_hosts() -> None:
    scene = Scene(rates=(0.5, 0.05))

    def says(name: str) -> tuple[Series, ...]:
        server = scene.balancer.servers[name]
        fast = server.requests - server.bad + 1000
        bounds = {"0.1": 100.0, "0.25": float(fast), "1": float(fast), "+Inf": float(server.requests + 1000)}
        return tuple(Series("seconds_bucket", {"le": bound}, count) for bound, count in bounds.items())

    result = await scraped(scene, says, latency=SLOW).ended()
    assert result is not None
    assert result.status == "failed"
    assert "slower than 250ms new" in result.detail


async def test_hosts_that_cannot_be_read_are_said_and_are_on_no_side() -> None:
    scene = Scene(rps=1000.0)
    counted = counters_of(scene)
    scraped(
        scene,
        lambda name: Unreadable(SafeText("it was cut short")) if name in ("web02", "web03", "web04", "web05", "web06") else counted(name),
        error_rate=ERRORS,
    )
    scene.begin()
    await scene.pass_time(11.0)
    (first,) = scene.seen
    assert (first.readings[0].new, first.readings[0].old) == (1000, 4000)
    assert [str(problem) for problem in first.problems] == [f"web0{number}: it was cut short" for number in (2, 3, 4)] + ["and 2 more"]
    await scene.let_go()


async def test_a_process_that_is_another_at_each_look_is_no_measurement() -> None:
    scene, looks = Scene(rps=1000.0), [0]
    counted = counters_of(scene)

    def says(name: str) -> tuple[Series, ...]:
        if name != "web01":
            return counted(name)
        looks[0] += 1
        return (Series("process_start_time_seconds", {}, float(looks[0] % 2)), *counted(name)[1:])

    scraped(scene, says, error_rate=ERRORS).begin()
    await scene.pass_time(31.0)
    assert "looks meet different processes" in scene.seen[-1].problems[0]
    assert scene.seen[-1].readings[0].new == 0
    await scene.let_go()


@pytest.mark.parametrize("seed", range(3))
async def test_a_service_without_errors_goes_on_as_so_few_are_good_enough(seed: int) -> None:
    scene = Scene(rates=(0.0, 0.0), seed=seed)
    result = await scene.ended()
    assert result is not None
    assert result.status == "done"
    assert scene.seconds < 120.0
    assert "below 0.5% on new hosts, which is good enough" in result.detail


async def test_where_a_threshold_allows_next_to_nothing_a_service_without_errors_is_inconclusive() -> None:
    scene = Scene(rates=(0.0, 0.0), analysis=30.0)
    scene.environment = changed(scene.environment, thresholds=(Threshold("error_rate", above=1e-6),))
    assert await scene.ended(60.0) is None
    assert scene.run.state.pausing is not None


async def test_nothing_is_judged_on_while_a_mistake_keeps_new_hosts_from_being_watched():
    class Wrong(Well):
        async def once(self, *asked: Any) -> GateResult:
            raise RuntimeError("a bug")

        watch = once

    scene = Scene(hosts=10)
    scene.environment = changed(scene.environment, health=an_environment(1).health)
    scene.gates = Wrong()
    scene.begin()
    await scene.pass_time(60.0)
    assert scene.work is not None
    assert scene.work.done()
    with pytest.raises(RuntimeError, match="a bug"):
        scene.work.result()
