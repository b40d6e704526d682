"""A run on record as a Feed: it gives the events up to where the tape stands, and takes no commands. It knows no screen and no clock."""

import asyncio
from collections.abc import AsyncIterator, Sequence

from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.events import AnyEvent
from console.ports.feed import FeedItem
from console.text import SafeText
from console.views.tape import Tape


class ReplayFeed:
    """The events of a run, as far as somebody has wound. Whoever winds back follows anew."""

    def __init__(self, events: Sequence[AnyEvent], speed: float = 1.0) -> None:
        self.tape = Tape(events)
        self.speed = speed
        """What it is to be played at, first."""
        self.place = 0
        """How many events have happened."""
        self._moved = asyncio.Event()

    def go_to(self, place: int) -> None:
        """Wind to that place."""
        self.place = max(0, min(place, len(self.tape)))
        self._moved.set()

    async def follow(self, after: int = 0) -> AsyncIterator[FeedItem]:
        """Every event after that number, up to where the tape stands, then what comes as it goes on, to the end."""
        given = next((place for place, event in enumerate(self.tape.events) if event.seq > after), len(self.tape))
        while given < len(self.tape):
            while given < self.place:
                given += 1
                yield self.tape.events[given - 1]
            if given < len(self.tape):
                self._moved.clear()
                await self._moved.wait()

    async def submit(self, command: AnyCommand) -> Accepted | Refusal:
        """Refuse: what is replayed is over."""
        return Refusal(SafeText("this is a replay: it acts on nothing"), SafeText("q goes back"))
