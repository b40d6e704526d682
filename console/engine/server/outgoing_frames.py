"""The frames that an engine sends to one client: what is said in one turn of the loop goes out in one piece, and one who does not read is waited for.

It must not know what is said, or why.
"""

import asyncio

from console.wire.frames import FrameError
from console.wire.messages import Said, reply_bytes
from console.wire.questions import Failed

BUFFERED = 64 << 10
"""Bytes that wait for a slow client before the engine stops fetching more for it."""


class OutgoingFrames:
    """Of one client, as long as it is connected."""

    def __init__(self, writer: asyncio.StreamWriter) -> None:
        self._writer = writer
        self._unsent: list[bytes] = []
        self._unsent_bytes = 0
        writer.transport.set_write_buffer_limits(high=BUFFERED)

    @property
    def is_slow(self) -> bool:
        """Whether the client has not taken yet as much as waits for it at most."""
        return self._unsent_bytes + self._writer.transport.get_write_buffer_size() >= BUFFERED

    async def say(self, message: Said) -> None:
        """Send it, and wait while the client takes nothing. Raises ConnectionError."""
        self.write(message)
        await self.drain()

    async def drain(self) -> None:
        """Send what was said, and wait while the client takes nothing. Raises ConnectionError."""
        self._send()
        await self._writer.drain()

    def write(self, message: Said) -> None:
        """Have it sent at the end of this turn of the loop. What cannot be a frame is said to have failed."""
        try:
            frame = reply_bytes(message)
        except (FrameError, NotImplementedError, TypeError) as problem:
            frame = reply_bytes(Failed(id=message.id, message=f"the answer cannot be sent: {problem}"))
        if not self._unsent:
            asyncio.get_running_loop().call_soon(self._send)
        self._unsent.append(frame)
        self._unsent_bytes += len(frame)

    def close(self) -> None:
        """Send what was said, and part with the client once it has read that."""
        self._send()
        self._writer.close()

    def abort(self) -> None:
        """Part with the client at once."""
        self._writer.transport.abort()

    def _send(self) -> None:
        """Send what was said in this turn of the loop, in one piece: each one wakes the client."""
        if self._unsent and not self._writer.is_closing():
            self._writer.write(b"".join(self._unsent))
        self._unsent.clear()
        self._unsent_bytes = 0
