"""Whether the login on a connection runs what it is given: found out once for each, by the first command that runs there or by one that does nothing.

The first command is held back like the one that does nothing: it is sent no input, nor the end of it, before it has surely begun. It opens no
connection.
"""

import asyncio
import contextlib

import asyncssh

from console.adapters.ssh.connection_trial import try_login
from console.adapters.ssh.link import Link
from console.adapters.ssh.login_problems import no_channel, runs_nothing, said
from console.adapters.ssh.session import SshSession
from console.ports.hosts import Unreached

SHORTER = 1.0
"""Seconds that a command which does nothing gets, where the first one has waited as long as is usual and did not begin."""


class Proofs:
    """Of one environment's connections. `patience` is seconds in which a command begins."""

    def __init__(self, patience: float) -> None:
        self._patience = patience

    async def of(self, link: Link, connection: asyncssh.SSHClientConnection) -> Unreached | None:
        """Wait until it is known, whoever asks first; the problem, where it runs nothing."""
        while link.proven is not connection:
            if link.proving is None:
                self._begin(link, connection, asyncio.create_task(self._try(link, connection)))
            is_of_this = link.proving_on is connection
            problem = await _known(link)
            if is_of_this:
                return problem
            await asyncio.sleep(0)
        return None

    def begin_by(self, link: Link, connection: asyncssh.SSHClientConnection, session: SshSession) -> bool:
        """Have it proven by a command that is about to run there; whether that is the first one."""
        if link.proven is connection or link.proving is not None:
            return False
        self._begin(link, connection, asyncio.create_task(self._watch(link, connection, session)))
        return True

    async def found(self, link: Link) -> Unreached | None:
        """Wait for what is being found out; the problem, where there is one."""
        return await _known(link) if link.proving is not None else None

    def _begin(self, link: Link, connection: asyncssh.SSHClientConnection, task: asyncio.Task[Unreached | None]) -> None:
        link.proving, link.proving_on = task, connection
        task.add_done_callback(lambda _: setattr(link, "proving", None))

    async def _watch(self, link: Link, connection: asyncssh.SSHClientConnection, session: SshSession) -> Unreached | None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(self._patience):
                await session.begun_or_over()
        if session.output.has_begun:
            self._note(link, connection)
            return None
        problem = await self._try(link, connection, has_waited=not session.is_over)
        if problem is not None:
            session.give_up()
        return problem

    async def _try(self, link: Link, connection: asyncssh.SSHClientConnection, *, has_waited: bool = False) -> Unreached | None:
        trial = await try_login(link.host, connection, link.channels, self._patience, waits=SHORTER if has_waited else self._patience)
        await asyncio.sleep(0)
        if connection.is_closed():
            return link.lost(trial.fault)
        if trial.fault:
            return runs_nothing(link.host, said(trial.fault)) if trial.is_open else no_channel(link.host, said(trial.fault))
        if trial.problem is None:
            self._note(link, connection)
        return trial.problem

    def _note(self, link: Link, connection: asyncssh.SSHClientConnection) -> None:
        link.proven = connection
        link.greet(connection)


async def _known(link: Link) -> Unreached | None:
    assert link.proving is not None
    return await asyncio.shield(link.proving)
