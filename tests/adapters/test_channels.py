"""What a host takes at once, and links that fall away: no refusal is a dead link, no dead link a refusal, and work waits for no reader."""

import asyncio
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from console.adapters.durable_steps import DurableSteps
from console.adapters.host_inspection import HostScout
from console.adapters.metrics.proc_sampler import Machines
from console.adapters.ssh.channels import AGAIN, CHANNELS, Purpose, SshChannels
from console.adapters.ssh.pool import SshTransport
from console.core.checks.fleet import assess_fleet
from console.model.configured_environment import Environment
from console.model.host import Host, Ssh
from console.ports.feed import Sample
from console.ports.hosts import Ran, Reached, Unreached
from console.ports.steps import RemoteStep
from tests.adapters.metrics.followed import Followed
from tests.adapters.test_transport_contract import NO_CONFIG, host_of, ssh_of, transport_of
from tests.fleet import Fleet, missing
from tests.fleet.fleet import cannot_drop

LOOP = "while :; do echo tick; sleep 0.1; done"


def nothing() -> None:
    """Give no way."""


async def held(channels: SshChannels, purpose: Purpose, release: asyncio.Event, began: list[Purpose]) -> None:
    async with channels.place(purpose, nothing):
        began.append(purpose)
        await release.wait()


async def test_readers_leave_one_place_and_work_comes_first():
    channels, release, began = SshChannels(), asyncio.Event(), []
    readers = [asyncio.ensure_future(held(channels, "person", release, began)) for _ in range(CHANNELS + 3)]
    await asyncio.sleep(0)
    assert len(began) == CHANNELS - 1
    work = [asyncio.ensure_future(held(channels, "work", release, began)) for _ in range(2)]
    await asyncio.sleep(0)
    assert began.count("work") == 1
    readers[0].cancel()
    await asyncio.sleep(0.01)
    assert (began.count("work"), began.count("person")) == (2, CHANNELS - 1)
    release.set()
    await asyncio.gather(*readers, *work, return_exceptions=True)
    assert channels.has_room("numbers")


async def test_a_limit_is_what_the_host_takes_and_grows_again(monkeypatch: pytest.MonkeyPatch):
    now = 1000.0
    monkeypatch.setattr(time, "monotonic", lambda: now)
    channels, gave = SshChannels(), []
    async with channels.place("numbers", lambda: gave.append("numbers")), channels.place("work", nothing), channels.place("work", nothing):
        assert channels.shrink()
    assert (channels.limit, gave, channels.has_room("numbers"), channels.has_room("person")) == (2, ["numbers"], False, True)
    async with channels.place("work", nothing), channels.place("work", nothing):
        waiting = asyncio.ensure_future(held(channels, "work", asyncio.Event(), []))
        await asyncio.sleep(0)
        assert channels.limit == 2
        waiting.cancel()
        now += AGAIN + 1
        async with channels.place("work", nothing):
            assert channels.limit == 3


async def test_a_refusal_of_the_only_channel_is_no_matter_of_how_many():
    channels = SshChannels()
    async with channels.place("work", nothing):
        assert not channels.shrink()
    assert channels.limit == CHANNELS


@pytest.fixture(params=[1, 2, 3])
def narrow(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[Fleet, int]]:
    if reason := missing():
        pytest.skip(reason)
    with Fleet(1, tmp_path / "fleet", sshd_extra=f"Match all\n  MaxSessions {request.param}") as fleet:
        yield fleet, request.param


