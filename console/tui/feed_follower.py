"""Follows a feed for the screen: folds events into one state, gathers log lines and numbers until the screen takes them.

It knows nothing of widgets. The feed is never made to wait for the screen, and nothing is kept without a bound.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from contextlib import suppress

from console.as_typed import as_typed
from console.core.run.evolve import evolve
from console.errors import ConsoleError, UsageFault, in_one_line
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.feed import Feed, FeedItem, Output, Presence, Sample, Untold
from console.tui.metrics_history import MetricsHistory
from console.views.log_lines import LogLine, log_lines
from console.views.staleness import UNSEEN, Staleness
from console.views.times import seconds_in_words

PENDING = 5000
"""Log lines that wait for the screen; what is older is let go."""
HELD = 0.004
"""Seconds of work after which keys and timers have their turn."""
READABLE = 1000
"""Lines of output taken in `TURN` seconds. Nobody reads more: what hosts print beyond it waits at the engine, which counts what it lets go."""
TURN = 0.25
LEFT = 1.0
"""Seconds after which a run that no engine carries is looked at again."""
AT_ONCE = 0.5
"""Seconds in which what comes without a pause is one piece of news."""


class _Pace:
    """How fast a feed is taken in: keys have their turn every few milliseconds, and a flood of output is read no faster than anybody could."""

    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._began = self._turn = clock.mono()
        self._lines = 0

    def rest_after(self, item: FeedItem) -> float | None:
        """Return for how many seconds to rest before the next item; None: not at all."""
        now = self._clock.mono()
        if now - self._turn >= TURN:
            self._turn, self._lines = now, 0
        if isinstance(item, Output):
            self._lines += 1
        if self._lines >= READABLE:
            rest = max(0.0, self._turn + TURN - now)
        elif now - self._began >= HELD:
            rest = 0.0
        else:
            return None
        self._began = now + rest
        return rest


class FeedFollower:
    """One feed, followed. The screen calls `take_lines` at its own pace. `came_at`: when a sample came, where that is not now."""

    def __init__(self, feed: Feed, clock: Clock, came_at: Callable[[Sample], float] | None = None) -> None:
        self.feed = feed
        self.state = RunState()
        self.presence = Presence()
        self.numbers = MetricsHistory()
        self.problem = ""
        self.finished = False
        self.broken = False
        """It ended by a mistake of the screen's own, and not with the engine."""
        self.changed = True
        self.is_left = False
        """Nobody follows the run here any more."""
        self._is_amid = False
        self._shown = clock.mono()
        self._came_at = came_at or (lambda sample: clock.mono())
        self._lines: deque[LogLine] = deque(maxlen=PENDING)
        self._clock = clock
        self._signs = Staleness(clock.mono())
        self._task: asyncio.Task[None] | None = None
        self._joined = asyncio.Event()
        self.begins_anew = False
        """What is held of the log up to now does not meet what came: whoever shows it lets it go. It can be read back."""

    def begin(self) -> None:
        """Follow beside everything else, until told to stop. Once it is begun, a second call changes nothing."""
        if self._task is None:
            self._task = asyncio.create_task(self.follow())

    def stop(self) -> None:
        """Follow the run no more; what is shown stays as it is."""
        self.is_left = True
        if self._task is not None:
            self._task.cancel()

    @property
    def is_followed(self) -> bool:
        """Whether more may come of the run here."""
        return not self.is_left and self._task is not None and not self._task.done()

    async def follow(self) -> None:
        """Follow until the run has ended or the feed can't go on; then `problem` says why. One that is left is followed on once an engine takes it up."""
        while await self._followed():
            await self._clock.sleep(LEFT)

    async def _followed(self) -> bool:
        """Follow as far as it goes; whether it may go on."""
        pace, is_left = _Pace(self._clock), False
        try:
            async for item in self.feed.follow(self.state.seq):
                self._take_in(item)
                rest = pace.rest_after(item)
                if rest is not None:
                    await self._give_way(rest)
        except UsageFault as fault:
            self.problem, is_left = in_one_line(fault), self.state.phase != "ended" and self.state.seq > 0
        except ConsoleError as fault:
            self.problem = in_one_line(fault)
        except (OSError, EOFError) as fault:
            self.problem = f"the connection to the engine was lost: {fault}"
        except Exception as fault:  # a mistake of ours, or a package that was changed under us: said, never passed over
            self.broken = True
            back = as_typed("q, then deploy attach")
            self.problem = f"this screen can't follow the run any more ({type(fault).__name__}: {fault}); the run is not affected: {back}"
        self.finished = self.changed = True
        self._joined.set()
        return is_left

    async def joined(self, within: float) -> None:
        """Wait, so many seconds at most, until all is known that had happened when the run was joined."""
        with suppress(TimeoutError):
            async with asyncio.timeout(within):
                await self._joined.wait()

    async def _give_way(self, rest: float) -> None:
        """Let keys and timers have their turn. What is known in the middle of much that comes at once is nobody's to act on."""
        self._is_amid = rest == 0.0
        await asyncio.sleep(rest)
        self._is_amid = False

    def has_news(self) -> bool:
        """Return whether something came since the last time that this was so, and all of it: what goes on coming for long is shown on its way."""
        now = self._clock.mono()
        if not self.changed or (self._is_amid and now - self._shown < AT_ONCE):
            return False
        self.changed, self._shown = False, now
        return True

    def _take_in(self, item: FeedItem) -> None:
        self.changed, self.finished, self.problem = True, False, ""
        self._signs.heard(self._clock.mono())
        if isinstance(item, Sample):
            known = self.state.hosts.get(item.host)
            self.numbers.add(item, self._came_at(item), new=known is not None and known.condition == "new")
        elif isinstance(item, Presence):
            self.presence = item
            self._signs.comes_every(item.every)
        elif isinstance(item, Untold):
            self._lines.clear()
            self.begins_anew = True
        elif isinstance(item, Output):
            self._keep(log_lines(item, self.state))
        else:
            self.state = evolve(self.state, item)
            if self.state.seq >= self.feed.joined_at:
                self._joined.set()
            self._keep(log_lines(item, self.state))

    def _keep(self, lines: tuple[LogLine, ...]) -> None:
        self.begins_anew = self.begins_anew or len(self._lines) + len(lines) > PENDING
        self._lines.extend(lines)

    @property
    def helm(self) -> str:
        """Who answers the run's questions, when they are there and it is not who sits here; empty: nobody else does."""
        presence, driver = self.presence, self.state.driver
        theirs = presence.me and driver.login != presence.me and driver.login in presence.logins
        return str(driver) + (" (another terminal)" if presence.me.split(" ")[0] == driver.name else "") if theirs else ""

    @property
    def present(self) -> tuple[str, ...]:
        """The names of who is connected, without the driver's own at the machine that the run goes on on: that is no second person."""
        return tuple(name for name in self.presence.names if not self._is_driver_away(name))

    def _is_driver_away(self, name: str) -> bool:
        """Whether somebody at another machine, such as `ada on bastion`, is the login that drives."""
        driver = self.state.driver
        claims = (login[len(name) :].strip() for login in self.presence.logins if login == name or login.startswith(f"{name} "))
        return name.startswith(f"{driver.name} on ") and any(f"{driver.claims} ".startswith(f"{one} ") for one in claims)

    def link_problem(self, now: float) -> str:
        """Return why nothing more comes though the run goes on; empty: it comes."""
        if self.broken:
            return as_typed("this screen stopped: q, then deploy attach")
        quiet = self.silence(now)
        if quiet and self.state.phase != "ended":
            return f"the engine has not answered for {seconds_in_words(quiet)}"
        if self.finished and self.state.phase != "ended":
            return "the engine is gone"
        unseen = self.presence.record_away and self.state.phase != "ended"
        return UNSEEN if unseen else ""

    def silence(self, now: float) -> float:
        """Return for how many seconds an engine that says regularly that it is there has said nothing; 0 while that is no news."""
        return 0.0 if self.finished else self._signs.silence(now)

    @property
    def has_lines(self) -> bool:
        """Whether log lines wait to be taken."""
        return bool(self._lines)

    def take_lines(self) -> tuple[LogLine, ...]:
        """Return the log lines that came since the last call."""
        self.begins_anew = False
        lines = tuple(self._lines)
        self._lines.clear()
        return lines
