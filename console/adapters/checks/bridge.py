"""A socket on this machine that leads to an address a host can reach, for a client library that wants a socket of its own.

It takes one connection. The Unix socket lies in a folder that only this user can enter.
"""

import asyncio
import contextlib
import tempfile
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

from console.ports.hosts import Stream

PIECE = 65536


@asynccontextmanager
async def unix_bridge(stream: Stream, name: str) -> AsyncIterator[str]:
    """Yield the folder of a Unix socket of that name that is the stream's other end."""
    with tempfile.TemporaryDirectory(prefix="deploy-", ignore_cleanup_errors=True) as folder:
        one = _One(stream)
        server = await asyncio.start_unix_server(one.accept, f"{folder}/{name}")
        async with _served(server, one):
            yield folder


@asynccontextmanager
async def loopback_bridge(stream: Stream) -> AsyncIterator[int]:
    """Yield a port of 127.0.0.1 that is the stream's other end. Any user of this machine may be quicker: only for what TLS guards."""
    one = _One(stream)
    server = await asyncio.start_server(one.accept, "127.0.0.1", 0)
    async with _served(server, one):
        yield int(server.sockets[0].getsockname()[1])


@asynccontextmanager
async def _served(server: asyncio.Server, one: "_One") -> AsyncIterator[None]:
    try:
        yield
    finally:
        server.close()
        await one.end()


class _One:
    """The one connection that is taken."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream
        self._tasks: list[asyncio.Task[None]] = []
        self._writer: asyncio.StreamWriter | None = None
        self._ended = False

    def accept(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self._tasks or self._ended:
            writer.close()
            return
        self._writer = writer

        async def there() -> None:
            while data := await reader.read(PIECE):
                await self._stream.write(data)

        async def back() -> None:
            try:
                while data := await self._stream.read(PIECE):
                    writer.write(data)
                    await writer.drain()
            finally:
                writer.close()

        self._tasks = [asyncio.ensure_future(_quietly(work)) for work in (there, back)]

    async def end(self) -> None:
        self._ended = True
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._writer is not None:
            self._writer.close()
        with contextlib.suppress(OSError):
            await self._stream.close()


async def _quietly(work: Callable[[], Awaitable[None]]) -> None:
    with contextlib.suppress(OSError):
        await work()
