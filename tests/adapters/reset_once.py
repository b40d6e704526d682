"""A door before an sshd that resets some connections once the client has spoken, as a busy machine's does; then it lets them through."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator

AT_ONCE = struct.pack("ii", 1, 0)
"""SO_LINGER for which a close is a reset."""


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await reader.read(65536):
            writer.write(piece)
            await writer.drain()
    writer.transport.abort()


@contextlib.asynccontextmanager
async def resetting(address: str, port: int, resets: int) -> AsyncIterator[int]:
    """Listen on 127.0.0.1 and yield the port: the first `resets` connections are reset, the others are passed on."""
    left = resets
    passing: list[asyncio.Future[tuple[None, None]]] = []

    async def meet(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        if left:
            left -= 1
            await reader.read(1)
            writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, AT_ONCE)
            writer.transport.abort()
            return
        there, back = await asyncio.open_connection(address, port)
        passing.append(asyncio.gather(_pass_on(reader, back), _pass_on(there, writer)))

    server = await asyncio.start_server(meet, "127.0.0.1")
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.gather(*passing)