@pytest.mark.real
async def test_a_host_that_takes_few_sessions_is_worked_on_and_gives_no_numbers(narrow: tuple[Fleet, int]):
    fleet, sessions = narrow
    transport, host, heard = transport_of(fleet), host_of(fleet), []
    watch = Followed(Machines(transport.readers("numbers"), [host], 0.1), heard.append)
    watch.start()
    environment = Environment("shop", "production", "/srv/shop", (host,))
    seen = await HostScout(transport).examine(environment, host, deadline=60)
    assert seen.sessions == sessions or (sessions, seen.sessions) == (3, None)
    login = {check.id: check for check in assess_fleet((seen,), 1, 1, 0)}["login"]
    assert (login.status, f"MaxSessions {sessions}: no live numbers" in login.detail) == ("passed", sessions < 3), login
    following = asyncio.ensure_future(transport.readers("person").run(host, LOOP, deadline=600, sink=lambda _: None))
    try:
        for _ in range(3):
            began = time.monotonic()
            ran = await asyncio.gather(*(transport.run(host, f"sleep 0.2; echo {number}", deadline=60) for number in range(6)))
            assert [each.out for each in ran] == [b"%d\n" % number for number in range(6)], [each.problem for each in ran]
            assert time.monotonic() - began < 60
        assert await transport.sessions(host, deadline=60) == sessions
        if sessions < 3:
            heard.clear()
            await asyncio.sleep(1.5)
            assert [sample for sample in heard if sample.cpu is not None] == []
        assert not following.done()
    finally:
        following.cancel()
        await asyncio.gather(following, return_exceptions=True)
        await watch.stop()
        await transport.close()


class Held:
    """Commands on a host that go on until they are let go."""

    def __init__(self, transport: SshTransport, fleet: Fleet) -> None:
        self.transport, self.host = transport, host_of(fleet)
        self._is_let_go = asyncio.Event()
        self._tasks: list[asyncio.Task[Ran]] = []

    async def begin(self, purpose: Purpose, count: int) -> None:
        """Begin so many, and return once they run."""
        for begun in [asyncio.Event() for _ in range(count)]:
            self._tasks.append(asyncio.create_task(self._run(purpose, begun)))
            await begun.wait()

    async def _run(self, purpose: Purpose, begun: asyncio.Event) -> Ran:
        return await self.transport.run_for(
            purpose, self.host, "echo; read -r _; exit 7", self._input(), deadline=600, sink=lambda _: begun.set()
        )  # fmt: skip

    async def _input(self) -> AsyncIterator[bytes]:
        await self._is_let_go.wait()
        yield b"\n"

    async def end(self) -> list[int | None]:
        """Let them go, and return how they ended."""
        self._is_let_go.set()
        return [ran.status for ran in await asyncio.gather(*self._tasks)]


@pytest.mark.real
async def test_work_waits_for_none_of_those_who_only_read(fleet: Fleet):
    transport, host = transport_of(fleet), host_of(fleet)
    held = Held(transport, fleet)
    await held.begin("person", CHANNELS - 1)
    await held.begin("work", 1)
    ran = await transport.run(host, "echo here", deadline=60)
    assert (ran.out, ran.problem) == (b"here\n", None)
    assert await held.end() == [7] * CHANNELS
    await transport.close()


@pytest.mark.real
async def test_a_look_whether_a_busy_host_answers_ends_nothing_there(fleet: Fleet):
    transport, host = transport_of(fleet), host_of(fleet)
    held = Held(transport, fleet)
    await held.begin("work", CHANNELS)
    transport._ssh = ssh_of(fleet, connect_timeout=0.2)  # what a look at a warm connection may take
    reached = await transport.connect(host)
    assert isinstance(reached, Unreached)
    assert (reached.kind, "took no further command" in reached.message) == ("late", True), reached
    assert await held.end() == [7] * CHANNELS
    await transport.close()


@pytest.fixture
def cuttable(own_fleet: Fleet) -> Fleet:
    if reason := cannot_drop():
        pytest.skip(reason)
    return own_fleet


async def stream_of_work(transport: SshTransport, fleet: Fleet, until: asyncio.Event, seen: list[str]) -> None:
    """Ask again and again; keep what was said of a question without an answer."""
    while not until.is_set():
        ran = await transport.run(host_of(fleet), "sleep 0.02; echo here", deadline=1.0)
        if ran.problem:
            seen.append(ran.problem.kind)
        await asyncio.sleep(0)


