"""What a command is sent: nothing before its script has begun, never to what may run in its place; then as fast as its channel and the line take it.

It must not know what becomes of the command.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import asyncssh

from console.adapters.ssh.quick_client import flows, keep_near

SHORT = 8 * 1024
"""Bytes of input that wait for no other connection's: a quick step through a jump host goes between the pieces of a release."""
PIECE = 32768
"""Bytes in a write; what is longer would be cut again."""

Channel = asyncssh.SSHClientChannel[bytes]


class CommandInput:
    """The input of one command, until `closed` says that its channel is."""

    def __init__(self, closed: asyncio.Event) -> None:
        self._closed = closed
        self._writable = asyncio.Event()
        self._writable.set()
        self.begun = asyncio.Event()
        """It may be sent."""
        self.ends_at: Channel | None = None
        """Where there is none, and its end is told when the script has begun."""
        self.fault: Exception | None = None
        """What its source raised."""

    def pause(self) -> None:
        """Hold it back until the channel's window opens again."""
        self._writable.clear()

    def go_on(self) -> None:
        """Send what was held back."""
        self._writable.set()

    def release(self) -> None:
        """Send it. Though the script has not begun: what waits for it in its place reads it."""
        self.begun.set()
        if self.ends_at is not None and not self._closed.is_set():
            with contextlib.suppress(OSError):
                self.ends_at.write_eof()

    async def feed(self, connection: asyncssh.SSHClientConnection, channel: Channel, data: bytes | AsyncIterator[bytes]) -> None:
        """Send all of it, and its end. Raises what `data` raises."""
        await self.begun.wait()
        keep_near(connection, channel)
        pieces = _pieces(data)
        while piece := await self._next(pieces):
            await self._writable.wait()
            if len(piece) > SHORT:
                await flows(connection)
            if self._closed.is_set() or not _wrote(channel, piece):
                return
        await self._writable.wait()
        with contextlib.suppress(OSError):
            channel.write_eof()

    async def _next(self, pieces: AsyncIterator[bytes]) -> bytes:
        try:
            return await anext(pieces, b"")
        except Exception as fault:
            self.fault = fault
            raise


def _wrote(channel: Channel, piece: bytes) -> bool:
    """Whether the other side still takes input."""
    try:
        channel.write(piece)
    except OSError:
        return False
    return True


async def _pieces(data: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(data, bytes):
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]
        return
    async for whole in data:
        for start in range(0, len(whole), PIECE):
            yield whole[start : start + PIECE]
