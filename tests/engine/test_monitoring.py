"""The monitoring window: who is judged, at the same time, by which clock. Gates are scripted; the clock goes on when it is told to."""

import asyncio
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any, Literal

import pytest

from console.adapters.system_clock import SetClock
from console.engine.run import window_health
from console.engine.run.executor import FleetExecutor
from console.engine.run.step_attempt import Task
from console.engine.run.window_health import Monitoring
from console.model import events as ev
from console.model.configured_checks import HealthCheck
from console.model.configured_environment import Environment
from console.model.host import Host
from console.model.host_set import HostSet
from console.model.plan import Step
from console.model.state import AnalysisState, HostState, Pausing, RunState, StepState
from console.model.tally import Tally
from console.model.thresholds import Breached, Threshold, ThresholdState
from console.model.values import changed
from console.ports.gates import GateResult
from console.ports.hosts import ProblemKind, Unreached
from console.safe_text import SafeText

STEP = Step("verify/monitor", "monitor", "verify", SafeText("watch"), timeout=160.0)
CHECK = HealthCheck("Web", "tcp", port=80, deadline=20.0, interval=1.0)
Verdict = Literal["passed", "failed", "error"]


class Scripted:
    """Gates that say what a function says of a host and a time."""

    def __init__(self, clock: SetClock, verdict: Callable[[str, float], Verdict]) -> None:
        self.clock = clock
        self.verdict = verdict
        self.silent: Callable[[str, float], bool] = lambda host, now: False
        self.takes: dict[str, float] = {}
        self.asked: list[tuple[str, float]] = []
        self.called: list[tuple[str, float]] = []
        self.kind: ProblemKind = "unreachable"
        self.now_asked = self.most_asked = 0

    async def once(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        self.asked.append((host.name, self.clock.mono()))
        self.now_asked += 1
        self.most_asked = max(self.most_asked, self.now_asked)
        await self.clock.sleep(self.takes.get(host.name, 0.0))
        self.now_asked -= 1
        return GateResult(self.verdict(host.name, self.clock.mono()), 1, 1, 0.0, SafeText("seen"))

    async def watch(self, environment: Environment, host: Host, check: HealthCheck, values: Mapping[str, str]) -> GateResult:
        until = self.clock.mono() + check.deadline
        while True:
            found = await self.once(environment, host, check, values)
            if found.verdict == "passed" or self.clock.mono() >= until:
                return found
            await self.clock.sleep(1.0)

    async def unreached(self, host: Host) -> Unreached | None:
        self.called.append((host.name, self.clock.mono()))
        return Unreached(host.name, self.kind, SafeText("no answer")) if self.silent(host.name, self.clock.mono()) else None


class Scene:
    """A fleet that is new, in its window of 100 s, which began at 1000 s."""

    def __init__(self, hosts: int, verdict: Callable[[str, float], Verdict] = lambda host, now: "passed", checks: tuple[HealthCheck, ...] = (CHECK,)) -> None:
        names = [f"web{number:02}" for number in range(1, hosts + 1)]
        self.clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC), 1000.0)
        self.gates = Scripted(self.clock, verdict)
        self.environment = Environment("shop", "production", "/srv/shop", tuple(map(Host, names)), health=checks, monitor=100.0)
        self.state = RunState(
            run="r1", hosts={name: HostState(name, condition="new") for name in names}, steps={STEP.name: StepState("running", started=1000.0)}
        )
        self.told: list[ev.HostFailed] = []
        tools: Any = type("Tools", (), {"gates": self.gates, "clock": self.clock, "record": self.record, "live": lambda: self.state})
        self.work = asyncio.ensure_future(Monitoring(Task(self.environment, self.state, STEP, 1, tools)).run())

    def record(self, event: ev.HostFailed) -> None:
        self.told.append(event)
        self.become(event.host, event.condition)

    def become(self, host: str, condition: str) -> None:
        self.state = changed(self.state, hosts={**self.state.hosts, host: changed(self.state.hosts[host], condition=condition)})

    async def at(self, seconds: float) -> None:
        """Let time go on to that second of the window."""
        while self.clock.mono() < 1000.0 + seconds:
            await self.clock.advance(0.5)
            for _ in range(20):
                await asyncio.sleep(0)

    async def ended(self, within: float = 300.0) -> float:
        """Return the second of the window at which it ended."""
        while not self.work.done():
            assert self.clock.mono() < 1000.0 + within
            await self.at(self.clock.mono() - 1000.0 + 0.5)
        assert self.work.result().status == "done"
        return self.clock.mono() - 1000.0


