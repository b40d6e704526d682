"""What a question begins once somebody follows it (the output of an exec), by name. Knows no run and no client."""

from collections.abc import AsyncIterator, Callable
from contextlib import aclosing

from console.engine.context import Keep
from console.model.events import RunOpened
from console.ports.feed import Heard, Output

MOST = 50
"""Feeds that wait for somebody to follow them; the oldest goes."""


class Feeds:
    """Feeds that wait, and those that are followed."""

    def __init__(self, keep: Keep) -> None:
        self.waiting: dict[str, Callable[[], AsyncIterator[Heard]]] = {}
        self.followed: set[str] = set()
        self._keep = keep

    def make_room(self) -> None:
        """Let the oldest go where no other one has room."""
        while len(self.waiting) >= MOST:
            del self.waiting[next(iter(self.waiting))]

    def follow(self, name: str) -> AsyncIterator[Heard]:
        """Begin it, and give what comes. The output of one that is on record as a run is kept."""
        return self._followed(name, self.waiting.pop(name)())

    async def _followed(self, name: str, items: AsyncIterator[Heard]) -> AsyncIterator[Heard]:
        self.followed.add(name)
        first: Heard | None = None
        try:
            async with aclosing(items) as heard:  # type: ignore[type-var] # it is a generator
                async for item in heard:
                    if isinstance(item, Output) and isinstance(first, RunOpened):
                        self._keep(name, item)
                    first = first or item
                    yield item
        finally:
            self.followed.discard(name)
