"""What changed while the terminal took nothing is painted when it takes again, though nothing else happens."""

import asyncio
from datetime import UTC, datetime

from console.adapters.system_clock import SetClock
from tests.tui.scripted import an_app
from tests.tui.test_keys import running, settled


async def test_what_changed_meanwhile_is_painted_when_the_terminal_takes_again():
    feed = running()
    async with an_app(feed, SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC), feed.run.now + 0.6)).run_test(size=(80, 24)) as pilot:
        await settled(pilot)
        app, screen = pilot.app, pilot.app.screen
        app._driver.backlog = 1
        app.tick()
        assert app._stall.holding
        app.say("said while the terminal was stalled")
        await asyncio.sleep(0.3)
        assert screen._dirty_widgets
        app._driver.backlog = 0
        for _ in range(1200):
            if not screen._dirty_widgets:
                break
            await asyncio.sleep(0.05)
        assert not app._stall.holding
        assert not screen._dirty_widgets
