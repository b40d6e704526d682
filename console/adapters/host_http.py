"""HTTP through a host's connection: httpx's client over the streams of a `Transport`, TLS included.

It must not know what is asked, or why. No proxy of the environment is used, and no redirect is followed.
"""

import contextlib
import ssl
from collections.abc import AsyncIterator, Iterable
from typing import Any

import httpcore
import httpx

from console.model.host import Host
from console.ports.hosts import Stream, Transport, Unreached

PIECE = 65536
OPENING = 10.0
"""Seconds for a connection, where the request names none."""


class NotOpened(httpcore.ConnectError):
    """The host could not connect to the address, or could not be asked to."""

    def __init__(self, problem: Unreached) -> None:
        super().__init__(str(problem.message))
        self.problem = problem


class _Plain(httpcore.AsyncNetworkStream):
    """A stream of the transport, as httpcore wants it."""

    def __init__(self, stream: Stream) -> None:
        self._stream = stream

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        try:
            return await self._stream.read(max_bytes)
        except OSError as fault:
            raise httpcore.ReadError(str(fault)) from fault

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        try:
            await self._stream.write(buffer)
        except OSError as fault:
            raise httpcore.WriteError(str(fault)) from fault

    async def aclose(self) -> None:
        with contextlib.suppress(OSError):
            await self._stream.close()

    async def start_tls(self, ssl_context: ssl.SSLContext, server_hostname: str | None = None, timeout: float | None = None) -> httpcore.AsyncNetworkStream:
        tls = _Tls(self, ssl_context, server_hostname)
        try:
            await tls.shake_hands()
        except BaseException as fault:
            await self.aclose()
            if not isinstance(fault, ssl.SSLError):
                raise
            raise httpcore.ConnectError(f"TLS: {getattr(fault, 'verify_message', '') or fault.reason or fault}") from fault
        return tls


def over_stream(stream: Stream) -> httpcore.AsyncNetworkStream:
    """Return the stream as one that speaks TLS where it is asked to. Raises httpcore's exceptions."""
    return _Plain(stream)


class _Tls(httpcore.AsyncNetworkStream):
    """TLS over a plain stream, in memory, since the transport gives no socket."""

    def __init__(self, plain: _Plain, context: ssl.SSLContext, name: str | None) -> None:
        self._plain = plain
        self._incoming, self._outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
        self._tls = context.wrap_bio(self._incoming, self._outgoing, server_hostname=name)

    async def shake_hands(self) -> None:
        """Raise ssl.SSLError for a certificate that is not trusted, and for a peer that does not speak TLS."""
        while True:
            try:
                self._tls.do_handshake()
            except ssl.SSLWantReadError:
                await self._flush()
                await self._take()
            else:
                return await self._flush()

    async def _flush(self) -> None:
        if self._outgoing.pending:
            await self._plain.write(self._outgoing.read())

    async def _take(self) -> None:
        data = await self._plain.read(PIECE)
        if data:
            self._incoming.write(data)
        else:
            self._incoming.write_eof()

    async def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        while True:
            try:
                return self._tls.read(max_bytes)
            except ssl.SSLWantReadError:
                await self._flush()
                await self._take()
            except (ssl.SSLZeroReturnError, ssl.SSLEOFError):
                return b""
            except ssl.SSLError as fault:
                raise httpcore.ReadError(f"TLS: {fault.reason or fault}") from fault

    async def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._tls.write(buffer)
        await self._flush()

    async def aclose(self) -> None:
        await self._plain.aclose()


class _Backend(httpcore.AsyncNetworkBackend):
    """Opens connections from a host."""

    def __init__(self, transport: Transport, host: Host) -> None:
        self._transport = transport
        self._host = host

    async def connect_tcp(
        self, host: str, port: int, timeout: float | None = None, local_address: str | None = None, socket_options: Iterable[Any] | None = None
    ) -> httpcore.AsyncNetworkStream:
        stream = await self._transport.open_stream(self._host, host, port, deadline=timeout or OPENING)
        if isinstance(stream, Unreached):
            raise NotOpened(stream)
        return _Plain(stream)


class _Body(httpx.AsyncByteStream):
    def __init__(self, response: httpcore.Response) -> None:
        self._response = response

    async def __aiter__(self) -> AsyncIterator[bytes]:
        async for piece in self._response.aiter_stream():
            yield piece

    async def aclose(self) -> None:
        await self._response.aclose()


class _Through(httpx.AsyncBaseTransport):
    """httpx's own transport, with our backend below it. Raises httpcore's exceptions as they are."""

    def __init__(self, transport: Transport, host: Host) -> None:
        self._pool = httpcore.AsyncConnectionPool(network_backend=_Backend(transport, host))

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        url = request.url
        target = httpcore.URL(scheme=url.raw_scheme, host=url.raw_host, port=url.port, target=url.raw_path)
        body = await request.aread()
        response = await self._pool.handle_async_request(
            httpcore.Request(request.method, target, headers=request.headers.raw, content=body or None, extensions=request.extensions)
        )
        return httpx.Response(response.status, headers=response.headers, stream=_Body(response), extensions=response.extensions)

    async def aclose(self) -> None:
        await self._pool.aclose()


def client_through(transport: Transport, host: Host, *, timeout: float) -> httpx.AsyncClient:
    """Return a client whose connections are opened from the host; use it as a context manager. `timeout` in seconds.

    Requests raise httpcore's exceptions; one that could not be opened is `NotOpened`, with the transport's problem. A read waits as
    long as the caller lets it: hold the whole request to a deadline of your own.
    """
    headers = {"User-Agent": "deploy-console", "Accept-Encoding": "identity"}
    return httpx.AsyncClient(transport=_Through(transport, host), timeout=timeout, headers=headers, trust_env=False, follow_redirects=False)
