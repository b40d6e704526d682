"""Hears that other machines have written to the record. A notification says "look": what there is stands in the rows, which are read anyway from time to time.

On a connection of its own, in the loop; lost and made again, it has everybody look once. Knows nothing of what is written.
"""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from typing import Any, LiteralString

import psycopg

from console.adapters.journal.postgres_address import STATEMENT, Address, connect_arguments
from console.adapters.journal.postgres_store import CHANNEL

AGAIN = 1.0
"""Seconds until a connection that was lost is tried again."""
QUIET = 30.0
"""Seconds without a word after which the server is asked whether it is there."""


class _NewsCount:
    """How often something was said about a run, for all who wait for it."""

    def __init__(self) -> None:
        self.times = 0
        self.again = asyncio.Event()
        """Set when it is said the next time."""

    def hear(self) -> None:
        """Count one more, and wake all who wait: each of them hears of it, whoever wakes first."""
        before, self.again = self.again, asyncio.Event()
        self.times += 1
        before.set()


class Listener:
    """What one process hears of. `own`: the server's processes (by any key) that write for it, of which nothing is to be heard."""

    def __init__(self, address: Address, own: Mapping[int, int]) -> None:
        self._own = own
        self._asked: dict[str, Any] = connect_arguments(address, writes=True)
        self._heard: dict[str, _NewsCount] = {}
        self._task: asyncio.Task[None] | None = None

    async def news(self, run: str, seconds: float, heard: int) -> int:
        """Return once more was said about the run than `heard`, which this returned the last time, or after so many seconds: how much was said by then."""
        if self._task is None:
            self._task = asyncio.create_task(self._listen())
        one = self._heard.setdefault(run, _NewsCount())
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                while one.times == heard:
                    await one.again.wait()
        return one.times

    async def close(self) -> None:
        """End the connection that notifications come over."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
            self._task = None

    async def _listen(self) -> None:
        while True:
            with suppress(psycopg.Error, OSError):
                async with await psycopg.AsyncConnection.connect(**self._asked, autocommit=True) as connection:
                    await _answered(connection, f"LISTEN {CHANNEL}")
                    self._wake()
                    await self._hear(connection)
            self._wake()
            await asyncio.sleep(AGAIN)

    async def _hear(self, connection: "psycopg.AsyncConnection[Any]") -> None:
        """Hear what is said until the connection is lost. One whose other side is gone may look as if nothing were said: raises TimeoutError."""
        while True:
            async for one in connection.notifies(timeout=QUIET):
                if one.pid not in self._own.values():
                    self._wake(one.payload)
            await _answered(connection, "SELECT 1")

    def _wake(self, run: str = "") -> None:
        for name, heard in self._heard.items():
            if run in ("", name):
                heard.hear()


async def _answered(connection: "psycopg.AsyncConnection[Any]", statement: LiteralString) -> None:
    """Have it carried out, on a connection whose other side may be gone: that one is closed then. Raises TimeoutError."""
    try:
        async with asyncio.timeout(STATEMENT):
            await connection.execute(statement)
    except BaseException:
        await connection.close()  # at once, where its end would be waited for
        raise
