"""What is recorded is folded at once and written in groups; nothing is claimed, shown or begun before it is on the disk."""

import asyncio
from datetime import UTC, datetime

import pytest

from console.adapters.journal.memory import MemoryJournal
from console.adapters.system_clock import SetClock
from console.core.plan.long_plans import PIECE
from console.core.run.evolve import fold
from console.engine.run.run_record import RunRecord
from console.engine.run.runner import AT_A_TIME, Runner
from console.errors import ConsoleError
from console.model import commands as cmd
from console.model import events as ev
from console.model.commands import Accepted
from console.model.plan import Plan, Step, Steps
from console.model.state import RunState
from console.safe_text import SafeText
from tests.core.simulation import ADA, an_environment, opening

HOSTS = 200


class SlowDisk(MemoryJournal):
    """A journal whose writes wait until they are let through, and fail while the disk is full."""

    def __init__(self) -> None:
        super().__init__()
        self.through = asyncio.Event()
        self.is_full = False
        self.groups: list[int] = []

    async def append(self, run, events, state):
        await self.through.wait()
        if self.is_full:
            raise ConsoleError("no room left")
        await super().append(run, events, state)
        self.groups.append(len(events))


@pytest.fixture
async def disk():
    return SlowDisk()


def a_record(disk, heard, lost=None):
    clock = SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC))
    return RunRecord(disk, clock, heard.extend, lost if lost is not None else lambda fault: None)


def a_note(text="seen"):
    return ev.NoteAdded(by=ADA, text=SafeText(text))


async def turns(count=20):
    for _ in range(count):
        await asyncio.sleep(0)


async def test_nobody_hears_of_what_is_not_on_the_disk_and_what_waits_goes_together(disk):
    heard: list[ev.Event] = []
    record = a_record(disk, heard)
    record.record(*opening(an_environment(3)))
    writing = asyncio.create_task(record.write(a_note("one")))
    await turns()
    for number in range(50):
        record.record(a_note(str(number)))
    await turns()
    assert (heard, writing.done(), len(record.state.notes)) == ([], False, 51)
    disk.through.set()
    (found,) = await writing
    await record.settled()
    assert heard == list(await disk.read("r1"))
    assert found in heard
    assert disk.groups == [len(opening(an_environment(3))) + 1, 50]
    assert record.state == fold(heard)


async def test_what_cannot_be_written_has_not_happened_and_what_comes_after_it_neither(disk):
    heard, lost = [], []
    record = a_record(disk, heard, lost.append)
    disk.through.set()
    await record.write(*opening(an_environment(3)))
    before, disk.is_full = record.state, True
    disk.through.clear()
    first = asyncio.create_task(record.write(a_note("one")))
    await turns()
    record.record(a_note("two"))
    second = asyncio.create_task(record.write(a_note("three")))
    await turns()
    disk.through.set()
    answers = await asyncio.gather(first, second, return_exceptions=True)
    assert [str(fault) for fault in answers] == ["no room left", "no room left"]
    assert (record.state, len(heard), len(lost)) == (before, before.seq, 1)
    disk.is_full = False
    (again,) = await record.write(a_note("four"))
    assert again.seq == before.seq + 1
    assert list(await disk.read("r1")) == heard


async def test_one_who_waits_hears_of_a_full_disk_alone(disk):
    lost = []
    record = a_record(disk, [], lost.append)
    disk.through.set()
    disk.is_full = True
    with pytest.raises(ConsoleError, match="no room left"):
        await record.write(*opening(an_environment(3)))
    assert (lost, record.state) == ([], RunState())
    await record.settled()


