"""How many handshakes go on at once with one server, or through one jump host: more while they succeed, half as many after one was cut off.

sshd drops connections when many wait for their login (MaxStartups), and says nothing. It opens nothing itself.
"""

import asyncio
import contextlib
from collections import deque
from collections.abc import AsyncIterator

FIRST = 8
"""Handshakes at once to begin with: sshd drops some from the eleventh on as it comes."""


class Ramp:
    """One server's, or one jump host's, share. It never ends below one, and grows up to `most`."""

    def __init__(self, most: int = FIRST) -> None:
        self._most = most
        self._limit = min(FIRST, most)
        self._used = 0
        self._waiting: deque[asyncio.Future[None]] = deque()

    @property
    def limit(self) -> int:
        """So many at once, as things are."""
        return self._limit

    @contextlib.asynccontextmanager
    async def turn(self) -> AsyncIterator[None]:
        """Wait for a turn, and hold it."""
        while self._used >= self._limit:
            turn = asyncio.get_running_loop().create_future()
            self._waiting.append(turn)
            try:
                await turn
            except asyncio.CancelledError:
                self._wake()
                raise
        self._used += 1
        try:
            yield
        finally:
            self._used -= 1
            self._wake()

    def went_well(self) -> None:
        """Let one more go on at once."""
        if self._limit < self._most:
            self._limit += 1
            self._wake()

    def was_cut(self) -> None:
        """Let half as many go on at once."""
        self._limit = max(1, self._limit // 2)

    def _wake(self) -> None:
        """Let those try who would have room now."""
        room = self._limit - self._used
        while room > 0 and self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                room -= 1
