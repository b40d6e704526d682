"""What every source of numbers promises, real and scripted; and what each of them makes of what it is told."""

import asyncio
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest

from console.adapters.balancers.scripted_balancer import ScriptedBalancer
from console.adapters.metrics import proc_sampler
from console.adapters.metrics.application import Application, wanted_names
from console.adapters.metrics.balancer_counts import BalancerCounts
from console.adapters.metrics.check_times import CheckTimes
from console.adapters.metrics.proc_sampler import Machines
from console.adapters.metrics.prometheus_queries import PrometheusQueries
from console.adapters.metrics.scraper import HttpScraper
from console.adapters.metrics.scripted_source import ScriptedSource
from console.adapters.metrics.shared_looks import NotedCounts, NotedScraper
from console.adapters.promql import PromAnswer
from console.adapters.system_clock import SetClock, SystemClock
from console.adapters.this_machine import LocalTransport
from console.core.checks.health_gate import Observation
from console.model.application_metrics import CountedMetric, Metrics, QueriedMetric, Series, Unreadable
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.measurements import Measurement
from console.model.values import changed
from console.ports.hosts import Ran, Sink, Unreached
from console.ports.metric_source import MetricSource
from console.safe_text import SafeText
from tests.adapters.metrics.exporter import Exporter, exporting, has_prometheus, prometheus
from tests.adapters.metrics.followed import Followed

WEB = Host("web01", address="localhost")
ERRORS = CountedMetric("error_rate", counter="http_total", errors={"status": "5.."})
LATENCY = CountedMetric("latency", histogram="seconds", quantile=0.9)
SERVED = CountedMetric("served", counter="http_total")
METRICS = Metrics("http://{address}/metrics", 0.1, ERRORS, LATENCY, more=(SERVED,))
SHOP = Environment("shop", "production", "/srv/shop", (WEB, Host("web02")), health=(HealthCheck("Web app", "http"),), metrics=METRICS)


async def until(condition: Callable[[], object], seconds: float = 60.0) -> None:
    async with asyncio.timeout(seconds):
        while not condition():
            await asyncio.sleep(0.01)


@dataclass
class Rig:
    """A source, what makes it find something, and what takes that away."""

    source: MetricSource
    hosts: frozenset[str]
    act: Callable[[], object] = lambda: None
    lose: Callable[[], object] = lambda: None