class Executor:
    """Does what a run asks for, and notes it."""

    def __init__(self) -> None:
        self.began: list[str] = []
        self.ends = asyncio.Event()

    async def perform(self, state, step, attempt):
        self.began.append(step.name)
        await self.ends.wait()
        return ev.StepFinished(step=step.name, host=step.about, attempt=attempt)

    async def cancel(self, state, step, attempt):
        raise AssertionError("nothing is given up")

    async def ask(self, state, hosts):
        return (ev.HostsAnswered(hosts=hosts),)

    async def take_locks(self, state):
        return ev.LocksTaken(epoch=1, hosts=tuple(state.hosts))

    async def hold_again(self, state):
        return None

    async def rest(self):
        return None

    async def let_go(self, state):
        return ev.LocksReleased(hosts=state.locked_hosts)


async def test_no_step_begins_before_it_is_on_the_disk_and_two_hundred_begin_with_few_writes(disk):
    environment, executor, heard = an_environment(HOSTS, HOSTS), Executor(), []
    runner = Runner(environment, disk, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), executor, heard.extend)
    disk.through.set()
    await runner.write(*opening(environment)[:-1])
    running = asyncio.create_task(runner.run())
    async with asyncio.timeout(60):
        while not executor.began:
            await asyncio.sleep(0)
    disk.through.clear()
    before = list(executor.began)
    executor.ends.set()
    await turns(200)
    assert executor.began == before
    disk.groups.clear()
    disk.through.set()
    async with asyncio.timeout(120):
        state = await running
    assert (state.phase, state.exit) == ("ended", 0)
    steps = sum(isinstance(event, ev.StepStarted) for event in heard)
    assert len(disk.groups) < steps / AT_A_TIME * 2, (len(disk.groups), steps)
    assert sum(isinstance(event, ev.StepFinished) for event in heard) == steps
    assert fold(heard) == state == fold(await disk.read("r1"))


async def test_the_end_of_a_step_and_the_beginning_of_the_next_one_are_one_write(disk):
    environment, executor = an_environment(3, 1), Executor()
    executor.ends.set()
    groups: list[tuple[ev.AnyEvent, ...]] = []
    runner = Runner(environment, disk, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), executor, groups.append)
    disk.through.set()
    await runner.write(*opening(environment)[:-1])
    async with asyncio.timeout(60):
        await runner.run()
    steps = [[type(event) for event in group if isinstance(event, ev.StepStarted | ev.StepFinished)] for group in groups]
    between = [kinds for kinds in steps if kinds][1:-1]
    assert len(between) > 6
    assert all(kinds[0] is ev.StepFinished and kinds[-1] is ev.StepStarted for kinds in between), between


async def test_a_command_comes_between_the_beginnings_of_a_wave(disk):
    class OnHosts(Executor):
        async def perform(self, state, step, attempt):
            return await super().perform(state, step, attempt) if step.about else ev.StepFinished(step=step.name, attempt=attempt)

    environment, executor = an_environment(HOSTS, HOSTS), OnHosts()
    runner = Runner(environment, disk, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), executor, lambda events: None)
    disk.through.set()
    await runner.write(*opening(environment))
    running = asyncio.create_task(runner.run())
    async with asyncio.timeout(60):
        while not (started := sum(host.step != "" for host in runner.state.hosts.values())):
            await asyncio.sleep(0)
        assert started < HOSTS
        assert isinstance(await runner.submit(cmd.Pause(), ADA), Accepted)
        while not executor.began:
            await asyncio.sleep(0)
        await turns(200)
        assert started <= len(executor.began) < HOSTS
        assert len(executor.began) == sum(host.step != "" for host in runner.state.hosts.values())
        executor.ends.set()
        assert isinstance(await runner.submit(cmd.Continue(), ADA), Accepted)
        state = await running
    assert (state.phase, state.exit) == ("ended", 0)


async def test_an_answer_is_on_the_disk_and_names_its_place(disk):
    environment = an_environment(3)
    runner = Runner(environment, disk, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), Executor(), lambda events: None)
    disk.through.set()
    await runner.write(*opening(environment))
    disk.through.clear()
    said = asyncio.create_task(runner.submit(cmd.Note(text=SafeText("seen")), ADA))
    await turns()
    assert not said.done()
    assert len(await disk.read("r1")) == len(opening(environment))
    runner.record(a_note())
    disk.through.set()
    assert await said == Accepted(len(opening(environment)) + 1)


