"""One command on an open connection: its input fed, its output collected or passed on, its end told.

Bytes only. A link that dies under it leaves no exit status. It must not know how connections are made.
"""

import asyncio
import contextlib
import signal
import time
from collections.abc import AsyncIterator

import asyncssh

from console.adapters.ssh.command import command_line
from console.ports.hosts import Sink

CAP = 1024 * 1024
"""Bytes of output, and of errors, that are kept."""
WINDOW = 65536
"""Bytes that a host may send ahead: small, so that one which floods does not hold the others up."""
PIECE = 32768
"""Bytes in a write; what is longer would be cut again."""
QUIET = 1.0
"""Seconds without output after which a command that has ended is left, though something it started still holds its output."""
DRAIN = 30.0
"""Seconds after which it is left even so."""


class Session(asyncssh.SSHClientSession[bytes]):
    """What a command prints, capped, and how it ended."""

    def __init__(self, sink: Sink | None) -> None:
        self._sink = sink
        self._out, self._err = bytearray(), bytearray()
        self._exited, self._closed = asyncio.Event(), asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._heard = 0.0
        self.fault: Exception | None = None
        self.status: int | None = None
        """The exit code; minus the signal's number when one ended it; None while it is not known."""
        self.opened = 0.0
        """When the channel was open (monotonic seconds); zero before, and then nothing has run."""

    @property
    def out(self) -> bytes:
        """What it printed, unless a sink took it."""
        return bytes(self._out)

    @property
    def err(self) -> bytes:
        """What it printed as errors."""
        return bytes(self._err)

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Note that the channel is open."""
        self.opened = time.monotonic()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Keep or pass on what came."""
        self._heard = time.monotonic()
        if datatype is not None:
            self._err += data[: CAP - len(self._err)]
        elif self._sink is None:
            self._out += data[: CAP - len(self._out)]
        else:
            self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        """A sink that fails ends this command, not the connection that others use."""
        assert self._sink is not None
        try:
            self._sink(data)
        except Exception as fault:
            self.fault, self._sink = self.fault or fault, _nowhere
            self._closed.set()

    def exit_status_received(self, status: int) -> None:
        """Note the exit code."""
        self._end(status)

    def exit_signal_received(self, signal_name: str, core_dumped: bool, msg: str, lang: str) -> None:
        """Note the signal."""
        self._end(-getattr(signal, f"SIG{signal_name}", 99))

    def _end(self, status: int) -> None:
        self.status, self._heard = status, time.monotonic()
        self._exited.set()

    def pause_writing(self) -> None:
        """Wait with more input."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Go on with it."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nothing more will come: the channel, or the link, is gone."""
        self._writable.set()
        self._closed.set()
        self._exited.set()

    async def run(self, connection: asyncssh.SSHClientConnection, script: str, data: bytes | AsyncIterator[bytes]) -> None:
        """Run the script to its end, or to the link's: then `status` stays None. Raises asyncssh.Error, OSError, and what `data` or the sink raise."""
        channel, _ = await connection.create_session(lambda: self, command_line(script), encoding=None, window=WINDOW)
        feeding = asyncio.ensure_future(self._feed(channel, data))
        try:
            await self._ended(feeding)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            self._let_go(channel)
        if self.fault:
            raise self.fault

    async def _ended(self, feeding: asyncio.Future[None]) -> None:
        exited = asyncio.ensure_future(self._exited.wait())
        closed = asyncio.ensure_future(self._closed.wait())
        try:
            await asyncio.wait((exited, closed, feeding), return_when=asyncio.FIRST_COMPLETED)
            if feeding.done():
                feeding.result()
            await asyncio.wait((exited, closed), return_when=asyncio.FIRST_COMPLETED)
        finally:
            exited.cancel()
            closed.cancel()
        await self._drained()

    async def _drained(self) -> None:
        """Take what is still on its way after the end."""
        last = time.monotonic() + DRAIN
        while not self._closed.is_set():
            rest = min(self._heard + QUIET, last) - time.monotonic()
            if rest <= 0:
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._closed.wait(), rest)

    async def _feed(self, channel: asyncssh.SSHClientChannel[bytes], data: bytes | AsyncIterator[bytes]) -> None:
        pieces = _pieces(data)
        while piece := await self._next(pieces):
            await self._writable.wait()
            if self._closed.is_set() or not self._wrote(channel, piece):
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

    def _wrote(self, channel: asyncssh.SSHClientChannel[bytes], piece: bytes) -> bool:
        """Whether the other side still takes input."""
        try:
            channel.write(piece)
        except OSError:
            return False
        return True

    def _let_go(self, channel: asyncssh.SSHClientChannel[bytes]) -> None:
        """Close, and ask the host to end what we no longer wait for; a host may not heed that."""
        if self._closed.is_set() and not self.fault:
            return
        if self.status is None:
            with contextlib.suppress(OSError):
                channel.kill()
        channel.abort()


def _nowhere(data: bytes) -> None:
    """Take output that nobody wants any more."""


async def _pieces(data: bytes | AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    if isinstance(data, bytes):
        for start in range(0, len(data), PIECE):
            yield data[start : start + PIECE]
        return
    async for whole in data:
        for start in range(0, len(whole), PIECE):
            yield whole[start : start + PIECE]
