"""A connection tried with commands that do nothing: whether its login runs what it is given, and whether several begin at once.

It must not know how connections are made, or what becomes of them.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from dataclasses import dataclass

import asyncssh

from console.adapters.ssh.channels import SshChannels
from console.adapters.ssh.login_verdict import judged_login
from console.adapters.ssh.session import SshSession
from console.model.host import Host
from console.ports.hosts import Unreached

SECOND_LOOK = 2.0
"""Seconds that a login which did not begin to run gets once its input has ended."""


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of it: nothing wrong, a problem of the login, or a fault of the channel (`is_open`: after it was opened)."""

    problem: Unreached | None = None
    fault: Exception | None = None
    is_open: bool = False


async def try_login(host: Host, connection: asyncssh.SSHClientConnection, channels: SshChannels, patience: float, *, waits: float) -> Trial:
    """Run nothing, with its input held open: a start-up file that reads it would eat what is sent to steps.

    `patience` is the seconds that the login has to begin it; here it `waits` so many of them.
    """
    session = SshSession()
    try:
        async with channels.place("work", session.give_way):
            running = asyncio.ensure_future(session.run(connection, ":", b"", holds_input=True))
            try:
                await asyncio.wait({running}, timeout=waits)
                is_slow = not session.output.has_begun and not running.done()
                session.input.release()
                await asyncio.wait({running}, timeout=SECOND_LOOK)
                problem = judged_login(host, session, patience, is_slow=is_slow)
            finally:
                await _ended_now(running)
    except (asyncssh.Error, OSError) as fault:
        return Trial(fault=fault, is_open=session.opened > 0)
    return Trial(problem)


class Together:
    """Holds so many commands until all have begun, or some surely do not."""

    def __init__(self, wanted: int) -> None:
        self._left = wanted
        self._all = asyncio.Event()

    async def begun(self) -> AsyncIterator[bytes]:
        """Be the input of one: asked for when it has begun, it ends when all have."""
        self._left -= 1
        if not self._left:
            self._all.set()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(SECOND_LOOK):
                await self._all.wait()
        return
        yield b""


async def _ended_now(running: asyncio.Future[None]) -> None:
    """End it, and raise what it raised where it had ended by itself."""
    if not running.done():
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    elif fault := running.exception():
        raise fault
