"""The steps of critical paths with scripted tries and a clock that goes on when it is told to; what the run makes of them is the core's own."""

import asyncio
from datetime import UTC, datetime
from typing import Any

import pytest

from console.adapters.system_clock import SetClock
from console.engine.run.critical_path_steps import AT_ONCE, try_path, wait_for_tick
from console.engine.run.step_attempt import Task
from console.model import commands as cmd
from console.model import events as ev
from console.model.configured_checks import CriticalPath
from console.model.host_commands import Command
from console.model.http_step import HttpStep
from console.model.request import Person
from console.model.values import changed
from console.ports.gates import PathSeen
from console.safe_text import SafeText
from tests.core.plans import run_of, say, until_runs
from tests.core.simulation import an_environment

EACH = CriticalPath("Login", "http", steps=(HttpStep("GET", "http://{address}/"),))
ONCE = CriticalPath("Login", "command", command=Command("smoke"))
BUY = CriticalPath("Buy", "manual", prompt="Buy something.")
STEP = "verify/critical-1"


class Scene:
    """A fleet whose hosts all have the release, at the step of a path. `verdicts`: by host, in order; the last one again and again."""

    def __init__(self, path: CriticalPath, hosts: int = 3, **verdicts: list[str]) -> None:
        self.environment = changed(an_environment(hosts, hosts), critical=(path,))
        self.run = until_runs(run_of(self.environment), STEP)
        self.clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC), self.run.now)
        self.verdicts = verdicts
        self.asked: list[tuple[str, dict[str, str]]] = []
        self.now = self.most = 0

    async def walk(self, environment: Any, path: CriticalPath, host: Any, values: dict[str, str]) -> PathSeen:
        self.asked.append((host.name, values))
        self.now += 1
        self.most = max(self.most, self.now)
        await asyncio.sleep(0)
        self.now -= 1
        left = self.verdicts.get(host.name, ["passed"])
        verdict = left.pop(0) if len(left) > 1 else left[0]
        return PathSeen(verdict, "" if verdict == "passed" else "step 1 of 1, GET /", SafeText(f"seen on {host.name}"))  # type: ignore[arg-type]

    def task(self) -> Task:
        tools: Any = type("Tools", (), {"critical": self, "clock": self.clock, "record": self.record, "live": lambda: self.run.state})
        return Task(self.environment, self.run.state, self.run.state.index[STEP], 1, tools)

    def record(self, event: ev.Event) -> None:
        self.run.record(event)

    async def ended(self, work: Any, seconds: float = 20.0) -> Any:
        """What comes of it while time goes on; None where it goes on."""
        running = asyncio.ensure_future(work)
        for _ in range(round(seconds / 0.25)):
            for _ in range(4 * len(self.environment.hosts)):
                await asyncio.sleep(0)
            if running.done():
                return running.result()
            await self.clock.advance(0.25)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
        return None

    @property
    def judged(self) -> list[tuple[str, str, int]]:
        return sorted((event.host, event.verdict, event.tries) for event in self.run.events if isinstance(event, ev.CriticalJudged))


async def settled() -> None:
    """Let everything that can go on go on."""
    for _ in range(20):
        await asyncio.sleep(0)


async def test_it_is_tried_for_each_host_with_that_host_s_values() -> None:
    scene = Scene(EACH)
    result = await scene.ended(try_path(scene.task()))
    assert (result.status, scene.judged) == ("done", [("web01", "passed", 1), ("web02", "passed", 1), ("web03", "passed", 1)])
    assert [(name, values["host"], values["address"]) for name, values in scene.asked] == [(f"web0{n}", f"web0{n}", f"web0{n}") for n in (1, 2, 3)]
    assert {"version", "commit", "release", "previous", "shared", "run", "env"} <= set(scene.asked[0][1])


async def test_a_path_that_names_no_host_is_tried_once() -> None:
    scene = Scene(ONCE)
    assert (await scene.ended(try_path(scene.task()))).status == "done"
    assert scene.judged == [("", "passed", 1)]


