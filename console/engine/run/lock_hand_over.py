"""Between a run in its monitoring window and the release that is opened meanwhile: at GO the first one ends, and its locks become the second one's.

The end of the first is on the disk before a lock changes hands. Knows no hosts: who holds them is the executors'.
"""

import asyncio
from collections.abc import Awaitable, Callable

from console.core.run.superseding import is_about_to_end, makes_way, not_as_seen
from console.engine.context import ENGINE
from console.engine.run.step_attempt import epoch_of
from console.exit_codes import Exit
from console.model.events import Decided, Event, LocksRefused, Superseded
from console.model.host_facts import LockHolder
from console.model.state import RunState
from console.ports.clock import Clock
from console.safe_text import SafeText

PATIENCE = 30.0
"""Seconds that the older run has to end where its window is over: nothing of it goes on but the removal of old releases."""
ENDING = 300.0
"""Seconds that it has once it was told to make way: it ends in any case, so that the newer one is refused only where nothing else is left."""
HANDING = 60.0
"""Seconds that it keeps locks for the newer one, once it has ended."""
AGAIN = 0.1


class HandOver:
    """One run's locks to the next."""

    def __init__(
        self, old: Callable[[], RunState], write: Callable[[Event], Awaitable[object]], clock: Clock, promised: Callable[["HandOver"], None],
        is_carried: Callable[[], bool] = lambda: True,
    ) -> None:  # fmt: skip
        """`old`: the older run as it is now; `write`: into its record; `promised`: hears that its locks are kept for the newer run; `is_carried`: whether the
        older one still goes on here."""
        self._old = old
        self._write = write
        self._clock = clock
        self._promised = promised
        self._is_carried = is_carried
        self._taken: asyncio.Future[frozenset[str]] = asyncio.get_running_loop().create_future()

    @property
    def epoch(self) -> str:
        """What its locks are held under; empty: it holds none."""
        state = self._old()
        return epoch_of(state) if state.locked_hosts or state.phase != "ended" else ""

    async def ask(self, new: RunState) -> LocksRefused | Decided | None:
        """End the older run for this one; why not, where it does something to its hosts, or has, since the newer one looked."""
        ends = self._clock.mono() + PATIENCE
        while (old := self._old()).phase != "ended":
            if not self._is_carried():
                return _no_go(f"run {old.run} was interrupted meanwhile: take it up first (deploy resume {old.run})")
            if changed := not_as_seen(old, new):
                return _not_as_seen(old, changed)
            if makes_way(old):
                self._promised(self)
                changes = tuple(dict.fromkeys(step.about for step in new.plan.steps if step.about)) if new.plan else ()
                await self._write(Superseded(by_run=new.run, by=new.decided_by or new.by, hosts=changes))
                ends = self._clock.mono() + ENDING
                continue
            if not is_about_to_end(old) or self._clock.mono() > ends:
                holder = LockHolder(by=SafeText(old.by.name), run=old.run)
                return LocksRefused(host=next(iter(old.locked_hosts or old.hosts), ""), holder=holder)
            await self._clock.sleep(AGAIN)
        if changed := not_as_seen(old, new):
            return _not_as_seen(old, changed)
        if old.exit in (Exit.DONE, Exit.LIVE_BUT_BEHIND):
            return None
        return _no_go(f"run {old.run} has ended {old.outcome} meanwhile: look again")

    def finish(self, hosts: frozenset[str]) -> None:
        """Say which hosts the newer run holds now; all others are to be released."""
        if not self._taken.done():
            self._taken.set_result(hosts)

    async def finished(self) -> frozenset[str]:
        """Wait for that; no host where nobody says."""
        try:
            async with asyncio.timeout(HANDING):
                return await asyncio.shield(self._taken)
        except TimeoutError:
            return frozenset()


def _not_as_seen(old: RunState, hosts: tuple[str, ...]) -> Decided:
    more = f" and {len(hosts) - 4} more" if len(hosts) > 4 else ""
    return _no_go(f"run {old.run} has changed {', '.join(hosts[:4])}{more} since this one looked: look again")


def _no_go(words: str) -> Decided:
    return Decided(go=False, by=ENGINE, reasons=(SafeText(words),))
