"""The engine's numbers: sampled once for all who look, kept, told, and gone on with after a run."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from types import SimpleNamespace
from typing import Any

import pytest

from console.adapters.metrics.scripted_source import ScriptedSource
from console.adapters.system_clock import SetClock
from console.engine.metrics.metrics_sampler import AFTER_FAULT, AFTER_RUN, BESIDE_RUN, MetricKeeper, NoMeasurements, sample_of
from console.engine.queries.for_screens import answer_numbers, follow_numbers
from console.engine.run.before_and_after import KeptBeside
from console.model.application_metrics import Metrics, QueriedMetric
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.measurements import Measurement
from console.model.number_history import NumbersSeen
from console.model.request import Person
from console.model.thresholds import Threshold
from console.model.values import changed
from console.ports.feed import Output, Sample
from console.ports.metric_source import Take
from console.safe_text import SafeText

SHOP = Environment("shop", "production", "/srv/shop", (Host("web01"), Host("web02")))


def cpu(at: float, host: str = "web01") -> Measurement:
    return Measurement("cpu", host, at, value=0.5)


async def settle() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


class Scene:
    def __init__(self) -> None:
        self.clock = SetClock(datetime(2026, 11, 24, tzinfo=UTC), mono=100.0)
        self.machines, self.balancer = ScriptedSource(), ScriptedSource("balancer", 2.0, ("error_rate",))
        self.keeper = MetricKeeper(self.clock)
        self.heard: list[Sample] = []


@pytest.fixture
async def scene() -> AsyncIterator[Scene]:
    one = Scene()
    await one.keeper.use(SHOP, (one.machines, one.balancer))
    yield one
    await one.keeper.stop()


async def test_each_source_is_followed_once_however_many_look_and_not_at_all_when_nobody_does(scene: Scene) -> None:
    scene.machines.give(cpu(101))
    assert scene.machines.followers == 0
    with scene.keeper.heard(scene.heard.append), scene.keeper.heard(scene.heard.append):
        await settle()
        scene.machines.give(cpu(102))
        assert (scene.machines.followers, scene.balancer.followers, len(scene.heard)) == (1, 1, 2)
    await settle()
    scene.machines.give(cpu(103))
    assert [one.at for one in scene.keeper.window("cpu", 0, 999)["web01"]] == [102]


class SlowToEnd(ScriptedSource):
    """A source that is not let go of at once, as one behind a slow link."""

    async def follow(self, take: Take) -> None:
        try:
            await super().follow(take)
        finally:
            for _ in range(10):
                await asyncio.sleep(0)


async def test_who_comes_and_goes_while_it_is_being_ended_leaves_nothing_going_on(scene: Scene) -> None:
    slow = SlowToEnd()
    await scene.keeper.use(SHOP, (slow,))
    with scene.keeper.heard(scene.heard.append):
        await settle()
    for _ in range(3):
        await asyncio.sleep(0)
    assert not slow._takes
    with scene.keeper.heard(scene.heard.append):
        await asyncio.sleep(0)
        assert len(slow._takes) == 1
    for _ in range(5):
        await settle()
    assert not slow._takes


async def test_it_goes_on_for_an_hour_after_a_run(scene: Scene) -> None:
    with scene.keeper.heard(scene.heard.append, linger=AFTER_RUN):
        await settle()
    await scene.clock.advance(AFTER_RUN - 1)
    scene.machines.give(cpu(scene.clock.mono()))
    assert len(scene.keeper.window("cpu", 0, 99999)["web01"]) == 1
    assert scene.heard == []
    with scene.keeper.heard(scene.heard.append):
        await scene.clock.advance(10)
        scene.machines.give(cpu(scene.clock.mono()))
    await settle()
    scene.machines.give(cpu(scene.clock.mono()))
    assert (len(scene.keeper.window("cpu", 0, 99999)["web01"]), len(scene.heard), scene.machines.followers) == (2, 1, 1)


async def test_another_model_is_sampled_at_once_where_somebody_looks_and_hosts_that_are_gone_are_forgotten(scene: Scene) -> None:
    with scene.keeper.heard(scene.heard.append):
        await settle()
        scene.machines.give(cpu(101))
        scene.machines.give(cpu(101, "web02"))
        other = ScriptedSource()
        await scene.keeper.use(Environment("shop", "production", "/srv/shop", (Host("web02"),)), (other,))
        await settle()
        scene.machines.give(cpu(102, "web02"))
        other.give(cpu(103, "web02"))
        assert {host: [one.at for one in looks] for host, looks in scene.keeper.window("cpu", 0, 999).items()} == {"web02": [101, 103]}


async def test_a_source_with_a_mistake_of_ours_is_followed_again_and_holds_no_other_up(scene: Scene, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(ScriptedSource):
        async def follow(self, take: Take) -> None:
            self.followers += 1
            raise ZeroDivisionError

    broken = Broken()
    await scene.keeper.use(SHOP, (broken, scene.machines))
    with scene.keeper.heard(scene.heard.append):
        await settle()
        scene.machines.give(cpu(101))
        await scene.clock.advance(AFTER_FAULT)
        assert (broken.followers, len(scene.heard)) == (2, 1)
    assert "numbers of machine" in caplog.text


async def test_one_who_follows_hears_what_each_source_says_of_a_host(scene: Scene) -> None:
    feed = follow_numbers(scene.keeper)
    first = asyncio.ensure_future(anext(feed))
    await settle()
    scene.machines.give(cpu(101), Measurement("disk", "web01", 101, value=0.25))
    scene.balancer.give(Measurement("error_rate", "web01", 101, 2.0, 0.5, 10, 5))
    scene.balancer.give(Measurement("error_rate", "", 101, 2.0, problem=SafeText("lb01 is away")))
    found = [await first, await anext(feed), await anext(feed)]
    assert found == [
        Sample("web01", 101, 0.5, extra={"disk": 0.25}),
        Sample("web01", 101, extra={"error_rate": 0.5}, source="balancer", counts={"error_rate": (10, 5)}),
        Sample("", 101, extra={"error_rate": None}, source="balancer", problem=SafeText("lb01 is away")),
    ]
    await feed.aclose()  # type: ignore[attr-defined]
    await settle()
    assert scene.machines.followers == 1


def test_without_sources_nothing_is_known() -> None:
    assert NoMeasurements().window("cpu", 0, 99) == {}
    assert sample_of("checks", (Measurement("check:Web", "web01", 1, value=0.01),)).extra == {"check:Web": 0.01}


async def test_what_was_before_a_run_and_comes_after_it_is_kept_with_it(scene: Scene) -> None:
    kept: list[tuple[str, Sample, float]] = []

    def keep(run: str, item: Output | Sample, ago: float = 0.0) -> None:
        assert isinstance(item, Sample)
        kept.append((run, item, ago))

    with scene.keeper.heard(scene.heard.append, linger=AFTER_RUN):
        await settle()
        scene.machines.give(cpu(100, "web02"), Measurement("disk", "web02", 100, value=0.25))
        scene.machines.give(cpu(99))
        scene.balancer.give(Measurement("error_rate", "web01", 99.5, 2.0, 0.5, 10, 5))
        await scene.clock.advance(20)
        beside = KeptBeside(scene.keeper, scene.clock, "r1", keep)
        await beside.keep_before()
        assert [(run, one.host, one.source, ago) for run, one, ago in kept] == [
            ("r1", "web01", "machine", 21),
            ("r1", "web01", "balancer", 20.5),
            ("r1", "web02", "machine", 20),
        ]
        assert kept[1][1].counts == {"error_rate": (10, 5)}
        assert kept[2][1].extra == {"disk": 0.25}
        scene.machines.give(cpu(121))
    kept.clear()
    beside.go_on()
    scene.machines.give(cpu(122))
    await scene.clock.advance(BESIDE_RUN + 1)
    scene.machines.give(cpu(800))
    assert [one.at for _, one, _ in kept] == [122]
    beside.go_on()
    await KeptBeside(scene.keeper, scene.clock, "r2", keep).keep_before()
    kept.clear()
    scene.machines.give(cpu(801))
    assert kept == []


async def test_a_screen_that_joins_is_told_of_the_hour_before_it(scene: Scene) -> None:
    environment = changed(SHOP, thresholds=(Threshold("cpu", 0.9),), metrics=Metrics(queries=(QueriedMetric("queue", "x"),)))
    with scene.keeper.heard(scene.heard.append):
        await settle()
        for at in range(0, 100, 10):
            scene.machines.give(cpu(at), Measurement("load", "web01", at, value=1.0))
            scene.machines.give(Measurement("cpu", "web02", at, value=1.0))
        scene.balancer.give(Measurement("queue", "", 90, problem=SafeText("Prometheus is away")))
        context: Any = SimpleNamespace(metrics=scene.keeper, clock=scene.clock, environment=environment)
        seen = await answer_numbers(context, {"span": 3600, "new": {"web02": 50.0}}, Person("ada"))
        assert [(one.name, one.limits) for one in seen.infos][:2] == [("queue", ()), ("cpu", (0.9,))]
        assert (seen.now, seen.problems) == (100.0, {"queue": SafeText("Prometheus is away")})
        curve = next(one for one in seen.curves if one.metric == "cpu")
        assert (curve.at[0], curve.at[-1], set(curve.value), curve.highest[0]) == (10.0, 100.0, {0.75}, 1.0)
        assert (curve.new[0], curve.new[-1], curve.old[0], curve.old[-1]) == (None, 1.0, 0.75, 0.5)
        one = await answer_numbers(context, {"span": 60, "host": "web02"}, Person("ada"))
        assert {curve.metric: curve.value for curve in one.curves} == {"cpu": (1.0,) * 5}
        assert one.problems == {}
    assert await answer_numbers(SimpleNamespace(metrics=None, clock=scene.clock), {}, Person("ada")) == NumbersSeen(now=100.0)  # type: ignore[arg-type]
