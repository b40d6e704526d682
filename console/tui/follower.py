"""Follows a feed for the screen: folds events into one state, gathers log lines and numbers until the screen takes them.

It knows nothing of widgets. The feed is never made to wait for the screen, and nothing is kept without a bound.
"""

import asyncio
from collections import deque
from collections.abc import Callable

from console.core.evolve import evolve
from console.errors import ConsoleError
from console.model.events import Event
from console.model.state import RunState
from console.ports import Clock, Feed, FeedItem, Output, Presence, Sample
from console.views.logs import LogLine, log_lines
from console.views.metrics import Kind, Point, Series

KINDS: tuple[Kind, ...] = ("cpu", "memory", "load")
PENDING = 5000
"""Log lines that wait for the screen; what is older is dropped and counted."""
KEPT = 660
"""Points kept of each kind and host: ten minutes of seconds, and a little."""


class Numbers:
    """The samples that came, by kind: the fleet's mean a second, and each host's own."""

    def __init__(self) -> None:
        self._fleet: dict[Kind, deque[tuple[float, float, int]]] = {kind: deque(maxlen=KEPT) for kind in KINDS}
        self._hosts: dict[tuple[Kind, str], deque[Point]] = {}

    def add(self, sample: Sample, at: float) -> None:
        """Take a sample that came at that time (boot-time clock)."""
        for kind, value in zip(KINDS, (sample.cpu, sample.memory, sample.load), strict=True):
            if value is not None:
                self._hosts.setdefault((kind, sample.host), deque(maxlen=KEPT)).append((at, value))
                self._add_to_fleet(kind, float(int(at)), value)

    def _add_to_fleet(self, kind: Kind, second: float, value: float) -> None:
        points = self._fleet[kind]
        if points and points[-1][0] == second:
            _, total, count = points[-1]
            points[-1] = (second, total + value, count + 1)
        else:
            points.append((second, value, 1))

    def series(self, host: str = "") -> tuple[Series, ...]:
        """Return what there is to draw: the fleet's means, or one host's points."""
        return tuple(self._one(kind, host) for kind in KINDS)

    def load_of(self, host: str, since: float) -> tuple[float | None, float | None]:
        """Return the newest cpu and memory of a host, as shares; None for what has not come since then (boot-time clock)."""
        cpu, memory = (self._hosts.get((kind, host)) for kind in ("cpu", "memory"))
        return (cpu[-1][1] if cpu and cpu[-1][0] >= since else None, memory[-1][1] if memory and memory[-1][0] >= since else None)

    def _one(self, kind: Kind, host: str) -> Series:
        if host:
            points = tuple(self._hosts.get((kind, host), ()))
            return Series(kind, points, {host: points[-1]} if points else {})
        latest = {name: points[-1] for (known, name), points in self._hosts.items() if known == kind and points}
        return Series(kind, tuple((at, total / count) for at, total, count in self._fleet[kind]), latest)


class Follower:
    """One feed, followed. The screen calls `take` at its own pace."""

    def __init__(self, feed: Feed, clock: Clock, fold: Callable[[RunState, Event], RunState] = evolve) -> None:
        self.feed = feed
        self.state = RunState()
        self.presence = Presence()
        self.numbers = Numbers()
        self.problem = ""
        self.finished = False
        self.changed = True
        self._clock = clock
        self._fold = fold
        self._lines: deque[LogLine] = deque(maxlen=PENDING)
        self._came = 0

    async def follow(self) -> None:
        """Follow until the run has ended or the feed can't go on; then `problem` says why."""
        try:
            async for item in self.feed.follow():
                self._take_in(item)
                self._came += 1
                if self._came % 200 == 0:
                    await asyncio.sleep(0)
        except ConsoleError as fault:
            self.problem = fault.message + (f"; {fault.hint}" if fault.hint else "")
        except (OSError, EOFError) as fault:
            self.problem = f"the connection to the engine was lost: {fault}"
        self.finished = self.changed = True

    def _take_in(self, item: FeedItem) -> None:
        self.changed = True
        if isinstance(item, Sample):
            self.numbers.add(item, self._clock.mono())
        elif isinstance(item, Presence):
            self.presence = item
        elif isinstance(item, Output):
            self._lines.extend(log_lines(item, self.state))
        else:
            self.state = self._fold(self.state, item)
            self._lines.extend(log_lines(item, self.state))

    def take_lines(self) -> tuple[LogLine, ...]:
        """Return the log lines that came since the last call."""
        lines = tuple(self._lines)
        self._lines.clear()
        return lines
