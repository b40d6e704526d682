"""The line of one jump host while releases go through it: how many at once, and how fast. It sends nothing itself, and knows no connection.

Hosts behind a jump host take turns, in the order in which they came; those behind another one have a line of their own. More go on at once
while that makes the whole faster. Who stands still gives its place up, and goes on beside the others when it can.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator

from console.adapters.rate_limit import RateLimit

FIRST = 4
"""Releases at once to begin with."""
MOST = 32
LOOK = 1.0
"""Seconds over which the line's speed is measured."""
PAYS = 1.1
"""More at once pay where the line is so many times as fast with them."""
FADES = 0.9
"""How much of an older speed is still to be bettered after each look: a line may be slower today than it was."""
STANDS = 3.0
"""Seconds without a byte after which a release that is on its way holds nobody up."""


class JumpLine:
    """All releases through one jump host, `rate` is bytes a second for them together, 0: as fast as it goes."""

    def __init__(self, rate: int = 0) -> None:
        self.rate = rate
        self.limit = FIRST
        self._pace = RateLimit(rate) if rate else None
        self._going: dict[object, float] = {}
        """Those that count, and when each sent something last (monotonic seconds)."""
        self._waiting: dict[object, asyncio.Future[None]] = {}
        self._look: asyncio.TimerHandle | None = None
        self._since = 0.0
        self._sent = 0
        self._speed = 0.0
        """Bytes a second that are to be bettered."""
        self._cut = 0.0

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[object]:
        """Wait for a turn, and hold it; it is named to `pieces`."""
        turn = object()
        try:
            if self._waiting or len(self._going) >= self.limit:
                await self._granted(turn)
            self._going[turn] = time.monotonic()
            yield turn
        finally:
            self._going.pop(turn, None)
            self._wake()

    async def pieces(self, turn: object, data: bytes) -> AsyncIterator[bytes]:
        """Yield the data of who has that turn in pieces, each when it may be sent."""
        async for piece in self._pace.pieces(data) if self._pace else _whole(data):
            self._moved(turn, len(piece))
            yield piece

    def was_cut(self) -> None:
        """Let half as many go at once: a link was lost on the way. All that are lost together count once."""
        now = time.monotonic()
        if now - self._cut > STANDS:
            self._cut, self._speed, self.limit = now, 0.0, max(1, self.limit // 2)

    async def _granted(self, turn: object) -> None:
        if not self._waiting:
            self._since, self._sent = time.monotonic(), 0
        granted = self._waiting[turn] = asyncio.get_running_loop().create_future()
        self._look_soon()
        try:
            await granted
        finally:
            self._waiting.pop(turn, None)

    def _moved(self, turn: object, size: int) -> None:
        now = time.monotonic()
        self._going[turn] = now
        self._sent += size
        if not self._waiting:
            self._since, self._sent = now, 0
        elif now - self._since >= LOOK:
            self._judge(self._sent / (now - self._since))
            self._since, self._sent = now, 0

    def _judge(self, speed: float) -> None:
        if speed > PAYS * self._speed:
            self._speed, self.limit = speed, min(MOST, self.limit + max(1, self.limit // 2))
            self._wake()
        else:
            self._speed = max(speed, FADES * self._speed)

    def _wake(self) -> None:
        """Give the places that are free to those who wait, first come, first served."""
        for turn in list(self._waiting)[: max(0, self.limit - len(self._going))]:
            granted = self._waiting.pop(turn)
            if not granted.done():
                self._going[turn] = time.monotonic()
                granted.set_result(None)

    def _look_soon(self) -> None:
        if self._waiting and self._look is None:
            self._look = asyncio.get_running_loop().call_later(STANDS, self._pass_over)

    def _pass_over(self) -> None:
        """Count those no longer that stand still."""
        self._look = None
        before = time.monotonic() - STANDS
        self._going = {turn: moved for turn, moved in self._going.items() if moved > before}
        self._wake()
        self._look_soon()


async def _whole(data: bytes) -> AsyncIterator[bytes]:
    yield data
