"""Follows an environment at rest: its fleet snapshot, last runs and metrics, read again every few seconds while the screen is seen.

Knows the environment's client and no widget; what is shown of it is home's.
"""

import asyncio

from console.core.run.evolve import fold
from console.errors import ConsoleError
from console.model.fleet_snapshot import FleetSnapshot
from console.model.run_summary import RunSummary
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.environment_client import EnvironmentClient
from console.ports.feed import FeedItem, Presence, Sample
from console.tui.begun import begun
from console.tui.host.host_source import Hears
from console.tui.metrics_history import FRESH, MetricsHistory
from console.tui.screen_shell import Say
from console.views.home_summary import resting_state
from console.views.times import seconds_in_words

EVERY = 10.0
"""Seconds between two looks at the hosts."""
LATE = 3 * EVERY
"""Seconds after which it is said that they were not read meanwhile."""
RUNS = 50
"""Runs that are listed."""


class RestingEnvironment:
    """What is known of it, as it was read last, and for how long that is old news. `say`: tells a person of a mistake of the screen's own."""

    def __init__(self, client: EnvironmentClient, clock: Clock, say: Say) -> None:
        self._client, self._clock, self._say = client, clock, say
        self.hears: Hears | None = None
        """Nothing is heard of a log here."""
        self.board: FleetSnapshot | None = None
        self.runs: tuple[RunSummary, ...] = ()
        self.fleet = RunState()
        """The hosts."""
        self.last = RunState()
        """The last run that changed the fleet."""
        self.knows_last = False
        """It was read, or there is none."""
        self.numbers = MetricsHistory()
        self.changed = True
        """Something came that was not shown."""
        self.frozen = False
        """Nothing is taken in."""
        self.behind = False
        """A run has begun or ended since the hosts were read."""
        self._read_beside = ("", "")
        self._not_read = ""
        """Why the last look failed; empty: it did not."""
        self.hint = ""
        """What to type then."""
        self.no_numbers = ""
        """Why no numbers of the hosts come; empty: they do."""
        self._looks_since = 0.0
        """When it began to look, or the hosts were read last."""
        self._away_since: float | None = None
        """Since when nobody looks; None: somebody does, or nobody has yet."""
        self._news = asyncio.Event()
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    @property
    def goes_on(self) -> str:
        """The run that goes on, as the hosts were read, and that has no end in the history, which is read sooner; empty: none."""
        run = self.board.run if self.board else ""
        return "" if any(one.run == run and one.outcome for one in self.runs) else run

    @property
    def open_run(self) -> str:
        """The run that has no end in the history; empty: none."""
        return next((run.run for run in self.runs if run.outcome is None), "")

    def link_problem(self, now: float) -> str:
        """Return why what is known is old news (`now`: boot-time clock); empty: it is as new as it is to be."""
        if self.frozen or not self._tasks:
            return ""
        if self._not_read:
            return f"not read: {self._not_read}"
        late = now - self._looks_since
        return f"the hosts have not been read for {seconds_in_words(late)}" if late > LATE else ""

    def lines_of(self, host: str) -> None:
        """Do nothing: an environment in which nothing runs has no log."""

    def look(self) -> bool:
        """Look now, and again and again until told to look away; whether the numbers begin anew: the engine knows those of the time between."""
        if self._tasks:
            return False
        now = self._clock.mono()
        is_anew = self._away_since is not None and now - self._away_since > FRESH
        if is_anew:
            span, self.numbers = self.numbers.span, MetricsHistory()
            self.numbers.span = span
        self._news.set()
        self._looks_since, self._away_since = now, None
        self._tasks = (begun(self._read_again(), self._say), begun(self._follow_numbers(), self._say))
        return is_anew

    def look_away(self) -> None:
        """Ask the engine for the hosts no more."""
        if self._tasks:
            self._away_since = self._clock.mono()
        for task in self._tasks:
            task.cancel()
        self._tasks = ()

    def refresh(self) -> None:
        """Look without waiting for the next time."""
        self._news.set()

    async def _read_again(self) -> None:
        while True:
            with_news = asyncio.create_task(self._news.wait())
            await asyncio.wait({with_news}, timeout=EVERY)
            with_news.cancel()
            self._news.clear()
            if not self.frozen:
                await self._read()

    async def _read(self) -> None:
        try:
            await self._read_all()
        except (ConsoleError, OSError, EOFError) as fault:
            self._not_read, self.hint = (fault.message, fault.hint) if isinstance(fault, ConsoleError) else (str(fault), "")
        else:
            self._not_read, self.hint, self._looks_since = "", "", self._clock.mono()
        self.changed = True

    async def _read_all(self) -> None:
        self.runs = await self._client.history(RUNS)
        self.behind = self.board is not None and self._newest() != self._read_beside
        await self._read_last()
        self.changed = True
        beside, self.board = self._newest(), await self._client.board()
        self.fleet, self.behind, self._read_beside = resting_state(self.board), False, beside

    def _newest(self) -> tuple[str, str]:
        """The run that ended last, and the one that is open."""
        return next((one.run for one in self.runs if one.outcome), ""), self.open_run

    async def _read_last(self) -> None:
        run = next((one.run for one in self.runs if one.changed_the_fleet and one.outcome), "")
        if run and run != self.last.run:
            self.last = fold(await self._client.record(run))
        self.knows_last = True

    async def _follow_numbers(self) -> None:
        """Follow the hosts' numbers; where no engine gives any, ask again from time to time."""
        while True:
            try:
                async for item in self._client.numbers():
                    self._take(item)
            except ConsoleError as fault:
                self.no_numbers, self.changed = fault.message, True
            await self._clock.sleep(EVERY)

    def _take(self, item: FeedItem) -> None:
        self.no_numbers = ""
        if isinstance(item, Sample) and not self.frozen:
            self.numbers.add(item, self._clock.mono())
        elif isinstance(item, Presence):
            self._news.set()
