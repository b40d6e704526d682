"""Calls a person when a run waits for one: once for each thing that is waited for, after it has waited so long.

Knows the notifier and the run's state; nothing of channels.
"""

import asyncio
import logging
from collections.abc import Callable

from console.core.run.person_wanted import NeedsPerson, wanted
from console.model.events import PersonCalled
from console.model.state import RunState
from console.ports.clock import Clock
from console.ports.people import Notifier
from console.safe_text import SafeText

log = logging.getLogger(__name__)

LOOK = 1.0
"""Seconds between two looks at the run."""
TELL_WITHIN = 20.0
"""Seconds that the channels have."""


class PersonCaller:
    """Watches one run. `after`: seconds that it may wait before somebody is called."""

    def __init__(self, notifier: Notifier, after: float, clock: Clock, state: Callable[[], RunState], record: Callable[..., None]) -> None:
        self._notifier = notifier
        self._after = after
        self._clock = clock
        self._state = state
        self._record = record
        self._waits_for = ""
        self._since = 0.0
        self._called: set[str] = set()
        self._task: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Start watching the run; a person is called once it has waited for one for `after` seconds."""
        self._task = asyncio.create_task(self._watch())

    def stop(self) -> None:
        """Watch no more; `end` is still to be called."""
        if self._task is not None:
            self._task.cancel()

    async def _watch(self) -> None:
        while True:
            try:
                await self.look()
            except Exception:  # whatever went wrong, the next thing that is waited for is called for
                log.exception("calling a person")
            await self._clock.sleep(LOOK)

    async def look(self) -> None:
        """Call, where it is time to."""
        now, open_thing = self._clock.mono(), wanted(self._state())
        if open_thing is None or open_thing.key in self._called:
            return
        if open_thing.key != self._waits_for:
            self._waits_for, self._since = open_thing.key, now
        if now - self._since >= self._after:
            await self._call(open_thing)

    async def end(self) -> None:
        """Call at once for what a run that has ended leaves open."""
        left = wanted(self._state())
        if left is not None and left.key not in self._called:
            await self._call(left)

    async def _call(self, wanted_now: NeedsPerson) -> None:
        self._called.add(wanted_now.key)
        deliveries = await self._notifier.tell(wanted_now.words, f"{wanted_now.words}\n{wanted_now.next}", deadline=TELL_WITHIN)
        if deliveries and all(one.problem for one in deliveries):  # nobody has heard of it: once more, after as long again
            self._called.discard(wanted_now.key)
            self._since = self._clock.mono()
        if self._state().phase == "ended" or not deliveries:
            return
        told = tuple(one.channel for one in deliveries if not one.problem)
        problems = tuple(SafeText(f"{one.channel}: {one.problem}") for one in deliveries if one.problem)
        self._record(PersonCalled(reason=SafeText(wanted_now.words), told=told, problems=problems))
