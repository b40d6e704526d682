"""One command on an open connection: its input fed, its output collected or passed on, its end told.

Bytes only. Output and exit code are what stands between the command's own marks (`command_output`): what a login prints, reads or ends with is
never taken for an answer. A link that dies under it leaves no exit code. It must not know how connections are made.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable

import asyncssh

from console.adapters.ssh.command_input import CommandInput
from console.adapters.ssh.command_output import CommandOutput
from console.adapters.ssh.login_shell import command_line
from console.adapters.ssh.opened_channel import opened
from console.ports.hosts import Sink

WINDOW = 65536
"""Bytes that a host may send ahead: small, so that one which floods does not hold the others up."""
QUIET = 1.0
"""Seconds without output after which a command that has ended is left, though something it started still holds its output."""
LINGERING = (0.05, 0.1, 0.2)
"""Seconds after which a refused channel is asked for again: a host counts sessions a moment longer than they last."""
DRAIN = 30.0
"""Seconds after which it is left even so."""


class Left(Exception):
    """The channel opened after its user had gone."""


class SshSession(asyncssh.SSHClientSession[bytes]):
    """A command's life on its channel: what it prints stands in `output`."""

    def __init__(self, sink: Sink | None = None, heard: Callable[[], None] = lambda: None) -> None:
        self._note_heard = heard
        self._over, self._closed, self._settled = asyncio.Event(), asyncio.Event(), asyncio.Event()
        self.output = CommandOutput(sink)
        self.input = CommandInput(self._closed)
        self._heard = 0.0
        self._channel: asyncssh.SSHClientChannel[bytes] | None = None
        self._is_left = False
        self._is_given_up = False
        self._ends_input = False
        """There is no input, and its end is told when the script has begun."""
        self.gave_way = False
        self.login_end = ""
        """How the login ended, as sshd tells it: no word on the command, which may not have run at all."""
        self.opened = 0.0
        """When the channel was open (monotonic seconds); zero before, and then nothing has run."""

    @property
    def fault(self) -> Exception | None:
        """What the source of its input, or the sink, raised."""
        return self.input.fault or self.output.fault

    @property
    def is_over(self) -> bool:
        """Whether nothing more will come."""
        return self._closed.is_set()

    def connection_made(self, chan: asyncssh.SSHClientChannel[bytes]) -> None:
        """Note that the channel is open. Raises Left where nobody waits for it: then no command is sent."""
        self._channel = chan
        if self._is_left:
            raise Left
        if self._ends_input:
            self.input.ends_at = chan
        self.opened = time.monotonic()

    def data_received(self, data: bytes, datatype: asyncssh.DataType) -> None:
        """Keep or pass on what belongs to the script."""
        self._heard = time.monotonic()
        self._note_heard()
        output = self.output
        output.take(data, is_errors=datatype is not None)
        if output.fault is not None:
            self._end_here()
        if not self.input.begun.is_set() and output.has_begun:
            self._settled.set()
            self.input.release()
        if output.status is not None:
            self._over.set()

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

    def give_way(self) -> None:
        """End, so that others have the channel."""
        self.gave_way = True
        self._end_here()

    async def begun_or_over(self) -> None:
        """Wait until the script has begun, or surely will not."""
        await self._settled.wait()

    def pause_writing(self) -> None:
        """Hold back input until the channel's window opens again."""
        self.input.pause()

    def resume_writing(self) -> None:
        """Send the input that was held back."""
        self.input.go_on()

    def connection_lost(self, exc: Exception | None) -> None:
        """Note that nothing more will come: the channel, or the link, is gone."""
        self.input.go_on()
        self._end_here()
        self.input.begun.set()

    async def run(
        self, connection: asyncssh.SSHClientConnection, script: str, data: bytes | AsyncIterator[bytes], *, holds_input: bool = False
    ) -> None:  # fmt: skip
        """Run the script to its end, or to the link's: then `output.status` stays None. Raises asyncssh.Error, OSError, and what `data` or the sink raise.

        Input is sent when the script has begun, never to what may run in its place; where there is none, its end is told at once, or then
        too (`holds_input`).
        """
        self._ends_input = data == b"" and holds_input
        channel = await self._opened(connection, command_line(script, self.output.nonce))
        if data == b"":
            await self._ended_without_input(channel)
        else:
            await self._ended_with_input(connection, channel, data)
        if self.fault:
            raise self.fault

    async def _ended_without_input(self, channel: asyncssh.SSHClientChannel[bytes]) -> None:
        if not self._ends_input:
            self.input.begun.set()
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
        feeding = asyncio.ensure_future(self.input.feed(connection, channel, data))
        try:
            await self._ended(feeding)
        finally:
            feeding.cancel()
            self._let_go(channel)
            await asyncio.gather(feeding, return_exceptions=True)

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
        try:
            coming = connection.create_session(lambda: self, command, encoding=None, window=WINDOW)
            channel, _ = await opened(coming, lambda made: self._let_go(made[0]), self._abort)
        except asyncio.CancelledError:
            self._is_left = True
            raise
        return channel

    def _abort(self) -> None:
        """Close a channel that was there, and on which the command could not begin."""
        if self._channel is not None:
            self._channel.abort()

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
        last = time.monotonic() + (DRAIN if self.output.status is None else QUIET)
        while not self._closed.is_set():
            rest = min(self._heard + QUIET, last) - time.monotonic()
            if rest <= 0:
                return
            with contextlib.suppress(TimeoutError):
                async with asyncio.timeout(rest):
                    await self._closed.wait()

    def _let_go(self, channel: asyncssh.SSHClientChannel[bytes]) -> None:
        """Close, and ask the host to end what we no longer wait for; a host may not heed that."""
        if self._closed.is_set() and not (self.fault or self.gave_way or self._is_given_up):
            return
        if self.output.status is None:
            with contextlib.suppress(OSError):
                channel.kill()
        channel.abort()
