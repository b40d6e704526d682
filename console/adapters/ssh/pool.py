"""Hosts over SSH: one warm connection a host, opened when first needed, each await with a deadline. Implements `ports.Transport` with asyncssh.

Host keys are always checked against an explicit object; a refused login or key is not tried again by itself. A link that dies
under a command makes its status None, never an error and never a success. It knows nothing of steps or releases.
"""

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import asyncssh

from console.adapters.ssh.channels import Purpose
from console.adapters.ssh.config import Refused, Way, Ways
from console.adapters.ssh.connect_attempts import ConnectAttempts
from console.adapters.ssh.connection_trial import Together
from console.adapters.ssh.kept_channels import SshStandby
from console.adapters.ssh.link import Link, Opened
from console.adapters.ssh.login_problems import no_channel, no_forwarding, no_numbers, said, unreached
from console.adapters.ssh.login_proof import Proofs
from console.adapters.ssh.login_verdict import judged_login
from console.adapters.ssh.proxy_jump import written_jump
from console.adapters.ssh.quick_client import login_key
from console.adapters.ssh.reading_transport import SshReaders
from console.adapters.ssh.session import SshSession
from console.adapters.ssh.stream import SshStream, opened_socket, opened_stream
from console.model.bastions import SshSeen
from console.model.host import Host, Ssh
from console.model.host_facts import FEW_SESSIONS
from console.model.values import changed
from console.ports.hosts import Ran, Reached, Sink, Unreached

FURTHER = 3
"""Connections to a host beside its own, where it takes fewer commands on one than are to run there; the last is for work alone."""
CLOSING = 1.0
"""Seconds that a goodbye may take."""

Opener = Callable[[asyncssh.SSHClientConnection], Awaitable[SshStream]]
Key = tuple[str, str, int, str, str, bool, int]


