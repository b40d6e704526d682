"""What goes on beside the answers of an engine: watches that run until they are stopped, and work that is done to its end whoever waits for it.

One rule for all who have such tasks. Knows no run and no record.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from typing import Any, TypeVar

log = logging.getLogger(__name__)

T = TypeVar("T")

Work = Callable[[], Coroutine[Any, Any, None]]


class Background:
    """Watches of one owner, which go on until they are stopped."""

    def __init__(self) -> None:
        self._tasks: tuple[asyncio.Task[None], ...] = ()

    @property
    def is_on(self) -> bool:
        """Whether they were started, and not stopped since."""
        return bool(self._tasks)

    def start(self, *works: Work, names: tuple[str, ...] = ()) -> None:
        """Begin all of them at once; where they go on already, nothing is begun. `names`: what the tasks are called in a log."""
        if not self._tasks:
            named = (*names, *("" for _ in works[len(names) :]))
            self._tasks = tuple(asyncio.create_task(work(), name=name or None) for work, name in zip(works, named, strict=True))
            for task in self._tasks:
                task.add_done_callback(_log_fault)

    async def stop(self) -> None:
        """Cancel them, and wait until each has ended. Not to be called by one of them."""
        tasks, self._tasks = self._tasks, ()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _log_fault(task: asyncio.Task[None]) -> None:
    """Say in the log that a watch has ended by a mistake: nobody waits for it."""
    if not task.cancelled() and (fault := task.exception()):
        log.error("a watch has ended: %s", task.get_name(), exc_info=fault)


class Unbroken:
    """Work that is not to be left half done where the client that asked for it goes away meanwhile."""

    def __init__(self) -> None:
        self._tasks: set[asyncio.Task[Any]] = set()

    @property
    def goes_on(self) -> bool:
        """Whether something is not done yet."""
        return bool(self._tasks)

    async def done(self, work: Coroutine[Any, Any, T]) -> T:
        """Do it, and return what came of it. Whoever waits may be cancelled; the work is not."""
        return await asyncio.shield(self.begin(work))

    def begin(self, work: Coroutine[Any, Any, T]) -> asyncio.Task[T]:
        """Begin it, and wait for nothing."""
        task = asyncio.create_task(work)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    async def ended(self) -> None:
        """Wait for all that was begun, whatever comes of it."""
        await asyncio.gather(*self._tasks, return_exceptions=True)
