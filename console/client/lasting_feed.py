"""A run as a Feed that outlives its engine: when the engine dies, a new one is started and takes the run up, and the feed goes on.

Implements `ports.Feed`. Knows how an engine is met; nothing of how a run is shown.
"""

import asyncio
import os
import time
from collections import Counter, deque
from collections.abc import AsyncIterator, Callable, Iterator
from typing import TYPE_CHECKING

from console.client.engine_access import EngineAccess
from console.client.engine_connection import NoEngine, OthersEngine, connect
from console.client.login_claims import claims_of
from console.core.run.evolve import evolve
from console.core.secrets.needed import left_to_do
from console.errors import ConsoleError, EngineLost
from console.model.commands import Accepted, AnyCommand, Refusal
from console.model.events import Event
from console.model.state import RunState
from console.ports.feed import FeedItem, LogPage, Output, Untold

if TYPE_CHECKING:
    from console.client.engine_connection import Client
    from console.model.configured_environment import Environment

OFTEN = 3
"""So many engines lost within `LATELY` are too many: something else is wrong."""
LATELY = 60.0
"""Seconds."""
AGAIN = 0.5
"""Seconds until another engine is started in the place of one that did not come so far."""
LOOKING = 60
"""How often one who only looks on, or whose engine is another operator's, looks for a new engine that carries the run."""
BETWEEN = 1.0
"""Seconds between two looks."""
PRINTED = 1000
"""Lines of output that a screen which joins late is given from the run's log files."""
KNOWN = 1000
"""Lines of output that are known again where another engine tells them once more; of a run that prints more than that in half a minute some are shown twice."""
SETTLED = 0.5
"""Seconds without an event after which everything that had happened before is known to have been told."""


class EarlierOutput:
    """What a run's steps printed before this console joined, told in its place between the events."""

    def __init__(self, page: LogPage) -> None:
        self._lines = deque(page.lines)
        self._cut = bool(page.before)
        self._quiet_since = time.monotonic()

    def due(self, item: FeedItem) -> Iterator[FeedItem]:
        """What stands before an item. What a step prints now stands behind every line; numbers and people have no place, but tell that nothing is left."""
        now = time.monotonic()
        if isinstance(item, Event):
            self._quiet_since = now
            yield from self._told(lambda line: line.at <= item.at)
        elif isinstance(item, Output) or now - self._quiet_since > SETTLED:
            yield from self.rest()

    def rest(self) -> Iterator[FeedItem]:
        """The lines that were not given yet."""
        yield from self._told(lambda line: True)

    def _told(self, is_due: Callable[[Output], bool]) -> Iterator[FeedItem]:
        while self._lines and is_due(self._lines[0]):
            if self._cut:
                self._cut = False
                yield Untold(self._lines[0].at)
            yield self._lines.popleft()


class LastingFeed:
    """A run over an engine's socket, and over the next engine's. `model`: what a new engine is to be configured with; None: only looks on."""

    def __init__(self, access: EngineAccess, client: "Client", run: str, model: "Environment | None", *, samples: bool) -> None:
        self.run = run
        self.state = RunState()
        """What the events so far add up to."""
        self.joined_at = client.welcome.seq if client.welcome.run == run else 0
        self.taken_up = False
        """A new engine was started from here."""
        self._access = access
        self._client = client
        self._model = None if access.read_only else model
        self._samples = samples
        self._losses: list[float] = []
        self._lines: deque[Output] = deque(maxlen=KNOWN)
        """The lines of output that were told last."""

    async def follow(self, after: int = 0) -> AsyncIterator[FeedItem]:
        """Everything after that event, then what comes, until the run has ended. Raises EngineLost where no engine takes it up."""
        seen = after
        printed = EarlierOutput(await asyncio.to_thread(self._printed) if self._samples and not after else LogPage(()))
        while True:
            try:
                async for item in self._heard(seen):
                    for line in printed.due(item):
                        yield line
                    if isinstance(item, Event):
                        seen = item.seq
                        self.state = evolve(self.state, item)
                    yield item
            except EngineLost as lost:
                if self.state.phase != "ended":
                    await self._go_on(lost)
                    continue
                if self.state.locked_hosts and await self._releases_locks(lost):
                    continue
            for line in printed.rest():
                yield line
            return

    async def _heard(self, seen: int) -> AsyncIterator[FeedItem]:
        """What the engine says from that event on, without lines that one before it has told: by way of the record they come again for a while.

        Whole lines are compared: when each was printed is said by the clock of the machine that carries the run, and that may be another one now.
        """
        told = Counter(self._lines)
        async for item in self._client.follow(self.run, seen, samples=self._samples):
            if isinstance(item, Output):
                if told[item]:
                    told[item] -= 1
                    continue
                self._lines.append(item)
            yield item

    def _printed(self) -> LogPage:
        """What the run's steps printed last before this console joined; nothing where its files may not be read."""
        try:
            return self._access.printed(self.run, PRINTED)
        except (OSError, ConsoleError):
            return LogPage(())

    async def submit(self, command: AnyCommand) -> Accepted | Refusal:
        """Say something to the run. Raises EngineLost while there is no engine."""
        return await self._client.submit(self.run, command)

    async def close(self) -> None:
        """Close the connection to the engine; the run goes on."""
        await self._client.close()

    async def _go_on(self, lost: EngineLost) -> None:
        await self._client.close()
        while True:
            now = asyncio.get_running_loop().time()
            self._losses = [at for at in self._losses if now - at < LATELY] + [now]
            if len(self._losses) >= OFTEN:
                raise EngineLost(f"{len(self._losses)} engines of run {self.run} were lost: {lost.message}", f"deploy resume {self.run}") from lost
            if self._model is None:
                self._access.tell(f"the engine of run {self.run} is gone; this console only looks on, and waits for a new one")
                await self._look_for_another()
                return
            what = "releases its locks" if self.state.phase == "ended" else "takes it up, and settles what was running"
            self._access.tell(f"the engine of run {self.run} is gone; a new one {what}")
            try:
                await self._take_up()
            except OthersEngine:  # another operator's console was faster, and its engine lets nobody in before it has the model
                await self._look_for_another()
                return
            except ConsoleError as fault:
                lost = EngineLost(fault.message, fault.hint)
                await asyncio.sleep(AGAIN)
            else:
                return

    async def _take_up(self) -> None:
        """Start an engine, and have it take up the run."""
        assert self._model is not None
        client = await self._access.meet(self._model)
        try:
            await self._access.configure(client, self._model, left_to_do(self.state), resumes=True, quiet=self._access.has_screen)
            await client.resume(self.run)
        except BaseException:
            await client.close()
            raise
        self._client = client
        self.taken_up = True

    async def _releases_locks(self, lost: EngineLost) -> bool:
        """Whether a new engine has taken up what was still to be done after the run's end. Where it has not, the result names it."""
        if self._model is None:
            return False
        try:
            await self._go_on(lost)
        except ConsoleError:
            return False
        return True

    async def _look_for_another(self) -> None:
        """Wait until somebody who may has started a new engine that carries the run."""
        path = self._client.path
        for _ in range(LOOKING):
            await asyncio.sleep(BETWEEN)
            try:
                self._client = await connect(path, claims=claims_of(os.environ), read_only=self._model is None)
            except (NoEngine, OthersEngine):
                continue
            if self._client.welcome.carries(self.run):
                return
            await self._client.close()
        raise EngineLost(f"the engine of run {self.run} is gone", f"deploy resume {self.run}")
