"""A recorded run as a Feed: gives events, output and samples up to the current position, and refuses commands.

It knows no screen and no clock. What lies in files is read a page at a time, ahead of the recording.
"""

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Sequence

from console.errors import ConsoleError
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.events import AnyEvent
from console.ports.environment_client import RunArchive
from console.ports.feed import FeedItem, Output, Sample, Untold
from console.safe_text import SafeText
from console.views.recording import Recording
from console.views.times import rfc3339

PAGE = 1000
"""Lines, or looks at a machine, that are read at once."""
BEFORE = 660.0
"""Seconds of numbers that are shown of the time before the recording stands where somebody wound to."""


class ReplayFeed:
    """A run, as far as somebody has wound. Whoever winds back follows anew. `records`: where the log and the numbers of that run are read from."""

    joined_at = 0

    def __init__(self, events: Sequence[AnyEvent], speed: float = 1.0, records: RunArchive | None = None, run: str = "") -> None:
        self.recording = Recording(events)
        self.speed = speed
        """What it is to be played at, first."""
        self.place = 0
        """How many events have happened."""
        self.seconds = 0.0
        """How much of the run has passed."""
        self._records, self._run = records, run
        self._moved = asyncio.Event()

    def go_to(self, place: int, seconds: float | None = None) -> None:
        """Wind to that place, and so many seconds from the first event; None: just behind the place's event."""
        self.place = max(0, min(place, len(self.recording)))
        self.seconds = self.recording.time_at(self.place) if seconds is None else seconds
        if self.place == len(self.recording):
            self.seconds = float("inf")
        self._moved.set()

    async def follow(self, after: int = 0) -> AsyncIterator[FeedItem]:
        """Everything after that event, up to where the recording stands, then what comes as it goes on, to the end."""
        recording = self.recording
        given = next((place for place, event in enumerate(recording.events) if event.seq > after), len(recording))
        beside = _Beside(recording, self._records, self._run)
        cut = await beside.open_at(self.seconds) if recording.events else False
        while True:
            self._moved.clear()
            due = await beside.next_at()
            event_at = recording.times[given] if given < len(recording) else float("inf")
            if given < self.place and event_at <= due:
                given += 1
                yield recording.events[given - 1]
            elif due <= self.seconds and due <= event_at and due < float("inf"):
                item = beside.take()
                if cut and isinstance(item, Output):
                    cut = False
                    yield Untold(item.at)
                yield item
            elif given >= len(recording):
                return
            else:
                await self._moved.wait()

    async def submit(self, command: AnyCommand) -> Accepted | Refusal:
        """Refuse: what is replayed is over."""
        return Refusal(SafeText("this is a replay: it changes nothing"), SafeText("q goes back"))


class _Beside:
    """What is kept of a run beside its events, in the order of time."""

    def __init__(self, recording: Recording, records: RunArchive | None, run: str) -> None:
        self._recording = recording
        self._records = records
        self._run = run
        self._lines: deque[Output] = deque()
        self._samples: deque[Sample] = deque()
        self._more_lines = self._more_samples = records is not None
        self._lines_after = self._samples_after = ""

    async def open_at(self, seconds: float) -> bool:
        """Begin with the last page of what was printed up to then; whether older lines are left out."""
        if self._records is None or not seconds:
            return False
        seconds = min(seconds, self._recording.seconds)
        self._samples_after = f"@{rfc3339(self._recording.wall_at(max(0.0, seconds - BEFORE)))}"
        try:
            page = await self._records.log(self._run, "", f"@{rfc3339(self._recording.wall_at(seconds))}", PAGE)
        except (ConsoleError, OSError) as fault:
            self._say(f"what was printed is not read: {fault}")
            return False
        self._lines.extend(page.lines)
        self._lines_after = page.after
        return bool(page.before)

    async def next_at(self) -> float:
        """Return when the next item came, in seconds from the first event; infinite where there is none."""
        if not self._lines and self._more_lines:
            await self._read_lines()
        if not self._samples and self._more_samples:
            await self._read_samples()
        return min(self._line_at(), self._sample_at())

    def take(self) -> Output | Sample:
        """Take the line or the sample that came first in the run."""
        return self._lines.popleft() if self._line_at() <= self._sample_at() else self._samples.popleft()

    def _line_at(self) -> float:
        return self._recording.seconds_at(self._recording.wall_of(self._lines[0].at)) if self._lines else float("inf")

    def _sample_at(self) -> float:
        return self._recording.seconds_at(self._samples[0].at) if self._samples else float("inf")

    async def _read_lines(self) -> None:
        assert self._records is not None
        try:
            page = await self._records.log_on(self._run, "", self._lines_after, PAGE)
        except (ConsoleError, OSError) as fault:
            self._more_lines = False
            self._say(f"what was printed is not read: {fault}")
            return
        self._lines_after = page.after
        self._lines.extend(page.lines)
        self._more_lines = bool(page.lines)

    async def _read_samples(self) -> None:
        assert self._records is not None
        try:
            page = await self._records.samples(self._run, self._samples_after, PAGE)
        except (ConsoleError, OSError):
            self._more_samples = False
            return
        self._samples_after = page.after
        self._samples.extend(page.samples)
        self._more_samples = bool(page.samples)

    def _say(self, words: str) -> None:
        self._lines.append(Output(self._recording.events[0].at, "", "", SafeText(words)))
        self._more_lines = False
