"""Work on many hosts, begun a few in each turn of the loop: a thousand beginnings in one turn would hold up everybody who asks meanwhile."""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import TypeVar

T = TypeVar("T")
R = TypeVar("R")

AT_ONCE = 16
"""Beginnings in a turn of the loop: with some 0.5 ms each, a turn stays far under the 50 ms in which the engine answers."""

LONGEST = 0.005
"""Seconds that one piece of work goes on before others have a turn."""


class Turns:
    """Lets so many pass in each turn of the loop; who comes later passes in a later turn, in the order of coming."""

    def __init__(self, at_once: int = AT_ONCE) -> None:
        self._at_once = at_once
        self._left = at_once
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def mine(self) -> None:
        """Return in this turn, or in the first one that has room."""
        loop = asyncio.get_running_loop()
        if self._left == self._at_once:
            loop.call_soon(self._renew)
        if self._left > 0:
            self._left -= 1
            return
        passing: asyncio.Future[None] = loop.create_future()
        self._waiting.append(passing)
        await passing

    def _renew(self) -> None:
        self._left = self._at_once
        while self._waiting and self._left > 0:
            passing = self._waiting.popleft()
            if not passing.done():
                passing.set_result(None)
                self._left -= 1
        if self._left < self._at_once:
            asyncio.get_running_loop().call_soon(self._renew)


class HoldLimit:
    """Lets others have the loop, within work that comes in pieces of any length, whenever it has gone on for a while without."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._since = self._loop.time()

    async def pause_if_due(self) -> None:
        """Return at once, or after a turn of the loop."""
        if self._loop.time() - self._since > LONGEST:
            await asyncio.sleep(0)
            self._since = self._loop.time()


async def on_each(items: Iterable[T], act: Callable[[T], Awaitable[R]]) -> list[R]:
    """Act on all of them at the same time; the answers, in the order of the items. What one raises ends the waiting, as `asyncio.gather`'s."""
    turns = Turns()

    async def paced(item: T) -> R:
        await turns.mine()
        return await act(item)

    return await asyncio.gather(*(paced(item) for item in items))