class Cut(LocalTransport):
    """This machine, until the line is cut."""

    def __init__(self) -> None:
        super().__init__()
        self.is_cut = asyncio.Event()

    async def run(self, host: Host, script: str, data: object = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        if self.is_cut.is_set():
            return Ran(None, problem=Unreached(host.name, "unreachable", SafeText("the line is cut")))
        looking = asyncio.ensure_future(super().run(host, script, deadline=deadline, sink=sink))
        cutting = asyncio.ensure_future(self.is_cut.wait())
        try:
            await asyncio.wait((looking, cutting), return_when=asyncio.FIRST_COMPLETED)
        finally:
            looking.cancel()
            cutting.cancel()
            await asyncio.gather(looking, cutting, return_exceptions=True)
        return Ran(None, problem=Unreached(host.name, "unreachable", SafeText("the line is cut")))


@pytest.fixture
async def exporter() -> AsyncIterator[Exporter]:
    async with exporting() as one:
        yield one


@pytest.fixture(params=["scripted", "machines", "application", "balancer", "prometheus", "checks"])
async def rig(request: pytest.FixtureRequest, exporter: Exporter, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Rig]:
    clock = SystemClock()
    monkeypatch.setattr(proc_sampler, "FIRST_WAIT", 0.05)
    match request.param:
        case "scripted":
            one = ScriptedSource(interval=0.0, metrics=("cpu",))
            yield Rig(
                one, frozenset({"web01"}), lambda: one.give(Measurement("cpu", "web01", clock.mono(), value=0.5)),
                lambda: one.give(Measurement("cpu", "web01", clock.mono(), problem=SafeText("away"))),
            )  # fmt: skip
        case "machines":
            transport = Cut()
            yield Rig(Machines(transport, [WEB], 0.1, lambda host: "/srv/none"), frozenset({"web01"}), lose=transport.is_cut.set)
        case "application":
            environment = changed(SHOP, hosts=(WEB,), metrics=changed(METRICS, scrape=exporter.url))
            scraper = NotedScraper(HttpScraper(LocalTransport()), wanted_names(METRICS), clock.mono)
            source = Application(environment, scraper, clock, lambda host: {"address": "localhost"})
            yield Rig(source, frozenset({"web01", ""}), lambda: serve(exporter), lambda: setattr(exporter, "is_away", True))
        case "balancer":
            balancer = ScriptedBalancer(frozenset({"web01", "web02"}))
            yield Rig(
                BalancerCounts((NotedCounts(balancer, clock.mono),), clock, 0.05), frozenset({"web01", "web02", ""}), lambda: requests(balancer), balancer.leave
            )
        case "prometheus":
            if not has_prometheus():
                pytest.skip("needs Prometheus: apt-get install prometheus")
            asked = changed(
                SHOP, metrics=Metrics(scrape_interval=0.2, queries=(QueriedMetric("queue", "sum(queue_length)"), QueriedMetric("each", "queue_length")))
            )
            urls: list[str | None] = []
            with prometheus(tmp_path, {"web01": exporter.port}) as url:
                urls.append(url)
                source = PrometheusQueries(asked, LocalTransport(), clock, lambda: urls[-1])
                yield Rig(source, frozenset({"", "web01"}), lose=lambda: urls.append("http://127.0.0.1:9"))
        case _:
            times = CheckTimes(SHOP, clock)
            yield Rig(
                times, frozenset({"web01"}), lambda: times.hear("web01", "Web app", Observation("ok", SafeText("HTTP 200"), 12.5)),
                lambda: times.hear("web01", "Web app", Observation("bad", SafeText("connection refused"), 0.5)),
            )  # fmt: skip


def serve(exporter: Exporter) -> None:
    exporter.good += 9
    exporter.bad += 1


def requests(balancer: ScriptedBalancer) -> None:
    for server in balancer.servers.values():
        server.requests += 10
        server.bad += 1


async def test_every_source_gives_numbers_and_then_gaps_with_a_reason_and_no_zeros(rig: Rig) -> None:
    clock, source = SystemClock(), rig.source
    began = clock.mono()
    followed = Followed(source).start()
    await asyncio.sleep(0)

    def has_values() -> bool:
        rig.act()
        return {one.metric for looks in followed.looks for one in looks if one.value is not None} == set(source.metrics)

    await until(has_values)
    found = [one for looks in followed.looks for one in looks if one.value is not None]
    assert {one.host for one in found} <= rig.hosts
    assert all(began <= one.at <= clock.mono() and one.seconds >= 0 for one in found)
    rig.lose()
    await until(lambda: any(one.problem and one.value is None for one in followed.looks[-1]))
    before = len(followed.looks)
    if source.interval:
        await until(lambda: len(followed.looks) > before + 1)
    gaps = [one for looks in followed.looks[before:] for one in looks]
    assert all(one.value is None and one.problem and one.requests is None for one in gaps), gaps
    await followed.stop()
    after = len(followed.looks)
    rig.act()
    await asyncio.sleep(0.15)
    assert len(followed.looks) == after


# -- the application, by a clock that is set ------------------------------------------------------------------------------------------


class Said:
    """A scraper that answers what it was told last."""

    def __init__(self) -> None:
        self.answers: dict[str, tuple[Series, ...] | Unreadable] = {}
        self.asked: list[tuple[str, frozenset[str]]] = []

    async def scrape(self, host: Host, url: str, names: frozenset[str], *, deadline: float) -> tuple[Series, ...] | Unreadable:
        self.asked.append((url, names))
        return self.answers.get(host.name, Unreadable(SafeText("connection refused")))


def counters(good: float, bad: float = 0, life: float = 1.0, slow: float = 0) -> tuple[Series, ...]:
    every = good + bad
    return (
        Series("process_start_time_seconds", {}, life), Series("http_total", {"status": "200"}, good), Series("http_total", {"status": "500"}, bad),
        *(Series("seconds_bucket", {"le": bound}, count) for bound, count in (("0.1", every - slow), ("0.5", every), ("+Inf", every))),
    )  # fmt: skip


class Scene:
    """An application on two hosts that is read each ten seconds."""

    def __init__(self) -> None:
        self.clock, self.said = SetClock(datetime(2026, 11, 24, tzinfo=UTC), mono=1000.0), Said()
        self.noted = NotedScraper(self.said, wanted_names(METRICS), self.clock.mono)
        environment = changed(SHOP, metrics=changed(METRICS, scrape_interval=10.0))
        self.followed = Followed(Application(environment, self.noted, self.clock, lambda host: {"address": host.name})).start()

    async def look(self, **answers: tuple[Series, ...] | Unreadable) -> dict[tuple[str, str], Measurement]:
        """Let ten seconds go by, and return what was found."""
        self.said.answers = {**self.said.answers, **answers}
        before = len(self.followed.looks)
        await self.clock.advance(10.0)
        for _ in range(20):
            await asyncio.sleep(0)
        return {(one.metric, one.host): one for looks in self.followed.looks[before:] for one in looks}


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    one = Scene()
    one.said.answers = {"web01": counters(100), "web02": counters(50)}
    for _ in range(20):
        await asyncio.sleep(0)
    yield one
    await one.followed.stop()


async def test_a_first_look_is_no_number_and_the_next_one_is_for_what_lies_between(scene: Scene) -> None:
    assert scene.followed.looks == []
    found = await scene.look(web01=counters(190, 10, slow=20), web02=counters(50))
    assert found["error_rate", "web01"] == Measurement("error_rate", "web01", 1010.0, 10.0, 0.1, 100, 10)
    assert found["error_rate", "web02"] == Measurement("error_rate", "web02", 1010.0, 10.0, None, 0, 0)
    assert found["served", "web01"] == Measurement("served", "web01", 1010.0, 10.0, 10.0)
    assert found["latency", "web01"].requests == 100
    assert found["latency", "web01"].bad == 20
    assert found["latency", "web01"].value == pytest.approx(0.3)
    assert found["error_rate", ""] == Measurement("error_rate", "", 1010.0, 10.0, 0.1, 100, 10)
    assert found["latency", ""].value == pytest.approx(0.3)
    assert {url for url, _ in scene.said.asked} == {"http://web01/metrics", "http://web02/metrics"}


async def test_a_restart_is_a_gap_and_no_peak(scene: Scene) -> None:
    await scene.look(web01=counters(200))
    found = await scene.look(web01=counters(10, 5, life=2.0))
    assert (found["error_rate", "web01"].value, str(found["error_rate", "web01"].problem)) == (None, "it was restarted: its counters began anew")
    assert found["served", "web01"].value is None
    found = await scene.look(web01=counters(30, 5, life=2.0))
    assert found["error_rate", "web01"] == Measurement("error_rate", "web01", 1030.0, 10.0, 0.0, 20, 0)


async def test_looks_that_failed_are_gaps_and_the_next_one_is_longer(scene: Scene) -> None:
    for _ in range(2):
        found = await scene.look(web01=Unreadable(SafeText("connection refused")))
        assert found["error_rate", "web01"] == Measurement("error_rate", "web01", scene.clock.mono(), problem=SafeText("connection refused"))
    found = await scene.look(web01=counters(400))
    assert found["served", "web01"] == Measurement("served", "web01", 1030.0, 30.0, 10.0)


async def test_workers_that_take_turns_are_told_and_not_counted(scene: Scene) -> None:
    lives = [1.0, 2.0, 1.0, 2.0]
    for number, life in enumerate(lives):
        found = await scene.look(web01=counters(200 + number, life=life))
    assert "different processes" in str(found["error_rate", "web01"].problem)
    assert found["error_rate", "web01"].value is None


async def test_a_histogram_that_has_seen_nothing_yet_is_not_measured(scene: Scene) -> None:
    scene.said.answers = {"web01": counters(0), "web02": counters(0)}
    scene.followed.looks.clear()
    found = await scene.look()
    assert found["latency", "web01"].value is None


async def test_what_somebody_read_a_moment_ago_is_not_read_again(scene: Scene) -> None:
    asked = len(scene.said.asked)
    await scene.clock.advance(5.0)
    for host in SHOP.hosts:
        await scene.noted.scrape(host, f"http://{host.name}/metrics", frozenset({"x"}), deadline=1.0)
    assert [names >= {"x", "http_total"} for _, names in scene.said.asked[asked:]] == [True, True]
    await scene.clock.advance(5.0)
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(scene.said.asked) == asked + 2
    assert scene.followed.of("served", "web01")[-1].at == 1005.0


# -- balancers ------------------------------------------------------------------------------------------------------------------------


async def test_a_host_behind_two_balancers_is_measured_where_both_have_counted() -> None:
    clock = SetClock(datetime(2026, 11, 24, tzinfo=UTC))
    one, two = ScriptedBalancer(frozenset({"web01", "web02"}), "lb01"), ScriptedBalancer(frozenset({"web01"}), "lb02")
    followed = Followed(BalancerCounts(tuple(NotedCounts(each, clock.mono) for each in (one, two)), clock)).start()

    async def turn() -> dict[str, Measurement]:
        for each in (one, two):
            requests(each)
        before = len(followed.looks)
        await clock.advance(2.0)
        for _ in range(20):
            await asyncio.sleep(0)
        return {looks[0].host: looks[0] for looks in followed.looks[before:]}

    await turn()
    found = await turn()
    assert (found["web01"].requests, found["web01"].bad, found["web02"].requests, found[""].requests, found[""].value) == (20, 2, 10, 30, pytest.approx(0.1))
    two.leave()
    found = await turn()
    assert found["web01"].value is None
    assert "lb02 gave no counts" in str(found["web01"].problem)
    assert (found["web02"].requests, found[""].value) == (10, None)
    two.mend()
    one.incarnation = "2"
    found = await turn()
    assert "restarted" in str(found["web02"].problem)
    await followed.stop()


async def test_the_counts_of_whoever_judges_are_taken() -> None:
    clock = SetClock(datetime(2026, 11, 24, tzinfo=UTC))
    balancer = ScriptedBalancer(frozenset({"web01"}))
    noted = NotedCounts(balancer, clock.mono)
    followed = Followed(BalancerCounts((noted,), clock)).start()
    for _ in range(10):
        for _ in range(20):
            await asyncio.sleep(0)
        await clock.advance(1.0)
        await noted.count(deadline=1.0)
        await clock.advance(1.0)
    assert balancer.calls.count(("count", ())) == 11
    assert len(followed.of("error_rate", "web01")) == 10
    await followed.stop()


# -- Prometheus' answers --------------------------------------------------------------------------------------------------------------

FLEET = changed(
    SHOP, hosts=(Host("web01", address="192.0.2.1"), Host("web02", address="192.0.2.2"), Host("a", address="192.0.2.3"), Host("b", address="192.0.2.3"))
)


@pytest.mark.parametrize(
    ("answer", "told"),
    [
        ((PromAnswer({}, 3.0),), {"": 3.0}),
        ((PromAnswer({"instance": "192.0.2.1:9100"}, 3.0), PromAnswer({"host": "web02"}, 4.0)), {"web01": 3.0, "web02": 4.0}),
        ((PromAnswer({"instance": "web01"}, 3.0),), {"web01": 3.0}),
        ((PromAnswer({"instance": "192.0.2.3:9100"}, 3.0),), {"": 3.0}),
        ((), {"": "its query finds nothing"}),
        ((PromAnswer({}, float("nan")),), {"": "its query answers nan"}),
        ((PromAnswer({"job": "a"}, 1.0), PromAnswer({"job": "b"}, 2.0)), {"": "its query finds 2 numbers, not one, or one for each host: use sum() or avg()"}),
        (SafeText("HTTP 500"), {"": "HTTP 500"}),
    ],
)
def test_an_answer_is_of_hosts_where_its_labels_name_them(answer: tuple[PromAnswer, ...] | SafeText, told: dict[str, float | str]) -> None:
    source = PrometheusQueries(FLEET, LocalTransport(), SystemClock(), lambda: "")
    found = source._measured("queue", answer)
    assert {one.host: str(one.problem) or one.value for one in found} == told


@pytest.mark.parametrize(
    ("url", "words"),
    [
        (None, "secret of metrics.prometheus"), ("", "names no prometheus"), ("prometheus:9090", "is no URL that can be asked"),
        ("http://prometheus:port", "is no URL that can be asked"),
    ],
)  # fmt: skip
async def test_a_server_that_is_not_known_is_said(url: str | None, words: str) -> None:
    asked = changed(SHOP, metrics=Metrics(scrape_interval=0.1, queries=(QueriedMetric("queue", "x"),)))
    followed = Followed(PrometheusQueries(asked, LocalTransport(), SystemClock(), lambda: url)).start()
    await until(lambda: followed.looks)
    assert words in str(followed.looks[0][0].problem)
    await followed.stop()
