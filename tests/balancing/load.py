"""Clients that ask a balancer some twenty times a second each, on connections that they keep, or on a new one for each request; and count what fails."""

import asyncio
import contextlib
from dataclasses import dataclass, field

REQUEST = "GET / HTTP/1.1\r\nHost: shop\r\n{more}\r\n"
PATIENCE = 60.0
Connection = tuple[asyncio.StreamReader, asyncio.StreamWriter]


@dataclass
class Load:
    """`async with Load(port) as load:`; every request that got no whole answer of 200 is in `failed`."""

    port: int
    clients: int = 8
    address: str = "127.0.0.1"
    keeps: bool = True
    """Every second client keeps its connection; False: none does."""
    answered: int = 0
    failed: list[str] = field(default_factory=list)
    reopens: bool = False
    """A kept connection that is closed without a byte of an answer is opened again, once for each request, as RFC 9112 (9.5) has clients do; it is counted."""
    reopened: int = 0
    slowest: float = 0.0
    _over: bool = False
    _work: list[asyncio.Task[None]] = field(default_factory=list)

    async def __aenter__(self) -> "Load":
        self._work = [asyncio.create_task(self._client(keeps=self.keeps and number % 2 == 0)) for number in range(self.clients)]
        return self

    async def __aexit__(self, *_: object) -> None:
        self._over = True
        await asyncio.gather(*self._work)

    async def _client(self, *, keeps: bool) -> None:
        connection: Connection | None = None
        while not self._over:
            began = asyncio.get_running_loop().time()
            try:
                used = connection is not None
                async with asyncio.timeout(PATIENCE):
                    connection = connection or await asyncio.open_connection(self.address, self.port)
                    connection = await self._asked(connection, keeps=keeps, used=used)
                self.answered += 1
            except (OSError, EOFError, ValueError, TimeoutError) as fault:
                self.failed.append(f"{type(fault).__name__}: {fault}")
                connection = await self._closed(connection)
                await asyncio.sleep(0.05)
            self.slowest = max(self.slowest, asyncio.get_running_loop().time() - began)
            await asyncio.sleep(0.05)
        await self._closed(connection)

    async def _asked(self, connection: Connection, *, keeps: bool, used: bool) -> Connection | None:
        try:
            stands = await self._ask(*connection, keeps=keeps)
        except (EOFError, ConnectionError) as fault:
            if not (used and self.reopens) or getattr(fault, "partial", b""):
                raise
            self.reopened += 1
            await self._closed(connection)
            connection = await asyncio.open_connection("127.0.0.1", self.port)
            stands = await self._ask(*connection, keeps=keeps)
        return connection if stands and keeps else await self._closed(connection)

    async def _ask(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter, *, keeps: bool) -> bool:
        """Ask once; whether the connection stands after that. Raises where there is no whole answer of 200."""
        writer.write(REQUEST.format(more="" if keeps else "Connection: close\r\n").encode())
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        status, _, headers = head.partition("\r\n")
        named = {name.strip().lower(): value.strip() for name, _, value in (one.partition(":") for one in headers.splitlines() if one)}
        if "content-length" in named:
            await reader.readexactly(int(named["content-length"]))
        if " 200 " not in status:
            raise ValueError(status)
        return named.get("connection", "").lower() != "close"

    async def _closed(self, connection: Connection | None) -> None:
        if connection:
            connection[1].close()
            with contextlib.suppress(OSError):
                await connection[1].wait_closed()
