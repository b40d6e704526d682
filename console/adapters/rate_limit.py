"""How fast releases may be sent, all hosts together. It must not know what is sent."""

import asyncio
import time
from collections.abc import AsyncIterator

PIECE = 32 * 1024
TENTH = 0.1
"""Seconds' worth of bytes that one piece has at most: a low limit is kept in small steps, and nobody waits long for a turn."""


class RateLimit:
    """So many bytes a second. Whoever asks first goes first, so hosts share it evenly."""

    def __init__(self, rate: int) -> None:
        self.rate = rate
        self._free = 0.0

    async def pieces(self, data: bytes) -> AsyncIterator[bytes]:
        """Yield the data in pieces, each when it may be sent."""
        most = max(1, min(PIECE, int(self.rate * TENTH)))
        for start in range(0, len(data), most):
            piece = data[start : start + most]
            now = time.monotonic()
            begins = max(now, self._free)
            self._free = begins + len(piece) / self.rate
            if begins > now:
                await asyncio.sleep(begins - now)
            yield piece
