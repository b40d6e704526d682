"""Hosts over SSH: one warm connection a host, opened when first needed, each await with a deadline. Implements `ports.Transport` with asyncssh.

Host keys are always checked against an explicit object; a refused login or key is not tried again by itself. A link that dies
under a command makes its status None, never an error and never a success. It knows nothing of steps or releases.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncssh

from console.adapters.ssh.channels import Purpose
from console.adapters.ssh.command_attempts import CommandAttempts, late
from console.adapters.ssh.config import Way
from console.adapters.ssh.connection_trial import Together
from console.adapters.ssh.host_links import HostLinks
from console.adapters.ssh.kept_channels import SshStandby
from console.adapters.ssh.login_problems import no_forwarding, said, unreached
from console.adapters.ssh.quick_client import login_key
from console.adapters.ssh.reading_transport import SshReaders
from console.adapters.ssh.session import SshSession
from console.adapters.ssh.stream import SshStream, opened_socket, opened_stream
from console.model.bastions import SshSeen
from console.model.host import Host, Ssh
from console.model.host_facts import FEW_SESSIONS
from console.ports.hosts import Ran, Reached, Sink, Unreached

Opener = Callable[[asyncssh.SSHClientConnection], Awaitable[SshStream]]


class SshTransport:
    """Every host of an environment. `jumps` are hosts that others name in `jump`; `environment` is for what is said to people."""

    def __init__(self, ssh: Ssh, jumps: tuple[Host, ...] = (), environment: str = "ENV", *, config: Path | None = None) -> None:
        self._ssh = ssh
        self._links = HostLinks(ssh, jumps, environment, config)
        self._commands = CommandAttempts(self._links, ssh.connect_timeout)
        self.link_of, self.known_of = self._links.of, self._links.known_of

    async def connect(self, host: Host) -> Reached | Unreached:
        """Reach the host, or say why not: now, even where it was refused before. A warm connection is asked whether it lives."""
        link = self.link_of(host)
        link.forget()
        if warm := link.live:
            ran = await self.run(host, ":", deadline=self._ssh.connect_timeout)
            if ran.problem and ran.problem.kind != "late":
                return ran.problem
            if ran.problem and not link.channels.has_room("work"):  # it is busy; whether it lives is the keepalive's to say
                return ran.problem
            if ran.problem:
                link.drop(warm)
        opened = await self._links.connected(link)
        problem = opened if isinstance(opened, Unreached) else await self._commands.proven(link, opened)
        return problem or Reached(host.name, link.round_trip or 0.0)

    async def run(self, host: Host, script: str, data: bytes | AsyncIterator[bytes] = b"", *, deadline: float, sink: Sink | None = None) -> Ran:
        """Run a POSIX sh script. `deadline` is seconds for all of it, connecting included.

        What it started may go on after the deadline: it is asked to end, and may not heed that. Raises what `data` and `sink` raise.
        """
        return await self.run_for("work", host, script, data, deadline=deadline, sink=sink)

    def readers(self, purpose: Purpose) -> SshReaders:
        """Return the same hosts for who only reads: nothing that they do holds up a step, a gate, a lock or a roll back."""
        return SshReaders(self, purpose)

    def standby(self) -> SshStandby:
        """Return the shells that are kept open on the same hosts."""
        return SshStandby(self.link_of, self._ssh.keepalive)

    async def run_for(
        self, purpose: Purpose, host: Host, script: str, data: bytes | AsyncIterator[bytes], *, deadline: float, sink: Sink | None
    ) -> Ran:  # fmt: skip
        """Run a script for that purpose, within so many seconds."""
        link = self.link_of(host)
        session = SshSession(sink, link.note_heard)
        problem: Unreached | None
        try:
            async with asyncio.timeout(deadline):
                problem = await self._commands.carry(link, session, script, data, purpose)
        except TimeoutError:
            problem = late(link, session, deadline)
        output = session.output
        return Ran(output.status, output.out, output.err, problem if output.status is None else None)

    async def open_stream(self, host: Host, address: str, port: int, *, deadline: float) -> SshStream | Unreached:
        """Open a connection from the host to an address that it can reach, within so many seconds."""
        return await self._stream(host, f"{address}:{port}", lambda connection: opened_stream(connection, address, port), deadline)

    async def open_socket(self, host: Host, path: str, *, deadline: float) -> SshStream | Unreached:
        """Open a connection to a Unix socket of the host, within so many seconds. sshd does not say why it cannot."""
        return await self._stream(host, path, lambda connection: opened_socket(connection, path), deadline)

    async def _stream(self, host: Host, place: str, opener: Opener, deadline: float) -> SshStream | Unreached:
        link = self.link_of(host)
        try:
            async with asyncio.timeout(deadline):
                connection = await self._links.connected(link)
                if isinstance(connection, Unreached):
                    return connection
                return await opener(connection)
        except TimeoutError:
            return unreached(host, "late", f"{place}: no answer within {deadline:g} s")
        except asyncssh.ChannelOpenError as fault:
            await asyncio.sleep(0)
            if link.live is None:
                return link.lost(fault)
            if fault.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
                return no_forwarding(host, said(fault))
            return unreached(host, "channel", f"{place}: {said(fault)}")
        except (asyncssh.Error, OSError) as fault:
            return link.lost(fault)

    def is_linked(self, host: Host) -> bool:
        """Whether a live connection stands now."""
        return self.link_of(host).live is not None

    def round_trip(self, host: Host) -> float | None:
        """Seconds that the last channel took to open."""
        return self.link_of(host).round_trip

    def jump_of(self, host: Host) -> str:
        """The jump host that its connection goes through; empty: none, as far as is known."""
        return self.link_of(host).jump

    async def sessions(self, host: Host, *, deadline: float) -> int | None:
        """Find out, once for each connection, whether the host takes as many commands at once as are wanted: by beginning them. `deadline` is seconds."""
        link = self.link_of(host)
        connection, _ = await self._commands.usable(link)
        if connection is not None and link.measured is not connection:
            link.measured = connection
            together = Together(FEW_SESSIONS)
            await asyncio.gather(*(self.run(host, "read -r _ || :", together.begun(), deadline=deadline) for _ in range(FEW_SESSIONS)))
        return link.channels.limit if link.channels.is_tight else None

    def ssh_seen(self, host: Host) -> SshSeen:
        """Which keys its standing connection came about by, and which are known for it."""
        link = self.link_of(host)
        connection, way = link.live, link.way
        if connection is None or way is None:
            return SshSeen()
        shown, peer = connection.get_server_host_key(), str((connection.get_extra_info("peername") or ("",))[0])
        known = self.known_of(way).fingerprints(way.alias or way.address, way.port, peer)
        return SshSeen(f"{shown.get_algorithm()} {shown.get_fingerprint()}" if shown else "", known, login_key(connection))

    async def verify(self, host: Host) -> None:
        """Let go of a connection whose host key is not known any more, as the files stand now, and of an older refusal; the next one will say so."""
        for link in list(self._links.used_for(host)):
            link.forget()
            connection, way = link.live, link.way
            if connection is None or way is None:
                continue
            known = self.known_of(way)
            known.refresh()
            peer = str((connection.get_extra_info("peername") or ("",))[0])
            if not known.trusts(way.alias or way.address, way.port, peer, connection.get_server_host_key()):
                link.drop(connection)

    async def tunnel_to(self, host: Host) -> tuple[Way, asyncssh.SSHClientConnection | None] | Unreached:
        """Return the way to a host, with the live connection to its jump host if it has one."""
        return await self._links.way(self.link_of(host))

    async def close(self) -> None:
        """Let go of every connection; those behind a jump host first. A dead one is not waited for."""
        await self._links.close()
