"""Releases through one jump host: in turn, fairly, as many at once as make it faster, and none held up by one that stands still."""

import asyncio
from collections.abc import Iterator

import pytest

from console.adapters import jump_line
from console.adapters.jump_line import FIRST, MOST, JumpLine


class Clock:
    now = 100.0

    def monotonic(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    found = Clock()
    monkeypatch.setattr(jump_line, "time", found)
    return found


class Sender:
    """One that has its turn, sends what it is told to, and leaves when told to."""

    def __init__(self, line: JumpLine) -> None:
        self.line = line
        self.turn: object = None
        self.leaves = asyncio.Event()
        self.task = asyncio.create_task(self.hold())

    async def hold(self) -> None:
        async with self.line.turn() as self.turn:
            await self.leaves.wait()

    async def send(self, size: int) -> None:
        async for _ in self.line.pieces(self.turn, bytes(size)):
            pass

    async def leave(self) -> None:
        self.leaves.set()
        await self.task
        await turns()


async def turns() -> None:
    for _ in range(10):
        await asyncio.sleep(0)


def going(senders: list[Sender]) -> list[int]:
    return [number for number, sender in enumerate(senders) if sender.turn and not sender.leaves.is_set()]


async def left(senders: list[Sender]) -> None:
    for sender in senders:
        sender.task.cancel()
    await asyncio.gather(*(sender.task for sender in senders), return_exceptions=True)


async def test_so_many_at_once_and_whoever_came_first_goes_first(clock: Clock) -> None:
    line = JumpLine()
    senders = [Sender(line) for _ in range(FIRST + 3)]
    await turns()
    assert going(senders) == list(range(FIRST))
    senders[FIRST].task.cancel()
    await senders[1].leave()
    assert going(senders) == [0, 2, 3, FIRST + 1]
    await left(senders)
    assert not line._going
    assert not line._waiting


def carried(count: int, line: float, each: float) -> float:
    """Bytes a second that so many hosts take of a line, each no more than it can."""
    return min(line, count * each)


@pytest.mark.parametrize(
    ("line_takes", "host_takes", "most"),
    [(1e6, 1e6, 6), (1e6, 1e4, MOST), (1e6, 1e5, 19)],
    ids=["the line is full with one", "it never is", "it is full with ten"],
)
async def test_more_go_at_once_while_that_is_faster(clock: Clock, line_takes: float, host_takes: float, most: int) -> None:
    line = JumpLine()
    senders = [Sender(line) for _ in range(MOST + 10)]
    for _ in range(40):
        await turns()
        sending = going(senders)
        for number in sending:
            clock.now += 1.0 / len(sending)
            await senders[number].send(round(carried(len(sending), line_takes, host_takes) / len(sending)))
    assert line.limit == most
    await left(senders)


async def test_those_lost_together_make_it_half_once_and_it_grows_again(clock: Clock) -> None:
    line = JumpLine()
    senders = [Sender(line) for _ in range(10)]
    await turns()
    for _ in range(FIRST):
        line.was_cut()
    assert line.limit == FIRST // 2
    for number in range(FIRST):
        await senders[number].leave()
    clock.now += 60.0
    for _ in range(3):
        clock.now += 1.0
        for number in going(senders):
            await senders[number].send(1000)
    assert line.limit > FIRST // 2
    await left(senders)


async def test_one_that_stands_still_holds_nobody_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(jump_line, "STANDS", 0.05)
    line = JumpLine()
    senders = [Sender(line) for _ in range(FIRST + 2)]
    async with asyncio.timeout(20):
        while going(senders) != list(range(FIRST + 2)):
            await asyncio.sleep(0.01)
    await senders[0].send(10)
    assert len(line._going) >= 1
    await left(senders)
    assert not line._going


@pytest.fixture
def slept(clock: Clock, monkeypatch: pytest.MonkeyPatch) -> Iterator[Clock]:
    async def sleep(seconds: float) -> None:
        clock.now += seconds

    monkeypatch.setattr("console.adapters.rate_limit.time.monotonic", clock.monotonic)
    monkeypatch.setattr("console.adapters.rate_limit.asyncio.sleep", sleep)
    return clock


async def test_a_rate_is_that_of_all_together(slept: Clock) -> None:
    line = JumpLine(1000)
    began = slept.now
    async with line.turn() as one, line.turn() as two:
        assert [len(piece) async for piece in line.pieces(one, bytes(1500))] == [100] * 15
        assert len([piece async for piece in line.pieces(two, bytes(500))]) == 5
    assert 1.8 <= slept.now - began <= 2.0
