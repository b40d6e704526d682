"""Who may use one of a connection's channels, and when: work before what a person hears, and that before numbers.

A host says how many it takes by refusing one more (MaxSessions). Each connection begins anew. It opens nothing.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass, field
from typing import Literal

from console.model.host_facts import FEW_SESSIONS

CHANNELS = 8
"""Commands at once on a connection; sshd allows ten as it comes."""
AGAIN = 60.0
"""Seconds after a refusal in which no more channels are tried than the host has taken."""

Purpose = Literal["work", "person", "numbers", "standby"]
"""`work`: steps, gates, locks, looks. `person`: exec and logs. `numbers`: CPU, memory and load. `standby`: a shell that waits for quick steps."""
_RANK: dict[Purpose, int] = {"work": 0, "person": 1, "numbers": 2, "standby": 3}


@dataclass(eq=False)
class _Seat:
    """One use of a channel, waiting or going on."""

    purpose: Purpose
    give_way: Callable[[], None]
    granted: asyncio.Event = field(default_factory=asyncio.Event)


class SshChannels:
    """The channels of one connection."""

    def __init__(self) -> None:
        self.limit = CHANNELS
        """So many at once, as far as it is known."""
        self._used: list[_Seat] = []
        self._waiting: list[_Seat] = []
        self._refused = 0.0

    @property
    def is_tight(self) -> bool:
        """Whether the host takes fewer than are wanted."""
        return self.limit < CHANNELS

    @property
    def is_few(self) -> bool:
        """Whether the host takes too few for numbers."""
        return self.limit < FEW_SESSIONS

    @property
    def holds_up_work(self) -> bool:
        """Whether work that waits here waits for who only reads."""
        return any(seat.purpose not in ("work", "standby") for seat in self._used) and not self.has_room("work")

    def has_room(self, purpose: Purpose) -> bool:
        """Whether one more may begin now. Work may have every place; the others leave one for it."""
        if purpose == "work":
            return len(self._used) < self.limit
        if purpose == "standby" and self.is_tight:
            return False
        return len(self._used) < max(1, self.limit - 1) and not (purpose == "numbers" and self.is_few)

    @contextlib.asynccontextmanager
    async def place(self, purpose: Purpose, give_way: Callable[[], None]) -> AsyncIterator[None]:
        """Wait for a channel and hold it. `give_way` ends what numbers hold, when the host turns out to take too few."""
        seat = _Seat(purpose, give_way)
        self._waiting.append(seat)
        self._try_more(purpose)
        self._grant()
        try:
            await seat.granted.wait()
            yield
        finally:
            for seats in (self._waiting, self._used):
                if seat in seats:
                    seats.remove(seat)
            self._grant()

    def shrink(self) -> bool:
        """Note, holding a place, that the host has refused it. False where no other place is held: it is not a matter of how many."""
        self._refused = time.monotonic()
        if len(self._used) < 2:
            return False
        self.limit = min(self.limit, len(self._used) - 1)
        leaving = ("numbers", "standby") if self.is_few else ("standby",)
        for seat in [seat for seat in self._used if seat.purpose in leaving]:
            seat.give_way()
        return True

    def _try_more(self, purpose: Purpose) -> None:
        """Let the limit grow where it is in the way and the last refusal is long ago."""
        if self.is_tight and purpose not in ("numbers", "standby") and not self.has_room(purpose) and time.monotonic() - self._refused > AGAIN:
            self.limit += 1

    def _grant(self) -> None:
        for seat in sorted(self._waiting, key=lambda seat: _RANK[seat.purpose]):
            if not self.has_room(seat.purpose):
                return
            self._waiting.remove(seat)
            self._used.append(seat)
            seat.granted.set()
