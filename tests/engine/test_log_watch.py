"""The application's log, read beside a run: who is read, what is told, how little it may cost. Hosts are scripted."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from console.adapters.system_clock import SystemClock
from console.engine.run import log_reader, log_watch
from console.engine.run.log_watch import LogWatch
from console.model.configured_environment import Environment
from console.model.events import Event, LogKindsSeen
from console.model.host import Host
from console.model.host_commands import Command
from console.model.log_kinds import LOG_STEP, LogKind
from console.model.paged_table import Table
from console.model.plan import Plan, Steps
from console.model.state import HostCondition, HostState, RunState
from console.model.values import changed
from console.ports.feed import Output
from console.ports.hosts import Ran, Sink, Unreached
from console.safe_text import SafeText

NAMES = ("web01", "web02", "web03")
HISTORY = "".join(f"INFO page {number} in {number} ms\n" for number in range(120))


class Attended:
    """Hosts whose logs are what a test says."""

    def __init__(self) -> None:
        self.follow: dict[str, Sink] = {}
        self.begun: list[tuple[str, str]] = []
        self.history = HISTORY
        self.ends: dict[str, Ran] = {}
        self.ended: list[str] = []

    async def run(self, host: Host, body: str, run_as: str, sink: Sink, *, deadline: float) -> Ran:
        what = "logs" if "tail -n" in body else "follow"
        self.begun.append((host.name, what))
        sink(b"Welcome to this host\n")
        if host.name in self.ends:
            return self.ends[host.name]
        sink(body.split("\n", maxsplit=1)[0].removeprefix("echo ").encode() + b"\n")
        if what == "logs":
            sink(self.history.encode())
            return Ran(0)
        self.follow[host.name] = sink
        try:
            await asyncio.Event().wait()
        finally:
            self.ended.append(host.name)
        raise AssertionError

    def say(self, host: str, *lines: str) -> None:
        self.follow[host]("".join(f"{line}\n" for line in lines).encode())


class Scene:
    """A release over three hosts, of which the first one is new."""

    def __init__(self, **conditions: HostCondition) -> None:
        commands = {"logs": Command("tail -n 99 log"), "logs_follow": Command("tail -F {shared}/log")}
        self.environment = Environment("shop", "production", "/srv/shop", tuple(map(Host, NAMES)), commands=commands)
        hosts = {name: HostState(name, release="r1") for name in NAMES}
        plan = Plan("rolling", tuple((name,) for name in NAMES), Steps())
        self.state = RunState(run="run-1", phase="running", hosts=Table(hosts), plan=plan)
        self.attended = Attended()
        self.events: list[LogKindsSeen] = []
        self.told: list[Output] = []
        self.watch = LogWatch(self.environment, self.attended, SystemClock(), {}, lambda: self.state, self.record, self.told.append)

    def record(self, event: Event) -> None:
        assert isinstance(event, LogKindsSeen)
        self.events.append(event)
        self.state = changed(self.state, log_kinds=event.kinds, log_kinds_total=event.total)

    def become(self, name: str, condition: HostCondition, release: str = "r2") -> None:
        host = changed(self.state.hosts[name], condition=condition, touched=True, release=release)
        self.state = changed(self.state, hosts=self.state.hosts.put(name, host))

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[Attended]:
        work = asyncio.create_task(self.watch.run())
        await until(lambda: set(self.attended.follow) | set(self.attended.ends) == set(NAMES))
        try:
            yield self.attended
        finally:
            work.cancel()
            await asyncio.gather(work, return_exceptions=True)

    @property
    def samples(self) -> list[str]:
        return [str(kind.sample) for kind in self.state.log_kinds]


async def until(met: object) -> None:
    async with asyncio.timeout(60):
        while not met():  # type: ignore[operator]
            await asyncio.sleep(0.005)


@pytest.fixture(autouse=True)
def _fast(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_watch, "TURN", 0.01)
    monkeypatch.setattr(log_watch, "SPACING", 0.0)
    monkeypatch.setattr(log_reader, "LOOK", 0.01)
    monkeypatch.setattr(log_reader, "AGAIN", (0.01,))


async def test_a_line_that_only_a_new_host_prints_is_an_event_and_is_passed_on_and_is_taken_off_when_an_old_one_prints_it():
    scene = Scene()
    async with scene.reading() as hosts:
        scene.become("web01", "new")
        hosts.say(
            "web01", "INFO page 7 in 3 ms", "ERROR no stock for 12", "Traceback (most recent call last):", '  File "cart.py", line 3, in total', "KeyError: 12"
        )
        await until(lambda: len(scene.samples) == 2)
        assert sorted(scene.samples) == ["ERROR no stock for 12", 'KeyError: 12 (File "cart.py", line 3, in total)']
        assert scene.events[-1].compared >= 120
        assert {(one.host, one.step) for one in scene.told} == {("web01", LOG_STEP)}
        assert [str(one.text) for one in scene.told] == ["ERROR no stock for 12", "KeyError: 12", '  File "cart.py", line 3, in total']
        hosts.say("web03", "ERROR no stock for 4")
        await until(lambda: len(scene.samples) == 1)
    assert all(one == "follow" or one == "logs" for _, one in hosts.begun)
    assert set(hosts.ended) == set(NAMES), "what was read is ended on every host"


async def test_what_is_printed_before_its_own_switch_is_the_hosts_baseline_and_its_start_is_learned():
    scene = Scene()
    async with scene.reading() as hosts:
        hosts.say("web01", "ERROR the old trouble 1")
        await until(lambda: not scene.watch._heard[0].reader.waiting)
        scene.become("web01", "updating", "r1")
        hosts.say("web01", "INFO listening on 80", "INFO listening on 81", "INFO listening on 82")
        await until(lambda: not scene.watch._heard[0].reader.waiting)
        scene.become("web01", "new", "r1")
        hosts.say("web01", "ERROR the old trouble 2", *["INFO listening on 83"] * 5, "ERROR the new one")
        await until(lambda: scene.samples)
        assert scene.samples == ["ERROR the new one"]


async def test_a_host_is_read_anew_in_its_new_release_and_what_it_printed_last_is_not_counted_twice():
    scene = Scene()
    async with scene.reading() as hosts:
        scene.become("web01", "new", "r1")
        hosts.say("web01", "ERROR a at 12:00:01")
        await until(lambda: scene.samples)
        first = hosts.follow["web01"]
        scene.become("web01", "new", "r2")
        await until(lambda: hosts.follow["web01"] is not first)
        hosts.say("web01", "ERROR a at 12:00:01", "ERROR a at 12:00:02", "ERROR b")
        await until(lambda: len(scene.samples) == 2)
        assert {str(kind.sample): kind.count for kind in scene.events[-1].kinds} == {"ERROR a at 12:00:01": 2, "ERROR b": 1}


async def test_a_flood_costs_little_and_leaves_the_loop_its_turns(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(log_reader, "BYTES", 1 << 16)
    scene = Scene()
    async with scene.reading() as hosts:
        scene.become("web01", "new")
        for number in range(200):
            hosts.say("web01", *[f"ERROR {'abcdefghij'[number % 10]} {number}"] * 200)
        reader = scene.watch._heard[0].reader
        assert reader.skipped > 30_000
        assert len(reader.waiting) <= log_reader.WAITING
        await until(lambda: scene.events)
        assert len(scene.told) <= 10 * log_watch.OF_A_KIND


async def test_a_host_whose_log_never_ends_to_flow_is_read_no_more_and_that_is_said(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(log_reader, "MOST_BYTES", 1000)
    monkeypatch.setattr(log_reader, "FLOOD", 0.05)
    scene = Scene()
    async with scene.reading() as hosts:
        for _ in range(20):
            hosts.say("web02", "INFO page 1 in 1 ms" * 20)
            await asyncio.sleep(0.01)
        await until(lambda: scene.events)
        assert "web02: its log is not read: it brings more than" in scene.events[-1].problems[0]
        assert "web02" in hosts.ended


@pytest.mark.parametrize(
    ("ran", "words", "tries"),
    [
        (Ran(127, err=b"sh: journalctl: not found"), "exit code 127: sh: journalctl: not found", True),
        (Ran(None, problem=Unreached("web02", "login", SafeText("the login is refused"))), "the login is refused", False),
    ],
)
async def test_a_log_that_cannot_be_read_is_named_and_the_others_are_read(ran: Ran, words: str, tries: bool):
    scene = Scene()
    scene.attended.ends["web02"] = ran
    async with scene.reading() as hosts:
        await until(lambda: scene.events)
        assert [str(one) for one in scene.events[-1].problems] == [
            f"web02: its log is not read: {words}" if not tries else f"web02: its log is not read: its command ended with {words}"
        ]
        tried = hosts.begun.count(("web02", "follow"))
        if tries:
            await until(lambda: hosts.begun.count(("web02", "follow")) > tried)
        else:
            await asyncio.sleep(0.05)
            assert hosts.begun.count(("web02", "follow")) == tried
        scene.become("web01", "new")
        hosts.say("web01", "ERROR x")
        await until(lambda: scene.samples == ["ERROR x"])


async def test_it_ends_where_the_run_goes_back_and_says_the_last_counts():
    scene = Scene()
    async with scene.reading() as hosts:
        scene.become("web01", "new")
        hosts.say("web01", "ERROR a")
        await until(lambda: scene.samples)
        hosts.say("web02", "INFO page 1 in 1 ms")
        scene.state = changed(scene.state, phase="rolling-back")
        await until(lambda: set(hosts.ended) == set(NAMES))
        events = len(scene.events)
        hosts.follow["web01"](b"ERROR b\n")
        await asyncio.sleep(0.05)
        assert len(scene.events) == events


async def test_an_engine_that_takes_the_run_up_goes_on_with_what_is_known():
    scene = Scene()
    kind = LogKind(f"{7:016x}", "error", SafeText("ERROR x"), "web01", count=4)
    scene.state = changed(scene.state, log_kinds=(kind,), log_kinds_total=1)
    scene.become("web01", "new")
    async with scene.reading() as hosts:
        hosts.say("web01", "ERROR y")
        await until(lambda: scene.events)
        assert scene.samples == ["ERROR x", "ERROR y"]
        assert scene.events[-1].fresh != (kind.key,)
        assert ("web01", "logs") not in hosts.begun, "a host that is new has no history to compare with"


@pytest.mark.parametrize(
    ("kind", "commands", "wanted"), [("deploy", True, True), ("rollback", True, False), ("restart", True, False), ("deploy", False, False)]
)
def test_only_a_release_whose_file_says_how_is_read(kind: str, commands: bool, wanted: bool):
    scene = Scene()
    scene.state = changed(scene.state, kind=kind)
    if not commands:
        scene.watch._environment = changed(scene.environment, commands={})
    assert scene.watch.is_wanted is wanted


async def test_a_fault_in_it_is_no_fault_of_the_run(monkeypatch: pytest.MonkeyPatch):
    scene = Scene()

    async def breaks() -> None:
        raise RuntimeError("a bug")

    monkeypatch.setattr(scene.watch, "_turn", breaks)
    await scene.watch.run()
    assert scene.events == []
