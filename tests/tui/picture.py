"""Makes the README's picture: the screen exports itself in the middle of a release. `python -m tests.tui.picture FILE`."""

import asyncio
import math
import sys
from datetime import UTC, datetime
from pathlib import Path

from console.adapters.clock import SetClock
from console.model import events as ev
from console.ports import Sample
from tests.core.simulation import ADA
from tests.tui.scripted import ScriptedFeed, an_app


async def make(file: Path) -> None:
    """Write the picture, as SVG."""
    feed = ScriptedFeed(12)
    feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))
    feed.go_on("wave-5/web05/gate")
    clock = SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC), feed.run.now + 0.6)
    app = an_app(feed, clock)
    async with app.run_test(size=(120, 34)) as pilot:
        await pilot.pause(0.4)
        now = clock.mono()
        for second in range(28):
            for number in range(1, 13):
                cpu = 0.34 + 0.2 * math.sin(second / 4) + number / 400
                app.follower.numbers.add(Sample(f"web{number:02}", now - 28 + second, cpu, 0.41 + second / 300, 0.8), now - 28 + second)
        app.run_screen.show_slices()
        await pilot.pause(0.4)
        file.write_text(app.export_screenshot(title="deploy production"))


if __name__ == "__main__":
    asyncio.run(make(Path(sys.argv[1])))
