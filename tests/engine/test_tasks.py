"""Watches that go on until they are stopped, and work that is done to its end whoever waits for it."""

import asyncio

import pytest

from console.engine.tasks import Background, Unbroken


class Watch:
    """Begun, and ended, so many times; ends take a moment."""

    def __init__(self) -> None:
        self.begun = self.ended = 0

    async def go_on(self) -> None:
        self.begun += 1
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            self.ended += 1


async def turns() -> None:
    for _ in range(5):
        await asyncio.sleep(0)


async def test_a_watch_is_begun_once_and_is_over_when_stop_returns():
    background, one, other = Background(), Watch(), Watch()
    background.start(one.go_on, other.go_on)
    background.start(one.go_on)
    await turns()
    assert (one.begun, other.begun, background.is_on) == (1, 1, True)
    await background.stop()
    assert (one.ended, other.ended, background.is_on) == (1, 1, False)


async def test_it_may_be_begun_again_and_stopped_twice():
    background, one = Background(), Watch()
    await background.stop()
    for _ in range(2):
        background.start(one.go_on, names=("a watch",))
        await turns()
        await background.stop()
        await background.stop()
    assert (one.begun, one.ended) == (2, 2)


async def test_one_that_failed_keeps_nobody_from_stopping():
    async def fails() -> None:
        raise ValueError("broken")

    background, one = Background(), Watch()
    background.start(fails, one.go_on)
    await turns()
    await background.stop()
    assert one.ended == 1


async def test_work_goes_on_when_whoever_asked_for_it_has_gone():
    work, ready, done = Unbroken(), asyncio.Event(), []

    async def slow() -> str:
        await ready.wait()
        done.append("written")
        return "answer"

    waits = asyncio.create_task(work.done(slow()))
    await turns()
    waits.cancel()
    with pytest.raises(asyncio.CancelledError):
        await waits
    assert (work.goes_on, done) == (True, [])
    ready.set()
    await work.ended()
    await turns()
    assert (work.goes_on, done) == (False, ["written"])


async def test_what_came_of_it_is_returned_or_raised():
    async def answers() -> int:
        return 7

    async def fails() -> None:
        raise ValueError("broken")

    work = Unbroken()
    assert await work.done(answers()) == 7
    with pytest.raises(ValueError, match="broken"):
        await work.done(fails())
    await turns()
    assert not work.goes_on


async def test_a_watch_that_ended_by_a_mistake_is_in_the_log(caplog: pytest.LogCaptureFixture):
    async def fails() -> None:
        raise ValueError("broken")

    background = Background()
    background.start(fails, names=("the lease",))
    await turns()
    assert ["a watch has ended: the lease"] == [one.getMessage() for one in caplog.records if one.name == "console.engine.tasks"]
    await background.stop()
