"""How far releases have come on their way to hosts: heard from every transfer, told for all of them together, and only where it lasts."""

from collections.abc import Callable

from console.model.events import Event, ReleaseSent
from console.ports.clock import Clock

EVERY = 2.0
"""Seconds between two words about it; a transfer that is done before needs none."""


class ShippingProgress:
    """The transfers of a run that are under way."""

    def __init__(self, clock: Clock, record: Callable[[Event], None]) -> None:
        self._clock = clock
        self._record = record
        self._under_way: dict[str, tuple[int, int]] = {}
        self._done = 0
        self._told_at = 0.0
        self._told = 0

    def begin(self, host: str) -> Callable[[int, int], None]:
        """Note that a host's transfer begins. Returns what hears the bytes that were sent, and those that there are as far as is known."""
        if not self._under_way:
            self._done, self._told, self._told_at = 0, 0, self._clock.mono()
        self._under_way[host] = (0, 0)

        def hear(sent: int, size: int) -> None:
            self._under_way[host] = (sent, max(sent, size))
            self._tell()

        return hear

    def end(self, host: str) -> None:
        """Note that a host's transfer has ended."""
        self._done += self._under_way.pop(host, (0, 0))[0]

    def _tell(self) -> None:
        now = self._clock.mono()
        if now - self._told_at < EVERY:
            return
        sent = self._done + sum(each for each, _ in self._under_way.values())
        size = self._done + sum(each for _, each in self._under_way.values())
        rate = max(0, sent - self._told) / (now - self._told_at)
        left = (size - sent) / rate if rate else None
        self._told, self._told_at = sent, now
        self._record(ReleaseSent(hosts=len(self._under_way), sent=sent, size=size, rate=int(rate), left=left if left is None else round(left, 1)))
