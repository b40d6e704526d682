"""One command on an open connection: its input fed, its output collected or passed on, its end told.

Bytes only. Output and exit code are what stands between the command's own marks (`answer_marks`): what a login prints, reads or ends with is
never taken for an answer. A link that dies under it leaves no exit code. It must not know how connections are made.
"""

import asyncio
import contextlib
import secrets
import time
from collections.abc import AsyncIterator, Callable
from typing import Any

import asyncssh

from console.adapters.ssh.answer_marks import Frame
from console.adapters.ssh.login_shell import command_line
from console.adapters.ssh.quick_client import flows, keep_near
from console.ports.hosts import Sink

SHORT = 8 * 1024
"""Bytes of input that wait for no other connection's: a quick step through a jump host goes between the pieces of a release."""
CAP = 1024 * 1024
"""Bytes of output, and of errors, that are kept."""
WINDOW = 65536
"""Bytes that a host may send ahead: small, so that one which floods does not hold the others up."""
PIECE = 32768
"""Bytes in a write; what is longer would be cut again."""
QUIET = 1.0
"""Seconds without output after which a command that has ended is left, though something it started still holds its output."""
LINGERING = (0.05, 0.1, 0.2)
"""Seconds after which a refused channel is asked for again: a host counts sessions a moment longer than they last."""
DRAIN = 30.0
"""Seconds after which it is left even so."""


class Left(Exception):
    """The channel opened after its user had gone."""