async def test_a_window_is_as_long_as_it_is_and_each_host_has_the_last_word_after_its_end():
    scene = Scene(3)
    assert 100.0 <= await scene.ended() <= 103.0
    assert scene.told == []
    for name in scene.state.hosts:
        assert max(now for host, now in scene.gates.asked if host == name) >= 1100.0


async def test_a_host_that_is_tried_again_in_it_is_watched_for_the_whole_window_though_no_other_is_new():
    scene = Scene(1)
    fleet = HostSet(scene.state.hosts)
    await scene.at(50.0)
    scene.become("web01", "updating")
    scene.state = changed(scene.state, tally=Tally(nobody=fleet, conditions={"updating": fleet.only(["web01"])}))
    await scene.at(130.0)
    assert not scene.work.done()
    scene.become("web01", "new")
    scene.state = changed(scene.state, tally=Tally(nobody=fleet), taken_late=scene.clock.mono())
    assert 230.0 <= await scene.ended() <= 234.0
    assert scene.told == []


async def test_an_engine_that_takes_it_up_goes_on_with_the_window_and_begins_no_other():
    scene = Scene(1)
    scene.clock._move(1090.0)
    assert 100.0 <= await scene.ended() <= 103.0


async def test_a_host_that_hangs_keeps_no_other_waiting_and_no_more_are_asked_than_may_be(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(window_health, "AT_ONCE", 8)
    scene = Scene(40)
    scene.gates.takes = {"web01": 30.0}
    await scene.at(25.0)
    assert min(sum(host == name for host, _ in scene.gates.asked) for name in scene.state.hosts if name != "web01") >= 10
    assert scene.gates.most_asked <= 8
    scene.work.cancel()


@pytest.mark.parametrize(
    ("verdict", "silent", "condition"),
    [("failed", False, "failed"), ("error", False, "unknown"), ("error", True, "unreachable"), ("passed", True, "unreachable")],
)
async def test_a_host_that_stays_unwell_is_said_to_be_and_the_others_are_watched_on(verdict: Verdict, silent: bool, condition: str):
    scene = Scene(3, lambda host, now: verdict if host == "web02" and now > 1040.0 else "passed")
    scene.gates.silent = lambda host, now: silent and host == "web02" and now > 1040.0
    assert await scene.ended() >= 100.0
    assert [(event.host, event.condition) for event in scene.told] == [("web02", condition)]
    assert "within the monitoring window" in scene.told[0].reason


@pytest.mark.parametrize("flap", [1.0, 5.0, 15.0])
@pytest.mark.parametrize("begins", [10.0, 60.0, 95.0, 99.5])
@pytest.mark.parametrize("checks", [(CHECK,), ()])
async def test_a_flap_that_is_shorter_than_the_patience_is_no_loss(flap: float, begins: float, checks: tuple[HealthCheck, ...]):
    def is_flapping(host: str, now: float) -> bool:
        return host == "web01" and 1000.0 + begins <= now < 1000.0 + begins + flap

    scene = Scene(2, lambda host, now: "error" if is_flapping(host, now) else "passed", checks)
    scene.gates.silent = is_flapping
    assert await scene.ended() >= 100.0
    assert scene.told == []


@pytest.mark.parametrize("dies", [0.0, 1.0, 50.0, 98.0, 99.9])
@pytest.mark.parametrize("checks", [(CHECK,), ()])
async def test_a_host_that_dies_in_the_window_is_never_left_new(dies: float, checks: tuple[HealthCheck, ...]):
    scene = Scene(3, lambda host, now: "error" if host == "web03" and now >= 1000.0 + dies else "passed", checks)
    scene.gates.silent = lambda host, now: host == "web03" and now >= 1000.0 + dies
    await scene.ended()
    assert [host.condition for host in scene.state.hosts.values()] == ["new", "new", "unreachable"]


@pytest.mark.parametrize("condition", ["skipped", "returning", "back"])
async def test_a_host_that_is_taken_back_meanwhile_is_not_judged_any_more(condition: str):
    scene = Scene(2, lambda host, now: "failed" if host == "web02" and now > 1050.0 else "passed")
    await scene.at(40.0)
    scene.become("web02", condition)
    await scene.ended()
    assert scene.told == []
    assert max(now for host, now in scene.gates.asked if host == "web02") <= 1041.0


async def test_a_host_that_becomes_new_within_the_window_is_judged_too():
    scene = Scene(2, lambda host, now: "failed" if host == "web02" and now > 1060.0 else "passed")
    scene.become("web02", "updating")
    await scene.at(30.0)
    assert {host for host, _ in scene.gates.asked} == {"web01"}
    scene.become("web02", "new")
    await scene.ended()
    assert [event.host for event in scene.told] == ["web02"]


async def test_silence_is_not_held_against_a_host_while_a_person_is_asked_about_the_network():
    scene = Scene(2, lambda host, now: "error" if host == "web01" and now < 1150.0 else "passed")
    scene.gates.silent = lambda host, now: host == "web01" and now < 1150.0
    scene.state = changed(scene.state, pausing=Pausing(SafeText("lost together"), "network", 1000.0))
    assert await scene.ended() >= 150.0
    assert scene.told == []


@pytest.mark.parametrize(("kind", "most"), [("login", 2), ("changed-key", 2), ("unknown-key", 2), ("unreachable", 100)])
async def test_a_refused_login_is_tried_once_more_and_not_again_and_again(kind: ProblemKind, most: int):
    scene = Scene(2)
    scene.gates.kind = kind
    scene.gates.silent = lambda host, now: host == "web02" and now >= 1050.0
    await scene.ended()
    assert [(event.host, event.condition) for event in scene.told] == [("web02", "unreachable")]
    assert 2 <= sum(host == "web02" and now >= 1050.0 for host, now in scene.gates.called) <= most


async def test_a_large_fleet_is_asked_so_many_hosts_a_second():
    scene = Scene(400)
    await scene.at(40.0)
    seconds = [int(now) for _, now in scene.gates.asked]
    assert max(map(seconds.count, set(seconds))) <= 2 * window_health.PER_SECOND
    assert {host for host, _ in scene.gates.asked} == set(scene.state.hosts)
    scene.work.cancel()


async def test_a_host_that_is_not_in_the_file_any_more_has_given_no_last_word():
    clock = SetClock(datetime(2026, 3, 1, tzinfo=UTC), 1000.0)
    outside: Any = type(
        "Outside",
        (),
        {
            **dict.fromkeys(("locks", "steps", "shipper", "workshop", "database")),
            "balancers": (),
            "counters": (),
            "scraper": None,
            "critical": None,
            "gates": Scripted(clock, lambda *_: "passed"),
        },
    )
    environment = Environment("shop", "production", "/srv/shop", (Host("web01"),), file="/etc/hosts.toml")
    lost, answered = await FleetExecutor(environment, outside, clock, {}, lambda item: None).ask(RunState(), ("web01", "web02"))
    assert isinstance(lost, ev.HostFailed)
    assert isinstance(answered, ev.HostsAnswered)
    assert (lost.host, lost.condition, "not in /etc/hosts.toml any more" in lost.reason) == ("web02", "unreachable", True)
    assert answered.hosts == ("web01",)


async def test_a_window_that_somebody_extends_goes_on():
    scene = Scene(2)
    await scene.at(50.0)
    scene.state = changed(scene.state, window=40.0)
    assert 140.0 <= await scene.ended() <= 143.0


async def test_a_window_that_somebody_ends_is_over_once_each_host_has_had_its_last_word():
    scene = Scene(2)
    await scene.at(50.2)
    scene.state = changed(scene.state, analyses={STEP.name: AnalysisState(promoted=True)})
    assert await scene.ended() <= 53.0
    assert all(max(now for host, now in scene.gates.asked if host == name) > 1050.0 for name in scene.state.hosts)


async def test_a_window_does_not_end_while_a_metric_is_above_its_limit_and_hosts_are_watched_on():
    scene = Scene(2, lambda host, now: "failed" if host == "web02" and now >= 1150.0 else "passed")
    threshold = Threshold("error_rate", above=0.01)
    known = ThresholdState(threshold, Breached(), 1000.0)
    scene.state = changed(scene.state, phase="running", switched=900.0, thresholds={threshold.key: known})
    await scene.at(180.0)
    assert not scene.work.done()
    assert [event.host for event in scene.told] == ["web02"]
    scene.state = changed(scene.state, thresholds={threshold.key: changed(known, tolerated=True)})
    assert await scene.ended() <= 184.0
