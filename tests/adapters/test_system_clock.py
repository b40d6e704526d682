import asyncio
from datetime import UTC, datetime

from console.adapters.system_clock import SetClock, SystemClock


async def test_the_systems_clock_goes_on_within_a_boot():
    clock = SystemClock()
    before = clock.mono()
    await clock.sleep(0.01)
    assert clock.mono() - before >= 0.009
    assert clock.now().tzinfo is UTC
    assert clock.boot == SystemClock().boot


async def test_a_set_clock_wakes_sleepers_in_their_order():
    clock = SetClock(datetime(2026, 1, 1, tzinfo=UTC))
    woken = []

    async def sleeper(seconds):
        await clock.sleep(seconds)
        woken.append((seconds, clock.mono()))

    tasks = [asyncio.create_task(sleeper(seconds)) for seconds in (5, 2, 9, 0)]
    await asyncio.sleep(0)
    await clock.advance(6)
    assert [each for each in woken if each[0]] == [(2, 2), (5, 5)]
    assert clock.now() == datetime(2026, 1, 1, 0, 0, 6, tzinfo=UTC)
    await clock.advance(3)
    assert woken[-1] == (9, 9)
    await asyncio.gather(*tasks)