class SshSession(asyncssh.SSHClientSession[bytes]):
    """What a command prints, capped, and how it ended."""

    def __init__(self, sink: Sink | None = None, heard: Callable[[], None] = lambda: None) -> None:
        self._sink = sink
        self._note_heard = heard
        self._nonce = secrets.token_hex(8)
        self._answer, self._errors = Frame("out", self._nonce), Frame("err", self._nonce)
        self._out, self._err = bytearray(), bytearray()
        self._begun, self._over, self._closed = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self._settled = asyncio.Event()
        self._writable = asyncio.Event()
        self._writable.set()
        self._heard = 0.0
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._is_left = False
        self._is_given_up = False
        self._ends_input = False
        """There is no input, and its end is told when the script has begun."""
        self.gave_way = False
        self.fault: Exception | None = None
        self.login_end = ""
        """How the login ended, as sshd tells it: no word on the command, which may not have run at all."""
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

    @property
    def status(self) -> int | None:
        """The script's exit code, as a shell says it (128 and more: a signal); None unless both outputs have come to their ends."""
        return self._answer.status if self._errors.status is not None else None

    @property
    def has_begun(self) -> bool:
        """Whether the script itself has begun, and both outputs come from it."""
        return self._answer.began and self._errors.began

    @property
    def lacks(self) -> str:
        """The output that does not come, where the other one does."""
        if self._answer.began == self._errors.began:
            return ""
        return "standard error" if self._answer.began else "standard output"

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self._closed.is_set()

    @property
    def printed(self) -> bytes:
        """What was printed before the script began: by the login's start-up files, or by what runs in place of the script."""
        return self._answer.before + self._errors.before

    @property
    def is_mangled(self) -> bool:
        """Whether the marks were printed, and did not come as they were printed."""
        return self._answer.is_mangled or self._errors.is_mangled

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Note that the channel is open. Raises Left where nobody waits for it: then no command is sent."""
        self._channel = chan
        if self._is_left:
            raise Left
        self.opened = time.monotonic()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Keep or pass on what belongs to the script."""
        self._heard = time.monotonic()
        self._note_heard()
        if datatype is not None:
            said = self._errors.feed(data)
            self._err += said[: CAP - len(self._err)]
        else:
            self._take(self._answer.feed(data))
        if not self._begun.is_set() and self.has_begun:
            self._settled.set()
            self.release_input()
        if self.status is not None:
            self._over.set()

    def _take(self, data: bytes) -> None:
        if self._sink is None:
            self._out += data[: CAP - len(self._out)]
        elif data:
            self._pass_on(data)

    def _pass_on(self, data: bytes) -> None:
        """A sink that fails ends this command, not the connection that others use."""
        assert self._sink is not None
        try:
            self._sink(data)
        except Exception as fault:
            self.fault, self._sink = self.fault or fault, _nowhere
            self._end_here()

    def exit_status_received(self, status: int) -> None:
        """Note the login's exit code."""
        self._end(f"exit code {status}")

    def exit_signal_received(self, signal_name: str, core_dumped: bool, msg: str, lang: str) -> None:
        """Keep the signal that ended the command."""
        self._end(f"signal {signal_name}")

    def _end(self, how: str) -> None:
        self.login_end, self._heard = how, time.monotonic()
        self._over.set()

    def _end_here(self) -> None:
        """Have whoever waits for the command's end wait no more."""
        self._closed.set()
        self._over.set()
        self._settled.set()

    def settle(self) -> None:
        """Let those go on who wait for the script to begin."""
        self._settled.set()

    def give_up(self) -> None:
        """End, because the login does not begin to run it."""
        self._is_given_up = True
        self._end_here()

    async def begun_or_over(self) -> None:
        """Wait until the script has begun, or surely will not."""
        await self._settled.wait()

    def release_input(self) -> None:
        """Send the input. Though the script has not begun: what waits for it in its place reads it."""
        self._begun.set()
        if self._ends_input and self._channel is not None and not self._closed.is_set():
            with contextlib.suppress(OSError):
                self._channel.write_eof()

    def pause_writing(self) -> None:
        """Hold back input until the channel's window opens again."""
        self._writable.clear()

    def resume_writing(self) -> None:
        """Send the input that was held back."""
        self._writable.set()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nothing more will come: the channel, or the link, is gone."""
        self._writable.set()
        self._end_here()
        self._begun.set()

    async def run(
        self, connection: asyncssh.SSHClientConnection, script: str, data: bytes | AsyncIterator[bytes], *, holds_input: bool = False
    ) -> None:  # fmt: skip
        """Run the script to its end, or to the link's: then `status` stays None. Raises asyncssh.Error, OSError, and what `data` or the sink raise.

        Input is sent when the script has begun, never to what may run in its place; where there is none, its end is told at once, or then
        too (`holds_input`).
        """
        self._ends_input = data == b"" and holds_input
        channel = await self._opened(connection, command_line(script, self._nonce))
        if data == b"":
            await self._ended_without_input(channel)
        else:
            await self._ended_with_input(connection, channel, data)
        if self.fault:
            raise self.fault

    async def _ended_without_input(self, channel: asyncssh.SSHClientChannel[bytes]) -> None:
        if not self._ends_input:
            self.release_input()
            with contextlib.suppress(OSError):
                channel.write_eof()
        try:
            await self._over.wait()
            await self._drained()
        finally:
            self._let_go(channel)

    async def _ended_with_input(
        self, connection: asyncssh.SSHClientConnection, channel: asyncssh.SSHClientChannel[bytes], data: bytes | AsyncIterator[bytes]
    ) -> None:
        feeding = asyncio.ensure_future(self._feed(connection, channel, data))
        try:
            await self._ended(feeding)
        finally:
            feeding.cancel()
            await asyncio.gather(feeding, return_exceptions=True)
            self._let_go(channel)

    async def _opened(self, connection: asyncssh.SSHClientConnection, command: str) -> asyncssh.SSHClientChannel[bytes]:
        """Open the channel; refused, again after a moment. Raises asyncssh.Error."""
        for wait in LINGERING:
            try:
                return await self._opened_once(connection, command)
            except asyncssh.ChannelOpenError:
                await asyncio.sleep(wait)
                if self.opened or connection.is_closed():
                    raise
        return await self._opened_once(connection, command)

    async def _opened_once(self, connection: asyncssh.SSHClientConnection, command: str) -> asyncssh.SSHClientChannel[bytes]:
        """Open the channel. Left before it is open, it is closed as soon as it opens: the host would go on counting it."""
        opening = asyncio.ensure_future(connection.create_session(lambda: self, command, encoding=None, window=WINDOW))
        try:
            channel, _ = await asyncio.shield(opening)
        except asyncio.CancelledError:
            self._is_left = True
            opening.add_done_callback(self._drop)
            raise
        return channel

    def _drop(self, opening: asyncio.Future[tuple[Any, Any]]) -> None:
        """Close a channel that nobody waits for any more."""
        if not opening.cancelled() and opening.exception() is None:
            self._let_go(opening.result()[0])
        elif self._channel is not None:
            self._channel.abort()

    def give_way(self) -> None:
        """End, so that others have the channel."""
        self.gave_way = True
        self._end_here()

    async def _ended(self, feeding: asyncio.Future[None]) -> None:
        over = asyncio.ensure_future(self._over.wait())
        try:
            await asyncio.wait((over, feeding), return_when=asyncio.FIRST_COMPLETED)
            if feeding.done():
                feeding.result()
            await over
        finally:
            over.cancel()
        await self._drained()

    async def _drained(self) -> None:
        """Take what is still on its way after the end; after the last mark that is only the login's own."""
        last = time.monotonic() + (DRAIN if self.status is None else QUIET)
        while not self._closed.is_set():
            rest = min(self._heard + QUIET, last) - time.monotonic()
            if rest <= 0:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._closed.wait()

    async def _feed(self, connection: asyncssh.SSHClientConnection, channel: asyncssh.SSHClientChannel[bytes], data: bytes | AsyncIterator[bytes]) -> None:
        await self._begun.wait()
        keep_near(connection, channel)
        pieces = _pieces(data)
        while piece := await self._next(pieces):
            await self._writable.wait()
            if len(piece) > SHORT:
                await flows(connection)
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
        if self._closed.is_set() and not (self.fault or self.gave_way or self._is_given_up):
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