@pytest.mark.real
@pytest.mark.parametrize("cut", [0.5, 1.6, 2.0, 2.4, 4.0])
async def test_a_link_that_fell_away_leaves_nothing_behind(cuttable: Fleet, cut: float):
    """Alive is asked each 0.5 s, four times: some cuts end before that says dead, some just then, some after."""
    transport, host, samples = transport_of(cuttable, keepalive=0.5, connect_timeout=20.0), host_of(cuttable), list[Sample]()
    watch = Followed(Machines(transport.readers("numbers"), [host], 0.1), samples.append)
    assert isinstance(await transport.connect(host), Reached)
    watch.start()
    until, seen = asyncio.Event(), list[str]()
    work = [asyncio.ensure_future(stream_of_work(transport, cuttable, until, seen)) for _ in range(6)]
    await asyncio.sleep(0.5)
    cuttable.drop("web01")
    await asyncio.sleep(cut)
    cuttable.restore("web01")
    await asyncio.sleep(3)
    until.set()
    await asyncio.gather(*work)
    assert "channel" not in seen
    assert "shell" not in seen
    began = time.monotonic()
    ran = await asyncio.gather(*(transport.run(host, "echo here", deadline=60) for _ in range(CHANNELS)))
    assert [each.out for each in ran] == [b"here\n"] * CHANNELS
    assert time.monotonic() - began < 20
    assert await transport.sessions(host, deadline=60) is None
    samples.clear()
    async with asyncio.timeout(60):
        while not any(sample.cpu is not None for sample in samples):
            await asyncio.sleep(0.05)
    await watch.stop()
    await transport.close()


@pytest.mark.real
async def test_a_link_that_is_going_down_refuses_nothing(fleet: Fleet):
    """Between the end of a link and its being closed lies one turn of the loop, in which it opens no channel."""
    transport, host = transport_of(fleet), host_of(fleet)
    for _ in range(3):
        assert isinstance(await transport.connect(host), Reached)
        link = transport.link_of(host)
        running = [asyncio.ensure_future(transport.run(host, "echo here", deadline=60)) for _ in range(4)]
        assert link.live is not None
        link.live.abort()
        assert {(await each).out for each in running} == {b"here\n"}
        assert link.channels.limit == CHANNELS
    await transport.close()


@pytest.mark.real
async def test_a_channel_that_opens_too_late_is_closed_and_runs_nothing(tmp_path: Path):
    if reason := missing() or cannot_drop():
        pytest.skip(reason)
    with Fleet(1, tmp_path / "fleet", sshd_extra="Match all\n  MaxSessions 4") as fleet:
        transport, host = transport_of(fleet, keepalive=30.0), host_of(fleet)
        assert isinstance(await transport.connect(host), Reached)
        fleet.drop("web01")
        left = await asyncio.gather(*(transport.run(host, f"touch /tmp/{number}", deadline=0.3) for number in range(4)))
        assert {each.problem.kind for each in left if each.problem} == {"late"}
        fleet.restore("web01")
        async with asyncio.timeout(60):
            ran = await asyncio.gather(*(transport.run(host, "echo here", deadline=60) for _ in range(4)))
        assert [each.out for each in ran] == [b"here\n"] * 4
        assert fleet.exec_in("web01", "ls /tmp") == ""
        await transport.close()


@pytest.mark.real
async def test_a_command_that_is_cancelled_twice_leaves_no_channel(fleet: Fleet):
    """Its input ends slowly, and nobody waits for that."""
    transport, begun, is_ending, may_end = transport_of(fleet), asyncio.Event(), asyncio.Event(), asyncio.Event()

    async def slow_to_end() -> AsyncIterator[bytes]:
        try:
            yield b"here\n"
            await asyncio.Event().wait()
        finally:
            is_ending.set()
            await may_end.wait()

    running = asyncio.create_task(transport.run(host_of(fleet), "cat - /dev/null", slow_to_end(), deadline=600, sink=lambda _: begun.set()))
    for each in (begun, is_ending):
        await each.wait()
        running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    async with asyncio.timeout(60):
        while any("cat - /dev/null" in line for line in fleet.processes("web01")):
            await asyncio.sleep(0.05)
    may_end.set()
    await transport.close()