class SshTransport:
    """Every host of an environment. `jumps` are hosts that others name in `jump`; `environment` is for what is said to people."""

    def __init__(self, ssh: Ssh, jumps: tuple[Host, ...] = (), environment: str = "ENV", *, config: Path | None = None) -> None:
        self._ssh = ssh
        self._jumps = {jump.name: jump for jump in jumps}
        self._ways = Ways(ssh, config) if config else Ways(ssh)
        self._handshakes = ConnectAttempts(ssh, environment)
        self._proofs = Proofs(ssh.connect_timeout, self._lost)
        self.known_of = self._handshakes.known_of
        self._links: dict[Key, Link] = {}
        self._jump_links: list[Link] = []
        self._is_closed = False

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
        opened = await self._connected(link)
        problem = opened if isinstance(opened, Unreached) else await self._proofs.of(link, opened)
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
                problem = await self._carry(link, session, script, data, purpose)
        except TimeoutError:
            problem = self._late(link, session, deadline)
        return Ran(session.status, session.out, session.err, problem if session.status is None else None)

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
                connection = await self._connected(link)
                if isinstance(connection, Unreached):
                    return connection
                return await opener(connection)
        except TimeoutError:
            return unreached(host, "late", f"{place}: no answer within {deadline:g} s")
        except asyncssh.ChannelOpenError as fault:
            await asyncio.sleep(0)
            if link.live is None:
                return self._lost(link, fault)
            if fault.code == asyncssh.OPEN_ADMINISTRATIVELY_PROHIBITED:
                return no_forwarding(host, said(fault))
            return unreached(host, "channel", f"{place}: {said(fault)}")
        except (asyncssh.Error, OSError) as fault:
            return self._lost(link, fault)

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
        connection, _ = await self._usable(link)
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
        own = [self._links.get(_key(host, number=number)) for number in range(1 + FURTHER + 1)]
        for link in [*(link for link in own if link), *self._jump_links]:
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
        return await self._way(self.link_of(host), ())

    async def close(self) -> None:
        """Let go of every connection; those behind a jump host first. A dead one is not waited for."""
        self._is_closed = True
        going_on = [task for link in self._links.values() for task in (link.opening, link.serving) if task]
        for task in going_on:
            task.cancel()
        await asyncio.gather(*going_on, return_exceptions=True)
        for are_jumps in (False, True):
            await _said_goodbye([link.connection for link in self._links.values() if link.connection and link.is_jump is are_jumps])
        self._links.clear()
        self._jump_links.clear()

    # -- commands -----------------------------------------------------------------------------------------------------------------

    async def _carry(self, own: Link, session: SshSession, script: str, data: bytes | AsyncIterator[bytes], purpose: Purpose) -> Unreached | None:
        """Run the script; the problem, where its status is not known. It is sent again only where it was surely not sent before."""
        is_second = False
        while True:
            connection = await self._connected(own)
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
                return None if session.status is not None else await self._no_answer(link, session)
            is_second = is_second or link.connection is not connection or connection.is_closed()

    async def _attempt(
        self, link: Link, connection: asyncssh.SSHClientConnection, session: SshSession, script: str, data: bytes | AsyncIterator[bytes],
        purpose: Purpose, *, is_first: bool, is_second: bool,
    ) -> bool | Unreached:  # fmt: skip
        """Run it on that connection, when there is a channel; whether it was sent, or what went wrong. Raises what `data` and the sink raise."""
        async with link.channels.place(purpose, session.give_way):
            began = time.monotonic()
            try:
                await session.run(connection, script, data, holds_input=is_first)
            except (asyncssh.Error, OSError) as fault:
                if fault is session.fault:
                    raise
                if session.opened:
                    return self._lost(link, fault)
                return await self._not_opened(link, connection, fault, is_second) or False
        link.round_trip = session.opened - began
        return True

    async def _ready(self, own: Link, purpose: Purpose) -> tuple[Link, asyncssh.SSHClientConnection | None, Unreached | None]:
        """Return a connection that runs commands, and its link: the host's own, or a further one where it takes too few commands on that; or the problem."""
        connection, problem = await self._usable(own)
        wants_further = own.channels.is_tight or (purpose == "work" and own.channels.holds_up_work)
        if connection is None or own.channels.has_room(purpose) or not wants_further:
            return own, connection, problem
        if purpose == "numbers":
            return own, None, no_numbers(own.host, own.channels.limit)
        busy = own
        for number in range(1, FURTHER + (purpose == "work")):
            further = self.link_of(own.host, number=number)
            found, _ = await self._usable(further)
            if found is None:
                break
            if further.channels.has_room(purpose):
                return further, found, None
            if busy.channels.holds_up_work:
                busy, connection = further, found
        return busy, connection, None

    async def _usable(self, link: Link) -> tuple[asyncssh.SSHClientConnection | None, Unreached | None]:
        connection = await self._connected(link)
        if isinstance(connection, Unreached):
            return None, connection
        problem = await self._proofs.of(link, connection)
        return (None, problem) if problem else (connection, None)

    async def _no_answer(self, link: Link, session: SshSession) -> Unreached:
        """Say why a script that was sent has no exit code."""
        if session.gave_way:
            return no_numbers(link.host, link.channels.limit)
        if problem := await self._proofs.found(link):
            return problem
        if link.live is None or session.has_begun:
            return self._lost(link, None)
        return judged_login(link.host, session, self._ssh.connect_timeout) or self._lost(link, None)

    async def _not_opened(self, link: Link, connection: asyncssh.SSHClientConnection, fault: Exception, is_second: bool) -> Unreached | None:
        """Why nothing was sent; None where it is worth sending it again: on another connection, or when a channel is free.

        A connection that is dying refuses channels by itself, before it is closed; a moment later it is. What is left is the host's word.
        """
        await asyncio.sleep(0)
        if connection.is_closed():
            return self._lost(link, fault) if is_second else None
        if link.channels.shrink():
            return None
        if not is_second:  # nothing of ours is open there, and something holds the places: what was let go and has not ended
            link.drop(connection)
            return None
        return no_channel(link.host, said(fault))

    def _late(self, link: Link, session: SshSession, deadline: float) -> Unreached:
        """Say what had not come about by the deadline (seconds) of a command."""
        name = link.host.name
        if link.live is None and not session.opened:
            words = f"{name} was not reached"
        elif link.proving:
            words = f"the login on {name} did not begin to run a command"
        else:
            words = f"the command on {name} did not end" if session.opened else f"{name} took no further command"
        return unreached(link.host, "late", f"{words} within {deadline:g} s")

    def _lost(self, link: Link, fault: Exception | None) -> Unreached:
        name = link.host.name
        if link.live is not None:
            return unreached(link.host, "channel", f"the session on {name} ended without an exit code")
        fault = (link.watch.fault if link.watch else None) or fault
        why = f": {said(fault)}" if fault else ""
        return unreached(link.host, "unreachable", f"the link to {name} was lost{why}")

    # -- connections --------------------------------------------------------------------------------------------------------------

    def link_of(self, host: Host, *, is_jump: bool = False, number: int = 0) -> Link:
        """Return the place of a connection to a host: its own, or a further one by its number."""
        key = _key(host, is_jump=is_jump, number=number)
        found = self._links.get(key)
        if found is None:
            found = self._links[key] = Link(host, is_jump=is_jump)
            if is_jump:
                self._jump_links.append(found)
        return found

    async def _connected(self, link: Link, chain: tuple[str, ...] = ()) -> Opened:
        if link.live is not None:
            return link.live
        if self._is_closed:
            return _letting_go(link.host)
        if link.opening is None:
            if self._handshakes.refresh():
                self._forget_keys()
            if link.refused:
                return link.refused
            link.opening = asyncio.create_task(self._open(link, chain))
            link.opening.add_done_callback(lambda _: setattr(link, "opening", None))
        return await self._opened(link.host, link.opening)

    async def _opened(self, host: Host, opening: "asyncio.Task[Opened]") -> Opened:
        """Wait for it. When this transport lets go it is cancelled, and who waits for it is not: that one was not reached."""
        try:
            return await asyncio.shield(opening)
        except asyncio.CancelledError:
            own = asyncio.current_task()
            if not opening.cancelled() or own is None or own.cancelling():
                raise
            return _letting_go(host)

    def _forget_keys(self) -> None:
        """Other keys are known now: judge again those that were refused by theirs."""
        for link in self._links.values():
            if link.refused and link.refused.kind != "login":
                link.forget()

    async def _open(self, link: Link, chain: tuple[str, ...]) -> Opened:
        found = await self._way(link, chain)
        if isinstance(found, Unreached):
            return found
        way, tunnel = found
        try:
            jump = next((jump for jump in self._jump_links if tunnel is not None and jump.connection is tunnel), None)
            link.jump = jump.host.name if jump else ""
            opened = await self._handshakes.open(link, way, tunnel, jump.through if jump else None)
        except Refused as fault:
            return unreached(link.host, "login", str(fault), fault.hint)
        if isinstance(opened, Unreached):
            link.remember(opened)
        return opened

    async def _way(self, link: Link, chain: tuple[str, ...]) -> tuple[Way, asyncssh.SSHClientConnection | None] | Unreached:
        host = link.host
        try:
            way = await self._ways.to(host, is_jump=link.is_jump)
            jump = self._jump_of(host, way, chain)
        except Refused as fault:
            return unreached(host, "unreachable", str(fault), fault.hint)
        except ValueError as fault:
            return unreached(host, "unreachable", str(fault), "look at jump in hosts.toml and at ProxyJump")
        if jump is None:
            return way, None
        tunnel = await self._connected(jump, (*chain, host.name))
        if isinstance(tunnel, Unreached):
            return unreached(host, tunnel.kind, f"through {jump.host.name}: {tunnel.message}", tunnel.hint)
        return way, tunnel

    def _jump_of(self, host: Host, way: Way, chain: tuple[str, ...]) -> Link | None:
        """The last of the jump hosts that are named; those before it are its own."""
        before, _, last = way.jump.rpartition(",")
        if not last:
            return None
        jump = self._jumps.get(last.strip()) or written_jump(last.strip())
        if before:
            jump = changed(jump, jump=before)
        if (jump.address or jump.name, jump.port or 22) == (host.address or host.name, host.port or 22):
            return None
        if jump.name in (*chain, host.name):
            raise Refused(f"{host.name} is reached through {jump.name}, which is reached through {host.name}", "look at jump in hosts.toml and at ProxyJump")
        return self.link_of(jump, is_jump=True)


def _letting_go(host: Host) -> Unreached:
    return unreached(host, "unreachable", "the console is letting go of its connections")


def _key(host: Host, *, is_jump: bool = False, number: int = 0) -> Key:
    return host.name, host.address, host.port, host.user, host.jump, is_jump, number


async def _said_goodbye(connections: list[asyncssh.SSHClientConnection]) -> None:
    for connection in connections:
        connection.close()
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(CLOSING):
            await asyncio.gather(*(connection.wait_closed() for connection in connections), return_exceptions=True)
    for connection in connections:
        if not connection.is_closed():
            connection.abort()
