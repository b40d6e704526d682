"""A connection that a host opened for us, as `ports.Stream`. It must not know what flows through it."""

import contextlib

import asyncssh


class SshStream:
    """A forwarded connection."""

    def __init__(self, reader: asyncssh.SSHReader[bytes], writer: asyncssh.SSHWriter[bytes]) -> None:
        self._reader = reader
        self._writer = writer

    async def read(self, limit: int) -> bytes:
        """Return up to so many bytes; empty at the end, or when the connection or the link broke."""
        try:
            return await self._reader.read(limit)
        except (asyncssh.Error, OSError):
            return b""

    async def write(self, data: bytes) -> None:
        """Send. Raises ConnectionError when the other side or the link is gone."""
        try:
            self._writer.write(data)
            await self._writer.drain()
        except (asyncssh.Error, OSError) as fault:
            raise ConnectionError(str(fault)) from fault

    async def close(self) -> None:
        """Let go, without waiting for an answer that may never come."""
        with contextlib.suppress(asyncssh.Error, OSError):
            self._writer.close()