def followers(fleet: Fleet) -> set[str]:
    """Ids of the host's processes that follow a step."""
    lines = fleet.exec_in("web01", "ps -wweo pid,args --no-headers").splitlines()
    return {line.split()[0] for line in lines if "set -- follow" in line}


@pytest.mark.real
async def test_who_followed_a_step_over_a_link_that_was_lost_follows_it_no_more(own_fleet: Fleet):
    transport, host = transport_of(own_fleet), host_of(own_fleet)
    assert (await transport.run(host, "mkdir -p ~/app/.deploy/lock/run.1", deadline=60)).ok
    step = RemoteStep("/home/deploytest/app", "run", "run.1", "restart", 1, "while [ ! -e ~/go-on ]; do sleep 0.05; done; echo here", timeout=600.0)
    out, before = bytearray(), set[str]()
    carried = asyncio.create_task(DurableSteps(transport).perform(host, step, out.extend))
    async with asyncio.timeout(60):
        while not own_fleet.exec_in("web01", "cat /home/deploytest/app/.deploy/runs/run/restart.1/pid", check=False):
            await asyncio.sleep(0.05)
        for _ in range(3):
            before |= followers(own_fleet)
            link = transport.link_of(host)
            assert link.live is not None
            link.live.abort()
            while not followers(own_fleet) - before:
                await asyncio.sleep(0.05)
        while followers(own_fleet) & before:
            await asyncio.sleep(0.05)
    own_fleet.exec_in("web01", "touch /home/deploytest/go-on")
    assert ((await carried).status, bytes(out)) == ("done", b"here\n")
    await transport.close()


@asynccontextmanager
async def silent_server(is_asked: asyncio.Event) -> AsyncIterator[Host]:
    """A host that takes connections and never says a word."""

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        is_asked.set()
        await reader.read()
        writer.close()

    async with await asyncio.start_server(meet, "127.0.0.1") as server:
        yield Host("web01", "127.0.0.1", server.sockets[0].getsockname()[1], "anybody")


@pytest.mark.parametrize("has_begun", [True, False])
async def test_who_waits_for_a_host_when_its_connections_are_let_go_of_is_told_and_not_cancelled(has_begun: bool):
    is_asked = asyncio.Event()
    transport = SshTransport(Ssh(connect_timeout=60), config=NO_CONFIG)
    async with silent_server(is_asked) as host:
        running = asyncio.create_task(transport.run(host, ":", deadline=60))
        await (is_asked.wait() if has_begun else asyncio.sleep(0))
        await transport.close()
        ran = await running
    assert ran.status is None
    assert ran.problem is not None
    assert (ran.problem.kind, "letting go" in ran.problem.message) == ("unreachable", True), ran


async def test_who_is_cancelled_while_it_waits_for_a_host_is_cancelled():
    is_asked = asyncio.Event()
    transport = SshTransport(Ssh(connect_timeout=60), config=NO_CONFIG)
    async with silent_server(is_asked) as host:
        running = asyncio.create_task(transport.run(host, ":", deadline=60))
        await is_asked.wait()
        running.cancel()
        await transport.close()
        with pytest.raises(asyncio.CancelledError):
            await running


async def test_a_host_that_was_not_reached_in_time_has_run_no_command():
    transport = SshTransport(Ssh(connect_timeout=60), config=NO_CONFIG)
    async with silent_server(asyncio.Event()) as host:
        ran = await transport.run(host, ":", deadline=0.2)
        assert ran.problem is not None
        assert (ran.problem.kind, ran.problem.message) == ("late", "web01 was not reached within 0.2 s")
        await transport.close()
