"""Files that many handshakes ask for at the same time, read in a thread once for all of them. It must not know what is in them."""

import asyncio
import time
from collections.abc import Callable
from typing import Generic, TypeVar

FRESH = 0.5
"""Seconds in which they are not read again: less than a person takes to mend one and try again."""

T = TypeVar("T")


class ReadOnce(Generic[T]):
    """What was read last, by what was asked."""

    def __init__(self) -> None:
        self._reading: dict[object, tuple[float, asyncio.Task[T]]] = {}

    async def get(self, asked: object, read: Callable[[], T]) -> T:
        """Return what `read` returns, now or within the last moment. Raises what it raises."""
        now = time.monotonic()
        began, task = self._reading.get(asked, (0.0, None))
        if task is None or now - began > FRESH or task.cancelled():
            task = asyncio.create_task(asyncio.to_thread(read))
            self._reading[asked] = now, task
        return await asyncio.shield(task)
