"""A shell kept open on a host, so that a short script costs one round trip and no new channel.

Owns the shell's channel and the marks that end an answer. Opens no connection of its own, and knows nothing of steps or releases.
"""

import asyncio
import secrets
from collections.abc import AsyncIterator, Callable

import asyncssh

from console.adapters.ssh.channels import SshChannels
from console.adapters.ssh.session import SshSession
from console.ports.hosts import Ran

CAP = 64 * 1024
"""Bytes of an answer that are kept: the last ones."""
OPENS_WITHIN = 20.0
"""Seconds for the shell to answer its first question."""


class KeptShell:
    """One shell. A request is one compound command: a shell reads it whole before it begins any of it, so that a cut one never runs."""

    def __init__(self, connection: asyncssh.SSHClientConnection, heard: Callable[[], None]) -> None:
        self._connection = connection
        self._is_over = False
        self._session = SshSession(self._take, heard)
        self._mark = ""
        """Ends the answer to the last request: another one for each, so that no late answer is taken for the next one's."""
        self._requests: asyncio.Queue[bytes] = asyncio.Queue()
        self._came = bytearray()
        self._answer: asyncio.Future[Ran] | None = None
        self.is_ready = False
        """Whether it stands and has answered."""

    @property
    def is_busy(self) -> bool:
        """Whether a script runs in it."""
        return self._answer is not None

    def stands_on(self, connection: asyncssh.SSHClientConnection) -> bool:
        """Whether it was opened there, or is being opened, and has not ended."""
        return self._connection is connection and not self._is_over

    async def serve(self, channels: SshChannels, opening: str) -> None:
        """Keep the shell until its channel or the connection ends. `opening` is run in it first. A host that takes no further channel has none."""
        if not channels.has_room("standby"):
            self._is_over = True
            return
        first = asyncio.ensure_future(self._greet(opening))
        try:
            async with channels.place("standby", self._session.give_way):
                await self._session.run(self._connection, "exec setsid sh", self._input())
        except (asyncssh.Error, OSError):
            return
        finally:
            first.cancel()
            self.is_ready, self._is_over = False, True
            self._settle(Ran(None))

    async def _greet(self, opening: str) -> None:
        ran = await self._asked(opening, OPENS_WITHIN)
        self.is_ready = ran.ok
        if not ran.ok:
            self._session.give_way()

    async def run(self, script: str, deadline: float) -> Ran:
        """Run a script, its output and errors merged. At its deadline (seconds), or cancelled, the shell is given up, and what runs in it is not."""
        ran = Ran(None)
        try:
            ran = await self._asked(script, deadline)
        finally:
            if ran.status is None:
                self.is_ready = False
                self._session.give_way()
        return ran

    async def _asked(self, script: str, deadline: float) -> Ran:
        answer: asyncio.Future[Ran] = asyncio.get_running_loop().create_future()
        self._answer, self._mark = answer, secrets.token_hex(8)
        self._came.clear()
        self._requests.put_nowait(f"{script}\nprintf '\\n[{self._mark}:%d]\\n' \"$?\"\n".encode("utf-8", "surrogateescape"))
        try:
            async with asyncio.timeout(deadline):
                return await answer
        except TimeoutError:
            return Ran(None)
        finally:
            self._answer = None

    async def _input(self) -> AsyncIterator[bytes]:
        while True:
            yield await self._requests.get()

    def _take(self, data: bytes) -> None:
        self._came += data
        found = self._came.rfind(b"\n[%s:" % self._mark.encode())
        if found < 0 or not self._came.endswith(b"]\n"):
            del self._came[:-CAP]
            return
        status = self._came[found:].rpartition(b":")[2][:-2]
        self._settle(Ran(int(status) if status.isdigit() else None, bytes(self._came[:found])))

    def _settle(self, ran: Ran) -> None:
        if self._answer is not None and not self._answer.done():
            self._answer.set_result(ran)