async def test_a_failure_is_not_tried_again_and_named() -> None:
    scene = Scene(EACH, web02=["failed", "passed"])
    result = await scene.ended(try_path(scene.task()))
    assert (result.status, result.detail) == ("failed", "web02: step 1 of 1, GET /: seen on web02")
    assert ("web02", "failed", 1) in scene.judged


@pytest.mark.parametrize(("verdicts", "status", "tries"), [
    (["error", "passed"], "done", ("web02", "passed", 2)),
    (["error", "error", "passed"], "done", ("web02", "passed", 3)),
    (["error", "failed"], "failed", ("web02", "failed", 2)),
    (["error"], "unknown", ("web02", "error", 3)),
])  # fmt: skip
async def test_what_could_not_be_measured_is_tried_again_and_is_never_a_pass(verdicts: list[str], status: str, tries: tuple[str, str, int]) -> None:
    scene = Scene(EACH, web02=verdicts)
    began = scene.clock.mono()
    assert (await scene.ended(try_path(scene.task()))).status == status
    assert tries in scene.judged
    assert scene.clock.mono() - began >= 2.0 * (tries[2] - 1)


async def test_a_large_fleet_is_not_tried_all_at_once() -> None:
    scene = Scene(EACH, hosts=60)
    assert (await scene.ended(try_path(scene.task()))).status == "done"
    assert (scene.most, len(scene.asked)) == (AT_ONCE, 60)


async def test_where_no_host_has_the_release_nothing_has_passed() -> None:
    scene = Scene(EACH, hosts=2)
    scene.run.record(*(ev.HostFailed(host=name, condition="failed", reason=SafeText("x")) for name in ("web01", "web02")))
    result = await scene.ended(try_path(scene.task()))
    assert (result.status, result.detail) == ("unknown", "not tried: no host has the new release")


async def test_a_path_that_the_file_has_no_more_is_no_pass() -> None:
    scene = Scene(EACH)
    scene.environment = changed(scene.environment, critical=())
    assert (await scene.ended(try_path(scene.task()))).status == "unknown"


async def test_a_person_is_waited_for_and_named() -> None:
    scene = Scene(BUY)
    work = asyncio.ensure_future(wait_for_tick(scene.task()))
    await settled()
    assert scene.run.state.pausing is not None
    assert (scene.run.state.pausing.reason, scene.run.state.pausing.cause) == ("critical path Buy: Buy something.", "manual")
    assert say(scene.run, cmd.Acknowledge(check="Buy")) is None
    result = await scene.ended(work)
    assert (result.status, result.detail) == ("done", "ticked off by ada")
    assert scene.run.state.pausing is None


async def test_it_asks_once_and_again_where_somebody_ended_another_pause() -> None:
    scene = Scene(BUY)
    scene.run.record(ev.Paused(reason=SafeText("by ada"), by=Person("ada")))
    work = asyncio.ensure_future(wait_for_tick(scene.task()))
    await settled()
    assert scene.run.state.pausing.reason == "by ada"  # type: ignore[union-attr]
    scene.run.record(ev.Continued())
    await scene.ended(work, 2.0)
    assert [event.cause for event in scene.run.events if isinstance(event, ev.Paused)] == ["operator", "manual"]


async def test_a_tick_that_was_given_beforehand_counts_and_is_told_as_that() -> None:
    scene = Scene(BUY)
    scene.run.state = changed(scene.run.state, request=changed(scene.run.state.request, acks=("Buy",)))
    result = await scene.ended(wait_for_tick(scene.task()))
    assert (result.status, result.detail) == ("done", "ticked off beforehand by ada (--ack)")
    assert scene.run.state.pausing is None


async def test_a_run_that_makes_way_is_not_paused_for_a_path_any_more():
    scene = Scene(BUY)
    scene.record(ev.Superseded(by_run="r2", by=Person("lin", 2), hosts=()))
    assert await scene.ended(wait_for_tick(scene.task()), 3.0) is None
    assert (scene.run.state.superseded_by, scene.run.state.pausing) == ("r2", None)
