"""A connection that a host opened for us, as `ports.Stream`. It must not know what flows through it."""

import contextlib

import asyncssh

from console.adapters.ssh.opened_channel import opened
from console.adapters.ssh.session import WINDOW

_Ends = tuple[asyncssh.SSHReader[bytes], asyncssh.SSHWriter[bytes]]


class SshStream:
    """A forwarded connection."""

    def __init__(self, connection: asyncssh.SSHClientConnection, ends: _Ends) -> None:
        self._connection = connection
        self._reader, self._writer = ends

    async def read(self, limit: int) -> bytes:
        """Return up to so many bytes; empty at the end. Raises ConnectionError when the link broke: what came is not all then."""
        try:
            data = await self._reader.read(limit)
        except (asyncssh.Error, OSError) as fault:
            raise ConnectionError(str(fault)) from fault
        if not data and self._connection.is_closed():
            raise ConnectionError("the link was lost")
        return data

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


async def opened_stream(connection: asyncssh.SSHClientConnection, address: str, port: int) -> SshStream:
    """Open one from the host. Raises asyncssh.Error and OSError."""
    return SshStream(connection, await opened(connection.open_connection(address, port, encoding=None, window=WINDOW), _let_go))


async def opened_socket(connection: asyncssh.SSHClientConnection, path: str) -> SshStream:
    """Open one to a Unix socket of the host. Raises asyncssh.Error and OSError."""
    return SshStream(connection, await opened(connection.open_unix_connection(path, encoding=None, window=WINDOW), _let_go))


def _let_go(ends: _Ends) -> None:
    ends[1].close()
