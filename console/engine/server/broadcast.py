"""What the viewers of a run hear: every event by its number at each one's own pace, and output and samples as far as each keeps up.

The engine says things without ever waiting for a viewer. Knows nothing of sockets, roles or what a run does.
"""

import asyncio
from collections import Counter, deque
from collections.abc import AsyncIterator, Iterable, Iterator
from contextlib import contextmanager

from console.errors import ConsoleError
from console.model.events import AnyEvent, RunEnded
from console.ports.feed import Heard, Output, Presence, Sample
from console.safe_text import SafeText

KEPT = 1000
"""Lines of output that wait for a viewer; what is older is dropped, with a mark in its place."""

EVENTS_AT_ONCE = 256


class Viewer:
    """One who follows: what waits for it besides events, which it reads by number."""

    def __init__(self, kept: int = KEPT) -> None:
        self.news = asyncio.Event()
        self._kept = kept
        self._lines: deque[tuple[int, Output]] = deque()
        self._missed: Counter[str] = Counter()
        self._missed_at = ""
        self._samples: dict[tuple[str, ...], Sample] = {}
        self._presence: Presence | None = None

    def tell(self, item: Output | Sample | Presence, seq: int) -> None:
        """Keep an item that came after event `seq`, in the place of an older one where there is no room."""
        match item:
            case Sample():
                self._samples[item.host, item.source, *item.extra] = item
            case Presence():
                self._presence = item
            case Output():
                self._lines.append((seq, item))
                self._cut()
        self.news.set()

    def _cut(self) -> None:
        while len(self._lines) > self._kept:
            _, lost = self._lines.popleft()
            self._missed[lost.host] += 1
            self._missed_at = lost.at

    def take(self, seq: int) -> list[Output | Sample | Presence]:
        """Hand over what may be shown to one who has seen event `seq`."""
        items: list[Output | Sample | Presence] = [
            Output(self._missed_at, host, "", SafeText(f"… {count} lines are not shown here; they are in the host's log"))
            for host, count in self._missed.items()
        ]
        self._missed.clear()
        while self._lines and self._lines[0][0] <= seq:
            items.append(self._lines.popleft()[1])
        items.extend(self._samples.values())
        self._samples.clear()
        if self._presence is not None:
            items.append(self._presence)
            self._presence = None
        return items


class Broadcast:
    """One run, heard by any number of viewers."""

    def __init__(self, events: Iterable[AnyEvent] = (), kept: int = KEPT) -> None:
        self._events: list[AnyEvent] = list(events)
        self._viewers: set[Viewer] = set()
        self._kept = kept
        self._interrupted: ConsoleError | None = None
        self._ended = any(isinstance(event, RunEnded) for event in self._events)
        self._has_more = False

    @property
    def seq(self) -> int:
        """The number of the last event that was published; 0: none was."""
        return self._events[-1].seq if self._events else 0

    @property
    def ended(self) -> bool:
        """Whether the run is over, and all is said."""
        return self._ended and not self._has_more

    def expect_more(self) -> None:
        """Let followers stay beyond the run's end: something will still be said of it."""
        self._has_more = True

    def rest(self) -> None:
        """Let followers go once the run is over: nothing more will be said."""
        self._has_more = False
        for viewer in self._viewers:
            viewer.news.set()

    def publish(self, *events: AnyEvent) -> None:
        """Say what happened, once it is in the journal. Numbers go on without a gap. Never waits."""
        self._events.extend(events)
        self._ended = self._ended or any(isinstance(event, RunEnded) for event in events)
        for viewer in self._viewers:
            viewer.news.set()

    def interrupt(self, error: ConsoleError) -> None:
        """Let everyone who follows hear, after the last event, that nobody carries the run any more, and why."""
        self._interrupted = error
        for viewer in self._viewers:
            viewer.news.set()

    def tell(self, item: Output | Sample | Presence) -> None:
        """Say what is worth seeing now and not worth keeping. Never waits."""
        for viewer in self._viewers:
            viewer.tell(item, self.seq)

    async def follow(self, after: int = 0) -> AsyncIterator[Heard]:
        """Every event after that number, with output and samples between them, until the run has ended."""
        viewer = Viewer(self._kept)
        self._viewers.add(viewer)
        try:
            async for item in self._heard(viewer, after):
                yield item
        finally:
            self._viewers.discard(viewer)

    @contextmanager
    def looked_on(self, kept: int) -> Iterator[Viewer]:
        """Give a viewer that is told items for as long as it is wanted, and keeps so many lines between two looks."""
        viewer = Viewer(kept)
        self._viewers.add(viewer)
        try:
            yield viewer
        finally:
            self._viewers.discard(viewer)

    async def _heard(self, viewer: Viewer, after: int) -> AsyncIterator[Heard]:
        place = self._place(after)
        while True:
            viewer.news.clear()
            for event in self._events[place : place + EVENTS_AT_ONCE]:
                place += 1
                if event.seq <= after:
                    continue
                yield event
                for item in viewer.take(event.seq):
                    yield item
            for item in viewer.take(self._events[place - 1].seq if place else 0):
                yield item
            if place < len(self._events):
                continue
            if self.ended:
                return
            if self._interrupted is not None:
                raise self._interrupted
            await viewer.news.wait()

    def _place(self, after: int) -> int:
        if not self._events or after <= 0:
            return 0
        return min(max(after - self._events[0].seq + 1, 0), len(self._events))
