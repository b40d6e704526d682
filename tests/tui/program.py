"""The run screen as a program on a scripted run, steered over a socket: `python -m tests.tui.program FD`. For tests on a real terminal.

It is told one JSON object a line, and answers each when it is done: so that an answer also shows that nothing was held up.
"""

import asyncio
import contextlib
import json
import os
import shlex
import socket
import sys
from datetime import UTC, datetime
from typing import Any

from console.adapters.system_clock import SetClock
from console.model import events as ev
from console.ports.feed import FeedItem, Output, Sample
from console.safe_text import Lines, SafeText
from console.tui.open_screen import ScreenFailed, open_screen
from console.tui.run.run_screen import RunScreen
from tests.core.simulation import ADA
from tests.tui.scripted import ScriptedFeed
from tests.tui.scripted_environment import ScriptedEnvironment

PRINTED_AT = "2026-01-02T12:00:00Z"


class PrintingFeed(ScriptedFeed):
    """A scripted run whose hosts also print, and whose machines are looked at."""

    def __init__(self, hosts: int) -> None:
        super().__init__(hosts)
        self.extra: asyncio.Queue[FeedItem] = asyncio.Queue()

    async def follow(self, after: int = 0):
        events = super().follow(after)
        waits = {"event": asyncio.ensure_future(anext(events)), "extra": asyncio.ensure_future(self.extra.get())}
        while True:
            await asyncio.wait(waits.values(), return_when=asyncio.FIRST_COMPLETED)
            if waits["extra"].done():
                yield waits["extra"].result()
                waits["extra"] = asyncio.ensure_future(self.extra.get())
            if waits["event"].done():
                try:
                    yield waits["event"].result()
                except StopAsyncIteration:
                    waits["extra"].cancel()
                    return
                waits["event"] = asyncio.ensure_future(anext(events))


class Steering:
    """Does what the test says."""

    def __init__(self, feed: PrintingFeed, clock: SetClock) -> None:
        self.feed, self.clock = feed, clock

    async def serve(self, file: int) -> None:
        reader, writer = await asyncio.open_connection(sock=socket.socket(fileno=file))
        while line := await reader.readline():
            said = json.loads(line)
            await getattr(self, "do_" + said.pop("do"))(**said)
            writer.write(json.dumps(self.seen()).encode() + b"\n")
            await writer.drain()

    def seen(self) -> dict[str, Any]:
        state = self.feed.run.state
        return {"phase": state.phase, "seq": state.seq, "said": [type(command).__name__ for command in self.feed.said], "paused": state.pausing is not None}

    async def do_look(self) -> None:
        await asyncio.sleep(0)

    async def do_go(self) -> None:
        self.feed.record(ev.Decided(go=True, by=ADA), ev.LocksTaken(epoch=1))

    async def do_until(self, step: str) -> None:
        self.feed.go_on(step)
        await self.clock.advance(max(0.0, self.feed.run.now + 0.6 - self.clock.mono()))

    async def do_pass(self, seconds: float) -> None:
        await self.clock.advance(seconds)

    async def do_print(self, text: str, times: int = 1, every: float = 0.0) -> None:
        for number in range(times):
            for line in Lines().feed(f"{text.replace('NUMBER', str(number))}\n".encode("utf-8", "surrogateescape")):
                self.feed.extra.put_nowait(Output(PRINTED_AT, "web01", "restart", line))
            await asyncio.sleep(every)

    async def do_unclean(self, text: str) -> None:
        """As if the first wall had a hole."""
        self.feed.extra.put_nowait(Output(PRINTED_AT, "web01", "restart", str.__new__(SafeText, text)))

    async def do_samples(self, times: int) -> None:
        for number in range(times):
            self.feed.extra.put_nowait(Sample("web01", self.clock.mono(), number / times, 0.4, 0.8))

    async def do_break(self) -> None:
        def broken(*_: object) -> None:
            secret = "hunter2"
            raise ZeroDivisionError(secret)

        RunScreen.show_slices = broken  # type: ignore[method-assign,assignment]
        await self.clock.advance(1)


async def main(file: int, hosts: int) -> int:
    feed = PrintingFeed(hosts)
    clock = SetClock(datetime(2026, 1, 2, 12, tzinfo=UTC), feed.run.now + 0.6)
    steering = asyncio.create_task(Steering(feed, clock).serve(file))
    try:
        ending = await open_screen(feed, clock, client=ScriptedEnvironment(way=tuple(shlex.split(os.environ["WAY"]))) if "WAY" in os.environ else None)
    except ScreenFailed as fault:
        print(fault.message)
        return 1
    finally:
        steering.cancel()
    with contextlib.suppress(OSError):
        print("\n".join(ending.lines))
    return ending.exit


if __name__ == "__main__":
    sys.exit(asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]))))
