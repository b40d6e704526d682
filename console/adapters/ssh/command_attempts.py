"""A command on a host's connection: on which it runs, when it is tried on another one, and why it has no exit code.

It is sent again only where it was surely not sent before. It must not know how connections are made, or what a command is for.
"""

import asyncio
import time
from collections.abc import AsyncIterator

import asyncssh

from console.adapters.ssh.channels import Purpose
from console.adapters.ssh.host_links import FURTHER, HostLinks
from console.adapters.ssh.link import Link
from console.adapters.ssh.login_problems import no_channel, no_numbers, said, unreached
from console.adapters.ssh.login_proof import Proofs
from console.adapters.ssh.login_verdict import judged_login
from console.adapters.ssh.session import SshSession
from console.ports.hosts import Unreached


class CommandAttempts:
    """Of one environment. `patience`: seconds in which a login begins to run a command."""

    def __init__(self, links: HostLinks, patience: float) -> None:
        self._links = links
        self._patience = patience
        self._proofs = Proofs(patience)
        self.proven = self._proofs.of

    async def carry(self, own: Link, session: SshSession, script: str, data: bytes | AsyncIterator[bytes], purpose: Purpose) -> Unreached | None:
        """Run the script; the problem, where its status is not known. Raises what `data` and the sink raise."""
        is_second = False
        while True:
            connection = await self._links.connected(own)
            if isinstance(connection, Unreached):
                return connection
            link, is_first = own, self._proofs.begin_by(own, connection, session)
            if not is_first:
                link, ready, problem = await self._ready(own, purpose)
                if ready is None:
                    return problem
                connection = ready
            try:
                ended = await self._attempt(link, connection, session, script, data, purpose, is_first=is_first, is_second=is_second)
            finally:
                session.settle()
            if isinstance(ended, Unreached):
                return ended
            if ended:
                return None if session.output.status is not None else await self._no_answer(link, session)
            is_second = is_second or link.connection is not connection or connection.is_closed()

    async def usable(self, link: Link) -> tuple[asyncssh.SSHClientConnection | None, Unreached | None]:
        """Return the link's connection, once it is known that the login runs commands there; or the problem."""
        connection = await self._links.connected(link)
        if isinstance(connection, Unreached):
            return None, connection
        problem = await self._proofs.of(link, connection)
        return (None, problem) if problem else (connection, None)

    async def _attempt(
        self, link: Link, connection: asyncssh.SSHClientConnection, session: SshSession, script: str, data: bytes | AsyncIterator[bytes],
        purpose: Purpose, *, is_first: bool, is_second: bool,
    ) -> bool | Unreached:  # fmt: skip
        """Run it on that connection, when there is a channel; whether it was sent, or what went wrong."""
        async with link.channels.place(purpose, session.give_way):
            began = time.monotonic()
            try:
                await session.run(connection, script, data, holds_input=is_first)
            except (asyncssh.Error, OSError) as fault:
                if fault is session.fault:
                    raise
                if session.opened:
                    return link.lost(fault)
                return await _not_opened(link, connection, fault, is_second) or False
        link.round_trip = session.opened - began
        return True

    async def _ready(self, own: Link, purpose: Purpose) -> tuple[Link, asyncssh.SSHClientConnection | None, Unreached | None]:
        """Return a connection that runs commands, and its link: the host's own, or a further one where it takes too few commands on that; or the problem."""
        connection, problem = await self.usable(own)
        wants_further = own.channels.is_tight or (purpose == "work" and own.channels.holds_up_work)
        if connection is None or own.channels.has_room(purpose) or not wants_further:
            return own, connection, problem
        if purpose == "numbers":
            return own, None, no_numbers(own.host, own.channels.limit)
        busy = own
        for number in range(1, FURTHER + (purpose == "work")):
            further = self._links.of(own.host, number=number)
            found, _ = await self.usable(further)
            if found is None:
                break
            if further.channels.has_room(purpose):
                return further, found, None
            if busy.channels.holds_up_work:
                busy, connection = further, found
        return busy, connection, None

    async def _no_answer(self, link: Link, session: SshSession) -> Unreached:
        """Say why a script that was sent has no exit code."""
        if session.gave_way:
            return no_numbers(link.host, link.channels.limit)
        if problem := await self._proofs.found(link):
            return problem
        if link.live is None or session.output.has_begun:
            return link.lost(None)
        return judged_login(link.host, session, self._patience) or link.lost(None)


async def _not_opened(link: Link, connection: asyncssh.SSHClientConnection, fault: Exception, is_second: bool) -> Unreached | None:
    """Why nothing was sent; None where it is worth sending it again: on another connection, or when a channel is free.

    A connection that is dying refuses channels by itself, before it is closed; a moment later it is. What is left is the host's word.
    """
    await asyncio.sleep(0)
    if connection.is_closed():
        return link.lost(fault) if is_second else None
    if link.channels.shrink():
        return None
    if not is_second:  # nothing of ours is open there, and something holds the places: what was let go and has not ended
        link.drop(connection)
        return None
    return no_channel(link.host, said(fault))


def late(link: Link, session: SshSession, deadline: float) -> Unreached:
    """Say what had not come about by the deadline (seconds) of a command."""
    name = link.host.name
    if link.live is None and not session.opened:
        words = f"{name} was not reached"
    elif link.proving:
        words = f"the login on {name} did not begin to run a command"
    else:
        words = f"the command on {name} did not end" if session.opened else f"{name} took no further command"
    return unreached(link.host, "late", f"{words} within {deadline:g} s")
