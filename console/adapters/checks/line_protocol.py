"""A conversation in lines over a connection that is opened from a host, TLS included. What is said is the kinds'."""

import asyncio
import ssl

import httpcore

from console.adapters.checks.one_question import Asked
from console.adapters.host_http import over_stream
from console.core.checks.health_gate import Observation

PIECE = 65536
SHAKING = 0.8
"""Share of the time that TLS may take before it is said that it does not come about."""
LIMIT = 4 * 1024 * 1024
"""Bytes that an answer may have."""


class ConnectionCut(Exception):
    """The other side ended in the middle of its answer, or says more than can be looked at."""


class Wire:
    """Bytes both ways, with what was read too far kept."""

    def __init__(self, stream: httpcore.AsyncNetworkStream) -> None:
        self._stream = stream
        self._held = bytearray()
        self._read = 0

    async def send(self, data: bytes) -> None:
        """Send bytes within the check's deadline; raises ConnectionCut when the other side is gone."""
        await self._stream.write(data)

    async def line(self) -> bytes:
        """Return the next line without its end. Raises Cut."""
        while (end := self._held.find(b"\n")) < 0:
            await self._more()
        found = bytes(self._held[:end])
        del self._held[: end + 1]
        return found.removesuffix(b"\r")

    async def exactly(self, count: int) -> bytes:
        """Return so many bytes. Raises Cut."""
        while len(self._held) < count:
            await self._more()
        found = bytes(self._held[:count])
        del self._held[:count]
        return found

    async def _more(self) -> None:
        data = await self._stream.read(PIECE)
        self._read += len(data)
        if not data or self._read > LIMIT:
            raise ConnectionCut("the connection was closed" if not data else f"more than {LIMIT} bytes came")
        self._held += data

    async def close(self) -> None:
        """Close the connection without waiting for the other side."""
        await self._stream.aclose()


async def wire_to(asked: Asked, address: str, port: int, tls: ssl.SSLContext | None = None) -> Wire | Observation:
    """Connect from the question's place, by TLS where a context is given. Raises httpcore.ConnectError where that is refused."""
    stream = await asked.opened(address, port)
    if isinstance(stream, Observation):
        return stream
    plain = over_stream(stream)
    if tls is None:
        return Wire(plain)
    try:
        async with asyncio.timeout(asked.seconds * SHAKING):
            return Wire(await plain.start_tls(tls, address))
    except TimeoutError:
        raise httpcore.ConnectError(f"TLS: no answer to the handshake: does {address}:{port} speak TLS?") from None
