"""The demo's balancer towards customers: each request goes to a server that serves, once more to another one when that could not be reached.

In maintenance everybody gets the page, but who asks for the health path. It takes requests without a body; what they ask is not its business.
"""

import asyncio
import contextlib
from collections.abc import Callable

from console.demo.balancer.servers import BackendServer, Servers

PATIENCE = 10.0
"""Seconds for a customer's request, and for an answer."""
CONNECT = 1.0
"""Seconds for a connection to a server."""
CHECK = 0.25
"""Seconds between two checks of a server."""
HEALTH = "/healthz"
TRIES = 2
PAGE = "We are making the shop better. Please come back in a few minutes.\n"
NOBODY = "no server is in service\n"

Opened = tuple[asyncio.StreamReader, asyncio.StreamWriter]


class Proxy:
    """Passes requests on, as long as the maintenance page is not shown."""

    def __init__(self, servers: Servers) -> None:
        self._servers = servers
        self._under_way: dict[str, set[asyncio.StreamWriter]] = {name: set() for name in servers.by_name}
        self.is_closed: Callable[[], bool] = lambda: False

    def cut(self, server: str) -> None:
        """End what is under way there."""
        for writer in self._under_way[server]:
            writer.transport.abort()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Pass one request of a client on to a server in turn; 503 where none serves."""
        try:
            async with asyncio.timeout(PATIENCE):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(await self._answer(head))
                await writer.drain()
        except (OSError, TimeoutError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass
        finally:
            writer.close()

    async def _answer(self, head: bytes) -> bytes:
        path = (head.split(b" ", 2)[1:2] or [b""])[0].decode("ascii", "replace")
        if self.is_closed() and path != HEALTH:
            return page(503, PAGE, "Retry-After: 120\r\n")
        tried: frozenset[str] = frozenset()
        while len(tried) < TRIES and (server := self._servers.next(tried)):
            tried |= {server.name}
            opened = await _open(server)
            if opened is None:
                server.unreached += 1
            else:
                return await self._passed(server, opened, head)
        return page(503, NOBODY)

    async def _passed(self, server: BackendServer, opened: Opened, head: bytes) -> bytes:
        """Ask a server, and count what came of it."""
        server.sessions += 1
        server.total += 1
        self._under_way[server.name].add(opened[1])
        try:
            answer = await _asked(opened, head)
        except (OSError, TimeoutError):
            answer = b""
        finally:
            self._under_way[server.name].discard(opened[1])
            server.sessions -= 1
        if not answer.startswith(b"HTTP/"):
            server.broken += 1
            return page(502, "the server gave no answer\n")
        server.failed += _status(answer) >= 500
        return answer

    async def check(self) -> None:
        """Ask every server for its health, again and again."""
        while True:
            await asyncio.gather(*(_check(server) for server in self._servers.by_name.values()))
            await asyncio.sleep(CHECK)


async def _open(server: BackendServer) -> Opened | None:
    try:
        async with asyncio.timeout(CONNECT):
            return await asyncio.open_connection(server.address, server.port)
    except (OSError, TimeoutError):
        return None


async def _asked(opened: Opened, head: bytes) -> bytes:
    """Ask on a connection of its own, which ends with the answer."""
    reader, writer = opened
    lines = [line for line in head.split(b"\r\n") if not line.lower().startswith(b"connection:")]
    try:
        async with asyncio.timeout(PATIENCE):
            writer.write(b"\r\n".join([lines[0], b"Connection: close", *lines[1:]]))
            return await reader.read(-1)
    finally:
        writer.close()


async def _check(server: BackendServer) -> None:
    well = False
    with contextlib.suppress(OSError, TimeoutError):
        if opened := await _open(server):
            well = _status(await _asked(opened, f"GET {HEALTH} HTTP/1.0\r\nHost: {server.name}\r\n\r\n".encode())) == 200
    server.checked(well=well)


def _status(answer: bytes) -> int:
    """The status of an answer; 0: it is none."""
    word = (answer.split(None, 2)[1:2] or [b""])[0]
    return int(word) if word.isdigit() else 0


def page(status: int, text: str, headers: str = "") -> bytes:
    """Return an answer of the balancer's own."""
    head = f"HTTP/1.0 {status} Balancer\r\nContent-Type: text/plain; charset=utf-8\r\n{headers}Content-Length: {len(text)}\r\nConnection: close\r\n\r\n"
    return f"{head}{text}".encode()