async def test_an_answer_that_is_written_in_pieces_names_the_place_of_the_last_one(disk, monkeypatch):
    environment = an_environment(3)
    runner = Runner(environment, disk, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), Executor(), lambda events: None)
    disk.through.set()
    await runner.write(*opening(environment))
    steps = Steps(Step(f"back/{number}", "gate", "rollback", SafeText("gate"), timeout=1.0) for number in range(PIECE + 1))
    monkeypatch.setattr("console.engine.run.runner.accept", lambda *_: (ev.RollbackBegan(plan=Plan("rollback", (), steps), reason=SafeText("asked for")),))
    answer = await runner.submit(cmd.RollBack(), ADA)
    last = (await disk.read("r1"))[-1]
    assert isinstance(last, ev.RollbackBegan)
    assert answer == Accepted(last.seq)


@pytest.mark.parametrize("later", range(6))
async def test_a_run_that_waits_for_its_time_ends_when_it_is_told_to_however_soon_after_the_last_news(disk, later):
    runner = Runner(an_environment(3), disk, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), Executor(), lambda events: None)

    async def waits() -> None:
        while True:
            await runner._wait(600.0)
            runner._news.clear()

    waiting = asyncio.create_task(waits())
    await turns()
    runner._news.set()
    await turns(later)
    waiting.cancel()
    await asyncio.wait((waiting,), timeout=20)
    assert waiting.cancelled()


async def test_a_mistake_in_the_last_look_at_hosts_ends_the_run_as_not_known(disk):
    class Wrong(Executor):
        async def ask(self, state, hosts):
            raise RuntimeError("a bug")

    environment, executor = an_environment(2, 2), Wrong()
    executor.ends.set()
    runner = Runner(environment, disk, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), executor, lambda events: None)
    disk.through.set()
    await runner.write(*opening(environment)[:-1])
    async with asyncio.timeout(60):
        state = await runner.run()
    assert (state.phase, state.exit) == ("ended", 5)
    assert "the console failed to ask it: RuntimeError: a bug" in state.reason


async def test_a_run_that_is_taken_up_between_its_go_and_its_locks_waits_for_a_person(disk):
    environment, executor = an_environment(2, 2), Executor()
    runner = Runner(environment, disk, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), executor, lambda events: None)
    disk.through.set()
    begun = [event for event in opening(environment) if not isinstance(event, ev.LocksTaken)]
    await runner.write(*begun)
    assert runner.state.phase == "locking"
    again = Runner(environment, disk, SetClock(datetime(2026, 11, 24, 10, tzinfo=UTC)), executor, lambda events: None)
    await again.take_up(runner.state, ADA)
    running = asyncio.create_task(again.run())
    async with asyncio.timeout(60):
        while again.state.phase == "locking":
            await asyncio.sleep(0)
        await turns(100)
        assert (executor.began, again.state.pausing is not None and again.state.pausing.cause) == ([], "taken-up")
        executor.ends.set()
        assert isinstance(await again.submit(cmd.Continue(), ADA), Accepted)
        state = await running
    assert (state.phase, state.exit) == ("ended", 0)


async def test_who_waits_for_the_disk_goes_on_though_telling_of_it_goes_wrong(disk):
    def wrong(events):
        raise RuntimeError("a bug")

    record = RunRecord(disk, SetClock(datetime(2026, 11, 24, 9, tzinfo=UTC)), wrong)
    disk.through.set()
    async with asyncio.timeout(30):
        await record.write(*opening(an_environment(3)))
        await record.write(a_note("one"))
    assert len(await disk.read("r1")) == len(opening(an_environment(3))) + 1
